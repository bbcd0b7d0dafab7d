"""The curve of memory: a leak shows in it, photos and film are as they should be."""

import csv
from itertools import pairwise
from mmap import mmap

import numpy as np
import pytest

from fer_course import benchmark_memory as module
from fer_course.analysis.analyzer import FaceAnalyzer
from fer_course.analysis.video import told_length
from fer_course.benchmark_memory import Memory

pytest.importorskip("psutil")


def test_a_leak_is_seen_and_measured():
    lines, held = [], []

    def leak():
        for _ in range(1000):  # straight from the system: freed memory hides nothing
            held.append(mmap(-1, 100_000))
            held[-1].write(b"x" * 100_000)
            yield

    rows = module.watch("photos", leak(), 1000, lines.append)
    assert [row[:2] for row in rows] == [("photos", 100 * i) for i in range(1, 11)]
    assert module.growth_mb(rows) == pytest.approx(90, abs=10)
    assert len(lines) == 10
    assert lines[0].split()[:3] == ["100", "photos", "read"]
    assert f"{rows[-1].memory_mb} MB" in lines[-1]
    assert lines[-1].count("#") == pytest.approx(rows[-1].memory_mb / 10, abs=1)


def test_results_are_not_kept():
    alive = 0

    class Result:
        def __init__(self):
            nonlocal alive
            alive += 1

        def __del__(self):
            nonlocal alive
            alive -= 1

    results = (Result() for _ in range(500))
    most = []
    watched = (most.append(alive) or result for result in results)
    module.watch("photos", watched, 500, print)
    assert max(most) <= 2


@pytest.mark.parametrize(
    "memory, growth",
    [
        pytest.param([300.0] * 20, 0, id="flat"),
        pytest.param([250.0, 300.0] + [290.0] * 18, -10, id="up in the first tenth"),
        pytest.param([300.0] * 15 + [330.0] + [300.0] * 4, 30, id="one peak late"),
        pytest.param([300.0] * 5 + [330.0] + [300.0] * 14, 0, id="one peak early"),
    ],
)
def test_growth_is_from_the_first_tenth_to_the_second_half(memory, growth):
    rows = [Memory("frames", 100 * i, mb) for i, mb in enumerate(memory, start=1)]
    assert module.growth_mb(rows) == growth


def test_the_table_reads_back(tmp_path):
    rows = [Memory("photos", 100, 250.5), Memory("frames", 10_000, 260.1)]
    file = tmp_path / "m.csv"
    file.write_text(module.rows_to_csv(rows))
    with file.open() as lines:
        read = list(csv.DictReader(lines))
    assert read == [
        {"what": "photos", "count": "100", "memory_mb": "250.5"},
        {"what": "frames", "count": "10000", "memory_mb": "260.1"},
    ]


class Nobody(FaceAnalyzer):
    """Finds no face, and notes what it reads."""

    crop_margin = sure_threshold = 0.5

    def __init__(self):
        super().__init__(self, self)
        self.read = []

    def detect(self, image, tiles=False):
        self.read.append(image)
        return np.zeros((0, 4), np.float32), np.zeros(0, np.float32)

    def classify(self, crops):
        return np.zeros((0, 7), np.float32)


def test_photos_of_many_shapes_are_read_and_one_is_missing(tmp_path):
    analyzer, lines = Nobody(), []
    rows = module.memory_of_photos(analyzer, tmp_path, 260, lines.append)
    assert [row[:2] for row in rows] == [("photos", 100), ("photos", 200)]
    assert len(analyzer.read) == 260 * 12 / 13
    assert len({image.shape for image in analyzer.read}) == 12
    assert len(list(tmp_path.iterdir())) == 12


def test_the_film_moves_and_is_written_again(tmp_path):
    pytest.importorskip("trackers", reason="requirements-video.txt is not installed")
    pytest.importorskip("av", reason="requirements-video.txt is not installed")
    analyzer = Nobody()
    rows = module.memory_of_frames(analyzer, tmp_path, 200, print)
    assert [row[:2] for row in rows] == [("frames", 100), ("frames", 200)]
    assert len(analyzer.read) == told_length(tmp_path / "read.mp4")[0] == 200
    for before, after in pairwise(analyzer.read):
        assert before.shape == (64, 320, 3)
        assert not np.array_equal(before, after)


def test_missing_packages_are_one_sentence(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: name == "trackers" or None)
    words = r"needs psutil and av, not installed here: \S+ -m pip install psutil av"
    with pytest.raises(ValueError, match=words):
        module.check_packages()


def test_photos_then_frames_make_one_table_with_their_growth(monkeypatch):
    photos = [Memory("photos", 100, 200.0), Memory("photos", 200, 201.5)]
    frames = [Memory("frames", 100, 300.0), Memory("frames", 200, 299.0)]
    monkeypatch.setattr(module, "memory_of_photos", lambda *_, progress: photos)
    monkeypatch.setattr(module, "memory_of_frames", lambda *_, progress: frames)
    lines = []
    assert module.measure_memory(None, None, lines.append) == photos + frames
    assert [line.split(": ")[1] for line in lines] == ["+1.5 MB", "-1.0 MB"]
