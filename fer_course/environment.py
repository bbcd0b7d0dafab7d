"""Decide where a command runs: here, or in `.venv`, made for it on first use.

In goes a command line, out comes either "carry on here" or the exit code of the
same command run inside `.venv`. Standard library only, and readable by every
Python from 3.8, so that an unfit one gets a sentence, not a traceback. `venv.py`
makes the environment; notebook 00 tells a reader what happens.

It steps aside where `FER_COURSE_SETUP=0` is set and where the running Python
(an active environment, a container) has the packages already. An active
environment that lacks some is left alone: `.venv` is made beside it. Colab has
no use for a `.venv`: there the missing packages go into Colab's own Python.
"""

import os
import re
import signal
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from fer_course import venv
from fer_course.settings import on_colab

# other distributions that bring the same module
_TWINS = {
    "opencv-python": ("opencv-python-headless", "opencv-contrib-python"),
    "onnxruntime": ("onnxruntime-gpu", "onnxruntime-directml"),
    "tensorflow": ("tensorflow-cpu", "tensorflow-macos"),
}
# GL, GLib's two and what comes with them: absent from slim containers
_OPENCV_NEEDS = ("libGL", "libEGL", "libgthread-2.0", "libglib-2.0")


def enter(need, arguments):
    """Make sure that a command finds its packages, here or inside `.venv`.

    Args:
        need: "demo", "video" or "course": which requirements file it runs on.
        arguments: the command line after `python -m fer_course`.

    Returns:
        None to carry on in this process, or the exit code of the command,
        which has then run inside `.venv`. On macOS and Linux the process is
        replaced, so that nothing is returned.

    Raises:
        SetupError: no fitting Python, or pip failed.
    """
    if os.environ.get("FER_COURSE_SETUP", "").strip() == "0":
        return None
    inside = Path(sys.prefix).resolve() == venv.VENV.resolve()
    lacking = [] if inside else missing(venv.NEEDS[need])
    if not (inside or lacking):
        return None
    if on_colab():  # a package of its own stays, even an older one
        absent = [line for line in lacking if not _versions(line.partition(">=")[0])]
        if absent:
            venv.install([sys.executable, "-m", "pip"], absent)
        return None
    venv.refuse_intel_mac(need)
    fresh = venv.is_fresh(need)
    if not fresh:
        venv.prepare(need)
    return None if inside and fresh else _start_inside(arguments)


def missing(requirements):
    """Return the requirements that the running Python does not meet.

    Nothing is imported: the installed packages' metadata is read.
    """
    lacking = []
    for line in venv.read_requirements(requirements):
        name, _, bounds = line.partition(">=")
        lowest, _, below = bounds.partition(",<")
        found = map(_as_numbers, _versions(name))
        if not any(
            _as_numbers(lowest) <= version
            and (not below or version < _as_numbers(below))
            for version in found
        ):
            lacking.append(line)
    return lacking


def missing_package(error):
    """Return one sentence about a module that cannot be imported."""
    if any(f"{name}.so" in str(error) for name in _OPENCV_NEEDS):
        return (
            f"OpenCV lacks a library of the system ({error}): on Debian and Ubuntu "
            "`sudo apt install libgl1 libglib2.0-0` helps."
        )
    if ".so" in str(error):
        return f"A package lacks a library of the system: {error}."
    advice = "pip install -r requirements.txt in the Python that runs this"
    if os.environ.get("FER_COURSE_SETUP") == "0":
        advice += ", or unset FER_COURSE_SETUP and run it again"
    return f"A package is missing ({error}): {advice}."


def _versions(name):
    """Return the installed versions of a package and its twins."""
    found = map(_installed_version, (name, *_TWINS.get(name, ())))
    return [version for version in found if version]


def _start_inside(arguments):
    """Run the same command with the Python of `.venv`."""
    command = [str(venv.python()), "-m", "fer_course", *arguments]
    environment = dict(os.environ, PYTHONUTF8="1")
    environment.pop("PYTHONHOME", None)
    environment["VIRTUAL_ENV"] = str(venv.VENV)
    environment["PATH"] = os.pathsep.join(
        [str(venv.python().parent), environment.get("PATH", "")]
    )
    sys.stdout.flush()
    sys.stderr.flush()
    if not venv.WINDOWS:
        os.execve(command[0], command, environment)
    return run_to_end(command, environment)


def run_to_end(command, variables):
    """Run a program with these variables and return its exit code.

    Ctrl-C reaches the program too: it decides, and this process waits on. A plain
    `kill` reaches this process alone, and is passed on.
    """
    process = subprocess.Popen(command, env=variables)
    before = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    try:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue
    finally:
        signal.signal(signal.SIGTERM, before)


def _installed_version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _as_numbers(version):
    """Return the release part of a version as numbers.

    >>> _as_numbers("2.14.1+cpu"), _as_numbers("9.0rc1")
    ((2, 14, 1), (9, 0))
    """
    release = re.match(r"[\d.]*", version).group()
    return tuple(map(int, re.findall(r"\d+", release)))
