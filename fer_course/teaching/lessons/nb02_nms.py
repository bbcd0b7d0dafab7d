"""Notebook 02, exercise 5: suppression."""

import numpy as np

from fer_course import boxes
from fer_course.teaching.comparing import compare_values, describe
from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    Slip,
    judge_function,
    seeded_cases,
)


def nms(boxes_xyxy, scores, iou_threshold):
    """Return the indices of the boxes that stay, best first."""
    waiting = list(np.argsort(-scores, kind="stable"))
    kept = []
    while waiting:
        best = waiting.pop(0)
        kept.append(best)
        overlaps = boxes.iou_matrix(boxes_xyxy[best], boxes_xyxy)[0]
        waiting = [i for i in waiting if overlaps[i] <= iou_threshold]
    return np.array(kept, dtype=int)


def _nms_dead_boxes_bite(boxes_xyxy, scores, iou_threshold):
    order = np.argsort(-scores, kind="stable")
    overlaps = boxes.iou_matrix(boxes_xyxy[order], boxes_xyxy[order])
    hidden = np.triu(overlaps > iou_threshold, 1).any(axis=0)
    return order[~hidden]


def _nms_worst_first(boxes_xyxy, scores, iou_threshold):
    return nms(boxes_xyxy, -scores, iou_threshold)


def _nms_at_threshold(boxes_xyxy, scores, iou_threshold):
    return nms(boxes_xyxy, scores, np.nextafter(iou_threshold, 0))


def _nms_late_ties(boxes_xyxy, scores, iou_threshold):
    if not len(scores):
        return np.zeros(0, int)
    return len(scores) - 1 - nms(boxes_xyxy[::-1], scores[::-1], iou_threshold)


def _nms_score_threshold(boxes_xyxy, scores, iou_threshold):
    order = np.argsort(-scores, kind="stable")
    return order[scores[order] > iou_threshold]


def _nms_box_order(boxes_xyxy, scores, iou_threshold):
    return np.sort(nms(boxes_xyxy, scores, iou_threshold))


def _nms_boxes(boxes_xyxy, scores, iou_threshold):
    return boxes_xyxy[nms(boxes_xyxy, scores, iou_threshold)]


def _nms_marks(boxes_xyxy, scores, iou_threshold):
    stays = np.zeros(len(scores), bool)
    stays[nms(boxes_xyxy, scores, iou_threshold)] = True
    return stays


def _nms_order_given(boxes_xyxy, scores, iou_threshold):
    return nms(boxes_xyxy, -np.arange(len(scores), dtype=float), iou_threshold)


def _nms_removes_none(boxes_xyxy, scores, iou_threshold):
    return np.argsort(-scores, kind="stable")


def _nms_last_kept_only(boxes_xyxy, scores, iou_threshold):
    overlaps, kept = boxes.iou_matrix(boxes_xyxy, boxes_xyxy), []
    for i in np.argsort(-scores, kind="stable"):
        if not kept or overlaps[i, kept[-1]] <= iou_threshold:
            kept.append(i)
    return np.array(kept, dtype=int)


def _nms_float_indices(boxes_xyxy, scores, iou_threshold):
    return np.array(list(nms(boxes_xyxy, scores, iou_threshold)) or [])


def _nms_with_mask(boxes_xyxy, scores, iou_threshold):
    overlaps = boxes.iou_matrix(boxes_xyxy, boxes_xyxy)
    alive, kept = np.ones(len(scores), bool), []
    while alive.any():
        best = int(np.argmax(np.where(alive, scores, -np.inf)))
        kept.append(best)
        alive &= overlaps[best] <= iou_threshold
        alive[best] = False
    return np.array(kept, dtype=np.intp)


def _same_indices(result, expected):
    alike = isinstance(result, np.ndarray) and result.ndim == 1
    if alike and result.dtype.kind in "iu" and len(result) != len(expected):
        amount = "few" if len(result) < len(expected) else "many"
        return "wrong value", f"Kept {describe(result)}: too {amount} boxes."
    return compare_values(result, expected)


def _random_nms(rng):
    count = int(rng.integers(2, 9))
    left = rng.integers(0, 24, count).astype(float)
    row = np.zeros(count)
    chain = np.stack([left, row, left + 10, row + 10], axis=1)
    scores = rng.choice(np.arange(1, 8) / 8, count)
    return Case(f"{count} random boxes", (chain, scores, float(rng.uniform(0.2, 0.7))))


_ONE_FACE = np.array([[0.0, 0, 4, 4], [0.0, 0, 4, 5], [0.0, 0, 5, 5]])
_CHAIN = np.array([[0.0, 0, 10, 10], [4.0, 0, 14, 10], [8.0, 0, 18, 10]])
NMS = Exercise(
    id="02.5",
    title="nms",
    stars=2,
    reference=nms,
    judge=judge_function(
        (
            Case(
                "three boxes on one face",
                (_ONE_FACE, np.array([0.8, 0.9, 0.4]), 0.5),
                expected=np.array([1]),
                rule="the best of three boxes on one face stays",
            ),
            Case(
                "two faces apart",
                (
                    np.array([[0.0, 0, 4, 4], [9.0, 0, 13, 4]]),
                    np.array([0.3, 0.9]),
                    0.5,
                ),
                expected=np.array([1, 0]),
                rule="all boxes that overlap nothing stay, best first",
            ),
            Case(
                "no box",
                (np.zeros((0, 4)), np.zeros(0), 0.5),
                expected=np.zeros(0, int),
                rule="indices are whole numbers, even where there is none",
            ),
            Case(
                "an overlap of exactly the threshold",
                (np.array([[0.0, 0, 4, 4], [0.0, 0, 4, 2]]), np.array([0.9, 0.8]), 0.5),
                expected=np.array([0, 1]),
                rule="only boxes that overlap by MORE than the threshold go",
            ),
            Case(
                "equal scores",
                (np.array([[0.0, 0, 4, 4], [0.0, 0, 4, 5]]), np.array([0.7, 0.7]), 0.5),
                expected=np.array([0]),
                rule="of equal scores the first box goes first",
            ),
            Case(
                "a chain of three",
                (_CHAIN, np.array([0.9, 0.8, 0.7]), 0.3),
                expected=np.array([0, 2]),
                rule="a box that is gone removes no other",
            ),
            Case(
                "a third box on the first of two faces",
                (
                    np.array([[0.0, 0, 4, 4], [9.0, 0, 13, 4], [0.0, 0, 4, 5]]),
                    np.array([0.9, 0.8, 0.7]),
                    0.5,
                ),
                expected=np.array([0, 1]),
                rule="every kept box removes, not the last one only",
            ),
            *seeded_cases(_random_nms),
        ),
        nms,
        compare=_same_indices,
        slips=(
            Slip("A removed box still removed others.", _nms_dead_boxes_bite),
            Slip("That starts with the worst score.", _nms_worst_first),
            Slip("That compares scores with the IoU threshold.", _nms_score_threshold),
            Slip("Right boxes, in another order.", _nms_box_order),
            Slip("Those are boxes: return their indices.", _nms_boxes),
            Slip("Those are marks: return indices.", _nms_marks),
            Slip(
                "Whose order is that? Indices count boxes as given.", _nms_order_given
            ),
            Slip("No box was removed.", _nms_removes_none),
            Slip("Compare with all kept boxes.", _nms_last_kept_only),
        ),
    ),
    hints=(
        "After the best box has removed its neighbors, which box is the next?",
        "Sort by score, falling. Take the first, drop its neighbors, repeat with what "
        "is left.",
        "Inside a loop: best, *others; keep best; others = those that overlap little.",
    ),
    why=(
        "This loop runs after every detector of the course, and learns nothing.",
        "A removed box is out of the game, so the order of decisions matters.",
        "Its only knob is the IoU threshold; scores merely give the order.",
    ),
    wrong_turn="Comparing each box with all better ones at once: a removed box then "
    "still removes the next one in a chain.",
    mutants=(
        Mutant("dead boxes bite", _nms_dead_boxes_bite, "wrong value", "removed box"),
        Mutant("worst first", _nms_worst_first, "wrong value", "worst score"),
        Mutant("at the threshold", _nms_at_threshold, "wrong value", "by MORE than"),
        Mutant("late ties", _nms_late_ties, "wrong value", "equal scores the first"),
        Mutant("score cut", _nms_score_threshold, "wrong value", "compares scores"),
        Mutant("box order", _nms_box_order, "wrong value", "in another order"),
        Mutant("float when empty", _nms_float_indices, "wrong type", "float64"),
        Mutant("boxes", _nms_boxes, "wrong type", "return their indices"),
        Mutant("marks", _nms_marks, "wrong type", "Those are marks"),
        Mutant("order given", _nms_order_given, "wrong value", "Whose order"),
        Mutant("removes none", _nms_removes_none, "wrong value", "No box was removed"),
        Mutant("last kept only", _nms_last_kept_only, "wrong value", "all kept boxes"),
    ),
    alternatives=(_nms_with_mask, boxes.nms),
)
