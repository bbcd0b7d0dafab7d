"""Notebook 03, exercises 5 and 8: gradients by hand, a wide light stack."""

import math

import numpy as np

from fer_course.teaching.convolution import (
    Layer,
    count_parameters,
    gradient_check,
    measure_field,
    receptive_field,
)
from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    Property,
    Slip,
    Verdict,
    judge_function,
    seeded_cases,
)
from fer_course.teaching.judging import (
    CORRECT,
    NOT_ATTEMPTED,
    WRONG_TYPE,
    WRONG_VALUE,
    call_quietly,
    is_stub,
)


def corr2d_backward_by_loops(images, kernel, grad_output, stride):
    """Return gradients for (N, H, W) images and their one (kh, kw) kernel."""
    kernel_height, kernel_width = kernel.shape
    grad_images = np.zeros(images.shape)
    grad_kernel = np.zeros(kernel.shape)
    for i in range(grad_output.shape[1]):
        for j in range(grad_output.shape[2]):
            rows = slice(i * stride, i * stride + kernel_height)
            columns = slice(j * stride, j * stride + kernel_width)
            share = grad_output[:, i, j][:, None, None]
            grad_images[:, rows, columns] += share * kernel
            grad_kernel += (share * images[:, rows, columns]).sum(axis=0)
    return grad_images, grad_kernel


def _backward_flipped(images, kernel, grad_output, stride):
    grad_images, _ = corr2d_backward_by_loops(
        images, kernel[::-1, ::-1], grad_output, stride
    )
    _, grad_kernel = corr2d_backward_by_loops(images, kernel, grad_output, stride)
    return grad_images, grad_kernel


def _backward_no_batch_sum(images, kernel, grad_output, stride):
    grad_images, _ = corr2d_backward_by_loops(images, kernel, grad_output, stride)
    _, grad_kernel = corr2d_backward_by_loops(
        images[:1], kernel, grad_output[:1], stride
    )
    return grad_images, grad_kernel


def _backward_no_stride(images, kernel, grad_output, stride):
    return corr2d_backward_by_loops(images, kernel, grad_output, 1)


def _backward_overwrites(images, kernel, grad_output, stride):
    grad_images, grad_kernel = corr2d_backward_by_loops(
        images, kernel, grad_output, stride
    )
    for i in range(grad_output.shape[1]):
        for j in range(grad_output.shape[2]):
            rows = slice(i * stride, i * stride + kernel.shape[0])
            columns = slice(j * stride, j * stride + kernel.shape[1])
            grad_images[:, rows, columns] = grad_output[:, i, j][:, None, None] * kernel
    return grad_images, grad_kernel


def _backward_mean(images, kernel, grad_output, stride):
    grad_images, grad_kernel = corr2d_backward_by_loops(
        images, kernel, grad_output, stride
    )
    return grad_images, grad_kernel / max(len(images), 1)


def _backward_by_taps(images, kernel, grad_output, stride):
    grad_images, grad_kernel = np.zeros(images.shape), np.zeros(kernel.shape)
    _, height, width = grad_output.shape
    for u in range(kernel.shape[0]):
        for v in range(kernel.shape[1]):
            rows = slice(u, u + stride * (height - 1) + 1, stride)
            columns = slice(v, v + stride * (width - 1) + 1, stride)
            grad_images[:, rows, columns] += grad_output * kernel[u, v]
            grad_kernel[u, v] = (grad_output * images[:, rows, columns]).sum()
    return grad_images, grad_kernel


def _backward_windows_only(images, kernel, grad_output, stride):
    grad_images, grad_kernel = corr2d_backward_by_loops(
        images, kernel, grad_output, stride
    )
    height, width = (
        (n - 1) * stride + k
        for n, k in zip(grad_output.shape[1:], kernel.shape, strict=True)
    )
    return grad_images[:, :height, :width], grad_kernel


def _backward_case(
    rng, name, *, count, out_hw, kernel_hw, stride, unread_hw=(0, 0), rule=""
):
    sides = zip(out_hw, kernel_hw, unread_hw, strict=True)
    hw = [(n - 1) * stride + k + unread for n, k, unread in sides]
    return Case(
        name,
        (
            rng.normal(size=(count, *hw)),
            rng.normal(size=kernel_hw),
            rng.normal(size=(count, *out_hw)),
            stride,
        ),
        rule=rule,
    )


def _random_backward(rng):
    stride = int(rng.integers(1, 4))
    return _backward_case(
        rng,
        "random images",
        count=int(rng.integers(1, 4)),
        out_hw=rng.integers(1, 5, 2),
        kernel_hw=rng.integers(1, 4, 2),
        stride=stride,
        unread_hw=rng.integers(0, stride, 2),
    )


def _passes_gradient_check(function):
    rng = np.random.default_rng(5)
    images, kernel, weights, stride = _random_backward(rng).args
    out_hw = weights.shape[1:]

    def loss(images, kernel):
        total = 0.0
        for i in range(out_hw[0]):
            for j in range(out_hw[1]):
                top, left = i * stride, j * stride
                window = images[
                    :, top : top + kernel.shape[0], left : left + kernel.shape[1]
                ]
                total += (weights[:, i, j] * (window * kernel).sum((1, 2))).sum()
        return total

    grad_images, grad_kernel = function(images.copy(), kernel.copy(), weights, stride)
    errors = (
        gradient_check(lambda x: loss(x, kernel), images, grad_images),
        gradient_check(lambda k: loss(images, k), kernel, grad_kernel),
    )
    return max(errors) < 1e-6


_RNG = np.random.default_rng(3)
BACKWARD = Exercise(
    id="03.5",
    title="corr2d_backward",
    stars=2,
    reference=corr2d_backward_by_loops,
    judge=judge_function(
        (
            Case(
                "one image, one output",
                (
                    np.array([[[1.0, 2.0], [3.0, 4.0]]]),
                    np.array([[5.0, 6.0], [7.0, 8.0]]),
                    np.array([[[2.0]]]),
                    1,
                ),
                expected=(
                    np.array([[[10.0, 12.0], [14.0, 16.0]]]),
                    np.array([[2.0, 4.0], [6.0, 8.0]]),
                ),
                rule="a pixel's gradient is its tap times the output's gradient",
            ),
            _backward_case(
                _RNG,
                "one image, overlapping windows",
                count=1,
                out_hw=(2, 3),
                kernel_hw=(3, 2),
                stride=1,
                rule="a pixel in several windows collects from each of them",
            ),
            _backward_case(
                _RNG,
                "two images",
                count=2,
                out_hw=(2, 2),
                kernel_hw=(2, 3),
                stride=1,
                rule="the kernel served every image: its gradients add up",
            ),
            _backward_case(
                _RNG,
                "stride 2",
                count=1,
                out_hw=(2, 3),
                kernel_hw=(2, 2),
                stride=2,
                rule="output (i, j) came from the window at (i stride, j stride)",
            ),
            _backward_case(
                _RNG,
                "stride 2, a row and a column that no window reads",
                count=1,
                out_hw=(2, 2),
                kernel_hw=(3, 3),
                stride=2,
                unread_hw=(1, 1),
                rule="a pixel under no window keeps its place, with slope 0",
            ),
            *seeded_cases(_random_backward),
        ),
        corr2d_backward_by_loops,
        properties=(
            Property(
                "central differences in float64 agree: relative error < 1e-6",
                _passes_gradient_check,
            ),
        ),
        slips=(
            Slip("That spreads the gradient with a flipped kernel.", _backward_flipped),
            Slip("That is the first image alone.", _backward_no_batch_sum),
            Slip("That is as if the stride were 1.", _backward_no_stride),
            Slip("That is a mean over images.", _backward_mean),
            Slip("Later windows overwrite earlier ones.", _backward_overwrites),
        ),
    ),
    hints=(
        "Output (i, j) is a sum of products: what is its slope in one pixel of its "
        "window, and in one tap of the kernel?",
        "Walk over the outputs once more; each sends its gradient, times the kernel, "
        "to its window, and, times the window, to the kernel.",
        "In two loops: grad_images[window] += ..., grad_kernel += ..., where the "
        "window starts at i * stride and the kernel's part is summed over images.",
    ),
    why=(
        "This is what every training step of the next pages does in each conv layer.",
        "The output is linear in the image and in the kernel, so each slope is the "
        "other factor.",
        "What was shared going forward, pixels by windows and the kernel by all "
        "places and images, is summed going backward.",
    ),
    wrong_turn="Writing = where windows overlap: only the last window survives, and "
    "the error shows for strides smaller than the kernel only.",
    mutants=(
        Mutant("no flip undone", _backward_flipped, "wrong value", "flipped kernel"),
        Mutant("no batch sum", _backward_no_batch_sum, "wrong value", "first image"),
        Mutant("ignores stride", _backward_no_stride, "wrong value", "stride were 1"),
        Mutant("batch mean", _backward_mean, "wrong value", "mean over images"),
        Mutant("overwrites", _backward_overwrites, "wrong value", "overwrite"),
        Mutant("windows only", _backward_windows_only, "wrong type", "(1, 6, 6) was"),
        Mutant(
            "one gradient",
            lambda x, k, g, s: np.zeros(x.shape),
            "wrong type",
            "tuple of 2 items",
        ),
    ),
    alternatives=(_backward_by_taps,),
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
