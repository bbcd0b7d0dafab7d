"""Convolution in NumPy: forward, backward, sizes, counts and what a pixel sees.

Images and kernels go in, arrays and whole numbers come out. Notebook 03 builds
each function once by loops; these are the versions that the other pages call.
What networks call convolution is correlation: the kernel is not flipped.

Shapes: N images, C channels in, O channels out, H rows, W columns; kernels
(O, C, kh, kw). A single (H, W) image goes with a single (kh, kw) kernel.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


@dataclass(frozen=True)
class Layer:
    """One layer of a network, as far as sizes and counts go.

    Attributes:
        kind: "conv", "pool", "dense" or "batch_norm".
        inputs: channels (for "dense": numbers) going in.
        outputs: channels or numbers coming out.
        kernel: side of the square window, pixels of the layer's input.
        stride: step of the window.
        dilation: distance between neighboring taps of the kernel.
        padding: zeros at each side, or "valid" (none) or "same".
        groups: the channels are split in this many separate parts.
        bias: whether each output has an additive number of its own.
    """

    kind: str
    inputs: int = 1
    outputs: int = 1
    kernel: int = 1
    stride: int = 1
    dilation: int = 1
    padding: int | str = "valid"
    groups: int = 1
    bias: bool = True


def conv_out_size(size, kernel, stride=1, padding=0, dilation=1):
    """Return how many outputs a window has along one side.

    Notebook 03, section 1: floor((size + 2 padding - reach) / stride) + 1 with
    reach = dilation (kernel - 1) + 1; "same" keeps ceil(size / stride).

    Args:
        size: pixels along the side.
        kernel: taps of the kernel along it.
        stride: step of the window.
        padding: zeros at each end, or "valid" (none) or "same".
        dilation: distance between taps.

    Raises:
        ValueError: the window does not fit into the side.

    >>> conv_out_size(48, 3), conv_out_size(48, 3, stride=2, padding="same")
    (46, 24)
    """
    if padding == "same":
        return -(-size // stride)
    zeros = 0 if padding == "valid" else padding
    reach = dilation * (kernel - 1) + 1
    room = size + 2 * zeros - reach
    if room < 0:
        raise ValueError(
            f"A window of {reach} px does not fit into {size + 2 * zeros} px: "
            f"use a larger image, more padding or a smaller kernel."
        )
    return room // stride + 1


def corr2d(image, kernel, stride=1, padding=0):
    """Return the correlation of images with kernels.

    Args:
        image: (H, W), (C, H, W) or (N, C, H, W).
        kernel: (kh, kw) for an (H, W) image, else (O, C, kh, kw).
        stride: step of the window, pixels.
        padding: zeros at each side, or "valid" (none) or "same" (as Keras pads:
            the odd one at the end).

    Returns:
        (H', W'), (O, H', W') or (N, O, H', W'), with H' and W' as in
        `conv_out_size`.

    Raises:
        ValueError: the shapes do not fit together.

    >>> corr2d(np.arange(6.0).reshape(2, 3), np.array([[1.0, -1.0]]))
    array([[-1., -1.],
           [-1., -1.]])
    """
    images, kernels = _as_batch(image, kernel)
    padded = _pad(images, kernels.shape[2:], stride, padding)
    windows = _windows(padded, kernels.shape[2:], stride)
    output = np.einsum("nchwuv,ocuv->nohw", windows, kernels, optimize=True)
    return (
        output[0, 0]
        if np.ndim(image) == 2
        else output.reshape(*np.shape(image)[:-3], *output.shape[1:])
    )


def corr2d_backward(image, kernel, grad_output, stride=1, padding=0):
    """Return the gradients of a loss with respect to image and kernel.

    Notebook 03, section 5. The kernel's gradient is summed over all images.

    Args:
        image: as given to `corr2d`.
        kernel: as given to `corr2d`.
        grad_output: gradient of the loss, shape of `corr2d`'s result.
        stride: as given to `corr2d`.
        padding: as given to `corr2d`.

    Returns:
        (gradient shaped like image, gradient shaped like kernel).

    Raises:
        ValueError: the shapes do not fit together.
    """
    images, kernels = _as_batch(image, kernel)
    kernel_hw = kernels.shape[2:]
    padded = _pad(images, kernel_hw, stride, padding)
    windows = _windows(padded, kernel_hw, stride)
    rows, columns = windows.shape[2:4]
    shape = (len(images), len(kernels), rows, columns)
    if np.size(grad_output) != np.prod(shape):
        raise ValueError(
            f"grad_output has shape {np.shape(grad_output)}: the gradient of the "
            f"output must be shaped like the output, {shape[4 - np.ndim(image) :]}."
        )
    grads = np.reshape(grad_output, shape)
    grad_kernel = np.einsum("nohw,nchwuv->ocuv", grads, windows, optimize=True)
    grad_padded = np.zeros(padded.shape, np.result_type(grads, kernels))
    for u in range(kernel_hw[0]):
        for v in range(kernel_hw[1]):
            seen = (
                slice(u, u + stride * (rows - 1) + 1, stride),
                slice(v, v + stride * (columns - 1) + 1, stride),
            )
            grad_padded[:, :, *seen] += np.einsum(
                "nohw,oc->nchw", grads, kernels[:, :, u, v]
            )
    (top, _), (left, _) = _pad_amounts(images.shape[2:], kernel_hw, stride, padding)
    height, width = images.shape[2:]
    grad_image = grad_padded[:, :, top : top + height, left : left + width]
    return grad_image.reshape(np.shape(image)), grad_kernel.reshape(np.shape(kernel))


def max_pool2d(image, size=2, stride=None):
    """Return the largest value of every window.

    Args:
        image: (..., H, W).
        size: side of the window.
        stride: step of the window; left out, windows touch.

    Returns:
        (..., H', W'), without padding: a rest at the right and bottom is left out.
    """
    return _windows(np.asarray(image), (size, size), stride or size).max((-2, -1))


def max_pool2d_backward(image, grad_output, size=2, stride=None):
    """Return the gradient of a loss with respect to the pooled image.

    Each window passes its gradient to its largest value, the first among equals.

    Args:
        image: (..., H, W), as given to `max_pool2d`.
        grad_output: (..., H', W').
        size: as given to `max_pool2d`.
        stride: as given to `max_pool2d`.
    """
    image = np.asarray(image)
    stride = stride or size
    windows = _windows(image, (size, size), stride)
    winner = windows.reshape(*windows.shape[:-2], -1).argmax(-1)
    rows = np.arange(winner.shape[-2])[:, None] * stride + winner // size
    columns = np.arange(winner.shape[-1]) * stride + winner % size
    grad_image = np.zeros(image.shape, np.result_type(grad_output, float))
    leading = np.indices(winner.shape, sparse=True)[:-2]
    np.add.at(grad_image, (*leading, rows, columns), grad_output)
    return grad_image


def count_parameters(layers):
    """Return each layer's number of stored weights, as a list.

    Batch norm stores four numbers a channel: scale and shift, which are learned,
    and a mean and a variance, which are tracked.

    >>> count_parameters([Layer("conv", 1, 64, kernel=3), Layer("dense", 2304, 64)])
    [640, 147520]
    """
    counts = {
        "conv": lambda a: a.outputs * (a.inputs // a.groups * a.kernel**2 + a.bias),
        "dense": lambda a: a.outputs * (a.inputs + a.bias),
        "batch_norm": lambda a: 4 * a.inputs,
        "pool": lambda a: 0,
    }
    return [int(counts[layer.kind](layer)) for layer in layers]


def multiply_adds(layers, size):
    """Return each layer's multiplications for one square image, as a list.

    Args:
        layers: `Layer` records, in order.
        size: side of the image, pixels.

    >>> multiply_adds([Layer("conv", 1, 64, kernel=3, padding="same")], 48)
    [1327104]
    """
    counts = []
    for layer in layers:
        if layer.kind in ("conv", "pool"):
            size = conv_out_size(
                size, layer.kernel, layer.stride, layer.padding, layer.dilation
            )
        weights = {
            "conv": layer.outputs * (layer.inputs // layer.groups) * layer.kernel**2,
            "dense": layer.inputs * layer.outputs,
        }.get(layer.kind, 0)
        counts.append(weights * size**2 if layer.kind == "conv" else weights)
    return counts


def receptive_field(layers):
    """Return how many pixels along a side one output of the last layer sees.

    Notebook 03, section 4: with jump j = 1 at first, every layer makes
    r = r + dilation (kernel - 1) j, then j = j stride.

    >>> receptive_field([Layer("conv", kernel=3), Layer("conv", kernel=3)])
    5
    """
    field, jump = 1, 1
    for layer in layers:
        field += layer.dilation * (layer.kernel - 1) * jump
        jump *= layer.stride
    return field


def measure_field(layers, seed=2026):
    """Return how strongly each pixel moves one output, by back-propagation.

    The layers are built with one channel and random kernels above zero (pooling
    as the mean), without padding, and given exactly their receptive field.

    Returns:
        (r, r) float, r as in `receptive_field`, largest value 1; a zero is a
        pixel that the output does not see.
    """
    rng = np.random.default_rng(seed)
    sizes = [receptive_field(layers)]
    for layer in layers:
        sizes.append(
            conv_out_size(sizes[-1], layer.kernel, layer.stride, 0, layer.dilation)
        )
    grad = np.ones((sizes[-1], sizes[-1]))
    for layer, size in zip(reversed(layers), sizes[-2::-1], strict=True):
        reach = layer.dilation * (layer.kernel - 1) + 1
        kernel = np.zeros((reach, reach))
        taps = rng.uniform(0.5, 1.5, (layer.kernel, layer.kernel))
        kernel[:: layer.dilation, :: layer.dilation] = (
            1.0 if layer.kind == "pool" else taps
        )
        grad, _ = corr2d_backward(np.zeros((size, size)), kernel, grad, layer.stride)
    return grad / grad.max()


def numeric_gradient(function, x, step=1e-5):
    """Return a function's gradient by central differences.

    Args:
        function: takes an array like x, returns one number.
        x: float array; the arithmetic stays in its dtype.
        step: distance to each side.
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        right, left = x.copy(), x.copy()
        right[index] += x.dtype.type(step)
        left[index] -= x.dtype.type(step)
        gradient[index] = (function(right) - function(left)) / x.dtype.type(2 * step)
    return gradient


def gradient_check(function, x, gradient, step=1e-5):
    """Return the relative error of a gradient against central differences.

    The largest difference, divided by the largest entry of either gradient;
    below 1e-6 in float64 means right, above 1e-2 means wrong.

    Args:
        function: takes an array like x, returns one number.
        x: float array.
        gradient: the gradient to test, shape of x.
        step: of the differences.

    >>> x = np.array([1.0, 3.0])
    >>> gradient_check(lambda x: (x**2).sum(), x, 2 * x) < 1e-6
    True
    """
    numeric = numeric_gradient(function, x, step)
    largest = max(np.abs(numeric).max(), np.abs(gradient).max(), np.finfo(float).tiny)
    return float(np.abs(numeric - gradient).max() / largest)


def _as_batch(image, kernel):
    """Return images (N, C, H, W) and kernels (O, C, kh, kw), shapes checked."""
    image, kernel = np.asarray(image), np.asarray(kernel)
    fits = {2: 2, 3: 4, 4: 4}
    if fits.get(image.ndim) != kernel.ndim:
        raise ValueError(
            f"An image of shape {image.shape} does not go with a kernel of shape "
            f"{kernel.shape}: use (H, W) with (kh, kw), or (C, H, W) or "
            f"(N, C, H, W) with (O, C, kh, kw)."
        )
    images = image[(None,) * (4 - image.ndim)]
    kernels = kernel[(None,) * (4 - kernel.ndim)]
    if images.shape[1] != kernels.shape[1]:
        raise ValueError(
            f"The image has {images.shape[1]} channels and the kernel takes "
            f"{kernels.shape[1]}: these numbers must be equal."
        )
    return images, kernels


def _pad_amounts(image_hw, kernel_hw, stride, padding):
    """Return zeros before and after, for rows and for columns."""
    if padding == "valid":
        padding = 0
    if padding != "same":
        return ((padding, padding), (padding, padding))
    totals = [
        max((-(-size // stride) - 1) * stride + taps - size, 0)
        for size, taps in zip(image_hw, kernel_hw, strict=True)
    ]
    return tuple((total // 2, total - total // 2) for total in totals)


def _pad(images, kernel_hw, stride, padding):
    """Return (N, C, H, W) images with zeros around them."""
    amounts = _pad_amounts(images.shape[2:], kernel_hw, stride, padding)
    return np.pad(images, ((0, 0), (0, 0), *amounts))


def _windows(image, kernel_hw, stride):
    """Return every window, (..., H', W', kh, kw), as a view."""
    for size, taps in zip(image.shape[-2:], kernel_hw, strict=True):
        conv_out_size(size, taps)  # says so where the window does not fit
    windows = sliding_window_view(image, kernel_hw, axis=(-2, -1))
    return windows[..., ::stride, ::stride, :, :]
