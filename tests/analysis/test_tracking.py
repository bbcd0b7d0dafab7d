import sys

import numpy as np
import pytest

from fer_course.analysis.tracking import FORGET_S, NEW, SMOOTH_S, FaceTracker

HAPPY, SAD = np.eye(7)[[1, 2]]
NOBODY = np.zeros((0, 7))


@pytest.fixture
def tracker():
    pytest.importorskip("trackers", reason="requirements-video.txt is not installed")
    return FaceTracker()


def boxes(*lefts, size=40):
    return np.array([(x, 10, x + size, 10 + size) for x in lefts], float).reshape(-1, 4)


def meet(tracker, found, until_s=0.04):
    """Show the same boxes twice, so that each has its number."""
    for time_s in (0.0, until_s):
        numbers, _ = tracker.update(found, np.tile(HAPPY, (len(found), 1)), time_s)
    return numbers.tolist()


def test_a_face_is_new_once_and_then_has_a_number(tracker):
    seen = [tracker.update(boxes(50), HAPPY[None], i / 25)[0][0] for i in range(4)]
    assert seen == [NEW, 1, 1, 1]


def test_numbers_stay_with_faces_whatever_their_order(tracker):
    assert meet(tracker, boxes(0, 200)) == [1, 2]
    numbers, _ = tracker.update(boxes(205, 5), np.stack([SAD, HAPPY]), 0.08)
    assert numbers.tolist() == [2, 1]


@pytest.mark.parametrize("rate", [6, 12, 25, 60])
def test_a_fast_face_keeps_its_number(tracker, rate):
    for i in range(rate):  # 6 of its widths a second
        numbers, _ = tracker.update(boxes(240 * i / rate), HAPPY[None], i / rate)
        assert numbers.tolist() == [min(i, 1)]


def test_two_faces_that_pass_each_other_keep_their_numbers(tracker):
    """One a height above the other: where they meet, they touch."""
    for i in range(40):
        upper, lower = boxes(10 * i)[0], boxes(390 - 10 * i)[0] + (0, 40, 0, 40)
        order = [0, 1] if i % 3 else [1, 0]
        found = np.array([upper, lower])[order]
        numbers, _ = tracker.update(found, np.stack([HAPPY, SAD]), i / 25)
        if i == 1:
            of_upper, of_lower = numbers
            assert {of_upper, of_lower} == {1, 2}
        if i:
            assert numbers.tolist() == np.array([of_upper, of_lower])[order].tolist()


@pytest.mark.parametrize(
    ("gap_s", "number"),
    [
        pytest.param(0.9 * FORGET_S, 1, id="soon again"),
        pytest.param(1.1 * FORGET_S, NEW, id="gone too long"),
    ],
)
def test_a_face_that_was_away(tracker, gap_s, number):
    meet(tracker, boxes(50))
    tracker.update(boxes(), NOBODY, 0.04 + gap_s / 2)
    numbers, _ = tracker.update(boxes(50), HAPPY[None], 0.04 + gap_s)
    assert numbers.tolist() == [number]


def test_no_faces_are_no_rows(tracker):
    for time_s in (0.0, 0.04):
        numbers, smooth = tracker.update(boxes(), NOBODY, time_s)
        assert numbers.shape == (0,) and smooth.shape == (0, 7)


@pytest.mark.parametrize("rate", [10, 25, 60])
def test_smoothing_depends_on_time_not_on_the_frame_rate(tracker, rate):
    for i in range(4 * rate):  # happy for three seconds, then sad for one
        mood = HAPPY if i < 3 * rate else SAD
        _, smooth = tracker.update(boxes(50), mood[None], i / rate)
    left = np.exp(-1 / SMOOTH_S)
    np.testing.assert_allclose(smooth[0], left * HAPPY + (1 - left) * SAD, atol=1e-3)


def test_the_average_is_that_of_a_slow_loop(tracker):
    rng = np.random.default_rng(3)
    times = np.cumsum(rng.uniform(0.02, 0.2, 12))
    rows = rng.dirichlet(np.ones(7), 12)
    for k, time_s in enumerate(times):
        _, smooth = tracker.update(boxes(50), rows[k : k + 1], time_s)
        since = min(k, 1)  # the first frame has no number, and stands alone
        weights = np.exp(-(time_s - times[since : k + 1]) / SMOOTH_S)
        expected = weights @ rows[since : k + 1] / weights.sum()
        np.testing.assert_allclose(smooth[0], expected, atol=1e-12)


def test_each_face_has_its_own_average(tracker):
    for i in range(30):
        _, smooth = tracker.update(boxes(0, 200), np.stack([HAPPY, SAD]), i / 25)
        np.testing.assert_allclose(smooth, [HAPPY, SAD], atol=1e-12)


def test_one_odd_frame_does_not_change_the_reading(tracker):
    for i in range(50):
        odd = SAD if i == 25 else HAPPY
        _, smooth = tracker.update(boxes(50), odd[None], i / 25)
        assert smooth[0].argmax() == 1
        assert smooth[0].sum() == pytest.approx(1)


def test_the_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "trackers", None)
    with pytest.raises(ValueError, match=r"needs the package trackers: pip install -r"):
        FaceTracker()
