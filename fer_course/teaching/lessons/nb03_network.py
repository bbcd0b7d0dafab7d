"""Notebook 03, exercises 6 and 7: a small network, and where the zeros go."""

import numpy as np

from fer_course.teaching import convolution
from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    Property,
    Slip,
    judge_function,
    seeded_cases,
)


def small_cnn(pictures, kernels, biases, votes, offsets):
    """Return (N, C) numbers: conv, ReLU, the largest of each map, dense."""
    maps = convolution.corr2d(pictures, kernels) + biases[:, None, None]
    largest = np.maximum(maps, 0).max(axis=(2, 3))
    return largest @ votes + offsets


def _cnn_without_relu(pictures, kernels, biases, votes, offsets):
    maps = convolution.corr2d(pictures, kernels) + biases[:, None, None]
    return maps.max(axis=(2, 3)) @ votes + offsets


def _cnn_relu_last(pictures, kernels, biases, votes, offsets):
    return np.maximum(_cnn_without_relu(pictures, kernels, biases, votes, offsets), 0)


def _cnn_without_biases(pictures, kernels, biases, votes, offsets):
    return small_cnn(pictures, kernels, 0 * biases, votes, offsets)


def _cnn_without_offsets(pictures, kernels, biases, votes, offsets):
    return small_cnn(pictures, kernels, biases, votes, 0 * offsets)


def _cnn_mean(pictures, kernels, biases, votes, offsets):
    maps = convolution.corr2d(pictures, kernels) + biases[:, None, None]
    return np.maximum(maps, 0).mean(axis=(2, 3)) @ votes + offsets


def _cnn_largest_of_all_pictures(pictures, kernels, biases, votes, offsets):
    maps = np.maximum(convolution.corr2d(pictures, kernels) + biases[:, None, None], 0)
    return maps.max(axis=(0, 2, 3)) @ votes + offsets


def _cnn_names(pictures, kernels, biases, votes, offsets):
    return small_cnn(pictures, kernels, biases, votes, offsets).argmax(axis=1)


def _cnn_by_loops(pictures, kernels, biases, votes, offsets):
    rows = []
    for picture in pictures:
        numbers = offsets.astype(float)
        for kernel, bias, vote in zip(kernels, biases, votes, strict=True):
            numbers = numbers + vote * max(
                (convolution.corr2d(picture[0], kernel[0]) + bias).max(), 0
            )
        rows.append(numbers)
    return np.array(rows)


def _random_network(rng):
    count, kernels, classes = (int(n) for n in rng.integers((1, 1, 2), (4, 5, 4)))
    kernel_hw = rng.integers(1, 4, 2)
    hw = kernel_hw + rng.integers(1, 5, 2)
    return Case(
        f"{count} random {hw[0]}x{hw[1]} pictures",
        (
            rng.normal(size=(count, 1, *hw)),
            rng.normal(size=(kernels, 1, *kernel_hw)),
            rng.normal(size=kernels),
            rng.normal(size=(kernels, classes)),
            rng.normal(size=classes),
        ),
    )


_STROKE = np.array([[0.0, 1.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
_PAIR = np.array([[[[1.0, 0.0], [1.0, 0.0]]], [[[1.0, 1.0], [0.0, 0.0]]]])

NETWORK = Exercise(
    id="03.6",
    title="small_cnn",
    stars=2,
    reference=small_cnn,
    judge=judge_function(
        (
            Case(
                "one picture of an upright stroke of 2 px, two kernels",
                (_STROKE[None, None], _PAIR, np.zeros(2), np.eye(2), np.zeros(2)),
                expected=np.array([[2.0, 1.0]]),
                rule="each kernel has one map, and keeps the largest value of it",
            ),
            Case(
                "the same, with biases",
                (
                    _STROKE[None, None],
                    _PAIR,
                    np.array([1.0, -0.5]),
                    np.eye(2),
                    np.zeros(2),
                ),
                expected=np.array([[3.0, 0.5]]),
                rule="a bias is added to every place of its own kernel's map",
            ),
            Case(
                "two kernels that vote for three strokes",
                (
                    _STROKE[None, None],
                    _PAIR,
                    np.zeros(2),
                    np.array([[1.0, 0.0, -1.0], [0.0, 2.0, 1.0]]),
                    np.array([0.5, 0.0, 0.0]),
                ),
                expected=np.array([[2.5, 2.0, -1.0]]),
                rule="a dense layer: every largest value times its votes, and offsets",
            ),
            Case(
                "maps below 0",
                (
                    _STROKE[None, None],
                    _PAIR,
                    np.array([-5.0, -5.0]),
                    np.eye(2),
                    np.array([0.5, -0.5]),
                ),
                expected=np.array([[0.5, -0.5]]),
                rule="ReLU turns what is below 0 into 0, before the dense layer",
            ),
            Case(
                "two pictures",
                (
                    np.stack([_STROKE, 0 * _STROKE])[:, None],
                    _PAIR,
                    np.zeros(2),
                    np.eye(2),
                    np.zeros(2),
                ),
                expected=np.array([[2.0, 1.0], [0.0, 0.0]]),
                rule="each picture has maps, and a row of numbers, of its own",
            ),
            *seeded_cases(_random_network),
        ),
        small_cnn,
        slips=(
            Slip("That leaves ReLU out.", _cnn_without_relu),
            Slip(
                "That applies ReLU to the votes: they may be negative.", _cnn_relu_last
            ),
            Slip("That leaves the kernels' biases out.", _cnn_without_biases),
            Slip("That leaves the offsets out.", _cnn_without_offsets),
            Slip("That is the mean of each map, not its largest value.", _cnn_mean),
        ),
    ),
    hints=(
        "What is the shape after corr2d, and which of its axes are places?",
        "Four steps: correlate and add each kernel's bias; set negatives to 0; take "
        "the largest over the places; multiply by the votes and add.",
        "biases[:, None, None] fits the maps; the largest over the last two axes "
        "leaves (N, K), and (N, K) @ (K, C) gives the result's shape.",
    ),
    why=(
        "This is a whole network: FERNet has the same parts, more of them, and other "
        "numbers.",
        "The kernels look for shapes, and the largest value says how well the best "
        "place fits, wherever it lies.",
        "The dense layer turns fits into votes.",
    ),
    wrong_turn="Adding the biases without new axes: NumPy lines them up with the "
    "columns of the maps, and fails, or adds the wrong ones without a word.",
    mutants=(
        Mutant("no relu", _cnn_without_relu, "wrong value", "leaves ReLU out"),
        Mutant("relu last", _cnn_relu_last, "wrong value", "ReLU to the votes"),
        Mutant("no biases", _cnn_without_biases, "wrong value", "kernels' biases"),
        Mutant("no offsets", _cnn_without_offsets, "wrong value", "offsets out"),
        Mutant("mean", _cnn_mean, "wrong value", "mean of each map"),
        Mutant(
            "over all pictures", _cnn_largest_of_all_pictures, "wrong type", "shape"
        ),
        Mutant("names", _cnn_names, "wrong type", "shape"),
    ),
    alternatives=(_cnn_by_loops,),
)


def same_zeros(size, kernel, stride=1):
    """Return the zeros that Keras' "same" puts (before, after) a side."""
    places = -(-size // stride)
    total = max((places - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def _zeros_odd_first(size, kernel, stride=1):
    return same_zeros(size, kernel, stride)[::-1]


def _zeros_half_kernel(size, kernel, stride=1):
    return kernel // 2, kernel // 2


def _zeros_without_stride(size, kernel, stride=1):
    return same_zeros(size, kernel)


def _zeros_below_none(size, kernel, stride=1):
    total = (-(-size // stride) - 1) * stride + kernel - size
    return total // 2, total - total // 2


def _zeros_all_after(size, kernel, stride=1):
    return 0, sum(same_zeros(size, kernel, stride))


def _zeros_one_by_one(size, kernel, stride=1):
    before = after = 0
    while size + before + after < kernel or convolution.conv_out_size(
        size + before + after, kernel, stride
    ) < -(-size // stride):
        before, after = (before, after + 1) if before == after else (after, after)
    return before, after


def _random_side(rng):
    size, kernel, stride = (int(n) for n in rng.integers(1, (60, 8, 5)))
    return Case("a random layer", (size, kernel, stride))


def _pads_as_keras_does(function):
    """Pad a line with the zeros and compare with the course's "same"."""
    image = np.random.default_rng(4).normal(size=(1, 11))
    for taps, stride in ((3, 2), (4, 1), (5, 3)):
        kernel = np.arange(1.0, taps + 1)[None]
        padded = np.pad(image, ((0, 0), function(11, taps, stride)))
        wanted = convolution.corr2d(image, kernel, stride, "same")
        if not np.allclose(convolution.corr2d(padded, kernel, stride), wanted):
            return False
    return True


ZEROS = Exercise(
    id="03.7",
    title="same_zeros",
    stars=2,
    reference=same_zeros,
    judge=judge_function(
        (
            Case(
                "3 taps on 48 px",
                (48, 3),
                expected=(1, 1),
                rule="48 windows of 3 taps need 50 px",
            ),
            Case(
                "4 taps on 48 px",
                (48, 4),
                expected=(1, 2),
                rule="an odd number of zeros: Keras puts the odd one at the end",
            ),
            Case(
                "3 taps, stride 2",
                (48, 3, 2),
                expected=(0, 1),
                rule="24 windows, each 2 px after the one before, need 49 px",
            ),
            Case(
                "4 taps, stride 2",
                (48, 4, 2),
                expected=(1, 1),
                rule="the last of 24 windows starts at 46 and takes 4 taps: 50 px",
            ),
            Case(
                "an odd side",
                (7, 3, 2),
                expected=(1, 1),
                rule="7 / 2, rounded up, makes 4 windows, and they need 9 px",
            ),
            Case(
                "1 tap, stride 2",
                (48, 1, 2),
                expected=(0, 0),
                rule="windows that need less than there is get no zeros",
            ),
            *seeded_cases(_random_side),
        ),
        same_zeros,
        properties=(
            Property(
                'a line padded so, then correlated, equals padding "same"',
                _pads_as_keras_does,
            ),
        ),
        slips=(
            Slip("That puts the odd zero first.", _zeros_odd_first),
            Slip(
                "That is half a kernel at each end: Torch's habit.", _zeros_half_kernel
            ),
            Slip("That is as if the stride were 1.", _zeros_without_stride),
            Slip("That takes pixels away.", _zeros_below_none),
            Slip("That puts all zeros at the end.", _zeros_all_after),
        ),
    ),
    hints=(
        "How many windows does 'same' promise, and where does the last one start?",
        "The last window's end says how many px are needed: the rest is zeros.",
        "The total is needed minus size, never below 0; half of it, rounded down, "
        "comes before, and what is left after.",
    ),
    why=(
        "With these zeros a Torch layer gives the answers of the Keras layer whose "
        "weights it took.",
        "'same' fixes the number of windows, and the zeros follow from where the last "
        "one ends.",
        "An odd zero has to go somewhere: Keras puts it at the end.",
    ),
    wrong_turn="Taking k // 2 at each end, as with 3 taps at stride 1: with a stride "
    "of 2 on an even side, such as 48 px, every window then stands one pixel off.",
    mutants=(
        Mutant("odd one first", _zeros_odd_first, "wrong value", "odd zero first"),
        Mutant("half kernels", _zeros_half_kernel, "wrong value", "half a kernel"),
        Mutant("no stride", _zeros_without_stride, "wrong value", "stride were 1"),
        Mutant("negative", _zeros_below_none, "wrong value", "pixels away"),
        Mutant("all at the end", _zeros_all_after, "wrong value", "all zeros at"),
        Mutant(
            "a total",
            lambda size, kernel, stride=1: sum(same_zeros(size, kernel, stride)),
            "wrong type",
            "tuple of 2 items",
        ),
    ),
    alternatives=(_zeros_one_by_one,),
)
