"""Faces cut right and wrong: each slip breaks one thing, and can be told apart."""

import numpy as np
import pytest

from fer_course.analysis.analyzer import Face, FaceAnalyzer
from fer_course.images import read_image
from fer_course.labels import EXPRESSIONS
from fer_course.teaching import skew
from fer_course.teaching.samples import sample_boxes, sample_photos, sample_scene

MARGIN = 0.1


@pytest.fixture(scope="module")
def photo():
    return read_image(sample_photos()["grace_hopper"]), sample_boxes()["grace_hopper"]


@pytest.fixture(scope="module")
def portraits():
    return skew.drawn_portraits(12, seed=3)


@pytest.mark.parametrize("name", skew.SLIPS)
def test_each_slip_keeps_the_shape_and_changes_the_values(name, photo):
    right = skew.cut_face(*photo, MARGIN)
    wrong = skew.SLIPS[name](*photo, MARGIN)
    assert wrong.shape == right.shape == (48, 48, 1)
    assert wrong.dtype == right.dtype == np.float32
    assert np.abs(wrong - right).max() > 5


def test_mystery_pipelines_are_slips_that_differ_from_each_other(photo):
    outputs = [f(*photo, MARGIN) for f in skew.mystery_pipelines().values()]
    slips = [f(*photo, MARGIN) for f in skew.SLIPS.values()]
    for i, output in enumerate(outputs):
        assert sum(np.array_equal(output, slip) for slip in slips) == 1
        assert not any(np.array_equal(output, other) for other in outputs[:i])


def test_mystery_pipelines_do_not_tell_their_names():
    names = {f.__name__ for f in skew.mystery_pipelines().values()}
    assert names == {"<lambda>"}


def test_portraits_hold_a_whole_face_and_repeat_with_the_seed(portraits):
    again = skew.drawn_portraits(12, seed=3)
    assert [p.label for p in portraits[:7]] == list(range(7))
    for one, other in zip(portraits, again, strict=True):
        np.testing.assert_array_equal(one.image, other.image)
        x1, y1, x2, y2 = one.box_xyxy
        assert 0 < x1 < x2 < 200 and 0 < y1 < y2 < 200
        assert 55 < y2 - y1 < 95


def test_edge_histograms_do_not_see_brightness_or_contrast(portraits):
    face = skew.cut_face(portraits[0].image, portraits[0].box_xyxy, MARGIN)[..., 0]
    rows = skew.edge_histograms(np.stack((face, 0.5 * face + 20)))
    assert rows.shape == (2, 512)
    np.testing.assert_allclose(rows[0], rows[1], atol=1e-3)


def test_pocket_reader_reads_new_faces_and_fits_into_the_analyzer(portraits):
    reader = skew.PocketReader(portraits, MARGIN)
    new = skew.drawn_portraits(4, seed=4)
    crops = [skew.crop(p.image, skew.square(p.box_xyxy, MARGIN)[0]) for p in new]
    probabilities = reader.classify(crops)
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-5)
    right = probabilities.argmax(1) == [p.label for p in new]
    assert right.mean() > 0.6
    assert reader.classify([]).shape == (0, 7)

    class OneBox:
        def detect(self, image):
            return new[1].box_xyxy[None], np.array([0.9])

    result = FaceAnalyzer(OneBox(), reader).analyze(new[1].image)
    assert result.faces[0].expression in EXPRESSIONS


def test_failed_faces_are_the_wrong_and_the_missed_ones():
    scene = sample_scene(np.random.default_rng(3), n_faces=3)
    (first, second, third), names = scene.boxes_xyxy, scene.expressions
    other = next(name for name in EXPRESSIONS if name not in (names[1], names[2]))
    found = [
        Face(tuple(first), 0.9, names[0], {}, True),
        Face(tuple(second), 0.8, other, {}, True),
        Face(tuple(second), 0.7, names[1], {}, True),  # comes too late
    ]
    failed = skew.failed_faces(scene, found)
    heights = [f"{box[3] - box[1]:.0f} px" for box in (second, third)]
    assert [title.split("\n") for _, title in failed] == [
        [names[1], f"→ {other}", heights[0]],
        [names[2], "missed", heights[1]],
    ]
    assert all(picture.shape[0] == picture.shape[1] for picture, _ in failed)


@pytest.mark.parametrize("n_faces", [0, 2])
def test_failed_faces_where_none_was_found(n_faces):
    scene = sample_scene(np.random.default_rng(3), n_faces)
    assert len(skew.failed_faces(scene, [])) == n_faces
