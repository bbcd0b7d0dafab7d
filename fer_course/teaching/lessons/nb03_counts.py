"""Notebook 03, exercises 3 and 4: parameters and the receptive field."""

import numpy as np

from fer_course.teaching.convolution import (
    Layer,
    count_parameters,
    measure_field,
    receptive_field,
)
from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    Property,
    Slip,
    judge_function,
    seeded_cases,
)


def _count_with(conv, batch_norm=4):
    def count(layers):
        return [
            int(conv(a))
            if a.kind == "conv"
            else batch_norm * a.inputs
            if a.kind == "batch_norm"
            else count_parameters([a])[0]
            for a in layers
        ]

    return count


_count_no_bias = _count_with(lambda a: a.outputs * a.inputs // a.groups * a.kernel**2)
_count_one_bias = _count_with(
    lambda a: a.outputs * a.inputs // a.groups * a.kernel**2 + a.bias
)
_count_no_groups = _count_with(lambda a: a.outputs * (a.inputs * a.kernel**2 + a.bias))
_count_flat_kernel = _count_with(
    lambda a: a.outputs * (a.inputs // a.groups * a.kernel + a.bias)
)
_count_learned_only = _count_with(lambda a: count_parameters([a])[0], batch_norm=2)


def _count_by_arrays(layers):
    counts = []
    for a in layers:
        shapes = {
            "conv": [(a.outputs, a.inputs // a.groups, a.kernel, a.kernel)],
            "dense": [(a.inputs, a.outputs)],
            "batch_norm": [(a.inputs,)] * 4,
            "pool": [],
        }[a.kind]
        if a.bias and a.kind in ("conv", "dense"):
            shapes.append((a.outputs,))
        counts.append(sum(np.empty(shape).size for shape in shapes))
    return counts


def _random_layer(rng):
    """Return a layer that can be built: each kind has only what it uses."""
    kind = ("conv", "dense", "batch_norm", "pool")[rng.integers(4)]
    groups = int(rng.integers(1, 4)) if kind == "conv" else 1
    inputs, outputs = (groups * int(n) for n in rng.integers(1, 9, 2))
    kernel, bias = int(rng.integers(1, 6)), bool(rng.integers(2))
    if kind == "conv":
        return Layer(kind, inputs, outputs, kernel=kernel, groups=groups, bias=bias)
    if kind == "dense":
        return Layer(kind, inputs, outputs, bias=bias)
    if kind == "pool":
        return Layer(kind, inputs, inputs, kernel=kernel, stride=kernel)
    return Layer(kind, inputs, inputs)


def _random_layers(rng):
    layers = [_random_layer(rng) for _ in range(rng.integers(1, 5))]
    return Case("a random list of layers", (layers,))


def _count_norm_by_outputs(layers):
    return [
        4 * a.outputs if a.kind == "batch_norm" else count_parameters([a])[0]
        for a in layers
    ]


def _count_skips_pools(layers):
    return count_parameters([a for a in layers if a.kind != "pool"])


COUNT = Exercise(
    id="03.3",
    title="count_parameters",
    stars=2,
    reference=count_parameters,
    judge=judge_function(
        (
            Case(
                "one conv layer",
                ([Layer("conv", 1, 64, kernel=3)],),
                expected=[640],
                rule="one square kernel for each pair of channels, one bias an output",
            ),
            Case(
                "a dense layer",
                ([Layer("dense", 2304, 64)],),
                expected=[147_520],
                rule="each input has a weight to each output, and each output one bias",
            ),
            Case(
                "no bias",
                ([Layer("conv", 3, 8, kernel=5, bias=False)],),
                expected=[600],
                rule="without bias only the kernels count",
            ),
            Case(
                "a dense layer without bias",
                ([Layer("dense", 5, 6, bias=False)],),
                expected=[30],
                rule="bias=False holds for dense layers, too",
            ),
            Case(
                "two groups",
                ([Layer("conv", 8, 4, kernel=3, groups=2)],),
                expected=[148],
                rule="with g groups an output sees a g-th of the input channels",
            ),
            Case(
                "batch norm",
                ([Layer("batch_norm", 64, 64)],),
                expected=[256],
                rule="stored: scale, shift, mean and variance of each channel",
            ),
            Case(
                "pooling",
                ([Layer("pool", 8, 8, kernel=2, stride=2)],),
                expected=[0],
                rule="pooling stores nothing, and is a layer all the same: a 0",
            ),
            Case("no layers", ([],), expected=[], rule="one number for each layer"),
            *seeded_cases(_random_layers),
        ),
        count_parameters,
        slips=(
            Slip("That leaves the bias out.", _count_no_bias),
            Slip("That has one bias for the layer.", _count_one_bias),
            Slip("That ignores groups.", _count_no_groups),
        ),
    ),
    hints=(
        "How many numbers does one output channel need to look at one window?",
        "For each kind of layer, write down the shapes of its arrays and add sizes.",
        "A conv: outputs times (what one output needs for its window, plus its bias).",
    ),
    why=(
        "On the next page the counts show at once where FERNet keeps its weights.",
        "A kernel is shared by all places, so the image's size is not in the formula.",
        "A dense layer shares nothing: each pair of numbers has its own weight.",
    ),
    wrong_turn="Multiplying by the image's size, as if every place had its own kernel.",
    mutants=(
        Mutant("no bias", _count_no_bias, "wrong value", "leaves the bias out"),
        Mutant("one bias", _count_one_bias, "wrong value", "one bias for the layer"),
        Mutant("no groups", _count_no_groups, "wrong value", "ignores groups"),
        Mutant(
            "kernel not squared", _count_flat_kernel, "wrong value", "square kernel"
        ),
        Mutant("learned only", _count_learned_only, "wrong value", "variance"),
        Mutant("skips pooling", _count_skips_pools, "wrong value", "a 0"),
        Mutant(
            "a total",
            lambda layers: sum(count_parameters(layers)),
            "wrong type",
            "list",
        ),
    ),
    alternatives=(_count_by_arrays, _count_norm_by_outputs),
)


def _field_sum_of_kernels(layers):
    return 1 + sum(a.dilation * (a.kernel - 1) for a in layers)


def _field_jump_too_early(layers):
    field, jump = 1, 1
    for a in layers:
        jump *= a.stride
        field += a.dilation * (a.kernel - 1) * jump
    return field


def _field_last_stride_only(layers):
    field, jump = 1, 1
    for a in layers:
        field += a.dilation * (a.kernel - 1) * jump
        jump = a.stride
    return field


def _field_without_pools(layers):
    return receptive_field([a for a in layers if a.kind == "conv"])


def _field_product(layers):
    return int(np.prod([a.kernel for a in layers])) if layers else 1


def _field_without_dilation(layers):
    return receptive_field(
        [Layer(a.kind, kernel=a.kernel, stride=a.stride) for a in layers]
    )


def _field_from_the_top(layers):
    field = 1
    for a in reversed(layers):
        field = (field - 1) * a.stride + a.dilation * (a.kernel - 1) + 1
    return field


def _random_field(rng):
    return Case(
        "a random stack",
        (
            [
                Layer(
                    ("conv", "pool")[rng.integers(2)],
                    kernel=int(rng.integers(1, 5)),
                    stride=int(rng.integers(1, 4)),
                    dilation=int(rng.integers(1, 3)),
                )
                for _ in range(rng.integers(1, 6))
            ],
        ),
    )


def _agrees_with_measurement(function):
    layers = [
        Layer("conv", kernel=3),
        Layer("pool", kernel=2, stride=2),
        Layer("conv", kernel=3),
    ]
    return int(function(layers)) == len(measure_field(layers))


FIELD = Exercise(
    id="03.4",
    title="receptive_field",
    stars=2,
    reference=receptive_field,
    judge=judge_function(
        (
            Case(
                "one 3x3 layer",
                ([Layer("conv", kernel=3)],),
                expected=3,
                rule="three taps side by side see three px",
            ),
            Case(
                "three 3x3 layers",
                ([Layer("conv", kernel=3)] * 3,),
                expected=7,
                rule="each layer adds its kernel's reach; the middle is shared",
            ),
            Case(
                "stride 2 first",
                ([Layer("conv", kernel=3, stride=2), Layer("conv", kernel=3)],),
                expected=7,
                rule="after a stride of 2, neighbors are 2 px of the image apart",
            ),
            Case(
                "stride 2 last",
                ([Layer("conv", kernel=3), Layer("conv", kernel=3, stride=2)],),
                expected=5,
                rule="a layer's own stride widens only what comes after it",
            ),
            Case(
                "dilation 4",
                ([Layer("conv", kernel=3, dilation=4)],),
                expected=9,
                rule="the taps of a dilated kernel are further apart",
            ),
            Case(
                "stride 2 twice, then 3x3",
                ([Layer("conv", kernel=3, stride=2)] * 2 + [Layer("conv", kernel=3)],),
                expected=15,
                rule="strides multiply: after two of them neighbors are 4 px apart",
            ),
            Case(
                "conv, then pooling",
                ([Layer("conv", kernel=3), Layer("pool", kernel=2, stride=2)],),
                expected=4,
                rule="a pooling has a window and a stride, so it counts",
            ),
            Case("no layers", ([],), expected=1, rule="a pixel sees itself"),
            *seeded_cases(_random_field),
        ),
        receptive_field,
        properties=(
            Property("the formula equals the measured field", _agrees_with_measurement),
        ),
        slips=(
            Slip("That ignores strides.", _field_sum_of_kernels),
            Slip("That applies a stride one layer early.", _field_jump_too_early),
            Slip("That forgets all strides but the last.", _field_last_stride_only),
            Slip("That leaves the pooling out.", _field_without_pools),
        ),
    ),
    hints=(
        "After a layer with stride 2, how far apart in the photo are two neighbors?",
        "Carry two numbers through the layers: the field, and the jump, which is the "
        "distance in the photo between neighbors.",
        "In the loop: first widen the field by dilation * (kernel - 1) jumps, then "
        "let the stride stretch the jump.",
    ),
    why=(
        "A face is 48 px wide here: an output that sees 7 px cannot know a smile.",
        "The jump says how many photo pixels one step is worth at that depth.",
        "The layer's stride counts only for layers after it, so the jump changes last.",
    ),
    wrong_turn="Updating the jump before the field: right whenever strides are 1.",
    mutants=(
        Mutant("no strides", _field_sum_of_kernels, "wrong value", "ignores strides"),
        Mutant("stride early", _field_jump_too_early, "wrong value", "one layer early"),
        Mutant("j = s", _field_last_stride_only, "wrong value", "all strides but"),
        Mutant("no pooling", _field_without_pools, "wrong value", "pooling out"),
        Mutant("product", _field_product, "wrong value", "the middle is shared"),
        Mutant("no dilation", _field_without_dilation, "wrong value", "dilated"),
    ),
    alternatives=(_field_from_the_top,),
)
