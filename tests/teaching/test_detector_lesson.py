"""What notebook 02 trains on, in either mode."""

from importlib.util import find_spec

import numpy as np
import pytest

from fer_course.teaching import detector_lesson


def test_scenes_are_drawn_and_prepared(tmp_path, monkeypatch):
    monkeypatch.setattr(detector_lesson, "_DRAWN", 3)
    monkeypatch.setattr(detector_lesson, "_CHOOSE", 1)
    yaml, line = detector_lesson.drawn_photos(tmp_path)
    assert yaml == tmp_path / "yolo" / "faces.yaml"
    assert line.startswith("train: 2 drawn scenes")
    assert len(list((tmp_path / "yolo" / "images" / "choose").iterdir())) == 1


def test_quick_mode_trains_on_them(tmp_path, monkeypatch):
    monkeypatch.setenv("FER_MODE", "quick")
    assert detector_lesson.training_yaml("drawn.yaml") == "drawn.yaml"
    assert detector_lesson.training_budget()["quick"]


def test_full_mode_wants_the_real_photos(tmp_path, monkeypatch):
    monkeypatch.setenv("FER_MODE", "full")
    monkeypatch.setenv("FER_COURSE_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="data prepare detection"):
        detector_lesson.training_yaml("drawn.yaml")
    yaml = tmp_path / "detection-yolo" / "faces.yaml"
    yaml.parent.mkdir()
    yaml.write_text("names: {0: face}")
    assert detector_lesson.training_yaml("drawn.yaml") == yaml
    assert "quick" not in detector_lesson.training_budget()


def test_shipped_weights_come_first(tmp_path, monkeypatch):
    monkeypatch.setenv("FER_COURSE_MODELS", str(tmp_path))
    shipped = tmp_path / "face_detector.pt"
    shipped.write_bytes(b"weights")
    assert detector_lesson.start_weights(tmp_path / "run") == shipped


def test_random_weights_where_nothing_is_shipped(tmp_path, monkeypatch):
    training = pytest.importorskip("fer_course.detection.training")
    if find_spec("ultralytics") is None:
        pytest.skip("Ultralytics is not installed")
    training.import_ultralytics()
    monkeypatch.setenv("FER_COURSE_MODELS", str(tmp_path))
    path = detector_lesson.start_weights(tmp_path / "run")
    network, _ = training.load_network(path)
    assert callable(network)


def test_samples_are_shrunk_with_their_boxes():
    found = detector_lesson.tiny_samples((6, 12))
    assert len(found) == 2 * len(detector_lesson.sample_photos())
    for k, (picture, boxes_xyxy) in enumerate(found):
        height = np.median(boxes_xyxy[:, 3] - boxes_xyxy[:, 1])
        assert height == pytest.approx((6, 12)[k % 2], rel=0.1)
        assert boxes_xyxy[:, 2].max() <= picture.shape[1] + 1
        assert boxes_xyxy[:, 3].max() <= picture.shape[0] + 1


def test_random_weights_score_nothing_before_any_step(tmp_path, monkeypatch):
    if find_spec("ultralytics") is None:
        pytest.skip("Ultralytics is not installed")
    monkeypatch.setattr(detector_lesson, "_DRAWN", 3)
    monkeypatch.setattr(detector_lesson, "_CHOOSE", 2)
    yaml, _ = detector_lesson.drawn_photos(tmp_path)
    start = detector_lesson.random_weights(tmp_path)
    assert detector_lesson.score_weights(start, yaml, tmp_path) < 0.1
