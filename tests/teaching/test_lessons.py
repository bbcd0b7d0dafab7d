"""All lessons: solutions pass, stubs do not count, every mutant is caught."""

import ast
import builtins
import inspect
import json
import pkgutil
import re
from contextlib import nullcontext

import numpy as np
import pytest

from fer_course.settings import ROOT
from fer_course.teaching import lessons
from fer_course.teaching.exercises import check, grade, solution_source
from fer_course.teaching.judging import KINDS

PAGES = sorted(
    found.name[2:]
    for found in pkgutil.iter_modules(lessons.__path__)
    if re.fullmatch(r"nb\d\d", found.name)
)
EXERCISES = [
    pytest.param(exercise, id=exercise.id)
    for page in PAGES
    for exercise in lessons.load_lesson(page).EXERCISES
]
MUTANTS = [
    pytest.param(parameter.values[0], mutant, id=f"{parameter.id} {mutant.name}")
    for parameter in EXERCISES
    for mutant in parameter.values[0].mutants
]
each_exercise = pytest.mark.parametrize("exercise", EXERCISES)


@each_exercise
def test_solution_passes(exercise):
    verdict = grade(exercise, exercise.reference)
    assert verdict.kind == "correct", verdict.message


def names_of_the_page(number):
    """Return every name that a page's code cells import, define or assign."""
    (path,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    tree = ast.parse(
        "\n".join(re.sub(r"(?m)^( *)[!%].*", r"\1pass", text) for text in code)
    )
    return bound_names(tree)


def bound_names(tree):
    """Return what is imported, defined, assigned or passed anywhere in some code."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.alias):
            names.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
    return names


@each_exercise
def test_a_solution_stands_alone_on_its_page(exercise):
    tree = ast.parse(solution_source(exercise))
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    known = bound_names(tree) | names_of_the_page(exercise.id[:2]) | set(dir(builtins))
    assert used <= known, used - known


@each_exercise
def test_other_styles_pass(exercise):
    for alternative in exercise.alternatives:
        verdict = grade(exercise, alternative)
        assert verdict.kind == "correct", verdict.message


@each_exercise
def test_stub_is_not_attempted_and_the_reference_comes_back(exercise, capsys):
    def stub(*args, **kwargs):
        """Take whatever comes; the body is still to be written."""
        return ...

    for untouched in (stub, ..., None):
        if untouched is stub and not callable(exercise.reference):
            continue
        assert check(f"E{exercise.id}", untouched) is exercise.reference
        assert "not attempted" in capsys.readouterr().out


@each_exercise
def test_wrong_signature_raises_inside_only(exercise):
    if not callable(exercise.reference):
        pytest.skip("the answer is a value")

    def wrong(*, no_such_argument):
        return ...

    assert grade(exercise, wrong).kind == "raised"


@each_exercise
@pytest.mark.parametrize(
    "answer",
    [7, "text", lambda *a, **k: None, lambda *a, **k: object(), lambda *a, **k: "x"],
    ids=["number", "text", "returns None", "returns an object", "returns text"],
)
def test_odd_answers_are_contained(exercise, answer):
    assert grade(exercise, answer).kind in ("raised", "wrong type", "wrong value")


@pytest.mark.parametrize(("exercise", "mutant"), MUTANTS)
def test_mutant_is_caught_with_its_message(exercise, mutant, capsys):
    returned = check(exercise.id, mutant.function)
    printed = capsys.readouterr().out
    assert returned is exercise.reference
    assert f"{exercise.title}: {mutant.kind}." in printed, printed
    assert mutant.words in printed, printed
    assert len(printed.splitlines()) <= 4


@each_exercise
def test_exercise_is_complete(exercise):
    assert re.fullmatch(r"\d\d\.\d+", exercise.id)
    assert exercise.stars in (1, 2, 3)
    assert len(exercise.mutants) >= 3
    assert all(mutant.kind in KINDS and mutant.words for mutant in exercise.mutants)
    assert len(exercise.hints) == 3 and all(exercise.hints)
    assert len(exercise.why) == 3 and all(s.endswith((".", "?")) for s in exercise.why)
    assert exercise.wrong_turn


@each_exercise
def test_hints_do_not_give_the_solution_away(exercise):
    source = solution_source(exercise)
    documentation = inspect.getdoc(exercise.reference) or ""
    lines = [line.strip() for line in source.splitlines()]
    told = " ".join(" ".join(hint.split()) for hint in exercise.hints)
    for line in lines:
        if len(line) >= 12 and line not in documentation and line[0] not in "#@":
            assert line not in told


@pytest.mark.parametrize("page", PAGES)
def test_ids_are_unique_and_in_order(page):
    ids = [exercise.id for exercise in lessons.load_lesson(page).EXERCISES]
    assert ids == [f"{page}.{i}" for i in range(1, len(ids) + 1)]


@pytest.mark.parametrize("page", PAGES)
def test_quiz_has_one_right_option_and_feedback_for_all(page):
    items = lessons.load_lesson(page).QUIZ
    assert 5 <= len(items) <= 8
    places = set()
    for item in items:
        assert 2 <= len(item.options) <= 5
        right = [i for i, option in enumerate(item.options) if option.right]
        assert len(right) == 1
        places.add(right[0])
        texts = [option.text for option in item.options]
        assert len(set(texts)) == len(texts)
        assert all(option.feedback.endswith(".") for option in item.options)
    assert len(places) > 1, "the right option sits always in the same place"


def test_the_rate_is_refused_where_the_page_says_so():
    """E05.2's text: refuse where the smoothed loss never falls 0.1 below ln 7."""
    from fer_course.teaching.lessons.nb05_training import suggest_rate

    rates = np.geomspace(1e-6, 1, 60)
    for depth, refused in ((0.08, True), (0.12, False)):
        losses = np.full(60, np.log(7) - depth)
        with pytest.raises(ValueError) if refused else nullcontext():
            suggest_rate(rates, losses)
