"""Notebook 02, exercises 6 and 7: average precision, and a threshold by cost."""

import numpy as np

from fer_course.boxes import iou_matrix
from fer_course.detection import evaluation
from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    Property,
    Slip,
    judge_function,
    seeded_cases,
)


def average_precision(boxes_xyxy, scores, truths_xyxy, iou_threshold=0.5):
    """Return the average precision of one photo's detections."""
    if len(truths_xyxy) == 0:
        return float("nan")
    order = np.argsort(-scores)
    overlaps = iou_matrix(boxes_xyxy[order], truths_xyxy)
    free = np.ones(len(truths_xyxy), bool)
    hit = np.zeros(len(order), bool)
    for row in range(len(order)):
        candidates = np.where(free, overlaps[row], -1)
        face = candidates.argmax()
        if candidates[face] >= iou_threshold:
            hit[row], free[face] = True, False
    precision = np.cumsum(hit) / np.arange(1, len(hit) + 1)
    best_from_here = np.maximum.accumulate(precision[::-1])[::-1]
    return float(best_from_here[hit].sum() / len(truths_xyxy))


def _precision(
    boxes_xyxy,
    scores,
    truths_xyxy,
    iou_threshold=0.5,
    *,
    sort=True,
    once=True,
    fall=True,
    over="faces",
    empty=float("nan"),
):
    """Return an average precision with one slip, as the options say."""
    if len(truths_xyxy) == 0:
        return empty
    order = np.argsort(-scores) if sort else np.arange(len(scores))
    overlaps = iou_matrix(boxes_xyxy[order], truths_xyxy)
    free, hit = np.ones(len(truths_xyxy), bool), np.zeros(len(order), bool)
    for row in range(len(order)):
        candidates = np.where(free | (not once), overlaps[row], -1)
        face = candidates.argmax()
        if candidates[face] >= iou_threshold:
            hit[row], free[face] = True, False
    precision = np.cumsum(hit) / np.arange(1, len(hit) + 1)
    if fall:
        precision = np.maximum.accumulate(precision[::-1])[::-1]
    count = {"faces": len(truths_xyxy), "found": hit.sum(), "all": len(hit)}[over]
    return float(precision[hit].sum() / count) if count else 0.0


def _ap_duplicates(boxes_xyxy, scores, truths_xyxy, iou_threshold=0.5):
    return _precision(boxes_xyxy, scores, truths_xyxy, iou_threshold, once=False)


def _ap_unsorted(boxes_xyxy, scores, truths_xyxy, iou_threshold=0.5):
    return _precision(boxes_xyxy, scores, truths_xyxy, iou_threshold, sort=False)


def _ap_no_envelope(boxes_xyxy, scores, truths_xyxy, iou_threshold=0.5):
    return _precision(boxes_xyxy, scores, truths_xyxy, iou_threshold, fall=False)


def _ap_over_found(boxes_xyxy, scores, truths_xyxy, iou_threshold=0.5):
    return _precision(boxes_xyxy, scores, truths_xyxy, iou_threshold, over="found")


def _ap_over_detections(boxes_xyxy, scores, truths_xyxy, iou_threshold=0.5):
    return _precision(boxes_xyxy, scores, truths_xyxy, iou_threshold, over="all")


def _ap_zero_for_no_face(boxes_xyxy, scores, truths_xyxy, iou_threshold=0.5):
    return _precision(boxes_xyxy, scores, truths_xyxy, iou_threshold, empty=0.0)


def _ap_fixed_half(boxes_xyxy, scores, truths_xyxy, iou_threshold=0.5):
    return average_precision(boxes_xyxy, scores, truths_xyxy)


def _ap_of_package(boxes_xyxy, scores, truths_xyxy, iou_threshold=0.5):
    return evaluation.average_precision(
        [(boxes_xyxy, scores)], [truths_xyxy], iou_threshold
    )


def _random_photo(rng):
    faces = int(rng.integers(1, 5))
    corners = np.arange(faces)[:, None] * np.array([[30.0, 0.0]])
    truths = np.hstack([corners, corners + 20])
    near = truths[rng.integers(faces, size=int(rng.integers(1, 7)))]
    near = near + rng.normal(0, 3, (len(near), 1))
    far = near[: int(rng.integers(0, 3))] + np.array([0.0, 50.0, 0.0, 50.0])
    found = np.vstack([near, far])
    scores = rng.permutation(len(found)) / 10 + 0.05
    return Case(f"{faces} random faces", (found, scores, truths))


def _does_not_care_for_order(function):
    rng = np.random.default_rng(3)
    for _ in range(10):
        found, scores, truths = _random_photo(rng).args
        order = rng.permutation(len(found))
        shuffled = function(found[order], scores[order], truths)
        if not np.isclose(function(found, scores, truths), shuffled):
            return False
    return True


_FACE = np.array([[0.0, 0.0, 10.0, 10.0]])
_AWAY = np.array([[50.0, 50.0, 60.0, 60.0]])
_TWO = np.vstack([_FACE, _AWAY])
PRECISION = Exercise(
    id="02.6",
    title="average_precision",
    stars=3,
    reference=average_precision,
    judge=judge_function(
        (
            Case(
                "one face, found",
                (_FACE, np.array([0.9]), _FACE),
                expected=1.0,
                rule="everything found and nothing else is 1",
            ),
            Case(
                "one of two faces",
                (_FACE, np.array([0.9]), _TWO),
                expected=0.5,
                rule="recall counts all true faces, also those never found",
            ),
            Case(
                "a false alarm before the hit",
                (_TWO[::-1], np.array([0.9, 0.8]), _FACE),
                expected=0.5,
                rule="at the hit, one of two detections is right",
            ),
            Case(
                "scores out of order",
                (_TWO[::-1], np.array([0.3, 0.8]), _FACE),
                expected=1.0,
                rule="the best score comes first, wherever it is stored",
            ),
            Case(
                "the same box twice, then a hit",
                (np.vstack([_FACE, _FACE, _AWAY]), np.array([0.9, 0.8, 0.7]), _TWO),
                expected=0.5 + 0.5 * 2 / 3,
                rule="a face can be found once; its second box is a false alarm",
            ),
            Case(
                "precision that rises again",
                (
                    np.vstack([_AWAY, _FACE, _FACE + 20]),
                    np.array([0.9, 0.8, 0.7]),
                    np.vstack([_FACE, _FACE + 20]),
                ),
                expected=2 / 3,
                rule="at each recall, the best precision at that or a higher recall",
            ),
            Case("nothing found", (np.zeros((0, 4)), np.zeros(0), _FACE), expected=0.0),
            Case(
                "no true face",
                (_FACE, np.array([0.9]), np.zeros((0, 4))),
                expected=float("nan"),
                rule="without a face there is no recall: nan, not a number",
            ),
            Case(
                "a stricter overlap",
                (_FACE * 0.8, np.array([0.9]), _FACE),
                expected=0.0,
                kwargs={"iou_threshold": 0.75},
                rule="a hit overlaps by iou_threshold at least",
            ),
            *seeded_cases(_random_photo),
        ),
        average_precision,
        properties=(
            Property("the order of the rows does not matter", _does_not_care_for_order),
        ),
        slips=(
            Slip("Further boxes on a face counted as hits.", _ap_duplicates),
            Slip("That took the boxes in the order given.", _ap_unsorted),
            Slip("That forgot the faces never found.", _ap_over_found),
            Slip("That divides by the detections.", _ap_over_detections),
            Slip("The curve was not made to fall.", _ap_no_envelope),
        ),
    ),
    hints=(
        "A detector boxes every face twice. Which of the two boxes may count as a hit?",
        "Sort; match each box with the free face it overlaps most; running precision; "
        "make it fall from the right; average over all true faces.",
        "np.maximum.accumulate on the reversed precision, then add it up at the hits "
        "only and divide by the number of true faces.",
    ),
    why=(
        "This number is on every leaderboard, and in this page's record of our run.",
        "Each hit raises recall by one face, so the area is a sum over the hits.",
        "Faces never found add nothing to the sum, but they count below the line.",
    ),
    wrong_turn="Letting a second box on a face count as a hit: repeating every box "
    "would then raise the score.",
    mutants=(
        Mutant("duplicates hit", _ap_duplicates, "wrong value", "Further boxes"),
        Mutant("unsorted", _ap_unsorted, "wrong value", "order given"),
        Mutant("over found", _ap_over_found, "wrong value", "never found"),
        Mutant("over detections", _ap_over_detections, "wrong value", "one of two"),
        Mutant("no envelope", _ap_no_envelope, "wrong value", "made to fall"),
        Mutant("no face is 0", _ap_zero_for_no_face, "wrong value", "nan"),
        Mutant("always half", _ap_fixed_half, "wrong value", "iou_threshold at least"),
        Mutant(
            "a curve",
            lambda b, s, t, iou_threshold=0.5: np.ones(3),
            "wrong type",
            "a number",
        ),
    ),
    alternatives=(_ap_of_package,),
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
    stars=2,
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
            Case("no detection", (np.zeros(0), np.zeros(0, bool), 4, 1.0)),
            *seeded_cases(_random_costs),
        ),
        cheapest_threshold,
        slips=(
            Slip("Detections AT the threshold are reported.", _exclusive),
            Slip("The two costs are swapped.", _costs_swapped),
            Slip("That ignores the costs.", _alarms_only),
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
