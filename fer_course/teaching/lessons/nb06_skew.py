"""Notebook 06, exercise 4: which step of a pipeline is broken."""

from fer_course.teaching.comparing import describe
from fer_course.teaching.exercises import Exercise, Mutant, Verdict
from fer_course.teaching.judging import CORRECT
from fer_course.teaching.skew import SLIPS

_CULPRITS = {
    "A": "squeezed",
    "B": "bgr",
    "C": "nearest",
    "D": "shifted",
    "E": "zero to one",
    "F": "loose",
}
_TELL = {
    "tight": "A tight crop shows less around the face: compare where the chin lies.",
    "loose": "A loose crop shows more around the face: compare where the chin lies.",
    "shifted": "A shifted crop moves every feature the same way: look at the eyes.",
    "bgr": "Swapped channels change all that is colored, and no gray photo: try one.",
    "zero to one": "Scaled values show in the largest number: print it.",
    "squeezed": "A squeezed face is wider than in the contract's crop: compare ears.",
    "jpeg": "Strong JPEG shows 8 px blocks in the photo, and no sharp grain.",
    "nearest": "Skipped pixels look grainy, with all features in their places.",
}


def _judge_culprits(answer):
    if not isinstance(answer, dict):
        return Verdict(
            "wrong type",
            f'Hand over a dictionary like {{"A": "bgr"}}: this is {describe(answer)}.',
        )
    missing = [letter for letter in _CULPRITS if letter not in answer]
    if missing:
        return Verdict(
            "wrong type", f"No name for pipeline {', '.join(missing)}: six are wanted."
        )
    for letter in _CULPRITS:
        if not isinstance(answer[letter], str) or answer[letter] not in SLIPS:
            return Verdict(
                "wrong value",
                f"Pipeline {letter}: {describe(answer[letter])} is not one of the "
                f"names in SLIPS: {', '.join(SLIPS)}.",
            )
    wrong = [letter for letter in _CULPRITS if answer[letter] != _CULPRITS[letter]]
    if not wrong:
        return Verdict(CORRECT, "All six steps are named.")
    named = answer[wrong[0]]
    return Verdict(
        "wrong value",
        f"{6 - len(wrong)} of 6 are right. Pipeline {wrong[0]} is not {named!r}.\n"
        f"{_TELL[named]}",
    )


DETECTIVE = Exercise(
    id="06.4",
    title="skew detective",
    stars=2,
    reference=_CULPRITS,
    judge=_judge_culprits,
    hints=(
        "Which numbers of an output can you compare with the contract's without "
        "looking at a picture?",
        "Print smallest and largest value; then subtract the contract's crop and show "
        "where the difference lies: at edges, in colored places, or everywhere.",
        "Run each function of SLIPS on the same face: the one whose output equals the "
        "mystery's is the culprit.",
    ),
    why=(
        "Skew raises no error, so that only a comparison of the inputs finds it.",
        "Every slip leaves its own mark: in the range, the place, the colors or the "
        "grain.",
        "A test that feeds one face through training's and serving's code and compares "
        "the arrays finds all six at once.",
    ),
    wrong_turn="Comparing the seven probabilities instead of the inputs: most slips "
    "move them a little, and none says which step it was.",
    mutants=(
        Mutant(
            "two swapped",
            {**_CULPRITS, "C": "jpeg"},
            "wrong value",
            "Pipeline C is not 'jpeg'",
        ),
        Mutant("all the same", dict.fromkeys("ABCDEF", "bgr"), "wrong value", "1 of 6"),
        Mutant(
            "another word",
            {**_CULPRITS, "B": "colors"},
            "wrong value",
            "names in SLIPS",
        ),
        Mutant("five", dict(list(_CULPRITS.items())[:5]), "wrong type", "pipeline F"),
        Mutant("a list", list(_CULPRITS.values()), "wrong type", "dictionary"),
    ),
    alternatives=(dict(reversed(_CULPRITS.items())),),
)
