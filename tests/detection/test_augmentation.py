"""Poor pictures by hand, and that Ultralytics' pictures pass through them."""

from importlib.util import find_spec
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from fer_course.detection import augmentation


class Draws:
    """Random numbers by hand: `random` gives these, `uniform` the lower end."""

    def __init__(self, *values):
        self.values = list(values)

    def random(self):
        return self.values.pop(0)

    def uniform(self, low, high):
        return low


@pytest.fixture
def picture():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)


def test_most_pictures_stay_as_they_are(picture):
    assert augmentation.make_poor(picture, Draws(0.5, 0.5, 0.5)) is picture


def test_gray_is_the_mean_of_the_channels(picture):
    poor = augmentation.make_poor(picture, Draws(0, 0.5, 0.5))
    total = picture.astype(int).sum(axis=2)
    assert all((poor[..., k] == total // 3).all() for k in range(3))


def test_dark_follows_the_gamma(picture):
    poor = augmentation.make_poor(picture, Draws(0.5, 0, 0.5))
    assert np.array_equal(poor, np.round(255 * (picture / 255) ** 1.5))


def test_blur_keeps_the_mean_and_takes_contrast(picture):
    poor = augmentation.make_poor(picture, Draws(0.5, 0.5, 0))
    assert np.array_equal(poor, cv2.GaussianBlur(picture, (0, 0), 0.5))
    assert poor.std() < picture.std()


def test_one_in_ten_is_gray(picture):
    import random

    rng = random.Random(1)
    poor = (augmentation.make_poor(picture, rng) for _ in range(1000))
    gray = sum((p == p[..., :1]).all() for p in poor)
    assert 70 <= gray <= 130


@pytest.mark.skipif(not find_spec("ultralytics"), reason="Ultralytics is missing")
def test_training_pictures_pass_through_before_they_become_tensors(
    tmp_path, monkeypatch
):
    from fer_course.detection.training import import_ultralytics

    import_ultralytics()
    from ultralytics.cfg import get_cfg
    from ultralytics.data import build_yolo_dataset

    for kind in ("images", "labels"):
        (tmp_path / kind).mkdir()
    white = np.full((64, 64, 3), 255, np.uint8)
    cv2.imwrite(str(tmp_path / "images" / "a.png"), white)
    (tmp_path / "labels" / "a.txt").write_text("0 0.5 0.5 0.25 0.25\n")
    config = get_cfg(overrides={"task": "detect", "imgsz": 64})
    data = {"names": {0: "face"}, "nc": 1, "channels": 3}
    photos = build_yolo_dataset(config, str(tmp_path / "images"), 1, data, "train")
    restarted = []
    loader = SimpleNamespace(dataset=photos, reset=lambda: restarted.append(True))
    monkeypatch.setattr(augmentation, "make_poor", lambda image: image * 0 + 7)
    augmentation.train_on_poor_photos(SimpleNamespace(train_loader=loader, args=config))
    assert restarted
    assert (photos[0]["img"] == 7).all()
    photos.close_mosaic(get_cfg(overrides={"task": "detect", "imgsz": 64}))
    assert (photos[0]["img"] == 7).all()
    assert photos[0]["bboxes"].shape == (1, 4)
