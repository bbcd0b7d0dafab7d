"""Settings come from the environment, with defaults beside the package."""

import random
import subprocess
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from fer_course import settings as settings_module
from fer_course.settings import (
    ROOT,
    SEED,
    graphics_cards,
    processor_favors_bfloat16,
    seed_everything,
    settings,
    setup_line,
    usable_cores,
)

NAMES = ("FER_MODE", "FER_COURSE_DATA", "FER_COURSE_MODELS", "FER_COURSE_RUNS")


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def test_defaults_lie_in_the_clone():
    config = settings()
    assert config.quick and config.mode == "quick" and config.seed == SEED
    assert config.data == ROOT / "data"
    assert config.models == ROOT / "models"
    assert config.runs == ROOT / "data" / "runs"
    assert (ROOT / "fer_course" / "settings.py").is_file()


@pytest.mark.parametrize("text", ["full", " FULL "])
def test_full_mode(monkeypatch, text):
    monkeypatch.setenv("FER_MODE", text)
    assert not settings().quick


def test_an_unknown_mode_is_refused(monkeypatch):
    monkeypatch.setenv("FER_MODE", "fast")
    with pytest.raises(ValueError, match="'fast': set it to 'quick' or 'full'"):
        settings()


def test_folders_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("FER_COURSE_DATA", str(tmp_path))
    assert settings().data == tmp_path
    assert settings().runs == tmp_path / "runs"
    monkeypatch.setenv("FER_COURSE_RUNS", "~/runs")
    assert "~" not in str(settings().runs)


def test_seeding_repeats_all_generators():
    def draw():
        generator = seed_everything(5)
        old_style = np.random.random()  # noqa: NPY002 (libraries still use it)
        return generator.random(), old_style, random.random()

    assert draw() == draw()
    assert seed_everything(5).random() != seed_everything(6).random()


def test_keras_and_torch_are_both_seeded(monkeypatch):
    """Keras seeds its own back end alone."""
    seeded = {}
    keras, torch = ModuleType("keras"), ModuleType("torch")
    keras.utils = SimpleNamespace(set_random_seed=lambda s: seeded.update(keras=s))
    torch.manual_seed = lambda s: seeded.update(torch=s)
    monkeypatch.setitem(sys.modules, "keras", keras)
    monkeypatch.setitem(sys.modules, "torch", torch)
    seed_everything(7)
    assert seeded == {"keras": 7, "torch": 7}


def test_the_set_up_line_says_what_is_there(monkeypatch, tmp_path):
    monkeypatch.setenv("FER_COURSE_DATA", str(tmp_path))
    assert "samples only" in setup_line()
    (tmp_path / "detection").mkdir()
    line = setup_line()
    assert "detection photos" in line and "quick mode" in line and "numpy" in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("visible", "answer", "names"),
    [
        pytest.param(None, "Tesla T4\nTesla T4\n", ["Tesla T4"] * 2, id="two cards"),
        pytest.param("0", "Tesla T4\n", ["Tesla T4"], id="one chosen"),
        pytest.param("", "Tesla T4\n", [], id="hidden"),
        pytest.param("-1", "Tesla T4\n", [], id="hidden by a number"),
        pytest.param(None, subprocess.TimeoutExpired("x", 10), [], id="no answer"),
        pytest.param(None, subprocess.CalledProcessError(9, "x"), [], id="no driver"),
    ],
)
def test_graphics_cards_are_named(monkeypatch, visible, answer, names):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)

    def run(*_, **__):
        if isinstance(answer, Exception):
            raise answer
        return SimpleNamespace(stdout=answer)

    monkeypatch.setattr(settings_module.shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(settings_module.subprocess, "run", run)
    assert graphics_cards() == names
    assert ("CPU, " in setup_line()) == (not names)


def test_without_the_tool_there_is_no_card(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(settings_module.shutil, "which", lambda name: None)
    assert graphics_cards() == []
    assert usable_cores() >= 1
    assert "usable" in setup_line()


@pytest.mark.parametrize(
    "told, wanted",
    [
        pytest.param("AuthenticAMD : avx2 avx512_bf16", True, id="Zen 4"),
        pytest.param("GenuineIntel : avx512_bf16 amx_bf16", True, id="AMX"),
        pytest.param("GenuineIntel : avx512_bf16", False, id="AMX switched off"),
        pytest.param("AuthenticAMD : avx2 fma", False, id="Zen 2"),
    ],
)
def test_bfloat16_on_processors_that_it_makes_faster(monkeypatch, told, wanted):
    monkeypatch.setattr(settings_module.Path, "read_text", lambda self: told)
    assert processor_favors_bfloat16() is wanted


def test_a_machine_that_does_not_describe_its_processor_computes_in_float32(
    monkeypatch,
):
    def missing(self):
        raise FileNotFoundError(self)

    monkeypatch.setattr(settings_module.Path, "read_text", missing)
    assert processor_favors_bfloat16() is False
