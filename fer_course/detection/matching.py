"""Which detections are hits: each held against the true faces of its photo.

In: a detector's boxes and scores and the true boxes, photo by photo. Out: for each
detection whether it found a face, in one order over all photos, as `evaluation`
needs it. NumPy only. Notebook 02 does it by hand on six detections.
"""

from dataclasses import dataclass

import numpy as np

from fer_course.boxes import area, as_boxes, iou_matrix


@dataclass(frozen=True, eq=False)
class Matches:
    """The detections in one photo, held against its true faces.

    Attributes:
        scores: (N,) float, best first.
        hit: (N,) bool, the detection found a face that no better one had found.
        counted: (N,) bool, False where it fell on a face that is to be ignored.
        found_by: (M,) float, the score that found each true face, -inf if none did.
    """

    scores: np.ndarray
    hit: np.ndarray
    counted: np.ndarray
    found_by: np.ndarray


def match_detections(boxes_xyxy, scores, truths_xyxy, ignore=None, iou_threshold=0.5):
    """Return which detections are hits: one detection a face, best score first.

    Each detection takes the free face that it overlaps most, if by `iou_threshold`
    at least. Every further detection of that face is a false alarm. Faces to be
    ignored are neither to be found nor punished.

    Args:
        boxes_xyxy: (N, 4) float, pixels; N may be 0.
        scores: (N,) float, any order.
        truths_xyxy: (M, 4) float, pixels; M may be 0.
        ignore: (M,) bool; None means that all faces count.
        iou_threshold: smallest overlap of a hit, 0 to 1.

    Raises:
        ValueError: boxes and scores, or truths and ignore, differ in number.
    """
    boxes_xyxy, truths_xyxy = as_boxes(boxes_xyxy), as_boxes(truths_xyxy)
    scores = np.asarray(scores, dtype=np.float64).reshape(-1)
    if ignore is None:
        ignore = np.zeros(len(truths_xyxy), bool)
    ignore = np.asarray(ignore, dtype=bool).reshape(-1)
    for name, values, boxes in (
        ("scores", scores, boxes_xyxy),
        ("ignore", ignore, truths_xyxy),
    ):
        if len(values) != len(boxes):
            raise ValueError(
                f"There are {len(boxes)} boxes but {len(values)} {name}: give one each."
            )
    order = np.argsort(-scores, kind="stable")
    overlaps = iou_matrix(boxes_xyxy[order], truths_xyxy)
    overlaps[overlaps < iou_threshold] = 0
    scores = scores[order]
    hit, counted = np.zeros(len(scores), bool), np.ones(len(scores), bool)
    found_by = np.full(len(truths_xyxy), -np.inf)
    for row in np.flatnonzero(overlaps.any(axis=1)):
        free = np.where(ignore | (found_by > -np.inf), 0, overlaps[row])
        best = int(np.argmax(free))
        if free[best] > 0:
            hit[row], found_by[best] = True, scores[row]
        elif overlaps[row, ignore].any():
            counted[row] = False
    return Matches(scores, hit, counted, found_by)


@dataclass(frozen=True, eq=False)
class ScoredPhotos:
    """All that counts in the photos of a set, ready for any figure.

    Attributes:
        scores: (D,) float, all photos' counted detections, best first.
        hit: (D,) bool.
        photo: (D,) int, the photo each detection lies in.
        face_sizes: (T,) float, sqrt(width x height) of each true face, px, times
            its photo's scale.
        found_by: (T,) float, the score that found it, -inf if none did.
        face_photo: (T,) int, the photo each face lies in.
        face_row: (T,) int, its row among all true faces of that photo.
        n_photos: number of photos, those without a face included.
    """

    scores: np.ndarray
    hit: np.ndarray
    photo: np.ndarray
    face_sizes: np.ndarray
    found_by: np.ndarray
    face_photo: np.ndarray
    face_row: np.ndarray
    n_photos: int

    def of_faces(self, values):
        """Return (T,) int: what `values`, an (M,) array a photo, says of each face."""
        rows = zip(self.face_photo, self.face_row, strict=True)
        return np.array([values[photo][row] for photo, row in rows], dtype=int)


def score_photos(
    detections, truths, ignore=None, *, iou_threshold=0.5, min_size_px=0, scales=None
):
    """Match the detections of many photos and put them in one order.

    Args:
        detections: a (boxes_xyxy, scores) pair a photo.
        truths: an (M, 4) array a photo, pixels.
        ignore: an (M,) bool array a photo, or None.
        iou_threshold: smallest overlap of a hit.
        min_size_px: true faces below it are ignored, and so are detections below it
            that hit nothing.
        scales: what a photo's pixels are multiplied by before sizes are told, one
            number a photo; None means 1.
    """
    ignore = [None] * len(truths) if ignore is None else ignore
    scales = [1.0] * len(truths) if scales is None else scales
    if not len(detections) == len(truths) == len(ignore):
        raise ValueError(
            f"There are {len(detections)} photos with detections, {len(truths)} with "
            f"true boxes and {len(ignore)} with ignore flags: give one entry a photo."
        )
    scores, hit, photo = [np.zeros(0)], [np.zeros(0, bool)], [np.zeros(0, int)]
    sizes, found_by = [np.zeros(0)], [np.zeros(0)]
    face_photo, face_row = [np.zeros(0, int)], [np.zeros(0, int)]
    rows = zip(detections, truths, ignore, scales, strict=True)
    for index, ((boxes_xyxy, box_scores), truth, flags, scale) in enumerate(rows):
        size = np.sqrt(area(truth)) * scale
        counts = size >= min_size_px
        if flags is not None:
            counts &= ~np.asarray(flags, bool)
        found = match_detections(boxes_xyxy, box_scores, truth, ~counts, iou_threshold)
        order = np.argsort(-np.asarray(box_scores, float).reshape(-1), kind="stable")
        big = np.sqrt(area(boxes_xyxy))[order] * scale >= min_size_px
        kept = found.counted & (found.hit | big)
        scores.append(found.scores[kept])
        hit.append(found.hit[kept])
        photo.append(np.full(kept.sum(), index))
        sizes.append(size[counts])
        found_by.append(found.found_by[counts])
        face_photo.append(np.full(counts.sum(), index))
        face_row.append(np.flatnonzero(counts))
    scores, hit, photo = map(np.concatenate, (scores, hit, photo))
    order = np.argsort(-scores, kind="stable")
    return ScoredPhotos(
        scores[order],
        hit[order],
        photo[order],
        *map(np.concatenate, (sizes, found_by, face_photo, face_row)),
        n_photos=len(truths),
    )
