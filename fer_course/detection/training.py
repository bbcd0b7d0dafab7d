"""Fine-tune YOLOv8n on faces through Ultralytics, and export it to ONNX.

In: the yaml that `dataset.prepare_yolo` wrote and start weights (`yolov8n.pt`).
Out: a run folder with weights and a history table, and the two files that
`FaceDetector` reads. Notebook 02 explains each setting. The only module that
imports Ultralytics: it is kept from fetching, installing or sending anything.
"""

import io
import os
import sys
import time
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from fer_course.detection.detector import DetectorCard
from fer_course.detection.recipe import FULL, QUICK, REFINE
from fer_course.detection.resuming import resumable, write_content
from fer_course.detection.training_events import training_events
from fer_course.files import write_atomically
from fer_course.settings import ROOT, SEED, settings, usable_cores

START_WEIGHTS = "yolov8n.pt"
# As low as Ultralytics goes where it measures average precision.
LEAST_SCORE = 0.001

_FIXED = {
    "workers": 0 if os.name == "nt" else min(8, usable_cores()),
    "seed": SEED,
    "patience": 0,  # never stop early: the schedule ends with the last epoch
    "max_det": 1000,
}


@dataclass(frozen=True)
class TrainedDetector:
    """What a training run left behind.

    Attributes:
        weights: the epoch that did best on the `choose` photos.
        last: the last epoch; `train_detector(resume=True)` carries on from it.
        history: csv, one row an epoch: losses, precision, recall, mAP, rates.
        duration_s: seconds this call took.
    """

    weights: Path
    last: Path
    history: Path
    duration_s: float


def import_ultralytics():
    """Return the Ultralytics package, kept off the network and out of the home.

    Its switches are environment variables read on import, so this function comes
    before any other import of it. A switch that the user has set stays.
    """
    folder = settings().data / "ultralytics"
    for name, value in {
        "YOLO_OFFLINE": "true",
        "YOLO_AUTOINSTALL": "false",
        "ULTRALYTICS_SAFE_LOAD": "1",  # weights only: a .pt file runs no code
        "YOLO_CONFIG_DIR": str(folder),
        "OMP_NUM_THREADS": str(usable_cores()),  # Ultralytics would set 1
    }.items():
        os.environ.setdefault(name, value)
    if "ultralytics" not in sys.modules:
        folder.mkdir(parents=True, exist_ok=True)
    if "tensorflow" in sys.modules:
        # torch would load triton for nothing, and beside TensorFlow's libraries
        # triton's end the process with a segmentation fault
        sys.modules.setdefault("triton", None)
    printing = np.get_printoptions()
    import ultralytics

    np.set_printoptions(**printing)  # the import changes how arrays are shown
    safe = ultralytics.utils.env_bool("ULTRALYTICS_SAFE_LOAD")
    for name in ("ultralytics.utils", "ultralytics.nn.tasks"):
        if name in sys.modules:  # it may have been imported before the switch was set
            sys.modules[name].SAFE_LOAD = safe
    if ultralytics.settings["sync"]:
        trackers = ("clearml", "comet", "dvc", "mlflow", "raytune")
        ultralytics.settings.update({"sync": False, **dict.fromkeys(trackers, False)})
    return ultralytics


def train_detector(
    data_yaml,
    out,
    *,
    weights=None,
    quick=False,
    refine=False,
    epochs=None,
    image_size=None,
    batch_size=None,
    learning_rate=None,
    hours=None,
    threads=None,
    gpus=None,
    resume=False,
    progress=print,
):
    """Fine-tune YOLOv8n on the training photos and return where the result lies.

    After each epoch the network is measured on the yaml's `val` photos, which are
    the fixed tenth `choose`, and saved. Writes under `out`, and what Ultralytics
    keeps beside the labels and in `data/ultralytics`.

    Args:
        data_yaml: the file that `prepare_yolo` wrote.
        out: folder of the run; made if missing.
        weights: start weights; None means `yolov8n.pt` in the course's folder.
        quick: one epoch at 320 px instead of a hundred at 640 px.
        refine: six epochs from `weights` that know faces, the backbone held still.
        epochs: overrides the recipe's number.
        image_size: overrides the recipe's longer side, px.
        batch_size: overrides the recipe's photos a step.
        learning_rate: overrides the recipe's peak; lower it, or `refine`, to go on from
            weights that know faces already.
        hours: time to train for; the schedule is fitted to it after each epoch, and
            the number of epochs is only the first guess.
        threads: processor threads; None means one a core.
        gpus: numbers of the GPUs that share each step's photos, such as (0, 1), a
            process each (Ultralytics' DDP); None means the first, or the processor.
        resume: carry on with the run in `out` where it stopped, as it was set; a
            complete run is returned as it lies there.
        progress: called with one line an epoch; None for silence.

    Raises:
        FileNotFoundError: the yaml, the start weights or, to resume, the run's
            last epoch is missing.
        ValueError: the settings of a run to resume were to change, there is nothing to
            refine, the start weights are none, or a GPU is not there.
    """
    start = time.perf_counter()
    out, data_yaml = Path(out).resolve(), Path(data_yaml).resolve()
    if not data_yaml.is_file():
        raise FileNotFoundError(
            f"No data set at {data_yaml}. Make it with "
            "'python -m fer_course data prepare detection' (notebook 01)."
        )
    changed = {
        "epochs": epochs,
        "image_size": image_size,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
    }
    changed = {name: value for name, value in changed.items() if value is not None}
    fixed = [*changed, *["weights"] * (weights is not None)]
    if resume and fixed:
        raise ValueError(
            f"A resumed run keeps its settings: leave out {', '.join(fixed)}, or "
            "start a new run."
        )
    if refine and weights is None and not resume:
        raise ValueError(
            "Refining goes on from weights that know faces: name an earlier run's "
            "(weights=..., --weights)."
        )
    if refine and quick:
        raise ValueError("Refining has epochs of its own: leave out quick, or refine.")
    ultralytics = import_ultralytics()
    checkpoint = resumable(out, _load) if resume else _start_weights(weights)
    if checkpoint is None:
        return _trained(out, start)
    model = ultralytics.YOLO(checkpoint, task="detect")
    for event, callback in training_events(progress, threads).items():
        model.add_callback(event, callback)
    arguments = {"data": str(data_yaml), "save_dir": str(out), "plots": False}
    if hours:
        arguments["time"] = hours
    if gpus:
        arguments["device"] = _present(gpus)
    if resume:
        arguments["resume"] = True
    else:
        recipe = replace(QUICK if quick else REFINE if refine else FULL, **changed)
        arguments |= _FIXED | recipe.to_ultralytics() | {"cache": not quick and "ram"}
    level = ultralytics.utils.LOGGER.level
    ultralytics.utils.LOGGER.setLevel("ERROR")  # it warns of its own settings
    try:
        model.train(**arguments)
    finally:
        ultralytics.utils.LOGGER.setLevel(level)
    return _trained(out, start)


def _present(gpus):
    """Return GPUs as Ultralytics names them, after a look whether they are there."""
    import torch

    count = torch.cuda.device_count()
    if max(gpus) >= count:
        raise ValueError(
            f"There is no GPU {max(gpus)}: PyTorch sees {count} on this machine, "
            "numbered from 0. Name others, or leave gpus (--gpus) out."
        )
    return ",".join(map(str, gpus))


def _trained(out, start):
    folder = out / "weights"
    return TrainedDetector(
        weights=folder / "best.pt",
        last=folder / "last.pt",
        history=out / "results.csv",
        duration_s=time.perf_counter() - start,
    )


def read_history(csv):
    """Return a run's history as a pandas frame with plain column names.

    Columns: epoch, time_s (since the run began or was resumed), losses on both parts,
    and precision, recall, map50 (AP at IoU 0.5), map50_95 on `choose`.
    """
    import pandas as pd

    frame = pd.read_csv(csv)
    names = {
        "time": "time_s",
        "metrics/precision(B)": "precision",
        "metrics/recall(B)": "recall",
        "metrics/mAP50(B)": "map50",
        "metrics/mAP50-95(B)": "map50_95",
        "lr/pg0": "learning_rate",
    }
    frame = frame.rename(columns=lambda name: names.get(name.strip(), name.strip()))
    frame = frame.drop(columns=[name for name in frame if name.startswith("lr/")])
    return frame.rename(columns=lambda name: name.replace("/", "_"))


def load_network(path):
    """Return a detector's .pt file as a function, and its card.

    The function maps (1, 3, H, W) float32 RGB in 0..1, H and W multiples of the
    stride, to (1, 5, A) float32: center x, center y, width, height in px, score.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file holds no detector of one class.
    """
    network, card = _load_fused(path)
    import torch

    network.model[-1].export = True  # the decoded detections alone

    def run(pixels):
        with torch.inference_mode():
            return network(torch.from_numpy(pixels)).numpy()

    return run, card


def save_detector(weights, path, **card):
    """Write `weights` in half precision, fit for carrying on, and return the path.

    Optimizer state, settings and folders of the machine that trained are left out.

    Args:
        weights: a run's best.pt or last.pt.
        path: the file to write.
        **card: fields of `DetectorCard` that differ from what `weights` says.
    """
    network, checkpoint = _load(weights)
    network.args = {"task": "detect"}
    network.pt_path = Path(path).name
    network.criterion = None
    for parameter in network.parameters():
        parameter.requires_grad = False
    content = {
        "epoch": -1,
        "model": network.half(),
        "train_args": {"task": "detect"},
        "version": checkpoint.get("version"),
        "license": "AGPL-3.0",
        "fer_course": asdict(_card(checkpoint, card)),
    }
    write_content(path, content)
    return Path(path)


def export_detector(weights, onnx_path, **card):
    """Write a detector as one float32 ONNX file and return its path.

    Input `images` (1, 3, H, W) float32 RGB in 0..1, H and W free multiples of the
    stride; output `detections` (1, 5, A) as in `load_network`, but of the anchors with
    a score of `LEAST_SCORE` or more alone. Overlaps are not removed in the graph:
    `boxes.nms` does that, in view. The card goes into the file's `metadata_props`.

    Args:
        weights: a .pt file of this course.
        onnx_path: the file to write.
        **card: fields of `DetectorCard` that differ from what `weights` says, such
            as `score_threshold=0.4`.
    """
    network, stored = _load_fused(weights)
    import onnx
    import torch

    head = network.model[-1]
    head.dynamic, head.export, head.format = True, True, "onnx"
    head._inference = partial(_decode_likely, head)
    buffer = io.BytesIO()
    torch.onnx.export(
        network,
        (torch.zeros(1, 3, 384, 640),),
        buffer,
        opset_version=17,
        input_names=["images"],
        output_names=["detections"],
        dynamic_axes={
            "images": {2: "height", 3: "width"},
            "detections": {2: "anchors"},
        },
        dynamo=False,
    )
    graph = onnx.load_model_from_string(buffer.getvalue())
    properties = asdict(replace(stored, **card))
    onnx.helper.set_model_props(
        graph, {name: str(value) for name, value in properties.items()}
    )
    onnx.checker.check_model(graph)
    write_atomically(onnx_path, graph.SerializeToString())
    return Path(onnx_path)


def _decode_likely(head, raw):
    """Return (1, 5, A) of the anchors with a score of `LEAST_SCORE` or more.

    In place of the last step of Ultralytics' `Detect`, whose arguments it takes: that
    works out the boxes of the many anchors without a face too.
    """
    import torch
    from ultralytics.utils.tal import dist2bbox, make_anchors

    scores = raw["scores"].sigmoid()
    likely = (scores[0, 0] >= LEAST_SCORE).nonzero()[:, 0]
    anchors, strides = (
        each[likely].T for each in make_anchors(raw["feats"], head.stride, 0.5)
    )
    bins = raw["boxes"].view(1, 4, head.reg_max, -1)[..., likely].softmax(2)
    sides = (bins * torch.arange(head.reg_max).view(-1, 1)).sum(2)
    boxes_xywh = dist2bbox(sides, anchors[None], xywh=True, dim=1) * strides
    return torch.cat((boxes_xywh, scores[..., likely]), 1)


def _start_weights(weights):
    path = Path(weights) if weights is not None else ROOT / START_WEIGHTS
    if not path.is_file():
        raise FileNotFoundError(
            f"Start weights {path} are missing: get yolov8n.pt by `python -m "
            "fer_course data get yolov8n`, or name a file of yours (`weights=...`)."
        )
    _load(path)  # refuses what holds no weights
    return path


def _load(path):
    """Return a .pt file's network, float32, and the rest of its content."""
    if not Path(path).is_file():
        raise FileNotFoundError(f"There is no file {path}. Train a detector first.")
    import_ultralytics()
    from ultralytics.nn.tasks import load_checkpoint

    try:
        return load_checkpoint(str(path))
    except (
        AssertionError,
        TypeError,
        KeyError,
        AttributeError,
        OSError,
        RuntimeError,
        ValueError,
    ) as e:
        raise ValueError(
            f"{path} is not a file that Ultralytics wrote, or it is damaged."
        ) from e


def _load_fused(path):
    network, checkpoint = _load(path)
    classes = getattr(network.model[-1], "nc", None)
    if classes != 1:
        raise ValueError(
            f"{path} tells {classes} classes apart, a face detector knows one. "
            "Fine-tune it with `train_detector` first."
        )
    return network.fuse(verbose=False).eval(), _card(checkpoint)


def _card(checkpoint, changes=None):
    return DetectorCard(**{**checkpoint.get("fer_course", {}), **(changes or {})})
