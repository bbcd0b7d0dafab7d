"""Notebook 02, exercises 2 and 3: the head's weights, and a side as a distribution."""

import numpy as np

from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    Property,
    Slip,
    judge_function,
    seeded_cases,
)

_ELSEWHERE = 2_641_440
_CHANNELS = (64, 128, 256)


def count_weights(classes):
    """Return how many weights a YOLOv8n for so many classes has."""
    width = max(64, min(classes, 100))
    total = 2_641_440  # all but the class branches
    for channels in (64, 128, 256):
        first = width * channels * 9 + 2 * width
        second = width * width * 9 + 2 * width
        last = classes * width + classes
        total += first + second + last
    return total


def _count(classes, *, width=None, norm=2, bias=0, taps=9, levels=_CHANNELS, last=1):
    wide = max(64, min(classes, 100)) if width is None else width(classes)
    return _ELSEWHERE + sum(
        wide * channels * taps
        + wide * wide * taps
        + 2 * wide * (norm + bias)
        + classes * wide
        + last * classes
        for channels in levels
    )


def _width_is_classes(classes):
    return _count(classes, width=lambda n: n)


def _width_without_cap(classes):
    return _count(classes, width=lambda n: max(64, n))


def _width_fixed(classes):
    return _count(classes, width=lambda n: 64)


def _stored_norm(classes):
    return _count(classes, norm=4)


def _no_norm(classes):
    return _count(classes, norm=0)


def _bias_everywhere(classes):
    return _count(classes, bias=1)


def _no_last_bias(classes):
    return _count(classes, last=0)


def _flat_kernel(classes):
    return _count(classes, taps=3)


def _one_level(classes):
    return _count(classes, levels=(64,))


def _branches_only(classes):
    return count_weights(classes) - _ELSEWHERE


def _one_norm(classes):
    return _count(classes, norm=1)


def _two_first_layers(classes):
    width = max(64, min(classes, 100))
    more = sum(9 * width * (channels - width) for channels in _CHANNELS)
    return count_weights(classes) + more


def _last_is_large(classes):
    width = max(64, min(classes, 100))
    return count_weights(classes) + 3 * 8 * width * classes


def _count_by_shapes(classes):
    width = max(64, min(classes, 100))
    shapes = []
    for channels in _CHANNELS:
        shapes += [(width, channels, 3, 3), (width,), (width,)]
        shapes += [(width, width, 3, 3), (width,), (width,)]
        shapes += [(classes, width, 1, 1), (classes,)]
    return _ELSEWHERE + sum(int(np.prod(shape)) for shape in shapes)


WEIGHTS = Exercise(
    id="02.2",
    title="count_weights",
    stars=2,
    reference=count_weights,
    judge=judge_function(
        (
            Case(
                "one class: faces",
                (1,),
                expected=3_011_043,
                rule="three class branches, 64 wide at least; batch norm learns two "
                "numbers a channel, only the last layer has a bias",
            ),
            Case("80 classes: COCO", (80,), expected=3_157_200),
            Case(
                "20 classes",
                (20,),
                expected=3_014_748,
                rule="up to 64 classes the branch stays 64 wide",
            ),
            Case(
                "200 classes",
                (200,),
                expected=3_376_440,
                rule="the branch gets no wider than 100",
            ),
            *(Case(f"{n} classes", (n,)) for n in (2, 63, 64, 65, 99, 100, 101, 1000)),
        ),
        count_weights,
        properties=(
            Property(
                "below 64 classes each further class costs the same",
                lambda f: f(40) - f(30) == f(30) - f(20),
            ),
        ),
        slips=(
            Slip("That makes the branch as wide as the classes.", _width_is_classes),
            Slip("That lets the branch grow past 100.", _width_without_cap),
            Slip("That keeps the branch at 64.", _width_fixed),
            Slip("Mean and variance are stored, not learned.", _stored_norm),
            Slip("That leaves batch norm out.", _no_norm),
            Slip("Before a batch norm there is no bias.", _bias_everywhere),
            Slip("That leaves the last layer's bias out.", _no_last_bias),
            Slip("A 3x3 kernel has nine taps.", _flat_kernel),
            Slip("That counts one of three levels.", _one_level),
            Slip("The 2,641,440 outside are missing.", _branches_only),
            Slip("There are two batch norms, each with two a channel.", _one_norm),
            Slip("The second 3x3 takes w channels in.", _two_first_layers),
            Slip("The last kernel is 1x1.", _last_is_large),
        ),
    ),
    hints=(
        "How many of the branch's layers does the number of classes touch, for 2 "
        "classes instead of 1?",
        "Write the three layers of one branch as array shapes, count, and add up the "
        "levels with 64, 128 and 256 channels.",
        "A level: width x channels x 9 and width x width x 9, two numbers of norm for "
        "each channel of both, then classes x width and its bias.",
    ),
    why=(
        "One class instead of 80 saves 4.6 %: what finds a face is what finds a car.",
        "Seven in eight weights lie outside the class branches, and serve any class.",
        "The branch's width follows the classes only between 64 and 100.",
    ),
    wrong_turn="Thinking of the last layer alone, which has 65 weights a level for "
    "one class: it is the two 3x3 layers before it whose width changes.",
    mutants=(
        Mutant("width = classes", _width_is_classes, "wrong value", "as the classes"),
        Mutant("no cap", _width_without_cap, "wrong value", "grow past 100"),
        Mutant("always 64", _width_fixed, "wrong value", "at 64"),
        Mutant("four a norm", _stored_norm, "wrong value", "stored, not learned"),
        Mutant("no norm", _no_norm, "wrong value", "batch norm out"),
        Mutant("bias everywhere", _bias_everywhere, "wrong value", "there is no bias"),
        Mutant("no last bias", _no_last_bias, "wrong value", "last layer's bias"),
        Mutant("flat kernel", _flat_kernel, "wrong value", "nine taps"),
        Mutant("one level", _one_level, "wrong value", "one of three levels"),
        Mutant("branches only", _branches_only, "wrong value", "outside are missing"),
        Mutant("one norm", _one_norm, "wrong value", "two batch norms"),
        Mutant("two firsts", _two_first_layers, "wrong value", "w channels in"),
        Mutant("large last", _last_is_large, "wrong value", "1x1"),
        Mutant("a float", lambda n: float(count_weights(n)), "wrong type", "whole"),
    ),
    alternatives=(_count_by_shapes,),
)


def dfl_target(distances_px, stride, bins=16):
    """Return the (N, bins) weights that a network should give to each bin."""
    steps = np.clip(distances_px / stride, 0, bins - 1)
    lower = np.minimum(np.floor(steps), bins - 2).astype(int)
    weights = np.zeros((len(steps), bins))
    rows = np.arange(len(steps))
    weights[rows, lower + 1] = steps - lower
    weights[rows, lower] = 1 - (steps - lower)
    return weights


def _dfl_nearest(distances_px, stride, bins=16):
    steps = np.clip(distances_px / stride, 0, bins - 1)
    return np.eye(bins)[np.round(steps).astype(int)]


def _dfl_lower(distances_px, stride, bins=16):
    steps = np.clip(distances_px / stride, 0, bins - 1)
    return np.eye(bins)[np.floor(steps).astype(int)]


def _dfl_swapped(distances_px, stride, bins=16):
    steps = np.clip(distances_px / stride, 0, bins - 1)
    lower = np.minimum(np.floor(steps), bins - 2).astype(int)
    weights = np.zeros((len(steps), bins))
    rows = np.arange(len(steps))
    weights[rows, lower] = steps - lower
    weights[rows, lower + 1] = 1 - (steps - lower)
    return weights


def _dfl_halves(distances_px, stride, bins=16):
    steps = np.clip(distances_px / stride, 0, bins - 1)
    lower = np.minimum(np.floor(steps), bins - 2).astype(int)
    return (np.eye(bins)[lower] + np.eye(bins)[lower + 1]) / 2


def _dfl_pixels(distances_px, stride, bins=16):
    return dfl_target(distances_px, 1, bins)


def _dfl_no_clip(distances_px, stride, bins=16):
    steps = distances_px / stride
    lower = np.floor(steps).astype(int)
    weights = np.zeros((len(steps), bins))
    rows = np.arange(len(steps))
    weights[rows, lower + 1] = steps - lower
    weights[rows, lower] = 1 - (steps - lower)
    return weights


def _dfl_multiplies(distances_px, stride, bins=16):
    return dfl_target(distances_px * stride, 1, bins)


def _dfl_always_sixteen(distances_px, stride, bins=16):
    return dfl_target(distances_px, stride)


def _dfl_all_bins(distances_px, stride, bins=16):
    weights = np.exp(-((distances_px[:, None] / stride - np.arange(bins)) ** 2))
    return weights / weights.sum(axis=1, keepdims=True)


def _dfl_floor_and_ceil(distances_px, stride, bins=16):
    steps = np.clip(distances_px / stride, 0, bins - 1)
    lower, upper = np.floor(steps).astype(int), np.ceil(steps).astype(int)
    weights = np.zeros((len(steps), bins))
    rows = np.arange(len(steps))
    weights[rows, lower] = upper - steps
    weights[rows, upper] = steps - lower
    return weights


def _dfl_drops_far(distances_px, stride, bins=16):
    weights = dfl_target(distances_px, stride, bins)
    weights[distances_px / stride > bins - 1] = 0
    return weights


def _dfl_by_hats(distances_px, stride, bins=16):
    steps = np.clip(distances_px / stride, 0, bins - 1)
    return np.clip(1 - np.abs(steps[:, None] - np.arange(bins)), 0, None)


def _random_distances(rng):
    stride = int(rng.choice((8, 16, 32)))
    distances = rng.uniform(0, 18 * stride, int(rng.integers(1, 5)))
    return Case(f"random distances at stride {stride}", (distances, stride))


def _mean_is_target(function):
    distances = np.array([0.0, 3.0, 60.0, 119.9])
    weights = function(distances, 8)
    return bool(np.allclose(weights @ np.arange(16) * 8, distances))


DFL = Exercise(
    id="02.3",
    title="dfl_target",
    stars=2,
    reference=dfl_target,
    judge=judge_function(
        (
            Case(
                "20 px at stride 8",
                (np.array([20.0]), 8, 4),
                expected=np.array([[0.0, 0.0, 0.5, 0.5]]),
                rule="20 px are 2.5 steps: halfway between two bins",
            ),
            Case(
                "18 px at stride 8",
                (np.array([18.0]), 8, 4),
                expected=np.array([[0.0, 0.0, 0.75, 0.25]]),
                rule="the nearer bin gets the larger share",
            ),
            Case(
                "a whole step",
                (np.array([16.0]), 16, 4),
                expected=np.array([[0.0, 1.0, 0.0, 0.0]]),
                rule="a whole number of steps needs one bin",
            ),
            Case("distance 0", (np.array([0.0]), 32)),
            Case(
                "beyond the last bin",
                (np.array([500.0]), 32),
                expected=np.eye(16)[[15]],
                rule="15 steps are the longest side a point can name",
            ),
            Case(
                "no distance",
                (np.zeros(0), 8),
                rule="N may be 0: the result is (0, bins)",
            ),
            *seeded_cases(_random_distances),
        ),
        dfl_target,
        properties=(
            Property("the weighted mean of the bins is the distance", _mean_is_target),
        ),
        slips=(
            Slip("The two shares are the wrong way round.", _dfl_swapped),
            Slip("Steps are px divided by the stride.", _dfl_pixels),
            Slip("Steps are px divided by the stride.", _dfl_multiplies),
            Slip("All on one bin: share it between two.", _dfl_nearest),
            Slip("All on one bin: share it between two.", _dfl_lower),
            Slip("Two halves: the nearer bin deserves more.", _dfl_halves),
            Slip("Only the two nearest bins get weight.", _dfl_all_bins),
            Slip("`bins` is an argument.", _dfl_always_sixteen),
            Slip(
                "Floor and ceil are equal here: the row is empty.", _dfl_floor_and_ceil
            ),
            Slip("A distance too far counts as the last bin.", _dfl_drops_far),
        ),
    ),
    hints=(
        "2.25 steps: how much must bins 2 and 3 weigh for a mean of 2.25?",
        "Distance to steps, cut at 0 and bins - 1; the bin below gets what is missing "
        "to the bin above, and the other way round.",
        "With rows = np.arange(N), fill weights[rows, lower] and [rows, lower + 1].",
    ),
    why=(
        "A network that learns these weights can answer between two bins.",
        "Two neighbors whose mean is the target are the narrowest such answer.",
        "The last bin ends the reach: a longer side cannot be said at this stride.",
    ),
    wrong_turn="Giving all weight to the nearest bin: the box is then right only to "
    "half a stride, which is 16 px at stride 32.",
    mutants=(
        Mutant("nearest bin", _dfl_nearest, "wrong value", "All on one bin"),
        Mutant("bin below", _dfl_lower, "wrong value", "All on one bin"),
        Mutant("swapped shares", _dfl_swapped, "wrong value", "wrong way round"),
        Mutant("halves", _dfl_halves, "wrong value", "nearer bin deserves"),
        Mutant("no stride", _dfl_pixels, "wrong value", "divided by the stride"),
        Mutant("times stride", _dfl_multiplies, "wrong value", "divided by the stride"),
        Mutant("all bins", _dfl_all_bins, "wrong value", "two nearest bins"),
        Mutant("sixteen", _dfl_always_sixteen, "wrong type", "is an argument"),
        Mutant("floor and ceil", _dfl_floor_and_ceil, "wrong value", "row is empty"),
        Mutant("drops far", _dfl_drops_far, "wrong value", "as the last bin"),
        Mutant("no end", _dfl_no_clip, "raised", "IndexError"),
        Mutant(
            "one row",
            lambda d, s, bins=16: dfl_target(d, s, bins).sum(axis=0),
            "wrong type",
            "shape (4,)",
        ),
    ),
    alternatives=(_dfl_by_hats,),
)
