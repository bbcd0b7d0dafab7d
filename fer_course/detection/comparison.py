"""Detectors side by side on the same photos, set by set.

In: the prepared validation photos, our detector and, if wanted, both YuNets, the light
detectors that most people would pick. Out: a `Comparison`: reports per set and the
difference of their average precisions, as a table and as a record. Notebook 02 shows
the record; `python -m fer_course evaluate detector --against yunet` makes it.
"""

import json
import os
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from fer_course.boxes import clip
from fer_course.detection.attributes import (
    LevelRecall,
    attribute_lines,
    attribute_table,
)
from fer_course.detection.dataset import read_prepared
from fer_course.detection.detector import FaceDetector
from fer_course.detection.evaluation import (
    DetectionReport,
    paired_bootstrap,
    precision_recall,
    report_on,
    score_set,
)
from fer_course.detection.packs import listed_splits
from fer_course.detection.sheets import measure_tiles
from fer_course.files import write_atomically
from fer_course.images import letterbox, letterbox_shape, read_image
from fer_course.settings import settings

LOWEST_SCORE = 0.01  # detections below it hardly change the area under the curve
_YUNET_IOU = 0.45  # as its authors measure it; OpenCV's own 0.3 loses crowds
PORTRAITS = ("afw", "helen", "lfpw")
RECALLS = np.arange(101) / 100  # where a record keeps its curves


@dataclass(frozen=True)
class YuNetVariant:
    """One of YuNet's published files, at its best on the course's `choose` photos.

    Attributes:
        file: its name.
        input_size: longer side of the photo as it does best, px.
        score_threshold: the score with the best F1 there.
    """

    file: str
    input_size: int
    score_threshold: float


# `release.choose_operating_point` found sizes and thresholds, of 640 to 960 px
YUNETS = {
    "yunet_n": YuNetVariant("yunet_n_640_640.onnx", 832, 0.606),
    "yunet_2023mar": YuNetVariant("face_detection_yunet_2023mar.onnx", 960, 0.581),
}


class YuNetDetector:
    """A YuNet through OpenCV, with the interface of `FaceDetector`."""

    def __init__(self, model, input_size=640, score_threshold=0.45):
        """Load a YuNet.

        Args:
            model: its .onnx file.
            input_size: longer side of the photo as the network sees it, px.
            score_threshold: boxes with a lower score are left out.

        Raises:
            FileNotFoundError: there is no such file.
        """
        path = Path(model)
        if not path.is_file():
            raise FileNotFoundError(
                f"{path} is missing, since YuNet is no part of the course: "
                "data/README.md says where to get it and where it belongs."
            )
        self.input_size = input_size
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
        split: the photos' split.
        curves: set with faces -> detector -> 101 precisions, one for each recall of
            `RECALLS`, None where no threshold finds as many faces.
        times_ms: detector and input size -> median time for a photo that has been
            read, ms, if measured.
        tiles: our detector's reports on sheets of nine WIDER photos, looked at as a
            whole and in tiles too; none for fewer photos.
        attributes: a `LevelRecall` for each level of WIDER's attributes, of the
            WIDER photos; none without them.
    """

    reports: tuple[DetectionReport, ...]
    ahead: tuple
    split: str
    curves: dict
    times_ms: dict | None = None
    tiles: tuple[DetectionReport, ...] = ()
    attributes: tuple[LevelRecall, ...] = ()

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
        lines += [_line(report) for report in self.reports + self.tiles]
        for photo_set, ours, theirs, *numbers in self.ahead:
            difference, low, high = (100 * number for number in numbers)
            lines.append(
                f"{photo_set}: AP of {ours} minus {theirs} = {difference:+.1f} "
                f"[{low:+.1f}, {high:+.1f}] points"
            )
        for name, time_ms in (self.times_ms or {}).items():
            lines.append(f"{name}: {time_ms} ms a photo")
        return "\n".join(lines + attribute_lines(self.attributes))


def compare_detectors(detectors, thresholds, photos, split, *, draws=1000):
    """Return each detector's figures on each set of photos.

    Args:
        detectors: name -> object with `detect`, reporting down to `LOWEST_SCORE`.
        thresholds: name -> the score threshold a user would have.
        photos: `AnnotatedPhoto`s of one or more sets.
        split: their split, for the record.
        draws: how often the bootstrap draws the photos.
    """
    found = {
        name: [detector.detect(photo.path) for photo in photos]
        for name, detector in detectors.items()
    }
    ours, *others = detectors
    reports, ahead, curves, attributes = [], [], {}, ()
    for photo_set, rows in _rows_of_sets(photos).items():
        of_set = [photos[row] for row in rows]
        scored = {
            name: score_set([found[name][row] for row in rows], of_set)
            for name in detectors
        }
        reports += [
            report_on(
                scored[name],
                thresholds[name],
                detector=name,
                photo_set=photo_set,
                draws=draws,
            )
            for name in detectors
        ]
        if photo_set == "wider":
            attributes = attribute_table(scored, thresholds, of_set)
        if not len(scored[ours].face_sizes):
            continue
        curves[photo_set] = {name: _curve(scored[name]) for name in detectors}
        for other in others:
            numbers = paired_bootstrap(scored[ours], scored[other], draws=draws)
            ahead.append((photo_set, ours, other, *np.round(numbers, 4).tolist()))
    return Comparison(
        tuple(reports), tuple(ahead), split, curves, attributes=attributes
    )


def _rows_of_sets(photos):
    """Return set name -> which photos are of it; the portraits together come last."""
    names = np.array([photo.dataset for photo in photos])
    rows = {str(name): np.flatnonzero(names == name) for name in dict.fromkeys(names)}
    portraits = np.flatnonzero(np.isin(names, PORTRAITS))
    return rows | ({"portraits": portraits} if len(portraits) else {})


def evaluate_on_packs(
    model=None, *, prepared=None, against=None, split="val", record=None
):
    """Return how a detector does on the prepared photos of the real data.

    The shipped detector is measured without the photos that it has learned, or was
    chosen with: among the official test parts that `val` may hold there are such.

    Args:
        model: a detector's file; None means the shipped one.
        prepared: folder that `prepare_yolo` wrote; None means `detection-yolo`
            under the course's data folder.
        against: "yunet" to measure both YuNets too, or None.
        split: "val" to report, "choose" to choose with.
        record: json file to write the figures to, or None.

    Raises:
        FileNotFoundError: the prepared photos or a network are missing.
        ValueError: an unknown rival or split.
    """
    if against not in (None, "yunet"):
        raise ValueError(f"There is no rival {against!r}: 'yunet' is the one known.")
    if split not in ("choose", "val"):
        raise ValueError(f"split is {split!r}: 'val' or 'choose' was expected.")
    prepared = prepared or settings().data / "detection-yolo"
    photos = read_prepared(prepared, split)
    known = listed_splits()
    fair = [photo for photo in photos if known.get(photo.name, split) == split]
    if len(fair) < len(photos):
        left = f"{len(photos) - len(fair):,} of {len(photos):,} photos"
        learned = "the shipped detector has learned them, or was chosen with them"
        if model is None:
            print(f"{left} left out: {learned}.")
            photos = fair
        else:
            print(f"{left} flatter a network that went on from models/: {learned}.")
    if not photos:
        raise FileNotFoundError(
            f"{prepared} holds no photo of the split {split!r}: add sets and run "
            "'python -m fer_course data prepare detection'."
        )
    wider = [photo for photo in photos if photo.dataset == "wider"]
    ours = FaceDetector(model, score_threshold=LOWEST_SCORE)
    detectors = {"ours": ours}
    thresholds = {"ours": ours.card.score_threshold}
    timed = {f"ours, {ours.card.input_size} px": FaceDetector(model)}
    if against == "yunet":
        for name, yunet in YUNETS.items():
            file = yunet_folder() / yunet.file
            detectors[name] = YuNetDetector(file, yunet.input_size, LOWEST_SCORE)
            thresholds[name] = yunet.score_threshold
            for size in (640, yunet.input_size):
                timed[f"{name}, {size} px"] = YuNetDetector(
                    file, size, yunet.score_threshold
                )
    comparison = replace(
        compare_detectors(detectors, thresholds, photos, split),
        times_ms=_median_times_ms(timed, photos),
        tiles=measure_tiles(ours, wider, thresholds["ours"]),
    )
    if record:
        write_atomically(record, json.dumps(comparison.to_dict(), indent=1) + "\n")
    return comparison


def _median_times_ms(detectors, photos, count=60):
    """Return each detector's median time for about `count` photos that were read."""
    images = [read_image(p.path) for p in photos[:: max(1, len(photos) // count)]]
    medians = {}
    for name, detector in detectors.items():
        times = []
        for image in [images[0], *images]:  # the first only warms up
            start = time.perf_counter()
            detector.detect(image)
            times.append(1000 * (time.perf_counter() - start))
        medians[name] = round(float(np.median(times[1:])), 1)
    return medians


def _curve(scored):
    """Return the best precision at each of `RECALLS` or beyond, None out of reach."""
    _, precision, recall = precision_recall(scored)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    first = np.searchsorted(recall, RECALLS - 1e-9)
    return [round(float(best[k]), 4) if k < len(best) else None for k in first]


def yunet_folder():
    """Return where YuNet's files lie: `FER_COURSE_YUNET`, or `yunet` among the data."""
    given = os.environ.get("FER_COURSE_YUNET")
    return Path(given) if given else settings().data / "yunet"


def _heading():
    return (
        f"{'set':<10} {'detector':<13} {'photos':>6} {'faces':>6} {'AP50':>18} "
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
        f"{report.photo_set:<10} {report.detector:<13} {report.photos:>6} "
        f"{report.faces:>6} {average:>18} {recall:>21} {report.missed:>6} "
        f"{report.false_alarms:>6} {share(report.clean_share):>6}  {sizes}"
    )
