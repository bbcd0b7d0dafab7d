import numpy as np
import pytest

from fer_course.expression.framing import BORDER, SIDE_PX, measure_framing


class Planted:
    """A detector that sees a box of known size in the middle, and one in a corner."""

    def __init__(self, share, shift_px=(0.0, 0.0)):
        self.share, self.shift = share, np.array(shift_px)

    def detect(self, image):
        assert image.shape == (480, 480, 3)
        assert image.dtype == np.uint8
        middle = np.array(image.shape[:2]) / 2 + self.shift
        half = np.array([0.4, 0.5]) * self.share * SIDE_PX
        central = np.concatenate([middle - half, middle + half])
        return np.stack([[0, 0, 30, 30], central]), np.array([0.9, 0.8])


FACES = np.random.default_rng(1).integers(0, 256, (3, 48, 48), dtype=np.uint8)


@pytest.mark.parametrize("share", [0.5, 0.8, 1.25])
def test_margin_is_what_serving_must_add(share):
    framing = measure_framing(FACES, Planted(share))
    assert framing.margin == pytest.approx(1 / share - 1)
    np.testing.assert_allclose(framing.offsets, 0, atol=1e-9)


@pytest.mark.parametrize("size", [48, 96])
def test_boxes_are_in_pixels_of_the_picture(size):
    pictures = np.full((2, size, size, 3), 9, np.uint8)
    framing = measure_framing(pictures, Planted(0.5), share=0.75)
    box = np.array([0.3, 0.25, 0.7, 0.75]) * size
    np.testing.assert_allclose(framing.boxes_xyxy, [box] * 2)
    assert framing.margin == pytest.approx(0.75 / 0.5 - 1)
    assert framing.found.tolist() == [True, True]


def test_offset_is_in_sides_of_the_stored_square():
    planted = Planted(0.8, shift_px=(24.0, -12.0))
    half = measure_framing(FACES, planted, share=0.5)
    np.testing.assert_allclose(half.offsets, [[0.2, -0.1]] * 3)
    framing = measure_framing(FACES, planted)
    np.testing.assert_allclose(framing.offsets, [[0.1, -0.05]] * 3)
    assert framing.to_dict()["offset_xy"] == [0.1, -0.05]
    assert framing.to_dict()["found"] == 3


class Blind:
    """Finds something only beside the face."""

    def detect(self, image):
        return np.array([[0.0, 0.0, 20.0, 20.0]]), np.array([0.9])


def test_no_face_at_all_is_an_error_in_words():
    with pytest.raises(ValueError, match="no face in 3 stored faces"):
        measure_framing(FACES, Blind())


def test_the_border_repeats_the_edge():
    seen = []

    class Watching(Planted):
        def detect(self, image):
            seen.append(image)
            return super().detect(image)

    measure_framing(np.full((1, 48, 48), 77, np.uint8), Watching(1.0))
    assert (seen[0] == 77).all()
    assert round(BORDER * SIDE_PX) * 2 + SIDE_PX == len(seen[0])
