"""How good a detector is: hits and false alarms, curves, average precision.

In: boxes and scores that a detector gave, and the true boxes, photo by photo. Out:
precision and recall, average precision, recall by face size and at a false-alarm
rate, each with an interval from drawing photos anew. NumPy only. Notebook 02
derives every figure by hand.
"""

from dataclasses import asdict, dataclass
from itertools import pairwise

import numpy as np

from fer_course.detection.harmonize import MIN_SIZE_PX, size_scale
from fer_course.detection.matching import (
    Matches,
    ScoredPhotos,
    match_detections,
    score_photos,
)

__all__ = [
    "DetectionReport",
    "Matches",
    "ScoredPhotos",
    "area_under_curve",
    "average_precision",
    "bootstrap_interval",
    "evaluate_detector",
    "match_detections",
    "paired_bootstrap",
    "precision_recall",
    "recall_at_false_alarms",
    "recall_by_size",
    "report_on",
    "score_photos",
    "score_set",
    "scored_precision",
    "threshold_at_false_alarms",
]
SIZE_EDGES_PX = (8, 16, 32, 64, np.inf)


def precision_recall(scored, weights=None):
    """Return thresholds and the precision and recall at each of them.

    Args:
        scored: `ScoredPhotos`.
        weights: (n_photos,) how often each photo counts; None means once.

    Returns:
        thresholds: (K,) float, the scores that occur, highest first.
        precision: (K,) share of detections from this score up that are hits.
        recall: (K,) share of faces that they find; nan where there is no face.
    """
    hits, alarms, ends = _running_counts(scored, weights)
    faces = _number_of_faces(scored, weights)
    total = hits + alarms
    precision = np.divide(hits, total, out=np.ones(len(hits)), where=total > 0)
    recall = hits / faces if faces else np.full(len(hits), np.nan)
    return scored.scores[ends], precision, recall


def area_under_curve(precision, recall, points=None):
    """Return the average precision of a precision-recall curve.

    The curve is first made to fall: at each recall the best precision at that or a
    higher recall. Where recall stays below 1 the rest counts as 0.

    Args:
        precision: (K,) float, in the order of falling thresholds.
        recall: (K,) float, rising.
        points: None for the exact area under the steps; 101 for the straight lines
            between 101 recalls that Ultralytics draws.
    """
    if len(recall) == 0:
        return 0.0
    if points is None:
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        return float(np.sum(np.diff(recall, prepend=0) * envelope))
    recall = np.concatenate(([0.0], recall, [recall[-1], 1.0]))
    precision = np.concatenate(([1.0], precision, [0.0, 0.0]))
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    grid = np.linspace(0, 1, points)
    return float(np.trapezoid(np.interp(grid, recall, envelope), grid))


def average_precision(
    detections, truths, iou_threshold=0.5, ignore=None, *, min_size_px=0, points=None
):
    """Return the average precision over a set of photos, nan without a true face.

    PASCAL VOC's of 2010 and later: the area under the curve whose precision never
    rises again (Everingham et al.).

    Args:
        detections: a (boxes_xyxy, scores) pair a photo.
        truths: an (M, 4) array a photo, pixels.
        iou_threshold: smallest overlap of a hit.
        ignore: an (M,) bool array a photo, or None.
        min_size_px: smaller faces are ignored.
        points: as in `area_under_curve`.

    >>> found = [(np.array([[0, 0, 9, 9], [20, 0, 30, 8]]), [0.9, 0.8])]
    >>> average_precision(found, [np.array([[0, 0, 9, 10]])])
    1.0
    """
    scored = score_photos(
        detections,
        truths,
        ignore,
        iou_threshold=iou_threshold,
        min_size_px=min_size_px,
    )
    return scored_precision(scored, points=points)


def scored_precision(scored, weights=None, points=None):
    """Return the average precision of photos already matched, nan without a face.

    Args:
        scored: `ScoredPhotos`.
        weights: (n_photos,) how often each photo counts; None means once.
        points: how many recalls the curve is read at; None takes the exact area.
    """
    if _number_of_faces(scored, weights) == 0:
        return float("nan")
    _, precision, recall = precision_recall(scored, weights)
    return area_under_curve(precision, recall, points)


def threshold_at_false_alarms(scored, weights=None, per_photo=0.1):
    """Return the lowest score threshold that keeps to a false-alarm rate.

    Args:
        scored: `ScoredPhotos`.
        weights: (n_photos,) how often each photo counts; None means once.
        per_photo: false alarms a photo at most; 0.1 is one in ten photos.

    Returns:
        A score; inf where even the best-scored detection is one alarm too many.
    """
    _, alarms, ends = _running_counts(scored, weights)
    photos = scored.n_photos if weights is None else weights.sum()
    allowed = np.flatnonzero(alarms <= per_photo * photos + 1e-9)
    return float(scored.scores[ends][allowed[-1]]) if len(allowed) else float("inf")


def recall_at_false_alarms(scored, weights=None, per_photo=0.1):
    """Return the share of faces found at a false-alarm rate, nan without a face."""
    threshold = threshold_at_false_alarms(scored, weights, per_photo)
    weight = _face_weights(scored, weights)
    if weight.sum() == 0:
        return float("nan")
    return float(weight[scored.found_by >= threshold].sum() / weight.sum())


def recall_by_size(scored, score_threshold):
    """Return recall and number of faces for each size between two `SIZE_EDGES_PX`.

    Args:
        scored: `ScoredPhotos`.
        score_threshold: detections below it are not reported.

    Returns:
        recall: (len(SIZE_EDGES_PX) - 1,) float, nan where there is no face.
        faces: (len(SIZE_EDGES_PX) - 1,) int; an edge belongs to the larger size.
    """
    found = scored.found_by >= score_threshold
    faces = np.histogram(scored.face_sizes, SIZE_EDGES_PX)[0]
    hits = np.histogram(scored.face_sizes[found], SIZE_EDGES_PX)[0]
    nothing = np.full(len(faces), np.nan)
    return np.divide(hits, faces, out=nothing, where=faces > 0), faces


def bootstrap_interval(statistic, n_photos, *, draws=1000, seed=0):
    """Return the 95 % interval of a figure over sets of photos drawn anew.

    Photos are drawn, not faces: those of one photo are found or missed together.

    Args:
        statistic: function of weights (n_photos,), how often each photo was drawn.
            The difference of two detectors' figures gives a paired bootstrap.
        n_photos: number of photos.
        draws: how many sets to draw.
        seed: of the random number generator.

    Returns:
        low and high, nan where the figure has no value.
    """
    rng = np.random.default_rng(seed)
    even = np.full(n_photos, 1 / n_photos)
    values = [statistic(rng.multinomial(n_photos, even)) for _ in range(draws)]
    values = np.array(values, dtype=np.float64)
    values = values[~np.isnan(values)]
    if len(values) == 0:
        return float("nan"), float("nan")
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)


def paired_bootstrap(scored_a, scored_b, **options):
    """Return by how much the AP of `a` exceeds that of `b`, with its 95 % interval.

    Args:
        scored_a: one detector's `ScoredPhotos`.
        scored_b: another's, on the same photos in the same order.
        **options: `draws` and `seed` of `bootstrap_interval`.

    Returns:
        difference, low, high. `a` is ahead only where low is above 0.
    """
    if scored_a.n_photos != scored_b.n_photos:
        raise ValueError(
            f"One detector read {scored_a.n_photos} photos, the other "
            f"{scored_b.n_photos}: compare them on the same ones."
        )

    def difference(weights=None):
        ours, theirs = (scored_precision(s, weights) for s in (scored_a, scored_b))
        return ours - theirs

    return difference(), *bootstrap_interval(difference, scored_a.n_photos, **options)


@dataclass(frozen=True)
class DetectionReport:
    """One detector's figures on one set of photos.

    Attributes:
        detector: its name.
        photo_set: the set's name.
        photos: number of photos.
        faces: number of faces that count.
        ap50: average precision at IoU 0.5; None without a face.
        ap50_interval: its 95 % interval.
        recall_one_in_ten: share of faces found at one false alarm in ten photos.
        recall_one_in_ten_interval: its 95 % interval.
        score_threshold: the threshold of all that follows.
        missed: faces not found.
        false_alarms: detections that are no face.
        clean_share: share of photos without a false alarm.
        recall_by_size: "8-16" and so on, px -> share of faces found, or None.
        faces_by_size: the same sizes -> number of faces.
    """

    detector: str
    photo_set: str
    photos: int
    faces: int
    ap50: float | None
    ap50_interval: tuple
    recall_one_in_ten: float | None
    recall_one_in_ten_interval: tuple
    score_threshold: float
    missed: int
    false_alarms: int
    clean_share: float
    recall_by_size: dict
    faces_by_size: dict

    def to_dict(self):
        """Return the figures as plain numbers, ready for JSON."""
        return asdict(self)


def evaluate_detector(
    detector, photos, *, score_threshold, name="detector", photo_set=""
):
    """Return how well a detector finds the faces of annotated photos.

    Args:
        detector: object with `detect(picture) -> boxes_xyxy, scores`. Let it report
            down to a score of about 0.01: the curve needs the doubtful ones too.
        photos: `AnnotatedPhoto`s, such as `dataset.read_prepared(folder, "val")`.
        score_threshold: where misses and false alarms are counted.
        name: the detector's, for the report.
        photo_set: the set's name, for the report.

    Raises:
        ValueError: there is no photo.
    """
    scored = score_set([detector.detect(photo.path) for photo in photos], photos)
    return report_on(scored, score_threshold, detector=name, photo_set=photo_set)


def score_set(found, photos):
    """Return `ScoredPhotos` by the course's rule: faces of `MIN_SIZE_PX` and more.

    Sizes are those in a photo whose longer side is 640 px, as in training.

    Args:
        found: (boxes_xyxy, scores) of each photo.
        photos: `AnnotatedPhoto`s in the same order; where their size is not known,
            their boxes are taken to be of such a photo.
    """
    return score_photos(
        found,
        [photo.boxes_xyxy for photo in photos],
        [photo.ignore for photo in photos],
        min_size_px=MIN_SIZE_PX,
        scales=[1.0 if p.image_hw is None else size_scale(p.image_hw) for p in photos],
    )


def report_on(scored, score_threshold, *, detector="", photo_set="", draws=1000):
    """Return the `DetectionReport` of photos already matched.

    Args:
        scored: `ScoredPhotos`, at least one photo.
        score_threshold: errors are counted from it on.
        detector: its name, for the report.
        photo_set: the set's name, for the report.
        draws: sets of photos that the intervals are drawn from.

    Raises:
        ValueError: there is no photo.
    """
    if not scored.n_photos:
        raise ValueError("There is no photo to measure a detector on.")
    alarms = ~scored.hit & (scored.scores >= score_threshold)
    recall, faces = recall_by_size(scored, score_threshold)
    names = [
        f"{low}-{high}" if high < np.inf else f">{low}"
        for low, high in pairwise(SIZE_EDGES_PX)
    ]

    def interval(statistic):
        low_high = bootstrap_interval(
            lambda weights: statistic(scored, weights),
            scored.n_photos,
            draws=draws,
        )
        return tuple(map(_rounded, low_high))

    return DetectionReport(
        detector=detector,
        photo_set=photo_set,
        photos=scored.n_photos,
        faces=len(scored.face_sizes),
        ap50=_rounded(scored_precision(scored)),
        ap50_interval=interval(scored_precision),
        recall_one_in_ten=_rounded(recall_at_false_alarms(scored)),
        recall_one_in_ten_interval=interval(recall_at_false_alarms),
        score_threshold=float(score_threshold),
        missed=int((scored.found_by < score_threshold).sum()),
        false_alarms=int(alarms.sum()),
        clean_share=_rounded(1 - len(set(scored.photo[alarms])) / scored.n_photos),
        recall_by_size=dict(zip(names, map(_rounded, recall), strict=True)),
        faces_by_size=dict(zip(names, map(int, faces), strict=True)),
    )


def _rounded(value):
    return None if np.isnan(value) else round(float(value), 4)


def _face_weights(scored, weights):
    if weights is None:
        return np.ones(len(scored.face_photo))
    return np.asarray(weights, dtype=np.float64)[scored.face_photo]


def _number_of_faces(scored, weights):
    return _face_weights(scored, weights).sum()


def _running_counts(scored, weights):
    """Return hits and false alarms from the best score down to each that occurs."""
    weight = np.ones(len(scored.photo))
    if weights is not None:
        weight = np.asarray(weights, dtype=np.float64)[scored.photo]
    # Equal scores come and go together, whatever order they are stored in.
    ends = np.flatnonzero(np.diff(scored.scores, append=-np.inf))
    hits = np.cumsum(weight * scored.hit)[ends]
    alarms = np.cumsum(weight * ~scored.hit)[ends]
    return hits, alarms, ends
