"""Notebook 00, exercise 3: gray and BGR."""

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
from fer_course.teaching.lessons.nb00_pixels import random_photo


def luma_and_bgr(image):
    """Return the gray (H, W) uint8 of an RGB photo, and the photo as BGR."""
    weights = np.array([0.299, 0.587, 0.114])
    gray = np.round(image @ weights).astype(np.uint8)
    return gray, image[:, :, ::-1].copy()


def _luma_mean(image):
    return np.round(image.mean(axis=2)).astype(np.uint8), image[:, :, ::-1].copy()


def _luma_of_bgr(image):
    return luma_and_bgr(image[:, :, ::-1])[0], image[:, :, ::-1].copy()


def _luma_wraps(image):
    red, green, blue = (image[:, :, k] for k in range(3))
    return (red + green + blue) // 3, image[:, :, ::-1].copy()


def _luma_float(image):
    return image @ np.array([0.299, 0.587, 0.114]), image[:, :, ::-1].copy()


def _luma_mirrors(image):
    return luma_and_bgr(image)[0], image[:, ::-1].copy()


def _luma_cut(image):
    gray = (image @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)
    return gray, image[:, :, ::-1].copy()


def _luma_pair_swapped(image):
    return luma_and_bgr(image)[::-1]


def _bgr_overwrites(image):
    bgr = image.copy()
    bgr[:, :, 0] = bgr[:, :, 2]
    bgr[:, :, 2] = bgr[:, :, 0]
    return luma_and_bgr(image)[0], bgr


def _luma_in_place(image):
    gray = luma_and_bgr(image)[0]
    image[:] = image[:, :, ::-1].copy()
    return gray, image.copy()


def _luma_with_cv2(image):
    import cv2

    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return gray, cv2.cvtColor(image, cv2.COLOR_RGB2BGR)


def _compare_colors(result, expected):
    """Compare gray to one level (formulas round differently) and BGR exactly."""
    from fer_course.teaching.comparing import compare_values

    problem = compare_values(result, expected)
    if problem is None or problem[0] != "wrong value":
        return problem
    gap = np.abs(np.asarray(result[0], int) - expected[0].astype(int)).max(initial=0)
    if gap > 1:
        return "wrong value", f"The gray picture is off by up to {gap} of 255 levels."
    if not np.array_equal(result[1], expected[1]):
        return "wrong value", "The second picture has not red and blue swapped."
    return None


def _is_rounded(function):
    """Tell how far gray lies from the weighted sum, on average over many pixels."""
    photo = random_photo(40, 60, 7)
    exact = photo @ np.array([0.299, 0.587, 0.114])
    dark = float((exact - np.asarray(function(photo.copy())[0], float)).mean())
    if abs(dark) > 0.1:
        side = "dark" if dark > 0 else "bright"
        return f"yours is {abs(dark):.2f} levels too {side} on average"
    gap = np.abs(exact - np.asarray(function(photo.copy())[0], float)).max()
    if gap > 0.6:  # OpenCV's whole-number arithmetic stays within 0.51
        return f"yours is up to {gap:.1f} levels off: are the weights exact?"
    return True


def _luma_rounds_weights(image):
    gray = np.round(image @ np.array([0.30, 0.59, 0.11])).astype(np.uint8)
    return gray, image[:, :, ::-1].copy()


def _random_colors(rng):
    height, width = (int(n) for n in rng.integers(1, 12, 2))
    return Case(
        f"a {height}x{width} photo",
        (random_photo(height, width, int(rng.integers(99))),),
    )


_FOUR = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [200, 100, 50]]], np.uint8)

COLORS = Exercise(
    id="00.3",
    title="luma_and_bgr",
    stars=2,
    reference=luma_and_bgr,
    judge=judge_function(
        (
            Case(
                "red, green, blue, brown",
                (_FOUR,),
                expected=(
                    np.array([[76, 150], [29, 124]], np.uint8),
                    _FOUR[:, :, ::-1].copy(),
                ),
                rule="gray is 0.299 red + 0.587 green + 0.114 blue, rounded, uint8; "
                "BGR swaps the last axis",
            ),
            Case("a white row", (np.full((1, 4, 3), 255, np.uint8),)),
            *seeded_cases(_random_colors),
        ),
        luma_and_bgr,
        compare=_compare_colors,
        properties=(
            Property(
                "gray of a gray photo is that gray",
                lambda f: bool(
                    np.array_equal(
                        np.asarray(f(np.full((2, 3, 3), 90, np.uint8))[0], int),
                        np.full((2, 3), 90),
                    )
                ),
            ),
            Property("gray is rounded, not cut off", _is_rounded),
        ),
        slips=(
            Slip("That weighs the three channels alike.", _luma_mean),
            Slip("Gray comes first.", _luma_pair_swapped),
            Slip("One channel was written over before it was kept.", _bgr_overwrites),
            Slip("That weighs blue as red.", _luma_of_bgr),
            Slip("That adds uint8, which starts again at 256.", _luma_wraps),
            Slip("That mirrors the photo instead of its channels.", _luma_mirrors),
        ),
    ),
    hints=(
        "Which looks brighter to you, pure green or pure blue?",
        "Multiply each channel by its weight as floats, add, round, and only then "
        "make it uint8; for BGR reverse the last axis.",
        "A matrix product with an array of three weights; for the other, a slice with "
        "a step of −1 on the third axis.",
    ),
    why=(
        "FERNet's input is this gray, so that swapped channels change its numbers.",
        "Eyes see green best, which the weights say.",
        "The sum is made in floats, because uint8 has no room for it.",
    ),
    wrong_turn="Adding the channels as uint8: 200 + 100 is 44, and light skin turns "
    "dark in patches.",
    mutants=(
        Mutant("two digits", _luma_rounds_weights, "wrong value", "weights exact"),
        Mutant("mean", _luma_mean, "wrong value", "channels alike"),
        Mutant("bgr weights", _luma_of_bgr, "wrong value", "weighs blue as red"),
        Mutant("wraps", _luma_wraps, "wrong value", "starts again at 256"),
        Mutant("float", _luma_float, "wrong type", "uint8"),
        Mutant("mirrors", _luma_mirrors, "wrong value", "mirrors the photo"),
        Mutant("in place", _luma_in_place, "wrong value", "work on a copy"),
        Mutant("cut off", _luma_cut, "wrong value", "too dark on average"),
        Mutant("pair swapped", _luma_pair_swapped, "wrong type", "Gray comes first"),
        Mutant("overwrites", _bgr_overwrites, "wrong value", "before it was kept"),
    ),
    alternatives=(_luma_with_cv2,),
)
