"""Notebook 02, exercise 7: a threshold by cost."""

import numpy as np

from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    Slip,
    judge_function,
    seeded_cases,
)


def cheapest_threshold(scores, hit, n_faces, miss_cost, alarm_cost=1.0):
    """Return the score from which on detections should be reported."""
    best, least = float("inf"), n_faces * miss_cost  # report nothing
    for threshold in sorted(scores, reverse=True):
        kept = scores >= threshold
        missed = n_faces - (kept & hit).sum()
        cost = missed * miss_cost + (kept & ~hit).sum() * alarm_cost
        if cost < least:
            best, least = float(threshold), cost
    return best


def _costs(scores, hit, n_faces, miss_cost, alarm_cost, keep=np.greater_equal):
    thresholds = [float("inf"), *sorted(set(scores.tolist()), reverse=True)]
    costs = []
    for threshold in thresholds:
        kept = keep(scores, threshold)
        missed = n_faces - (kept & hit).sum()
        costs.append(missed * miss_cost + (kept & ~hit).sum() * alarm_cost)
    return np.array(thresholds), np.array(costs)


def _by_arrays(scores, hit, n_faces, miss_cost, alarm_cost=1.0):
    thresholds, costs = _costs(scores, hit, n_faces, miss_cost, alarm_cost)
    return float(thresholds[costs.argmin()])


def _exclusive(scores, hit, n_faces, miss_cost, alarm_cost=1.0):
    found = _costs(scores, hit, n_faces, miss_cost, alarm_cost, keep=np.greater)
    return float(found[0][found[1].argmin()])


def _always_reports(scores, hit, n_faces, miss_cost, alarm_cost=1.0):
    thresholds, costs = _costs(scores, hit, n_faces, miss_cost, alarm_cost)
    if len(costs) == 1:
        return float("inf")
    return float(thresholds[1 + costs[1:].argmin()])


def _costs_swapped(scores, hit, n_faces, miss_cost, alarm_cost=1.0):
    return _by_arrays(scores, hit, n_faces, alarm_cost, miss_cost)


def _lowest_of_equal(scores, hit, n_faces, miss_cost, alarm_cost=1.0):
    thresholds, costs = _costs(scores, hit, n_faces, miss_cost, alarm_cost)
    return float(thresholds[::-1][costs[::-1].argmin()])


def _alarms_only(scores, hit, n_faces, miss_cost, alarm_cost=1.0):
    return _by_arrays(scores, hit, n_faces, 1.0, 1.0)


def _alarms_at_one(scores, hit, n_faces, miss_cost, alarm_cost=1.0):
    return _by_arrays(scores, hit, n_faces, miss_cost)


def _the_cost(scores, hit, n_faces, miss_cost, alarm_cost=1.0):
    return float(_costs(scores, hit, n_faces, miss_cost, alarm_cost)[1].min())


def _steps_of_a_hundredth(scores, hit, n_faces, miss_cost, alarm_cost=1.0):
    best, least = float("inf"), n_faces * miss_cost
    for threshold in np.linspace(1, 0, 101):
        kept = scores >= threshold
        cost = (n_faces - (kept & hit).sum()) * miss_cost
        cost += (kept & ~hit).sum() * alarm_cost
        if cost < least:
            best, least = float(threshold), cost
    return best


def _splits_equal_scores(scores, hit, n_faces, miss_cost, alarm_cost=1.0):
    order = np.argsort(-scores, kind="stable")
    missed = n_faces - np.r_[0, np.cumsum(hit[order])]
    costs = missed * miss_cost + np.r_[0, np.cumsum(~hit[order])] * alarm_cost
    return float(np.r_[np.inf, scores[order]][costs.argmin()])


def _random_costs(rng):
    count = int(rng.integers(1, 9))
    scores = rng.choice(np.arange(1, 20) / 20, count)
    hit = rng.random(count) < 0.6
    faces = int(hit.sum() + rng.integers(0, 3))
    return Case(
        "random detections", (scores, hit, faces, float(rng.choice((0.2, 1, 3, 10))))
    )


_SCORES = np.array([0.9, 0.7, 0.5, 0.3])
_HITS = np.array([True, False, True, False])
THRESHOLD = Exercise(
    id="02.7",
    title="cheapest_threshold",
    stars=3,
    reference=cheapest_threshold,
    judge=judge_function(
        (
            Case(
                "a miss costs 1, an alarm 3",
                (_SCORES, _HITS, 2, 1.0, 3.0),
                expected=0.9,
                rule="where alarms are dear, report less",
            ),
            Case(
                "a miss costs 3, an alarm 1",
                (_SCORES, _HITS, 2, 3.0),
                expected=0.5,
                rule="one alarm is worth bearing for a face at three times the price",
            ),
            Case(
                "equally cheap",
                (_SCORES, _HITS, 2, 1.0),
                expected=0.9,
                rule="of equally cheap thresholds the highest: fewer boxes",
            ),
            Case(
                "only false alarms",
                (np.array([0.8, 0.6]), np.array([False, False]), 1, 5.0),
                expected=float("inf"),
                rule="to report nothing is a choice too: a threshold of inf",
            ),
            Case(
                "a hit and two alarms with one score",
                (np.array([0.6, 0.6, 0.6]), np.array([True, False, False]), 1, 1.0),
                expected=float("inf"),
                rule="equal scores are reported together: 2 for the alarms, 1 for a "
                "miss",
            ),
            Case(
                "a miss costs 3, an alarm 9",
                (_SCORES, _HITS, 2, 3.0, 9.0),
                expected=0.9,
                rule="both costs count",
            ),
            Case("no detection", (np.zeros(0), np.zeros(0, bool), 4, 1.0)),
            *seeded_cases(_random_costs),
        ),
        cheapest_threshold,
        slips=(
            Slip("Detections AT the threshold are reported.", _exclusive),
            Slip("Yours reports more: are the costs swapped?", _costs_swapped),
            Slip("That ignores the costs.", _alarms_only),
            Slip("That ignores alarm_cost.", _alarms_at_one),
            Slip("That is the cost: return the score.", _the_cost),
            Slip("Try the scores themselves, not steps.", _steps_of_a_hundredth),
            Slip("A threshold keeps all of equal scores.", _splits_equal_scores),
        ),
    ),
    hints=(
        "Which thresholds need trying, if nothing changes between two scores?",
        "For each score: what is kept, which faces are then missed, which boxes are "
        "alarms, what does that cost? Also try to report nothing.",
        "Loop from the highest score down, and replace the best only by a cost that "
        "is smaller, not equal.",
    ),
    why=(
        "A threshold is a decision about costs, so it cannot be right for everyone.",
        "Between two scores nothing changes, so only the scores need trying.",
        "Missed faces are counted from all true faces, also those no box ever found.",
    ),
    wrong_turn="Taking 0.5 because it is the middle: a score is no probability, and "
    "what an error costs is not in it.",
    mutants=(
        Mutant("above only", _exclusive, "wrong value", "AT the threshold"),
        Mutant("swapped", _costs_swapped, "wrong value", "swapped"),
        Mutant("alarms at 1", _alarms_at_one, "wrong value", "ignores alarm_cost"),
        Mutant("the cost", _the_cost, "wrong value", "return the score"),
        Mutant("steps", _steps_of_a_hundredth, "wrong value", "not steps"),
        Mutant("equal scores", _splits_equal_scores, "wrong value", "equal scores"),
        Mutant("always reports", _always_reports, "wrong value", "report nothing"),
        Mutant("lowest of equal", _lowest_of_equal, "wrong value", "the highest"),
        Mutant("no costs", _alarms_only, "wrong value", "ignores the costs"),
        Mutant("one half", lambda s, h, n, m, a=1.0: 0.5, "wrong value", "report less"),
        Mutant(
            "an index",
            lambda s, h, n, m, a=1.0: int(
                (s >= cheapest_threshold(s, h, n, m, a)).sum()
            ),
            "wrong value",
            "too large",
        ),
    ),
    alternatives=(_by_arrays,),
)
