"""`train` and `evaluate` read and write where they should."""

from types import SimpleNamespace

import pytest

from fer_course import runs
from fer_course.detection import comparison, release, training
from fer_course.settings import ROOT


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("FER_COURSE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("FER_COURSE_MODELS", str(tmp_path / "models"))
    monkeypatch.delenv("FER_COURSE_RUNS", raising=False)
    return tmp_path


@pytest.fixture
def detector(monkeypatch):
    """Neither trains nor measures: notes what it was asked for."""
    asked = {}

    def train_detector(data_yaml, out, **options):
        out.mkdir(parents=True)
        history = out / "results.csv"
        history.write_text("epoch\n1\n")
        asked.update(options, yaml=data_yaml, out=out)
        return SimpleNamespace(weights=out / "best.pt", history=history, duration_s=1.0)

    def evaluate_on_packs(model, **options):
        asked.update(options, model=model)
        return "the table"

    monkeypatch.setattr(training, "train_detector", train_detector)
    monkeypatch.setattr(
        release,
        "finish_detector",
        lambda *files, **options: release.Release(
            release.OperatingPoint(640, 0.3, {640: 0.5}), "int8", 0.001
        ),
    )
    monkeypatch.setattr(comparison, "evaluate_on_packs", evaluate_on_packs)
    return asked


def test_a_run_goes_to_the_runs_folder_and_never_to_models(folders, detector, capsys):
    assert runs.train("detector", quick=True, epochs=2) == 0
    out = folders / "data" / "runs" / "detector"
    assert detector == {
        "yaml": folders / "data" / "detection-yolo" / "faces.yaml",
        "out": out,
        "quick": True,
        "epochs": 2,
    }
    assert str(out / "face_detector.onnx") in capsys.readouterr().out
    assert not (folders / "models").exists()


def test_the_detectors_own_settings_reach_it_and_no_other(folders, detector):
    runs.train("detector", image_size=416, hours=None, weights="start.pt")
    assert (detector["image_size"], detector["weights"]) == (416, "start.pt")
    assert "hours" not in detector
    with pytest.raises(ValueError, match=r"hours: not for the fernet"):
        runs.train("fernet", hours=1.0)
    with pytest.raises(ValueError, match=r"faces, recipe: not for the detector"):
        runs.train("detector", faces="joint", recipe="reference")
    with pytest.raises(ValueError, match=r"epochs: not for the ablation"):
        runs.train("ablation", epochs=3)


def test_record_keeps_the_history(folders, detector):
    runs.train("detector", out=folders / "mine", record=True)
    kept = folders / "models" / "records" / "detector_history.csv"
    assert kept.read_text() == "epoch\n1\n"


@pytest.mark.parametrize(
    "options, target",
    [
        pytest.param({}, "data/runs/detector/evaluation.json", id="a learner's"),
        pytest.param({"out": "x"}, "x/evaluation.json", id="a folder of one's own"),
        pytest.param({"record": True}, "models/records/detector.json", id="recorded"),
        pytest.param({"record": "mine"}, "models/records/mine.json", id="by name"),
    ],
)
def test_where_figures_go(folders, detector, monkeypatch, options, target):
    monkeypatch.chdir(folders)
    assert runs.evaluate("detector", model="m.onnx", against="yunet", **options) == 0
    assert detector["record"].absolute() == folders / target
    assert (detector["model"], detector["against"]) == ("m.onnx", "yunet")


@pytest.mark.parametrize(
    "given, split, file",
    [
        pytest.param({}, "val", "evaluation.json", id="reports on val"),
        pytest.param({"split": "choose"}, "choose", "choosing.json", id="chooses"),
    ],
)
def test_the_split_reaches_the_detector(folders, detector, given, split, file):
    runs.evaluate("detector", **given)
    assert detector["split"] == split
    assert detector["record"].name == file


def test_what_was_chosen_by_is_never_recorded(folders, detector):
    with pytest.raises(ValueError, match="goes without --split choose"):
        runs.evaluate("detector", record=True, split="choose")
    assert not detector


@pytest.mark.parametrize(
    "against, error, message",
    [
        pytest.param("yunet", ValueError, "goes with the detector", id="yunet"),
        pytest.param("x.onnx", FileNotFoundError, "x.onnx is not there", id="missing"),
    ],
)
def test_rivals_that_read_no_expressions(folders, monkeypatch, against, error, message):
    monkeypatch.setenv("FER_COURSE_MODELS", str(ROOT / "models"))
    with pytest.raises(error, match=message):
        runs.evaluate("fernet", against=against)


@pytest.mark.parametrize("network", ["detector", "fernet", "ablation"])
def test_without_data_training_says_how_to_get_it(folders, network):
    with pytest.raises(FileNotFoundError, match=r"fer_course data (get|prepare)"):
        runs.train(network)
