"""Two detectors side by side on the same photos, set by set.

In: the prepared validation photos, our detector and, if wanted, YuNet, the light
detector that most people would pick. Out: a `Comparison`: reports per set and the
difference of their average precisions, as a table and as a record. Notebook 02 shows
the record; `python -m fer_course evaluate detector --against yunet` makes it.
"""

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from fer_course.boxes import clip
from fer_course.detection.dataset import read_prepared
from fer_course.detection.detector import FaceDetector
from fer_course.detection.evaluation import (
    DetectionReport,
    paired_bootstrap,
    precision_recall,
    report_on,
    score_photos,
)
from fer_course.files import write_atomically
from fer_course.images import letterbox, letterbox_shape, read_image
from fer_course.settings import ROOT, settings

LOWEST_SCORE = 0.01  # detections below it hardly change the area under the curve
MIN_SIZE_PX = 8
YUNET_FILE = "yunet_n_640_640.onnx"
YUNET_URL = "https://github.com/ShiqiYu/libfacedetection.train"
YUNET_THRESHOLD = 0.45
_YUNET_IOU = 0.45  # as its authors measure it; OpenCV's own 0.3 loses crowds
PORTRAITS = ("afw", "helen", "lfpw")
RECALLS = np.arange(101) / 100  # where a record keeps its curves


class YuNetDetector:
    """YuNet through OpenCV, with the interface of `FaceDetector`."""

    def __init__(self, model=None, score_threshold=YUNET_THRESHOLD, input_size=640):
        """Load YuNet.

        Args:
            model: its .onnx file; None looks at the environment variable
                `FER_COURSE_YUNET`, then in `shared/models` beside the course.
            score_threshold: boxes with a lower score are left out.
            input_size: longer side of the photo as the network sees it, px.

        Raises:
            FileNotFoundError: there is no such file.
        """
        path = Path(model or os.environ.get("FER_COURSE_YUNET") or _beside_course())
        if not path.is_file():
            raise FileNotFoundError(
                f"YuNet is not part of the course and not at {path}. Download "
                f"{YUNET_FILE} from {YUNET_URL} and set FER_COURSE_YUNET to its path."
            )
        self.input_size = input_size
        self.score_threshold = score_threshold
        self._network = cv2.FaceDetectorYN.create(
            str(path), "", (input_size, input_size), score_threshold, _YUNET_IOU, 5000
        )

    def detect(self, image):
        """Return boxes_xyxy (N, 4) in photo pixels and scores (N,), best first."""
        image = read_image(image)
        picture, placed = letterbox(
            image, letterbox_shape(image.shape[:2], self.input_size, 32)
        )
        self._network.setInputSize((picture.shape[1], picture.shape[0]))
        rows = self._network.detect(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1]
        if rows is None:
            return np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
        rows = rows[np.argsort(-rows[:, -1], kind="stable")]
        corners = np.hstack([rows[:, :2], rows[:, :2] + np.maximum(rows[:, 2:4], 0)])
        boxes_xyxy = clip(placed.inverse(corners), image.shape[:2])
        return boxes_xyxy.astype(np.float32), rows[:, -1]


@dataclass(frozen=True)
class Comparison:
    """What `compare_detectors` found.

    Attributes:
        reports: a `DetectionReport` for each set and detector.
        ahead: rows (set, ours, theirs, difference of AP, low, high): ours is ahead
            only where low is above 0; empty with one detector.
        seconds_a_photo: detector -> seconds.
        split: the photos' split.
        curves: set with faces -> detector -> 101 precisions, one for each recall of
            `RECALLS`, None where no threshold finds as many faces.
    """

    reports: tuple[DetectionReport, ...]
    ahead: tuple
    seconds_a_photo: dict
    split: str
    curves: dict

    def to_dict(self):
        """Return everything as plain numbers, ready for JSON."""
        return asdict(self)

    def to_frame(self):
        """Return a pandas frame with a row for each set and detector."""
        import pandas as pd

        rows = []
        for report in self.reports:
            row = report.to_dict()
            sizes = row.pop("recall_by_size")
            del row["faces_by_size"]
            rows.append(row | {f"recall {name} px": sizes[name] for name in sizes})
        return pd.DataFrame(rows)

    def __str__(self):
        lines = [_heading()]
        lines += [_line(report) for report in self.reports]
        for photo_set, ours, theirs, *numbers in self.ahead:
            difference, low, high = (100 * number for number in numbers)
            lines.append(
                f"{photo_set}: AP of {ours} minus {theirs} = {difference:+.1f} "
                f"[{low:+.1f}, {high:+.1f}] points"
            )
        return "\n".join(lines)


def compare_detectors(detectors, thresholds, photos, split, *, draws=1000):
    """Return each detector's figures on each set of photos.

    Args:
        detectors: name -> object with `detect`, reporting down to `LOWEST_SCORE`.
        thresholds: name -> the score threshold a user would have.
        photos: `AnnotatedPhoto`s of one or more sets.
        split: their split, for the record.
        draws: how often the bootstrap draws the photos.
    """
    found, seconds = {}, {}
    for name, detector in detectors.items():
        start = time.perf_counter()
        found[name] = [detector.detect(photo.path) for photo in photos]
        seconds[name] = round((time.perf_counter() - start) / max(len(photos), 1), 4)
    names = np.array([photo.dataset for photo in photos])
    sets = {name: np.flatnonzero(names == name) for name in dict.fromkeys(names)}
    portraits = np.flatnonzero(np.isin(names, PORTRAITS))
    if len(portraits):
        sets["portraits"] = portraits
    reports, ahead, curves = [], [], {}
    for photo_set, rows in sets.items():
        scored = {name: _score(found[name], photos, rows) for name in detectors}
        reports += [
            report_on(
                scored[name],
                thresholds[name],
                detector=name,
                photo_set=str(photo_set),
                draws=draws,
            )
            for name in detectors
        ]
        if len(scored[next(iter(detectors))].face_sizes):
            curves[str(photo_set)] = {name: _curve(scored[name]) for name in detectors}
        ours, *others = detectors
        for other in others if len(scored[ours].face_sizes) else ():
            numbers = paired_bootstrap(scored[ours], scored[other], draws=draws)
            ahead.append((str(photo_set), ours, other, *np.round(numbers, 4).tolist()))
    return Comparison(tuple(reports), tuple(ahead), seconds, split, curves)


def evaluate_on_packs(
    model=None, *, prepared=None, against=None, split="val", yunet=None, record=None
):
    """Return how a detector does on the prepared photos of the real data.

    Args:
        model: a detector's file; None means the shipped one.
        prepared: folder that `prepare_yolo` wrote; None means `detection-yolo`
            under the course's data folder.
        against: "yunet" for a detector to compare with, or None.
        split: "val" to report, "choose" to choose thresholds with.
        yunet: YuNet's file, see `YuNetDetector`.
        record: json file to write the figures to, or None.

    Raises:
        FileNotFoundError: the prepared photos or a network are missing.
        ValueError: an unknown rival or split.
    """
    if against not in (None, "yunet"):
        raise ValueError(f"There is no rival {against!r}: 'yunet' is the one known.")
    if split not in ("choose", "val"):
        raise ValueError(f"split is {split!r}: 'val' or 'choose' was expected.")
    photos = read_prepared(prepared or settings().data / "detection-yolo", split)
    ours = FaceDetector(model, score_threshold=LOWEST_SCORE)
    detectors = {"ours": ours}
    thresholds = {"ours": ours.card.score_threshold}
    if against == "yunet":
        detectors["yunet"] = YuNetDetector(yunet, score_threshold=LOWEST_SCORE)
        thresholds["yunet"] = YUNET_THRESHOLD
    comparison = compare_detectors(detectors, thresholds, photos, split)
    if record:
        write_atomically(record, json.dumps(comparison.to_dict(), indent=1) + "\n")
    return comparison


def choose_threshold(model, *, prepared=None):
    """Return the score threshold for a detector's card, found on the choosing photos.

    It is the one with the best F1 score there, which holds a missed face and a false
    alarm to be equally bad; whoever minds one more than the other moves the slider.

    Args:
        model: a detector's file.
        prepared: as in `evaluate_on_packs`.

    Raises:
        ValueError: the detector finds no face at any threshold.
    """
    photos = read_prepared(prepared or settings().data / "detection-yolo", "choose")
    detector = FaceDetector(model, score_threshold=LOWEST_SCORE)
    found = [detector.detect(photo.path) for photo in photos]
    thresholds, precision, recall = precision_recall(
        _score(found, photos, range(len(photos)))
    )
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    if not f1.size or not f1.max() > 0:
        raise ValueError(f"{model} finds none of the faces: train it longer.")
    # rounded down: the box that the threshold was read off stays in
    return float(np.floor(1000 * thresholds[f1.argmax()]) / 1000)


def _score(found, photos, rows):
    return score_photos(
        [found[row] for row in rows],
        [photos[row].boxes_xyxy for row in rows],
        [photos[row].ignore for row in rows],
        min_size_px=MIN_SIZE_PX,
    )


def _curve(scored):
    """Return the best precision at each of `RECALLS` or beyond, None out of reach."""
    _, precision, recall = precision_recall(scored)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    first = np.searchsorted(recall, RECALLS - 1e-9)
    return [round(float(best[k]), 4) if k < len(best) else None for k in first]


def _beside_course():
    return ROOT.parent / "shared" / "models" / YUNET_FILE


def _heading():
    return (
        f"{'set':<10} {'detector':<8} {'photos':>6} {'faces':>6} {'AP50':>18} "
        f"{'recall at 0.1 alarms':>21} {'missed':>6} {'alarms':>6} {'clean':>6}  "
        "recall by size (px)"
    )


def _line(report):
    def share(value):
        return "-" if value is None else f"{100 * value:.1f}"

    def spread(value, low_high):
        if value is None:
            return "-"
        return f"{share(value)} [{share(low_high[0])}, {share(low_high[1])}]"

    sizes = " ".join(
        f"{name}: {share(value)}" for name, value in report.recall_by_size.items()
    )
    average = spread(report.ap50, report.ap50_interval)
    recall = spread(report.recall_one_in_ten, report.recall_one_in_ten_interval)
    return (
        f"{report.photo_set:<10} {report.detector:<8} {report.photos:>6} "
        f"{report.faces:>6} {average:>18} {recall:>21} {report.missed:>6} "
        f"{report.false_alarms:>6} {share(report.clean_share):>6}  {sizes}"
    )
