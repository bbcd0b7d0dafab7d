"""The set-up cell: what it prints, what it installs, and where it does not."""

import subprocess

import numpy as np
import pytest

from fer_course import settings
from fer_course.teaching import setup


@pytest.fixture
def pip(monkeypatch):
    """Record pip's calls instead of making them; returns (calls, result)."""
    calls = []
    result = subprocess.CompletedProcess([], 0, "", "")

    def run(command, **options):
        constraints = command[command.index("--constraint") + 1]
        with open(constraints, encoding="utf-8") as file:
            calls.append((command, file.read()))
        return result

    monkeypatch.setattr(setup.subprocess, "run", run)
    return calls, result


def _without(monkeypatch, *modules):
    monkeypatch.setattr(
        setup.util,
        "find_spec",
        lambda name: None if name in modules else object(),
    )


def test_complete_machine_gets_one_line(monkeypatch, capsys, pip):
    _without(monkeypatch)
    setup.prepare()
    printed = capsys.readouterr().out
    assert printed.startswith("fer_course on ") and printed.count("\n") == 1
    assert not pip[0]


def test_missing_package_is_named_and_nothing_installed(monkeypatch, capsys, pip):
    _without(monkeypatch, "cv2", "keras")
    monkeypatch.setattr(settings, "on_colab", lambda: False)
    setup.prepare()
    printed = capsys.readouterr().out
    assert "Missing: opencv-python, keras." in printed
    assert "python -m fer_course lab" in printed
    assert not pip[0]


def test_colab_installs_what_is_missing_and_holds_the_rest(monkeypatch, capsys, pip):
    _without(monkeypatch, "ultralytics")
    monkeypatch.setattr(settings, "on_colab", lambda: True)
    setup.prepare()
    command, constraints = pip[0][0]
    assert command[-1] == "ultralytics" and "opencv-python" not in command
    assert f"numpy=={np.__version__}\n" in constraints


def test_failing_pip_is_one_sentence(pip):
    _, result = pip
    result.returncode, result.stderr = 1, "noise\nERROR: no such package\n"
    with pytest.raises(RuntimeError, match="Could not install a: ERROR: no such"):
        setup.install(["a"])


def test_prepare_seeds_numpy(monkeypatch, capsys):
    _without(monkeypatch)
    setup.prepare()
    first = np.random.random()  # noqa: NPY002
    setup.prepare()
    assert np.random.random() == first  # noqa: NPY002
