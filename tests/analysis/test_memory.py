"""Memory stays flat, however many photos and frames are read."""

import pytest

from fer_course.analysis.analyzer import FaceAnalyzer
from fer_course.benchmark_memory import growth_mb, memory_of_frames, memory_of_photos

pytest.importorskip("psutil")
GROWTH_MB = 8  # less than two kilobytes a photo, one a frame


@pytest.mark.slow
def test_memory_stays_flat_over_five_thousand_photos(tmp_path):
    rows = memory_of_photos(FaceAnalyzer(), tmp_path)
    assert rows[-1].count == 5_000
    assert growth_mb(rows) < GROWTH_MB


@pytest.mark.slow
def test_memory_stays_flat_over_ten_thousand_frames(tmp_path):
    pytest.importorskip("trackers")
    pytest.importorskip("av")
    rows = memory_of_frames(FaceAnalyzer(), tmp_path)
    assert rows[-1].count == 10_000
    assert growth_mb(rows) < GROWTH_MB
