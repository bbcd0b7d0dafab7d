"""Notebook 05, exercise 4: temperature and expected calibration error."""

import numpy as np

from fer_course.expression.calibration import fit_temperature, reliability
from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    judge_function,
    seeded_cases,
)


def _softmax(logits):
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def calibrate(logits, labels):
    """Return (temperature, probabilities, ece): the best of a fine grid."""

    def softmax(values):
        powers = np.exp(values - values.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    grid = np.geomspace(0.1, 10, 401)
    rows = np.arange(len(labels))
    losses = [-np.log(softmax(logits / t)[rows, labels]).mean() for t in grid]
    temperature = float(grid[np.argmin(losses)])
    probabilities = softmax(logits / temperature)
    top, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bins = np.minimum((top * 15).astype(int), 14)
    ece = 0.0
    for b in np.unique(bins):
        inside = bins == b
        ece += inside.mean() * abs(top[inside].mean() - right[inside].mean())
    return temperature, probabilities, float(ece)


def _calibrate_by_library(logits, labels):
    probabilities = _softmax(logits)
    temperature = fit_temperature(probabilities, labels)
    softened = _softmax(logits / temperature)
    return temperature, softened, reliability(softened, labels).ece


def _other_way(logits, labels):
    temperature, probabilities, ece = calibrate(logits, labels)
    return 1 / temperature, probabilities, ece


def _on_probabilities(logits, labels):
    temperature, _, ece = calibrate(logits, labels)
    probabilities = _softmax(logits) / temperature
    return temperature, probabilities, ece


def _wrong_error(number):
    """Return an answer whose ECE is this one of `_wrong_errors`."""

    def answer(logits, labels):
        temperature, probabilities, ece = calibrate(logits, labels)
        wrong = _wrong_errors(probabilities, logits, labels, ece)[number][1]
        return temperature, probabilities, float(wrong)

    return answer


def _twice(logits, labels):
    """Each gap counted twice: none of the slips that have a name."""
    temperature, probabilities, ece = calibrate(logits, labels)
    return temperature, probabilities, 2 * ece


def _times_temperature(logits, labels):
    temperature, _, ece = calibrate(logits, labels)
    return temperature, _softmax(logits * temperature), ece


def _sharpest(logits, labels):
    """The temperature with the highest accuracy: all have the same."""
    return 0.1, _softmax(logits / 0.1), 0.0


def _same(result, expected):
    """Compare (temperature, probabilities, ece) with tolerances that fit a search."""
    if not isinstance(result, (tuple, list)) or len(result) != 3:
        return "wrong type", "Return three things: temperature, probabilities, ece."
    temperature, probabilities, ece = result
    wanted, softened, _ = expected
    if np.ndim(temperature) or np.ndim(ece):
        return "wrong type", "temperature and ece are one number each."
    if np.shape(probabilities) != softened.shape:
        return "wrong type", (
            f"probabilities have the shape {np.shape(probabilities)}, one row of seven "
            "for each face was expected."
        )
    if abs(np.log(max(float(temperature), 1e-9) / wanted)) > 0.05:
        known = abs(np.log(max(float(temperature), 1e-9) * wanted)) <= 0.05
        slip = " It is one over the right one." if known else ""
        return "wrong value", (
            f"At your temperature {float(temperature):.3g} the labels are less likely "
            f"than they could be.{slip} Lower the mean -log p(label), by fine steps; "
            "accuracy and ECE choose another one."
        )
    if np.abs(np.sum(probabilities, axis=1) - 1).max() > 1e-6:
        return "wrong value", (
            "Your rows do not add up to 1: divide the logits by the temperature, then "
            "softmax."
        )
    if np.abs(np.asarray(probabilities) - softened).max() > 0.05:
        return "wrong value", (
            "Your probabilities are not those at your temperature: divide the logits "
            "by it, then softmax."
        )
    return _same_ece(float(ece), np.asarray(probabilities), *expected[2])


def _same_ece(ece, probabilities, logits, labels):
    """Compare with the ECE of the learner's own probabilities, and name the slip."""
    right = reliability(probabilities, labels).ece
    if abs(ece - right) <= 0.004:
        return None
    way = "large" if ece > right else "small"
    found = f"Your ece {ece:.3f} is too {way} for your probabilities."
    for words, value in _wrong_errors(probabilities, logits, labels, right):
        if abs(ece - value) < 1e-3:
            return "wrong value", f"{found} {words}"
    return "wrong value", f"{found} Each bin counts by its share of the faces."


def _wrong_errors(probabilities, logits, labels, right):
    """Return (words, value) of the calibration errors often computed instead."""
    top, hits = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bins = reliability(probabilities, labels)
    alike = np.array_split(np.argsort(top), 15)  # bins of as many faces each
    gaps = [len(b) * abs(top[b].mean() - hits[b].mean()) for b in alike]
    return (
        ("That is in percent.", 100 * right),
        (
            "All bins count alike there: weight each by its share of the faces.",
            np.nanmean(np.abs(bins.confidence - bins.accuracy)),
        ),
        (
            "It belongs to the probabilities before the temperature.",
            reliability(_softmax(logits), labels).ece,
        ),
        ("You took 10 bins: take 15.", reliability(probabilities, labels, bins=10).ece),
        (
            "Your bins hold as many faces each: take bins of equal width.",
            sum(gaps) / len(top),
        ),
        (
            "The gaps have signs and cancel: take each bin's absolute value.",
            top.mean() - hits.mean(),
        ),
        (
            "Each face is a bin of its own there: average within the bins first.",
            np.abs(top - hits).mean(),
        ),
    )


def _expected(logits, labels):
    """What `_same` compares with: the third is what an ECE is judged by."""
    temperature, probabilities, _ = _calibrate_by_library(logits, labels)
    return temperature, probabilities, (logits, labels)


def _planted(rng, temperature, faces):
    """Labels drawn from the logits, which are shown `temperature` times too large."""
    logits = rng.normal(0, 1.6, (faces, 7))
    labels = np.array([rng.choice(7, p=row) for row in _softmax(logits)])
    return logits * temperature, labels


def _random_network(rng):
    temperature = float(np.exp(rng.uniform(-1, 1)))
    return Case(
        "a network with a planted temperature",
        _planted(rng, temperature, int(rng.integers(300, 900))),
        rule="the labels are most likely at your temperature",
    )


CALIBRATION = Exercise(
    id="05.4",
    title="temperature and calibration error",
    stars=3,
    reference=calibrate,
    judge=judge_function(
        (
            Case(
                "an overconfident network (logits 2 times too large)",
                _planted(np.random.default_rng(5), 2.0, 800),
                rule="one temperature for all faces, the labels most likely",
            ),
            Case(
                "an underconfident network (logits halved)",
                _planted(np.random.default_rng(6), 0.5, 800),
                rule="a temperature below 1 makes a timid network surer",
            ),
            *seeded_cases(_random_network),
        ),
        _expected,
        compare=_same,
    ),
    hints=(
        "Which loss falls when labels become more likely, and why not accuracy?",
        "Try many temperatures on a geometric grid and keep the one with the lowest "
        "mean -log p(label); then bin the top probabilities.",
        "A list of losses over a grid, its argmin, softmax(logits / best); then a sum "
        "over bins: share of faces times |confidence - accuracy|.",
    ),
    why=(
        "A 0.9 that is right in 70 % of cases misleads whoever sets a threshold on it.",
        "Dividing all logits by one number keeps their order: no prediction changes, "
        "so accuracy cannot choose the temperature, likelihood can.",
        "The expected calibration error weights each bin's gap by the faces in it.",
    ),
    wrong_turn="Dividing probabilities instead of logits leaves rows that no longer "
    "add up to 1.",
    mutants=(
        Mutant("one over it", _other_way, "wrong value", "one over the right one"),
        Mutant("divides probabilities", _on_probabilities, "wrong value", "add up"),
        Mutant("times it", _times_temperature, "wrong value", "not those at your"),
        Mutant("percent", _wrong_error(0), "wrong value", "in percent"),
        Mutant("bins alike", _wrong_error(1), "wrong value", "count alike"),
        Mutant("ece from before", _wrong_error(2), "wrong value", "before the temp"),
        Mutant("ten bins", _wrong_error(3), "wrong value", "take 15"),
        Mutant("full bins", _wrong_error(4), "wrong value", "equal width"),
        Mutant("signs", _wrong_error(5), "wrong value", "signs and cancel"),
        Mutant("no bins", _wrong_error(6), "wrong value", "bin of its own"),
        Mutant("twice", _twice, "wrong value", "Each bin counts by its share"),
        Mutant("sharpest", _sharpest, "wrong value", "accuracy and ECE choose"),
        Mutant("one number", lambda logits, labels: 1.0, "wrong type", "three things"),
    ),
    alternatives=(_calibrate_by_library,),
)
