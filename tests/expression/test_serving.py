import cv2
import numpy as np
import pytest

from fer_course.expression import serving
from fer_course.expression.datasets import EXTRACT_SHARE, FaceSet
from fer_course.expression.framing import SIDE_PX
from fer_course.expression.held_back import HeldBack
from fer_course.expression.preprocessing import face_to_input
from fer_course.expression.serving import (
    MARGINS,
    Served,
    measure_serving,
    serving_table,
)


class Middle:
    """A detector that sees the picture's middle, so far to the right; not if black."""

    def __init__(self, share, right=0.0):
        self.share, self.right = share, right

    def detect(self, image):
        if not image.any():
            return np.zeros((0, 4)), np.zeros(0)
        half, middle = self.share * SIDE_PX / 2, len(image) / 2
        x = middle + self.right * SIDE_PX
        box = [x - half, middle - half, x + half, middle + half]
        return np.array([box]), np.array([0.9])


class BrightMiddle:
    """Reads happy where the outer columns are darker than the middle, else anger."""

    crop_margin = 0.0

    def classify(self, crops):
        faces = face_to_input(crops)[..., 0]
        happy = faces[:, :, [0, -1]].mean((1, 2)) < faces[:, 20:28, 20:28].mean((1, 2))
        return np.eye(7)[happy.astype(int)]


def held(name, pixels, names=None):
    count = len(pixels)
    targets = np.eye(7, dtype=np.float32)[np.ones(count, int)]  # all happy
    split = np.full(count, "choose")
    names = np.array(names or [str(i) for i in range(count)])
    faces = FaceSet(name, pixels, targets, split, np.arange(count), names, {})
    return HeldBack(faces, {f"{name} choose": np.ones(count, bool)})


def disc(size, radius):
    """Return a black square with a white disc, which a face is for these tests."""
    picture = np.zeros((size, size), np.uint8)
    cv2.circle(picture, (size // 2, size // 2), radius, 255, -1)
    return picture


def test_a_face_cut_too_tight_is_read_wrongly_when_served(tmp_path, capsys):
    pixels = np.stack([disc(48, 18)] * 3 + [np.zeros((48, 48), np.uint8)])
    (row,) = measure_serving(
        BrightMiddle(), Middle(0.5), [held("FER2013", pixels)], tmp_path
    )
    assert (row.part, row.faces, row.found) == ("FER2013 choose", 4, 3)
    assert row.margin == pytest.approx(1.0)  # the stored side is twice the box's
    assert (row.stored, row.served) == (1.0, 0.0)  # the box lies within the disc
    assert row.interval == (-1.0, -1.0)
    right = dict(zip(MARGINS, row.by_margin, strict=True))
    assert (right[-0.4], right[0.0], right[0.4]) == (0, 0, 1)
    assert "looks for 4 faces" in capsys.readouterr().out
    (wide,) = measure_serving(
        BrightMiddle(), Middle(1.0, right=0.1), [held("FER2013", pixels)], tmp_path
    )
    assert (wide.served, wide.offset_xy) == (1.0, [0.1, 0.0])


def test_the_extracts_pictures_show_what_is_around(tmp_path):
    (tmp_path / "AffectNet" / "happy").mkdir(parents=True)
    (tmp_path / "AffectNet" / "labels.csv").touch()
    picture = disc(96, 40)  # its dark corners lie outside the share that is stored
    cv2.imwrite(str(tmp_path / "AffectNet" / "happy" / "a.png"), picture)
    stored = np.full((1, 48, 48), 255, np.uint8)
    faces = held("AffectNet", stored, ["happy/a.png"])
    (row,) = measure_serving(BrightMiddle(), Middle(1.0), [faces], tmp_path)
    assert row.margin == pytest.approx(EXTRACT_SHARE - 1, abs=1e-3)
    assert (row.stored, row.served) == (0.0, 1.0)
    (tmp_path / "AffectNet" / "labels.csv").unlink()  # another layout
    assert measure_serving(BrightMiddle(), Middle(1.0), [faces], tmp_path) == ()


def test_rafdbs_aligned_pictures_are_read(tmp_path):
    aligned = tmp_path / "RAF-DB" / "basic" / "Image" / "aligned"
    aligned.mkdir(parents=True)
    cv2.imwrite(str(aligned / "train_1_aligned.jpg"), disc(100, 38))
    faces = held("RAF-DB", disc(48, 18)[None], ["train_1.jpg"])
    (row,) = measure_serving(BrightMiddle(), Middle(0.9), [faces], tmp_path)
    assert (row.stored, row.served) == (1.0, 1.0)
    assert row.margin == pytest.approx(1 / 0.9 - 1, abs=1e-3)


def test_the_same_faces_are_drawn_every_time(tmp_path, monkeypatch):
    monkeypatch.setattr(serving, "FACES", 5)
    rng = np.random.default_rng(1)
    pixels = rng.integers(1, 256, (40, 48, 48), dtype=np.uint8)
    asked = []

    class Noting(BrightMiddle):
        def classify(self, crops):
            asked.append(np.stack(crops))
            return super().classify(crops)

    for _ in range(2):
        faces = held("FER2013", pixels)
        (row,) = measure_serving(Noting(), Middle(1.0), [faces], tmp_path)
        assert (row.faces, row.found) == (5, 5)
    np.testing.assert_array_equal(asked[0], asked[len(asked) // 2])
    # a box as large as the stored square, without a margin, gives it back
    np.testing.assert_array_equal(asked[0], asked[1])


def test_a_table_and_plain_numbers():
    shares = 0.75, 0.5, (-0.5, 0.001), [1 / 3] * len(MARGINS)
    row = Served("x", 9, 8, -0.1, [-0.2, 0.0], [0.01, 0.02], *shares)
    assert row.to_dict()["interval"] == [-0.5, 0.001]
    assert row.to_dict()["by_margin"][0] == 0.3333
    heading, line, margins, right = serving_table([row])
    assert line.split()[:6] == ["x", "8", "of", "9", "-0.10", "75.0%"]
    assert "[-50.0, +0.1] points" in line
    assert margins.split()[-len(MARGINS) :][0] == "-40%"
    assert right.split() == ["x", *["33.3%"] * len(MARGINS)]
    assert (len(heading), len(margins)) == (len(line), len(right))
    assert serving_table(()) == []
