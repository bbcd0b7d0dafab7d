"""Notebook 05, exercise 2: a learning rate from a range test."""

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

CHANCE = np.log(7)


def suggest_rate(rates, losses):
    """Return a tenth of the rate at which the smoothed loss is lowest."""
    rates, losses = np.asarray(rates), np.asarray(losses, float)
    losses = np.where(np.isfinite(losses), losses, np.inf)
    smooth = [np.median(losses[max(i - 3, 0) : i + 4]) for i in range(len(losses))]
    if min(smooth) > np.log(7) - 0.1:
        raise ValueError("The loss never falls below chance: no rate can be suggested.")
    return float(rates[np.argmin(smooth)] / 10)


def _curve(rng, best, depth=0.7, noise=0.03, spikes=True):
    """A range test whose smooth loss is lowest at `best`, with noise and spikes."""
    rates = np.geomspace(best / 3000, best * 30, 90)
    x = np.log10(rates / best)
    falling = CHANCE - depth / (1 + np.exp(-5 * (x + 0.75)))
    losses = falling + 0.02 * np.exp(4.5 * np.clip(x, -3, 1.2)) - 0.02
    losses = losses + rng.normal(0, noise, len(x))
    if spikes:
        losses[rng.integers(5, 30)] -= 1.2  # one easy batch, long before
    return rates, losses


def _flat(wobble):
    """A range test that learns nothing; its noise may dip below chance."""
    noise = np.random.default_rng(1).normal(0, 0.02, 60)
    return np.geomspace(1e-6, 1, 60), CHANCE + (noise if wobble else np.abs(noise))


def _near_the_minimum(result, expected):
    """Accept whatever is clearly below the minimum and not needlessly small."""
    if isinstance(result, np.ndarray) and result.size == 1:
        result = result.item()
    if isinstance(result, (int, np.integer)):
        return "wrong type", (
            f"Got the whole number {int(result)}: a place in the array? Return the "
            "rate there, divided by ten."
        )
    if not isinstance(result, (float, np.number)):
        return "wrong type", "Return one learning rate, a number."
    ratio = float(result) / (10 * expected)
    if ratio > 0.6:
        return "wrong value", (
            f"Your rate {float(result):.2g} lies near the minimum or past it: there "
            "the steps are about to become too large."
        )
    if ratio < 0.01:
        return "wrong value", (
            f"Your rate {float(result):.2g} is far too small: what decided, one lucky "
            "batch or the edge of the smoothing window?"
        )
    return None


def _smallest_raw(rates, losses):
    return float(np.asarray(rates)[np.nanargmin(losses)] / 10)


def _at_the_minimum(rates, losses):
    return 10 * suggest_rate(rates, losses)


def _never_refuses(rates, losses):
    losses = np.where(np.isfinite(losses), losses, np.inf)
    smooth = [np.median(losses[max(i - 3, 0) : i + 4]) for i in range(len(losses))]
    return float(rates[np.argmin(smooth)] / 10)


def _refuses_by_a_hair(rates, losses):
    """Takes what noise dips below chance for learning."""
    if np.nanmin(losses) > CHANCE:
        raise ValueError("never below ln 7")
    return _never_refuses(rates, losses)


def _zeros_at_the_ends(rates, losses):
    """NumPy's convolve pads with zeros: the first means are far too low."""
    losses = np.nan_to_num(np.asarray(losses, float), nan=99)
    return float(rates[np.convolve(losses, np.ones(7) / 7, "same").argmin()] / 10)


def _place(rates, losses):
    suggest_rate(rates, losses)
    return np.nanargmin(losses)


def _by_running_mean(rates, losses):
    finite = np.isfinite(losses)
    smooth = np.convolve(losses[finite], np.ones(5) / 5, "valid")
    if smooth.min() > CHANCE - 0.1:
        raise ValueError("never clearly below ln 7")
    return rates[finite][smooth.argmin() + 2] / 10


def _steepest(rates, losses):
    """Another common rule: where the smoothed loss falls fastest."""
    suggest_rate(rates, losses)
    losses = np.nan_to_num(np.asarray(losses, float), nan=99, posinf=99)
    smooth = np.array(
        [np.median(losses[max(i - 6, 0) : i + 7]) for i in range(len(losses))]
    )
    low = int(np.argmin(smooth))
    gap = 9
    falls = smooth[gap : low + 1] - smooth[: low + 1 - gap]
    return float(rates[int(np.argmin(falls)) + gap // 2])


def _random_curve(rng):
    best = float(10 ** rng.uniform(-4, 0))
    noise = float(rng.uniform(0.01, 0.04))
    return Case("a noisy range test", _curve(rng, best, noise=noise), best / 10)


def _diverging():
    rates, losses = _curve(np.random.default_rng(3), 1e-2)
    losses[-6:] = np.nan
    return rates, losses


def _refuses(wobble, seen):
    def holds(f):
        try:
            result = f(*_flat(wobble))
        except ValueError:
            return True
        return f"for a curve that {seen} it returned {result!r:.40}"

    return holds


RATE = Exercise(
    id="05.2",
    title="learning rate from a range test",
    stars=2,
    reference=suggest_rate,
    judge=judge_function(
        (
            Case(
                "a clean curve",
                _curve(np.random.default_rng(1), 1e-2, noise=0.005, spikes=False),
                1e-3,
                rule="well before the minimum: a tenth of its rate is a good rule",
            ),
            Case(
                "one lucky batch at a tiny rate",
                _curve(np.random.default_rng(2), 1e-2),
                1e-3,
                rule="one batch must not decide",
            ),
            Case(
                "a test that ended in NaN",
                _diverging(),
                1e-3,
                rule="losses that are not numbers are no minimum",
            ),
            *seeded_cases(_random_curve),
        ),
        suggest_rate,
        compare=_near_the_minimum,
        properties=(
            Property(
                "raise ValueError where the loss never falls below ln 7",
                _refuses(False, "never leaves chance"),
            ),
            Property(
                "raise ValueError where the loss never falls clearly below ln 7",
                _refuses(True, "dips 0.05 below ln 7 by noise alone"),
            ),
        ),
        slips=(
            Slip(
                "np.convolve fills its ends with zeros: leave them out or repeat "
                "the first and last loss.",
                _zeros_at_the_ends,
            ),
        ),
    ),
    hints=(
        "What would one batch of easy faces do to the place of the lowest loss?",
        "Take the median over a window of about seven steps, find its lowest place, "
        "and go a factor of ten back; refuse if that loss is not clearly below ln 7.",
        "A list of medians of slices, an argmin into the rates, a division by ten, "
        "and a raise before it.",
    ),
    why=(
        "At the minimum the steps already balance on the edge of divergence.",
        "Single batches are noisy, so that the lowest raw loss may lie anywhere.",
        "A curve that never leaves ln 7 has learned nothing at any rate, and a number "
        "read off it would be invented.",
    ),
    wrong_turn="The rate with the lowest loss is the last one that worked for a few "
    "steps, not one that works for an hour.",
    mutants=(
        Mutant("lowest raw loss", _smallest_raw, "wrong value", "lucky batch"),
        Mutant("at the minimum", _at_the_minimum, "wrong value", "too large"),
        Mutant("never refuses", _never_refuses, "wrong value", "never leaves chance"),
        Mutant("by a hair", _refuses_by_a_hair, "wrong value", "by noise alone"),
        Mutant("zeros", _zeros_at_the_ends, "wrong value", "fills its ends with zeros"),
        Mutant("a place", _place, "wrong type", "a place in the array"),
        Mutant(
            "a thousandth",
            lambda r, loss: suggest_rate(r, loss) / 100,
            "wrong value",
            "far too small",
        ),
        Mutant(
            "all rates", lambda r, loss: np.asarray(r), "wrong type", "one learning"
        ),
    ),
    alternatives=(_steepest, _by_running_mean),
)
