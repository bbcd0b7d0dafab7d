"""Notebook 02, exercise 4: overlap."""

import numpy as np

from fer_course import boxes
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


def _iou_shared_area(a, b):
    return _parts(a, b)[0]


def _iou_over_first(a, b):
    shared, first, _ = _parts(a, b)
    return np.divide(shared, first, out=np.zeros_like(shared), where=first > 0)


def _iou_over_hull(a, b):
    low = np.minimum(a[:, None, :2], b[None, :, :2])
    hull = (np.maximum(a[:, None, 2:], b[None, :, 2:]) - low).prod(axis=2)
    shared = _parts(a, b)[0]
    return np.divide(shared, hull, out=np.zeros_like(shared), where=hull > 0)


def _iou_of_xywh(a, b):
    return iou_matrix(*(np.hstack([c[:, :2], c[:, :2] + c[:, 2:]]) for c in (a, b)))


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
    stars=2,
    reference=iou_matrix,
    judge=judge_function(
        (
            Case(
                "8 px² and 4 px², of which they share 3 px²",
                (_UNIT, np.array([[1.0, 1.0, 5.0, 2.0]])),
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
            Case(
                "no box in a",
                (np.zeros((0, 4)), _UNIT),
                rule="N and M may be 0: the result is (0, M)",
            ),
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
            Slip("That is the share of a's box.", _iou_over_first),
            Slip("That is the shared area: divide by the union.", _iou_shared_area),
            Slip("The union is smaller than the box around both.", _iou_over_hull),
            Slip("That takes x2 and y2 for width and height.", _iou_of_xywh),
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
        Mutant("over a", _iou_over_first, "wrong value", "share of a's box"),
        Mutant("shared area", _iou_shared_area, "wrong value", "divide by the union"),
        Mutant("over the hull", _iou_over_hull, "wrong value", "box around both"),
        Mutant("xywh", _iou_of_xywh, "wrong value", "for width and height"),
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
