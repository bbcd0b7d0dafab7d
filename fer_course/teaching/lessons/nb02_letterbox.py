"""Notebook 02, exercise 1: the way back from a letterboxed picture."""

import numpy as np

from fer_course.images import letterbox
from fer_course.teaching.comparing import compare_values
from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    Property,
    Slip,
    judge_function,
    seeded_cases,
)


def unletterbox(boxes_xyxy, image_hw, size_hw):
    """Return (N, 4) letterboxed boxes in pixels of the photo."""
    height, width = image_hw
    scale = min(size_hw[0] / height, size_hw[1] / width)
    pad_y = (size_hw[0] - round(height * scale)) // 2
    pad_x = (size_hw[1] - round(width * scale)) // 2
    return (boxes_xyxy - np.array([pad_x, pad_y, pad_x, pad_y])) / scale


def _scale_and_pads(image_hw, size_hw):
    height, width = image_hw
    scale = min(size_hw[0] / height, size_hw[1] / width)
    pad_y = (size_hw[0] - round(height * scale)) // 2
    return scale, (size_hw[1] - round(width * scale)) // 2, pad_y


def _keeps_padding(boxes_xyxy, image_hw, size_hw):
    return boxes_xyxy / _scale_and_pads(image_hw, size_hw)[0]


def _scales_first(boxes_xyxy, image_hw, size_hw):
    scale, pad_x, pad_y = _scale_and_pads(image_hw, size_hw)
    return boxes_xyxy / scale - np.array([pad_x, pad_y, pad_x, pad_y])


def _swaps_padding(boxes_xyxy, image_hw, size_hw):
    scale, pad_x, pad_y = _scale_and_pads(image_hw, size_hw)
    return (boxes_xyxy - np.array([pad_y, pad_x, pad_y, pad_x])) / scale


def _unsqueezes(boxes_xyxy, image_hw, size_hw):
    rate = np.array([image_hw[1] / size_hw[1], image_hw[0] / size_hw[0]] * 2)
    return boxes_xyxy * rate


def _goes_forward(boxes_xyxy, image_hw, size_hw):
    scale, pad_x, pad_y = _scale_and_pads(image_hw, size_hw)
    return boxes_xyxy * scale + np.array([pad_x, pad_y, pad_x, pad_y])


def _adds_padding(boxes_xyxy, image_hw, size_hw):
    scale, pad_x, pad_y = _scale_and_pads(image_hw, size_hw)
    return (boxes_xyxy + np.array([pad_x, pad_y, pad_x, pad_y])) / scale


def _takes_all_gray(boxes_xyxy, image_hw, size_hw):
    scale, pad_x, pad_y = _scale_and_pads(image_hw, size_hw)
    return (boxes_xyxy - 2 * np.array([pad_x, pad_y, pad_x, pad_y])) / scale


def _first_corner_only(boxes_xyxy, image_hw, size_hw):
    scale, pad_x, pad_y = _scale_and_pads(image_hw, size_hw)
    return (boxes_xyxy - np.array([pad_x, pad_y, 0, 0])) / scale


def _multiplies(boxes_xyxy, image_hw, size_hw):
    scale, pad_x, pad_y = _scale_and_pads(image_hw, size_hw)
    return (boxes_xyxy - np.array([pad_x, pad_y, pad_x, pad_y])) * scale


def _larger_scale(boxes_xyxy, image_hw, size_hw):
    scale = max(size_hw[0] / image_hw[0], size_hw[1] / image_hw[1])
    pads = [(size_hw[k] - image_hw[k] * scale) / 2 for k in (1, 0)]
    return (boxes_xyxy - np.array([*pads, *pads])) / scale


def _broken_padding(boxes_xyxy, image_hw, size_hw):
    scale = _scale_and_pads(image_hw, size_hw)[0]
    pads = [(size_hw[k] - image_hw[k] * scale) / 2 for k in (1, 0)]
    return (boxes_xyxy - np.array([*pads, *pads])) / scale


def _unletterbox_by_corners(boxes_xyxy, image_hw, size_hw):
    scale, pad_x, pad_y = _scale_and_pads(image_hw, size_hw)
    inverse = np.array([[1 / scale, 0, -pad_x / scale], [0, 1 / scale, -pad_y / scale]])
    corners = np.asarray(boxes_xyxy, float).reshape(-1, 2)
    return (corners @ inverse[:, :2].T + inverse[:, 2]).reshape(-1, 4)


def _unletterbox_each_axis(boxes_xyxy, image_hw, size_hw):
    scale, pad_x, pad_y = _scale_and_pads(image_hw, size_hw)
    x, y = (round(image_hw[k] * scale) / image_hw[k] for k in (1, 0))
    return (boxes_xyxy - np.array([pad_x, pad_y] * 2)) / np.array([x, y] * 2)


def _within_half_pixel(result, expected):
    alike = isinstance(result, np.ndarray) and result.shape == expected.shape
    if alike and result.dtype.kind in "fiu":
        if (np.abs(result - expected) < 0.5).all():
            return None
    return compare_values(result, expected)


def _random_letterbox(rng):
    size_hw = tuple(int(side) * 32 for side in rng.integers(2, 21, 2))
    rounded_px = 1.0
    while rounded_px > 0.4:  # from half a pixel on, a scale for each axis is right too
        image_hw = tuple(int(side) for side in rng.integers(20, 1500, 2))
        scale, pad_x, pad_y = _scale_and_pads(image_hw, size_hw)
        scaled = scale * np.array(image_hw)
        rounded_px = np.abs(scaled.round() - scaled).max() / scale
    corners = np.sort(rng.uniform(0, 1, (int(rng.integers(1, 4)), 2, 2)), axis=1)
    found = (corners * scaled[::-1] + (pad_x, pad_y)).reshape(-1, 4)
    rule = "round the scaled sides, halve what is left, round down; clip no box"
    return Case("a random letterbox", (found, image_hw, size_hw), rule=rule)


def _undoes_the_real_letterbox(function):
    for image_hw, size_hw in (((41, 77), (64, 96)), ((301, 129), (160, 160))):
        _, place = letterbox(np.zeros(image_hw, np.uint8), size_hw)
        face = np.array([[3.0, 5.0, 31.0, 37.0]])
        back = function(place.forward(face), image_hw, size_hw)
        gap = float(np.abs(back - face).max())
        if gap >= 0.5:
            return f"there and back moved a box by {gap:.1f} px"
    return True


UNLETTERBOX = Exercise(
    id="02.1",
    title="unletterbox",
    stars=1,
    reference=unletterbox,
    judge=judge_function(
        (
            Case(
                "a wide photo in a square",
                (np.array([[64.0, 64.0, 128.0, 96.0]]), (100, 200), (128, 128)),
                expected=np.array([[100.0, 50.0, 200.0, 100.0]]),
                rule="first leave the gray rows, then undo the scale",
            ),
            Case(
                "a tall photo in a square",
                (np.array([[32.0, 0.0, 96.0, 128.0]]), (200, 100), (128, 128)),
                expected=np.array([[0.0, 0.0, 100.0, 200.0]]),
                rule="a tall photo has gray columns, left and right",
            ),
            Case(
                "no box",
                (np.zeros((0, 4)), (100, 200), (128, 128)),
                rule="N may be 0: the result is (0, 4)",
            ),
            Case(
                "an odd size, rounded",
                (np.array([[0.0, 10.0, 640.0, 437.0]]), (683, 1024), (448, 640)),
                rule="the padding is a whole number: 427 of 448 rows are photo",
            ),
            *seeded_cases(_random_letterbox),
        ),
        unletterbox,
        compare=_within_half_pixel,
        properties=(
            Property(
                "`images.letterbox` and your function cancel within half a pixel",
                _undoes_the_real_letterbox,
            ),
        ),
        slips=(
            Slip("The gray padding is still in it.", _keeps_padding),
            Slip(
                "The padding is in letterboxed pixels: take it off before.",
                _scales_first,
            ),
            Slip("That undoes a squeeze, with a scale for each axis.", _unsqueezes),
            Slip("That is the way into the letterbox.", _goes_forward),
            Slip("x and y of the padding changed places.", _swaps_padding),
            Slip("The padding was added: take it off.", _adds_padding),
            Slip("Half of the gray lies on each side.", _takes_all_gray),
            Slip("Both corners moved by the padding.", _first_corner_only),
            Slip("The way in multiplied by the scale: divide.", _multiplies),
            Slip("The whole photo fits: the smaller scale.", _larger_scale),
            Slip("A padding is a whole number of px.", _broken_padding),
        ),
    ),
    hints=(
        "On the way in: was the photo scaled first, or padded first?",
        "Find scale and padding as the letterbox does, then undo the last step first.",
        "(boxes minus the padding, as x, y, x, y) divided by one scale for both axes.",
    ),
    why=(
        "The network answers in letterboxed pixels; nobody's photo is letterboxed.",
        "Scaling came first on the way in, so it goes last on the way back.",
        "Both axes share one scale, which is what keeps a face's shape.",
    ),
    wrong_turn="Dividing by the scale first and subtracting the padding as it is: "
    "right for a scale of 1, and off by the more the smaller the scale.",
    mutants=(
        Mutant("keeps the padding", _keeps_padding, "wrong value", "still in it"),
        Mutant("scales first", _scales_first, "wrong value", "take it off before"),
        Mutant("swaps padding", _swaps_padding, "wrong value", "changed places"),
        Mutant("adds padding", _adds_padding, "wrong value", "take it off"),
        Mutant("all gray", _takes_all_gray, "wrong value", "on each side"),
        Mutant("first corner", _first_corner_only, "wrong value", "Both corners"),
        Mutant("multiplies", _multiplies, "wrong value", "divide"),
        Mutant("larger scale", _larger_scale, "wrong value", "smaller scale"),
        Mutant("broken padding", _broken_padding, "wrong value", "whole number of px"),
        Mutant("unsqueezes", _unsqueezes, "wrong value", "a scale for each axis"),
        Mutant("goes forward", _goes_forward, "wrong value", "way into the letterbox"),
        Mutant(
            "a list",
            lambda b, i, s: unletterbox(b, i, s).tolist(),
            "wrong type",
            "NumPy array",
        ),
    ),
    alternatives=(_unletterbox_by_corners, _unletterbox_each_axis),
)
