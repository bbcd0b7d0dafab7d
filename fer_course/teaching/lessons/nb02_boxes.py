"""Notebook 02, exercises 4 and 5: overlap and suppression."""

import numpy as np

from fer_course import boxes
from fer_course.teaching.comparing import compare_values, describe
from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    Property,
    Slip,
    judge_function,
    seeded_cases,
)


def iou_matrix(a, b):
    """Return the (N, M) overlaps of N boxes with M boxes."""
    left_top = np.maximum(a[:, None, :2], b[None, :, :2])
    right_bottom = np.minimum(a[:, None, 2:], b[None, :, 2:])
    sides = np.clip(right_bottom - left_top, 0, None)
    shared = sides[..., 0] * sides[..., 1]
    area_a = (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1])
    area_b = (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])
    union = area_a[:, None] + area_b[None, :] - shared
    return np.where(union > 0, shared / np.where(union > 0, union, 1), 0.0)


def _parts(a, b, clip=True, extra=0):
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    sides = np.minimum(a[:, None, 2:], b[None, :, 2:]) - low + extra
    shared = (np.clip(sides, 0, None) if clip else sides).prod(axis=2)
    sizes = [(c[:, 2] - c[:, 0] + extra) * (c[:, 3] - c[:, 1] + extra) for c in (a, b)]
    return shared, sizes[0][:, None], sizes[1][None]


def _iou_no_clip(a, b):
    shared, first, second = _parts(a, b, clip=False)
    union = first + second - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def _iou_counts_twice(a, b):
    shared, first, second = _parts(a, b)
    both = first + second
    return np.divide(shared, both, out=np.zeros_like(shared), where=both > 0)


def _iou_plus_one(a, b):
    shared, first, second = _parts(a, b, extra=1)
    return shared / (first + second - shared)


def _iou_over_smaller(a, b):
    shared, first, second = _parts(a, b)
    least = np.minimum(first, second)
    return np.divide(shared, least, out=np.zeros_like(shared), where=least > 0)


def _iou_nan(a, b):
    shared, first, second = _parts(a, b)
    return shared / (first + second - shared)


def _iou_by_loops(a, b):
    overlaps = np.zeros((len(a), len(b)))
    for i, (left, top, right, bottom) in enumerate(a):
        for j, (left_b, top_b, right_b, bottom_b) in enumerate(b):
            width = max(0.0, min(right, right_b) - max(left, left_b))
            height = max(0.0, min(bottom, bottom_b) - max(top, top_b))
            union = (right - left) * (bottom - top) - width * height
            union += (right_b - left_b) * (bottom_b - top_b)
            overlaps[i, j] = width * height / union if union > 0 else 0
    return overlaps


def _random_boxes(rng, count, largest=20):
    corners = rng.integers(0, largest, (count, 2)).astype(float)
    return np.hstack([corners, corners + rng.integers(0, largest, (count, 2))])


def _random_pair(rng):
    counts = rng.integers(0, 5, 2)
    return Case(
        f"{counts[0]} and {counts[1]} random boxes",
        (_random_boxes(rng, counts[0]), _random_boxes(rng, counts[1])),
    )


_UNIT = np.array([[0.0, 0.0, 4.0, 2.0]])
IOU = Exercise(
    id="02.4",
    title="iou_matrix",
    stars=1,
    reference=iou_matrix,
    judge=judge_function(
        (
            Case(
                "half shifted",
                (_UNIT, np.array([[2.0, 0.0, 6.0, 2.0]])),
                expected=np.array([[1 / 3]]),
                rule="what is shared counts once in the union",
            ),
            Case("one in the other", (_UNIT, np.array([[0.0, 0.0, 2.0, 1.0]]))),
            Case(
                "boxes that touch",
                (_UNIT, np.array([[4.0, 0.0, 6.0, 2.0]])),
                expected=np.array([[0.0]]),
                rule="boxes have edges, not pixels: touching boxes share nothing",
            ),
            Case(
                "boxes apart in x and in y",
                (_UNIT, np.array([[6.0, 5.0, 8.0, 9.0]])),
                expected=np.array([[0.0]]),
                rule="a side cannot be negative, and minus times minus is plus",
            ),
            Case(
                "a box without area",
                (np.array([[1.0, 1.0, 1.0, 1.0]]), np.array([[1.0, 1.0, 1.0, 1.0]])),
                expected=np.array([[0.0]]),
                rule="where there is no union, the overlap is 0",
            ),
            Case(
                "two boxes and three",
                (_random_boxes(np.random.default_rng(1), 2), np.tile(_UNIT, (3, 1))),
                rule="a row for each box of a, a column for each box of b",
            ),
            Case("no box in a", (np.zeros((0, 4)), _UNIT)),
            *seeded_cases(_random_pair),
        ),
        iou_matrix,
        properties=(
            Property(
                "IoU does not change when both boxes grow threefold",
                lambda f: bool(
                    np.allclose(f(3 * _UNIT, 3 * _UNIT + 1), f(_UNIT, _UNIT + 1 / 3))
                ),
            ),
        ),
        slips=(
            Slip("That counts the shared part twice in the union.", _iou_counts_twice),
            Slip("That adds a pixel to each side.", _iou_plus_one),
            Slip("That is the share of the smaller box.", _iou_over_smaller),
        ),
    ),
    hints=(
        "Which of two left edges is the left edge of what both share?",
        "Shared width: smaller right minus larger left, at least 0; height likewise. "
        "Put a's boxes along rows, b's along columns.",
        "np.maximum(a[:, None, :2], b[None, :, :2]) gives all left tops at once.",
    ),
    why=(
        "One matrix serves three jobs: assigning labels, suppression and scoring.",
        "IoU is 1 only for equal boxes and 0 for boxes that share no area.",
        "It is a ratio of areas, so it does not depend on the photo's size.",
    ),
    wrong_turn="Forgetting the clip at 0: two boxes apart in x and in y get two "
    "negative sides, and their product looks like an overlap.",
    mutants=(
        Mutant("no clip", _iou_no_clip, "wrong value", "minus times minus"),
        Mutant("union too large", _iou_counts_twice, "wrong value", "part twice"),
        Mutant("plus one", _iou_plus_one, "wrong value", "adds a pixel"),
        Mutant("over the smaller", _iou_over_smaller, "wrong value", "smaller box"),
        Mutant("divides by zero", _iou_nan, "wrong value", "no union"),
        Mutant(
            "transposed", lambda a, b: iou_matrix(b, a), "wrong type", "shape (3, 2)"
        ),
        Mutant(
            "pairs only", lambda a, b: np.diag(iou_matrix(a, b)), "wrong type", "(1,)"
        ),
    ),
    alternatives=(_iou_by_loops, boxes.iou_matrix),
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


_CHAIN = np.array([[0.0, 0, 10, 10], [4.0, 0, 14, 10], [8.0, 0, 18, 10]])
NMS = Exercise(
    id="02.5",
    title="nms",
    stars=2,
    reference=nms,
    judge=judge_function(
        (
            Case(
                "two boxes on one face",
                (np.array([[0.0, 0, 4, 4], [0.0, 0, 4, 5]]), np.array([0.8, 0.9]), 0.5),
                expected=np.array([1]),
                rule="the better of two boxes on one face stays",
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
            *seeded_cases(_random_nms),
        ),
        nms,
        compare=_same_indices,
        slips=(
            Slip("A removed box still removed others.", _nms_dead_boxes_bite),
            Slip("That starts with the worst score.", _nms_worst_first),
            Slip("That compares scores with the IoU threshold.", _nms_score_threshold),
            Slip("Right boxes, in another order.", _nms_box_order),
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
        Mutant(
            "boxes, not indices",
            lambda b, s, t: b[nms(b, s, t)],
            "wrong type",
            "shape (1, 4)",
        ),
    ),
    alternatives=(_nms_with_mask, boxes.nms),
)
