"""Notebook 04, exercises 1 and 2: FERNet's weights, and the loss before training."""

import numpy as np

from fer_course.teaching.convolution import Layer, count_parameters
from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    Property,
    Slip,
    judge_function,
    seeded_cases,
)


def count_fernet(filters, kernel_size):
    """Return (weights of each layer in order, their sum) of a FERNet."""
    counts, channels, area = [], 1, kernel_size**2
    for outputs in filters:
        counts += [
            area * channels * outputs + outputs,
            4 * outputs,
            area * outputs * outputs + outputs,
        ]
        channels = outputs
    side = 48 // 2 ** len(filters)
    counts.append(7 * (side * side * channels + 1))
    return counts, sum(counts)


def _count_with(bias=1, per_channel=4, side_of=lambda blocks: 48 // 2**blocks):
    def count(filters, kernel_size):
        counts, channels, area = [], 1, kernel_size**2
        for outputs in filters:
            counts.append(area * channels * outputs + bias * outputs)
            counts.append(per_channel * outputs)
            counts.append(area * outputs * outputs + bias * outputs)
            channels = outputs
        side = side_of(len(filters))
        counts.append(7 * (side * side * channels + bias))
        return counts, sum(counts)

    return count


_count_no_bias = _count_with(bias=0)
_count_learned_only = _count_with(per_channel=2)
_count_average_head = _count_with(side_of=lambda blocks: 1)
_count_no_pooling = _count_with(side_of=lambda blocks: 48)


def _count_same_input(filters, kernel_size):
    counts, area = [], kernel_size**2
    for inputs, outputs in zip((1, *filters), filters, strict=False):
        one = area * inputs * outputs + outputs
        counts += [one, 4 * outputs, one]
    counts.append(7 * ((48 // 2 ** len(filters)) ** 2 * filters[-1] + 1))
    return counts, sum(counts)


def _count_one_channel(filters, kernel_size):
    counts, area = [], kernel_size**2
    for outputs in filters:
        counts += [area * outputs + outputs, 4 * outputs]
        counts.append(area * outputs * outputs + outputs)
    counts.append(7 * ((48 // 2 ** len(filters)) ** 2 + 1))
    return counts, sum(counts)


def _count_by_records(filters, kernel_size):
    records, channels = [], 1
    for outputs in filters:
        records += [
            Layer("conv", channels, outputs, kernel=kernel_size),
            Layer("batch_norm", outputs, outputs),
            Layer("conv", outputs, outputs, kernel=kernel_size),
        ]
        channels = outputs
    records.append(Layer("dense", channels * (48 >> len(filters)) ** 2, 7))
    counts = count_parameters(records)
    return counts, sum(counts)


def _random_network(rng):
    filters = tuple(int(n) for n in rng.integers(1, 40, rng.integers(1, 6)))
    return Case("a random network", (filters, int(rng.integers(1, 6))))


COUNT = Exercise(
    id="04.1",
    title="count_fernet",
    stars=1,
    reference=count_fernet,
    judge=judge_function(
        (
            Case(
                "one block of 2 channels, 1 px kernels",
                ((2,), 1),
                expected=([4, 8, 6, 8071], 8089),
                rule="conv a, batch norm, conv b, then the dense layer, which reads "
                "side × side × channels; all but batch norm have a bias an output",
            ),
            Case(
                "one block of 3 channels, 2 px kernels",
                ((3,), 2),
                rule="a kernel has kernel_size² weights for each pair of channels",
            ),
            Case(
                "two blocks",
                ((2, 3), 2),
                rule="conv a takes what the block before gave; each block halves "
                "the map",
            ),
            Case(
                "five blocks",
                ((2, 2, 2, 2, 2), 2),
                rule="48 px halve to 24, 12, 6, 3; pooling 3 px leaves 1",
            ),
            *seeded_cases(_random_network),
        ),
        count_fernet,
        properties=(
            Property(
                "the reference network has 8,362,119 weights",
                lambda f: f((64, 128, 256, 512), 4)[1] == 8_362_119,
            ),
        ),
        slips=(
            Slip("That leaves the biases out.", _count_no_bias),
            Slip("Batch norm stores four numbers a channel.", _count_learned_only),
            Slip("That is the dense layer after averaging.", _count_average_head),
            Slip("That is the dense layer without any pooling.", _count_no_pooling),
            Slip("Conv b takes what conv a gives.", _count_same_input),
            Slip(
                "The dense layer and the next block read the last block's channels.",
                _count_one_channel,
            ),
        ),
    ),
    hints=(
        "How many input channels has each of a block's two convolutions?",
        "Walk over the blocks and remember the channels that come in; the dense layer "
        "needs the side of the last map.",
        "Three numbers a block: area * inputs * outputs plus biases, four times "
        "outputs, area * outputs * outputs plus biases; then 7 times (map size + 1).",
    ),
    why=(
        "A count that you can predict catches a wrong diagram before it is trained.",
        "Each pair of channels has its own kernel, each output its own bias.",
        "Flatten makes one input for each pixel of each map, and each of the seven "
        "outputs weighs them all.",
    ),
    wrong_turn="Using the block's input channels for both convolutions: the second "
    "one reads what the first wrote.",
    mutants=(
        Mutant("no bias", _count_no_bias, "wrong value", "biases out"),
        Mutant("two a channel", _count_learned_only, "wrong value", "four numbers"),
        Mutant("average head", _count_average_head, "wrong value", "after averaging"),
        Mutant("no pooling", _count_no_pooling, "wrong value", "without any pooling"),
        Mutant("one channel", _count_one_channel, "wrong value", "last block's"),
        Mutant("same input", _count_same_input, "wrong value", "what conv a gives"),
        Mutant(
            "half pixels",
            _count_with(side_of=lambda blocks: 48 / 2**blocks),
            "wrong type",
            "whole number",
        ),
        Mutant(
            "total only",
            lambda filters, size: count_fernet(filters, size)[1],
            "wrong type",
            "tuple of 2",
        ),
    ),
    alternatives=(_count_by_records,),
)


def first_losses(shares):
    """Return (loss of an even guess, loss of always answering the shares)."""
    shares = np.asarray(shares, float)
    present = shares[shares > 0]
    return float(np.log(len(shares))), float(-(present * np.log(present)).sum())


def _losses_log2(shares):
    return tuple(loss / np.log(2) for loss in first_losses(shares))


def _losses_no_minus(shares):
    even, best = first_losses(shares)
    return even, -best


def _losses_present_only(shares):
    return float(np.log((np.asarray(shares) > 0).sum())), first_losses(shares)[1]


def _losses_zero_times_infinity(shares):
    shares = np.asarray(shares, float)
    return float(np.log(len(shares))), float(-(shares * np.log(shares)).sum())


def _losses_mean_log(shares):
    shares = np.asarray(shares, float)
    return float(np.log(len(shares))), float(-np.log(shares[shares > 0]).mean())


def _losses_by_loop(shares):
    best = 0.0
    for share in shares:
        if share:
            best += share * np.log(1 / share)
    return -np.log(1 / len(shares)), best


def _random_shares(rng):
    return Case("random shares", (rng.dirichlet(np.ones(rng.integers(2, 9))),))


FIRST_LOSS = Exercise(
    id="04.2",
    title="first_losses",
    stars=1,
    reference=first_losses,
    judge=judge_function(
        (
            Case(
                "two equal classes",
                (np.array([0.5, 0.5]),),
                expected=(0.6931471805599453, 0.6931471805599453),
                rule="the loss of a face is minus the natural log of the probability "
                "given to its class",
            ),
            Case(
                "three quarters and a quarter",
                (np.array([0.75, 0.25]),),
                rule="average over the faces: each class counts by its share",
            ),
            Case(
                "a class without faces",
                (np.array([0.5, 0.25, 0.25, 0.0]),),
                rule="an untrained network does not know which class is absent; a "
                "class without faces adds nothing to the other loss",
            ),
            *seeded_cases(_random_shares),
        ),
        first_losses,
        properties=(
            Property(
                "knowing the shares never costs: the second is at most the first",
                lambda f: all(
                    np.subtract(*f(np.array(p))) > -1e-9
                    for p in ([0.9, 0.1], [0.2, 0.3, 0.5], [1 / 3] * 3)
                ),
            ),
        ),
        slips=(
            Slip("That is in bits: losses use the natural log.", _losses_log2),
            Slip("A probability's log is negative.", _losses_no_minus),
            Slip("The net has an output for absent classes too.", _losses_present_only),
            Slip("A class counts by its share of the faces.", _losses_mean_log),
        ),
    ),
    hints=(
        "Seven outputs, no knowledge: which probability does each class get, and what "
        "is minus its log?",
        "For the second, a face of class k costs minus log of the share of k, and the "
        "share of k is also how often that happens.",
        "A logarithm of the number of classes, and a negative sum of share times log "
        "share over the classes that occur.",
    ),
    why=(
        "A first loss far from the even guess is a bug you find before training.",
        "Without knowledge each of K classes gets 1/K, and minus log of 1/K is log K.",
        "The second number is the entropy of the shares: what a network reaches "
        "without looking at a single pixel.",
    ),
    wrong_turn="0 * log(0) is not a number in NumPy: leave absent classes out of the "
    "sum, but not out of K.",
    mutants=(
        Mutant("bits", _losses_log2, "wrong value", "in bits"),
        Mutant("no minus", _losses_no_minus, "wrong value", "log is negative"),
        Mutant("present only", _losses_present_only, "wrong value", "absent classes"),
        Mutant("nan", _losses_zero_times_infinity, "wrong value", "not a number"),
        Mutant("mean of logs", _losses_mean_log, "wrong value", "by its share"),
        Mutant("one number", lambda p: np.log(len(p)), "wrong type", "tuple of 2"),
    ),
    alternatives=(_losses_by_loop,),
)
