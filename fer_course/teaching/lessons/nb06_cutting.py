"""Notebook 06, exercise 1: from a box to the square that is cut out."""

import numpy as np

from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    Property,
    Slip,
    judge_function,
    seeded_cases,
)


def square_box(box_xyxy, margin):
    """Return the square x1, y1, x2, y2 around a box, grown by a margin."""
    x1, y1, x2, y2 = box_xyxy
    half = max(x2 - x1, y2 - y1) * (1 + margin) / 2
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    return np.array([x - half, y - half, x + half, y + half])


def _square_margin_each_side(box_xyxy, margin):
    return square_box(box_xyxy, 2 * margin)


def _square_of_width(box_xyxy, margin):
    x1, y1, x2, y2 = box_xyxy
    middle = (y1 + y2) / 2
    return square_box((x1, middle, x2, middle), margin)


def _square_of_shorter(box_xyxy, margin):
    x1, y1, x2, y2 = box_xyxy
    side = min(x2 - x1, y2 - y1) * (1 + margin)
    return _around((x1 + x2) / 2, (y1 + y2) / 2, side)


def _around(x, y, side):
    return np.array([x - side / 2, y - side / 2, x + side / 2, y + side / 2])


def _square_margin_in_px(box_xyxy, margin):
    x1, y1, x2, y2 = box_xyxy
    side = max(x2 - x1, y2 - y1) + margin
    return _around((x1 + x2) / 2, (y1 + y2) / 2, side)


def _square_margin_in_percent(box_xyxy, margin):
    return square_box(box_xyxy, margin / 100)


def _square_margin_alone(box_xyxy, margin):
    return square_box(box_xyxy, margin - 1)


def _square_never_smaller(box_xyxy, margin):
    return square_box(box_xyxy, max(margin, 0))


def _square_side_each_way(box_xyxy, margin):
    return square_box(box_xyxy, 1 + 2 * margin)


def _square_half_of_size_as_center(box_xyxy, margin):
    x1, y1, x2, y2 = box_xyxy
    side = max(x2 - x1, y2 - y1) * (1 + margin)
    return _around((x2 - x1) / 2, (y2 - y1) / 2, side)


def _square_as_center_and_size(box_xyxy, margin):
    x1, y1, x2, y2 = square_box(box_xyxy, margin)
    return np.array([(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1])


def _square_rounded(box_xyxy, margin):
    return np.round(square_box(box_xyxy, margin))


def _square_cut_to_whole(box_xyxy, margin):
    return square_box(box_xyxy, margin).astype(int)


def _square_clipped(box_xyxy, margin):
    return np.maximum(square_box(box_xyxy, margin), 0)


def _square_from_corner(box_xyxy, margin):
    x1, y1, x2, y2 = box_xyxy
    side = max(x2 - x1, y2 - y1) * (1 + margin)
    return np.array([x1, y1, x1 + side, y1 + side])


def _square_not_square(box_xyxy, margin):
    x1, y1, x2, y2 = box_xyxy
    grow_x, grow_y = (x2 - x1) * margin / 2, (y2 - y1) * margin / 2
    return np.array([x1 - grow_x, y1 - grow_y, x2 + grow_x, y2 + grow_y])


def _square_in_two_steps(box_xyxy, margin):
    box = np.asarray(box_xyxy, float)
    size = (box[2:] - box[:2]).max() * (1 + margin)
    center = box.reshape(2, 2).mean(axis=0)
    return np.concatenate((center - size / 2, center + size / 2))


def _random_box(rng):
    corner, size = rng.uniform(0, 60, 2), rng.uniform(2, 60, 2)
    return Case(
        "a random box",
        (np.concatenate((corner, corner + size)), float(rng.uniform(-0.3, 0.8))),
    )


def _keeps_center(function):
    box = np.array([20.0, 30.0, 50.0, 80.0])
    middles = [np.asarray(function(box, m)).reshape(2, 2).mean(0) for m in (-0.2, 0.6)]
    return bool(np.allclose(middles, [35.0, 55.0]))


SQUARE = Exercise(
    id="06.1",
    title="square_box",
    stars=1,
    reference=square_box,
    judge=judge_function(
        (
            Case(
                "a tall box, no margin",
                (np.array([10.0, 20.0, 50.0, 80.0]), 0.0),
                expected=np.array([0.0, 20.0, 60.0, 80.0]),
                rule="the side is the longer one of width and height",
            ),
            Case(
                "a margin of a half",
                (np.array([10.0, 20.0, 50.0, 80.0]), 0.5),
                expected=np.array([-15.0, 5.0, 75.0, 95.0]),
                rule="the whole side grows by the margin, and the square may leave "
                "the photo: the crop pads what is outside",
            ),
            Case(
                "a wide box",
                (np.array([40.0, 40.0, 120.0, 80.0]), 0.0),
                expected=np.array([40.0, 20.0, 120.0, 100.0]),
                rule="the center stays, in both directions",
            ),
            Case("a margin below 0", (np.array([20.0, 20.0, 60.0, 60.0]), -0.25)),
            *seeded_cases(_random_box),
        ),
        square_box,
        properties=(Property("the center stays where it was", _keeps_center),),
        slips=(
            Slip("That adds the margin on each side.", _square_margin_each_side),
            Slip(
                "That takes the width, or the shorter side, of a tall box.",
                _square_of_shorter,
            ),
            Slip("That takes the width, also of a tall box.", _square_of_width),
            Slip(
                "The margin is a share of the side, not px: times (1 + margin).",
                _square_margin_in_px,
            ),
            Slip(
                "The margin 0.5 is a half, not half a percent.",
                _square_margin_in_percent,
            ),
            Slip("A margin of 0 keeps the side: (1 + margin).", _square_margin_alone),
            Slip("A margin below 0 makes the square smaller.", _square_never_smaller),
            Slip(
                "The corners lie half a side from the center, not a whole one.",
                _square_side_each_way,
            ),
            Slip(
                "(x2 - x1) / 2 is half the width: the center is (x1 + x2) / 2.",
                _square_half_of_size_as_center,
            ),
            Slip(
                "That is center and size: return the two corners.",
                _square_as_center_and_size,
            ),
            Slip("Do not round: `crop` does.", _square_rounded),
            Slip("Do not cut to whole px: `crop` rounds.", _square_cut_to_whole),
            Slip("Both sides grow on their own: a square has one.", _square_not_square),
            Slip("That cuts the square at the photo's edge.", _square_clipped),
            Slip("That grows away from one corner.", _square_from_corner),
        ),
    ),
    hints=(
        "A box is 40 px wide and 60 px high. How long is the side of the smallest "
        "square that holds it?",
        "Find the center, then half of the grown side, and go that far in all four "
        "directions.",
        "center minus half, center plus half, for x and for y; half comes from the "
        "longer side times (1 + margin).",
    ),
    why=(
        "With this line the face in the app is framed as the faces in training were.",
        "A square is never squeezed, so that a long face stays long.",
        "Clipping at the photo's edge would move the face out of the middle, which "
        "the network has never seen.",
    ),
    wrong_turn="Adding the margin to both ends doubles it: 0.2 becomes 0.4.",
    mutants=(
        Mutant(
            "each side", _square_margin_each_side, "wrong value", "margin on each side"
        ),
        Mutant("width only", _square_of_width, "wrong value", "takes the width"),
        Mutant("shorter", _square_of_shorter, "wrong value", "the shorter side"),
        Mutant("in px", _square_margin_in_px, "wrong value", "not px"),
        Mutant("percent", _square_margin_in_percent, "wrong value", "half a percent"),
        Mutant("margin alone", _square_margin_alone, "wrong value", "keeps the side"),
        Mutant("never smaller", _square_never_smaller, "wrong value", "below 0 makes"),
        Mutant("side each way", _square_side_each_way, "wrong value", "half a side"),
        Mutant(
            "half as center",
            _square_half_of_size_as_center,
            "wrong value",
            "half the width",
        ),
        Mutant(
            "center, size", _square_as_center_and_size, "wrong value", "two corners"
        ),
        Mutant("rounded", _square_rounded, "wrong value", "Do not round"),
        Mutant("whole px", _square_cut_to_whole, "wrong value", "cut to whole px"),
        Mutant("clipped", _square_clipped, "wrong value", "cuts the square"),
        Mutant("corner", _square_from_corner, "wrong value", "away from one corner"),
        Mutant("not square", _square_not_square, "wrong value", "a square has one"),
        Mutant(
            "a list",
            lambda box, m: square_box(box, m).tolist(),
            "wrong type",
            "NumPy array",
        ),
    ),
    alternatives=(_square_in_two_steps,),
)
