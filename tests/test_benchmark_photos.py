"""The photos of `benchmark`: as many faces as they say, and zidane.jpg where it is."""

import sys

import numpy as np
import pytest

from fer_course import benchmark_photos as module
from fer_course.detection.detector import FaceDetector
from fer_course.images import image_hw, read_image


def test_photos_hold_the_portrait_as_often_as_they_say(tmp_path, monkeypatch):
    monkeypatch.delattr(module.cv2, "imwrite")  # it fails on Windows for some names
    portrait = np.zeros((60, 60, 3), np.uint8)  # black on the gray wall
    photos = module.make_photos(portrait, tmp_path)
    for path, ((height, width), count) in zip(photos, module.WALLS, strict=True):
        assert path.name == f"{width}x{height}_{count}.jpg"
        assert image_hw(path) == (height, width)
        black = (read_image(path).max(2) < module._WALL_GRAY // 2).sum()
        columns = int(np.ceil(np.sqrt(count * width / height)))
        rows = -(-count // columns)
        cell = min(width // columns, height // rows)
        assert black == pytest.approx(count * cell**2, rel=0.01)
    assert count == 120


def test_the_shipped_detector_finds_the_whole_crowd(tmp_path):
    *_, crowd = module.make_photos(module.read_portrait(), tmp_path)
    boxes_xyxy, _ = FaceDetector().detect(crowd)
    assert len(boxes_xyxy) == 120


def test_zidane_is_found_without_importing_ultralytics(tmp_path, monkeypatch, capsys):
    package = tmp_path / "ultralytics"
    (package / "assets").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.delitem(sys.modules, "ultralytics", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    assert module.find_zidane() == []
    assert "zidane.jpg is left out" in capsys.readouterr().out
    photo = package / "assets" / "zidane.jpg"
    photo.write_bytes(b"")
    assert module.find_zidane() == [photo]
    assert not capsys.readouterr().out


def test_without_ultralytics_one_line_says_so(monkeypatch, capsys):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert module.find_zidane() == []
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("zidane.jpg is left out: it comes with ultralytics")
