"""Notebook 06, exercise 6: when to keep silent."""

import numpy as np

from fer_course.expression.evaluation import selective_accuracy
from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    Slip,
    judge_function,
    seeded_cases,
)


def choose_silence(choose_probabilities, choose_labels, test_probabilities, target):
    """Return the threshold that reaches a target, and its coverage on the test."""
    curve = selective_accuracy(choose_probabilities, choose_labels)
    threshold = curve.threshold_for(target)
    kept = test_probabilities.max(axis=1) >= threshold
    return threshold, float(kept.mean())


def _silence_by_trying(choose_probabilities, choose_labels, test_probabilities, target):
    top = choose_probabilities.max(axis=1)
    right = choose_probabilities.argmax(axis=1) == choose_labels
    good = [t for t in sorted(set(top)) if right[top >= t].mean() >= target]
    threshold = good[0] if good else 1.0
    return threshold, (test_probabilities.max(axis=1) >= threshold).mean()


def _silence_strictest(choose_probabilities, choose_labels, test_probabilities, target):
    curve = selective_accuracy(choose_probabilities, choose_labels)
    reached = np.flatnonzero(curve.accuracy >= target)
    threshold = float(curve.thresholds[reached[0]]) if len(reached) else 1.0
    return threshold, float((test_probabilities.max(axis=1) >= threshold).mean())


def _silence_own_coverage(
    choose_probabilities, choose_labels, test_probabilities, target
):
    threshold, _ = choose_silence(
        choose_probabilities, choose_labels, test_probabilities, target
    )
    return threshold, float((choose_probabilities.max(axis=1) >= threshold).mean())


def _silence_leaves_out_ties(
    choose_probabilities, choose_labels, test_probabilities, target
):
    threshold, _ = choose_silence(
        choose_probabilities, choose_labels, test_probabilities, target
    )
    return threshold, float((test_probabilities.max(axis=1) > threshold).mean())


def _silence_target_is_threshold(
    choose_probabilities, choose_labels, test_probabilities, target
):
    return target, float((test_probabilities.max(axis=1) >= target).mean())


def _silence_by(threshold_of):
    """Return an answer from a rule (tops, right, target) -> threshold."""

    def answer(choose_probabilities, choose_labels, test_probabilities, target):
        top = choose_probabilities.max(axis=1)
        right = choose_probabilities.argmax(axis=1) == choose_labels
        threshold = float(threshold_of(top, right, target))
        return threshold, float((test_probabilities.max(axis=1) >= threshold).mean())

    return answer


def _above_target_only(top, right, target):
    good = [t for t in sorted(set(top)) if right[top >= t].mean() > target]
    return good[0] if good else 1.0


def _until_it_fails(top, right, target):
    """Goes down from the top and stops where the target is first missed."""
    threshold = 1.0
    for candidate in sorted(set(top), reverse=True):
        if right[top >= candidate].mean() < target:
            break
        threshold = candidate
    return threshold


def _lowest_step(top, right, target):
    """Scans a grid from 0 on: every step below the lowest face does as well."""
    for step in np.arange(0, 1, 0.01):
        if (top >= step).any() and right[top >= step].mean() >= target:
            return step
    return 1.0


def _splits_ties(top, right, target):
    order = np.argsort(-top, kind="stable")
    accuracy = right[order].cumsum() / np.arange(1, len(top) + 1)
    reached = np.flatnonzero(accuracy >= target)
    return top[order][reached[-1]] if len(reached) else 1.0


def _highest_if_none(top, right, target):
    good = [t for t in sorted(set(top)) if right[top >= t].mean() >= target]
    return good[0] if good else top.max()


def _second_from(change):
    """Return an answer whose second number is changed: (kept, top, right) -> it."""

    def answer(choose_probabilities, choose_labels, test_probabilities, target):
        threshold, _ = choose_silence(
            choose_probabilities, choose_labels, test_probabilities, target
        )
        top = choose_probabilities.max(axis=1)
        right = choose_probabilities.argmax(axis=1) == choose_labels
        kept = test_probabilities.max(axis=1) >= threshold
        return threshold, change(kept, right[top >= threshold])

    return answer


def _swapped(choose_probabilities, choose_labels, test_probabilities, target):
    return choose_silence(
        choose_probabilities, choose_labels, test_probabilities, target
    )[::-1]


_SLIPS = {  # words -> wrong answer; the words name the mutants, too
    "At the target is enough: >=, not >.": _silence_by(_above_target_only),
    "That stops where the target is first missed: further down it may be reached "
    "again.": _silence_by(_until_it_fails),
    "That is a step of a grid: take a choosing face's own top probability.": (
        _silence_by(_lowest_step)
    ),
    "That keeps one of two faces with the same top probability.": (
        _silence_by(_splits_ties)
    ),
    "No threshold reached the target: it is 1.0 then.": _silence_by(_highest_if_none),
    "That is the share left unread: coverage is the share that is read.": (
        _second_from(lambda kept, right: float(1 - kept.mean()))
    ),
    "That is a count: coverage is a share of the test faces.": (
        _second_from(lambda kept, right: int(kept.sum()))
    ),
    "That is the accuracy reached: the second is the coverage.": (
        _second_from(lambda kept, right: float(right.mean()) if len(right) else 0.0)
    ),
    "The threshold comes first, then the coverage.": _swapped,
}


def _rows(tops, predicted):
    """Return (N, 7) probabilities with these top values and classes."""
    rows = np.repeat((1 - np.array(tops, float))[:, None] / 6, 7, axis=1)
    rows[np.arange(len(tops)), predicted] = tops
    return rows


def _random_silence(rng):
    n = int(rng.integers(4, 40))
    tops = np.round(rng.uniform(0.3, 0.99, n), 2)
    predicted = rng.integers(7, size=n)
    right = rng.random(n) < tops
    labels = np.where(right, predicted, (predicted + 1) % 7)
    test = _rows(np.round(rng.uniform(0.3, 0.99, 20), 2), rng.integers(7, size=20))
    return Case(
        f"{n} random faces",
        (_rows(tops, predicted), labels, test, float(rng.choice((0.6, 0.8, 0.9)))),
    )


_FIVE = _rows((0.9, 0.8, 0.7, 0.65, 0.5), (1, 1, 2, 1, 1))
_FIVE_LABELS = np.array([1, 1, 1, 1, 3])  # right, right, wrong, right, wrong
_TEST = _rows((0.95, 0.8, 0.75, 0.4), (0, 1, 2, 3))

SILENCE = Exercise(
    id="06.6",
    title="choose_silence",
    stars=3,
    reference=choose_silence,
    judge=judge_function(
        (
            Case(
                "five faces, three of them right",
                (_FIVE, _FIVE_LABELS, _TEST, 0.6),
                expected=(0.5, 0.75),
                rule="the threshold is a choosing face's top probability; coverage is "
                "the share of the test faces that are kept",
            ),
            Case(
                "five faces, three of four right",
                (_FIVE, _FIVE_LABELS, _TEST, 0.75),
                expected=(0.65, 0.75),
                rule="of all thresholds that reach the target take the lowest: it "
                "keeps most faces",
            ),
            Case(
                "five faces, all kept ones right",
                (_FIVE, _FIVE_LABELS, _TEST, 1.0),
                expected=(0.8, 0.5),
                rule="a face is kept where its top probability is at or above the "
                "threshold",
            ),
            Case(
                "three faces, two of them alike",
                (_rows((0.9, 0.8, 0.8), (1, 1, 1)), np.array([1, 1, 0]), _TEST, 0.75),
                expected=(0.9, 0.25),
                rule="faces of the same top probability are kept or left out together",
            ),
            Case(
                "a target out of reach",
                (_FIVE[2:], np.array([0, 0, 0]), _TEST, 0.9),
                expected=(1.0, 0.0),
                rule="where no threshold reaches the target, it is 1.0",
            ),
            *seeded_cases(_random_silence),
        ),
        choose_silence,
        slips=(
            Slip(
                "That is the strictest threshold that reaches it, not the lowest.",
                _silence_strictest,
            ),
            Slip("That is the coverage of the choosing faces.", _silence_own_coverage),
            Slip("That leaves out a face at the threshold.", _silence_leaves_out_ties),
            Slip(
                "That takes the target itself as the threshold.",
                _silence_target_is_threshold,
            ),
            *(Slip(words, function) for words, function in _SLIPS.items()),
        ),
    ),
    hints=(
        "Five faces are sorted by their top probability. How accurate are the first "
        "one, two, three of them?",
        "`selective_accuracy` gives that curve; find the lowest threshold on it that "
        "reaches the target, then count the test faces at or above it.",
        "threshold_for(target) of the curve; a mean over the rows' maxima compared "
        "with it.",
    ),
    why=(
        "A rule chosen on the faces that it is judged by would flatter itself.",
        "The lowest threshold that reaches the target keeps the most faces.",
        "Coverage belongs beside every selective accuracy: being right on one face in "
        "ten is easy.",
    ),
    wrong_turn="Setting the threshold to 0.85 to be right 85 times of 100: a top "
    "probability is only that if the network is calibrated on such faces.",
    mutants=(
        Mutant("strictest", _silence_strictest, "wrong value", "strictest threshold"),
        Mutant("own", _silence_own_coverage, "wrong value", "of the choosing faces"),
        Mutant("ties", _silence_leaves_out_ties, "wrong value", "at the threshold"),
        Mutant(
            "target", _silence_target_is_threshold, "wrong value", "the target itself"
        ),
        *(Mutant(w[:30], f, "wrong value", w[:40]) for w, f in _SLIPS.items()),
        Mutant(
            "threshold only",
            lambda p, y, t, target: choose_silence(p, y, t, target)[0],
            "wrong type",
            "float",
        ),
    ),
    alternatives=(_silence_by_trying,),
)
