"""Notebook 03, exercise 5: gradients by hand."""

import numpy as np

from fer_course.teaching.convolution import (
    gradient_check,
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
