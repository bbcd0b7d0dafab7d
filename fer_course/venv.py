"""The course's own `.venv`: find a Python, make or mend the folder, run pip.

In goes which requirements a command needs ("demo", "video" or "course"), out comes
a stamped `.venv` in the clone. The stamp holds a checksum of the requirements
files: pip runs again only when one changed or a setup was stopped half-way.
Standard library only, readable by every Python from 3.8. Notebook 00 names it.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time

from fer_course.settings import ROOT

NEEDS = {  # each file includes the one before
    "demo": ROOT / "fer_course" / "requirements-demo.txt",
    "video": ROOT / "fer_course" / "requirements-video.txt",
    "course": ROOT / "requirements.txt",
}
VENV = ROOT / ".venv"
OLDEST, NEWEST = (3, 11), (3, 13)
WINDOWS = os.name == "nt"


class SetupError(RuntimeError):
    """The environment cannot be made; the message is one clear sentence."""


def is_fresh(need):
    """Return whether `.venv` was finished for the requirements as they are now."""
    done = _read_stamp().get(need)
    return done == fingerprint(NEEDS[need]) and python().is_file()


def fingerprint(requirements):
    """Return a checksum of a requirements file and of those it includes."""
    digest = hashlib.sha256()
    for line in read_requirements(requirements):
        digest.update(line.encode("utf-8") + b"\n")
    return digest.hexdigest()


def python():
    """Return the path of the Python inside `.venv`."""
    return VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")


def prepare(need):
    """Make or mend `.venv` and install a requirements file; stamp it when done.

    Raises:
        SetupError: no fitting Python, `.venv` is something else or cannot be
            written, or pip failed.
    """
    started = time.monotonic()
    ours = VENV / "setup.lock"
    if not (ours.exists() or _stamp().exists()):
        _check_foreign()
    try:
        VENV.mkdir(exist_ok=True)
        ours.touch()
    except OSError as error:
        raise SetupError(
            f"{VENV} cannot be written ({error.strerror}): check who owns the course's "
            "folder, or make a copy of it that is yours."
        ) from None
    with _locked(ours) as lock:
        if is_fresh(need):  # another process made it while this one waited
            return
        done = _read_stamp()
        _stamp().unlink(missing_ok=True)
        if not _works(python()):
            done = {}
            _make_venv()
        _remove_half_installed()
        _announce(need)
        install([str(python()), "-m", "pip"], ["-r", str(NEEDS[need])], **lock)
        for kind in list(NEEDS)[: list(NEEDS).index(need) + 1]:
            done[kind] = fingerprint(NEEDS[kind])
        _site_packages().joinpath("fer_course_clone.pth").write_text(
            f"{ROOT}\n", encoding="utf-8"
        )
        draft = _stamp().with_suffix(".part")
        draft.write_text(json.dumps(done), encoding="utf-8")
        os.replace(draft, _stamp())
    _say(f"Ready after {time.monotonic() - started:.0f} s.\n")


def _check_foreign():
    """Refuse a `.venv` that is not ours and of no use; nothing was touched in it."""
    if not VENV.is_dir() or not any(VENV.iterdir()):
        return
    if not (VENV / "pyvenv.cfg").exists():
        raise SetupError(
            f"{VENV} is there but is not a virtual environment: move it away, "
            "then run the same command again."
        )
    if not _works(python()):
        raise SetupError(
            f"{VENV} is an environment of yours without pip or with another "
            "Python: move it away, then run the same command again."
        )


def find_python():
    """Return the path of a Python that the course runs on.

    The running one if it fits, otherwise python3.13, 3.12 or 3.11 on the PATH
    and, on Windows, what the `py` launcher knows.

    Raises:
        SetupError: there is none.
    """
    if sys.executable and OLDEST <= sys.version_info[:2] <= NEWEST:
        return sys.executable
    fitting = [(3, minor) for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    names = [[f"python{major}.{minor}"] for major, minor in fitting]
    if WINDOWS:
        names += [["py", f"-{major}.{minor}"] for major, minor in fitting]
    for command in [*names, ["python3"], ["python"]]:
        path = _fitting_executable(command)
        if path:
            return path
    running = ".".join(map(str, sys.version_info[:2]))
    raise SetupError(
        "The course needs Python 3.11, 3.12 or 3.13, but this is Python "
        f"{running} and no other was found: install 3.13 from python.org or your "
        "system's packages, then run the same command again."
    )


def _fitting_executable(command):
    """Return the executable behind a command if its version fits, else None."""
    program = shutil.which(command[0])
    if program is None:
        return None
    question = "import sys; print(*sys.version_info[:2], sys.executable, sep='|')"
    answer = _ask([program, *command[1:], "-c", question])
    major, _, rest = (answer or "").strip().partition("|")
    minor, _, path = rest.partition("|")
    if not (major.isdigit() and minor.isdigit() and path):
        return None  # a launcher or shim with nothing behind it
    return path if OLDEST <= (int(major), int(minor)) <= NEWEST else None


def refuse_intel_mac(need):
    """Raise `SetupError` where the course's packages are not made for this Mac."""
    if need == "course" and sys.platform == "darwin" and os.uname().machine == "x86_64":
        raise SetupError(
            "TensorFlow and torch are no longer made for Macs with an Intel processor "
            "(nor for an Intel Python on Apple silicon): the demo runs here, the "
            "lessons run on Colab or with a Python for Apple silicon."
        )


def _make_venv():
    """Make `.venv` anew, with pip in it, whatever half of it is there."""
    base = find_python()
    for entry in VENV.iterdir():
        if entry.name != "setup.lock":
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(str(entry), ignore_errors=True)
            else:
                entry.unlink()
    _say(f"Making {VENV} with {base} (a few seconds).")
    if _run([base, "-m", "venv", str(VENV)]) == 0 and _works(python()):
        return
    # Debian without python3-venv: make it bare, then let the system's pip fill it.
    _say("That Python makes no complete environment; trying with its own pip.")
    bare = _run([base, "-m", "venv", "--without-pip", str(VENV)])
    pip = [base, "-m", "pip", "--python", str(python()), "install", "pip"]
    if bare != 0 or _run(pip) != 0 or not _works(python()):
        raise SetupError(
            "No virtual environment could be made (the reason is above): on Debian "
            "and Ubuntu `sudo apt install python3-venv` helps, then run the same "
            "command again."
        )


def _works(executable):
    """Return whether this Python runs, fits and has pip."""
    if not executable.is_file():
        return False
    answer = _ask(
        [str(executable), "-c", "import pip, sys; print(*sys.version_info[:2])"]
    )
    numbers = (answer or "").split()
    return len(numbers) == 2 and OLDEST <= tuple(map(int, numbers)) <= NEWEST


def _remove_half_installed():
    """Remove what a stopped pip left, so that pip installs it again.

    pip writes INSTALLER last: without it a package's files may be incomplete,
    yet pip would take it for installed. `~name` folders are its safety copies.
    """
    for folder in _site_packages().glob("*"):
        half = folder.suffix == ".dist-info" and not (folder / "INSTALLER").is_file()
        if half or folder.name.startswith("~"):
            _say(f"Mending: {folder.name} was left half-installed.")
            shutil.rmtree(str(folder), ignore_errors=True)


def install(pip, requirements, **popen_options):
    """Run `pip install` with its own output on standard error.

    Args:
        pip: the command that starts pip.
        requirements: pip's arguments: names, or -r and a file.
        popen_options: keyword arguments of `subprocess.Popen`.

    Raises:
        SetupError: pip failed.
    """
    command = [*pip, "install", "--disable-pip-version-check", *requirements]
    if _run(command, heartbeat=True, **popen_options) != 0:
        raise SetupError(
            "pip could not install the packages (its own words are above): check the "
            "internet connection and the free disk space, then run the same command "
            "again; what was downloaded is kept."
        )


def _announce(need):
    """Say what will be installed, how long it takes and how much room it needs."""
    size = "about 15 seconds, 0.4 GB on disk"
    if need == "video":
        size = "about 30 seconds, 0.8 GB on disk"
    elif need == "course":
        size = "2 to 10 minutes, about 3 GB on disk"
        if sys.platform.startswith("linux"):
            size = (
                "2 to 10 minutes, about 8 GB on disk, because torch brings CUDA on "
                "Linux; the README says how to avoid that without a GPU"
            )
    count = len(list(read_requirements(NEEDS[need])))
    _say(f"Installing {count} packages and what they need into .venv ({size}).")


def _run(command, heartbeat=False, **options):
    """Run a program with all its output on standard error; return its exit code."""
    started = time.monotonic()
    sys.stderr.flush()
    with subprocess.Popen(command, stdout=_stderr_file(), **options) as process:
        while True:
            try:
                return process.wait(timeout=20 if heartbeat else None)
            except subprocess.TimeoutExpired:
                count = sum(1 for _ in _site_packages().glob("*.dist-info"))
                seconds = time.monotonic() - started
                _say(f"… {seconds:.0f} s, {count} packages in place, still at it.")


def _stderr_file():
    """Return standard error if a program can write to it, else this process's own."""
    try:
        sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):
        return None
    return sys.stderr


@contextlib.contextmanager
def _locked(path):
    """Hold a lock file; wait, and say so, while another process holds it.

    The system frees the lock when its holder ends, however it ends. Yields the
    options for `Popen` that keep it held while a pip outlives its parent.
    """
    with open(str(path), "a+b") as file:
        waiting = False
        while not _try_lock(file):
            if not waiting:
                waiting = True
                _say("Another process is setting up .venv; waiting for it to finish.")
            time.sleep(0.5)
        try:
            yield {} if WINDOWS else {"pass_fds": (file.fileno(),)}
        finally:
            if WINDOWS:  # elsewhere the file's last holder, maybe a pip, frees it
                _unlock(file)


def _try_lock(file):
    try:
        if WINDOWS:
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:  # on a disk that knows no locks nobody holds one
        return not WINDOWS and not isinstance(error, BlockingIOError)
    return True


def _unlock(file):
    import msvcrt

    file.seek(0)
    msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)


def _ask(command):
    """Return what a program prints, or None if it cannot be run."""
    try:
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def read_requirements(requirements):
    """Yield the requirements of a file and of those it includes with -r."""
    for line in requirements.read_text(encoding="utf-8").splitlines():
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        if line.startswith("-r "):
            yield from read_requirements(requirements.parent / line[3:].strip())
        elif line:
            yield line


def _stamp():
    return VENV / "fer_course.json"


def _read_stamp():
    try:
        done = json.loads(_stamp().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return done if isinstance(done, dict) else {}


def _site_packages():
    if WINDOWS:
        return VENV / "Lib" / "site-packages"
    return next(iter(VENV.glob("lib/python3.*/site-packages")), VENV / "site-packages")


def _say(text):
    print(text, file=sys.stderr, flush=True)
