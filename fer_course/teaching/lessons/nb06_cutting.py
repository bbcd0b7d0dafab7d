"""Notebook 06, exercises 1 and 2: from a box to the network's input."""

import cv2
import numpy as np

from fer_course.expression.preprocessing import face_to_input
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
            Slip("That takes the width, also of a tall box.", _square_of_width),
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
        Mutant("clipped", _square_clipped, "wrong value", "cuts the square"),
        Mutant("corner", _square_from_corner, "wrong value", "away from one corner"),
        Mutant("not square", _square_not_square, "wrong value", "longer one of width"),
        Mutant(
            "a list",
            lambda box, m: square_box(box, m).tolist(),
            "wrong type",
            "NumPy array",
        ),
    ),
    alternatives=(_square_in_two_steps,),
)


def preprocess_face(crop):
    """Return any crop as the network's input: (48, 48, 1) float32 in 0..255."""
    if crop.dtype != np.uint8:
        crop = np.round(crop * 255).astype(np.uint8)
    return face_to_input([crop])[0]


def _preprocess_scaled(crop):
    return preprocess_face(crop) / 255


def _preprocess_floats_cut_off(crop):
    return face_to_input([crop.astype(np.uint8)])[0]


def _preprocess_bgr(crop):
    return preprocess_face(crop[..., ::-1] if crop.ndim == 3 else crop)


def _preprocess_squeezes(crop):
    if crop.dtype != np.uint8:
        crop = np.round(crop * 255).astype(np.uint8)
    return preprocess_face(cv2.resize(crop, (48, 48), interpolation=cv2.INTER_AREA))


def _preprocess_mean_gray(crop):
    return preprocess_face(crop.mean(2).astype(crop.dtype) if crop.ndim == 3 else crop)


def _preprocess_by_hand(crop):
    gray = crop.astype(np.float32) * (1 if crop.dtype == np.uint8 else 255)
    if gray.ndim == 3:
        gray = gray @ np.array([0.299, 0.587, 0.114], np.float32)
    side = max(gray.shape)
    extra = [side - length for length in gray.shape]
    gray = np.pad(gray, [(e // 2, e - e // 2) for e in extra], mode="edge")
    method = cv2.INTER_AREA if side > 48 else cv2.INTER_LINEAR
    return cv2.resize(gray, (48, 48), interpolation=method)[..., None]


def _within_two_levels(result, expected):
    """Compare to 2 of 255 gray levels: gray formulas round differently."""
    problem = compare_values(result, expected)
    if problem is None or problem[0] != "wrong value":
        if problem is None and np.asarray(result).dtype != np.float32:
            kind = np.asarray(result).dtype
            return "wrong type", f"Got an array of {kind}, float32 was expected."
        return problem
    gap = float(np.abs(np.asarray(result, float) - expected).max())
    if gap <= 2:
        return None
    return "wrong value", f"Your result is off by up to {gap:.0f} of 255 gray levels."


def _soft_crop(rng, shape, dtype):
    """Return a smooth random crop, uint8, or float in 0..1."""
    noise = rng.uniform(0, 255, (6, 5, *shape[2:]))
    crop = cv2.resize(noise, shape[1::-1], interpolation=cv2.INTER_LINEAR)
    crop = np.round(crop).clip(0, 255).astype(np.uint8)
    return crop if dtype == np.uint8 else (crop / 255).astype(dtype)


def _random_crop(rng):
    shape = (*(int(n) for n in rng.integers(20, 90, 2)), 3)[: 2 + rng.integers(2)]
    dtype = (np.uint8, np.float32, np.float64)[rng.integers(3)]
    return Case("a random crop", (_soft_crop(rng, shape, dtype),))


def _crop_case(name, shape, dtype, rule):
    crop = _soft_crop(np.random.default_rng(5), shape, dtype)
    return Case(name, (crop,), rule=rule)


PREPROCESS = Exercise(
    id="06.2",
    title="preprocess_face",
    stars=1,
    reference=preprocess_face,
    judge=judge_function(
        (
            _crop_case(
                "a gray uint8 crop of 48 px",
                (48, 48),
                np.uint8,
                "it is the contract already: no value changes, values stay in 0..255",
            ),
            _crop_case(
                "a gray float crop",
                (48, 48),
                np.float32,
                "floats come in 0..1 and leave in 0..255",
            ),
            _crop_case(
                "an RGB crop",
                (48, 48, 3),
                np.uint8,
                "gray is 0.299 red + 0.587 green + 0.114 blue",
            ),
            _crop_case(
                "a tall RGB crop",
                (90, 60, 3),
                np.uint8,
                "pad to a square by repeating the edge, then resize; never squeeze",
            ),
            _crop_case("a wide gray crop", (20, 33), np.uint8, "pad, then resize"),
            *seeded_cases(_random_crop),
        ),
        preprocess_face,
        compare=_within_two_levels,
        slips=(
            Slip(
                "That divides by 255, which the network's first layer does again.",
                _preprocess_scaled,
            ),
            Slip(
                "That makes floats in 0..1 whole numbers before scaling them.",
                _preprocess_floats_cut_off,
            ),
            Slip("That reads the channels as blue, green, red.", _preprocess_bgr),
            Slip("That squeezes the crop into the square.", _preprocess_squeezes),
            Slip("That is the plain mean of the channels.", _preprocess_mean_gray),
        ),
    ),
    hints=(
        "Which of the four kinds of crop, gray or RGB, uint8 or float, does "
        "`face_to_input` take already?",
        "Turn floats into uint8 first; then one function of the course does the rest.",
        "An `if` on crop.dtype, then face_to_input on a list of one crop, and its "
        "first row.",
    ),
    why=(
        "One function for training and serving is the cheapest insurance there is.",
        "Whatever comes in, the values leave in 0..255, because the division by 255 "
        "is the network's first layer.",
        "Gray comes before the resize and padding before both, as in training.",
    ),
    wrong_turn="Casting floats in 0..1 to uint8 first: all pixels become 0 or 1.",
    mutants=(
        Mutant("scaled", _preprocess_scaled, "wrong value", "divides by 255"),
        Mutant(
            "cut off", _preprocess_floats_cut_off, "wrong value", "whole numbers before"
        ),
        Mutant("bgr", _preprocess_bgr, "wrong value", "blue, green, red"),
        Mutant("squeezed", _preprocess_squeezes, "wrong value", "squeezes the crop"),
        Mutant("mean", _preprocess_mean_gray, "wrong value", "plain mean"),
        Mutant(
            "no channel",
            lambda crop: preprocess_face(crop)[..., 0],
            "wrong type",
            "shape (48, 48, 1)",
        ),
        Mutant(
            "bytes",
            lambda crop: preprocess_face(crop).round().astype(np.uint8),
            "wrong type",
            "float32",
        ),
    ),
    alternatives=(_preprocess_by_hand,),
)
