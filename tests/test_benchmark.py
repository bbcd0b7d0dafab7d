"""`benchmark`: every stage timed, a table printed, figures written."""

import json

import cv2
import numpy as np
import pytest

from fer_course import benchmark as module
from fer_course.analysis.analyzer import FaceAnalyzer


class TwoFaces:
    def detect(self, image, tiles=False):
        return np.float32([[5, 5, 25, 25], [30, 5, 50, 25]]), np.float32([0.9, 0.8])


class Even:
    crop_margin = 0.0
    sure_threshold = 0.5

    def classify(self, crops):
        return np.full((len(crops), 7), 1 / 7, np.float32)


@pytest.fixture
def samples(tmp_path, monkeypatch):
    monkeypatch.setenv("FER_COURSE_DATA", str(tmp_path))
    monkeypatch.setenv("FER_COURSE_MODELS", str(tmp_path))
    (tmp_path / "samples").mkdir()
    (tmp_path / "net.onnx").write_bytes(bytes(2_500_000))
    monkeypatch.setattr(
        module, "FaceAnalyzer", lambda: FaceAnalyzer(TwoFaces(), Even())
    )
    monkeypatch.setattr(module, "_COLD_START", "print({photo!r})")
    return tmp_path / "samples"


def test_figures_and_table(samples, tmp_path, capsys):
    image = np.zeros((40, 60, 3), np.uint8)
    cv2.imwrite(str(samples / "two.png"), image)
    module.benchmark(tmp_path / "b.json", repeats=2)
    figures = json.loads((tmp_path / "b.json").read_text())
    (row,) = figures["photos"]
    assert (row["photo"], row["width"], row["height"]) == ("two.png", 60, 40)
    assert row["faces"] == 2
    assert all(row[f"{stage}_ms"] >= 0 for stage in module.STAGES)
    assert figures["networks_mb"] == {"net.onnx": 2.5}
    assert 0 < figures["cold_start_s"] < 60
    out = capsys.readouterr().out
    assert "60x40" in out and "net.onnx 2.5 MB" in out and "cores usable" in out


def test_no_sample_is_one_sentence(samples):
    with pytest.raises(FileNotFoundError, match="No sample photo"):
        module.benchmark()


def test_a_missing_network_is_named_before_anything_is_started(samples, monkeypatch):
    cv2.imwrite(str(samples / "two.png"), np.zeros((40, 60, 3), np.uint8))
    monkeypatch.setattr(module, "FaceAnalyzer", FaceAnalyzer)
    monkeypatch.setattr(module, "cold_start_s", None)  # would fail
    with pytest.raises(FileNotFoundError, match="no face detector"):
        module.benchmark()
