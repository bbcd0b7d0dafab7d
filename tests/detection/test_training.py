"""Training settings, files and errors; a real epoch on drawn photos is slow."""

import os
import pickle
import signal
import subprocess
import sys
from dataclasses import asdict
from importlib.util import find_spec
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from fer_course.boxes import iou_matrix
from fer_course.detection import dataset
from fer_course.detection.detector import DetectorCard, FaceDetector
from fer_course.detection.resuming import resumable
from fer_course.settings import ROOT

training = pytest.importorskip("fer_course.detection.training")
events = pytest.importorskip("fer_course.detection.training_events")
if find_spec("ultralytics") is None:
    pytest.skip("Ultralytics is not installed", allow_module_level=True)
ultralytics = training.import_ultralytics()  # not by a plain import: see there


@pytest.fixture(scope="session")
def untrained(tmp_path_factory):
    """A run's checkpoint: YOLOv8n for one class with random weights."""
    import torch
    from ultralytics.nn.tasks import DetectionModel

    torch.manual_seed(0)
    network = DetectionModel("yolov8n.yaml", nc=1, verbose=False)
    network.names = {0: "face"}
    path = tmp_path_factory.mktemp("weights") / "best.pt"
    content = {
        "epoch": 3,
        "model": None,
        "ema": network,
        "optimizer": {"state": {}},
        "train_args": {"data": "/home/someone/faces.yaml", "task": "detect"},
        "git": {"root": "/home/someone"},
    }
    torch.save(content, path)
    return path


@pytest.fixture(scope="session")
def drawn_dataset(tmp_path_factory):
    """Twelve photos with bright discs for faces, in YOLO's layout."""
    folder = tmp_path_factory.mktemp("discs")
    rng = np.random.default_rng(0)
    for split, count in (("train", 8), ("choose", 4)):
        for kind in ("images", "labels"):
            (folder / kind / split).mkdir(parents=True)
        for index in range(count):
            photo = rng.integers(0, 90, (120, 160, 3), dtype=np.uint8)
            x, y, radius = rng.integers(30, 90, 3)
            radius = int(radius) // 4
            cv2.circle(photo, (int(x), int(y)), radius, (220, 190, 170), -1)
            label = f"0 {x / 160} {y / 120} {2 * radius / 160} {2 * radius / 120}\n"
            cv2.imwrite(str(folder / "images" / split / f"{index}.jpg"), photo)
            (folder / "labels" / split / f"{index}.txt").write_text(label)
    yaml = folder / "faces.yaml"
    yaml.write_text(
        f"path: {folder.as_posix()}\ntrain: images/train\nval: images/choose\n"
        "names:\n  0: face\n"
    )
    return yaml


def test_recipe_speaks_ultralytics():
    from ultralytics.utils import DEFAULT_CFG_DICT

    for recipe in (training.FULL, training.QUICK, training.REFINE):
        arguments = recipe.to_ultralytics()
        assert arguments.keys() <= DEFAULT_CFG_DICT.keys()
        assert arguments["imgsz"] % 32 == 0
        assert arguments["close_mosaic"] < max(2, arguments["epochs"])
    assert training.FULL.to_ultralytics()["lr0"] == training.FULL.learning_rate


def test_ultralytics_is_kept_quiet():
    code = (
        "import numpy as np\n"
        "from fer_course.detection.training import import_ultralytics\n"
        "before = str(np.array([1 / 3, 20.5]))\n"
        "u = import_ultralytics()\n"
        "from ultralytics.utils import AUTOINSTALL, ONLINE, SAFE_LOAD, SETTINGS_FILE\n"
        "print(u.settings['sync'], ONLINE, AUTOINSTALL, SAFE_LOAD)\n"
        "print(SETTINGS_FILE)\n"
        "print(before == str(np.array([1 / 3, 20.5])))\n"
    )
    quiet = {name: value for name, value in os.environ.items() if "YOLO" not in name}
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=quiet | {"PYTHONPATH": str(ROOT)},
        check=True,
    )
    switches, place, same = result.stdout.strip().splitlines()[-3:]
    assert switches == "False False False True"
    assert "ultralytics" in place.replace("\\", "/").split("/")[:-2]
    assert same == "True"


def test_export_agrees_with_the_torch_network(tmp_path, untrained):
    path = training.export_detector(untrained, tmp_path / "net.onnx")
    run, card = training.load_network(untrained)
    detector = FaceDetector(path)
    assert detector.card == card == DetectorCard()
    rng = np.random.default_rng(1)
    for height, width in ((64, 96), (160, 32)):
        pixels = rng.random((1, 3, height, width), dtype=np.float32)
        ours, theirs = detector._network(pixels), run(pixels)
        assert theirs.shape == (1, 5, height * width * 21 // 1024)
        likely = theirs[:, :, theirs[0, 4] >= training.LEAST_SCORE]
        assert 0 < likely.shape[2] < theirs.shape[2]
        np.testing.assert_allclose(ours, likely, rtol=1e-3, atol=1e-3)


def test_exported_network_without_a_likely_anchor(tmp_path, untrained, monkeypatch):
    monkeypatch.setattr(training, "LEAST_SCORE", 0.999)
    path = training.export_detector(untrained, tmp_path / "net.onnx")
    detector = FaceDetector(path, score_threshold=0)
    assert detector._network(np.zeros((1, 3, 64, 96), np.float32)).shape == (1, 5, 0)
    boxes, scores = detector.detect(np.zeros((64, 96, 3), np.uint8))
    assert boxes.shape == (0, 4) and scores.shape == (0,)


def test_both_files_find_the_same_boxes(tmp_path, untrained):
    least = training.LEAST_SCORE
    pt = training.save_detector(untrained, tmp_path / "net.pt", score_threshold=least)
    onnx = training.export_detector(pt, tmp_path / "net.onnx")
    photo = np.random.default_rng(2).integers(0, 255, (90, 140, 3), dtype=np.uint8)
    boxes, scores = FaceDetector(onnx).detect(photo)
    other_boxes, other_scores = FaceDetector(pt).detect(photo)
    # Untrained scores lie so close together that rounding may swap neighbors.
    assert len(boxes) == pytest.approx(len(other_boxes), abs=2)
    overlaps = iou_matrix(boxes[:20], other_boxes)
    assert overlaps.max(axis=1).min() > 0.99
    np.testing.assert_allclose(scores[:20], other_scores[:20], rtol=1e-3)


def test_saved_file_is_small_private_and_carries_its_card(tmp_path, untrained):
    path = training.save_detector(untrained, tmp_path / "face.pt", score_threshold=0.4)
    assert path.stat().st_size < untrained.stat().st_size * 0.6
    assert b"/home/someone" not in path.read_bytes()
    assert training.load_network(path)[1] == DetectorCard(score_threshold=0.4)
    again = training.save_detector(path, tmp_path / "again.pt", iou_threshold=0.5)
    card = training.load_network(again)[1]
    assert asdict(card) == asdict(DetectorCard(score_threshold=0.4, iou_threshold=0.5))
    assert list(tmp_path.glob("*unfinished*")) == []


def test_card_goes_into_the_onnx_file(tmp_path, untrained):
    onnx = pytest.importorskip("onnx")
    path = training.export_detector(
        untrained, tmp_path / "net.onnx", score_threshold=0.3
    )
    graph = onnx.load(path)
    stored = {entry.key: entry.value for entry in graph.metadata_props}
    assert stored == {
        "labels": "face",
        "score_threshold": "0.3",
        "iou_threshold": "0.6",
        "input_size": "640",
        "stride": "32",
    }
    assert max(entry.version for entry in graph.opset_import) <= 17
    with pytest.raises(TypeError):
        training.export_detector(untrained, tmp_path / "no.onnx", threshold=0.3)


def test_networks_of_other_kinds_are_refused(tmp_path):
    import torch
    from ultralytics.nn.tasks import DetectionModel

    many = tmp_path / "coco.pt"
    torch.save({"model": DetectionModel("yolov8n.yaml", nc=80, verbose=False)}, many)
    with pytest.raises(ValueError, match="tells 80 classes apart"):
        FaceDetector(many)
    broken = tmp_path / "broken.pt"
    broken.write_bytes(b"<html>404</html>")
    with pytest.raises(ValueError, match="is not a file that Ultralytics wrote"):
        FaceDetector(broken)


class RunsCode:
    """Written to a pickle, it makes a folder where one is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("plain", [True, False], ids=["pickle", "torch's zip"])
def test_a_pickle_runs_no_code(tmp_path, plain):
    import torch

    trap = tmp_path / "ran"
    content = {"model": RunsCode(trap)}
    pickle.loads(pickle.dumps(content))
    trap.rmdir()  # the trap works
    path = tmp_path / "trap.pt"
    if plain:
        path.write_bytes(pickle.dumps(content))
    else:
        torch.save(content, path)
    with pytest.raises(ValueError, match=r"trap\.pt is not a file that Ultralytics"):
        FaceDetector(path)
    assert not trap.exists()


def test_a_pickle_runs_no_code_where_ultralytics_was_imported_before(tmp_path):
    import torch

    trap, path = tmp_path / "ran", tmp_path / "trap.pt"
    torch.save({"model": RunsCode(trap)}, path)
    code = (
        "import sys, ultralytics, ultralytics.nn.tasks\n"
        "from fer_course.detection.detector import FaceDetector\n"
        "try:\n    FaceDetector(sys.argv[1])\n"
        "except ValueError as error:\n    print(error)\n"
    )
    unset = ("ULTRALYTICS_SAFE_LOAD",)
    found = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if k not in unset}
        | {"PYTHONPATH": str(ROOT)},
        check=True,
    )
    assert "trap.pt is not a file that Ultralytics wrote" in found.stdout
    assert not trap.exists()


def test_a_prepared_folder_may_be_moved(tmp_path):
    from ultralytics.data.utils import check_det_dataset

    before, after = tmp_path / "before", tmp_path / "after"
    for split in ("train", "choose"):
        (before / "images" / split).mkdir(parents=True)
    dataset._write_yaml(before)
    before.rename(after)
    found = check_det_dataset(str(after / "faces.yaml"))
    assert found["train"] == str(after / "images" / "train")
    assert found["val"] == str(after / "images" / "choose")


@pytest.mark.parametrize("name", ["noise.pt", "noise.onnx", "photo.jpg"])
def test_start_weights_that_are_none_are_named(tmp_path, drawn_dataset, name):
    (tmp_path / name).write_bytes(b"no weights")
    with pytest.raises(ValueError, match=f"{name} is not a file that Ultralytics"):
        training.train_detector(
            drawn_dataset, tmp_path / "run", weights=tmp_path / name
        )


FILL_THE_DISK = """
import resource, sys
from types import SimpleNamespace
from pathlib import Path
from fer_course.detection import resuming
import torch
network = torch.nn.Linear(500, 500)
trainer = SimpleNamespace(
    last=Path("last.pt"), wdir=Path(), epoch=1, model=network,
    ema=SimpleNamespace(ema=network, updates=1),
    optimizer=torch.optim.AdamW(network.parameters()),
)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    resuming.keep_epoch(trainer)
except OSError as error:
    print(error.filename, [path.name for path in Path().iterdir()])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux' limits")
def test_a_full_disk_leaves_no_half_state(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FILL_THE_DISK],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "state-1.pt []\n"


def test_missing_files_are_named(tmp_path, drawn_dataset):
    with pytest.raises(FileNotFoundError, match=r"No data set at .*nowhere\.yaml"):
        training.train_detector(tmp_path / "nowhere.yaml", tmp_path)
    with pytest.raises(
        FileNotFoundError, match=r"Start weights .*none\.pt are missing"
    ):
        training.train_detector(drawn_dataset, tmp_path, weights=tmp_path / "none.pt")
    with pytest.raises(ValueError, match=r"Refining goes on .*an earlier run's"):
        training.train_detector(drawn_dataset, tmp_path, refine=True)
    with pytest.raises(ValueError, match="Refining has epochs of its own"):
        training.train_detector(
            drawn_dataset, tmp_path, refine=True, quick=True, weights="a.pt"
        )
    with pytest.raises(FileNotFoundError, match="No epoch to carry on from"):
        training.train_detector(drawn_dataset, tmp_path, resume=True)


def test_a_resumed_run_keeps_its_settings(tmp_path, drawn_dataset):
    with pytest.raises(ValueError, match="leave out epochs, image_size, or start"):
        training.train_detector(
            drawn_dataset, tmp_path, resume=True, epochs=3, image_size=320
        )
    with pytest.raises(ValueError, match="leave out weights, or start"):
        training.train_detector(drawn_dataset, tmp_path, resume=True, weights="a.pt")


@pytest.mark.parametrize("share", [0, 0.0004, 0.002, 0.5, 0.9999])
def test_resume_falls_back_on_the_copy(tmp_path, untrained, share):
    weights = tmp_path / "weights"
    weights.mkdir()
    (weights / "previous.pt").write_bytes(untrained.read_bytes())
    whole = untrained.read_bytes()
    (weights / "last.pt").write_bytes(whole[: int(len(whole) * share)])
    assert resumable(tmp_path, training._load) == weights / "last.pt"
    assert (weights / "last.pt").read_bytes() == whole


@pytest.mark.parametrize("fitness", [0.4, 0.3])
def test_resume_mends_a_best_epoch_that_was_not_written(tmp_path, untrained, fitness):
    """A kill between last.pt and best.pt, which Ultralytics writes in this order."""
    import torch

    weights = tmp_path / "weights"
    weights.mkdir()
    content = torch.load(untrained, weights_only=False)
    content |= {"best_fitness": 0.4, "train_metrics": {"fitness": fitness}}
    torch.save(content, weights / "last.pt")
    (weights / "best.pt").write_bytes(b"half")
    resumable(tmp_path, training._load)
    wanted = (weights / "last.pt").read_bytes() if fitness == 0.4 else b"half"
    assert (weights / "best.pt").read_bytes() == wanted


def test_resume_drops_what_was_written_of_an_epoch_that_was_not_kept(
    tmp_path, untrained
):
    """A kill between the csv's line and the checkpoint: the epoch is run again."""
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "last.pt").write_bytes(untrained.read_bytes())  # epoch 4
    rows = [f"{epoch},{epoch}.5\n" for epoch in (1, 2, 3, 4, 5)]
    csv = tmp_path / "results.csv"
    csv.write_text("".join(["epoch,time\n", *rows]))
    resumable(tmp_path, training._load)
    assert csv.read_text() == "".join(["epoch,time\n", *rows[:4]])


def test_a_complete_run_is_returned_as_it_lies(tmp_path, drawn_dataset, untrained):
    """So that a run killed between training and export can still be finished."""
    (tmp_path / "weights").mkdir()
    last = training.save_detector(untrained, tmp_path / "weights" / "last.pt")
    before = last.read_bytes()
    trained = training.train_detector(drawn_dataset, tmp_path, resume=True)
    assert trained.last == last and last.read_bytes() == before
    assert trained.history == tmp_path / "results.csv"
    assert [path.name for path in tmp_path.iterdir()] == ["weights"]


def test_history_has_plain_names(tmp_path):
    csv = tmp_path / "results.csv"
    csv.write_text(
        "epoch,time,train/box_loss,metrics/precision(B),metrics/recall(B),"
        "metrics/mAP50(B),metrics/mAP50-95(B),val/box_loss,lr/pg0,lr/pg1\n"
        "1,60.5,1.5,0.8,0.6,0.7,0.4,1.4,0.001,0.001\n"
    )
    frame = training.read_history(csv)
    assert list(frame) == [
        "epoch",
        "time_s",
        "train_box_loss",
        "precision",
        "recall",
        "map50",
        "map50_95",
        "val_box_loss",
        "learning_rate",
    ]
    assert frame.map50[0] == 0.7


def test_gpus_are_named_to_ultralytics_if_they_are_there(
    monkeypatch, drawn_dataset, untrained
):
    import torch

    asked = {}

    class Yolo:
        def __init__(self, checkpoint, task):
            self.train = asked.update
            self.add_callback = lambda event, callback: None

    monkeypatch.setattr(training, "import_ultralytics", lambda: ultralytics)
    monkeypatch.setattr(ultralytics, "YOLO", Yolo, raising=False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    run = {"weights": untrained, "out": drawn_dataset.parent / "run"}
    training.train_detector(drawn_dataset, **run, gpus=(0, 1))
    assert asked["device"] == "0,1"
    with pytest.raises(ValueError, match=r"There is no GPU 2: PyTorch sees 2 on"):
        training.train_detector(drawn_dataset, **run, gpus=(1, 2))


def test_of_several_processes_the_first_saves_and_tells(monkeypatch, tmp_path):
    """Ultralytics sends the events to a process per GPU, pickled."""
    cloudpickle = pytest.importorskip("cloudpickle")
    sent = cloudpickle.dumps(events.training_events(print))
    ours = cloudpickle.loads(sent)
    import torch

    network = torch.nn.Linear(1, 1)
    trainer = SimpleNamespace(
        last=tmp_path / "last.pt",
        wdir=tmp_path,
        epoch=0,
        model=network,
        ema=SimpleNamespace(ema=network, updates=1),
        optimizer=torch.optim.AdamW(network.parameters()),
    )
    for rank, names in (
        ("1", {"last.pt"}),
        ("0", {"last.pt", "previous.pt", "state-0.pt"}),
    ):
        trainer.last.write_text("weights")
        monkeypatch.setenv("RANK", rank)
        ours["on_train_epoch_end"](trainer)
        assert {path.name for path in tmp_path.iterdir()} == names
    assert (tmp_path / "previous.pt").read_text() == "weights"
    monkeypatch.setenv("RANK", "1")
    ours["on_fit_epoch_end"](trainer)  # it has measured nothing, and tells nothing


def test_losses_are_computed_in_float32():
    import torch

    outputs = {"boxes": torch.ones(2, dtype=torch.bfloat16), "more": [torch.ones(1)]}
    found = events._to_float32(outputs)
    assert found["boxes"].dtype == found["more"][0].dtype == torch.float32


def test_faces_assigned_photo_by_photo_are_those_of_the_whole_batch():
    import torch
    from ultralytics.utils.tal import TaskAlignedAssigner

    torch.manual_seed(0)
    counts, most = (5, 0, 1, 12), 12
    points = torch.cartesian_prod(*[torch.arange(4.0, 128, 8)] * 2)
    places = len(points)
    corners = torch.rand(4, most, 2) * 80
    truth = torch.cat([corners, corners + 10 + 40 * torch.rand(4, most, 2)], 2)
    mask = torch.arange(most)[None, :, None] < torch.tensor(counts)[:, None, None]
    scores = torch.rand(4, places, 1)
    near = points.repeat(4, 1, 1) + 8 * torch.randn(4, places, 2)
    boxes = torch.cat([near - 20, near + 20], 2)
    batch = (scores, boxes, points, torch.zeros(4, most, 1), truth * mask, mask)

    assigner = TaskAlignedAssigner(topk=10, num_classes=1, alpha=0.5, beta=6.0)
    whole = assigner(*batch)
    apart = events.assign_one_by_one(assigner.forward, *batch)
    assert whole[3].any(1).tolist() == [True, False, True, True]
    for one, other in zip(whole, apart, strict=True):
        assert one.dtype == other.dtype
        # a photo without faces has no boxes to be compared
        np.testing.assert_allclose(one[[0, 2, 3]], other[[0, 2, 3]], rtol=1e-6)
    assert not apart[2][1].any() and not apart[3][1].any()


def test_the_saved_weights_are_an_average_over_some_epochs():
    import torch
    from ultralytics.utils.torch_utils import ModelEMA

    network = torch.nn.Linear(1, 1, bias=False)
    trainer = SimpleNamespace(ema=ModelEMA(network))
    events.average_weights(trainer)

    def follow(values):
        for value in values:
            torch.nn.init.constant_(network.weight, value)
            trainer.ema.update(network)
        return trainer.ema.ema.weight.item()

    # as a network that jumps across a valley; Ultralytics' own is at 0.4 here
    assert abs(follow([1.0, -1.0] * 600)) < 0.01
    assert 1.5 < follow([5.0] * 200) < 2.0  # a third of what is new


def test_progress_is_told_in_lines():
    lines = []
    told = events.training_events(lines.append)
    trainer = SimpleNamespace(
        train_loader=range(100),
        epoch=0,
        epochs=2,
        tloss={"box_loss": 1.25},
        metrics={"metrics/mAP50(B)": 0.5},
    )
    for _ in range(25):
        told["on_train_batch_start"](trainer)
        told["on_train_batch_end"](trainer)
    told["on_fit_epoch_end"](trainer)
    trainer.epoch = 2
    told["on_fit_epoch_end"](trainer)
    assert len(lines) == 2
    assert "s a step, about" in lines[0]
    assert lines[1].startswith("epoch 1 of 2 after 0.0 min: box_loss 1.250; AP50")
    assert "on_train_batch_end" not in events.training_events(None)


def test_a_time_limit_keeps_the_share_of_plain_epochs(monkeypatch):
    monkeypatch.setattr(events.resuming, "seed_epoch", lambda trainer: None)
    keep_share = events.training_events(None)["on_train_epoch_start"]
    trainer = SimpleNamespace(
        epochs=100, args=SimpleNamespace(close_mosaic=20), ema=SimpleNamespace()
    )
    keep_share(trainer)
    assert trainer.args.close_mosaic == 20
    assert trainer.ema.decay(10_000) == events.EMA_DECAY  # ours, after a NaN too
    trainer.epochs = 15  # all that the time allows
    keep_share(trainer)
    assert trainer.args.close_mosaic == 3


TRAIN_UNTIL_KILLED = """
import os, signal, sys
from fer_course.detection import training
yaml, out, start, event, epoch = sys.argv[1:]
plain = training.training_events

def with_kill(*args):
    def run(trainer):
        known(trainer)
        if trainer.epoch == int(epoch):
            os.kill(os.getpid(), signal.SIGKILL)
    events = plain(*args)
    known = events.get(event, lambda trainer: None)
    return events | {event: run}

training.training_events = with_kill
training.train_detector(
    yaml, out, weights=start, epochs=4, image_size=64, batch_size=4, threads=1
)
"""


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory, drawn_dataset, untrained):
    """A run of four epochs that nothing disturbed, and its start weights."""
    folder = tmp_path_factory.mktemp("whole")
    start = training.save_detector(untrained, folder / "start.pt")
    options = {"weights": start, "image_size": 64, "batch_size": 4, "threads": 1}
    run = training.train_detector(
        drawn_dataset, folder / "run", epochs=4, progress=None, **options
    )
    return run, start


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize(
    ("event", "epoch"),
    [
        ("on_train_batch_end", 1),  # within an epoch
        ("on_train_epoch_end", 2),  # its state is written, its checkpoint is not
        ("on_model_save", 2),  # both are: mosaics are off from here on
        ("on_fit_epoch_end", 0),
    ],
)
def test_a_killed_run_ends_as_one_that_was_not(
    tmp_path, drawn_dataset, whole_run, event, epoch
):
    whole, start = whole_run
    out = tmp_path / "cut"
    arguments = [str(drawn_dataset), str(out), str(start), event, str(epoch)]
    done = subprocess.run([sys.executable, "-c", TRAIN_UNTIL_KILLED, *arguments])
    assert done.returncode == -signal.SIGKILL
    resumed = training.train_detector(
        drawn_dataset, out, resume=True, threads=1, progress=None
    )
    histories = [
        training.read_history(run.history).drop(columns="time_s")
        for run in (whole, resumed)
    ]
    assert histories[0].epoch.tolist() == [1, 2, 3, 4]
    assert histories[0].to_csv() == histories[1].to_csv()
    names = {"best.pt", "last.pt"}
    assert {path.name for path in (out / "weights").iterdir()} == names
    detector = FaceDetector(resumed.weights, score_threshold=1e-6)
    assert detector.detect(np.zeros((64, 64, 3), np.uint8))[0].shape[1] == 4


def test_refining_holds_the_backbone_still(tmp_path, drawn_dataset, untrained):
    import torch

    start = training.save_detector(untrained, tmp_path / "start.pt")
    small = {"epochs": 1, "image_size": 64, "batch_size": 4, "threads": 1}
    run = training.train_detector(
        drawn_dataset,
        tmp_path / "run",
        weights=start,
        refine=True,
        progress=None,
        **small,
    )
    before, after = (
        training._load(path)[0].float().state_dict() for path in (start, run.last)
    )
    moved = {
        int(name.split(".")[1])
        for name, value in before.items()
        if not torch.equal(value, after[name])
    }
    assert moved and min(moved) >= 10


@pytest.mark.slow
def test_training_does_not_crash_beside_tensorflow():
    """Triton's libraries beside TensorFlow's end in a segmentation fault."""
    pytest.importorskip("tensorflow")
    code = (
        "import tensorflow\n"
        "from fer_course.detection.training import import_ultralytics\n"
        "import_ultralytics()\n"
        "import torch\n"
        "torch.use_deterministic_algorithms(True)\n"  # what a training starts with
        "print('alive')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "alive" in done.stdout, (done.returncode, done.stderr[-500:])
