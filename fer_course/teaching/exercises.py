"""The exercises of all pages: `check`, `hint`, `solution`, and the quiz.

A page writes a stub that returns `...`, then `corr2d = check("E03.2", corr2d)`.
The verdict is printed; what comes back is the learner's function if it is
right, and the reference otherwise, so that one wrong answer cannot spoil the
cells below. The lessons themselves are in `lessons/nbNN.py`.
"""

import inspect
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fer_course.teaching.judging import (
    CORRECT,
    NOT_ATTEMPTED,
    RAISED,
    Case,
    Property,
    Slip,
    Verdict,
    is_stub,
    judge_function,
    last_line,
    seeded_cases,
)
from fer_course.teaching.lessons import load_lesson
from fer_course.teaching.quiz import Option, QuizItem, answer, quiz

__all__ = [
    "Case",
    "Exercise",
    "Mutant",
    "Option",
    "Property",
    "QuizItem",
    "Slip",
    "Verdict",
    "answer",
    "check",
    "find_exercise",
    "grade",
    "hint",
    "judge_function",
    "quiz",
    "seeded_cases",
    "solution",
]


@dataclass(frozen=True, eq=False)
class Mutant:
    """A plausible wrong answer, and the verdict it must get.

    Attributes:
        name: the slip in a few words.
        function: the wrong answer.
        kind: the kind of verdict expected.
        words: a part of the message expected.
    """

    name: str
    function: Any
    kind: str
    words: str


@dataclass(frozen=True, eq=False)
class Exercise:
    """One exercise of a page.

    Attributes:
        id: notebook and number, "03.2".
        title: what the learner writes, in a few words.
        stars: difficulty, 1 to 3.
        reference: the solution; its source is what `solution` shows.
        judge: takes the answer, returns a `Verdict`.
        hints: a question back, the method, the shape of the line.
        why: three sentences; the first is shown with the verdict "correct".
        wrong_turn: one common mistake and how to notice it.
        mutants: at least three wrong answers, for the tests.
        alternatives: right answers in another style, for the tests.
    """

    id: str
    title: str
    stars: int
    reference: Any
    judge: Callable
    hints: tuple[str, str, str]
    why: tuple[str, str, str]
    wrong_turn: str
    mutants: tuple[Mutant, ...]
    alternatives: tuple = ()


def find_exercise(exercise_id):
    """Return the exercise with this id, "03.2" or "E03.2".

    Raises:
        ValueError: there is none; the message lists the page's exercises.
    """
    match = re.fullmatch(r"[eE]?(\d\d)\.(\d+)", str(exercise_id).strip())
    if match is None:
        raise ValueError(
            f"{exercise_id!r} is not an exercise: write it as 'E03.2', "
            f"notebook and number."
        )
    exercises = load_lesson(match[1]).EXERCISES
    for exercise in exercises:
        if exercise.id == f"{match[1]}.{int(match[2])}":
            return exercise
    known = ", ".join(f"E{exercise.id}" for exercise in exercises)
    raise ValueError(f"There is no exercise {exercise_id!r}: this page has {known}.")


def grade(exercise, learners_answer):
    """Return the verdict on an answer; never raises for what the answer does."""
    if learners_answer is None or is_stub(learners_answer):
        return Verdict(NOT_ATTEMPTED)
    try:
        return exercise.judge(learners_answer)
    except Exception as error:  # an answer so odd that the judge stumbled
        return Verdict(RAISED, last_line(error))


def check(exercise_id, learners_answer):
    """Print the verdict; return the answer if right, else the reference.

    Args:
        exercise_id: "E03.2" or "03.2".
        learners_answer: the function (by name, not called), or the value asked.
    """
    exercise = find_exercise(exercise_id)
    verdict = grade(exercise, learners_answer)
    start = f"E{exercise.id} {exercise.title}: {verdict.kind}."
    if verdict.kind == CORRECT:
        print(f"{start} {verdict.message}\n{exercise.why[0]}")
        return learners_answer
    if verdict.kind == NOT_ATTEMPTED:
        print(
            f"{start} The page goes on with the course's own.\n"
            f'Replace the `...`, then run this cell again; hint("E{exercise.id}", 1) '
            f"helps."
        )
    else:
        lines = verdict.message.splitlines()
        print("\n".join([f"{start} {lines[0] if lines else ''}", *lines[1:4]]))
    return exercise.reference


def hint(exercise_id, level=1):
    """Print a hint: 1 a question back, 2 the method, 3 the shape of the line."""
    exercise = find_exercise(exercise_id)
    if level not in (1, 2, 3):
        print(f"E{exercise.id} has the hints 1, 2 and 3.")
        return
    print(_wrapped(f"E{exercise.id}, hint {level}: {exercise.hints[level - 1]}"))


def solution(exercise_id):
    """Print the solution's source, why it is so and a wrong turn; return it."""
    exercise = find_exercise(exercise_id)
    print(f"E{exercise.id} {exercise.title}\n")
    print(solution_source(exercise))
    print(_wrapped(" ".join(exercise.why)))
    print(_wrapped(f"A common wrong turn: {exercise.wrong_turn}"))
    return exercise.reference


def solution_source(exercise):
    """Return the source code of a reference, or the value where it is one."""
    if callable(exercise.reference):
        return textwrap.dedent(inspect.getsource(exercise.reference))
    return f"{exercise.reference!r}\n"


def _wrapped(text):
    """Return text in lines that need no scrolling."""
    return "\n".join(textwrap.wrap(text, 78))
