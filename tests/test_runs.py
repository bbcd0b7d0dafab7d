"""`train` and `evaluate` read and write where they should."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
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
        history.write_text(f"epoch,loss\n1,0.{len(out.name)}\n")
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
    with pytest.raises(ValueError, match=r"hours, refine: not for the fernet"):
        runs.train("fernet", hours=1.0, refine=True)
    with pytest.raises(ValueError, match=r"faces, recipe: not for the detector"):
        runs.train("detector", faces="joint", recipe="reference")
    with pytest.raises(ValueError, match=r"epochs: not for the ablation"):
        runs.train("ablation", epochs=3)


def test_a_run_is_not_written_over(folders, detector):
    out = folders / "data" / "runs" / "detector"
    (out / "weights").mkdir(parents=True)
    (out / "weights" / "last.pt").touch()
    with pytest.raises(FileExistsError, match="holds a run already"):
        runs.train("detector")
    with pytest.raises(FileExistsError, match="holds a run already"):
        runs.train("detector", out=folders / "data", gpus=(0, 1))
    assert not detector


def test_a_quick_run_is_not_recorded(folders, detector):
    with pytest.raises(ValueError, match="leave out quick, or record"):
        runs.train("detector", quick=True, record=True)


def test_the_record_of_a_file_of_ones_own_needs_a_name(folders, detector):
    with pytest.raises(ValueError, match="the shipped network's"):
        runs.evaluate("detector", model="mine.onnx", record=True)


def test_what_reaches_fernets_training(folders, monkeypatch, capsys):
    pytest.importorskip("keras")
    from fer_course.expression import datasets, distillation, soup, training
    from fer_course.expression import release as fernet_release
    from fer_course.expression.recipe import RECIPES

    count, asked = 7 * runs.QUICK_FACES, {}
    faces = datasets.FaceSet(
        "drawn",
        np.zeros((count, 48, 48), np.uint8),
        np.eye(7, dtype=np.float32)[np.arange(count) % 7],
        np.where(np.arange(count) % 7 < 5, "train", "choose"),
        np.arange(count),
        np.arange(count).astype(str),
        {},
    )

    def train_fernet(learn, choose, out, recipe, **options):
        asked.update(options, learn=learn, choose=choose, out=out, recipe=recipe)
        return SimpleNamespace(best=out / "best.keras", history=out / "history.csv")

    def finish_fernet(best, learn, choose, *files):
        asked.update(best=best, files=files)
        return SimpleNamespace(accuracy=0.5)

    monkeypatch.setattr(datasets, "load_fer2013", lambda folder: faces)
    monkeypatch.setattr(training, "train_fernet", train_fernet)
    monkeypatch.setattr(fernet_release, "finish_fernet", finish_fernet)

    def soften(learn, choose, teachers, kept):
        asked.update(teachers=teachers, kept=kept)
        return learn

    monkeypatch.setattr(distillation, "soften_targets", soften)

    out = folders / "data" / "runs" / "fernet"
    with pytest.raises(FileNotFoundError, match="no run to go on with"):
        runs.train("fernet", quick=True, recipe="long", resume=True)
    out.mkdir(parents=True)
    (out / "last.keras").touch()
    assert runs.train("fernet", quick=True, recipe="long", resume=True) == 0
    assert (asked["out"], asked["resume"], asked["weights"]) == (out, True, None)
    assert asked["recipe"] == replace(RECIPES["long"], epochs=2)
    assert len(asked["learn"]) == pytest.approx(runs.QUICK_FACES, rel=0.3)
    assert "teachers" not in asked
    assert asked["files"] == (out / "fernet.keras", out / "fernet.onnx")
    assert "50.0% right" in capsys.readouterr().out

    given = {"epochs": 3, "learning_rate": 0.25, "seed": 7}
    runs.train("fernet", weights="w.keras", teachers=["a.onnx"], **given)
    assert (asked["weights"], asked["teachers"]) == ("w.keras", ["a.onnx"])
    assert asked["kept"] == out / "teachers.npz"
    assert asked["recipe"] == replace(RECIPES["course"], **given)
    assert len(asked["learn"]) == 5 * runs.QUICK_FACES

    with pytest.raises(FileExistsError, match="holds a run already"):
        runs.train("fernet", average=["a.keras", "b.keras"])
    means = []
    monkeypatch.setattr(soup, "average_fernets", lambda *given: means.append(given))
    out = folders / "mean"
    assert runs.train("fernet", average=["a.keras", "b.keras"], out=out) == 0
    assert means == [(["a.keras", "b.keras"], out / "best.keras")]
    assert asked["best"] == out / "best.keras"
    assert asked["files"] == (out / "fernet.keras", out / "fernet.onnx")


def test_fernet_is_shared_among_gpus_by_keras_on_jax_alone(folders):
    keras = pytest.importorskip("keras")
    if keras.backend.backend() == "jax":
        pytest.skip("it is on JAX")
    with pytest.raises(ValueError, match=r"on JAX alone: install .* KERAS_BACKEND=jax"):
        runs.train("fernet", gpus=(0, 1))


ON_TWO = """
import sys
sys.path.insert(0, sys.argv[1])
import keras
from fer_course import runs
from test_training import RECIPE, faces, train_fernet
for gpus, batch_size in (((0, 2), 64), ((0, 1), 63)):
    try:
        runs._sharing(gpus, batch_size)
    except ValueError as error:
        print(error)
with runs._sharing((0, 1), RECIPE.batch_size):
    train_fernet(faces(), faces(28, 1), sys.argv[2], RECIPE)
    model = keras.models.load_model(sys.argv[2] + "/last.keras")
    print(len(model.trainable_variables[0].value.devices()), "hold the weights")
print(keras.distribution.distribution(), "afterwards")
"""


@pytest.mark.slow
def test_two_devices_share_fernets_batches(tmp_path):
    """What two GPUs would do: two devices that JAX makes of the processor."""
    pytest.importorskip("keras")
    if not (folder := os.environ.get("FER_JAX")):  # where CI put it
        pytest.importorskip("jax")
    paths = filter(None, [str(ROOT), folder, os.environ.get("PYTHONPATH")])
    environment = os.environ | {
        "KERAS_BACKEND": "jax",
        "XLA_FLAGS": "--xla_force_host_platform_device_count=2",
        "PYTHONPATH": os.pathsep.join(paths),
    }
    here = str(ROOT / "tests" / "expression")
    done = subprocess.run(
        [sys.executable, "-c", ON_TWO, here, str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "There is no GPU 2: JAX sees cpu:0, cpu:1" in done.stdout
    assert "2 GPUs cannot share 63 faces evenly" in done.stdout
    assert "2 hold the weights" in done.stdout and "None afterwards" in done.stdout


def test_record_keeps_the_history(folders, detector):
    runs.train("detector", out=folders / "mine", record=True)
    kept = folders / "models" / "records" / "detector_history.csv"
    assert kept.read_text() == "epoch,loss\n1,0.4\n"  # the folder's four letters


def test_a_stage_adds_its_epochs_to_the_recorded_history(folders, detector):
    kept = folders / "models" / "records" / "detector_history.csv"
    for stage in ("one", "second"):
        given = {} if stage == "one" else {"weights": "best.pt"}
        runs.train("detector", out=folders / stage, record=True, **given)
    lines = kept.read_text().splitlines()
    assert lines == ["epoch,loss", "1,0.3", "2,0.6"]
    detector.clear()
    resumed = {"resume": True, "weights": "best.pt", "record": True}
    for _ in range(2):  # recorded again it is not added again
        runs.train("detector", out=folders / "again", **resumed)
        assert "weights" not in detector  # a resumed run has its own
        shutil.rmtree(folders / "again")
        assert kept.read_text().splitlines() == [*lines, "3,0.5"]
    runs.train("detector", out=folders / "other", record="mine")
    assert (kept.parent / "mine_history.csv").exists()
    assert kept.read_text().splitlines() == [*lines, "3,0.5"]


def test_another_fernet_is_not_recorded_as_the_shipped_one(folders):
    with pytest.raises(ValueError, match="a name"):
        runs.train("fernet", recipe="long", record=True)
    with pytest.raises(ValueError, match="a name"):
        runs.train("fernet", recipe="even", record=True)  # of FER2013 alone


def test_the_even_recipe_adds_to_the_shipped_fernets_history(folders, monkeypatch):
    history = folders / "history.csv"
    monkeypatch.setattr(runs, "_train_fernet", lambda out, **given: history)
    kept = folders / "models" / "records" / "fernet_history.csv"
    for recipe, text in (("wide", "1,0.5\n"), ("even", "1,0.5\n2,0.4\n")):
        history.write_text(f"epoch,loss\n1,{text[-4:]}")
        given = {"faces": "joint", "weights": "w.keras", "recipe": recipe}
        runs.train("fernet", record=True, **given)
        assert kept.read_text() == "epoch,loss\n" + text
    runs.train("fernet", record=True, **given | {"recipe": "wide"})
    assert kept.read_text() == history.read_text()  # a new network, a new history


def test_an_average_takes_no_trainings_settings(folders):
    for given in ({"epochs": 3}, {"record": "mean"}, {"recipe": "even"}):
        with pytest.raises(ValueError, match="average trains nothing"):
            runs.train("fernet", average=["a.keras", "b.keras"], **given)


def test_record_keeps_the_ablations_table_where_page_04_reads_it(folders, monkeypatch):
    table = folders / "table.csv"
    table.write_text("variant,seed\n")
    monkeypatch.setattr(runs, "_train_ablation", lambda out: table)
    runs.train("ablation", record=True)
    kept = folders / "models" / "records" / "ablation.csv"
    assert kept.read_text() == table.read_text()


@pytest.mark.parametrize(
    "options, target",
    [
        pytest.param({}, "data/runs/detector/evaluation.json", id="a learner's"),
        pytest.param({"out": "x"}, "x/evaluation.json", id="a folder of one's own"),
        pytest.param({"record": True}, "models/records/detector.json", id="recorded"),
        pytest.param(
            {"record": "mine", "model": "m.onnx"},
            "models/records/mine.json",
            id="by name",
        ),
    ],
)
def test_where_figures_go(folders, detector, monkeypatch, options, target):
    monkeypatch.chdir(folders)
    put(folders / "models" / "face_detector.onnx", folders / "m.onnx")
    assert runs.evaluate("detector", against="yunet", **options) == 0
    assert detector["record"].absolute() == folders / target
    given = options.get("model"), "yunet"
    assert (detector["model"], detector["against"]) == given


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


def test_a_record_says_of_which_files_it_is(folders, detector):
    mine = folders / "m.onnx"
    put(folders / "models" / "face_detector.onnx", mine)
    runs.evaluate("detector", model=mine)  # not recorded: nothing to note
    noted = folders / "models" / "records" / "measured_files.json"
    assert not noted.exists()
    runs.evaluate("detector", record=True)
    runs.evaluate("detector", model=mine, record="mine")
    digest = hashlib.sha256(mine.read_bytes()).hexdigest()
    assert json.loads(noted.read_text())["mine"] == {"m.onnx": digest}
    mine.write_bytes(b"another")
    runs.evaluate("detector", model=mine, record="mine")
    records = json.loads(noted.read_text())
    assert records["mine"] != {"m.onnx": digest}
    assert records["detector"].keys() == {"face_detector.onnx"}


def test_a_record_names_two_files_of_one_name(folders, monkeypatch):
    from fer_course.detection import detector
    from fer_course.expression import scorecard

    monkeypatch.setattr(scorecard, "evaluate_fernet", lambda *a, **k: "")
    monkeypatch.setattr(detector, "FaceDetector", lambda path: None)
    ours, theirs = (folders / name / "fernet.onnx" for name in ("ours", "theirs"))
    put(ours, theirs, folders / "models" / "face_detector.onnx")
    theirs.write_bytes(b"theirs")
    runs.evaluate("fernet", model=ours, against=theirs, record="pair")
    noted = folders / "models" / "records" / "measured_files.json"
    digests = json.loads(noted.read_text())["pair"]
    assert digests.pop("face_detector.onnx")
    assert digests == {
        f"{file.parent.name}/fernet.onnx": hashlib.sha256(file.read_bytes()).hexdigest()
        for file in (ours, theirs)
    }


def put(*files):
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(file.name.encode())


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


@pytest.mark.parametrize(
    "name, loader, folder",
    [
        pytest.param("fer2013", "datasets.load_fer2013", "fer2013", id="fer2013"),
        pytest.param("affectnet", "datasets.load_affectnet", "AffectNet", id="extract"),
        pytest.param("joint", "joint.load_joint", "", id="joint"),
    ],
)
def test_each_choice_of_faces_has_its_loader(
    folders, monkeypatch, name, loader, folder
):
    pytest.importorskip("keras")
    from fer_course.expression import datasets, joint

    module, function = loader.split(".")
    module = {"datasets": datasets, "joint": joint}[module]
    monkeypatch.setattr(module, function, lambda given: given)
    assert runs._load_faces(name) == folders / "data" / "expression" / folder
