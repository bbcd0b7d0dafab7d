"""Notebook 05, exercise 1: the interval of a share."""

import numpy as np

from fer_course.expression.evaluation import wilson_interval
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
            Slip("The width is Wilson's, the center is not moved.", _wilson_uncentered),
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
        Mutant(
            "90 percent",
            lambda k, n: wilson_interval(k, n, z=1.645),
            "wrong value",
            "too",
        ),
    ),
    alternatives=(_wilson_by_roots,),
)
