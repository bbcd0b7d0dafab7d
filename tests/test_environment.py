"""The bootstrap: when it steps aside, what it finds, mends and says."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fer_course import environment, venv
from fer_course.settings import ROOT

posix = pytest.mark.skipif(os.name == "nt", reason="uses shell scripts as Pythons")


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A clone of its own, with one requirement in each file."""
    (tmp_path / "demo.txt").write_text("# small\nnumpy>=2.1\n")
    (tmp_path / "all.txt").write_text("-r demo.txt\n\npandas>=2.2  # tables\n")
    needs = {"demo": tmp_path / "demo.txt", "course": tmp_path / "all.txt"}
    monkeypatch.setattr(venv, "NEEDS", needs)
    monkeypatch.setattr(venv, "ROOT", tmp_path)
    monkeypatch.setattr(venv, "VENV", tmp_path / ".venv")
    monkeypatch.delenv("FER_COURSE_SETUP", raising=False)
    monkeypatch.delenv("COLAB_RELEASE_TAG", raising=False)
    return tmp_path


@pytest.fixture
def pip(clone, monkeypatch):
    """No real pip and no real environment: what was asked for is listed."""
    asked = []

    def make():
        (clone / ".venv" / "pyvenv.cfg").touch()
        venv._site_packages().mkdir(parents=True, exist_ok=True)
        venv.python().parent.mkdir(exist_ok=True)
        venv.python().touch()
        asked.append("make")

    def install(pip, requirements, **options):
        asked.append(Path(requirements[-1]).name)

    monkeypatch.setattr(venv, "_works", lambda python: python.is_file())
    monkeypatch.setattr(venv, "_make_venv", make)
    monkeypatch.setattr(venv, "install", install)
    return asked


def fake_python(folder, name, body):
    script = folder / name
    script.write_text(f"#!/bin/sh\n{body}\n")
    script.chmod(0o755)
    return script


def versions(monkeypatch, **installed):
    installed = {name.replace("_", "-"): value for name, value in installed.items()}
    monkeypatch.setattr(environment, "_installed_version", installed.get)


def test_setup_0_steps_aside(clone, monkeypatch):
    monkeypatch.setenv("FER_COURSE_SETUP", "0")
    versions(monkeypatch)
    assert environment.enter("course", ["test"]) is None


def test_packages_that_are_there_are_used(clone, monkeypatch):
    versions(monkeypatch, numpy="2.4.6", pandas="3.1.1")
    assert environment.enter("course", ["test"]) is None
    assert not (clone / ".venv").exists()


@pytest.mark.parametrize(
    "installed, lacking",
    [
        pytest.param({}, ["numpy>=2.1", "pandas>=2.2"], id="nothing"),
        pytest.param({"numpy": "2.1", "pandas": "2.2"}, [], id="just enough"),
        pytest.param({"numpy": "2.0.2", "pandas": "3"}, ["numpy>=2.1"], id="too old"),
        pytest.param({"numpy": "2.10.0rc1", "pandas": "2.2"}, [], id="2.10 beats 2.1"),
    ],
)
def test_missing(clone, monkeypatch, installed, lacking):
    versions(monkeypatch, **installed)
    assert environment.missing(venv.NEEDS["course"]) == lacking


@pytest.mark.parametrize("installed, lacks", [("6.31", False), ("7.1.0", True)])
def test_an_upper_bound_counts(clone, monkeypatch, installed, lacks):
    (clone / "demo.txt").write_text("ipykernel>=6.31,<7\n")
    versions(monkeypatch, ipykernel=installed)
    lacking = ["ipykernel>=6.31,<7"] if lacks else []
    assert environment.missing(venv.NEEDS["demo"]) == lacking


def test_a_twin_package_counts(clone, monkeypatch):
    (clone / "demo.txt").write_text("opencv-python>=4.12\n")
    versions(monkeypatch, opencv_python_headless="5.0.0.93")
    assert environment.missing(venv.NEEDS["demo"]) == []


def test_an_active_environment_that_lacks_packages_gets_a_venv(pip, clone, monkeypatch):
    versions(monkeypatch, numpy="2.4.6")
    started = []
    monkeypatch.setattr(
        environment, "_start_inside", lambda arguments: started.append(arguments) or 7
    )
    assert environment.enter("course", ["test", "-x"]) == 7
    assert pip == ["make", "all.txt"]
    assert started == [["test", "-x"]]


def test_colab_installs_only_what_it_lacks(pip, clone, monkeypatch):
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release-colab-2026-08")
    versions(monkeypatch, numpy="2.1.3")
    assert environment.enter("course", ["test"]) is None
    assert pip == ["pandas>=2.2"]
    assert not (clone / ".venv").exists()


def test_colab_keeps_its_own_older_packages(pip, clone, monkeypatch):
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release-colab-2026-08")
    versions(monkeypatch, numpy="2.0.2")
    assert environment.enter("course", ["test"]) is None
    assert pip == ["pandas>=2.2"]
    versions(monkeypatch, numpy="2.0.2", pandas="1.5")
    assert environment.enter("course", ["test"]) is None
    assert pip == ["pandas>=2.2"]


def test_inside_a_finished_venv_nothing_happens(pip, clone, monkeypatch):
    venv.prepare("course")
    monkeypatch.setattr(sys, "prefix", str(clone / ".venv"))
    assert environment.enter("course", ["test"]) is None
    assert environment.enter("demo", ["demo"]) is None
    assert pip == ["make", "all.txt"]


def test_installs_again_only_when_a_file_changed(pip, clone):
    venv.prepare("demo")
    assert venv.is_fresh("demo") and not venv.is_fresh("course")
    venv.prepare("course")
    venv.prepare("course")
    assert pip == ["make", "demo.txt", "all.txt"]
    (clone / "demo.txt").write_text("# comments do not count\nnumpy>=2.1\n")
    assert venv.is_fresh("course")
    (clone / "demo.txt").write_text("numpy>=2.2\n")  # named by all.txt
    assert not venv.is_fresh("demo") and not venv.is_fresh("course")


def test_what_includes_a_need_serves_it(pip, clone, monkeypatch):
    (clone / "video.txt").write_text("-r demo.txt\nav>=14\n")
    (clone / "all.txt").write_text("-r video.txt\npandas>=2.2\n")
    names = {"demo": "demo.txt", "video": "video.txt", "course": "all.txt"}
    needs = {need: clone / name for need, name in names.items()}
    monkeypatch.setattr(venv, "NEEDS", needs)
    fresh = []
    for need in ("demo", "video", "course"):
        venv.prepare(need)
        fresh.append([venv.is_fresh(each) for each in needs])
    assert fresh == [[True, False, False], [True, True, False], [True, True, True]]
    assert pip == ["make", "demo.txt", "video.txt", "all.txt"]


def test_each_file_of_the_course_includes_the_one_before():
    lines = [set(venv.read_requirements(path)) for path in venv.NEEDS.values()]
    assert lines[0] < lines[1] < lines[2]


def test_a_venv_whose_python_is_gone_is_made_anew(pip, clone):
    venv.prepare("demo")
    venv.python().unlink()
    assert not venv.is_fresh("demo")
    venv.prepare("demo")
    assert pip == ["make", "demo.txt"] * 2


def test_a_failing_pip_leaves_no_stamp(pip, clone, monkeypatch):
    def fail(pip, requirements, **options):
        raise venv.SetupError("pip could not")

    with monkeypatch.context() as patch:
        patch.setattr(venv, "install", fail)
        with pytest.raises(venv.SetupError):
            venv.prepare("demo")
    assert not venv.is_fresh("demo")
    venv.prepare("demo")
    assert venv.is_fresh("demo")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"demo": "old"}'])
def test_a_stamp_that_means_nothing(pip, clone, content):
    venv.prepare("demo")
    venv._stamp().write_text(content)
    assert not venv.is_fresh("demo")
    venv.prepare("demo")
    assert set(json.loads(venv._stamp().read_text())) == {"demo"}


def test_half_installed_packages_are_removed(pip, clone, capsys):
    venv.prepare("demo")
    packages = venv._site_packages()
    whole, half = packages / "a-1.dist-info", packages / "b-1.dist-info"
    for folder in (whole, half, packages / "~umpy", packages / "numpy"):
        folder.mkdir()
    (whole / "INSTALLER").write_text("pip\n")
    venv._stamp().unlink()
    venv.prepare("demo")
    left = {path.name for path in packages.iterdir()}
    assert left == {"a-1.dist-info", "numpy", "fer_course_clone.pth"}
    assert "b-1.dist-info was left half-installed" in capsys.readouterr().err


def test_a_folder_of_someone_else_is_left_alone(clone):
    (clone / ".venv").mkdir()
    (clone / ".venv" / "letters.txt").touch()
    with pytest.raises(venv.SetupError, match="not a virtual environment: move it"):
        venv.prepare("demo")
    assert (clone / ".venv" / "letters.txt").exists()


def test_an_environment_of_someone_else_is_left_alone(pip, clone):
    (clone / ".venv").mkdir()
    (clone / ".venv" / "pyvenv.cfg").touch()
    (clone / ".venv" / "letters.txt").touch()
    for _ in range(2):
        with pytest.raises(venv.SetupError, match="an environment of yours"):
            venv.prepare("demo")
    left = {path.name for path in (clone / ".venv").iterdir()}
    assert left == {"pyvenv.cfg", "letters.txt"}  # no lock that would make it ours
    assert pip == []


def test_a_place_that_cannot_be_written_is_one_sentence(pip, clone):
    (clone / ".venv").write_text("a file")
    with pytest.raises(
        venv.SetupError, match=r"\.venv cannot be written \(File exists"
    ):
        venv.prepare("demo")
    assert pip == []


def test_the_clone_is_importable_inside(pip, clone):
    venv.prepare("demo")
    link = venv._site_packages() / "fer_course_clone.pth"
    assert link.read_text(encoding="utf-8") == f"{clone}\n"


@posix
def test_a_failing_pip_is_one_sentence(capfd):
    with pytest.raises(venv.SetupError, match=r"pip could not .* words are above"):
        venv.install(["sh", "-c", "echo ERROR: no matching distribution; exit 1"], [])
    out, err = capfd.readouterr()
    assert out == "" and "no matching distribution" in err  # stdout is for JSON


@posix
def test_find_python_skips_shims_and_other_versions(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 1, "final", 0))
    monkeypatch.setenv("PATH", str(tmp_path))
    fake_python(tmp_path, "python3.13", "echo 'command not found' >&2; exit 127")
    fake_python(tmp_path, "python3.12", "echo '3 10|/usr/bin/python3.10'")
    fitting = fake_python(tmp_path, "python3.11", f"echo '3 11|{tmp_path}/real'")
    with pytest.raises(venv.SetupError, match=r"3\.11, 3\.12 or 3\.13"):
        venv.find_python()  # the separator of that one is wrong: not a Python
    fitting.write_text(f"#!/bin/sh\necho '3|11|{tmp_path}/real'\n")
    assert venv.find_python() == f"{tmp_path}/real"


def test_find_python_takes_the_running_one():
    assert venv.find_python() == sys.executable


def test_no_python_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 14, 0, "final", 0))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(venv.SetupError, match=r"this is Python 3\.14 .* install 3\.13"):
        venv.find_python()


def test_an_intel_mac_gets_a_sentence(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(
        os, "uname", lambda: type("U", (), {"machine": "x86_64"}), raising=False
    )
    venv.refuse_intel_mac("demo")
    with pytest.raises(venv.SetupError, match="Intel processor"):
        venv.refuse_intel_mac("course")


def test_paths_on_windows(clone, monkeypatch):
    monkeypatch.setattr(venv, "WINDOWS", True)
    assert venv.python() == clone / ".venv" / "Scripts" / "python.exe"
    assert venv._site_packages() == clone / ".venv" / "Lib" / "site-packages"


def test_on_windows_the_exit_code_is_passed_on(clone, monkeypatch):
    monkeypatch.setattr(venv, "WINDOWS", True)
    monkeypatch.setattr(venv, "python", lambda: Path(sys.executable))
    code = environment._start_inside(["demo", "--score-threshold", "7"])
    assert code == 2


def test_a_second_process_waits_for_the_first(tmp_path, capsys):
    lock = tmp_path / "setup.lock"
    holder = (
        "import sys, time; from fer_course import venv\n"
        "with venv._locked(sys.argv[1]): print('held', flush=True); time.sleep(1)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(lock)], cwd=ROOT, stdout=subprocess.PIPE
    ) as first:
        assert first.stdout.readline().startswith(b"held")
        with venv._locked(lock):
            first.wait(5)
    assert capsys.readouterr().err.count("Another process is setting up .venv") == 1


@posix
def test_where_the_disk_knows_no_locks_nobody_waits(tmp_path, monkeypatch):
    import fcntl

    def flock(file, operation):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", flock)
    with venv._locked(tmp_path / "setup.lock"):
        pass


@posix
def test_a_pip_that_outlives_its_parent_keeps_the_lock(tmp_path):
    lock = tmp_path / "setup.lock"
    with venv._locked(lock) as options:
        pip = subprocess.Popen(["sleep", "5"], **options)
    try:
        with open(lock, "a+b") as file:
            assert not venv._try_lock(file)
    finally:
        pip.kill()
        pip.wait()
    with open(lock, "a+b") as file:
        assert venv._try_lock(file)


@pytest.mark.slow
@posix
def test_a_real_bootstrap_killed_half_way_and_run_twice_at_once(tmp_path):
    shutil.copytree(
        ROOT / "fer_course",
        tmp_path / "fer_course",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    shutil.copy(ROOT / "requirements.txt", tmp_path)
    clean = dict(os.environ, HOME=os.environ.get("HOME", ""))
    for name in ("FER_COURSE_SETUP", "VIRTUAL_ENV", "PYTHONPATH"):
        clean.pop(name, None)
    # a Python without packages: the one that this environment was made from
    base = Path(sys._base_executable)
    command = [str(base), "-m", "fer_course", "data", "get", "rafdb"]

    def start():
        return subprocess.Popen(
            command, cwd=tmp_path, env=clean, stdout=subprocess.PIPE, text=True
        )

    killed = start()
    packages = tmp_path / ".venv"
    for _ in range(600):
        if list(packages.glob("lib/*/*/numpy*")):
            break
        time.sleep(0.1)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert not (packages / "fer_course.json").exists()

    both = [start(), start()]
    for process in both:
        out, _ = process.communicate(timeout=300)
        assert process.returncode == 0
        assert out.startswith("RAF-DB")
    python = packages / "bin" / "python"
    question = "import cv2, numpy, onnxruntime, fer_course; print(fer_course.__file__)"
    answer = subprocess.run(
        [str(python), "-c", question],
        cwd="/",
        env=clean,
        capture_output=True,
        text=True,
    )
    assert answer.stdout.startswith(str(tmp_path))


@posix
def test_a_plain_kill_ends_the_program_too():
    inner = "import time; print('up', flush=True); time.sleep(60)"
    code = (
        "import os, sys; from fer_course.environment import run_to_end; "
        f"sys.exit(-run_to_end([sys.executable, '-c', {inner!r}], dict(os.environ)))"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as outer:
        assert outer.stdout.readline() == b"up\n"
        outer.terminate()
        assert outer.wait(timeout=30) == signal.SIGTERM
