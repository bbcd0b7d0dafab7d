"""Notebook 00, exercises 4 and 5: keeping boxes, joining two networks."""

import numpy as np

from fer_course.images import crop
from fer_course.teaching.comparing import describe
from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    Slip,
    Verdict,
    judge_function,
    seeded_cases,
)
from fer_course.teaching.judging import (
    CORRECT,
    NOT_ATTEMPTED,
    call_quietly,
    is_stub,
)


def keep_from(boxes_xyxy, scores, score_threshold):
    """Return the boxes and scores at or above a threshold, in their order."""
    kept = scores >= score_threshold
    return boxes_xyxy[kept], scores[kept]


def _keep_above(boxes_xyxy, scores, score_threshold):
    kept = scores > score_threshold
    return boxes_xyxy[kept], scores[kept]


def _keep_below(boxes_xyxy, scores, score_threshold):
    kept = scores < score_threshold
    return boxes_xyxy[kept], scores[kept]


def _keep_scores_only(boxes_xyxy, scores, score_threshold):
    return boxes_xyxy, scores[scores >= score_threshold]


def _keep_sorted(boxes_xyxy, scores, score_threshold):
    order = np.argsort(scores)[::-1]
    return keep_from(boxes_xyxy[order], scores[order], score_threshold)


def _keep_all_scores(boxes_xyxy, scores, score_threshold):
    return boxes_xyxy[scores >= score_threshold], scores


def _keep_pair_swapped(boxes_xyxy, scores, score_threshold):
    return keep_from(boxes_xyxy, scores, score_threshold)[::-1]


def _keep_from_half(boxes_xyxy, scores, score_threshold):
    return keep_from(boxes_xyxy, scores, 0.5)


def _keep_lists(boxes_xyxy, scores, score_threshold):
    kept = [k for k, score in enumerate(scores) if score >= score_threshold]
    return [boxes_xyxy[k] for k in kept], [scores[k] for k in kept]


def _keep_by_loop(boxes_xyxy, scores, score_threshold):
    kept = [k for k in range(len(scores)) if scores[k] >= score_threshold]
    return np.take(boxes_xyxy, kept, axis=0), np.take(scores, kept)


def _three_boxes():
    corners = np.arange(12.0).reshape(3, 4)
    return corners + np.array([0, 0, 10, 10])


def _random_keep(rng):
    count = int(rng.integers(0, 12))
    corners = rng.uniform(0, 50, (count, 2))
    boxes = np.hstack((corners, corners + 9))
    scores = rng.choice(np.arange(1, 10) / 10, count)
    return Case(
        f"{count} boxes", (boxes, scores, float(rng.choice(np.arange(1, 10) / 10)))
    )


KEEP = Exercise(
    id="00.4",
    title="keep_from",
    stars=2,
    reference=keep_from,
    judge=judge_function(
        (
            Case(
                "three boxes, threshold 0.4",
                (_three_boxes(), np.array([0.3, 0.9, 0.6]), 0.4),
                expected=(_three_boxes()[1:], np.array([0.9, 0.6])),
                rule="boxes and scores stay together, in their order",
            ),
            Case(
                "a score equal to the threshold",
                (_three_boxes(), np.array([0.5, 0.25, 0.75]), 0.5),
                expected=(_three_boxes()[[0, 2]], np.array([0.5, 0.75])),
                rule="at the threshold counts as kept",
            ),
            Case(
                "no box above it",
                (_three_boxes(), np.array([0.1, 0.2, 0.3]), 0.9),
                expected=(np.zeros((0, 4)), np.zeros(0)),
                rule="nothing kept gives arrays of shape (0, 4) and (0,)",
            ),
            Case("no box at all", (np.zeros((0, 4)), np.zeros(0), 0.5)),
            *seeded_cases(_random_keep),
        ),
        keep_from,
        slips=(
            Slip("That leaves out a score equal to the threshold.", _keep_above),
            Slip("That keeps what lies below.", _keep_below),
            Slip("That sorts them.", _keep_sorted),
            Slip("Choose from both arrays alike.", _keep_all_scores),
            Slip("Choose from both arrays alike.", _keep_scores_only),
            Slip("Boxes come first.", _keep_pair_swapped),
            Slip("0.5 is built in: use score_threshold.", _keep_from_half),
        ),
    ),
    hints=(
        "What does scores >= 0.4 give for an array of three scores?",
        "An array of booleans chooses rows: use the same one on both arrays.",
        "One comparison, stored under a name, then used in two pairs of brackets.",
    ),
    why=(
        "The slider of section 4 makes this comparison, and no network runs again.",
        "One mask for both arrays keeps each score with its box.",
        "The comparison with at-or-above is a convention, and has to be the same "
        "wherever the threshold was chosen.",
    ),
    wrong_turn="Filtering the scores and forgetting the boxes: both are still "
    "arrays, and each score now belongs to somebody else.",
    mutants=(
        Mutant("above", _keep_above, "wrong type", "equal to the threshold"),
        Mutant("below", _keep_below, "wrong type", "lies below"),
        Mutant("scores only", _keep_scores_only, "wrong type", "from both arrays"),
        Mutant("all scores", _keep_all_scores, "wrong type", "from both arrays"),
        Mutant("pair swapped", _keep_pair_swapped, "wrong type", "Boxes come first"),
        Mutant("built in", _keep_from_half, "wrong type", "use score_threshold"),
        Mutant("sorted", _keep_sorted, "wrong value", "sorts them"),
        Mutant("lists", _keep_lists, "wrong type", "NumPy array"),
    ),
    alternatives=(_keep_by_loop,),
)


def find_and_classify(image, detect, classify):
    """Return (box, probabilities) of each face, in the detector's order."""
    boxes_xyxy, _ = detect(image)
    crops = [crop(image, box) for box in boxes_xyxy]
    if not crops:
        return []
    probabilities = classify(crops)
    return list(zip(boxes_xyxy, probabilities, strict=True))


class _FakeNetworks:
    """A detector and a classifier with known answers, which note their calls."""

    def __init__(self, n_faces):
        rng = np.random.default_rng(n_faces)
        self.image = rng.integers(0, 256, (60, 90, 3), dtype=np.uint8)
        corners = rng.integers(0, 30, (n_faces, 2))
        sizes = rng.integers(8, 25, (n_faces, 2))
        corners[:1, 0] = -4  # a square may leave the photo, as a real one does
        edges = np.hstack((corners, corners + sizes))
        self.boxes = (edges + rng.uniform(-0.5, 0.5, edges.shape)).astype(np.float32)
        self.scores = np.linspace(0.4, 0.9, n_faces)  # not sorted: its own order
        self.batches = []

    def detect(self, image):
        return self.boxes.copy(), self.scores.copy()

    def classify(self, crops):
        self.batches.append(len(crops))
        means = np.array([np.mean(c) for c in crops], float).reshape(-1, 1)
        rows = np.exp(np.sin(means + np.arange(7)))
        return rows / rows.sum(axis=1, keepdims=True)


def _judge_compose(answer):
    if not callable(answer):
        return Verdict(
            "wrong type",
            f"Hand over the function itself, without calling it: this is "
            f"{describe(answer)}.",
        )
    for n_faces in (2, 1, 0, 7):
        verdict = _judge_faces(answer, n_faces)
        if verdict is not None:
            return verdict
    return Verdict(CORRECT, "Photos with 0, 1, 2 and 7 faces hold.")


def _judge_faces(answer, n_faces):
    """Return the verdict for a photo of some faces, None where it is right."""
    fake, truth = _FakeNetworks(n_faces), _FakeNetworks(n_faces)
    expected = find_and_classify(truth.image, truth.detect, truth.classify)
    result, raised, _ = call_quietly(answer, fake.image, fake.detect, fake.classify)
    where = f"in a photo of {n_faces} faces"
    if raised is not None:
        return Verdict(raised.kind, f"{raised.message}\n{where}{_why(raised)}")
    if is_stub(result):
        return Verdict(NOT_ATTEMPTED)
    if isinstance(result, zip):
        return Verdict("wrong type", f"That is a zip: make it a list.\n{where}")
    if not isinstance(result, (list, tuple)):
        return Verdict(
            "wrong type", f"A list of pairs is wanted, not {describe(result)}.\n{where}"
        )
    if len(result) == 2 and getattr(result[0], "shape", ()) == (n_faces, 4):
        return Verdict(
            "wrong type",
            f"Those are all boxes and all probabilities, each in one array.\n{where}: "
            "put each box with its own row.",
        )
    if len(result) != n_faces:
        return Verdict(
            "wrong value",
            f"Got {len(result)} faces.\n{where}: each box has one entry.",
        )
    if len(fake.batches) > 1:
        return Verdict(
            "wrong value",
            f"classify was called {len(fake.batches)} times.\n{where}: all crops go "
            "into one call, as one batch.",
        )
    if not np.array_equal(fake.image, truth.image):
        return Verdict(
            "wrong value",
            f"Your function changed the photo: work on a copy.\n{where}",
        )
    return _compare_pairs(result, expected, where)


def _why(raised):
    """Return what two common errors mean here."""
    if "truth value" in raised.message:
        return ": an array is neither true nor false; ask for its len()."
    if "expected (N, 4)" in raised.message:
        return ": detect returns a pair, boxes and scores."
    return ""


def _compare_pairs(result, expected, where):
    for number, (mine, (box, row)) in enumerate(zip(result, expected, strict=True)):
        if not isinstance(mine, (list, tuple)) or len(mine) != 2:
            return Verdict(
                "wrong type",
                f"Entry {number} is no pair (box, probabilities): {describe(mine)}."
                f"\n{where}",
            )
        values = [np.asarray(item) for item in mine]
        if values[0].shape != (4,) or values[1].shape != (7,):
            return Verdict(
                "wrong type",
                f"Entry {number} has the shapes {values[0].shape} and "
                f"{values[1].shape}: (4,) and (7,) are wanted.\n{where}",
            )
        if not np.allclose(values[0], box):
            return Verdict(
                "wrong value",
                f"Entry {number} has another box than the detector's.\n{where}: keep "
                "its order.",
            )
        if not np.allclose(values[1], row):
            return Verdict(
                "wrong value",
                f"Entry {number} has another face's probabilities.\n{where}: each crop "
                "is cut from its own box, as it is: no square, no margin. Only "
                "crop(image, box) minds fractions and the photo's edge.",
            )
    return None


def _compose_one_by_one(image, detect, classify):
    boxes_xyxy, _ = detect(image)
    return [(box, classify([crop(image, box)])[0]) for box in boxes_xyxy]


def _compose_slices(image, detect, classify):
    boxes_xyxy, _ = detect(image)
    crops = [image[y1:y2, x1:x2] for x1, y1, x2, y2 in boxes_xyxy.astype(int)]
    return list(zip(boxes_xyxy, classify(crops), strict=True)) if crops else []


def _compose_blackens(image, detect, classify):
    pairs = find_and_classify(image, detect, classify)
    image[:] = 0
    return pairs


def _compose_reversed(image, detect, classify):
    return find_and_classify(image, detect, classify)[::-1]


def _compose_needs_a_face(image, detect, classify):
    boxes_xyxy, _ = detect(image)
    crops = np.stack([crop(image, box).mean() for box in boxes_xyxy])
    assert len(crops)
    return find_and_classify(image, detect, classify)


def _compose_whole_photo(image, detect, classify):
    boxes_xyxy, _ = detect(image)
    if not len(boxes_xyxy):
        return []
    return list(zip(boxes_xyxy, classify([image] * len(boxes_xyxy)), strict=True))


def _compose_best_only(image, detect, classify):
    return find_and_classify(image, detect, classify)[:1]


def _compose_names(image, detect, classify):
    pairs = find_and_classify(image, detect, classify)
    return [(box, int(row.argmax())) for box, row in pairs]


def _compose_sorted(image, detect, classify):
    boxes_xyxy, scores = detect(image)
    order = np.argsort(-scores)
    return find_and_classify(image, lambda _: (boxes_xyxy[order], scores), classify)


def _compose_two_arrays(image, detect, classify):
    boxes_xyxy, _ = detect(image)
    return boxes_xyxy, classify([crop(image, box) for box in boxes_xyxy])


def _compose_zip(image, detect, classify):
    boxes_xyxy, _ = detect(image)
    return zip(boxes_xyxy, classify([crop(image, b) for b in boxes_xyxy]), strict=True)


def _compose_pair_as_boxes(image, detect, classify):
    found = detect(image)
    return classify([crop(image, box) for box in found])


def _compose_asks_array(image, detect, classify):
    boxes_xyxy, _ = detect(image)
    return find_and_classify(image, detect, classify) if boxes_xyxy else []


def _compose_with_loop(image, detect, classify):
    boxes_xyxy, _ = detect(image)
    rows = classify([crop(image, box) for box in boxes_xyxy])
    return [(boxes_xyxy[k], rows[k]) for k in range(len(boxes_xyxy))]


COMPOSE = Exercise(
    id="00.5",
    title="find_and_classify",
    stars=3,
    reference=find_and_classify,
    judge=_judge_compose,
    hints=(
        "What goes into the classifier if there are twenty faces, and what comes out?",
        "Detect, cut one crop for each box, classify all crops in one call, then pair "
        "boxes with rows.",
        "A list comprehension over the boxes with crop(image, …), one call, and zip; "
        "an empty list needs a line of its own.",
    ),
    why=(
        "But for the squares and for what counts as sure, this is the course's "
        "`FaceAnalyzer`.",
        "One call for all faces pays the cost of a call once, which counts most on a "
        "GPU.",
        "Without a face there is nothing to classify, and an empty list is the right "
        "answer, not an error.",
    ),
    wrong_turn="Calling the classifier inside the loop over boxes: right on paper, "
    "and slow in a crowd.",
    mutants=(
        Mutant("one by one", _compose_one_by_one, "wrong value", "called 2 times"),
        Mutant("slices", _compose_slices, "wrong value", "the photo's edge"),
        Mutant("blackens", _compose_blackens, "wrong value", "work on a copy"),
        Mutant("reversed", _compose_reversed, "wrong value", "another box"),
        Mutant("needs a face", _compose_needs_a_face, "raised", "photo of 0 faces"),
        Mutant("whole photo", _compose_whole_photo, "wrong value", "from its own box"),
        Mutant("best only", _compose_best_only, "wrong value", "Got 1 faces"),
        Mutant("names", _compose_names, "wrong type", "(7,) are wanted"),
        Mutant("sorted", _compose_sorted, "wrong value", "another box"),
        Mutant("two arrays", _compose_two_arrays, "wrong type", "its own row"),
        Mutant("a zip", _compose_zip, "wrong type", "make it a list"),
        Mutant("pair as boxes", _compose_pair_as_boxes, "raised", "boxes and scores"),
        Mutant("asks an array", _compose_asks_array, "raised", "its len()"),
    ),
    alternatives=(_compose_with_loop,),
)
