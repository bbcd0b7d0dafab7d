"""Two results in, the difference in words out, without giving the answer away.

The default comparison of all exercises: whole numbers exactly, float64 to
1e-6, float32 to 1e-4 (relative). Notebook pages meet it through `check`.
"""

import dataclasses
import numbers
import re

import numpy as np

WRONG_TYPE = "wrong type"
WRONG_VALUE = "wrong value"


def compare_values(result, expected):
    """Return None where the two agree, else (kind of verdict, a sentence).

    Lists and tuples count as the same; an array must be an array. The sentence
    names shape, index and direction, never the expected value.

    >>> compare_values(3, 3)
    >>> compare_values(2, 3)
    ('wrong value', 'Your result 2 is too small.')
    """
    if result is None and expected is not None:
        return WRONG_TYPE, "Your function returned None: is its `return` missing?"
    if isinstance(expected, np.ndarray):
        return _compare_arrays(result, expected)
    if isinstance(expected, (bool, np.bool_)):
        return _compare_bools(result, expected)
    if isinstance(expected, numbers.Number):
        return _compare_numbers(result, expected)
    if isinstance(expected, (tuple, list)):
        return _compare_sequences(result, expected)
    if isinstance(expected, dict):
        return _compare_dicts(result, expected)
    if dataclasses.is_dataclass(expected):
        if type(result) is not type(expected):
            return _wanted(type(expected).__name__, result)
        fields = [field.name for field in dataclasses.fields(expected)]
        return _compare_items(
            (name, getattr(result, name), getattr(expected, name)) for name in fields
        )
    if type(result) is not type(expected):
        return _wanted(f"a value of type {type(expected).__name__}", result)
    if result != expected:
        return WRONG_VALUE, f"Your result {describe(result)} is not right."
    return None


def describe(value):
    """Return a value in a few words: small things whole, arrays by shape.

    >>> describe([1, 2])
    '[1, 2]'
    """
    if isinstance(value, np.ndarray):
        if value.size <= 9 and value.ndim <= 2:
            text = np.array2string(value, separator=", ", precision=4)
            return " ".join(text.split())
        return f"{value.dtype} array of shape {_shape(value)}"
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return repr(float(f"{value:.6g}"))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        told = [
            f"{field.name}={describe(getattr(value, field.name))}"
            for field in dataclasses.fields(value)
            if not _is_default(getattr(value, field.name), field.default)
        ]
        return f"{type(value).__name__}({', '.join(told)})"
    if callable(value) and hasattr(value, "__name__"):
        return f"the function {value.__name__}"
    if isinstance(value, (tuple, list)) and len(value) <= 6:
        inner = ", ".join(describe(item) for item in value)
        left, right = "[]" if isinstance(value, list) else "()"
        comma = "," * (isinstance(value, tuple) and len(value) == 1)
        return f"{left}{inner}{comma}{right}"
    text = " ".join(re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value)).split())
    return text if len(text) <= 80 else f"{text[:79]}…"


def _is_default(value, default):
    """Return whether a field holds what it holds when left out."""
    return type(value) is type(default) and bool(np.all(value == default))


def _compare_arrays(result, expected):
    """Compare with an array: kind, shape, dtype, then the values."""
    if not isinstance(result, (np.ndarray, np.generic)):
        return _wanted("a NumPy array", result)
    if result.shape != expected.shape:
        return (
            WRONG_TYPE,
            f"Got shape {_shape(result)}, "
            f"a result of shape {_shape(expected)} was expected.",
        )
    if not _fitting_dtype(result.dtype, expected.dtype):
        return (
            WRONG_TYPE,
            f"Got an array of {result.dtype}, one of {expected.dtype} was expected.",
        )
    if expected.dtype.kind in "fc":
        wrong = ~_close(result, expected)
    else:
        wrong = np.asarray(result != expected)
    if not wrong.any():
        return None
    index = tuple(int(i) for i in np.argwhere(wrong)[0])
    yours = np.asarray(result)[index]
    place = f" at [{', '.join(map(str, index))}]" if index else ""
    count = f"{int(wrong.sum())} of {wrong.size} values differ; the first"
    return (
        WRONG_VALUE,
        f"{count}{place}: yours, {describe(yours)}, "
        f"{_direction(yours, expected[index])}.",
    )


def _fitting_dtype(got, wanted):
    """Return whether a dtype will do: float for float, exact for bytes."""
    if wanted.kind == "f":
        return got.kind in "fiu"
    if wanted.kind in "iu":
        return got == wanted if wanted.itemsize == 1 else got.kind in "iu"
    return got.kind == wanted.kind


def _close(result, expected):
    """Return where floats agree, by the precision of the coarser of the two."""
    result, expected = np.asarray(result), np.asarray(expected)
    coarse = any(
        kind.kind == "f" and kind.itemsize <= 4
        for kind in (result.dtype, expected.dtype)
    )
    rtol = 1e-4 if coarse else 1e-6
    finite = np.abs(expected[np.isfinite(expected)])
    atol = rtol * float(finite.max(initial=0.0)) * 1e-2 + 1e-12
    return np.isclose(
        result.astype(float), expected.astype(float), rtol, atol, equal_nan=True
    )


def _compare_bools(result, expected):
    if not isinstance(result, (bool, np.bool_)):
        return _wanted("True or False", result)
    if bool(result) != bool(expected):
        return WRONG_VALUE, f"Your result {bool(result)} is not right."
    return None


def _compare_numbers(result, expected):
    """Compare with one number; whole numbers must be whole in type, too."""
    if isinstance(result, np.ndarray) and result.ndim == 0:
        result = result[()]
    number = isinstance(result, numbers.Number)
    if not number or isinstance(result, (bool, np.bool_)):
        return _wanted("a number", result)
    if isinstance(result, numbers.Complex) and not isinstance(result, numbers.Real):
        return _wanted("a real number", result)
    if isinstance(expected, numbers.Integral):
        if not isinstance(result, numbers.Integral):
            return _wanted("a whole number (int)", result)
        right = int(result) == int(expected)
    else:
        right = bool(_close(np.asarray(result), np.asarray(expected)))
    if right:
        return None
    return (
        WRONG_VALUE,
        f"Your result {describe(result)} {_direction(result, expected)}.",
    )


def _compare_sequences(result, expected):
    """Compare with a list or tuple, item by item."""
    if isinstance(result, np.ndarray) and result.ndim == 1:
        result = result.tolist()
    if not isinstance(result, (tuple, list)):
        count = f"{len(expected)} item{'s' * (len(expected) != 1)}"
        return _wanted(f"a {type(expected).__name__} of {count}", result)
    if len(result) != len(expected):
        return (
            WRONG_VALUE,
            f"Got {len(result)} items, {len(expected)} were expected: "
            f"yours is {describe(result)}.",
        )
    return _compare_items(
        (f"item {i}", mine, right)
        for i, (mine, right) in enumerate(zip(result, expected, strict=True))
    )


def _compare_dicts(result, expected):
    """Compare with a dictionary: keys, then values."""
    if not isinstance(result, dict):
        return _wanted("a dictionary", result)
    missing = [key for key in expected if key not in result]
    extra = [key for key in result if key not in expected]
    if missing or extra:
        what = f"lacks {describe(missing)}" if missing else f"has {describe(extra)}"
        return WRONG_VALUE, f"The keys of your dictionary are not right: it {what}."
    return _compare_items(
        (f"[{key!r}]", result[key], expected[key]) for key in expected
    )


def _compare_items(items):
    """Return the first difference among (name, result, expected)."""
    for name, mine, right in items:
        problem = compare_values(mine, right)
        if problem is not None:
            return problem[0], f"{name}: {problem[1]}"
    return None


def _wanted(what, result):
    """Return the verdict for a result of the wrong kind."""
    kind = type(result).__name__
    return WRONG_TYPE, f"Got {describe(result)} ({kind}); {what} was expected."


def _direction(yours, right):
    """Return which way a number is off."""
    try:
        if np.isnan(yours):
            return "is not a number"
        if np.isnan(right):
            return "is not right"
        return "is too small" if yours < right else "is too large"
    except TypeError:
        return "is not right"


def _shape(array):
    """Return a shape as plain numbers."""
    return tuple(int(n) for n in array.shape)
