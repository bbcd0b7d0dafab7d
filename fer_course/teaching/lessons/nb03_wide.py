"""Notebook 03, exercise 8: a wide field with few weights."""

import math

import numpy as np

from fer_course.teaching.convolution import (
    Layer,
    count_parameters,
    measure_field,
    receptive_field,
)
from fer_course.teaching.exercises import Exercise, Mutant, Verdict
from fer_course.teaching.judging import (
    CORRECT,
    NOT_ATTEMPTED,
    WRONG_TYPE,
    WRONG_VALUE,
    call_quietly,
    is_stub,
)

FIELD_WANTED, WEIGHTS_ALLOWED = 48, 1400


def wide_and_light():
    """Return eight-channel conv layers that see 48 px with 1,088 weights."""
    return [
        Layer("conv", 1, 8, kernel=6, stride=6),
        Layer("conv", 8, 8, kernel=2, stride=2),
        Layer("conv", 8, 8, kernel=2, stride=2),
        Layer("conv", 8, 8, kernel=2, stride=2),
    ]


def _judge_wide_and_light(answer):
    """Build what the function returns, count its weights, measure its field."""
    if not callable(answer):
        return Verdict(WRONG_TYPE, "Hand over the function itself, uncalled.")
    layers, raised, _ = call_quietly(answer)
    if raised is not None:
        return raised
    if is_stub(layers):
        return Verdict(NOT_ATTEMPTED)
    if not isinstance(layers, (list, tuple)) or not all(
        isinstance(layer, Layer) for layer in layers
    ):
        return Verdict(WRONG_TYPE, "A list of Layer records was expected.")
    problem = _broken_rule(layers)
    if problem:
        return Verdict(WRONG_VALUE, problem)
    weights, field = sum(count_parameters(layers)), receptive_field(layers)
    jump = math.prod(layer.stride for layer in layers)
    return Verdict(
        CORRECT,
        f"{field} px with {weights:,} weights, an output every {jump} px. Is there a "
        f"lighter stack? One whose outputs stand closer?",
    )


def _broken_rule(layers):
    """Return a sentence on the first rule that the layers break, or nothing."""
    for number, layer in enumerate(layers, start=1):
        inputs = 1 if number == 1 else 8
        if layer.kind != "conv" or layer.groups != 1 or not layer.bias:
            return f"Layer {number} must be a plain conv: no pooling, groups 1, a bias."
        if (layer.inputs, layer.outputs) != (inputs, 8):
            return f"Layer {number} must have inputs={inputs} and outputs=8."
        if layer.kernel < 1 or layer.stride < 1 or layer.dilation < 1:
            return f"Layer {number}: kernel, stride and dilation are at least 1."
    field, weights = receptive_field(layers), sum(count_parameters(layers))
    if field < FIELD_WANTED:
        return f"Your stack sees {field} px: at least {FIELD_WANTED} px were asked."
    if weights > WEIGHTS_ALLOWED:
        return (
            f"Your stack has {weights:,} weights and sees {field} px: at most "
            f"{WEIGHTS_ALLOWED:,} weights were asked."
        )
    paths = math.prod(layer.kernel for layer in layers)
    if paths < field:  # also keeps huge fields from being measured
        return (
            f"Only {paths**2:,} of the field's {field**2:,} px can move the output: "
            f"the taps leave gaps."
        )
    influence = measure_field(layers)
    seen = np.count_nonzero(influence)
    if seen < influence.size:
        return (
            f"Measured: only {seen:,} of the field's {influence.size:,} px "
            f"move the output."
        )
    return ""


def _plain_stack():
    return [Layer("conv", 1, 8, kernel=3)] + [Layer("conv", 8, 8, kernel=3)] * 23


def _gaps():
    return [Layer("conv", 1, 8, kernel=2, dilation=47)]


def _gaps_between_groups():
    return [
        Layer("conv", 8 if depth else 1, 8, kernel=2, dilation=dilation)
        for depth, dilation in enumerate((1, 1, 4, 8, 16, 32))
    ]


def _doubling():
    return [
        Layer("conv", 8 if depth else 1, 8, kernel=2, dilation=2**depth)
        for depth in range(6)
    ]


WIDE = Exercise(
    id="03.8",
    title="wide_and_light",
    stars=3,
    reference=wide_and_light,
    judge=_judge_wide_and_light,
    hints=(
        "Two layers in a row: does the second add to the field, or multiply it?",
        "With stride equal to kernel, windows tile the image and fields multiply: "
        "write 48 or a little more as a product of small numbers.",
        "The first layer has one input channel, so its kernel is cheap: make that "
        "one the large one, then some layers of kernel 2 and stride 2.",
    ),
    why=(
        "FERNet's pooling does the same: 48 px come into view after few layers.",
        "Fields of stride 1 layers add up, fields after strides multiply.",
        "Weights grow with the kernel's area times both channel numbers, so the large "
        "kernel belongs where one channel comes in.",
    ),
    wrong_turn="One dilated layer: the formula says 48 px, but the measured field is "
    "four pixels with nothing in between.",
    mutants=(
        Mutant("24 plain layers", _plain_stack, "wrong value", "13,512 weights"),
        Mutant(
            "one kernel of 48 taps",
            lambda: [Layer("conv", 1, 8, kernel=48)],
            "wrong value",
            "has 18,440 weights",
        ),
        Mutant("one dilated layer", _gaps, "wrong value", "Only 4 of the field's"),
        Mutant(
            "dilation that skips", _gaps_between_groups, "wrong value", "Measured: only"
        ),
        Mutant(
            "too narrow", lambda: wide_and_light()[:-1], "wrong value", "sees 24 px"
        ),
        Mutant(
            "pooling",
            lambda: [Layer("pool", kernel=2, stride=2)] * 6,
            "wrong value",
            "no pooling",
        ),
        Mutant("numbers", lambda: [6, 2, 2, 2], "wrong type", "Layer records"),
        Mutant(
            "channels",
            lambda: [Layer("conv", 1, 1, kernel=48)],
            "wrong value",
            "outputs=8",
        ),
    ),
    alternatives=(_doubling,),
)
