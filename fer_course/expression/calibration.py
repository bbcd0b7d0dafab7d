"""Does a network know how sure it may be? Reliability, temperature, "not sure".

In: probabilities (N, 7) and labels (N,). Out: accuracy at each level of confidence
with the expected calibration error, the temperature that mends it, and accuracy
against coverage when the network may keep silent. NumPy alone. Reliability, its
error and the temperature are those of Guo et al., "On Calibration of Modern Neural
Networks" (2017). Notebook 05 fits, notebook 06 abstains.
"""

import math
from dataclasses import dataclass

import numpy as np

from fer_course.labels import EXPRESSIONS

BINS = 15
_SMALLEST = 1e-12


@dataclass(frozen=True, eq=False)
class Reliability:
    """Top probability against accuracy, in bins of equal width.

    Attributes:
        edges: (B + 1,) bounds; a bin holds low < probability <= high.
        counts: (B,) faces in each bin.
        confidence: (B,) mean top probability; NaN where a bin is empty.
        accuracy: (B,) share right; NaN where a bin is empty.
    """

    edges: np.ndarray
    counts: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray

    @property
    def ece(self):
        """Expected calibration error: the gaps' mean, each face counting once."""
        gaps = np.nan_to_num(np.abs(self.confidence - self.accuracy))
        return float((gaps * self.counts).sum() / self.counts.sum())


def reliability(probabilities, labels, bins=BINS):
    """Return how often the network is right at each level of its own confidence.

    Args:
        probabilities: (N, 7) float, rows sum to 1, N at least 1.
        labels: (N,) int positions in `EXPRESSIONS`.
        bins: how many, of equal width.
    """
    probabilities, labels = checked_scores(probabilities, labels)
    top = probabilities.max(1)
    right = probabilities.argmax(1) == labels
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.searchsorted(edges, top, side="left") - 1, 0, bins - 1)
    counts = np.bincount(place, minlength=bins)
    confidence = divide(np.bincount(place, top, bins), counts)
    accuracy = divide(np.bincount(place, right, bins), counts)
    return Reliability(edges, counts, confidence, accuracy)


def apply_temperature(probabilities, temperature):
    """Return the probabilities of the same logits divided by a temperature.

    Args:
        probabilities: (N, K) float; their logarithms are the logits, up to a
            number that softmax does not see.
        temperature: above 0; above 1 makes the network less certain. The most
            probable class stays.

    >>> apply_temperature(np.array([[0.8, 0.2]]), 2.0).round(3)
    array([[0.667, 0.333]])
    """
    if not temperature > 0:
        raise ValueError(f"temperature is {temperature}: it must be above 0.")
    logits = log_probabilities(probabilities) / temperature
    weights = np.exp(logits - logits.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True)


def fit_temperature(probabilities, labels):
    """Return the temperature at which the labels are most likely.

    One number for all faces: no prediction changes, only how certain it is. Fit it
    on the choosing part, never on a test part.

    Args:
        probabilities: (N, 7) float, rows sum to 1, N at least 1.
        labels: (N,) int positions in `EXPRESSIONS`.

    Returns:
        Float in 0.01..100.
    """
    probabilities, labels = checked_scores(probabilities, labels)
    logits = log_probabilities(probabilities)
    target = logits[np.arange(len(labels)), labels].mean()
    # The loss is convex in 1 / temperature: its slope crosses zero once.
    low, high = math.log(0.01), math.log(100)
    for _ in range(60):
        middle = (low + high) / 2
        softened = apply_temperature(probabilities, math.exp(middle))
        too_certain = (softened * logits).sum(1).mean() > target
        low, high = (middle, high) if too_certain else (low, middle)
    return math.exp((low + high) / 2)


@dataclass(frozen=True, eq=False)
class SelectiveCurve:
    """Accuracy among the faces that the network keeps, least demanding last.

    Attributes:
        thresholds: (M,) top probabilities, falling; a face is kept at or above.
        coverage: (M,) share of faces kept, rising to 1.
        accuracy: (M,) share right of those kept.
    """

    thresholds: np.ndarray
    coverage: np.ndarray
    accuracy: np.ndarray

    def threshold_for(self, target):
        """Return the lowest threshold that reaches an accuracy; 1.0 if none does."""
        reached = np.flatnonzero(self.accuracy >= target)
        return float(self.thresholds[reached[-1]]) if len(reached) else 1.0


def selective_accuracy(probabilities, labels):
    """Return accuracy against coverage as the network may say "not sure".

    Args:
        probabilities: (N, 7) float, rows sum to 1, N at least 1.
        labels: (N,) int positions in `EXPRESSIONS`.
    """
    probabilities, labels = checked_scores(probabilities, labels)
    top, right = probabilities.max(1), probabilities.argmax(1) == labels
    order = np.argsort(-top, kind="stable")
    top, kept = top[order], np.arange(1, len(top) + 1)
    accuracy = np.cumsum(right[order]) / kept
    last = np.append(top[1:] != top[:-1], True)  # faces as sure stay together
    return SelectiveCurve(top[last], kept[last] / len(top), accuracy[last])


def checked_scores(probabilities, labels):
    """Return probabilities (N, 7) and labels (N,) as arrays that fit each other.

    Raises:
        ValueError: shapes do not fit, a label is unknown, there is no face, or the
            rows are no probabilities.
    """
    probabilities = np.asarray(probabilities, np.float64)
    labels = np.asarray(labels)
    classes = len(EXPRESSIONS)
    if probabilities.shape != (len(labels), classes) or labels.ndim != 1:
        raise ValueError(
            f"Probabilities have the shape {probabilities.shape} and labels "
            f"{labels.shape}; expected (N, {classes}) and (N,)."
        )
    if not len(labels):
        raise ValueError("There is no face to score: is the data set's part empty?")
    if (
        not np.issubdtype(labels.dtype, np.integer)
        or not ((labels >= 0) & (labels < classes)).all()
    ):
        raise ValueError(
            f"Labels are whole numbers 0 to {classes - 1}, positions in EXPRESSIONS."
        )
    # `not <=`: NaN, which is neither, is no probability
    if not (np.abs(probabilities.sum(1) - 1).max() <= 1e-3) or probabilities.min() < 0:
        raise ValueError(
            "Some rows are below 0 or do not add up to 1: are these logits? Pass them "
            "through softmax."
        )
    return probabilities, labels


def log_probabilities(probabilities):
    """Return natural logarithms, of at least -27.6: 0 would cost infinitely much."""
    return np.log(np.maximum(np.asarray(probabilities, np.float64), _SMALLEST))


def divide(part, whole):
    """Return part / whole, element by element; NaN where the whole is 0."""
    whole = np.asarray(whole, np.float64)
    return np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
