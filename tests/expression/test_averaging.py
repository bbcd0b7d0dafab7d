import cv2
import numpy as np
import pytest

from fer_course.expression.averaging import averaged_predictions, ten_crops
from fer_course.expression.preprocessing import face_to_input


class Linear:
    """Softmax of random weights: sees every pixel, and which side it is on."""

    def __init__(self):
        self.weights = np.random.default_rng(5).normal(0, 2e-4, (48 * 48, 7))

    def classify(self, crops):
        logits = face_to_input(crops).reshape(-1, 48 * 48) @ self.weights
        odds = np.exp(logits)
        return (odds / odds.sum(1, keepdims=True)).astype(np.float32)


@pytest.fixture
def pixels():
    return np.random.default_rng(3).integers(0, 256, (5, 48, 48)).astype(np.uint8)


CORNERS = [(0, 0), (0, 4), (4, 0), (4, 4), (2, 2)]


def test_ten_crops_hold_the_pixels_they_should(pixels):
    views = ten_crops(pixels)
    for k, (top, left) in enumerate(CORNERS):
        for y, x in ((0, 0), (0, 43), (43, 0), (20, 31)):
            np.testing.assert_array_equal(
                views[k, :, y, x], pixels[:, top + y, left + x]
            )
            np.testing.assert_array_equal(
                views[k + 5, :, y, 43 - x], pixels[:, top + y, left + x]
            )


def test_averages_equal_a_slow_loop(pixels):
    network = Linear()
    found = averaged_predictions(network, pixels)
    for i, face in enumerate(pixels):
        mirrored = np.ascontiguousarray(face[:, ::-1])
        plain, flipped = network.classify([face])[0], network.classify([mirrored])[0]
        crops = []
        for top, left in CORNERS:
            for side in (face, mirrored):
                crop = side[top : top + 44, left : left + 44].copy()
                large = cv2.resize(crop, (48, 48), interpolation=cv2.INTER_LINEAR)
                crops.append(network.classify([large])[0])
        np.testing.assert_allclose(found["none"][i], plain, atol=1e-6)
        np.testing.assert_allclose(found["flip"][i], (plain + flipped) / 2, atol=1e-6)
        np.testing.assert_allclose(found["ten crops"][i], sum(crops) / 10, atol=1e-6)
    assert abs(found["ten crops"] - found["flip"]).max() > 1e-3


def test_a_mirrored_face_is_read_alike_but_without_averaging(pixels):
    network = Linear()
    found = averaged_predictions(network, pixels)
    mirrored = averaged_predictions(network, pixels[:, :, ::-1])
    for way in ("flip", "ten crops"):
        np.testing.assert_allclose(found[way], mirrored[way], atol=1e-6)
        np.testing.assert_allclose(found[way].sum(1), 1, atol=1e-5)
    assert abs(found["none"] - mirrored["none"]).max() > 1e-3


def test_no_face():
    found = averaged_predictions(Linear(), np.zeros((0, 48, 48), np.uint8))
    assert [p.shape for p in found.values()] == [(0, 7)] * 3
