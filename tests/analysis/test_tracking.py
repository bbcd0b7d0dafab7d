import sys

import cv2
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


def plain(*rgb):
    return np.full((90, 160, 3), rgb, np.uint8)


def test_after_a_cut_all_faces_are_new_and_numbers_are_not_used_again(tracker):
    def show(image, mood, found, times_s):
        for time_s in times_s:
            tracker.forget_at_cut(image)
            rows = np.tile(mood, (len(found), 1))
            numbers, smooth = tracker.update(found, rows, time_s)
        return numbers.tolist(), smooth

    assert show(plain(200, 60, 60), HAPPY, boxes(0, 80), (0, 0.04))[0] == [1, 2]
    numbers, smooth = show(plain(60, 60, 200), SAD, boxes(0), (0.08,))
    assert numbers == [NEW]
    np.testing.assert_allclose(smooth, [SAD])
    numbers, smooth = show(plain(60, 60, 200), SAD, boxes(0), (0.12,))
    assert numbers == [3]
    np.testing.assert_allclose(smooth, [SAD])
    assert show(plain(240, 240, 240), HAPPY, boxes(0), (0.16,))[0] == [NEW]
    assert show(plain(200, 60, 60), HAPPY, boxes(0), (0.2, 0.24))[0] == [4]


def test_a_phone_turned_while_it_records_is_a_cut(tracker):
    for i, image in enumerate((plain(9, 9, 9), plain(9, 9, 9).transpose(1, 0, 2))):
        tracker.forget_at_cut(image)
        assert meet(tracker, boxes(0), 0.08 * i + 0.04) == [i + 1]


def coarse_scene(rng, width=640):
    cells = rng.integers(0, 256, (5, 16, 3), np.uint8)
    return cv2.resize(cells, (width, 180), interpolation=cv2.INTER_CUBIC)


def test_a_pan_a_lamp_and_noise_are_no_cuts(tracker):
    rng = np.random.default_rng(0)
    wide = coarse_scene(rng)
    frames = [wide[:, 12 * i : 320 + 12 * i] for i in range(20)]  # a screen a second
    frames.append(cv2.add(frames[-1], (30.0,) * 3))
    for _ in range(3):
        noise = rng.normal(0, 12, frames[-1].shape)
        frames.append(np.clip(frames[20] + noise, 0, 255).astype(np.uint8))
    for i, frame in enumerate(frames):
        tracker.forget_at_cut(frame)
        numbers, _ = tracker.update(boxes(50), HAPPY[None], i / 25)
        assert numbers.tolist() == [min(i, 1)]


def test_gray_film_whose_hue_is_noise_has_no_cuts(tracker):
    shades = plain(99, 99, 99), plain(99, 98, 99), plain(100, 100, 101)
    for i in range(9):
        tracker.forget_at_cut(shades[i % 3])
        numbers, _ = tracker.update(boxes(50), HAPPY[None], i / 25)
        assert numbers.tolist() == [min(i, 1)]


def test_a_cut_between_scenes_of_the_same_colors_is_one(tracker):
    rng = np.random.default_rng(0)
    for i in range(6):  # each frame another scene
        tracker.forget_at_cut(coarse_scene(rng, 320))
        numbers, _ = tracker.update(boxes(50), HAPPY[None], i / 25)
        assert numbers.tolist() == [NEW]


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
