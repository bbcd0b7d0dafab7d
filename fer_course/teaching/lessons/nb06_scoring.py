"""Notebook 06, exercise 5: scoring both stages at once."""

import numpy as np

from fer_course.boxes import iou_matrix
from fer_course.labels import EXPRESSIONS
from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    Property,
    Slip,
    judge_function,
    seeded_cases,
)


def score_photo(found_xyxy, found_labels, true_xyxy, true_labels):
    """Return how many faces are right, wrong, missed, and how many boxes extra."""
    overlaps = iou_matrix(found_xyxy, true_xyxy)
    right = wrong = extra = 0
    for row, label in zip(overlaps, found_labels, strict=True):
        face = int(row.argmax()) if len(row) else None
        if face is None or row[face] < 0.5:
            extra += 1
            continue
        overlaps[:, face] = 0  # this face is taken: whoever comes later is extra
        if label == true_labels[face]:
            right += 1
        else:
            wrong += 1
    return right, wrong, len(true_xyxy) - right - wrong, extra


def _score_many_to_one(found_xyxy, found_labels, true_xyxy, true_labels):
    overlaps = iou_matrix(found_xyxy, true_xyxy)
    best = [int(row.argmax()) if len(row) else -1 for row in overlaps]
    hits = [k for k, face in enumerate(best) if face >= 0 and overlaps[k, face] >= 0.5]
    right = sum(found_labels[k] == true_labels[best[k]] for k in hits)
    seen = {best[k] for k in hits}
    extra = len(found_labels) - len(hits)
    return int(right), len(hits) - int(right), len(true_xyxy) - len(seen), extra


def _score_ignores_labels(found_xyxy, found_labels, true_xyxy, true_labels):
    right, wrong, missed, extra = score_photo(
        found_xyxy, found_labels, true_xyxy, true_labels
    )
    return right + wrong, 0, missed, extra


def _score_drops_duplicates(found_xyxy, found_labels, true_xyxy, true_labels):
    right, wrong, missed, _ = score_photo(
        found_xyxy, found_labels, true_xyxy, true_labels
    )
    return (
        right,
        wrong,
        missed,
        len(found_xyxy)
        - right
        - wrong
        - _on_faces(found_xyxy, true_xyxy, right + wrong),
    )


def _on_faces(found_xyxy, true_xyxy, used):
    overlaps = iou_matrix(found_xyxy, true_xyxy)
    return int((overlaps >= 0.5).any(axis=1).sum()) - used if overlaps.size else 0


def _score_forgets_missed(found_xyxy, found_labels, true_xyxy, true_labels):
    right, wrong, _, extra = score_photo(
        found_xyxy, found_labels, true_xyxy, true_labels
    )
    return right, wrong, 0, extra


def _score_by_order(found_xyxy, found_labels, true_xyxy, true_labels):
    count = min(len(found_xyxy), len(true_xyxy))
    right = sum(a == b for a, b in zip(found_labels, true_labels, strict=False))
    missed, extra = len(true_xyxy) - count, len(found_xyxy) - count
    return right, count - right, missed, extra


def _score_first_over_half(found_xyxy, found_labels, true_xyxy, true_labels):
    """Takes the first free face over a half, not the one overlapped most."""
    overlaps = (iou_matrix(found_xyxy, true_xyxy) >= 0.5).astype(float)
    return _score_overlaps(overlaps, found_labels, true_labels)


def _score_overlaps(overlaps, found_labels, true_labels):
    right = wrong = extra = 0
    for row, label in zip(overlaps, found_labels, strict=True):
        if not len(row) or row.max() < 0.5:
            extra += 1
            continue
        face = int(row.argmax())
        overlaps[:, face] = 0
        right += label == true_labels[face]
        wrong += label != true_labels[face]
    return right, wrong, len(true_labels) - right - wrong, extra


def _score_best_face_taken(found_xyxy, found_labels, true_xyxy, true_labels):
    """A box whose best face is taken is extra, though another face is free."""
    overlaps = iou_matrix(found_xyxy, true_xyxy)
    overlaps = overlaps * (overlaps == overlaps.max(axis=1, keepdims=True, initial=0))
    return _score_overlaps(overlaps, found_labels, true_labels)


def _score_faces_choose(found_xyxy, found_labels, true_xyxy, true_labels):
    """Goes through the faces: each takes the free box that fits best."""
    overlaps = iou_matrix(found_xyxy, true_xyxy).T
    right, wrong, extra, missed = _score_overlaps(overlaps, true_labels, found_labels)
    return right, wrong, missed, extra


def _score_over_half(found_xyxy, found_labels, true_xyxy, true_labels):
    overlaps = iou_matrix(found_xyxy, true_xyxy)
    overlaps[overlaps == 0.5] = 0
    return _score_overlaps(overlaps, found_labels, true_labels)


def _score_wrong_is_missed(found_xyxy, found_labels, true_xyxy, true_labels):
    right, wrong, missed, extra = score_photo(
        found_xyxy, found_labels, true_xyxy, true_labels
    )
    return right, wrong, missed + wrong, extra


def _score_wrong_is_extra(found_xyxy, found_labels, true_xyxy, true_labels):
    right, wrong, missed, extra = score_photo(
        found_xyxy, found_labels, true_xyxy, true_labels
    )
    return right, wrong, missed, extra + wrong


def _score_extra_before_missed(found_xyxy, found_labels, true_xyxy, true_labels):
    right, wrong, missed, extra = score_photo(
        found_xyxy, found_labels, true_xyxy, true_labels
    )
    return right, wrong, extra, missed


def _score_label_helps(found_xyxy, found_labels, true_xyxy, true_labels):
    """Gives a face to the box with the right label, whichever came first."""
    overlaps = iou_matrix(found_xyxy, true_xyxy)
    same = np.array(found_labels, object)[:, None] == np.array(true_labels, object)
    return _score_overlaps(
        np.where(same | ~((overlaps >= 0.5) & same).any(axis=0), overlaps, 0),
        found_labels,
        true_labels,
    )


def _score_likes_its_label(found_xyxy, found_labels, true_xyxy, true_labels):
    overlaps = iou_matrix(found_xyxy, true_xyxy)
    same = np.array(found_labels, object)[:, None] == np.array(true_labels, object)
    liked = np.where((overlaps >= 0.5) & same, overlaps + 1, overlaps)
    return _score_overlaps(liked, found_labels, true_labels)


def _score_with_lists(found_xyxy, found_labels, true_xyxy, true_labels):
    free = list(range(len(true_xyxy)))
    counts = {"right": 0, "wrong": 0, "extra": 0}
    for box, label in zip(found_xyxy, found_labels, strict=True):
        overlaps = {k: iou_matrix(box, true_xyxy[k])[0, 0] for k in free}
        face = max(overlaps, key=overlaps.get, default=None)
        if face is None or overlaps[face] < 0.5:
            counts["extra"] += 1
            continue
        free.remove(face)
        counts["right" if label == true_labels[face] else "wrong"] += 1
    return counts["right"], counts["wrong"], len(free), counts["extra"]


_BOX = np.array([10.0, 10.0, 50.0, 60.0])
_FAR = _BOX + 100
_NEAR = np.add(_BOX, (8, 0, 8, 0))  # IoU with _BOX: 2/3
_NONE = np.zeros((0, 4))


def _random_photo(rng):
    faces = int(rng.integers(1, 5))
    corners = np.stack((100.0 * np.arange(faces), rng.uniform(0, 50, faces)), axis=1)
    truth = np.hstack((corners, corners + rng.uniform(20, 60, (faces, 2))))
    labels = [EXPRESSIONS[k] for k in rng.integers(7, size=faces)]
    rows = rng.integers(faces, size=int(rng.integers(0, 7)))
    found = truth[rows] + rng.normal(0, 4, (len(rows), 1))
    names = [labels[k] if rng.random() < 0.6 else "neutral" for k in rows]
    return Case(
        f"{faces} faces, {len(rows)} boxes",
        (found.reshape(-1, 4), names, truth, labels),
    )


END_TO_END = Exercise(
    id="06.5",
    title="score_photo",
    stars=3,
    reference=score_photo,
    judge=judge_function(
        (
            Case(
                "one face, found and right",
                (_BOX[None], ["happy"], _BOX[None], ["happy"]),
                expected=(1, 0, 0, 0),
                rule="four counts: right, wrong label, missed, extra boxes",
            ),
            Case(
                "two faces in another order",
                (
                    np.stack((_FAR, _BOX)),
                    ["sad", "happy"],
                    np.stack((_BOX, _FAR)),
                    ["happy", "sad"],
                ),
                expected=(2, 0, 0, 0),
                rule="a box belongs to the face that it overlaps most",
            ),
            Case(
                "found, but with another label",
                (_BOX[None], ["sad"], _BOX[None], ["happy"]),
                expected=(0, 1, 0, 0),
                rule="a face that is found and read wrongly is an error",
            ),
            Case(
                "nothing found",
                (_NONE, [], np.stack((_BOX, _FAR)), ["happy", "sad"]),
                expected=(0, 0, 2, 0),
                rule="a face that was not found was not read either",
            ),
            Case(
                "the same face twice",
                (np.stack((_BOX, _BOX + 2)), ["sad", "happy"], _BOX[None], ["happy"]),
                expected=(0, 1, 0, 1),
                rule="the first box takes the face, every further one is extra",
            ),
            Case(
                "the same face twice, the second box fits better",
                (np.stack((_BOX + 2, _BOX)), ["sad", "happy"], _BOX[None], ["happy"]),
                expected=(0, 1, 0, 1),
                rule="the boxes choose, in their order: the best score comes first",
            ),
            Case(
                "one box over two faces that overlap",
                (_NEAR[None], ["sad"], np.stack((_BOX, _NEAR)), ["happy", "sad"]),
                expected=(1, 0, 1, 0),
                rule="of the faces that it overlaps by half, a box takes the one that "
                "it overlaps most",
            ),
            Case(
                "one box over two faces, the farther one has its label",
                (
                    np.array([[0.5, 0.0, 10.5, 10.0]]),
                    ["sad"],
                    np.array([[0.0, 0.0, 10.0, 10.0], [2.0, 0.0, 12.0, 10.0]]),
                    ["happy", "sad"],
                ),
                expected=(0, 1, 1, 0),
                rule="the overlap chooses the face, the label does not",
            ),
            Case(
                "two boxes over two faces that overlap",
                (
                    np.stack((_BOX, np.add(_BOX, (2, 0, 2, 0)))),
                    ["happy", "sad"],
                    np.stack((_BOX, _NEAR)),
                    ["happy", "sad"],
                ),
                expected=(2, 0, 0, 0),
                rule="a box whose best face is taken may take another free one",
            ),
            Case(
                "an overlap of exactly a half",
                (
                    np.array([[0.0, 0.0, 20.0, 10.0]]),
                    ["happy"],
                    np.array([[0.0, 0.0, 10.0, 10.0]]),
                    ["happy"],
                ),
                expected=(1, 0, 0, 0),
                rule="an overlap of 0.5 is enough",
            ),
            Case(
                "no face in the photo",
                (_BOX[None], ["happy"], _NONE, []),
                expected=(0, 0, 0, 1),
                rule="a box without a face is extra",
            ),
            *seeded_cases(_random_photo),
        ),
        score_photo,
        properties=(
            Property(
                "right + wrong + missed is the number of faces",
                lambda f: (
                    sum(f(np.stack((_BOX, _BOX)), ["sad"] * 2, _BOX[None], ["sad"])[:3])
                    == 1
                ),
            ),
        ),
        slips=(
            Slip("That lets one face be found many times.", _score_many_to_one),
            Slip("That does not look at the labels.", _score_ignores_labels),
            Slip("That forgives the second box of a face.", _score_drops_duplicates),
            Slip("That forgets the faces nobody found.", _score_forgets_missed),
            Slip("That pairs boxes and faces by their order.", _score_by_order),
            Slip("That takes the first face over a half.", _score_first_over_half),
            Slip(
                "That gives up on a box whose best face is taken.",
                _score_best_face_taken,
            ),
            Slip("There the faces choose their boxes.", _score_faces_choose),
            Slip("At 0.5 is enough: >=, not >.", _score_over_half),
            Slip(
                "That counts a face read wrongly as missed, too.",
                _score_wrong_is_missed,
            ),
            Slip(
                "That counts a box with a wrong label as extra, too.",
                _score_wrong_is_extra,
            ),
            Slip("Missed faces come before extra boxes.", _score_extra_before_missed),
            Slip("There the label decides which box counts.", _score_label_helps),
            Slip("There the label chooses the face.", _score_likes_its_label),
        ),
    ),
    hints=(
        "A detector boxes one face twice and reads it right both times. How many "
        "faces were read right?",
        "Go through the boxes in their order; each takes the free face that it "
        "overlaps most, if by half at least.",
        "A loop over the rows of iou_matrix; argmax finds the face, a column set to 0 "
        "is taken; four counters.",
    ),
    why=(
        "This is the number a user meets: neither recall nor accuracy alone is.",
        "Missed faces stay in the denominator, so that a detector cannot improve the "
        "score by leaving out the hard ones.",
        "One box a face keeps a nervous detector from being paid twice.",
    ),
    wrong_turn="Reporting the accuracy on the faces that were found: the hard faces "
    "have then left the sum without a word.",
    mutants=(
        Mutant("many to one", _score_many_to_one, "wrong value", "found many times"),
        Mutant("likes its label", _score_likes_its_label, "wrong value", "the label"),
        Mutant("no labels", _score_ignores_labels, "wrong value", "at the labels"),
        Mutant(
            "duplicates", _score_drops_duplicates, "wrong value", "forgives the second"
        ),
        Mutant("no missed", _score_forgets_missed, "wrong value", "nobody found"),
        Mutant("by order", _score_by_order, "wrong value", "by their order"),
        Mutant("first", _score_first_over_half, "wrong value", "first face over"),
        Mutant("taken", _score_best_face_taken, "wrong value", "best face is taken"),
        Mutant("faces choose", _score_faces_choose, "wrong value", "faces choose"),
        Mutant("over a half", _score_over_half, "wrong value", ">=, not >"),
        Mutant("missed, too", _score_wrong_is_missed, "wrong value", "as missed, too"),
        Mutant("extra, too", _score_wrong_is_extra, "wrong value", "as extra, too"),
        Mutant("order", _score_extra_before_missed, "wrong value", "come before extra"),
        Mutant("label", _score_label_helps, "wrong value", "label decides"),
        Mutant("only right", lambda *a: score_photo(*a)[0], "wrong type", "int"),
    ),
    alternatives=(_score_with_lists,),
)
