"""Notebook 04, exercise 5: batch norm by hand, in both of its modes."""

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


def batch_norm(x, gamma, beta, mean, variance, training, momentum=0.99, epsilon=0.001):
    """Return (normalized x, new running mean, new running variance)."""
    axes = tuple(range(x.ndim - 1))
    if not training:
        scale = gamma / np.sqrt(variance + epsilon)
        return (x - mean) * scale + beta, mean, variance
    now_mean, now_variance = x.mean(axes), x.var(axes)
    y = (x - now_mean) / np.sqrt(now_variance + epsilon) * gamma + beta
    new_mean = momentum * mean + (1 - momentum) * now_mean
    new_variance = momentum * variance + (1 - momentum) * now_variance
    return y, new_mean, new_variance


def _norm_always_batch(x, gamma, beta, mean, variance, training, *rest):
    y, _, _ = batch_norm(x, gamma, beta, mean, variance, True, *rest)
    _, *state = batch_norm(x, gamma, beta, mean, variance, training, *rest)
    return y, *state


def _norm_always_running(x, gamma, beta, mean, variance, training, *rest):
    y, _, _ = batch_norm(x, gamma, beta, mean, variance, False, *rest)
    _, *state = batch_norm(x, gamma, beta, mean, variance, training, *rest)
    return y, *state


def _norm_always_updates(x, gamma, beta, mean, variance, training, *rest):
    y, _, _ = batch_norm(x, gamma, beta, mean, variance, training, *rest)
    _, *state = batch_norm(x, gamma, beta, mean, variance, True, *rest)
    return y, *state


def _norm_swapped_momentum(
    x, gamma, beta, mean, variance, training, momentum=0.99, epsilon=0.001
):
    return batch_norm(x, gamma, beta, mean, variance, training, 1 - momentum, epsilon)


def _norm_epsilon_outside(
    x, gamma, beta, mean, variance, training, momentum=0.99, epsilon=0.001
):
    _, *state = batch_norm(x, gamma, beta, mean, variance, training, momentum)
    axes = tuple(range(x.ndim - 1))
    use = (x.mean(axes), x.var(axes)) if training else (mean, variance)
    return (x - use[0]) / (np.sqrt(use[1]) + epsilon) * gamma + beta, *state


def _norm_by_deviation(
    x, gamma, beta, mean, variance, training, momentum=0.99, epsilon=0.001
):
    if not training:
        return batch_norm(x, gamma, beta, mean, variance, training, momentum, epsilon)
    axes = tuple(range(x.ndim - 1))
    m, v = x.mean(axes), x.std(axes)
    y = (x - m) / np.sqrt(v + epsilon) * gamma + beta
    moved = [momentum * a + (1 - momentum) * b for a, b in ((mean, m), (variance, v))]
    return y, *moved


def _norm_per_pixel(
    x, gamma, beta, mean, variance, training, momentum=0.99, epsilon=0.001
):
    if not training:
        return batch_norm(x, gamma, beta, mean, variance, training, momentum, epsilon)
    y = (x - x.mean(0)) / np.sqrt(x.var(0) + epsilon) * gamma + beta
    _, *state = batch_norm(x, gamma, beta, mean, variance, training, momentum)
    return y, *state


def _norm_in_float32(*given):
    return batch_norm(
        *(v.astype(np.float32) if isinstance(v, np.ndarray) else v for v in given)
    )


def _norm_by_channels(
    x, gamma, beta, mean, variance, training, momentum=0.99, epsilon=0.001
):
    y, new_mean, new_variance = x.astype(float), mean.copy(), variance.copy()
    for k in range(x.shape[-1]):
        values = x[..., k]
        m, v = (values.mean(), values.var()) if training else (mean[k], variance[k])
        y[..., k] = gamma[k] * (values - m) / (v + epsilon) ** 0.5 + beta[k]
        if training:
            new_mean[k] += (1 - momentum) * (m - mean[k])
            new_variance[k] += (1 - momentum) * (v - variance[k])
    return y, new_mean, new_variance


def _norm_case(rng, name, shape, training, *rest, rule=""):
    channels = shape[-1]
    numbers = (rng.normal(2, 3, shape), *rng.normal(size=(3, channels)))
    variance = rng.uniform(0.5, 2, channels)
    return Case(name, (*numbers, variance, training, *rest), rule=rule)


def _random_norm(rng):
    shape = tuple(int(n) for n in (rng.integers(2, 5), *rng.integers(1, 5, 3)))
    momentum, epsilon = float(rng.uniform(0.5, 1)), float(rng.uniform(0.001, 0.1))
    training = bool(rng.integers(2))
    return _norm_case(rng, "random maps", shape, training, momentum, epsilon)


def _is_standard(function):
    x = np.random.default_rng(1).normal(5, 3, (8, 4, 6, 2))
    one, zero = np.ones(2), np.zeros(2)
    y, _, _ = function(x, one, zero, zero, one, True)
    return np.allclose(y.mean((0, 1, 2)), 0, atol=1e-4) and np.allclose(
        y.std((0, 1, 2)), 1, atol=1e-3
    )


def _company_does_not_matter(function):
    x = np.random.default_rng(2).normal(size=(4, 3, 5, 2))
    one, zero = np.ones(2), np.zeros(2)
    together = function(x, one, zero, zero, one, False)[0]
    alone = function(x[:1], one, zero, zero, one, False)[0]
    return np.allclose(together[:1], alone)


_RNG = np.random.default_rng(4)
_TWO, _ONE, _ZERO = np.array([2.0]), np.array([1.0]), np.array([0.0])
BATCH_NORM = Exercise(
    id="04.5",
    title="batch_norm",
    stars=2,
    reference=batch_norm,
    judge=judge_function(
        (
            Case(
                "two numbers of one channel, in training",
                (np.array([[1.0], [5.0]]), _TWO, _ONE, _ZERO, _ONE, True, 0.9, 0.0),
                expected=(
                    np.array([[-1.0], [3.0]]),
                    np.array([0.3]),
                    np.array([1.3]),
                ),
                rule="use this batch's mean and variance, and move the running ones "
                "a tenth of the way",
            ),
            Case(
                "the same numbers, in evaluation",
                (np.array([[1.0], [5.0]]), _TWO, _ONE, _ZERO, _ONE, False, 0.9, 0.0),
                expected=(np.array([[3.0], [11.0]]), np.array([0.0]), np.array([1.0])),
                rule="use the running mean and variance, and leave them alone",
            ),
            Case(
                "an epsilon that matters",
                (np.array([[1.0], [3.0]]), _TWO, _ONE, _ZERO, _ONE, True, 0.9, 0.5),
                rule="epsilon is added to the variance, under the root",
            ),
            _norm_case(
                _RNG,
                "maps of 2 channels, in training",
                (3, 2, 4, 2),
                True,
                rule="one mean a channel, over faces, rows and columns",
            ),
            _norm_case(_RNG, "maps, in evaluation", (3, 2, 4, 2), False),
            *seeded_cases(_random_norm),
        ),
        batch_norm,
        properties=(
            Property(
                "in training, with gamma 1 and beta 0, each channel comes out with "
                "mean 0 and deviation 1",
                _is_standard,
            ),
            Property(
                "in evaluation a face's result does not depend on its batch",
                _company_does_not_matter,
            ),
        ),
        slips=(
            Slip("Evaluation must not look at the batch.", _norm_always_batch),
            Slip("Training must look at the batch.", _norm_always_running),
            Slip("Evaluation must not move the averages.", _norm_always_updates),
            Slip("Momentum is the share of the old average.", _norm_swapped_momentum),
            Slip("That adds epsilon after the root.", _norm_epsilon_outside),
            Slip("That is a mean for each pixel.", _norm_per_pixel),
            Slip(
                "That is the deviation: the averages hold the variance.",
                _norm_by_deviation,
            ),
        ),
    ),
    hints=(
        "Which two numbers does each mode subtract and divide by, and which mode "
        "changes the running ones?",
        "Average over all axes but the last; then one formula serves both modes, and "
        "training also moves the running pair.",
        "Take (x - m) over the root of (v + epsilon), times gamma, plus beta; in "
        "training, new = momentum * old + the rest of the batch's.",
    ),
    why=(
        "The two modes are why a healthy network can look broken in evaluation.",
        "In training the batch normalizes itself, so gradients stay of useful size at "
        "any depth.",
        "In evaluation a face must get the same answer in any company, so averages "
        "from training take over.",
    ),
    wrong_turn="Taking momentum for the share of the new batch: with 0.99 the average "
    "then forgets everything but the last batch.",
    mutants=(
        Mutant("always batch", _norm_always_batch, "wrong value", "look at the batch"),
        Mutant("always running", _norm_always_running, "wrong value", "must look at"),
        Mutant("updates always", _norm_always_updates, "wrong value", "not move"),
        Mutant("deviation", _norm_by_deviation, "wrong value", "is the deviation"),
        Mutant("momentum", _norm_swapped_momentum, "wrong value", "old average"),
        Mutant("epsilon", _norm_epsilon_outside, "wrong value", "after the root"),
        Mutant("per pixel", _norm_per_pixel, "wrong value", "each pixel"),
        Mutant(
            "result only",
            lambda *args: batch_norm(*args)[0],
            "wrong type",
            "tuple of 3",
        ),
    ),
    alternatives=(_norm_by_channels, _norm_in_float32),
)
