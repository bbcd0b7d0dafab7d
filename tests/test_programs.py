"""`test`, `lab` and `app` start the right programs with the right arguments."""

import ast
import os

import pytest

from fer_course import programs
from fer_course.settings import ROOT


@pytest.fixture
def started(monkeypatch):
    """Programs are noted, not started; `codes` are what they return."""
    runs = []
    codes = []

    def run(arguments, **variables):
        runs.append((arguments, variables))
        return codes[len(runs) - 1] if codes else 0

    monkeypatch.setattr(programs, "_run", run)
    runs_codes = (runs, codes)
    return runs_codes


def marks(arguments):
    return arguments[arguments.index("-m", 2) + 1]


def test_units_and_notebooks_run_in_quick_mode(started, capsys):
    runs, _ = started
    assert programs.run_tests() == 0
    (units, quick), (pages, also_quick) = runs
    assert quick == also_quick == {"FER_MODE": "quick"}
    assert str(ROOT / "tests") in units and "--doctest-modules" in units
    assert marks(units) == "not slow and not gpu"
    assert "--nbval-lax" in pages and "--nbval-cell-timeout=120" in pages
    assert pages[-1] == str(ROOT / "notebooks")
    assert "unit tests: passed" in capsys.readouterr().out.splitlines()[-1]


def test_all_adds_the_slow_ones(started):
    programs.run_tests(slow=True)
    assert marks(started[0][0][0]) == "not gpu"


@pytest.mark.parametrize("codes, code", [([1, 0], 1), ([0, 1], 1), ([0, 5], 5)])
def test_any_failure_is_a_failure(started, capsys, codes, code):
    started[1].extend(codes)
    assert programs.run_tests() == code
    assert "FAILED" in capsys.readouterr().out
    assert len(started[0]) == 2  # the notebooks run all the same


def test_options_go_to_both_runs(started):
    programs.run_tests(["-x", "-k", "boxes"])
    for arguments, _ in started[0]:
        at = arguments.index("-x")
        assert arguments[at : at + 3] == ["-x", "-k", "boxes"]


def test_a_word_to_choose_by_is_no_folder(started, monkeypatch):
    monkeypatch.chdir(ROOT)
    programs.run_tests(["-k", "data"])
    assert len(started[0]) == 2


@pytest.mark.parametrize(
    "codes, code", [([0, 5], 0), ([5, 1], 1), ([5, 5], 5)], ids=str
)
def test_options_that_choose_from_one_run_alone(started, capsys, codes, code):
    started[1].extend(codes)
    assert programs.run_tests(["-k", "boxes"]) == code
    assert "none chosen" in capsys.readouterr().out


def test_named_files_are_run_alone(started, monkeypatch):
    monkeypatch.chdir(ROOT)
    programs.run_tests(["tests/test_cli.py::test_every_command", "-q"])
    ((arguments, _),) = started[0]
    assert arguments[-2:] == ["-q", "tests/test_cli.py::test_every_command"]
    assert "--nbval-lax" not in arguments


def test_an_option_s_value_chooses_nothing(started, monkeypatch):
    monkeypatch.chdir(ROOT)
    programs.run_tests(["--ignore", "tests/browser"])
    assert len(started[0]) == 2


def test_named_tests_and_pages_are_two_runs(started, tmp_path):
    page, tests = tmp_path / "a.ipynb", tmp_path / "test_a.py"
    page.touch()
    tests.touch()
    programs.run_tests([str(page), "-x", str(tests)])
    (first, _), (second, _) = started[0]
    assert first[-2:] == ["-x", str(tests)] and "--nbval-lax" not in first
    assert second[-2:] == ["-x", str(page)] and "--nbval-lax" in second


def test_a_named_page_is_run_as_a_page(started, tmp_path):
    page = tmp_path / "a.ipynb"
    page.touch()
    programs.run_tests([str(page)])
    assert "--nbval-lax" in started[0][0][0]


def test_the_lab_opens_the_notebooks(started):
    programs.open_lab(["--no-browser"])
    ((arguments, _),) = started[0]
    assert f"--ServerApp.root_dir={ROOT / 'notebooks'}" in arguments
    assert arguments[-1] == "--no-browser"


@pytest.mark.parametrize("user, allowed", [(0, True), (1000, False)])
def test_root_in_a_container_may_open_the_lab(started, monkeypatch, user, allowed):
    monkeypatch.setattr(os, "geteuid", lambda: user, raising=False)
    programs.open_lab()
    assert ("--allow-root" in started[0][0][0]) == allowed


@pytest.mark.parametrize(
    "option",
    [["--ServerApp.root_dir=x"], ["--notebook-dir=x"], ["--notebook-dir", "x"]],
    ids=str,
)
def test_another_folder_takes_the_place_of_the_notebooks(started, option):
    programs.open_lab(option)
    ((arguments, _),) = started[0]
    assert not any(str(ROOT / "notebooks") in text for text in arguments)
    assert arguments[-len(option) :] == option


def test_the_app_listens_on_this_machine_only(started, monkeypatch):
    monkeypatch.setattr(programs, "find_spec", lambda name: True)
    programs.open_app()
    arguments = started[0][0][0]
    assert "--Voila.ip=127.0.0.1" in arguments
    (option,) = [text for text in arguments if "tornado_settings" in text]
    settings = ast.literal_eval(option.partition("=")[2])
    assert "default-src 'self'" in settings["headers"]["Content-Security-Policy"]
    assert (ROOT / "fer_course" / "teaching" / "app.ipynb").is_file()


def test_the_app_can_be_told_to_listen_elsewhere(started, monkeypatch):
    monkeypatch.setattr(programs, "find_spec", lambda name: True)
    programs.open_app(["--Voila.ip=0.0.0.0"])
    addresses = [text for text in started[0][0][0] if text.startswith("--Voila.ip")]
    assert addresses == ["--Voila.ip=0.0.0.0"]


def test_a_page_of_the_app_that_was_left_is_forgotten(started, monkeypatch):
    monkeypatch.setattr(programs, "find_spec", lambda name: True)
    programs.open_app(["--port=1"])
    arguments = started[0][0][0]
    assert "--MappingKernelManager.cull_idle_timeout=300" in arguments
    assert arguments[-1] == "--port=1"


@pytest.mark.parametrize(
    "start, module",
    [("open_app", "voila"), ("open_lab", "jupyterlab"), ("run_tests", "pytest")],
)
def test_a_program_that_is_not_there(started, monkeypatch, start, module):
    monkeypatch.setattr(programs, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=module):
        getattr(programs, start)()


def test_a_program_knows_the_package_and_returns_its_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = "import sys, fer_course; sys.exit(7 if fer_course.__file__ else 1)"
    assert programs._run(["-c", code]) == 7
