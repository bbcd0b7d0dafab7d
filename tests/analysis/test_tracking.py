import numpy as np
import pytest

from fer_course.analysis.tracking import FORGET_S, SMOOTH_S, FaceTracker

HAPPY, SAD = np.eye(7)[[1, 2]]


def boxes(*lefts, size=40):
    return np.array([(x, 10, x + size, 10 + size) for x in lefts], float).reshape(-1, 4)


def test_numbers_stay_with_faces_whatever_their_order():
    tracker = FaceTracker()
    first, _ = tracker.update(boxes(0, 200), np.stack([HAPPY, SAD]), 0.0)
    second, _ = tracker.update(boxes(205, 5), np.stack([SAD, HAPPY]), 0.04)
    assert first.tolist() == [1, 2] and second.tolist() == [2, 1]


def test_a_fast_face_keeps_its_number():
    tracker = FaceTracker()
    for i in range(10):  # 0.6 of its width a frame
        numbers, _ = tracker.update(boxes(24 * i), HAPPY[None], i / 25)
        assert numbers.tolist() == [1]


@pytest.mark.parametrize(
    ("gap_s", "number"),
    [
        pytest.param(0.9 * FORGET_S, 1, id="soon again"),
        pytest.param(1.1 * FORGET_S, 2, id="gone too long"),
    ],
)
def test_a_face_that_was_away(gap_s, number):
    tracker = FaceTracker()
    tracker.update(boxes(50), HAPPY[None], 0.0)
    tracker.update(boxes(), np.zeros((0, 7)), gap_s / 2)
    numbers, _ = tracker.update(boxes(50), HAPPY[None], gap_s)
    assert numbers.tolist() == [number]


def test_no_faces_are_no_rows():
    numbers, smooth = FaceTracker().update(boxes(), np.zeros((0, 7)), 0.0)
    assert numbers.shape == (0,) and smooth.shape == (0, 7)


@pytest.mark.parametrize("rate", [10, 25, 60])
def test_smoothing_depends_on_time_not_on_the_frame_rate(rate):
    tracker = FaceTracker()
    for i in range(4 * rate):  # happy for three seconds, then sad for one
        mood = HAPPY if i < 3 * rate else SAD
        _, smooth = tracker.update(boxes(50), mood[None], i / rate)
    left = np.exp(-1 / SMOOTH_S)
    np.testing.assert_allclose(smooth[0], left * HAPPY + (1 - left) * SAD, atol=1e-3)


def test_the_second_reading_counts_almost_like_the_first():
    tracker = FaceTracker()
    tracker.update(boxes(50), SAD[None], 0.0)
    _, smooth = tracker.update(boxes(50), HAPPY[None], 0.04)
    fade = np.exp(-0.04 / SMOOTH_S)
    np.testing.assert_allclose(smooth[0], (fade * SAD + HAPPY) / (fade + 1))


def test_one_odd_frame_does_not_change_the_reading():
    tracker = FaceTracker()
    for i in range(50):
        odd = SAD if i == 25 else HAPPY
        _, smooth = tracker.update(boxes(50), odd[None], i / 25)
        assert smooth[0].argmax() == 1
        assert smooth[0].sum() == pytest.approx(1)
