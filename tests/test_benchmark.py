"""`benchmark`: every stage timed, tables printed, figures written."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_course import benchmark as module
from fer_course import benchmark_memory, benchmark_photos
from fer_course.analysis.analyzer import FaceAnalyzer
from fer_course.benchmark import Measure
from fer_course.benchmark_memory import Memory
from fer_course.benchmark_photos import WALLS
from fer_course.settings import SAMPLES

ALL = [f"{w}x{h}_{n}.jpg" for (h, w), n in WALLS] + ["zidane.jpg"]


class TwoFaces:
    def detect(self, image, tiles=False):
        return np.float32([[5, 5, 25, 25], [30, 5, 50, 25]]), np.float32([0.9, 0.8])


class Even:
    crop_margin = 0.0
    sure_threshold = 0.5

    def classify(self, crops):
        return np.full((len(crops), 7), 1 / 7, np.float32)


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course whose networks are stubs, and which starts no process."""
    monkeypatch.setenv("FER_COURSE_DATA", str(tmp_path))
    monkeypatch.setenv("FER_COURSE_MODELS", str(tmp_path))
    (tmp_path / "samples").mkdir()
    monkeypatch.setattr(benchmark_photos, "SAMPLES", tmp_path / "samples")
    portrait = np.random.default_rng(0).integers(0, 256, (90, 90, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "samples" / "grace_hopper.jpg"), portrait)
    zidane = tmp_path / "zidane.jpg"
    cv2.imwrite(str(zidane), portrait)
    monkeypatch.setattr(module, "find_zidane", lambda: [zidane])
    (tmp_path / "net.onnx").write_bytes(bytes(2_500_000))
    monkeypatch.setattr(
        module, "FaceAnalyzer", lambda: FaceAnalyzer(TwoFaces(), Even())
    )
    monkeypatch.setattr(module, "_bare_nets", lambda *_: lambda: None)
    monkeypatch.setattr(module, "time_video", lambda *_: [])
    start = [Measure("a cold start", "s", (0.5, 0.7, 0.6))]
    monkeypatch.setattr(module, "cold_starts", lambda *_: start)
    return tmp_path


def test_figures_and_tables(course, capsys):
    module.benchmark(course / "b.json", repeats=2)
    figures = json.loads((course / "b.json").read_text())
    assert [row["photo"] for row in figures["photos"]] == ALL
    for row in figures["photos"]:
        assert row["faces"] == 2
        assert all(row[f"{stage}_ms"] >= 0 for stage in module.STAGES)
        low, high = row["spread_ms"]
        assert 0 <= low <= row["all_ms"] <= high
    first, *faces = figures["measures"]
    assert first == {
        "what": "a cold start",
        "unit": "s",
        "median": 0.6,
        "lowest": 0.5,
        "highest": 0.7,
        "repeats": 3,
    }
    assert [row["repeats"] for row in faces] == [2, 2, 2]
    assert figures["networks_mb"] == {"net.onnx": 2.5}
    assert figures["memory"] == []
    out = capsys.readouterr().out
    assert "1920x1080" in out and "net.onnx 2.5 MB" in out and " usable" in out
    low, high = figures["photos"][0]["spread_ms"]
    assert "spread of all" in out and f"{low} to {high}" in out
    assert "a cold start" in out and "0.5 to 0.7" in out


def test_memory_has_a_file_of_its_own(course, monkeypatch):
    rows = [Memory("photos", 100, 250.5), Memory("frames", 100, 260.0)]
    monkeypatch.setattr(benchmark_memory, "check_packages", lambda: None)

    def measure(analyzer, folder):
        assert not list(folder.iterdir())  # before what the timings leave behind
        return rows

    monkeypatch.setattr(benchmark_memory, "measure_memory", measure)
    figures = module.benchmark(memory_path=course / "m.csv", repeats=1)
    assert figures["memory"][0] == {"what": "photos", "count": 100, "memory_mb": 250.5}
    assert (course / "m.csv").read_text() == (
        "what,count,memory_mb\nphotos,100,250.5\nframes,100,260.0\n"
    )


def test_packages_for_memory_are_missed_before_anything_is_measured(
    course, monkeypatch
):
    monkeypatch.setattr(benchmark_memory, "find_spec", lambda name: None)
    monkeypatch.setattr(module, "FaceAnalyzer", None)  # would fail
    with pytest.raises(ValueError, match="pip install psutil trackers av"):
        module.benchmark(memory_path=course / "m.csv")


def test_missing_samples_are_one_sentence(course):
    (course / "samples" / "grace_hopper.jpg").unlink()
    with pytest.raises(FileNotFoundError, match=r"grace_hopper\.jpg is missing"):
        module.benchmark()


def test_a_missing_network_is_named_before_anything_is_measured(course, monkeypatch):
    monkeypatch.setattr(module, "FaceAnalyzer", FaceAnalyzer)
    monkeypatch.setattr(module, "make_photos", None)  # would fail
    with pytest.raises(FileNotFoundError, match="no face detector"):
        module.benchmark()


@pytest.mark.slow
def test_new_processes_import_and_read(tmp_path):
    photo = SAMPLES / "grace_hopper.jpg"
    found = module.cold_starts(photo, tmp_path, repeats=1)
    imported, demo, *memory = found
    assert 0 < imported.median < demo.median < 60
    assert all(50 < measure.median < 1000 for measure in memory)
    assert len(memory) == Path("/proc/self/status").exists()
    assert (tmp_path / "out" / "faces.json").is_file()


@pytest.mark.slow
def test_the_shipped_networks_are_timed_bare_and_in_a_film(tmp_path):
    analyzer = FaceAnalyzer()
    photo = SAMPLES / "two_portraits.jpg"
    row = module.time_photo(analyzer, str(photo), repeats=3)
    assert row["faces"] == 2
    assert 0 < row["nets_ms"] < 2 * row["all_ms"]
    assert row["spread_ms"][0] <= row["all_ms"] <= row["spread_ms"][1]
    pytest.importorskip("trackers", reason="requirements-video.txt is not installed")
    (film,) = module.time_video(analyzer, tmp_path)
    assert film.unit == "frames/s" and film.median > 0
