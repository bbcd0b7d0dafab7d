"""Notebook 04, exercise 3: cross-entropy that survives large logits, and its slope."""

import numpy as np

from fer_course.teaching.convolution import gradient_check
from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    Property,
    Slip,
    judge_function,
    seeded_cases,
)


def cross_entropy(logits, labels):
    """Return (mean loss, its gradient with respect to the logits)."""
    rows = np.arange(len(logits))
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=1))
    loss = (log_sums - shifted[rows, labels]).mean()
    gradient = np.exp(shifted - log_sums[:, None])
    gradient[rows, labels] -= 1
    return float(loss), gradient / len(logits)


def _naive(logits, labels):
    exponentials = np.exp(logits)
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    rows = np.arange(len(logits))
    gradient = probabilities - np.eye(logits.shape[1])[labels]
    loss = -np.log(probabilities[rows, labels]).mean()
    return float(loss), gradient / len(logits)


def _clipped(logits, labels):
    probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    hit = np.clip(probabilities[np.arange(len(logits)), labels], 1e-7, 1)
    return float(-np.log(hit).mean()), cross_entropy(logits, labels)[1]


def _not_averaged(logits, labels):
    loss, gradient = cross_entropy(logits, labels)
    return loss, gradient * len(logits)


def _summed(logits, labels):
    loss, gradient = cross_entropy(logits, labels)
    return loss * len(logits), gradient * len(logits)


def _uphill(logits, labels):
    loss, gradient = cross_entropy(logits, labels)
    return loss, -gradient


def _probabilities_only(logits, labels):
    loss, gradient = cross_entropy(logits, labels)
    gradient[np.arange(len(logits)), labels] += 1 / len(logits)
    return loss, gradient


def _class_numbers(logits, labels):
    loss, gradient = cross_entropy(logits, labels)
    gradient[np.arange(len(logits)), labels] += 1 / len(logits)
    return loss, gradient - np.asarray(labels)[:, None] / len(logits)


def _one_maximum(logits, labels):
    shifted = logits - logits.max()
    with np.errstate(all="ignore"):
        sums = np.log(np.exp(shifted).sum(1, keepdims=True))
        probabilities = np.exp(shifted - sums)
    rows = np.arange(len(logits))
    loss = (sums[:, 0] - shifted[rows, labels]).mean()
    probabilities[rows, labels] -= 1
    return loss, probabilities / len(logits)


def _in_place(logits, labels):
    logits -= logits.max(axis=1, keepdims=True)
    return cross_entropy(logits, labels)


def _in_float32(logits, labels):
    return cross_entropy(logits.astype(np.float32), labels)


def _face_by_face(logits, labels):
    gradient, losses = np.zeros(np.shape(logits)), []
    for i, (z, label) in enumerate(zip(logits, labels, strict=True)):
        top = max(z)
        total = np.log(sum(np.exp(value - top) for value in z)) + top
        losses.append(total - z[label])
        for k, value in enumerate(z):
            gradient[i, k] = (np.exp(value - total) - (k == label)) / len(logits)
    return np.mean(losses), gradient


def _random_logits(rng):
    count, classes = rng.integers(1, 6), rng.integers(2, 8)
    labels = rng.integers(0, classes, count)
    logits = rng.normal(0, rng.choice([1, 10, 100]), (count, classes))
    return Case("random logits", (logits, labels))


def _passes_gradient_check(function):
    rng = np.random.default_rng(3)
    logits, labels = rng.normal(size=(3, 4)), np.array([2, 0, 3])
    _, gradient = function(logits.copy(), labels)
    error = gradient_check(lambda z: function(z.copy(), labels)[0], logits, gradient)
    return error < 1e-6


CROSS_ENTROPY = Exercise(
    id="04.3",
    title="cross_entropy",
    stars=2,
    reference=cross_entropy,
    judge=judge_function(
        (
            Case(
                "one face, two equal logits",
                (np.array([[0.0, 0.0]]), np.array([1])),
                expected=(0.6931471805599453, np.array([[0.5, -0.5]])),
                rule="equal logits are equal probabilities; the gradient is p - y",
            ),
            Case(
                "two faces, three classes",
                (np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 1.0]]), np.array([0, 1])),
                rule="softmax runs over the classes of a face; loss and gradient are "
                "averaged over the faces",
            ),
            Case(
                "logits of 10,000",
                (np.array([[1e4, 0.0], [1e4, 1e4 - 1]]), np.array([0, 1])),
                rule="softmax does not change when a constant is taken off all "
                "logits of a face: keep the exponents at 0 or below",
            ),
            Case(
                "one face of 10,000 beside one of 0 and 1",
                (np.array([[1e4, 0.0], [0.0, 1.0]]), np.array([1, 0])),
                rule="the constant is each face's own: its largest logit",
            ),
            Case(
                "a label whose logit is 10,000 below",
                (np.array([[0.0, 1e4]]), np.array([0])),
                rule="log p = logit - log(sum of exponentials), without making p",
            ),
            *seeded_cases(_random_logits),
        ),
        cross_entropy,
        properties=(
            Property(
                "adding 5 to all logits of a face changes nothing",
                lambda f: bool(
                    np.isclose(
                        f(np.array([[1.0, 2.0, 0.5]]), np.array([1]))[0],
                        f(np.array([[6.0, 7.0, 5.5]]), np.array([1]))[0],
                    )
                ),
            ),
            Property(
                "central differences agree: relative error < 1e-6",
                _passes_gradient_check,
            ),
        ),
        slips=(
            Slip("The exponentials overflow or vanish.", _naive),
            Slip("Take each face's own largest off, not the batch's.", _one_maximum),
            Slip("Clipping p hides how wrong a face is.", _clipped),
            Slip("The loss is a mean, so its slope is one too.", _not_averaged),
            Slip("That is a sum over the faces.", _summed),
            Slip("That gradient points the other way.", _uphill),
            Slip("The gradient is p - y: take the label off.", _probabilities_only),
            Slip("Take a one-hot row off, not the class's number.", _class_numbers),
            Slip("float32 keeps 7 digits: work in float64, as given.", _in_float32),
        ),
    ),
    hints=(
        "What is the largest number whose exponential float64 can hold, and what may "
        "you take off all logits of a face?",
        "Take each face's largest logit off, then use log p = logit minus log of the "
        "sum of exponentials; the gradient is p minus the one-hot label, over N.",
        "A row-wise max with keepdims, a log of a sum of exponentials, a mean of "
        "differences; then p, minus 1 at [rows, labels], divided by the count.",
    ),
    why=(
        "Every classifier of this course is trained on these few lines.",
        "Softmax only knows differences of logits, so the largest may be set to 0, "
        "and then no exponential overflows.",
        "The slope p - y pushes each probability toward its label and sums to 0 "
        "for each face.",
    ),
    wrong_turn="Computing p first and its log after: for a hopeless face p is 0 in "
    "floating point, and the loss is infinite or clipped instead of 10,000.",
    mutants=(
        Mutant("overflows", _naive, "wrong value", "overflow"),
        Mutant("one maximum", _one_maximum, "wrong value", "each face's own largest"),
        Mutant("clipped", _clipped, "wrong value", "Clipping p"),
        Mutant("gradient of the sum", _not_averaged, "wrong value", "is a mean"),
        Mutant("sums", _summed, "wrong value", "sum over the faces"),
        Mutant("sign", _uphill, "wrong value", "other way"),
        Mutant("no label", _probabilities_only, "wrong value", "take the label off"),
        Mutant("class numbers", _class_numbers, "wrong value", "one-hot row"),
        Mutant("float32", _in_float32, "wrong value", "work in float64"),
        Mutant("in place", _in_place, "wrong value", "changed what it was given"),
    ),
    alternatives=(_face_by_face,),
)
