"""From a finished training run to the two files that are shipped and served.

In: a run's `best.pt` and the prepared `choose` photos. Out: a small `.pt` file and its
`.onnx` twin, both with the input size and the score threshold that do best on those
photos. Notebook 02.
"""

from dataclasses import dataclass, replace

import numpy as np

from fer_course.detection.comparison import LOWEST_SCORE, score_set
from fer_course.detection.dataset import read_prepared
from fer_course.detection.detector import FaceDetector
from fer_course.detection.evaluation import precision_recall, scored_precision
from fer_course.detection.training import export_detector, save_detector
from fer_course.settings import settings

# Small faces gain from larger pictures; a fifth more pixels cost a fifth more time.
INPUT_SIZES = (640, 704, 768, 832)


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


def finish_detector(
    weights, pt_path, onnx_path, *, input_sizes=INPUT_SIZES, prepared=None
):
    """Write a trained detector as `.pt` and `.onnx`, with the way to use it inside.

    Args:
        weights: a run's best.pt.
        pt_path: where the `.pt` file goes.
        onnx_path: where its twin goes.
        input_sizes: px to choose among.
        prepared: as in `choose_operating_point`.

    Returns:
        `OperatingPoint`.
    """
    export_detector(weights, onnx_path)
    detectors = {size: _detector_at(onnx_path, size) for size in input_sizes}
    point = choose_operating_point(detectors, prepared=prepared)
    save_detector(
        weights,
        pt_path,
        input_size=point.input_size,
        score_threshold=point.score_threshold,
    )
    export_detector(pt_path, onnx_path)
    return point


def _detector_at(model, input_size):
    detector = FaceDetector(model, score_threshold=LOWEST_SCORE)
    detector.card = replace(detector.card, input_size=input_size)
    return detector


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
