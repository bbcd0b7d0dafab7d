"""Notebook 03, exercises 1 and 2: output size and correlation, forward."""

import numpy as np

from fer_course.teaching.convolution import conv_out_size
from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    Slip,
    judge_function,
    seeded_cases,
)


def _size_without_plus_one(size, kernel, stride=1, padding=0, dilation=1):
    zeros = 0 if isinstance(padding, str) else padding
    return (size + 2 * zeros - dilation * (kernel - 1) - 1) // stride


def _size_one_sided_padding(size, kernel, stride=1, padding=0, dilation=1):
    zeros = 0 if isinstance(padding, str) else padding
    return (size + zeros - dilation * (kernel - 1) - 1) // stride + 1


def _size_without_dilation(size, kernel, stride=1, padding=0, dilation=1):
    return conv_out_size(size, kernel, stride, padding)


def _size_same_floors(size, kernel, stride=1, padding=0, dilation=1):
    if padding == "same":
        return size // stride
    return conv_out_size(size, kernel, stride, padding, dilation)


def _size_true_division(size, kernel, stride=1, padding=0, dilation=1):
    return conv_out_size(size, kernel, 1, padding, dilation) / stride


def _size_same_by_half_kernels(size, kernel, stride=1, padding=0, dilation=1):
    if padding == "same":
        padding = (kernel - 1) // 2
    return conv_out_size(size, kernel, stride, padding, dilation)


def _size_by_walking(size, kernel, stride=1, padding=0, dilation=1):
    if padding == "same":
        return len(range(0, size, stride))
    zeros = 0 if padding == "valid" else padding
    last = size + zeros - dilation * (kernel - 1)
    return len(range(-zeros, last, stride))


def _random_size(rng):
    kernel, dilation = int(rng.integers(1, 6)), int(rng.integers(1, 4))
    size = dilation * (kernel - 1) + 1 + int(rng.integers(0, 40))
    padding = (0, 1, 2, "valid", "same")[rng.integers(5)]
    return Case(
        "a random layer", (size, kernel, int(rng.integers(1, 4)), padding, dilation)
    )


OUT_SIZE = Exercise(
    id="03.1",
    title="conv_out_size",
    stars=1,
    reference=conv_out_size,
    judge=judge_function(
        (
            Case(
                "5 px, 3 taps",
                (5, 3),
                expected=3,
                rule="count the places where the window fits, the first included",
            ),
            Case("as large as the image", (3, 3), expected=1),
            Case(
                "one zero at each end",
                (48, 3, 1, 1),
                expected=48,
                rule="padding adds zeros at both ends",
            ),
            Case(
                "stride 2 on 48 px",
                (48, 3, 2),
                expected=23,
                rule="a last step that does not fit is left out: a whole number",
            ),
            Case(
                "padding by name",
                (48, 3, 1, "valid"),
                expected=46,
                rule="'valid' is a name for no zeros",
            ),
            Case(
                "same padding on an odd side",
                (7, 3, 2, "same"),
                expected=4,
                rule="'same' keeps the side divided by the stride, rounded up",
            ),
            Case(
                "same padding with 4 taps",
                (7, 4, 2, "same"),
                expected=4,
                rule="'same' gives the result, the side divided by the stride, "
                "rounded up; do not compute it from zeros",
            ),
            Case(
                "taps 2 px apart",
                (9, 3, 1, 0, 2),
                expected=5,
                rule="three taps 2 px apart reach over 5 px",
            ),
            *seeded_cases(_random_size),
        ),
        conv_out_size,
        slips=(
            Slip("That is the number of steps, not of places.", _size_without_plus_one),
            Slip("That fits padding at one end only.", _size_one_sided_padding),
            Slip("That ignores dilation.", _size_without_dilation),
            Slip(
                "That is what half a kernel of zeros at each end gives.",
                _size_same_by_half_kernels,
            ),
        ),
    ),
    hints=(
        "A 3 px window on a 5 px line: where can its left end stand?",
        "Find how much room is left beside the window, then how many steps fit.",
        "(room beside the window) // stride + 1, where the room counts padding "
        "twice and the window's reach once; 'same' has a line of its own.",
    ),
    why=(
        "Every shape of FERNet on the next page comes from this one line.",
        "The window's left end can stand at 0, then one stride further, as long as "
        "its right end is inside.",
        "Keras' 'same' is defined by its result, the side divided by the stride and "
        "rounded up, and the zeros follow from it.",
    ),
    wrong_turn="Counting steps and forgetting the place where the window starts: "
    "each result is one too small.",
    mutants=(
        Mutant("counts steps", _size_without_plus_one, "wrong value", "steps, not"),
        Mutant("pads one end", _size_one_sided_padding, "wrong value", "one end only"),
        Mutant("no dilation", _size_without_dilation, "wrong value", "dilation"),
        Mutant("same rounds down", _size_same_floors, "wrong value", "rounded up"),
        Mutant(
            "same from half kernels",
            _size_same_by_half_kernels,
            "wrong value",
            "half a kernel of zeros",
        ),
        Mutant("divides", _size_true_division, "wrong type", "whole number"),
        Mutant(
            "no padding name",
            lambda s, k, t=1, p=0, d=1: (
                s + 2 * p - k + 1 if t == d == 1 else conv_out_size(s, k, t, p, d)
            ),
            "raised",
            "TypeError",
        ),
    ),
    alternatives=(_size_by_walking,),
)


def corr2d_by_loops(image, kernel):
    """Return the correlation of an (H, W) image with a (kh, kw) kernel."""
    kernel_height, kernel_width = kernel.shape
    height = image.shape[0] - kernel_height + 1
    width = image.shape[1] - kernel_width + 1
    output = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            window = image[i : i + kernel_height, j : j + kernel_width]
            output[i, j] = (window * kernel).sum()
    return output


def _corr2d_flips(image, kernel):
    return corr2d_by_loops(image, kernel[::-1, ::-1])


def _corr2d_transposed(image, kernel):
    return corr2d_by_loops(image, kernel).T


def _corr2d_same_size(image, kernel):
    padding = [(side // 2, side - 1 - side // 2) for side in kernel.shape]
    return corr2d_by_loops(np.pad(image, padding), kernel)


def _corr2d_mean(image, kernel):
    return corr2d_by_loops(image, kernel) / kernel.size


def _corr2d_square_only(image, kernel):
    size = kernel.shape[0]
    height, width = image.shape[0] - size + 1, image.shape[1] - size + 1
    output = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            output[i, j] = (image[i : i + size, j : j + size] * kernel).sum()
    return output


def _corr2d_matrix_product(image, kernel):
    kernel_height, kernel_width = kernel.shape
    output = np.zeros(np.subtract(image.shape, kernel.shape) + 1)
    for i, j in np.ndindex(output.shape):
        window = image[i : i + kernel_height, j : j + kernel_width]
        output[i, j] = (window @ kernel).sum()
    return output


def _corr2d_whole_numbers(image, kernel):
    return corr2d_by_loops(image, kernel).astype(int)


def _corr2d_like_the_image(image, kernel):
    return corr2d_by_loops(image, kernel).astype(image.dtype)


def _corr2d_by_shifts(image, kernel):
    height = image.shape[0] - kernel.shape[0] + 1
    width = image.shape[1] - kernel.shape[1] + 1
    return sum(
        kernel[u, v] * image[u : u + height, v : v + width]
        for u in range(kernel.shape[0])
        for v in range(kernel.shape[1])
    )


def _random_corr(rng):
    kernel_hw = rng.integers(1, 4, 2)
    image_hw = kernel_hw + rng.integers(0, 6, 2)
    return Case(
        f"a random {image_hw[0]}x{image_hw[1]} image",
        (rng.normal(size=image_hw), rng.normal(size=kernel_hw)),
    )


CORR2D = Exercise(
    id="03.2",
    title="corr2d",
    stars=1,
    reference=corr2d_by_loops,
    judge=judge_function(
        (
            Case(
                "a 3x3 image, a 2x2 kernel",
                (np.arange(9.0).reshape(3, 3), np.arange(4.0).reshape(2, 2)),
                expected=np.array([[19.0, 25.0], [37.0, 43.0]]),
                rule="multiply window and kernel place by place, then add; no flip",
            ),
            Case(
                "a non-square image",
                (np.arange(12.0).reshape(3, 4), np.array([[1.0, -1.0]])),
                expected=np.full((3, 3), -1.0),
                rule="rows follow the image's height, columns its width",
            ),
            Case(
                "a tall kernel",
                (np.arange(12.0).reshape(4, 3), np.array([[1.0], [0.0], [-2.0]])),
                rule="the window has the kernel's height and the kernel's width",
            ),
            Case(
                "weights that are no whole numbers",
                (np.eye(2, 3, dtype=np.uint8), np.array([[0.5, 0.25]])),
                expected=np.array([[0.5, 0.0], [0.25, 0.5]]),
                rule="products and sums stay fractions: the output is a float array",
            ),
            Case(
                "a kernel as large as the image",
                (np.eye(3), np.eye(3)),
                rule="one window fits, so one value comes out",
            ),
            *seeded_cases(_random_corr),
        ),
        corr2d_by_loops,
        slips=(
            Slip("That is what a flipped kernel gives.", _corr2d_flips),
            Slip("That is the mean of the products, not their sum.", _corr2d_mean),
            Slip("That is a matrix product: use *.", _corr2d_matrix_product),
            Slip("Whole numbers only: is the array int?", _corr2d_whole_numbers),
        ),
    ),
    hints=(
        "Which four pixels does the output's top left value depend on?",
        "Cut a window as large as the kernel out of the image at every place, "
        "multiply place by place, add up.",
        "Two loops over the output; inside, image[i : ..., j : ...] * kernel, summed.",
    ),
    why=(
        "This double loop is the whole layer: libraries only do it faster.",
        "The output has one value for each place where the kernel fits.",
        "Networks learn the kernel, so flipping it first would change nothing but "
        "the order in which it is stored.",
    ),
    wrong_turn="Flipping the kernel, as a mathematician's convolution does: with a "
    "symmetric kernel the mistake is invisible.",
    mutants=(
        Mutant("flips", _corr2d_flips, "wrong value", "flipped kernel"),
        Mutant("transposes", _corr2d_transposed, "wrong value", "no flip"),
        Mutant("keeps the size", _corr2d_same_size, "wrong type", "shape (3, 3)"),
        Mutant("takes the mean", _corr2d_mean, "wrong value", "mean of the products"),
        Mutant("matrix product", _corr2d_matrix_product, "wrong value", "use *"),
        Mutant("whole numbers", _corr2d_whole_numbers, "wrong value", "array int"),
        Mutant("as the image", _corr2d_like_the_image, "wrong value", "a float array"),
        Mutant("square windows", _corr2d_square_only, "wrong type", "shape (3, 4)"),
        Mutant(
            "list",
            lambda x, k: corr2d_by_loops(x, k).tolist(),
            "wrong type",
            "NumPy array",
        ),
    ),
    alternatives=(_corr2d_by_shifts,),
)
