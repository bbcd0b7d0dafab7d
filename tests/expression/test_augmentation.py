import cv2
import numpy as np
import pytest

from fer_course.expression.augmentation import Augmentation

OFF = {"flip": False, "rotation_deg": 0, "shift_px": 0, "zoom": 0}


def faces(count=5, size=48, seed=0):
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (count, 6, 6)).astype(np.uint8)
    return np.stack([cv2.resize(face, (size, size)) for face in small])


def test_switched_off_changes_nothing():
    pixels = faces()
    changed = Augmentation(**OFF)(pixels, np.random.default_rng(0))
    np.testing.assert_array_equal(changed, pixels)


def test_flip_mirrors_about_half_of_the_faces_exactly():
    pixels = faces(400)
    changed = Augmentation(**{**OFF, "flip": True})(pixels, np.random.default_rng(1))
    same = (changed == pixels).all((1, 2))
    mirrored = (changed == pixels[:, :, ::-1]).all((1, 2))
    assert (same ^ mirrored).all()
    assert 150 < mirrored.sum() < 250


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"rotation_deg": 25}, id="rotation"),
        pytest.param({"zoom": 0.2}, id="zoom"),
        pytest.param({"shift_px": 6}, id="shift"),
        pytest.param({"rotation_deg": 15, "zoom": 0.1, "shift_px": 4}, id="all"),
    ],
)
def test_geometry_equals_opencv_face_by_face(settings):
    """The one-call trick against warpAffine per face, with the same random numbers."""
    pixels = faces(6)
    augmentation = Augmentation(**{**OFF, **settings})
    changed = augmentation(pixels, np.random.default_rng(3))

    rng = np.random.default_rng(3)
    draw = lambda most: rng.uniform(-most, most, (6, 1, 1)).astype(np.float32)  # noqa: E731
    angle, zoom = (
        np.deg2rad(draw(augmentation.rotation_deg)),
        1 + draw(augmentation.zoom),
    )
    shift_x, shift_y = draw(augmentation.shift_px), draw(augmentation.shift_px)
    for i in range(6):
        c, s = (
            float(f(angle[i, 0, 0])) / float(zoom[i, 0, 0]) for f in (np.cos, np.sin)
        )
        tx, ty = float(shift_x[i, 0, 0]), float(shift_y[i, 0, 0])
        mid = 23.5
        back = np.array(
            [
                [c, -s, mid - c * mid + s * mid + tx],
                [s, c, mid - s * mid - c * mid + ty],
            ]
        )
        expected = cv2.warpAffine(
            pixels[i],
            back,
            (48, 48),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        # both round the position to 1/32 px
        assert np.abs(changed[i] - expected).mean() < 1.5


def test_no_face_sees_its_neighbor():
    """A black face between white ones stays black however far it moves."""
    pixels = np.full((3, 48, 48), 255, np.uint8)
    pixels[1] = 0
    rng = np.random.default_rng(0)
    changed = Augmentation(flip=True, rotation_deg=40, shift_px=20, zoom=0.5)(
        pixels, rng
    )
    assert changed[1].max() == 0
    assert changed[[0, 2]].min() == 255


def test_more_faces_than_one_remap_call_takes():
    pixels = faces(700)
    changed = Augmentation(**OFF)(pixels, np.random.default_rng(0))
    np.testing.assert_array_equal(changed, pixels)


def test_equal_seeds_give_equal_faces():
    augmentation = Augmentation(contrast=0.3, brightness=20, erase=0.5)
    first = augmentation(faces(), np.random.default_rng(5))
    again = augmentation(faces(), np.random.default_rng(5))
    other = augmentation(faces(), np.random.default_rng(6))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert first.min() >= 0
    assert first.max() <= 255


def test_erase_covers_the_stated_share():
    pixels = np.zeros((300, 48, 48), np.uint8)
    changed = Augmentation(**OFF, erase=1.0)(pixels, np.random.default_rng(0))
    share = (changed > 0).mean((1, 2))
    assert 0.005 < share[share > 0].min()
    assert share.max() < 0.23
    assert (share > 0).mean() > 0.98


def test_as_many_faces_are_covered_and_coarsened_as_asked():
    pixels = faces(600)
    for change in ({"erase": 0.3}, {"coarse": 0.3}):
        changed = Augmentation(**OFF, **change)(pixels, np.random.default_rng(0))
        touched = (changed != pixels).any((1, 2)).mean()
        assert touched == pytest.approx(0.3, abs=0.06), change


def test_light_keeps_the_mean_when_only_contrast_changes():
    pixels = faces(20) // 2 + 60
    changed = Augmentation(**OFF, contrast=0.3)(pixels, np.random.default_rng(0))
    difference = changed.mean((1, 2)) - pixels.mean((1, 2))
    assert np.abs(difference).max() < 0.5
    spread = changed.std((1, 2)) / pixels.std((1, 2))
    assert 0.65 < spread.min() < 0.9 < 1.1 < spread.max() < 1.35


def test_an_empty_batch_stays_empty():
    empty = np.zeros((0, 48, 48), np.uint8)
    assert Augmentation()(empty, np.random.default_rng(0)).shape == (0, 48, 48)


def test_coarse_faces_are_shrunk_and_enlarged_again():
    """Two-pixel stripes, which no face of 16 to 40 px can hold, turn gray."""
    stripes = np.zeros((60, 48, 48), np.uint8)
    stripes[:, :, ::2] = 255
    half = Augmentation(**OFF, coarse=0.5)(stripes, np.random.default_rng(0))
    same = (half == stripes).all((1, 2))
    assert 15 < same.sum() < 45
    assert (half[~same].std((1, 2)) < 0.8 * stripes[0].std()).all()
    np.testing.assert_allclose(half.mean((1, 2)), 127.5, atol=4)
