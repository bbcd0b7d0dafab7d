"""Notebook 05, exercise 1: the interval of a share."""

import numpy as np

from fer_course.expression.evaluation import wilson_interval
from fer_course.teaching.comparing import WRONG_VALUE, compare_values
from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    Property,
    Slip,
    judge_function,
    seeded_cases,
)


def _wald(successes, n):
    """The textbook's interval, which leaves 0..1 and vanishes at 0 and at n."""
    share = successes / n
    half = 1.96 * np.sqrt(share * (1 - share) / n)
    return share - half, share + half


def _wilson_uncentered(successes, n, z=1.96):
    share = successes / n
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    half /= 1 + z * z / n
    return share - half, share + half


def _wald_clipped(successes, n):
    low, high = _wald(successes, n)
    return max(low, 0), min(high, 1)  # whole numbers where they cut, as written


def _center_and_half(successes, n, z=1.96):
    """The formula's two parts, before the division."""
    share = successes / n
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return share + z * z / (2 * n), half


def _undivided(successes, n):
    center, half = _center_and_half(successes, n)
    return center - half, center + half


def _half_divided(successes, n):
    center, half = _center_and_half(successes, n)
    half /= 1 + 1.96**2 / n
    return center - half, center + half


def _z_not_squared(successes, n, z=1.96):
    share, (_, half) = successes / n, _center_and_half(successes, n)
    center = share + z / (2 * n)
    return tuple((center + sign * half) / (1 + z * z / n) for sign in (-1, 1))


def _n_not_squared(successes, n, z=1.96):
    share, (center, _) = successes / n, _center_and_half(successes, n)
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n))
    return tuple((center + sign * half) / (1 + z * z / n) for sign in (-1, 1))


def _no_root(successes, n, z=1.96):
    center, half = _center_and_half(successes, n)
    half = half**2 / z  # z times what stands under the root
    return tuple((center + sign * half) / (1 + z * z / n) for sign in (-1, 1))


def _in_percent(successes, n):
    return tuple(100 * bound for bound in wilson_interval(successes, n))


def _high_first(successes, n):
    return tuple(reversed(wilson_interval(successes, n)))


def _middle_and_half(successes, n):
    low, high = wilson_interval(successes, n)
    return (low + high) / 2, (high - low) / 2


def _of_90_percent(successes, n):
    return wilson_interval(successes, n, z=1.645)


def _same_bounds(result, expected):
    """Compare (low, high) to 1e-4: a table's z, 1.959964, is as right as 1.96."""
    problem = compare_values(result, expected)
    if problem is None or problem[0] != WRONG_VALUE or len(result) != 2:
        return problem
    for name, mine, right in zip(("low", "high"), result, expected, strict=True):
        if not abs(mine - right) <= 1e-4:  # not: a NaN is wrong, too
            return WRONG_VALUE, f"{name}: {compare_values(mine, right)[1]}"
    return None


def _wilson_by_roots(successes, n, z=1.96):
    """The same interval from the quadratic whose roots its bounds are."""
    share = successes / n
    a, b, c = 1 + z * z / n, -(2 * share + z * z / n), share * share
    root = np.sqrt(max(b * b - 4 * a * c, 0))
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


def _random_count(rng):
    n = int(rng.integers(1, 4000))
    return Case("a random count", (int(rng.integers(0, n + 1)), n))


INTERVAL = Exercise(
    id="05.1",
    title="interval of a share",
    stars=1,
    reference=wilson_interval,
    judge=judge_function(
        (
            Case("8 of 10", (8, 10), rule="the center is pulled toward one half"),
            Case("none of 20", (0, 20), rule="0 of 20 does not prove a share of 0"),
            Case("all of 20", (20, 20), rule="the bounds stay in 0..1"),
            *seeded_cases(_random_count),
        ),
        wilson_interval,
        compare=_same_bounds,
        properties=(
            Property(
                "misses and hits are alike: swapping them mirrors the interval",
                lambda f: bool(np.allclose(f(3, 11)[0], 1 - f(8, 11)[1])),
            ),
            Property(
                "with four times the faces the interval is about half as wide",
                lambda f: (
                    1.9 < np.diff(f(600, 900))[0] / np.diff(f(2400, 3600))[0] < 2.1
                ),
            ),
        ),
        slips=(
            Slip("This is share ± 1.96 · standard error, Wald's interval.", _wald),
            Slip("That is Wald's interval, cut off at 0 and 1.", _wald_clipped),
            Slip("The width is Wilson's, the center is not moved.", _wilson_uncentered),
            Slip("The division by 1 + z²/n is missing.", _undivided),
            Slip("The center is not divided by 1 + z²/n.", _half_divided),
            Slip("The center moves by z²/2n: your z is not squared.", _z_not_squared),
            Slip(
                "Under the root stands z²/4n²: your n is not squared.", _n_not_squared
            ),
            Slip("The square root is missing.", _no_root),
            Slip("That is in percent: shares lie in 0..1.", _in_percent),
            Slip("That is (high, low): the lower bound comes first.", _high_first),
            Slip("That is center and half width, not low and high.", _middle_and_half),
            Slip("That z, 1.645, belongs to 90 %.", _of_90_percent),
        ),
    ),
    hints=(
        "What does share ± 1.96 · standard error say when 0 of 20 faces are right?",
        "Move the center by z²/2n, add z²/4n² under the root, divide both by 1 + z²/n.",
        "Two lines for center and half width, each divided by the same number; then "
        "center minus and plus half.",
    ),
    why=(
        "An accuracy without its interval cannot be compared with another.",
        "Wilson asks which true shares make the count seen unsurprising, and takes "
        "their standard error, not that of the share seen.",
        "That keeps the bounds inside 0..1 and the width above 0 at both ends.",
    ),
    wrong_turn="Wald's interval has no width at 0 and at n, where little is known.",
    mutants=(
        Mutant("Wald", _wald, "wrong value", "Wald"),
        Mutant("center not moved", _wilson_uncentered, "wrong value", "not moved"),
        Mutant("one number", lambda k, n: k / n, "wrong type", "a tuple of"),
        Mutant("Wald, cut off", _wald_clipped, "wrong value", "cut off at 0"),
        Mutant("90 percent", _of_90_percent, "wrong value", "belongs to 90 %"),
        Mutant("undivided", _undivided, "wrong value", "division by 1 + z²/n"),
        Mutant("half divided", _half_divided, "wrong value", "center is not divided"),
        Mutant("z", _z_not_squared, "wrong value", "z is not squared"),
        Mutant("n", _n_not_squared, "wrong value", "n is not squared"),
        Mutant("no root", _no_root, "wrong value", "square root is missing"),
        Mutant("percent", _in_percent, "wrong value", "in percent"),
        Mutant("high first", _high_first, "wrong value", "lower bound comes first"),
        Mutant("half width", _middle_and_half, "wrong value", "not low and high"),
        Mutant(
            "z of 2",
            lambda k, n: wilson_interval(k, n, z=2),
            "wrong value",
            "low: Your result",
        ),
        Mutant("NaN", lambda k, n: (np.nan, 1.0), "wrong value", "not a number"),
    ),
    alternatives=(
        _wilson_by_roots,
        lambda k, n: wilson_interval(k, n, z=1.959964),
        lambda k, n: np.array(wilson_interval(k, n)),
    ),
)
