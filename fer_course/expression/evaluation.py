"""How good is an expression network? Counts, intervals, comparisons, calibration.

In: probabilities (N, 7) in the order of `EXPRESSIONS` and labels (N,). Out: an
`ExpressionReport` and the figures that a claim needs: Wilson's interval, McNemar's
test, a paired bootstrap; calibration comes from `calibration.py`, under this door
too. NumPy alone. Notebook 05 derives each, notebook 06 uses them.
"""

import math
from dataclasses import dataclass

import numpy as np

from fer_course.expression.calibration import (
    Reliability,
    apply_temperature,
    checked_scores,
    divide,
    fit_temperature,
    log_probabilities,
    reliability,
    selective_accuracy,
)
from fer_course.labels import EXPRESSIONS
from fer_course.settings import SEED

__all__ = [
    "ExpressionReport",
    "McNemar",
    "Reliability",
    "apply_temperature",
    "evaluate_classifier",
    "f1_by_class",
    "fit_temperature",
    "mcnemar",
    "paired_bootstrap",
    "reliability",
    "selective_accuracy",
    "wilson_interval",
]


@dataclass(frozen=True, eq=False)
class ExpressionReport:
    """What a network got right on some faces.

    Attributes:
        n: how many faces.
        accuracy: share of faces whose most probable expression is the label.
        interval: Wilson's 95 % interval of the accuracy.
        macro_f1: mean F1 of the expressions that occur among the labels, each
            counting the same.
        recall: (7,) share right of each expression; NaN where none occurs.
        confusion: (7, 7) int, rows labels, columns predictions.
        ece: expected calibration error over 15 bins, 0 to 1.
        nll: mean negative log-likelihood of the labels, nats.
    """

    n: int
    accuracy: float
    interval: tuple[float, float]
    macro_f1: float
    recall: np.ndarray
    confusion: np.ndarray
    ece: float
    nll: float

    def to_frame(self):
        """Return a pandas table: faces, recall, precision, F1 by expression."""
        import pandas as pd

        right = np.diag(self.confusion)
        return pd.DataFrame(
            {
                "faces": self.confusion.sum(1),
                "recall": self.recall,
                "precision": divide(right, self.confusion.sum(0)),
                "f1": f1_by_class(self.confusion),
            },
            index=list(EXPRESSIONS),
        )

    def to_dict(self):
        """Return plain numbers, ready for JSON; None where a recall is unknown."""
        recall = {
            name: None if np.isnan(value) else round(float(value), 4)
            for name, value in zip(EXPRESSIONS, self.recall, strict=True)
        }
        return {
            "n": self.n,
            "accuracy": round(self.accuracy, 4),
            "interval": [round(bound, 4) for bound in self.interval],
            "macro_f1": round(self.macro_f1, 4),
            "recall": recall,
            "confusion": self.confusion.tolist(),
            "ece": round(self.ece, 4),
            "nll": round(self.nll, 4),
        }

    def __str__(self):
        low, high = self.interval
        return (
            f"{self.n:,} faces: accuracy {self.accuracy:.1%} "
            f"[{low:.1%}, {high:.1%}], macro-F1 {self.macro_f1:.3f}, "
            f"ECE {self.ece:.1%}, NLL {self.nll:.3f}"
        )


def evaluate_classifier(probabilities, labels):
    """Return all figures of a network on some faces.

    Args:
        probabilities: (N, 7) float, rows sum to 1, N at least 1.
        labels: (N,) int positions in `EXPRESSIONS`.

    Raises:
        ValueError: shapes do not fit, a label is unknown, or there is no face.
    """
    probabilities, labels = checked_scores(probabilities, labels)
    classes = len(EXPRESSIONS)
    predicted = probabilities.argmax(1)
    confusion = np.zeros((classes, classes), int)
    np.add.at(confusion, (labels, predicted), 1)
    right, count = int(np.trace(confusion)), len(labels)
    logs = log_probabilities(probabilities)
    return ExpressionReport(
        n=count,
        accuracy=right / count,
        interval=wilson_interval(right, count),
        macro_f1=float(np.nanmean(f1_by_class(confusion))),
        recall=divide(np.diag(confusion), confusion.sum(1)),
        confusion=confusion,
        ece=reliability(probabilities, labels).ece,
        nll=-float(logs[np.arange(count), labels].mean()),
    )


def f1_by_class(confusion):
    """Return the F1 of each class; NaN for one that no label has.

    F1 = 2 · right / (labels + predictions): 0 for a class that occurs and is never
    right. A class that is predicted but never occurs already costs the others their
    recall, so that it is left out of a mean over classes.

    Args:
        confusion: (K, K) counts, rows labels, columns predictions.

    >>> f1_by_class(np.array([[3, 1], [0, 0]])).round(3)
    array([0.857,   nan])
    """
    occurs = confusion.sum(1)
    f1 = divide(2 * np.diag(confusion), occurs + confusion.sum(0))
    return np.where(occurs > 0, f1, np.nan)


def wilson_interval(successes, n, z=1.96):
    """Return the interval (low, high) of a share that was seen as `successes / n`.

    Wilson's (1927): never leaves 0..1 and stays honest at 0 and at n. With n = 0
    nothing is known: (0, 1).

    Args:
        successes: how many of the n, 0 to n.
        n: how many were looked at.
        z: 1.96 for 95 %.

    Raises:
        ValueError: `successes` is not in 0..n.

    >>> [round(bound, 4) for bound in wilson_interval(8, 10)]
    [0.4902, 0.9433]
    """
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n}: expected a count in 0..{n}.")
    if n == 0:
        return 0.0, 1.0
    share = successes / n
    center = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    half /= 1 + z * z / n
    low = 0.0 if successes == 0 else center - half
    high = 1.0 if successes == n else center + half
    return low, high


@dataclass(frozen=True)
class McNemar:
    """McNemar's exact test of two networks on the same faces.

    Attributes:
        only_a: faces that only the first got right.
        only_b: faces that only the second got right.
        p: probability of a split at least as uneven if both were equally good.
    """

    only_a: int
    only_b: int
    p: float


def mcnemar(correct_a, correct_b):
    """Return whether two networks differ on the same faces.

    Faces that both get right, or both wrong, say nothing about the difference; of
    the others each would win half if the networks were equally good (McNemar 1947,
    here the exact binomial test).

    Args:
        correct_a: (N,) bool, whether the first network was right.
        correct_b: (N,) bool, the second, on the same faces.

    >>> mcnemar([1, 1, 1, 1, 0, 1], [0, 0, 0, 0, 1, 1])
    McNemar(only_a=4, only_b=1, p=0.375)
    """
    a, b = _paired(correct_a, correct_b)
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    n = only_a + only_b
    logs = [
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        for k in range(min(only_a, only_b) + 1)
    ]
    tail = np.exp(np.array(logs) - n * math.log(2)).sum()
    # as many digits as the logarithms are good for: a tiny p is not 0
    return McNemar(only_a, only_b, float(f"{min(1.0, 2 * float(tail)):.9g}"))


def paired_bootstrap(correct_a, correct_b, *, draws=10_000, seed=SEED):
    """Return how far the first network is ahead: (difference, low, high).

    The faces are drawn anew with replacement, the same ones for both networks; the
    bounds hold 95 % of the differences of accuracy.

    Args:
        correct_a: (N,) bool, N at least 1.
        correct_b: (N,) bool, on the same faces.
        draws: how often.
        seed: of the draws.
    """
    a, b = _paired(correct_a, correct_b)
    difference = a.astype(int) - b
    # A face counts +1, 0 or -1: drawing faces is drawing how often each occurs.
    shares = np.array([(difference == value).mean() for value in (1, 0, -1)])
    drawn = np.random.default_rng(seed).multinomial(len(a), shares, size=draws)
    low, high = np.quantile((drawn[:, 0] - drawn[:, 2]) / len(a), (0.025, 0.975))
    return float(difference.mean()), float(low), float(high)


def _paired(correct_a, correct_b):
    a, b = np.asarray(correct_a, bool), np.asarray(correct_b, bool)
    if a.shape != b.shape or a.ndim != 1 or not len(a):
        raise ValueError(
            f"The two networks were scored on {a.shape} and {b.shape} faces; expected "
            "(N,) each, the same faces in the same order."
        )
    return a, b
