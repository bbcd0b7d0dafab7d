"""Notebook 01, exercise 7, open-ended: which labels should a person look at?"""

import numpy as np

from fer_course.teaching.comparing import describe
from fer_course.teaching.exercises import Exercise, Mutant, Verdict
from fer_course.teaching.judging import CORRECT, NOT_ATTEMPTED, call_quietly, is_stub

_PHOTOS, _FEWEST_KINDS, _MOST_FALSE = 60, 5, 0.02


def suspicious(boxes_xyxy, image_hw):
    """Return (N,) bool, True for the labels that a person should look at."""
    left, top, right, bottom = boxes_xyxy.T
    width, height = right - left, bottom - top
    odd = (np.minimum(width, height) < 3) | (height < 0.8 * width)
    odd |= height > 2 * width
    odd |= (left < -1) | (right > image_hw[1] + 1)
    odd |= (top < -1) | (bottom > image_hw[0] + 1)
    gaps = np.abs(boxes_xyxy[:, None] - boxes_xyxy).max(axis=2)
    return odd | np.triu(gaps < 2, k=1).any(axis=0)


_FAULTS = {
    "no area": lambda box, hw: box * [1, 1, 0, 1] + [0, 0, box[0], 0],
    "outside the photo": lambda box, hw: box + [hw[1] - box[0] - 4, 0] * 2,
    "there twice": lambda box, hw: box + 0.4,
    "fractions for px": lambda box, hw: box / [hw[1], hw[0], hw[1], hw[0]],
    "w, h for right, bottom": lambda box, hw: box - [0, 0, box[0], box[1]],
    "three times too wide": lambda box, hw: np.array(
        [2, box[1], 2 + 3 * (box[2] - box[0]), box[3]]
    ),
}


def _labels(rng):
    """Return (boxes, (H, W), kinds) of one photo: kinds name the planted faults.

    Good faces are 1.0 to 1.6 times as high as wide and 10 px wide or more; two of
    them stand close together. The face that a copy is made of has the kind "copied".
    """
    hw = (480, 720) if rng.random() < 0.5 else (720, 480)
    count = int(rng.integers(4, 9))
    width = rng.uniform(10, 90, count)
    height = width * rng.uniform(1.0, 1.6, count)
    x, y = rng.uniform(0.35, 0.8, count) * hw[1], rng.uniform(0.1, 0.75, count) * hw[0]
    x[1], y[1] = x[0] + 0.5 * width[0], y[0] + 3
    width[1], height[1] = width[0], height[0]
    right, bottom = np.minimum(x + width, hw[1]), np.minimum(y + height, hw[0])
    good = np.stack([x, y, right, bottom], axis=1)
    kinds = [""] * count
    kind = str(rng.choice(list(_FAULTS)))
    victim = int(rng.integers(2, count))
    planted = _FAULTS[kind](good[victim], hw)
    if kind == "there twice":
        kinds[victim] = "copied"
    labels = np.vstack([good, planted])
    order = rng.permutation(count + 1)
    return labels[order], hw, [[*kinds, kind][k] for k in order]


def _judge_audit(answer):
    if not callable(answer):
        return Verdict(
            "wrong type",
            f"Hand over the function itself, without calling it: this is "
            f"{describe(answer)}.",
        )
    rng = np.random.default_rng(7)
    found, false, good = {kind: [] for kind in _FAULTS}, 0, 0
    for _ in range(_PHOTOS):
        labels, hw, kinds = _labels(rng)
        given = labels.copy()
        result, raised, _ = call_quietly(answer, given, hw)
        where = f"in a photo of {hw} px with {len(labels)} labels"
        if raised is not None:
            return Verdict(raised.kind, f"{raised.message}\n{where}")
        if is_stub(result):
            return Verdict(NOT_ATTEMPTED)
        told = np.asarray(result)
        if told.shape != (len(labels),) or told.dtype != bool:
            return Verdict(
                "wrong type",
                f"Got {describe(result)}; a bool for each label, True for look at "
                f"it, was expected.\n{where}",
            )
        if not np.array_equal(given, labels):
            return Verdict(
                "wrong value",
                f"Your function changed what it was given: work on a copy.\n{where}",
            )
        copies = told[[kind in ("copied", "there twice") for kind in kinds]]
        for kind, flag in zip(kinds, told, strict=True):
            if kind in _FAULTS:
                found[kind].append(copies.any() if kind == "there twice" else flag)
            elif not kind:
                false, good = false + flag, good + 1
    return _weigh(found, false, good)


def _weigh(found, false, good):
    """Return the verdict: enough kinds of faults found, few good labels marked."""
    caught = [kind for kind, flags in found.items() if np.mean(flags) >= 0.8]
    missed = [kind for kind in found if kind not in caught]
    told = f"{len(caught)} of {len(found)} kinds of faults found"
    if false > _MOST_FALSE * good:
        return Verdict(
            "wrong value",
            f"{false} of {good} good labels are marked, {_MOST_FALSE:.0%} at most are "
            f"allowed; {told}.\nGood faces may be 10 px wide, stand close together and "
            "be as wide as high.",
        )
    if len(caught) < _FEWEST_KINDS:
        return Verdict(
            "wrong value",
            f"{told}, {_FEWEST_KINDS} at least are wanted.\nOne that passes unseen: "
            f"'{missed[0]}'.",
        )
    rest = f" Still unseen: {', '.join(missed)}." if missed else ""
    return Verdict(CORRECT, f"{told}, {false} of {good} good labels marked.{rest}")


def _audit_area_only(boxes_xyxy, image_hw):
    return (boxes_xyxy[:, 2] <= boxes_xyxy[:, 0]) | (
        boxes_xyxy[:, 3] <= boxes_xyxy[:, 1]
    )


def _audit_shape_only(boxes_xyxy, image_hw):
    """What the exercise says of good faces, turned around."""
    width, height = (boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]).T
    return (width < 10) | (height > 1.6 * width) | (height < width)


def _audit_clears(boxes_xyxy, image_hw):
    marked = suspicious(boxes_xyxy, image_hw)
    boxes_xyxy *= 0
    return marked


def _audit_outside_only(boxes_xyxy, image_hw):
    limits = np.array([image_hw[1], image_hw[0]] * 2)
    return ((boxes_xyxy < 0) | (boxes_xyxy > limits)).any(axis=1)


def _audit_height_and_width_swapped(boxes_xyxy, image_hw):
    return suspicious(boxes_xyxy, image_hw[::-1])


def _audit_all_neighbors(boxes_xyxy, image_hw):
    centers = (boxes_xyxy[:, :2] + boxes_xyxy[:, 2:]) / 2
    gaps = np.abs(centers[:, None] - centers).max(axis=2)
    return suspicious(boxes_xyxy, image_hw) | ((gaps < 60).sum(axis=1) > 1)


def _audit_by_loop(boxes_xyxy, image_hw):
    marks, seen = [], []
    for left, top, right, bottom in boxes_xyxy:
        shape = (bottom - top) / (right - left) if right > left else 0.0
        inside = left >= 0 and top >= 0 and right <= image_hw[1]
        sound = 0.9 < shape < 1.8 and right - left > 5 and inside
        sound = sound and bottom <= image_hw[0]
        marks.append(not sound or (round(left), round(right)) in seen)
        seen.append((round(left), round(right)))
    return np.array(marks, dtype=bool)


AUDIT = Exercise(
    id="01.7",
    title="suspicious",
    stars=3,
    reference=suspicious,
    judge=_judge_audit,
    hints=(
        "What does every right box of a face have in common: place, size, shape?",
        "One rule for each kind of fault, each a bool array; join them with |. Then "
        "count how many good labels each rule marks.",
        "width and height first; odd = (… < …) | (… > …); then odd |= … for the next "
        "rule.",
    ),
    why=(
        "A mark is no verdict: a person looks, and decides.",
        "Cheap rules find the faults of machines: swapped, scaled, doubled, shifted.",
        "A face that was never boxed leaves no trace in the labels: no rule finds it.",
    ),
    wrong_turn="Marking whatever is rare: small faces and crowds are what a detector "
    "most needs to learn from.",
    mutants=(
        Mutant("clears its input", _audit_clears, "wrong value", "work on a copy"),
        Mutant(
            "nothing", lambda b, hw: np.zeros(len(b), bool), "wrong value", "0 of 6"
        ),
        Mutant(
            "everything",
            lambda b, hw: np.ones(len(b), bool),
            "wrong value",
            "good labels are marked",
        ),
        Mutant("area only", _audit_area_only, "wrong value", "passes unseen"),
        Mutant(
            "the text's own rule", _audit_shape_only, "wrong value", "passes unseen"
        ),
        Mutant("outside only", _audit_outside_only, "wrong value", "passes unseen"),
        Mutant(
            "h and w swapped",
            _audit_height_and_width_swapped,
            "wrong value",
            "good labels are marked",
        ),
        Mutant(
            "neighbors", _audit_all_neighbors, "wrong value", "stand close together"
        ),
        Mutant(
            "indices",
            lambda b, hw: np.flatnonzero(suspicious(b, hw)),
            "wrong type",
            "a bool for each label",
        ),
    ),
    alternatives=(_audit_by_loop,),
)
