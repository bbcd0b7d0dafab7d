"""Notebook 00, exercise 6, open-ended: the same face, named otherwise."""

from functools import lru_cache

import numpy as np

from fer_course.boxes import square
from fer_course.images import crop, read_image
from fer_course.labels import EXPRESSIONS
from fer_course.teaching.comparing import describe
from fer_course.teaching.exercises import Exercise, Mutant, Verdict
from fer_course.teaching.judging import CORRECT, NOT_ATTEMPTED, call_quietly, is_stub

MOST_LEVELS = 30.0  # mean change of a gray level that still shows the same face
_BOX = (172, 128, 352, 325)  # Grace Hopper's face in the sample photo, px


def changed_face(face, classify):
    """Return the face with noise, as little as makes the named expression another."""
    before = classify([face])[0].argmax()
    pattern = np.random.default_rng(0).normal(size=(48, 48))
    rows = np.arange(face.shape[0]) * 48 // face.shape[0]
    columns = np.arange(face.shape[1]) * 48 // face.shape[1]
    noise = pattern[rows][:, columns, None]
    for spread in range(1, 40):
        noisy = np.clip(face + spread * noise, 0, 255).astype(np.uint8)
        if classify([noisy])[0].argmax() != before:
            return noisy
    return face.copy()


@lru_cache
def _face_and_network():
    """Return the crop that is changed, and the classifier that names it."""
    from fer_course.analysis.analyzer import FaceAnalyzer
    from fer_course.teaching.samples import sample_photos

    network = FaceAnalyzer().classifier
    photo = read_image(sample_photos()["grace_hopper"])
    return crop(photo, square(_BOX, network.crop_margin)[0]), network.classify


def _judge_change(answer):
    if not callable(answer):
        return Verdict(
            "wrong type",
            f"Hand over the function itself, without calling it: this is "
            f"{describe(answer)}.",
        )
    original, classify = _face_and_network()
    given = original.copy()
    result, raised, _ = call_quietly(answer, given, classify)
    if raised is not None:
        where = "called as changed_face(face, classify); classify takes a LIST of crops"
        return Verdict(raised.kind, f"{raised.message}\n{where}")
    if is_stub(result):
        return Verdict(NOT_ATTEMPTED)
    if not isinstance(result, np.ndarray):
        return Verdict(
            "wrong type", f"A picture is wanted, an array, not {describe(result)}."
        )
    if result.shape != original.shape or result.dtype != np.uint8:
        return Verdict(
            "wrong type",
            f"Got {result.dtype} of shape {result.shape}: uint8 of the crop's own "
            f"shape, {original.shape}, is wanted.",
        )
    if not np.array_equal(given, original):
        return Verdict("wrong value", "Your function changed `face`: work on a copy.")
    return _weigh(result, original, classify)


def _weigh(result, original, classify):
    """Return the verdict on a changed picture: small enough, and named otherwise."""
    gap = float(np.abs(result.astype(int) - original).mean())
    if gap > MOST_LEVELS:
        return Verdict(
            "wrong value",
            f"The gray levels changed by {gap:.1f} on average, {MOST_LEVELS:.0f} at "
            "most are allowed.\nWith more, people might not take it for the same "
            "picture either.",
        )
    before, after = classify([original, result])
    told = f"{EXPRESSIONS[after.argmax()]} {after.max():.0%}"
    was = f"{EXPRESSIONS[before.argmax()]} {before.max():.0%}"
    if after.argmax() == before.argmax():
        return Verdict(
            "wrong value",
            f"FERNet still says {told} (before: {was}).\nThe mean change is "
            f"{gap:.1f} levels; up to {MOST_LEVELS:.0f} are allowed.",
        )
    return Verdict(
        CORRECT,
        f"{was} became {told} by a mean change of {gap:.1f} levels. How small can it "
        "be?",
    )


def _patches_of_light(face, classify):
    """Return the face under uneven light, stronger until the word changes."""
    before = classify([face])[0].argmax()
    uneven = face.copy()
    for spread in range(1, 40):
        rng = np.random.default_rng(spread)
        shade = rng.normal(0, spread, (12, 12))
        large = np.kron(shade, np.ones([side // 12 + 1 for side in face.shape[:2]]))
        large = large[: face.shape[0], : face.shape[1], None]
        uneven = np.clip(face + large, 0, 255).astype(np.uint8)
        if classify([uneven])[0].argmax() != before:
            break
    return uneven


def _change_in_place(face, classify):
    face[:] = changed_face(face, classify)
    return face


CHANGE = Exercise(
    id="00.6",
    title="changed_face",
    stars=3,
    reference=changed_face,
    judge=_judge_change,
    hints=(
        "Which changes above leave every part of the face in its place? Which of those "
        "took most from its first word?",
        "Change the face a little, ask `classify([...])`, compare with what it says of "
        "the face as it is, and change more until the word is another.",
        "A loop over strengths; inside it one changed copy, clipped to 0..255 and "
        "uint8, one call, and a return as soon as argmax differs.",
    ),
    why=(
        "Nobody's feeling changed: the word hangs on gray levels that change no face.",
        "The network divides a space of pixels, and most faces lie near some border.",
        "Where the largest probability is low, that border is near: page 06 lets the "
        "network say that it is not sure.",
    ),
    wrong_turn="Adding noise to uint8 without clipping: 250 + 10 is 4, black specks "
    "that are no small change.",
    mutants=(
        Mutant("unchanged", lambda f, c: f.copy(), "wrong value", "still says"),
        Mutant("black", lambda f, c: np.zeros_like(f), "wrong value", "30 at most"),
        Mutant("upside down", lambda f, c: f[::-1].copy(), "wrong value", "30 at most"),
        Mutant("floats", lambda f, c: f * 0.9, "wrong type", "uint8 of the crop's"),
        Mutant("one channel", lambda f, c: f[:, :, 0], "wrong type", "own shape"),
        Mutant("in place", _change_in_place, "wrong value", "work on a copy"),
        Mutant("a word", lambda f, c: "happy", "wrong type", "A picture is wanted"),
        Mutant("no list", lambda f, c: c(f[0, 0, 0]), "raised", "LIST of crops"),
    ),
    alternatives=(_patches_of_light,),
)
