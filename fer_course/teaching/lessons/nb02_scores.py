"""Notebook 02, exercise 6: average precision."""

import numpy as np

from fer_course.boxes import iou_matrix
from fer_course.detection import evaluation
from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    Property,
    Slip,
    judge_function,
    seeded_cases,
)


def average_precision(boxes_xyxy, scores, truths_xyxy, iou_threshold=0.5):
    """Return the average precision of one photo's detections."""
    if len(truths_xyxy) == 0:
        return float("nan")
    order = np.argsort(-scores)
    overlaps = iou_matrix(boxes_xyxy[order], truths_xyxy)
    free = np.ones(len(truths_xyxy), bool)
    hit = np.zeros(len(order), bool)
    for row in range(len(order)):
        candidates = np.where(free, overlaps[row], -1)
        face = candidates.argmax()
        if candidates[face] >= iou_threshold:
            hit[row], free[face] = True, False
    precision = np.cumsum(hit) / np.arange(1, len(hit) + 1)
    best_from_here = np.maximum.accumulate(precision[::-1])[::-1]
    return float(best_from_here[hit].sum() / len(truths_xyxy))


def _precision(
    boxes_xyxy,
    scores,
    truths_xyxy,
    iou_threshold=0.5,
    *,
    sort=True,
    once=True,
    fall=True,
    over="faces",
    empty=float("nan"),
):
    """Return an average precision with one slip, as the options say."""
    if len(truths_xyxy) == 0:
        return empty
    order = np.argsort(-scores) if sort else np.arange(len(scores))
    overlaps = iou_matrix(boxes_xyxy[order], truths_xyxy)
    free, hit = np.ones(len(truths_xyxy), bool), np.zeros(len(order), bool)
    for row in range(len(order)):
        candidates = np.where(free | (not once), overlaps[row], -1)
        face = candidates.argmax()
        if candidates[face] >= iou_threshold:
            hit[row], free[face] = True, False
    precision = np.cumsum(hit) / np.arange(1, len(hit) + 1)
    if fall:
        precision = np.maximum.accumulate(precision[::-1])[::-1]
    count = {"faces": len(truths_xyxy), "found": hit.sum(), "all": len(hit)}[over]
    return float(precision[hit].sum() / count) if count else 0.0


def _ap_duplicates(boxes_xyxy, scores, truths_xyxy, iou_threshold=0.5):
    return _precision(boxes_xyxy, scores, truths_xyxy, iou_threshold, once=False)


def _ap_unsorted(boxes_xyxy, scores, truths_xyxy, iou_threshold=0.5):
    return _precision(boxes_xyxy, scores, truths_xyxy, iou_threshold, sort=False)


def _ap_no_envelope(boxes_xyxy, scores, truths_xyxy, iou_threshold=0.5):
    return _precision(boxes_xyxy, scores, truths_xyxy, iou_threshold, fall=False)


def _ap_over_found(boxes_xyxy, scores, truths_xyxy, iou_threshold=0.5):
    return _precision(boxes_xyxy, scores, truths_xyxy, iou_threshold, over="found")


def _ap_over_detections(boxes_xyxy, scores, truths_xyxy, iou_threshold=0.5):
    return _precision(boxes_xyxy, scores, truths_xyxy, iou_threshold, over="all")


def _ap_zero_for_no_face(boxes_xyxy, scores, truths_xyxy, iou_threshold=0.5):
    return _precision(boxes_xyxy, scores, truths_xyxy, iou_threshold, empty=0.0)


def _ap_fixed_half(boxes_xyxy, scores, truths_xyxy, iou_threshold=0.5):
    return average_precision(boxes_xyxy, scores, truths_xyxy)


def _ap_of_package(boxes_xyxy, scores, truths_xyxy, iou_threshold=0.5):
    return evaluation.average_precision(
        [(boxes_xyxy, scores)], [truths_xyxy], iou_threshold
    )


def _ap_strictly_above(boxes_xyxy, scores, truths_xyxy, iou_threshold=0.5):
    above = np.nextafter(iou_threshold, 1)
    return _precision(boxes_xyxy, scores, truths_xyxy, above)


def _ap_by_face(boxes_xyxy, scores, truths_xyxy, iou_threshold, choose):
    """Return an average precision; `choose` takes overlaps and what is free."""
    if len(truths_xyxy) == 0:
        return float("nan")
    order = np.argsort(-scores)
    free, hit = np.ones(len(truths_xyxy), bool), np.zeros(len(order), bool)
    for row, overlaps in enumerate(iou_matrix(boxes_xyxy[order], truths_xyxy)):
        face = choose(overlaps, free & (overlaps >= iou_threshold))
        if free[face] and overlaps[face] >= iou_threshold:
            hit[row], free[face] = True, False
    precision = np.cumsum(hit) / np.arange(1, len(hit) + 1)
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    return float(falling[hit].sum() / len(truths_xyxy))


def _ap_taken_face(boxes_xyxy, scores, truths_xyxy, iou_threshold=0.5):
    return _ap_by_face(
        boxes_xyxy, scores, truths_xyxy, iou_threshold, lambda o, ok: o.argmax()
    )


def _ap_first_face(boxes_xyxy, scores, truths_xyxy, iou_threshold=0.5):
    return _ap_by_face(
        boxes_xyxy, scores, truths_xyxy, iou_threshold, lambda o, ok: ok.argmax()
    )


def _random_photo(rng):
    faces = int(rng.integers(1, 5))
    corners = np.arange(faces)[:, None] * np.array([[30.0, 0.0]])
    truths = np.hstack([corners, corners + 20])
    near = truths[rng.integers(faces, size=int(rng.integers(1, 7)))]
    near = near + rng.normal(0, 3, (len(near), 1))
    far = near[: int(rng.integers(0, 3))] + np.array([0.0, 50.0, 0.0, 50.0])
    found = np.vstack([near, far])
    scores = rng.permutation(len(found)) / 10 + 0.05
    return Case(f"{faces} random faces", (found, scores, truths))


def _does_not_care_for_order(function):
    rng = np.random.default_rng(3)
    for _ in range(10):
        found, scores, truths = _random_photo(rng).args
        order = rng.permutation(len(found))
        shuffled = function(found[order], scores[order], truths)
        if not np.isclose(function(found, scores, truths), shuffled):
            return False
    return True


_FACE = np.array([[0.0, 0.0, 10.0, 10.0]])
_AWAY = np.array([[50.0, 50.0, 60.0, 60.0]])
_TWO = np.vstack([_FACE, _AWAY])
_CLOSE = np.array([[0.0, 0.0, 10.0, 10.0], [2.0, 0.0, 12.0, 10.0]])  # two faces
_NEARLY = np.array([[2.0, 0.0, 12.0, 9.0], [-2.0, 0.0, 8.0, 9.0]])
PRECISION = Exercise(
    id="02.6",
    title="average_precision",
    stars=3,
    reference=average_precision,
    judge=judge_function(
        (
            Case(
                "one face, found",
                (_FACE, np.array([0.9]), _FACE),
                expected=1.0,
                rule="everything found and nothing else is 1",
            ),
            Case(
                "one of two faces",
                (_FACE, np.array([0.9]), _TWO),
                expected=0.5,
                rule="recall counts all true faces, also those never found",
            ),
            Case(
                "a false alarm before the hit",
                (_TWO[::-1], np.array([0.9, 0.8]), _FACE),
                expected=0.5,
                rule="at the hit, one of two detections is right",
            ),
            Case(
                "scores out of order",
                (_TWO[::-1], np.array([0.3, 0.8]), _FACE),
                expected=1.0,
                rule="the best score comes first, wherever it is stored",
            ),
            Case(
                "the same box twice, then a hit",
                (np.vstack([_FACE, _FACE, _AWAY]), np.array([0.9, 0.8, 0.7]), _TWO),
                expected=0.5 + 0.5 * 2 / 3,
                rule="a face can be found once; its second box is a false alarm",
            ),
            Case(
                "precision that rises again",
                (
                    np.vstack([_AWAY, _FACE, _FACE + 20]),
                    np.array([0.9, 0.8, 0.7]),
                    np.vstack([_FACE, _FACE + 20]),
                ),
                expected=2 / 3,
                rule="at each recall, the best precision at that or a higher recall",
            ),
            Case("nothing found", (np.zeros((0, 4)), np.zeros(0), _FACE), expected=0.0),
            Case(
                "no true face",
                (_FACE, np.array([0.9]), np.zeros((0, 4))),
                expected=float("nan"),
                rule="without a face there is no recall: nan, not a number",
            ),
            Case(
                "a stricter overlap",
                (_FACE * 0.8, np.array([0.9]), _FACE),
                expected=0.0,
                kwargs={"iou_threshold": 0.75},
                rule="a hit overlaps by iou_threshold at least",
            ),
            Case(
                "half a face, an overlap of 0.5",
                (_FACE * [1, 1, 1, 0.5], np.array([0.9]), _FACE),
                expected=1.0,
                rule="exactly the threshold is enough",
            ),
            Case(
                "two boxes on two faces close together",
                (_CLOSE[[0, 0]] + 0.1, np.array([0.9, 0.8]), _CLOSE),
                expected=1.0,
                rule="where the best face is taken, the best of the free ones counts",
            ),
            Case(
                "the right face first, of two close together",
                (_NEARLY, np.array([0.9, 0.8]), _CLOSE),
                expected=1.0,
                rule="a detection takes the face it overlaps most, not the first in "
                "the list",
            ),
            *seeded_cases(_random_photo),
        ),
        average_precision,
        properties=(
            Property("the order of the rows does not matter", _does_not_care_for_order),
        ),
        slips=(
            Slip("Further boxes on a face counted as hits.", _ap_duplicates),
            Slip("That took the boxes in the order given.", _ap_unsorted),
            Slip("That forgot the faces never found.", _ap_over_found),
            Slip("That divides by the detections.", _ap_over_detections),
            Slip("The curve was not made to fall.", _ap_no_envelope),
            Slip("The threshold itself is enough.", _ap_strictly_above),
            Slip("Look among the free faces only.", _ap_taken_face),
            Slip("Take the face of the largest overlap.", _ap_first_face),
            Slip("0.5 is built in.", _ap_fixed_half),
        ),
    ),
    hints=(
        "A detector boxes every face twice. Which of the two boxes may count as a hit?",
        "Sort; match each box with the free face it overlaps most; running precision; "
        "make it fall from the right; average over all true faces.",
        "np.maximum.accumulate on the reversed precision, then add it up at the hits "
        "only and divide by the number of true faces.",
    ),
    why=(
        "This number is on every leaderboard, and in this page's record of our run.",
        "Each hit raises recall by one face, so the area is a sum over the hits.",
        "Faces never found add nothing to the sum, but they count below the line.",
    ),
    wrong_turn="Letting a second box on a face count as a hit: repeating every box "
    "would then raise the score.",
    mutants=(
        Mutant("duplicates hit", _ap_duplicates, "wrong value", "Further boxes"),
        Mutant("unsorted", _ap_unsorted, "wrong value", "order given"),
        Mutant("over found", _ap_over_found, "wrong value", "never found"),
        Mutant("over detections", _ap_over_detections, "wrong value", "one of two"),
        Mutant("no envelope", _ap_no_envelope, "wrong value", "made to fall"),
        Mutant("no face is 0", _ap_zero_for_no_face, "wrong value", "nan"),
        Mutant("always half", _ap_fixed_half, "wrong value", "0.5 is built in"),
        Mutant("above only", _ap_strictly_above, "wrong value", "itself is enough"),
        Mutant("taken face", _ap_taken_face, "wrong value", "free faces only"),
        Mutant("first face", _ap_first_face, "wrong value", "the largest overlap"),
        Mutant(
            "a curve",
            lambda b, s, t, iou_threshold=0.5: np.ones(3),
            "wrong type",
            "a number",
        ),
    ),
    alternatives=(_ap_of_package,),
)
