"""Notebook 06, exercise 2: any crop becomes the network's input."""

import cv2
import numpy as np

from fer_course.expression.preprocessing import face_to_input
from fer_course.teaching.comparing import compare_values
from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    Slip,
    judge_function,
    seeded_cases,
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
    crop = cv2.resize(_as_bytes(crop), (48, 48), interpolation=cv2.INTER_AREA)
    return preprocess_face(crop)


def _as_bytes(crop):
    return crop if crop.dtype == np.uint8 else np.round(crop * 255).astype(np.uint8)


def _preprocess_by_largest_value(crop):
    """Takes a dark uint8 crop for one in 0..1."""
    crop = np.round(crop * 255) if crop.max() <= 1 else crop
    return face_to_input([crop.astype(np.uint8)])[0]


def _preprocess_always_scales(crop):
    return face_to_input([(crop * 255).astype(np.uint8)])[0]


def _preprocess_squeezes_gray(crop):
    gray = _as_bytes(crop)
    gray = cv2.cvtColor(gray, cv2.COLOR_RGB2GRAY) if gray.ndim == 3 else gray
    return preprocess_face(cv2.resize(gray, (48, 48), interpolation=cv2.INTER_AREA))


def _padded_gray(crop, border):
    gray = _as_bytes(crop)
    gray = cv2.cvtColor(gray, cv2.COLOR_RGB2GRAY) if gray.ndim == 3 else gray
    high, wide = (max(gray.shape) - length for length in gray.shape)
    ends = (high // 2, high - high // 2, wide // 2, wide - wide // 2)
    return cv2.copyMakeBorder(gray, *ends, border)


def _preprocess_pads_black(crop):
    return face_to_input([_padded_gray(crop, cv2.BORDER_CONSTANT)])[0]


def _preprocess_skips_pixels(crop):
    gray = _padded_gray(crop, cv2.BORDER_REPLICATE)
    return cv2.resize(gray, (48, 48)).astype(np.float32)[..., None]


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
    step = max(s for s in (2, 5, 10, 20, 50, 100, 200) if s < gap or s == 2)
    return "wrong value", f"Your result is off by more than {step} of 255 gray levels."


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
            Case(
                "a nearly black uint8 crop",
                (np.eye(48, dtype=np.uint8),),
                rule="the type tells bytes from shares of 1, not the largest value",
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
            _crop_case(
                "a large gray crop",
                (150, 150),
                np.uint8,
                "shrinking averages all pixels (INTER_AREA), enlarging is linear",
            ),
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
            Slip(
                "That tells the scale by the largest value: a dark uint8 crop has a "
                "small one, too.",
                _preprocess_by_largest_value,
            ),
            Slip("That multiplies uint8 crops by 255, too.", _preprocess_always_scales),
            Slip("That squeezes the crop into the square.", _preprocess_squeezes_gray),
            Slip(
                "That pads with black: repeat the edge, as training did.",
                _preprocess_pads_black,
            ),
            Slip(
                "That shrinks without averaging: `face_to_input` does it right.",
                _preprocess_skips_pixels,
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
        "Gray comes first, then the padding, then the resize: as in training.",
    ),
    wrong_turn="Casting floats in 0..1 to uint8 first: all pixels become 0 or 1.",
    mutants=(
        Mutant("scaled", _preprocess_scaled, "wrong value", "divides by 255"),
        Mutant(
            "cut off", _preprocess_floats_cut_off, "wrong value", "whole numbers before"
        ),
        Mutant("bgr", _preprocess_bgr, "wrong value", "blue, green, red"),
        Mutant("squeezed", _preprocess_squeezes, "wrong value", "squeezes the crop"),
        Mutant(
            "largest value",
            _preprocess_by_largest_value,
            "wrong value",
            "by the largest value",
        ),
        Mutant(
            "always scales", _preprocess_always_scales, "wrong value", "by 255, too"
        ),
        Mutant(
            "squeezed gray", _preprocess_squeezes_gray, "wrong value", "squeezes the"
        ),
        Mutant("black", _preprocess_pads_black, "wrong value", "pads with black"),
        Mutant("skips", _preprocess_skips_pixels, "wrong value", "without averaging"),
        Mutant(
            "calls it with floats",
            lambda crop: face_to_input([crop])[0],
            "raised",
            "floats come in 0..1",
        ),
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
