"""Notebook 05, exercise 6: Grad-CAM from maps and slopes."""

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


def cam_from(maps, slopes):
    """Return the positive part of the maps, each weighted with its mean slope."""
    weights = slopes.mean(axis=(0, 1))
    return np.maximum((maps * weights).sum(axis=-1), 0)


def _without_relu(maps, slopes):
    return (maps * slopes.mean(axis=(0, 1))).sum(axis=-1)


def _pixelwise(maps, slopes):
    return np.maximum((maps * slopes).sum(axis=-1), 0)


def _relu_too_early(maps, slopes):
    weights = np.maximum(slopes.mean(axis=(0, 1)), 0)
    return np.maximum((maps * weights).sum(axis=-1), 0)


def _maps_only(maps, slopes):
    return np.maximum(maps.sum(axis=-1), 0)


def _absolute(maps, slopes):
    return np.abs(_without_relu(maps, slopes))


def _sum_of_slopes(maps, slopes):
    return cam_from(maps, slopes * (slopes.shape[0] * slopes.shape[1]))


def _mean_over_maps(maps, slopes):
    return cam_from(maps, slopes) / maps.shape[-1]


def _scaled_to_one(maps, slopes):
    cam = cam_from(maps, slopes)
    return cam / cam.max() if cam.max() > 0 else cam


def _cut_each_map(maps, slopes):
    return np.maximum(maps * slopes.mean(axis=(0, 1)), 0).sum(axis=-1)


def _one_weight(maps, slopes):
    return np.maximum((maps * slopes.mean()).sum(axis=-1), 0)


def _weight_of_each_place(maps, slopes):
    return np.maximum((maps * slopes.mean(axis=-1, keepdims=True)).sum(axis=-1), 0)


def _swapped(maps, slopes):
    return cam_from(slopes, maps)


def _cam_by_loop(maps, slopes):
    total = np.zeros(maps.shape[:2])
    for channel in range(maps.shape[2]):
        total += slopes[:, :, channel].mean() * maps[:, :, channel]
    return np.clip(total, 0, None)


def _toy(class_index):
    """Two maps; class 0 reads map 0 and dislikes map 1, class 1 the other way."""
    maps = np.zeros((3, 4, 2))
    maps[0, 1, 0], maps[2, 3, 1] = 6.0, 3.0
    reads = np.array([[2.0, -1.0], [-1.0, 2.0]])[class_index]
    return maps, np.broadcast_to(reads / 12, maps.shape).copy()


def _random_maps(rng):
    shape = tuple(int(n) for n in rng.integers(2, 6, 3))
    return Case("random maps", (rng.normal(size=shape), rng.normal(size=shape)))


def _class_specific(f):
    first, second = f(*_toy(0)), f(*_toy(1))
    return np.argmax(first) == 1 and np.argmax(second) == 2 * 4 + 3


CAM = Exercise(
    id="05.6",
    title="Grad-CAM",
    stars=3,
    reference=cam_from,
    judge=judge_function(
        (
            Case(
                "a toy network's class 0",
                _toy(0),
                expected=np.array([[0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0.0]]),
                rule="what speaks against the class is not shown",
            ),
            Case(
                "the toy network's class 1", _toy(1), rule="another class, another map"
            ),
            *seeded_cases(_random_maps),
        ),
        cam_from,
        properties=(
            Property(
                "no value is below 0",
                lambda f: f(-np.ones((2, 3, 1)), np.ones((2, 3, 1))).min() >= 0,
            ),
            Property("the two classes light up in different places", _class_specific),
        ),
        slips=(
            Slip("Values below 0 are still in.", _without_relu),
            Slip("The sign is gone: keep what is above 0, drop the rest.", _absolute),
            Slip("The weight is the mean slope, not the sum.", _sum_of_slopes),
            Slip("Add the weighted maps: that is their mean.", _mean_over_maps),
            Slip("That is scaled to 1: keep the values as they are.", _scaled_to_one),
            Slip("Each place has its own weight: take the mean slope.", _pixelwise),
            Slip(
                "The maps' negative weights are lost before the sum.", _relu_too_early
            ),
            Slip("Each map is cut at 0 before the sum: cut after it.", _cut_each_map),
            *(
                Slip(
                    "All maps have the same weight at a place: take each map's own "
                    "mean, over height and width.",
                    function,
                )
                for function in (_one_weight, _weight_of_each_place)
            ),
            Slip("Maps and slopes are swapped.", _swapped),
            Slip("The slopes are not used: all classes look alike.", _maps_only),
        ),
    ),
    hints=(
        "Which number says how much a whole map matters to the class?",
        "The mean of its slopes over height and width is the map's weight; add the "
        "weighted maps, then keep what is above 0.",
        "One line for the weights with a mean over two axes, one for the positive part "
        "of a sum over the last axis.",
    ),
    why=(
        "The map shows where raising the layer's response would raise the class.",
        "The mean slope is one weight a map: how much the logit moves with all of it.",
        "The positive part comes last, so that maps against the class can cancel.",
    ),
    wrong_turn="Cutting negative weights before the sum shows places that speak "
    "against the class.",
    mutants=(
        Mutant("no positive part", _without_relu, "wrong value", "below 0"),
        Mutant("slope of each place", _pixelwise, "wrong value", "mean slope"),
        Mutant("cut too early", _relu_too_early, "wrong value", "negative weights"),
        Mutant("absolute", _absolute, "wrong value", "sign is gone"),
        Mutant("sum of slopes", _sum_of_slopes, "wrong value", "not the sum"),
        Mutant("mean of maps", _mean_over_maps, "wrong value", "that is their mean"),
        Mutant("scaled", _scaled_to_one, "wrong value", "scaled to 1"),
        Mutant("each map cut", _cut_each_map, "wrong value", "cut after it"),
        Mutant("one weight", _one_weight, "wrong value", "own mean"),
        Mutant("wrong axis", _weight_of_each_place, "wrong value", "height and width"),
        Mutant("swapped", _swapped, "wrong value", "are swapped"),
        Mutant("maps alone", _maps_only, "wrong value", "classes look alike"),
        Mutant("keeps channels", lambda m, s: m * s, "wrong type", "shape"),
    ),
    alternatives=(_cam_by_loop,),
)
