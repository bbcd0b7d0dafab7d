"""The point at a threshold agrees with counting by hand."""

import numpy as np
import pytest

from fer_course.detection.evaluation import score_photos
from fer_course.teaching.explorers import threshold


@pytest.fixture
def scored():
    """Two faces, one found (0.9), and a false alarm (0.4)."""
    truths = np.array([[0, 0, 10, 10], [50, 50, 60, 60]], dtype=float)
    found = np.array([[0, 0, 10, 10], [80, 0, 90, 10]], dtype=float)
    return score_photos([(found, [0.9, 0.4])], [truths])


@pytest.mark.parametrize(
    "score_threshold, expected",
    [
        pytest.param(0.0, (1, 1, 1), id="all kept"),
        pytest.param(0.4, (1, 1, 1), id="a score equal to the threshold is kept"),
        pytest.param(0.5, (1, 0, 1), id="the false alarm is gone"),
        pytest.param(1.0, (0, 0, 2), id="nothing kept"),
    ],
)
def test_counts_by_hand(scored, score_threshold, expected):
    assert threshold.counts(scored, score_threshold) == expected


@pytest.mark.parametrize("score_threshold", [0.0, 0.5, 1.0])
def test_the_point_lies_where_the_counts_say(scored, score_threshold):
    hits, alarms, missed = threshold.counts(scored, score_threshold)
    figure = threshold.draw(scored, score_threshold)
    x, y = figure.axes[1].lines[1].get_xydata()[0]
    assert x == pytest.approx(hits / (hits + missed))
    assert y == pytest.approx(hits / (hits + alarms) if hits + alarms else 1.0)


def test_the_alt_text_of_the_static_twin_is_true():
    scored = threshold.sample_scores()
    assert len(scored.face_sizes) == 60
    hits, alarms, _ = zip(
        *(threshold.counts(scored, t) for t in threshold.THRESHOLDS), strict=True
    )
    assert sorted(hits, reverse=True) == list(hits)
    assert sorted(alarms, reverse=True) == list(alarms)
