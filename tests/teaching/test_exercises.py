"""The engine of the exercises: verdicts, containment, comparison, quiz."""

import sys
import types
import warnings

import numpy as np
import pytest

from fer_course.teaching import exercises, judging
from fer_course.teaching.comparing import compare_values
from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Option,
    Property,
    QuizItem,
    Slip,
    answer,
    check,
    find_exercise,
    hint,
    judge_function,
    seeded_cases,
    solution,
)


def row_sums(table, factor=1.0):
    """Return the sum of every row, times a factor."""
    return np.asarray(table).sum(axis=1) * factor


def _column_sums(table, factor=1.0):
    return np.asarray(table).sum(axis=0) * factor


def _columns_of_square(table):
    return table.sum(axis=0 if table.shape[0] == table.shape[1] else 1)


def _random_case(rng):
    hw = rng.integers(1, 6, 2)
    return Case("a random table", (rng.normal(size=hw),))


JUDGE = judge_function(
    (
        Case(
            "a 2x3 table",
            (np.arange(6.0).reshape(2, 3),),
            expected=np.array([3.0, 12.0]),
            rule="one number a row",
        ),
        Case("a 2x2 table", (np.array([[1.0, 2.0], [3.0, 5.0]]),)),
        *seeded_cases(_random_case),
        Case("an empty table", (np.zeros((0, 3)),)),
    ),
    row_sums,
    properties=(
        Property(
            "doubling the table doubles the sums",
            lambda f: bool(np.allclose(f(2 * np.ones((2, 3))), 2 * f(np.ones((2, 3))))),
        ),
    ),
    slips=(
        Slip("Columns.", _column_sums),
        Slip("Columns, where the table is square.", _columns_of_square),
    ),
)
EXERCISE = Exercise(
    id="99.2",
    title="row sums",
    stars=1,
    reference=row_sums,
    judge=JUDGE,
    hints=("Which axis?", "Add along a row.", "One call with an axis."),
    why=("Rows are samples.", "The axis given is the one that goes.", "So axis 1."),
    wrong_turn="axis=0.",
    mutants=(),
)
QUIZ = (
    QuizItem(
        "Which?",
        (Option("this", True, "Yes."), Option("that", False, "See section 1.")),
    ),
)


@pytest.fixture(autouse=True)
def lesson(monkeypatch):
    module = types.ModuleType("nb99")
    module.EXERCISES = (EXERCISE,)
    module.QUIZ = QUIZ
    monkeypatch.setitem(sys.modules, "fer_course.teaching.lessons.nb99", module)


def _changes_input(table):
    sums = table.sum(axis=1)
    table += 1
    return sums


def _prints(table):
    print("debugging")
    warnings.warn("noise", stacklevel=1)
    return table


def _recursion(table):
    return _recursion(table)


def _right_on_cases_only(table):
    sums = np.asarray(table).sum(axis=1)
    return sums if np.any(table != 2) else sums + 1


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        pytest.param(..., "not attempted", "goes on with", id="name is ..."),
        pytest.param(None, "not attempted", "goes on with", id="name is None"),
        pytest.param(lambda table: ..., "not attempted", "hint", id="stub"),
        pytest.param(lambda table: (..., ...), "not attempted", "", id="stub pair"),
        pytest.param(lambda: ..., "raised", "TypeError", id="wrong signature"),
        pytest.param(lambda table: 1 / 0, "raised", "ZeroDivisionError", id="raises"),
        pytest.param(lambda table: sys.exit(3), "raised", "SystemExit", id="exits"),
        pytest.param(_recursion, "raised", "RecursionError", id="endless recursion"),
        pytest.param(np.zeros(2), "wrong type", "without calling", id="called"),
        pytest.param(lambda t: [1], "wrong type", "NumPy array", id="list"),
        pytest.param(lambda t: print(), "wrong type", "return", id="no return"),
        pytest.param(_column_sums, "wrong type", "shape (3,)", id="columns"),
        pytest.param(_prints, "wrong type", "printed is not shown", id="prints"),
        pytest.param(lambda t: t.sum(1) + 1, "wrong value", "too large", id="off"),
        pytest.param(lambda t: t.sum(1) * np.nan, "wrong value", "nan", id="NaN"),
        pytest.param(_changes_input, "wrong value", "copy", id="changes its input"),
        pytest.param(
            _right_on_cases_only, "wrong value", "doubling", id="property broken"
        ),
        pytest.param(lambda t: np.einsum("ij->i", t), "correct", "Rows", id="einsum"),
    ],
)
def test_verdict(answer, kind, words, capsys):
    returned = check("E99.2", answer)
    printed = capsys.readouterr().out
    assert printed.startswith(f"E99.2 row sums: {kind}.")
    assert words in printed
    assert 1 <= len(printed.splitlines()) <= 4
    assert "debugging" not in printed
    assert returned is (answer if kind == "correct" else row_sums)


def test_slip_is_named_where_it_explains_all_that_was_seen(capsys):
    check("99.2", _columns_of_square)
    printed = capsys.readouterr().out
    assert "too large. Columns, where the table is square." in printed
    assert "table=[[1., 2.], [3., 5.]]" in printed


def test_no_slip_is_named_where_only_the_input_was_changed(capsys):
    check("99.2", _changes_input)
    printed = capsys.readouterr().out
    assert "work on a copy." in printed and "Columns" not in printed


def test_failure_does_not_show_the_expected_value(capsys):
    check("99.2", lambda table: np.array([3.0, 11.5]))
    printed = capsys.readouterr().out
    assert "[1]" in printed and "11.5" in printed and "too small" in printed
    assert "12" not in printed


def test_cases_survive_a_function_that_changes_its_input():
    check("99.2", _changes_input)
    assert exercises.grade(EXERCISE, row_sums).kind == "correct"


def test_seeded_cases_come_smallest_first():
    sizes = [case.args[0].size for case in seeded_cases(_random_case)]
    assert sizes == sorted(sizes) and len(sizes) == 20


def test_verdict_text_has_no_addresses(capsys):
    check("99.2", lambda table: object())
    assert "0x" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("result", "expected", "kind"),
    [
        pytest.param(3, 3, None, id="int"),
        pytest.param(np.int64(3), 3, None, id="NumPy int"),
        pytest.param(3.0, 3, "wrong type", id="float for an int"),
        pytest.param(True, 1, "wrong type", id="bool for an int"),
        pytest.param(3, 3.0, None, id="int for a float"),
        pytest.param(1.0 + 1e-8, 1.0, None, id="inside 1e-6"),
        pytest.param(1.0 + 1e-5, 1.0, "wrong value", id="outside 1e-6"),
        pytest.param(np.float32(1.00001), 1.0, None, id="float32 inside 1e-4"),
        pytest.param(float("nan"), float("nan"), None, id="both NaN"),
        pytest.param([1, 2], (1, 2), None, id="list for a tuple"),
        pytest.param(np.array([1, 2]), [1, 2], None, id="array for a list"),
        pytest.param([1], [1, 2], "wrong value", id="short list"),
        pytest.param({"a": 1}, {"a": 1}, None, id="dict"),
        pytest.param({"a": 1}, {"b": 1}, "wrong value", id="other key"),
        pytest.param("a", "b", "wrong value", id="text"),
        pytest.param(None, None, None, id="None"),
        pytest.param(np.zeros(2, bool), np.zeros(2, bool), None, id="masks"),
        pytest.param(np.zeros(2), np.zeros(2, bool), "wrong type", id="float mask"),
        pytest.param(
            np.zeros(2, int), np.zeros(2, np.uint8), "wrong type", id="int for uint8"
        ),
        pytest.param(np.zeros((2, 3)), np.zeros((3, 2)), "wrong type", id="shape"),
        pytest.param(np.zeros((0, 4)), np.zeros((0, 4)), None, id="empty"),
        pytest.param("1", 1.0, "wrong type", id="text for a number"),
        pytest.param(1 + 5j, 1.0, "wrong type", id="complex for a real number"),
    ],
)
def test_compare_values(result, expected, kind):
    problem = compare_values(result, expected)
    assert (problem and problem[0]) == kind


def test_ids_with_and_without_letter():
    assert find_exercise("99.2") is find_exercise("E99.2") is EXERCISE


@pytest.mark.parametrize("name", ["99.7", "7", "E98.1", "99.2.1"])
def test_unknown_id_is_a_readable_error(name):
    with pytest.raises(ValueError, match=r"E03\.2|E99\.2|pages are"):
        find_exercise(name)


def test_hint_and_solution(capsys):
    hint("E99.2", 2)
    assert "Add along a row." in capsys.readouterr().out
    hint("E99.2", 4)
    assert "1, 2 and 3" in capsys.readouterr().out
    assert solution("E99.2") is row_sums
    printed = capsys.readouterr().out
    assert "def row_sums" in printed and "wrong turn: axis=0." in printed


def test_quiz_shows_questions_and_answers_every_option(capsys):
    exercises.quiz("99")
    printed = capsys.readouterr().out
    assert "99.q1  Which?" in printed and "b)  that" in printed
    exercises.answer("99.q1", "a")
    exercises.answer("99.Q1", "B ")
    exercises.answer("99.q1", "")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "99.q1 a: right. Yes."
    assert lines[1] == "99.Q1 b: not yet. See section 1."
    assert "from a to b" in lines[2]
    with pytest.raises(ValueError, match="q1 to q1"):
        exercises.answer("99.q2", "a")
    with pytest.raises(ValueError, match=r"03\.q2"):
        exercises.answer("2", "a")


@pytest.mark.parametrize("letter", ["bc", "ab", "", "z", "?"])
def test_no_single_letter_is_no_answer(letter, capsys):
    answer("03.q1", letter)
    assert "choose one letter" in capsys.readouterr().out


def test_an_argument_replaced_by_a_number_was_changed():
    assert not judging._untouched(7, [1, 2])
    assert not judging._untouched(None, {"a": 1})
    assert judging._untouched([1, 2], [1, 2])
