import json

import numpy as np
import pytest

from fer_course.expression.fernet import build_fernet
from fer_course.expression.recipe import COURSE_NETWORK
from fer_course.settings import settings
from fer_course.teaching.practice import (
    drawn_recipe,
    note_results,
    practice_faces,
    practice_folder,
    practice_recipe,
)


def test_quick_faces_are_drawn_and_balanced(monkeypatch):
    monkeypatch.setenv("FER_MODE", "quick")
    train, choose, test = practice_faces()
    assert [len(part) for part in (train, choose, test)] == [560, 210, 210]
    for part in (train, choose, test):
        assert (np.bincount(part.labels, minlength=7) == len(part) / 7).all()
        assert part.pixels.shape[1:] == (48, 48)
        assert part.pixels.std((1, 2)).min() > 5
    assert not set(train.group) & set(choose.group)


def test_quick_network_is_small(monkeypatch):
    monkeypatch.setenv("FER_MODE", "quick")
    assert build_fernet(**practice_recipe().network).count_params() < 40_000
    assert practice_recipe() == drawn_recipe()


def test_full_mode_trains_the_course_network_on_fer2013(monkeypatch, tmp_path):
    monkeypatch.setenv("FER_MODE", "full")
    monkeypatch.setenv("FER_COURSE_DATA", str(tmp_path))
    assert practice_recipe().network == COURSE_NETWORK
    with pytest.raises(FileNotFoundError, match="data get fer2013"):
        practice_faces()


def test_only_a_full_run_is_written_down(monkeypatch, tmp_path):
    monkeypatch.setenv("FER_COURSE_RUNS", str(tmp_path))
    monkeypatch.setenv("FER_MODE", "quick")
    assert note_results("05", accuracy=0.5) == {"accuracy": 0.5}
    assert practice_folder("05").is_dir()
    assert not list(tmp_path.iterdir())
    monkeypatch.setenv("FER_MODE", "full")
    note_results("05", accuracy=0.5)
    saved = json.loads((tmp_path / "05.json").read_text())
    assert saved["accuracy"] == 0.5
    assert saved["seed"] == settings().seed
    assert practice_folder("05") == tmp_path / "05"
