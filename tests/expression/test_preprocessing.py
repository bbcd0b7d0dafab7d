import cv2
import numpy as np
import pytest

from fer_course.expression.preprocessing import INPUT_SIZE, face_to_gray, face_to_input


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param((48, 48), id="network size, gray"),
        pytest.param((96, 96, 3), id="square RGB"),
        pytest.param((100, 40, 3), id="tall RGB"),
        pytest.param((20, 31), id="small, wide, gray"),
        pytest.param((7, 7, 1), id="one channel"),
        pytest.param((1, 1), id="one pixel"),
    ],
)
def test_every_shape_gives_a_gray_square(shape):
    face = face_to_gray(noise(*shape))
    assert face.shape == (INPUT_SIZE, INPUT_SIZE)
    assert face.dtype == np.uint8


def test_a_stored_face_passes_unchanged():
    face = noise(48, 48)
    np.testing.assert_array_equal(face_to_gray(face), face)
    np.testing.assert_array_equal(face_to_input([face])[0, :, :, 0], face)


def test_training_and_serving_see_the_same_face():
    """A data set stores face_to_gray's result; the app passes the color crop."""
    crop = noise(96, 96, 3)
    stored = face_to_gray(crop)
    np.testing.assert_array_equal(face_to_input([crop]), face_to_input([stored]))


@pytest.mark.parametrize("side", [2, 3, 5])
def test_gray_comes_before_resize_and_every_pixel_counts(side):
    """A slow oracle: luma by the formula, then the mean of each small square."""
    crop = noise(48 * side, 48 * side, 3)
    luma = np.round(crop @ np.array([0.299, 0.587, 0.114]))
    means = luma.reshape(48, side, 48, side).mean((1, 3))
    assert np.abs(face_to_gray(crop).astype(float) - means).max() <= 1


def test_a_tall_crop_is_padded_not_squeezed():
    crop = np.full((96, 48), 10, np.uint8)
    crop[:, 24:] = 200  # a vertical edge stays where it is, and as wide
    face = face_to_gray(crop)
    assert (face[:, :23] == 10).all()
    assert (face[:, 25:] == 200).all()


def test_enlarging_is_linear():
    crop = noise(24, 24)
    expected = cv2.resize(crop, (48, 48), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_array_equal(face_to_gray(crop), expected)


def test_no_faces_give_an_empty_batch():
    assert face_to_input([]).shape == (0, 48, 48, 1)


def test_input_is_float_in_0_to_255():
    batch = face_to_input([np.full((5, 5), 255, np.uint8), noise(60, 50, 3)])
    assert batch.shape == (2, 48, 48, 1)
    assert batch.dtype == np.float32
    assert batch[0].min() == 255


@pytest.mark.parametrize(
    ("crop", "error", "words"),
    [
        pytest.param(np.zeros((9, 9)), TypeError, "without dividing", id="float"),
        pytest.param(np.zeros((0, 5), np.uint8), ValueError, "(0, 5)", id="empty"),
        pytest.param(np.zeros((5, 5, 4), np.uint8), ValueError, "(5, 5, 4)", id="RGBA"),
        pytest.param(np.zeros(5, np.uint8), ValueError, "(5,)", id="a row"),
    ],
)
def test_wrong_crops_are_named(crop, error, words):
    with pytest.raises(error) as caught:
        face_to_gray(crop)
    assert words in str(caught.value)


@pytest.mark.parametrize("shape", [(60, 50, 3), (60, 50, 1), (60, 50)], ids=str)
def test_one_crop_is_not_taken_for_many(shape):
    with pytest.raises(ValueError, match=r"one crop.* \[crop\] for a single one"):
        face_to_input(noise(*shape))


def test_an_array_of_crops_is_a_sequence():
    crops = noise(4, 60, 50)
    np.testing.assert_array_equal(face_to_input(crops), face_to_input(list(crops)))
