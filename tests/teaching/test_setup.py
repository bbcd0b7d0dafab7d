"""The set-up cell: what it prints, what it installs, and where it does not."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from fer_course import settings
from fer_course.settings import ROOT
from fer_course.teaching import setup

# a Python with what Colab has (ipywidgets 7.7.1, NumPy 2.1, TensorFlow, torch, OpenCV
# 4), without anywidget, onnxruntime, Ultralytics, onnx and tf2onnx: they get installed
LIKE_COLAB = os.environ.get("FER_COLAB_PYTHON", "")


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


def test_what_was_installed_is_not_installed_again(monkeypatch, capsys, pip):
    installed = set()
    monkeypatch.setattr(
        setup.util,
        "find_spec",
        lambda name: object() if name in installed | {"numpy"} else None,
    )
    monkeypatch.setattr(settings, "on_colab", lambda: True)
    monkeypatch.setattr(
        setup.importlib, "invalidate_caches", lambda: installed.update(setup.NEEDED)
    )
    setup.prepare()
    setup.prepare()
    ((command, _),) = pip[0]
    assert "numpy" not in command and "tensorflow" in command
    assert "Missing" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "found, expected",
    [
        pytest.param(
            [("Six", "1.17.0"), ("six", "1.16.0")],
            "six==1.17.0\n",
            id="the one that an import finds, not the system's",
        ),
        pytest.param(
            [("a_b", "1.0+cu126"), ("a-b", "2.0")], "a-b==1.0+cu126\n", id="spellings"
        ),
        pytest.param(
            [
                ("devscripts", "2.22.1ubuntu1"),
                ("broken", None),
                (None, "1"),
                ("z", "2"),
            ],
            "z==2\n",
            id="a version that pip cannot read stops it",
        ),
        pytest.param(
            [("opencv-python-headless", "4.12.0.88")],
            "opencv-python==4.12.0.88\nopencv-python-headless==4.12.0.88\n",
            id="Ultralytics asks for OpenCV by its first name",
        ),
        pytest.param(
            [("opencv-contrib-python", "4.12.0.88"), ("opencv-python", "4.11.0.86")],
            "opencv-contrib-python==4.12.0.88\nopencv-python==4.11.0.86\n",
            id="two OpenCVs",
        ),
    ],
)
def test_the_held_versions_are_those_that_run(monkeypatch, found, expected):
    monkeypatch.setattr(
        setup.metadata,
        "distributions",
        lambda: [
            SimpleNamespace(metadata={"Name": name}, version=version)
            for name, version in found
        ],
    )
    assert setup.installed_versions() == expected


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("noise\nERROR: no such package\n", id="at the end"),
        pytest.param("ERROR: no such package\n    a==\n    ~~^\n", id="before a hint"),
    ],
)
def test_failing_pip_is_one_sentence(pip, said):
    _, result = pip
    result.returncode, result.stderr = 1, said
    with pytest.raises(RuntimeError, match="Could not install a: ERROR: no such pack"):
        setup.install(["a"])


def test_prepare_seeds_numpy(monkeypatch, capsys):
    _without(monkeypatch)
    setup.prepare()
    first = np.random.random()  # noqa: NPY002
    setup.prepare()
    assert np.random.random() == first  # noqa: NPY002


@pytest.mark.slow
@pytest.mark.skipif(not LIKE_COLAB, reason="needs FER_COLAB_PYTHON, and the internet")
def test_where_it_is_as_on_colab_nothing_that_is_there_changes():
    def run(*arguments):
        done = subprocess.run(
            [LIKE_COLAB, *arguments],
            env=os.environ | {"COLAB_RELEASE_TAG": "a test", "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.splitlines()

    prepare = "from fer_course.teaching import setup; {}setup.prepare()"
    before = run("-m", "pip", "freeze")
    (first,) = run("-c", prepare.format(""))
    (again,) = run("-c", prepare.format("setup.install = None; "))
    after = run("-m", "pip", "freeze")
    assert again == first and "on Colab" in first and "ultralytics" in first
    assert set(before) <= set(after)


FIRST_CELL_TWICE = """
import os, sys, types
source, folder, course = sys.argv[1:]
sys.modules["google"] = types.ModuleType("google")
sys.modules["google.colab"] = types.ModuleType("google.colab")
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()

def clone(command):
    print("cloned to", command.split()[-1])
    os.symlink(course, command.split()[-1])

shell.system = clone
for _ in range(2):
    shell.run_cell(source.replace("/content", folder)).raise_error()
"""


@pytest.mark.skipif(os.name == "nt", reason="needs links")
def test_the_first_cell_finds_the_course_on_colab(tmp_path):
    pytest.importorskip("IPython")
    if setup.missing_packages():
        pytest.skip("pip would install the packages that are missing here")
    page = json.loads((ROOT / "notebooks" / "00_start_here.ipynb").read_text("utf-8"))
    source = next(
        "".join(c["source"]) for c in page["cells"] if c["cell_type"] == "code"
    )
    hidden = {"PYTHONPATH", "FER_COURSE_DATA", "FER_COURSE_MODELS"}
    environment = {k: v for k, v in os.environ.items() if k not in hidden}
    done = subprocess.run(
        [sys.executable, "-c", FIRST_CELL_TWICE, source, str(tmp_path), str(ROOT)],
        cwd=tmp_path,
        env=environment | {"COLAB_RELEASE_TAG": "a test"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-500:]
    cloned, *lines = done.stdout.splitlines()
    assert cloned == f"cloned to {tmp_path}/fer-course"
    assert len(lines) == 2 and lines[0] == lines[1] and "on Colab" in lines[0]
