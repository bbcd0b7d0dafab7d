"""From a learner's function to a verdict: cases, comparison, properties.

A judge takes the learner's answer and gives a `Verdict`. It looks at behavior
only: what comes out for known inputs, whether the inputs stay untouched, and
whether the properties of the field hold. No exception of the learner's gets
past it, and no message contains the expected value. Every notebook's exercises
are judged here; `lessons/__init__.py` says how to write one.
"""

import contextlib
import copy
import dataclasses
import inspect
import io
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from fer_course.teaching.comparing import (
    WRONG_TYPE,
    WRONG_VALUE,
    compare_values,
    describe,
)

NOT_ATTEMPTED = "not attempted"
RAISED = "raised"
CORRECT = "correct"
KINDS = (NOT_ATTEMPTED, RAISED, WRONG_TYPE, WRONG_VALUE, CORRECT)

_COMPUTE = object()  # the expected value is what the reference gives


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What the checker found: one of `KINDS`, and at most four lines of why."""

    kind: str
    message: str = ""


@dataclasses.dataclass(frozen=True, eq=False)
class Case:
    """One call to make.

    Attributes:
        name: the input in words, "a 4x5 image": the learner reads it.
        args: positional arguments; every call gets its own deep copy.
        expected: a hand-worked result; left out, the reference computes it.
        rule: what must hold here, without the value: shown on failure.
        kwargs: keyword arguments.
    """

    name: str
    args: tuple
    expected: Any = _COMPUTE
    rule: str = ""
    kwargs: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, eq=False)
class Property:
    """Something true of every right answer: `holds(function)` tells.

    Attributes:
        rule: the property in words, shown when it is broken.
        holds: takes the learner's function; False, or a sentence that says
            what was seen, where the property is broken.
    """

    rule: str
    holds: Callable


@dataclasses.dataclass(frozen=True, eq=False)
class Slip:
    """A known wrong way: named when the learner's result equals its result."""

    words: str
    function: Callable


def seeded_cases(make, *, count=20, seed=2026):
    """Return `count` random cases, smallest input first.

    Args:
        make: takes a NumPy `Generator`, returns a `Case`.
        count: how many.
        seed: of the generator; the same seed gives the same cases.
    """
    rng = np.random.default_rng(seed)
    return tuple(sorted((make(rng) for _ in range(count)), key=_case_size))


def judge_function(
    cases, reference, *, compare=compare_values, properties=(), slips=()
):
    """Return a judge for a function: it calls, compares and explains.

    The cases run in the order given, until one fails: put the easiest named case
    first and `seeded_cases` (smallest first) last, then the failure reported is
    the smallest.

    Args:
        cases: `Case` records; the first also tells whether there is an answer.
        reference: the right function.
        compare: (result, expected) -> None where equal, else (kind, sentence).
        properties: `Property` records, tested when all cases pass.
        slips: `Slip` records, named when the wrong result fits one of them.
    """

    def judge(answer):
        if not callable(answer):
            return Verdict(
                WRONG_TYPE,
                f"Hand over the function itself, by its name and without "
                f"calling it: this is {describe(answer)}.",
            )
        for number, case in enumerate(cases):
            expected = _expected(case, reference)
            verdict = _judge_case(case, answer, expected, compare, number == 0)
            if verdict is None:
                continue
            slip = _matching_slip(
                cases[: number + 1], answer, reference, compare, slips
            )
            first, *others = verdict.message.split("\n")
            return Verdict(verdict.kind, _lines(f"{first} {slip}", *others))
        for rule in properties:
            verdict = _judge_property(rule, answer)
            if verdict is not None:
                return verdict
        tested = f"{len(cases)} {'case' if len(cases) == 1 else 'cases'}"
        if properties:
            plural = "s" * (len(properties) > 1)
            tested += f" and {len(properties)} more rule{plural}"
        return Verdict(CORRECT, f"{tested} hold." if tested else "")

    return judge


def call_quietly(function, *args, **kwargs):
    """Call a learner's function; return (result, verdict or None, printed text).

    What it prints and the warnings it causes are kept back, so that the
    verdict is the only thing shown. An exception becomes a "raised" verdict.
    """
    printed = io.StringIO()
    try:
        with (
            contextlib.redirect_stdout(printed),
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
        ):
            warnings.simplefilter("ignore")
            return function(*args, **kwargs), None, printed.getvalue()
    except (Exception, SystemExit) as error:
        verdict = Verdict(RAISED, last_line(error))
        return None, verdict, printed.getvalue()


def last_line(error):
    """Return an exception as its traceback's last line, without addresses."""
    text = " ".join(str(error).split())
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", text)
    if len(text) > 200:
        text = f"{text[:200]}…"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def is_stub(result):
    """Return whether a result is the untouched `...` (or only those)."""
    if isinstance(result, (tuple, list)) and len(result):
        return all(item is ... for item in result)
    return result is ...


def _judge_case(case, answer, expected, compare, first):
    """Return the verdict of one call, None where it is right."""
    given = copy.deepcopy((case.args, case.kwargs))
    result, raised, printed = call_quietly(answer, *given[0], **given[1])
    where = f"in {case.name}: {_call_text(case, answer)}"
    rule = f"what must hold: {case.rule}" if case.rule else ""
    if raised is not None:
        return Verdict(RAISED, _lines(raised.message, where, rule, _hidden(printed)))
    if first and is_stub(result):
        return Verdict(NOT_ATTEMPTED)
    problem = compare(result, expected)
    if problem is None and _untouched(given, (case.args, case.kwargs)):
        return None
    if problem is None:
        return Verdict(
            WRONG_VALUE,
            f"Your function changed what it was given: work on a copy.\n{where}",
        )
    kind, sentence = problem
    return Verdict(kind, _lines(sentence, where, rule, _hidden(printed)))


def _expected(case, reference):
    """Return the hand-worked result of a case, or the reference's."""
    if case.expected is not _COMPUTE:
        return case.expected
    args, kwargs = copy.deepcopy((case.args, case.kwargs))
    return reference(*args, **kwargs)


def _judge_property(rule, answer):
    """Return the verdict of one property, None where it holds."""
    held, raised, printed = call_quietly(rule.holds, answer)
    if raised is not None:
        return Verdict(
            RAISED, _lines(raised.message, f"while testing: {rule.rule}", "")
        )
    if isinstance(held, str) and held:
        seen = held
    elif held is False or (isinstance(held, np.bool_) and not held):
        seen = ""
    else:
        return None
    return Verdict(
        WRONG_VALUE, _lines(f"what must hold: {rule.rule}", seen, _hidden(printed))
    )


def _matching_slip(cases, answer, reference, compare, slips):
    """Return the words of the slip that explains the failure of the last case.

    It must give the learner's result there, and be right where the learner was.
    """
    args, kwargs = copy.deepcopy((cases[-1].args, cases[-1].kwargs))
    result, raised, _ = call_quietly(answer, *args, **kwargs)
    if raised is not None or is_stub(result):
        return ""
    expected = [_expected(case, reference) for case in cases]
    problem = compare(result, expected[-1])
    if problem is None:  # right, but the input was changed: no slip tells that
        return ""
    for slip in slips:
        seen = []
        for case in cases:
            args, kwargs = copy.deepcopy((case.args, case.kwargs))
            seen.append(call_quietly(slip.function, *args, **kwargs)[0])
        before = zip(seen[:-1], expected[:-1], strict=True)
        if all(compare(mine, right) is None for mine, right in before) and (
            compare(seen[-1], expected[-1]) == problem
            and compare(seen[-1], result) is None
        ):
            return slip.words
    return ""


def _call_text(case, answer):
    """Return the call as the learner would write it, large arrays by shape."""
    try:
        names = list(inspect.signature(answer).parameters)
    except (TypeError, ValueError):
        names = []
    parts = [
        f"{names[i]}={describe(value)}" if i < len(names) else describe(value)
        for i, value in enumerate(case.args)
    ]
    parts += [f"{name}={describe(value)}" for name, value in case.kwargs.items()]
    name = getattr(answer, "__name__", "your function")
    if name == "<lambda>":
        name = "your function"
    return f"{name}({', '.join(parts)})"


def _hidden(printed):
    """Return a note on what the function printed, if it did."""
    return "(What your function printed is not shown; call it yourself.)" * bool(
        printed
    )


def _lines(*lines):
    """Return the lines that say something, under each other."""
    return "\n".join(line.strip() for line in lines if line.strip())


def _untouched(given, original):
    """Return whether arguments are still what they were."""
    if isinstance(original, np.ndarray):
        return (
            isinstance(given, np.ndarray)
            and given.shape == original.shape
            and given.dtype == original.dtype
            and given.tobytes() == original.tobytes()
        )
    if isinstance(original, (tuple, list)):
        return (
            isinstance(given, type(original))
            and len(given) == len(original)
            and all(_untouched(a, b) for a, b in zip(given, original, strict=True))
        )
    if isinstance(original, dict):
        return (
            isinstance(given, dict)
            and list(given) == list(original)
            and all(_untouched(given[key], original[key]) for key in original)
        )
    if isinstance(original, (str, int, float, complex, bytes, set, frozenset)):
        return given == original or given != given
    return True


def _case_size(case):
    """Return how large the input of a case is, for sorting."""
    return _size((case.args, tuple(case.kwargs.values())))


def _size(value):
    """Return the number of elements, and a little for large numbers."""
    if isinstance(value, np.ndarray):
        return value.size
    if isinstance(value, dict):
        return sum(map(_size, value.values()))
    if isinstance(value, (tuple, list)):
        return sum(map(_size, value)) + len(value)
    if isinstance(value, (int, float)):
        return abs(float(value)) * 1e-6
    return len(value) if isinstance(value, (str, bytes)) else 1
