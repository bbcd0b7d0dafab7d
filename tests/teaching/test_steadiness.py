import numpy as np
import pytest

from fer_course.analysis.analyzer import FaceAnalyzer
from fer_course.labels import EXPRESSIONS
from fer_course.teaching import steadiness as module
from fer_course.teaching.moving_portraits import portrait_frames
from fer_course.teaching.steadiness import (
    Sighting,
    film_and_count,
    plot_flicker,
    steadiness,
)


def _sighting(frame, number, alone, smoothed):
    """Return a sighting whose likeliest expressions are these, at 0.4 of 1."""
    rows = [
        np.where(np.array(EXPRESSIONS) == name, 0.4, 0.1) for name in (alone, smoothed)
    ]
    return Sighting(frame, number, *rows)


def test_changes_counted_by_hand():
    seen = [
        _sighting(0, 0, "sad", "sad"),
        _sighting(1, 1, "happy", "sad"),
        _sighting(2, 1, "sad", "sad"),
        _sighting(3, 2, "sad", "sad"),  # another number, nothing missed
        _sighting(8, 0, "fear", "fear"),  # back after frames without it
        _sighting(9, 3, "fear", "sad"),
    ]
    found = steadiness(seen, rate=6.0)
    assert found.minutes == pytest.approx(1 / 60)
    assert (found.label_changes, found.smoothed_changes) == (3, 2)
    assert (found.switched, found.renewed) == ((3,), (9,))


def test_nobody_seen_changes_nothing():
    found = steadiness([], rate=25.0)
    assert (found.minutes, found.label_changes, found.switched) == (0, 0, ())


def test_a_figure_of_flicker_draws_both_expressions_and_hatches_the_other_label():
    labels = ["sad", "sad", "happy", "sad"]
    seen = [_sighting(i, 0, label, "sad") for i, label in enumerate(labels)]
    figure = plot_flicker(steadiness(seen, rate=2.0), start_s=3.0, rate=2.0)
    for axis, changes, values in zip(
        figure.axes, (2, 0), ([0.1, 0.1, 0.4, 0.1], [0.1] * 4), strict=True
    ):
        sad, happy = axis.lines
        assert (sad.get_label(), happy.get_label()) == ("sad", "happy")
        assert sad.get_xdata() == pytest.approx([3, 3.5, 4, 4.5])
        assert happy.get_ydata() == pytest.approx(values)
        assert f"{changes} changes" in axis.get_title()
        paths = axis.collections[0].get_paths()
        corners = np.concatenate(
            [path.vertices for path in paths] or [np.empty((0, 2))]
        )
        assert set(corners[:, 0]) == ({3.75, 4.25} if changes else set())


def test_found_boxes_belong_to_the_nearest_person_in_sight():
    truth = np.array([[0, 0, 10, 10], [20, 0, 30, 10], [np.nan] * 4])
    boxes = np.array([[21, 0, 31, 10], [50, 50, 60, 60], [1, 0, 11, 10]], float)
    assert list(module._who_is_where(boxes, truth)) == [(0, 2), (1, 0)]
    assert list(module._who_is_where(boxes[:0], truth)) == []


class TrueBoxes:
    """Finds in each frame what is there."""

    def __init__(self, start_s, stop_s):
        self.boxes = [boxes for _, boxes in portrait_frames(start_s, stop_s)]

    def detect(self, image, tiles=False):
        boxes = self.boxes.pop(0)
        boxes = boxes[np.isfinite(boxes).all(axis=1)]
        return boxes, np.full(len(boxes), 0.9)


class SlipsOnTheFirst:
    """Happy, but for the first face in every fifth frame."""

    crop_margin, sure_threshold = 0.0, 0.5

    def __init__(self):
        self.calls = 0

    def classify(self, crops):
        rows = np.tile(np.eye(7)[1], (len(crops), 1))
        if self.calls % 5 == 4:
            rows[0] = np.eye(7)[2]
        self.calls += 1
        return rows


def test_a_short_film(tmp_path, capsys):
    pytest.importorskip("trackers", reason="requirements-video.txt is not installed")
    analyzer = FaceAnalyzer(TrueBoxes(0.0, 0.8), SlipsOnTheFirst())
    found = film_and_count(tmp_path, analyzer, 0.0, 0.8)
    assert [face.label_changes for face in found] == [3, 0]  # to 4, from 4, to 9
    assert [face.smoothed_changes for face in found] == [0, 0]
    assert [face.switched + face.renewed for face in found] == [(), ()]
    assert [face.minutes for face in found] == [pytest.approx(10 / 12.5 / 60)] * 2
    line = capsys.readouterr().out.splitlines()[3].split()
    assert line == ["Grace", "Hopper", "0.8", "s", "225.0", "0.0", "none", "0"]
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["portraits.avi", "portraits_faces.mp4"]


def test_a_film_that_is_not_kept(tmp_path, capsys, monkeypatch):
    pytest.importorskip("trackers", reason="requirements-video.txt is not installed")
    monkeypatch.chdir(tmp_path)
    analyzer = FaceAnalyzer(TrueBoxes(39.8, 40.2), SlipsOnTheFirst())
    found = film_and_count(None, analyzer, 39.8, 40.2)
    assert [face.minutes for face in found] == [pytest.approx(5 / 12.5 / 60)] * 2
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "seconds 39.8 to 40.2, 12.5 frames a second, a cut at 40 s"
    assert len(said) == 5 and not list(tmp_path.iterdir())
