"""Notebook 02, exercise 8, open-ended: errors cheaper than with one threshold."""

import numpy as np

from fer_course.teaching.comparing import describe
from fer_course.teaching.exercises import Exercise, Mutant, Verdict
from fer_course.teaching.judging import CORRECT, NOT_ATTEMPTED, call_quietly, is_stub
from fer_course.teaching.lessons.nb02_threshold import cheapest_threshold

_MISS_COST, _MARGIN = 3, 0.95
_KNOWN, _FRESH = 2000, 4000


def report(examples, scores, heights_px):
    """Return (D,) bool: at or above the cheapest threshold of its size of face."""
    known_scores, known_heights, hit = examples
    edges = np.quantile(known_heights, np.linspace(0, 1, 9)[1:-1])
    known_size, size = np.digitize(known_heights, edges), np.digitize(heights_px, edges)
    reported = np.zeros(len(scores), bool)
    for k in range(8):
        mine = known_size == k
        threshold = cheapest_threshold(
            known_scores[mine], hit[mine], hit[mine].sum(), miss_cost=3
        )
        reported |= (size == k) & (scores >= threshold)
    return reported


def _odds(scores, doublings):
    """Return log odds of a hit, as the detections below are drawn."""
    logits = np.log(scores / (1 - scores))
    of_hit = -((logits - (-1.6 + 0.9 * doublings)) ** 2) / 2
    of_alarm = -((logits - (-2.9 + 0.7 * doublings)) ** 2) / 2
    return of_hit - of_alarm


def _detections(seed, count):
    """Return made-up (scores, heights_px, hit): all large boxes score higher."""
    rng = np.random.default_rng(seed)
    hit = rng.random(count) < 0.5
    doublings = rng.uniform(0, 5, count)  # of 8 px
    logits = np.where(hit, -1.6 + 0.9 * doublings, -2.9 + 0.7 * doublings)
    scores = 1 / (1 + np.exp(-(logits + rng.normal(size=count))))
    return scores, 8 * 2**doublings, hit


def _cost(reported, hit):
    return int(_MISS_COST * (hit & ~reported).sum() + (reported & ~hit).sum())


def _judge_report(answer):
    if not callable(answer):
        return Verdict(
            "wrong type",
            f"Hand over the function itself, without calling it: this is "
            f"{describe(answer)}.",
        )
    examples = _detections(1, _KNOWN)
    scores, heights_px, hit = _detections(2, _FRESH)
    given = tuple(array.copy() for array in (*examples, scores, heights_px))
    result, raised, _ = call_quietly(answer, given[:3], *given[3:])
    if raised is not None:
        where = "examples is a triple of arrays: scores, heights_px, hit"
        return Verdict(raised.kind, f"{raised.message}\n{where}")
    if is_stub(result):
        return Verdict(NOT_ATTEMPTED)
    reported = np.asarray(result)
    if reported.shape != (_FRESH,) or reported.dtype != bool:
        return Verdict(
            "wrong type",
            f"Got {describe(result)}; a bool for each of the {_FRESH:,} new "
            "detections, True for report it, was expected.",
        )
    if not all(map(np.array_equal, given, (*examples, scores, heights_px))):
        return Verdict(
            "wrong value", "Your function changed what it was given: work on a copy."
        )
    single = cheapest_threshold(examples[0], examples[2], examples[2].sum(), _MISS_COST)
    one, yours = _cost(scores >= single, hit), _cost(reported, hit)
    ideal = _odds(scores, np.log2(heights_px / 8)) > -np.log(_MISS_COST)
    told = f"Your errors cost {yours:,}, those of one threshold {one:,}"
    if yours > _MARGIN * one:
        missed, alarms = (hit & ~reported).sum(), (reported & ~hit).sum()
        return Verdict(
            "wrong value",
            f"{told}: 5 % less is wanted.\nYours: {missed:,} missed at 3, "
            f"{alarms:,} false alarms at 1, of {_FRESH:,} detections.",
        )
    best = _cost(ideal, hit)
    return Verdict(
        CORRECT, f"{told}. Who knew how the scores were made would pay {best:,}."
    )


def _report_by_neighbors(examples, scores, heights_px):
    known_scores, known_heights, hit = examples
    known = np.stack([np.log(known_scores / (1 - known_scores)), np.log(known_heights)])
    new = np.stack([np.log(scores / (1 - scores)), np.log(heights_px)])
    gaps = np.abs(new[:, :, None] - known[:, None]).sum(axis=0)
    nearest = np.argpartition(gaps, 60, axis=1)[:, :60]
    return hit[nearest].mean(axis=1) > 0.25


def _report_one_threshold(examples, scores, heights_px):
    single = cheapest_threshold(examples[0], examples[2], examples[2].sum(), 3)
    return scores >= single


def _report_sorts(examples, scores, heights_px):
    reported = report(examples, scores, heights_px)
    examples[0].sort()
    return reported


def _report_large_only(examples, scores, heights_px):
    return (scores >= 0.5) & (heights_px > 32)


def _report_costs_swapped(examples, scores, heights_px):
    single = cheapest_threshold(examples[0], examples[2], examples[2].sum(), 1, 3)
    return scores >= single


REPORT = Exercise(
    id="02.8",
    title="report",
    stars=3,
    reference=report,
    judge=_judge_report,
    hints=(
        "Is a score of 0.4 good news for a face of 10 px, and for one of 200 px?",
        "Sort the examples into sizes, and find the cheapest threshold of each size; "
        "then give every new detection the threshold of its own size.",
        "Edges by np.quantile, sizes by np.digitize, and E02.7 in a loop over sizes.",
    ),
    why=(
        "A threshold is a rule with one number, and nothing says that one is enough.",
        "Finer sizes follow the scores more closely, until each has too few examples.",
        "With odds instead of thresholds the rule is: report where a hit is more "
        "likely than one in four, as three alarms cost what one miss costs.",
    ),
    wrong_turn="Very many sizes: each then fits its few examples, and fresh detections "
    "cost more again.",
    mutants=(
        Mutant("sorts the examples", _report_sorts, "wrong value", "work on a copy"),
        Mutant("one threshold", _report_one_threshold, "wrong value", "5 % less"),
        Mutant(
            "everything",
            lambda e, s, h: np.ones(len(s), bool),
            "wrong value",
            "0 missed at 3",
        ),
        Mutant(
            "nothing",
            lambda e, s, h: np.zeros(len(s), bool),
            "wrong value",
            "0 false alarms",
        ),
        Mutant("large only", _report_large_only, "wrong value", "missed at 3"),
        Mutant("costs swapped", _report_costs_swapped, "wrong value", "missed at 3"),
        Mutant(
            "indices",
            lambda e, s, h: np.flatnonzero(s > 0.5),
            "wrong type",
            "a bool for each",
        ),
        Mutant("unpacks two", lambda e, s, h: dict([e]), "raised", "triple of arrays"),
    ),
    alternatives=(_report_by_neighbors,),
)
