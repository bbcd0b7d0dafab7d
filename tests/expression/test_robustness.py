import json

import cv2
import numpy as np
import pytest

from fer_course.expression import robustness
from fer_course.expression.datasets import FaceSet
from fer_course.expression.evaluation import wilson_interval
from fer_course.expression.held_back import HeldBack
from fer_course.expression.preprocessing import face_to_gray, face_to_input


@pytest.fixture
def pixels():
    return np.random.default_rng(2).integers(0, 256, (6, 48, 48)).astype(np.uint8)


def held(name, labels):
    """Faces with one bright column: 7 · label + 3, the middle of a seventh."""
    labels = np.array(labels)
    pixels = np.full((len(labels), 48, 48), 20, np.uint8)
    pixels[np.arange(len(labels)), :, 7 * labels + 3] = 250
    names = np.arange(len(labels)).astype(str)
    targets = np.eye(7, dtype=np.float32)[labels]
    split = np.full(len(labels), "choose")
    faces = FaceSet(name, pixels, targets, split, np.arange(len(labels)), names, {})
    return HeldBack(faces, {name: np.ones(len(labels), bool)})


class BrightColumn:
    """Reads the seventh that the brightest column lies in; counts its readings."""

    def __init__(self):
        self.sides, self.faces = [], []

    def classify(self, crops):
        self.sides.append({crop.shape for crop in crops})
        faces = face_to_input(crops)[..., 0]
        self.faces.append(faces)
        columns = faces.mean(1).argmax(1)
        return np.eye(7)[np.minimum(columns // 7, 6)]


def test_half_the_side_is_the_mean_of_four_pixels(pixels):
    small = np.array(robustness.shrink(pixels, 24), float)
    expected = pixels.reshape(6, 24, 2, 24, 2).mean((2, 4))
    assert abs(small - expected).max() <= 0.5


def test_a_quarter_turn_counter_clockwise(pixels):
    turned = robustness.rotate(pixels, 90)
    np.testing.assert_array_equal(turned, np.rot90(pixels, axes=(1, 2)))


def test_a_turned_face_has_no_black_corner():
    flat = np.full((1, 48, 48), 130, np.uint8)
    assert (robustness.rotate(flat, 30)[0] == 130).all()


@pytest.mark.parametrize(
    "face, rows, columns",
    [
        pytest.param(0, slice(8, -8), slice(None, -16), id="right"),
        pytest.param(1, slice(None, -16), slice(8, -8), id="down"),
        pytest.param(2, slice(8, -8), slice(16, None), id="left"),
        pytest.param(3, slice(16, None), slice(8, -8), id="up"),
        pytest.param(4, slice(8, -8), slice(None, -16), id="right again"),
    ],
)
def test_a_shift_draws_out_the_edge(pixels, face, rows, columns):
    wide = np.pad(pixels[face], 8, mode="edge")
    moved = robustness.shift(pixels, 8)
    np.testing.assert_array_equal(moved[face], wide[rows, columns])


def test_small_faces_are_enlarged_as_serving_does(pixels):
    network = BrightColumn()
    faces = held("toy", [0, 1, 2])
    lines = []
    robustness.measure_robustness(network, [faces], lines.append)
    assert [line.rpartition(" ")[2] for line in lines] == ["size", "rotation", "shift"]
    assert network.sides[1:6] == [{(s, s)} for s in (40, 32, 24, 20, 16)]
    small = face_to_gray(faces.faces.pixels[1], 16)
    expected = cv2.resize(small, (48, 48), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_array_equal(network.faces[5][1], expected)


def test_accuracy_worked_out_by_hand():
    # The column stays in its seventh up to 3 px either way; of four faces two are
    # moved to a side, the others up and down, where nothing changes.
    network = BrightColumn()
    sets = [held("One", [1, 2, 3, 4, 5, 1, 2, 3]), held("Two", [2, 3, 4, 5])]
    found = robustness.measure_robustness(network, sets)
    shifts = {(r.part, r.value): r for r in found if r.condition == "shift"}
    for part, count in (("One", 8), ("Two", 4), ("together", 12)):
        rights = [shifts[part, value].accuracy for value in (0, 2, 4, 6, 8)]
        assert rights == [1, 1, 0.5, 0.5, 0.5]
        row = shifts[part, 4]
        assert row.faces == count
        assert row.interval == wilson_interval(count // 2, count)
    assert len(found) == 3 * (6 + 7 + 5)
    assert len(network.sides) == 16  # the unchanged faces are read once
    usual = {("size", 48), ("rotation", 0), ("shift", 0)}
    assert all(r.accuracy == 1 for r in found if (r.condition, r.value) in usual)


def test_together_every_face_counts_the_same():
    # "One" is moved to the sides in two of six; "Two", its faces 6 and 7, in one.
    sets = [held("One", [1, 2, 3, 4, 5, 1]), held("Two", [2, 3])]
    found = robustness.measure_robustness(BrightColumn(), sets)
    of = {r.part: r.accuracy for r in found if (r.condition, r.value) == ("shift", 8)}
    assert of == {"One": 3 / 6, "Two": 1 / 2, "together": 4 / 8}


def test_table_and_record():
    found = robustness.measure_robustness(BrightColumn(), [held("One", [1, 2, 3, 4])])
    lines = robustness.robustness_table(found)
    assert len(lines) == 1 + 6 + 7 + 5
    assert lines[0].split()[-2:] == ["One", "together"]
    shifted = next(line for line in lines if "shift 4 px, 8% of the face" in line)
    assert shifted.count("50.0% [15.0%, 85.0%]") == 2
    saved = json.loads(json.dumps(found[-1].to_dict()))
    assert saved == {
        "part": "together",
        "condition": "shift",
        "value": 8,
        "faces": 4,
        "accuracy": 0.5,
        "interval": [0.15, 0.85],
    }


@pytest.mark.parametrize(
    "condition, value, text",
    [
        pytest.param("size", 16, "size 16 px", id="size"),
        pytest.param("rotation", -30, "rotation -30°", id="clockwise"),
        pytest.param("rotation", 0, "rotation 0°", id="upright"),
        pytest.param("shift", 6, "shift 6 px, 12% of the face", id="shift"),
    ],
)
def test_a_change_in_words(condition, value, text):
    row = robustness.Condition("x", condition, value, 1, 1.0, (0, 1))
    assert row.label == text


def test_without_faces_there_is_no_table():
    assert robustness.measure_robustness(BrightColumn(), []) == ()
    assert robustness.robustness_table(()) == []
