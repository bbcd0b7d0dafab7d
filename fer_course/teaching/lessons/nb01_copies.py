"""Notebook 01, exercise 6: planted copies."""

import numpy as np

from fer_course import splits
from fer_course.teaching.comparing import WRONG_TYPE, WRONG_VALUE, describe
from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    Property,
    Slip,
    judge_function,
    seeded_cases,
)


def find_copies(pixels, threshold):
    """Return the pairs (i, j), i < j, of pictures that are copies, mirrored or not."""
    rows = pixels.reshape(len(pixels), -1).astype(float)
    rows -= rows.mean(axis=1, keepdims=True)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    mirrored = rows.reshape(pixels.shape)[:, :, ::-1].reshape(rows.shape)
    likeness = np.maximum(rows @ rows.T, rows @ mirrored.T)
    first, second = np.nonzero(np.triu(likeness >= threshold, k=1))
    return list(zip(first.tolist(), second.tolist(), strict=True))


def _copies_by(likeness_of):
    def find(pixels, threshold):
        n = len(pixels)
        pairs = [(i, j) for i in range(n) for j in range(i + 1, n)]
        images = pixels.astype(float)
        return [
            (i, j) for i, j in pairs if likeness_of(images[i], images[j]) >= threshold
        ]

    return find


def _correlation(a, b):
    return np.corrcoef(a.ravel(), b.ravel())[0, 1]


_copies_unmirrored = _copies_by(_correlation)
_copies_exact = _copies_by(lambda a, b: float(np.array_equal(a, b)))
_copies_close_values = _copies_by(lambda a, b: 1 - np.abs(a - b).mean() / 255)
_copies_cosine = _copies_by(
    lambda a, b: (a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b)
)
_copies_slow = _copies_by(
    lambda a, b: max(_correlation(a, b), _correlation(a, b[:, ::-1]))
)


def _copies_upside_down(pixels, threshold):
    return _copies_by(lambda a, b: max(_correlation(a, b), _correlation(a, b[::-1])))(
        pixels, threshold
    )


_copies_mirrored_only = _copies_by(lambda a, b: _correlation(a, b[:, ::-1]))
_copies_negatives = _copies_by(
    lambda a, b: max(abs(_correlation(a, b)), abs(_correlation(a, b[:, ::-1])))
)
_copies_turned = _copies_by(
    lambda a, b: max(
        _correlation(a, b), _correlation(a, b[:, ::-1]), _correlation(a, b[::-1])
    )
)
_copies_cosine_mirrored = _copies_by(
    lambda a, b: max(
        (a * c).sum() / np.linalg.norm(a) / np.linalg.norm(c) for c in (b, b[:, ::-1])
    )
)


def _copies_both_ways(pixels, threshold):
    pairs = find_copies(pixels, threshold)
    return pairs + [(j, i) for i, j in pairs]


def _copies_with_itself(pixels, threshold):
    return find_copies(pixels, threshold) + [(i, i) for i in range(len(pixels))]


def _copies_by_package(pixels, threshold):
    return splits.near_duplicates(pixels, threshold)[0].tolist()


def _pictures(rng, count, hw=(16, 24)):
    """Return smooth pictures that are not alike."""
    import cv2

    small = rng.uniform(20, 200, (count, 5, 7)).astype(np.float32)
    return np.array([cv2.resize(s, hw[::-1]) for s in small])


def _planted(rng, kinds=("exact", "bright", "mirrored", "noisy")):
    plain = _pictures(rng, int(rng.integers(4, 9)))
    extra = []
    for kind in kinds:
        picture = plain[rng.integers(len(plain))]
        if kind == "bright":
            picture = picture * rng.uniform(0.6, 1.1) + rng.uniform(5, 30)
        elif kind == "mirrored":
            picture = picture[:, ::-1]
        elif kind == "upside down":
            picture = picture[::-1]
        elif kind == "negative":
            picture = 255 - picture
        elif kind == "noisy":
            picture = picture + rng.normal(0, 3, picture.shape)
        extra.append(picture)
    pixels = np.array([*plain, *extra]).clip(0, 255).astype(np.uint8)
    return pixels[rng.permutation(len(pixels))]


def _random_planted(rng):
    pixels = _planted(rng)
    return Case(f"{len(pixels)} pictures with planted copies", (pixels, 0.9))


def _compare_pairs(result, expected):
    if isinstance(result, np.ndarray):
        result = result.tolist()
    pairs = isinstance(result, (list, tuple)) and all(
        isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in result
    )
    if not pairs:
        return WRONG_TYPE, f"Got {describe(result)}; a list of pairs was expected."
    found, wanted = {tuple(pair) for pair in result}, set(expected)
    if any(i >= j for i, j in found):
        odd = next(pair for pair in found if pair[0] >= pair[1])
        return WRONG_VALUE, f"The pair {odd} is not i < j: each pair counts once."
    missed, false = len(wanted - found), len(found - wanted)
    if missed or false:
        return (
            WRONG_VALUE,
            f"{missed} of {len(wanted)} pairs are missed, {false} pairs are false.",
        )
    return None


def _one_kind(name, kind, rule):
    pixels = _planted(np.random.default_rng(len(name)), (kind,))
    return Case(name, (pixels, 0.9), rule=rule)


_DIFFERENT = _planted(np.random.default_rng(9), ()) // 8 + 100

COPIES = Exercise(
    id="01.6",
    title="find_copies",
    stars=3,
    reference=find_copies,
    judge=judge_function(
        (
            _one_kind("an exact copy", "exact", "a copy has the same pixels"),
            Case(
                "dull pictures, all different",
                (_DIFFERENT, 0.9),
                rule="similar gray values do not make a copy",
            ),
            _one_kind(
                "a brighter copy", "bright", "brightness and contrast do not matter"
            ),
            _one_kind("a mirrored copy", "mirrored", "left and right may be swapped"),
            _one_kind("a negative", "negative", "dark for bright is no copy"),
            _one_kind(
                "a picture upside down", "upside down", "above and below may not swap"
            ),
            *seeded_cases(_random_planted),
        ),
        find_copies,
        compare=_compare_pairs,
        properties=(
            Property(
                "a stricter threshold never gives more pairs",
                lambda find: (
                    len(find(_DIFFERENT.copy(), 0.99))
                    <= len(find(_DIFFERENT.copy(), 0.2))
                ),
            ),
        ),
        slips=(
            Slip(
                "Only unmirrored copies are found: the last axis is left to right.",
                _copies_unmirrored,
            ),
            Slip("Only mirrored copies are found.", _copies_mirrored_only),
            Slip("Keep the sign of the correlation.", _copies_negatives),
            Slip("Only left and right may swap.", _copies_turned),
            Slip("Take each picture's mean away first.", _copies_cosine_mirrored),
            Slip("Only exact copies are found.", _copies_exact),
            Slip("Take each picture's mean away first.", _copies_cosine),
            Slip("Close gray values are not yet a copy.", _copies_close_values),
        ),
    ),
    hints=(
        "Which number stays the same when one picture is made brighter?",
        "Correlation: take the mean away, bring to length 1, multiply and add up. Then "
        "once more with one of the two mirrored.",
        "All pairs at once: a matrix of rows times its transpose; look above the "
        "diagonal only.",
    ),
    why=(
        "The course's scan of 3,603 photos found two pairs this way, and 1,451 faces "
        "of FER2013 that recur in its test parts.",
        "The mean and the length are what brightness and contrast change.",
        "Copies that straddle a split let a network answer from memory.",
    ),
    wrong_turn="Without taking the mean away, all photos of a bright day look alike.",
    mutants=(
        Mutant("not mirrored", _copies_unmirrored, "wrong value", "Only unmirrored"),
        Mutant("exact only", _copies_exact, "wrong value", "Only exact"),
        Mutant("no mean", _copies_cosine, "wrong value", "mean away"),
        Mutant("close values", _copies_close_values, "wrong value", "not yet a copy"),
        Mutant("mirrored only", _copies_mirrored_only, "wrong value", "Only mirrored"),
        Mutant("negatives", _copies_negatives, "wrong value", "Keep the sign"),
        Mutant("turned", _copies_turned, "wrong value", "Only left and right"),
        Mutant(
            "no mean, mirrored", _copies_cosine_mirrored, "wrong value", "mean away"
        ),
        Mutant("upside down", _copies_upside_down, "wrong value", "left and right"),
        Mutant("both ways", _copies_both_ways, "wrong value", "each pair counts once"),
        Mutant("itself", _copies_with_itself, "wrong value", "each pair counts once"),
    ),
    alternatives=(_copies_slow, _copies_by_package),
)
