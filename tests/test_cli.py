"""The command line: every command reaches its function with what was typed."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from fer_course import cli, environment
from fer_course.settings import ROOT
from fer_course.venv import SetupError

# what `train` hands over where nothing is asked for
TRAIN = {
    "quick": False,
    "refine": False,
    "resume": False,
    "epochs": None,
    "out": None,
    "record": None,
    "weights": None,
    "image_size": None,
    "learning_rate": None,
    "hours": None,
    "gpus": None,
    "faces": None,
    "seed": None,
    "recipe": None,
    "teachers": None,
    "average": None,
}


@pytest.fixture
def calls(monkeypatch):
    """Every function behind the commands, replaced by one that notes its call."""
    from fer_course import benchmark, camera, demo, programs, runs, sources

    noted = []

    def replace(module, name, result=0):
        def note(*args, **options):
            noted.append((name, args, options))
            return result

        monkeypatch.setattr(module, name, note)

    for module, names in {
        benchmark: ["benchmark"],
        camera: ["run_camera"],
        demo: ["run_demo"],
        programs: ["open_lab", "open_app", "run_tests"],
        runs: ["train", "evaluate"],
        sources: ["get_set", "check_set", "prepare_set"],
    }.items():
        for name in names:
            replace(module, name)
    needs = []
    monkeypatch.setattr(environment, "enter", lambda need, rest: needs.append(need))
    noted_needs = (noted, needs)
    return noted_needs


@pytest.mark.parametrize(
    "line, need, name, args, options",
    [
        pytest.param(
            "demo a.jpg b --out o --json - --csv c --score-threshold 0.5",
            "demo",
            "run_demo",
            (["a.jpg", "b"], "o"),
            {"json_target": "-", "csv_path": "c", "score_threshold": 0.5},
            id="demo",
        ),
        pytest.param(
            "lab --no-browser", "course", "open_lab", (["--no-browser"],), {}, id="lab"
        ),
        pytest.param("app", "course", "open_app", ([],), {}, id="app"),
        pytest.param("camera", "video", "run_camera", (None,), {}, id="camera"),
        pytest.param(
            "camera --out a.webm", "video", "run_camera", ("a.webm",), {}, id="record"
        ),
        pytest.param("data get wider", "demo", "get_set", ("wider",), {}, id="get"),
        pytest.param(
            "data check rafdb", "course", "check_set", ("rafdb",), {}, id="check"
        ),
        pytest.param(
            "data prepare detection",
            "course",
            "prepare_set",
            ("detection",),
            {},
            id="prepare",
        ),
        pytest.param(
            "train detector --quick --epochs 3 --image-size 416 --gpus 0,1",
            "course",
            "train",
            ("detector",),
            TRAIN | {"quick": True, "epochs": 3, "image_size": 416, "gpus": (0, 1)},
            id="train",
        ),
        pytest.param(
            "train detector --refine --weights w.pt --hours 2.5 --learning-rate 0.01 "
            "--out o --record r --resume",
            "course",
            "train",
            ("detector",),
            TRAIN
            | {
                "refine": True,
                "resume": True,
                "out": "o",
                "record": "r",
                "weights": "w.pt",
                "learning_rate": 0.01,
                "hours": 2.5,
            },
            id="train, the other options",
        ),
        pytest.param(
            "train fernet --recipe wide --learning-rate 0.5 --seed 7 --teachers a b",
            "course",
            "train",
            ("fernet",),
            TRAIN
            | {
                "recipe": "wide",
                "learning_rate": 0.5,
                "seed": 7,
                "teachers": ["a", "b"],
            },
            id="train FERNet",
        ),
        pytest.param(
            "train fernet --faces joint --average a.keras b.keras",
            "course",
            "train",
            ("fernet",),
            TRAIN | {"faces": "joint", "average": ["a.keras", "b.keras"]},
            id="average FERNets",
        ),
        pytest.param(
            "evaluate detector --out o --record --against yunet",
            "course",
            "evaluate",
            ("detector",),
            {
                "model": None,
                "out": "o",
                "record": True,
                "against": "yunet",
                "split": "test",
            },
            id="evaluate",
        ),
        pytest.param(
            "evaluate fernet --model a.keras --against b.onnx --split choose",
            "course",
            "evaluate",
            ("fernet",),
            {
                "model": "a.keras",
                "out": None,
                "record": None,
                "against": "b.onnx",
                "split": "choose",
            },
            id="evaluate beside a rival",
        ),
        pytest.param(
            "evaluate fernet --model a.onnx --record fernet_small",
            "course",
            "evaluate",
            ("fernet",),
            {
                "model": "a.onnx",
                "out": None,
                "record": "fernet_small",
                "against": None,
                "split": "test",
            },
            id="evaluate for a record of its own",
        ),
        pytest.param(
            "benchmark --json b.json --against fer,deepface",
            "demo",
            "benchmark",
            ("b.json",),
            {"memory_path": None, "training": False, "against": ["fer", "deepface"]},
            id="benchmark",
        ),
        pytest.param(
            "benchmark --memory m.csv",
            "video",
            "benchmark",
            (None,),
            {"memory_path": "m.csv", "training": False, "against": ()},
            id="benchmark of memory",
        ),
        pytest.param(
            "benchmark --training",
            "course",
            "benchmark",
            (None,),
            {"memory_path": None, "training": True, "against": ()},
            id="benchmark of the trainings",
        ),
        pytest.param(
            "test --all -x -k boxes",
            "course",
            "run_tests",
            (["-x", "-k", "boxes"],),
            {"slow": True},
            id="test",
        ),
    ],
)
def test_every_command(calls, line, need, name, args, options):
    noted, needs = calls
    assert cli.main(line.split()) == 0
    assert noted == [(name, args, options)]
    assert needs == [need]


@pytest.mark.parametrize("step, name", [("get", "get_set"), ("check", "check_set")])
def test_several_sets_are_done_in_turn(calls, step, name):
    assert cli.main(["data", step, "wider", "fddb"]) == 0
    assert calls[0] == [(name, ("wider",), {}), (name, ("fddb",), {})]


def test_one_set_amiss_gives_1_and_the_others_are_checked(calls, monkeypatch):
    from fer_course import sources

    found, codes = [], {"wider": 0, "fddb": 1, "lfpw": 0}
    monkeypatch.setattr(sources, "check_set", lambda s: found.append(s) or codes[s])
    assert cli.main(["data", "check", *codes]) == 1
    assert found == list(codes)


def test_only_the_detection_sets_are_recorded(calls, monkeypatch, capsys):
    from fer_course.detection import survey

    monkeypatch.setattr(survey, "write_survey", lambda: "models/records/x.json")
    assert cli.main("data check detection --record".split()) == 0
    assert "recorded in models/records/x.json" in capsys.readouterr().out
    assert cli.main("data check rafdb --record".split()) == 2
    assert calls[0] == [("check_set", ("detection",), {})]
    assert "for `data check detection` alone" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "need"),
    [
        pytest.param("", "demo", id="the samples"),
        pytest.param("a.jpg", "demo", id="a photo"),
        pytest.param("a.jpg b.MP4", "video", id="a video among photos"),
        pytest.param("photos", "demo", id="a folder of photos"),
        pytest.param("films", "video", id="a folder with a video"),
    ],
)
def test_a_demo_of_videos_needs_more(calls, tmp_path, monkeypatch, given, need):
    monkeypatch.chdir(tmp_path)
    for name in ("photos/a.jpg", "photos/out/a_faces.webm", "films/b/a.webm"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    assert cli.main(["demo", *given.split(), "--out", "photos/out"]) == 0
    assert calls[1] == [need]


@pytest.mark.parametrize(
    "line, message",
    [
        pytest.param("dance", "invalid choice: 'dance'", id="unknown command"),
        pytest.param("demo --loud", "unknown: --loud", id="unknown option"),
        pytest.param("demo --score-threshold 7", "7 is not a number from", id="share"),
        pytest.param("demo --csv A.JPG", "name the file to write", id="photo"),
        pytest.param("demo --json a.mp4 b", "name the file to write", id="video"),
        pytest.param("demo --csv -", "a file's name is expected, not -", id="dash"),
        pytest.param("demo --score-threshold x", "x is not a number from", id="word"),
        pytest.param("train detector --epochs 0", "0 is not a whole", id="epochs"),
        pytest.param("train fernet --epochs 1.5", "1.5 is not a whole", id="half"),
        pytest.param("train fernet --gpus 0,0", "0,0 is not a list", id="GPU twice"),
        pytest.param("train fernet --gpus all", "all is not a list", id="GPUs"),
        pytest.param("train detector --hours 0", "0 is not a number above", id="hours"),
        pytest.param(
            "train detector --learning-rate nan", "nan is not a number", id="rate"
        ),
        pytest.param("train both", "invalid choice: 'both'", id="network"),
        pytest.param("data get", "required: SET", id="no set"),
        pytest.param("evaluate fernet --split val", "invalid choice", id="split"),
    ],
)
def test_wrong_usage_gives_2_before_anything_is_installed(calls, capsys, line, message):
    with pytest.raises(SystemExit) as stop:
        cli.main(line.split())
    assert stop.value.code == 2
    assert message in capsys.readouterr().err
    assert calls == ([], [])


def test_a_file_that_begins_with_a_dash_may_be_named(
    calls, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-a.jpg").touch()
    with pytest.raises(SystemExit):
        cli.main(["demo", "b.jpg", "-a.jpg"])
    said = "unknown: -a.jpg (if you mean the file, write ./-a.jpg)"
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "error, sentence",
    [
        (SetupError("No Python."), "No Python.\n"),
        (FileNotFoundError("No data there."), "No data there.\n"),
        (ValueError("That is no set."), "That is no set.\n"),
        (MemoryError(), "The memory of this machine is too small for it.\n"),
        (OSError(17, "File exists", "out"), "out cannot be used: File exists.\n"),
        (
            ImportError("libGL.so.1: cannot open shared object file"),
            "OpenCV lacks a library of the system (libGL.so.1: cannot open shared "
            "object file): on Debian and Ubuntu `sudo apt install libgl1 libglib2.0-0` "
            "helps.\n",
        ),
        (
            ImportError("libcudnn.so.9: cannot open shared object file"),
            "A package lacks a library of the system: libcudnn.so.9: cannot open "
            "shared object file.\n",
        ),
    ],
    ids=["set-up", "file", "value", "memory", "system", "OpenCV's", "CUDA's"],
)
def test_errors_are_one_sentence(monkeypatch, capsys, error, sentence):
    def fail(need, arguments):
        raise error

    monkeypatch.setattr(environment, "enter", fail)
    assert cli.main(["camera"]) == 2
    assert capsys.readouterr() == ("", sentence)


def test_what_nobody_foresaw_is_a_sentence_too(monkeypatch, capsys):
    def fail(need, arguments):
        raise RuntimeError("a tensor of odd shape")

    monkeypatch.setattr(environment, "enter", fail)
    assert cli.main(["camera"]) == 2
    err = capsys.readouterr().err
    assert "(RuntimeError: a tensor of odd shape)" in err and err.count("\n") == 1
    monkeypatch.setattr(cli.sys, "flags", SimpleNamespace(dev_mode=True))
    with pytest.raises(RuntimeError):
        cli.main(["camera"])


def test_a_missing_package_is_named(monkeypatch, capsys):
    monkeypatch.setenv("FER_COURSE_SETUP", "0")
    monkeypatch.setitem(sys.modules, "fer_course.camera", None)
    assert cli.main(["camera"]) == 2
    assert "unset FER_COURSE_SETUP" in capsys.readouterr().err


def test_ctrl_c_is_no_traceback(monkeypatch, capsys):
    def stop(need, arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(environment, "enter", stop)
    assert cli.main(["camera"]) == 130
    assert capsys.readouterr().err == "Stopped.\n"


def test_no_command_shows_them_all(calls, capsys):
    assert cli.main([]) == cli.WRONG_USAGE
    assert "read the faces in photos" in capsys.readouterr().out


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has /dev/full")
def test_output_that_cannot_be_written_is_one_sentence():
    environment = os.environ | {"FER_COURSE_SETUP": "0"}
    environment.pop("PYTHONUNBUFFERED", None)  # so that it is written at the end
    with open("/dev/full", "w") as full:
        answer = subprocess.run(
            [sys.executable, "-m", "fer_course", "data", "get", "affectnet"],
            cwd=ROOT,
            env=environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert answer.returncode == cli.WRONG_USAGE
    said = "standard output cannot be used: No space left on device.\n"
    assert answer.stderr == said


def test_help_names_every_command():
    answer = subprocess.run(
        [sys.executable, "-S", "-m", "fer_course", "--help"],  # -S: no packages
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0
    for command in "demo lab app camera data train evaluate benchmark test".split():
        assert f"\n    {command}" in answer.stdout
