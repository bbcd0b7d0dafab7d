'''The lessons: each page's exercises and quiz, in one module `nbNN.py` a page.

How to write one
----------------
`nbNN.py` holds plain functions (solutions, wrong answers), then `EXERCISES` and
`QUIZ`. It imports everything from `fer_course.teaching.exercises`, and package
functions where the solution *is* the package's function. Imports of TensorFlow
or torch go inside functions. Past 400 lines, split it: `nb03.py` collects what
`nb03_forward.py`, `nb03_counts.py`, `nb03_backward.py` and so on define.
A complete example:

    """Exercises and quiz of notebook 01: boxes."""

    import numpy as np

    from fer_course.teaching.exercises import (
        Case, Exercise, Mutant, Option, Property, QuizItem, Slip,
        judge_function, seeded_cases,
    )


    def center(box_xywh):
        """Return the center (x, y) of a box x, y, width, height."""
        x, y, width, height = box_xywh
        return np.array([x + width / 2, y + height / 2])


    def _center_forgot_half(box_xywh):          # a mutant, also used as a slip
        x, y, width, height = box_xywh
        return np.array([x + width, y + height])


    def _random_box(rng):
        return Case("a random box", (rng.uniform(1, 50, 4),))


    _CENTER = Exercise(
        id="01.1",
        title="center of a box",
        stars=1,
        reference=center,
        judge=judge_function(
            (
                # easiest first: the first case also tells a stub from an answer
                Case("a box at the origin", (np.array([0.0, 0.0, 4.0, 2.0]),),
                     expected=np.array([2.0, 1.0]),
                     rule="the center lies half a width from the left edge"),
                *seeded_cases(_random_box),     # 20 cases, smallest first
            ),
            center,
            properties=(
                Property("moving the box by (1, 2) moves its center by (1, 2)",
                         lambda f: bool(np.allclose(
                             f(np.array([1.0, 2.0, 4.0, 2.0])), [3.0, 3.0]))),
            ),
            slips=(Slip("This is the far corner.", _center_forgot_half),),
        ),
        hints=(
            "How far is the middle of a 10 px wide box from its left edge?",
            "Add half of the size to the position, for each axis.",
            "An array of two sums: position plus a part of the size.",
        ),
        why=(
            "YOLO stores centers, so every label passes through this line.",
            "Half the size is added to the corner.",
            "Each axis uses its own size.",
        ),
        wrong_turn="Adding the whole size gives the far corner.",
        mutants=(
            Mutant("whole size", _center_forgot_half, "wrong value", "far corner"),
            Mutant("a tuple", lambda b: (1, 2), "wrong type", "NumPy array"),
            Mutant("indexes too far", lambda b: b[4], "raised", "IndexError"),
        ),
        alternatives=(lambda b: np.asarray(b)[:2] + np.asarray(b)[2:] / 2,),
    )
    EXERCISES = (_CENTER,)
    QUIZ = (
        QuizItem(
            "Which number of a YOLO label is divided by the image's height?",
            (
                Option("y and height", True, "Each axis by its own side."),
                Option("all four", False, "A wide photo squeezes x: section 3."),
            ),
        ),
        # at least five items
    )

Rules (tests/teaching/test_lessons.py looks):
at least 3 mutants an exercise (`kind`: "raised", "wrong type", "wrong value";
`words`: a part of the message), `why` three sentences, `hints` three and free of
the solution's lines, quiz of 5 to 8 items with one right option and feedback for
every option, which names the section to read again.

What the judge does: runs the cases in order and stops at the first failure;
says what came out, the input, `rule`, and a `Slip`'s words if that function
gives the same wrong result, and the right one in all cases before. It tests
that arguments are not changed. Whole numbers (expected is an int) must be exact
ints, arrays must be arrays of the expected shape, uint8 and bool dtypes must
match, float64 to 1e-6, float32 to 1e-4. Lists and tuples are the same;
dictionaries and dataclasses go field by field. Another comparison:
`compare=lambda result, expected: None or ("wrong value", "sentence")`. A judge
of your own is any function answer -> `Verdict(kind, message)`; call the
learner's function through `judging.call_quietly(f, *args)`, which returns
(result, verdict or None, printed), and use `judging.is_stub(result)`. An
exercise whose answer is a value (a dictionary, a list) has that value as its
`reference`.

On the page, three cells an exercise: Markdown (the task, inputs with units,
stars), the stub, and

    corr2d = check("E03.2", corr2d)
    # hint("E03.2", 1)    # then 2, then 3
    # solution("E03.2")

The stub has a docstring and `return ...`; the check cell is no CHECK cell (a
learner's verdict differs from the stub's).
'''

from importlib import import_module


def load_lesson(notebook):
    """Return the lesson module of a notebook, loaded when first asked for.

    Args:
        notebook: its number as two digits, "03".

    Raises:
        ValueError: there is no such page.
    """
    name = f"fer_course.teaching.lessons.nb{notebook}"
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ValueError(
            f"There is no lesson {notebook!r}: pages are '00' to '06'."
        ) from None
