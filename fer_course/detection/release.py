"""From a finished training run to the two files that are shipped and served.

In: a run's `best.pt` and the prepared `choose` photos. Out: a small `.pt` file and its
`.onnx` twin, in 8-bit integers where that costs next to nothing, both with the input
size and the score threshold that do best on those photos. Notebook 02.
"""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fer_course.detection.comparison import LOWEST_SCORE
from fer_course.detection.dataset import read_prepared
from fer_course.detection.detector import FaceDetector
from fer_course.detection.evaluation import (
    precision_recall,
    score_set,
    scored_precision,
)
from fer_course.detection.quantization import CALIBRATION_PHOTOS, quantize_detector
from fer_course.detection.training import export_detector, save_detector
from fer_course.files import write_atomically
from fer_course.settings import SEED, settings

# Small faces gain from larger pictures. From 832 px on ours would take more than three
# times as long as YuNet does at 640 px: that is where it stops to be worth it.
INPUT_SIZES = (640, 704, 768)
MOST_LOST = 0.005  # of mean AP, for int8 to be worth it


@dataclass(frozen=True)
class OperatingPoint:
    """How a detector is best used, by the `choose` photos.

    Attributes:
        input_size: longer side of the photo as the network sees it, px.
        score_threshold: the score with the best F1: a missed face and a false alarm
            count as equally bad, and whoever minds one more moves the slider.
        mean_ap50: input size -> AP at IoU 0.5, mean over the sets with faces.
    """

    input_size: int
    score_threshold: float
    mean_ap50: dict[int, float]


def choose_operating_point(detectors, *, prepared=None):
    """Return which input size and score threshold suit a detector.

    Args:
        detectors: input size -> object with `detect` that reports down to
            `LOWEST_SCORE`.
        prepared: folder that `prepare_yolo` wrote; None means `detection-yolo` under
            the course's data folder.

    Raises:
        FileNotFoundError: nothing was prepared there.
        ValueError: no face is found at any threshold.
    """
    photos = read_prepared(prepared or settings().data / "detection-yolo", "choose")
    scored, means = {}, {}
    for size, detector in detectors.items():
        found = [detector.detect(photo.path) for photo in photos]
        scored[size] = score_set(found, photos)
        means[size] = round(_mean_ap50(found, photos), 4)
    best = max(means, key=means.get)
    thresholds, precision, recall = precision_recall(scored[best])
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    if not f1.size or not f1.max() > 0:
        raise ValueError("The detector finds none of the faces: train it longer.")
    # rounded down: the box that the threshold was read off stays in
    threshold = float(np.floor(1000 * thresholds[f1.argmax()]) / 1000)
    return OperatingPoint(best, threshold, means)


@dataclass(frozen=True)
class Release:
    """What was chosen on the `choose` photos and written into both files.

    Attributes:
        point: how to use the `.onnx` file.
        precision: "int8" or "float32", of the `.onnx` file.
        lost: mean AP that int8 costs at the chosen input size.
    """

    point: OperatingPoint
    precision: str
    lost: float


def finish_detector(
    weights, pt_path, onnx_path, *, input_sizes=INPUT_SIZES, prepared=None
):
    """Write a trained detector as `.pt` and `.onnx`, with the way to use it inside.

    Args:
        weights: a run's best.pt.
        pt_path: where the `.pt` file goes.
        onnx_path: where its twin goes, in int8 if that costs at most `MOST_LOST`.
        input_sizes: px to choose among.
        prepared: as in `choose_operating_point`.

    Returns:
        `Release`.
    """
    prepared = prepared or settings().data / "detection-yolo"
    export_detector(weights, onnx_path)
    detectors = {size: _detector_at(onnx_path, size) for size in input_sizes}
    point = choose_operating_point(detectors, prepared=prepared)
    size = point.input_size
    photos = [photo.path for photo in read_prepared(prepared, "train")]
    order = np.random.default_rng(SEED).permutation(len(photos))[:CALIBRATION_PHOTOS]
    int8_path = Path(onnx_path).with_suffix(".int8.onnx")
    quantize_detector(onnx_path, int8_path, [photos[k] for k in order], size)
    int8 = choose_operating_point(
        {size: _detector_at(int8_path, size)}, prepared=prepared
    )
    lost = round(point.mean_ap50[size] - int8.mean_ap50[size], 4)
    if worth := lost <= MOST_LOST:
        point = replace(point, score_threshold=int8.score_threshold)
        os.replace(int8_path, onnx_path)
    int8_path.unlink(missing_ok=True)
    card = {"input_size": size, "score_threshold": point.score_threshold}
    save_detector(weights, pt_path, **card)
    _write_card(onnx_path, **card)
    return Release(point, "int8" if worth else "float32", lost)


def _detector_at(model, input_size):
    detector = FaceDetector(model, score_threshold=LOWEST_SCORE)
    detector.card = replace(detector.card, input_size=input_size)
    return detector


def _write_card(onnx_path, **card):
    import onnx

    graph = onnx.load(onnx_path)
    stored = {entry.key: entry.value for entry in graph.metadata_props}
    stored |= {name: str(value) for name, value in card.items()}
    onnx.helper.set_model_props(graph, stored)
    write_atomically(onnx_path, graph.SerializeToString())


def _mean_ap50(found, photos):
    """Return the mean of the sets' average precisions, sets without faces left out."""
    names = np.array([photo.dataset for photo in photos])
    areas = []
    for name in dict.fromkeys(names):
        rows = np.flatnonzero(names == name)
        scored = score_set([found[k] for k in rows], [photos[k] for k in rows])
        if len(scored.face_sizes):
            areas.append(scored_precision(scored))
    return float(np.mean(areas)) if areas else 0.0
