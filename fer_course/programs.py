"""Start the programs around the course: JupyterLab, Voila, pytest.

In go the arguments that follow `lab`, `app` or `test`, out comes the program's
exit code. Each runs with this Python, knows where the package lies, and listens
on this machine only. Notebook 00 names the commands.
"""

import os
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from fer_course.environment import run_to_end
from fer_course.settings import ROOT

NOTEBOOKS = ROOT / "notebooks"
_LAB_FOLDER = "--ServerApp.root_dir", "--notebook-dir"  # two names of one option
# The page loads nothing from elsewhere: Voila's template asks a CDN for icons that it
# does not need, and would wait for them where there is no internet.
_HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'self'; default-src 'self' data: blob: "
    "ws: wss: 'unsafe-inline' 'unsafe-eval'"
}
_LOCAL = (
    "--Voila.ip=127.0.0.1",
    f"--Voila.tornado_settings={dict(headers=_HEADERS)}",
)
# Voila's own end of a page that was left is refused for lack of a cookie: its kernel,
# and the photo in it, would stay until the app ends.
_LEFT_PAGES_END = (
    "--MappingKernelManager.cull_idle_timeout=300",  # s; an open page is never ended
    "--MappingKernelManager.cull_interval=60",
)
# pytest's options that a value follows, which may be a file's or folder's name
_WITH_VALUE = (
    *("-k", "-m", "-p", "-c", "--ignore", "--deselect", "--rootdir"),
    *("--confcutdir", "--basetemp", "--junitxml"),
)
_NONE_RUN = 5  # pytest's exit code where no test was there to run
_UNIT = ("--doctest-modules", "-p", "no:nbval")
_PAGES = (
    "--nbval-lax",
    "--nbval-current-env",
    "--nbval-cell-timeout=120",
    f"--nbval-sanitize-with={ROOT / 'tests' / 'nbval.cfg'}",
)


def open_lab(arguments=()):
    """Open the notebooks in JupyterLab; `arguments` go to it. Returns its code.

    Raises:
        ImportError: JupyterLab is not installed.
    """
    _require("jupyterlab")
    chosen = any(text.partition("=")[0] in _LAB_FOLDER for text in arguments)
    folder = [] if chosen else [f"{_LAB_FOLDER[0]}={NOTEBOOKS}"]  # twice is an error
    return _run(["-m", "jupyterlab", *folder, *_as_root(), *arguments])


def open_app(arguments=()):
    """Serve the classify page on this machine; `arguments` go to Voila.

    Returns its exit code.

    Raises:
        ImportError: Voila is not installed.
    """
    _require("voila")
    page = ROOT / "fer_course" / "teaching" / "app.ipynb"
    given = {text.partition("=")[0] for text in arguments}
    ours = [
        text
        for text in (*_LOCAL, *_LEFT_PAGES_END)
        if text.partition("=")[0] not in given  # twice is an error
    ]
    return _run(["-m", "voila", str(page), *ours, *arguments])


def run_tests(arguments=(), slow=False):
    """Run the unit tests and every notebook; return 0 if all of them passed.

    Args:
        arguments: for pytest. If they name files or folders, only these are run.
        slow: also run the tests marked slow.

    Returns:
        0, or the exit code of the first pytest run that failed. Where the arguments
        leave one of the runs nothing to do, the other one counts.

    Raises:
        ImportError: pytest or nbval is not installed.
    """
    _require("pytest", "nbval")
    chosen = [
        number
        for number, text in enumerate(arguments)
        if Path(text.partition("::")[0]).exists()
        and (number == 0 or arguments[number - 1] not in _WITH_VALUE)
    ]
    wanted = ["-m", "not gpu" if slow else "not slow and not gpu"]
    if chosen:
        options = [x for i, x in enumerate(arguments) if i not in chosen]
        paths = [arguments[i] for i in chosen]
        pages = [path for path in paths if _is_page(path)]
        tests = [path for path in paths if path not in pages]
        runs = {
            "chosen tests": [*_UNIT, *wanted, *options, *tests] if tests else None,
            "chosen notebooks": [*_PAGES, *options, *pages] if pages else None,
        }
        runs = {name: run for name, run in runs.items() if run}
    else:
        tests = [str(ROOT / "tests"), str(ROOT / "fer_course")]
        runs = {
            "unit tests": [*_UNIT, *wanted, *arguments, *tests],
            "notebooks": [*_PAGES, *arguments, str(NOTEBOOKS)],
        }
    codes, lines = [], []
    for name, pytest_arguments in runs.items():
        print(f"== {name} ==", flush=True)
        started = time.monotonic()
        codes.append(_run(["-m", "pytest", *pytest_arguments], FER_MODE="quick"))
        verdict = "passed" if codes[-1] == 0 else f"FAILED (pytest says {codes[-1]})"
        verdict = "none chosen" if arguments and codes[-1] == _NONE_RUN else verdict
        lines.append(f"{name}: {verdict} in {time.monotonic() - started:.0f} s")
    print("; ".join(lines), flush=True)
    if arguments and set(codes) != {_NONE_RUN}:
        codes = [code for code in codes if code != _NONE_RUN]
    return next((code for code in codes if code), 0)


def _is_page(text):
    path = Path(text.partition("::")[0])
    return path.suffix == ".ipynb" or path.resolve() == NOTEBOOKS


def _as_root():
    """Return the option without which Jupyter refuses to run in most containers."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return ["--allow-root"] if root else []


def _require(*modules):
    """Raise `ImportError` if one of these cannot be started."""
    for module in modules:
        if find_spec(module) is None:
            raise ImportError(f"No module named {module!r}")


def _run(arguments, **variables):
    """Run this Python, which finds the package, with some environment variables."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(paths), **variables)
    return run_to_end([sys.executable, *arguments], environment)
