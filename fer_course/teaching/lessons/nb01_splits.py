"""Notebook 01, exercises 5 and 6: a split by group, and planted copies."""

from dataclasses import dataclass

import numpy as np

from fer_course import splits
from fer_course.teaching.comparing import WRONG_TYPE, WRONG_VALUE, describe
from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    Property,
    Slip,
    judge_function,
    seeded_cases,
)


def split_by_group(groups, share, seed):
    """Return (N,) bool, True for the held-out photos; groups stay whole."""
    groups = np.asarray(groups)
    names, counts = np.unique(groups, return_counts=True)
    wanted, held = share * len(groups), []
    for k in np.random.default_rng(seed).permutation(len(names)):
        if counts[k] <= wanted + 0.5:
            held.append(names[k])
            wanted -= counts[k]
    return np.isin(groups, held)


@dataclass(frozen=True, eq=False)
class _Wanted:
    """What a split must keep to: any split that does is right."""

    groups: np.ndarray
    share: float


def _compare_split(result, wanted):
    result = np.asarray(result) if isinstance(result, list) else result
    if not isinstance(result, np.ndarray) or result.dtype != bool:
        return (
            WRONG_TYPE,
            f"Got {describe(result)}; a bool array, True for held-out photos, was "
            "expected.",
        )
    if result.shape != wanted.groups.shape:
        return (
            WRONG_TYPE,
            f"Got shape {result.shape}; one value for each of the "
            f"{len(wanted.groups)} photos was expected.",
        )
    shared = set(wanted.groups[result]) & set(wanted.groups[~result])
    if shared:
        return (
            WRONG_VALUE,
            f"{len(shared)} groups lie on both sides, {min(shared)!r} among them.",
        )
    got = result.mean() if len(result) else 0.0
    if abs(got - wanted.share) > 0.02 and len(result):
        return (
            WRONG_VALUE,
            f"{got:.0%} of the photos are held out, {wanted.share:.0%} within two "
            "points were asked for.",
        )
    return None


def _groups_of(rng, count, largest):
    sizes = rng.integers(1, largest + 1, count)
    names = np.repeat([f"event-{k}" for k in range(count)], sizes)
    return rng.permutation(names)


def _random_groups(rng):
    groups = _groups_of(rng, int(rng.integers(60, 140)), int(rng.integers(2, 8)))
    share, seed = float(rng.choice((0.1, 0.2, 0.3))), int(rng.integers(100))
    wanted = _Wanted(groups, share)
    return Case(f"{len(groups)} photos", (groups, share, seed), expected=wanted)


_EVENTS = _groups_of(np.random.default_rng(5), 90, 6)


def _same_again(split):
    first, second = split(_EVENTS.copy(), 0.2, 4), split(_EVENTS.copy(), 0.2, 4)
    return bool(np.array_equal(first, second))


def _seeds_differ(split):
    found = {
        np.asarray(split(_EVENTS.copy(), 0.2, seed)).tobytes() for seed in range(9)
    }
    return len(found) > 1


def _split_photos(groups, share, seed):
    held = np.random.default_rng(seed).permutation(len(groups)) < share * len(groups)
    return held


def _split_share_of_groups(groups, share, seed):
    names = np.unique(groups)
    count = max(int(share * len(names) * 0.5), 1)
    held = np.random.default_rng(seed).permutation(names)[:count]
    return np.isin(groups, held)


def _split_unseeded(groups, share, seed):
    return split_by_group(groups, share, None)


def _split_one_seed(groups, share, seed):
    return split_by_group(groups, share, 0)


def _split_indices(groups, share, seed):
    return np.flatnonzero(split_by_group(groups, share, seed))


def _split_complement(groups, share, seed):
    return ~split_by_group(groups, share, seed)


def _split_overshoots(groups, share, seed):
    groups = np.asarray(groups)
    names = np.random.default_rng(seed).permutation(np.unique(groups))
    held = np.zeros(len(groups), bool)
    for name in names:
        if held.mean() < share:
            held |= groups == name
    held |= np.isin(groups, names[-6:])
    return held


def _split_by_package(groups, share, seed):
    shares = {"held": share, "kept": 1 - share}
    return splits.split_by_group(groups, shares, seed) == "held"


_PAIRS = np.array(["a", "a", "b", "b", "c", "c", "d", "d"])

SPLIT = Exercise(
    id="01.5",
    title="split_by_group",
    stars=3,
    reference=split_by_group,
    judge=judge_function(
        (
            Case(
                "four events of two photos, a quarter held out",
                (_PAIRS, 0.25, 1),
                expected=_Wanted(_PAIRS, 0.25),
                rule="one whole event is held out, two of the eight photos",
            ),
            *seeded_cases(_random_groups),
        ),
        split_by_group,
        compare=_compare_split,
        properties=(
            Property("the same seed gives the same split", _same_again),
            Property("another seed may give another split", _seeds_differ),
        ),
    ),
    hints=(
        "What do you shuffle: the photos, or the names of the events?",
        "Shuffle the groups with a generator from the seed, then fill the held-out "
        "side group by group while there is room.",
        "Skip a group that is larger than what is still wanted, and go on: a smaller "
        "one may fit.",
    ),
    why=(
        "A number measured on new events is a number about new events.",
        "Groups differ in size, so the photos are counted, not the groups.",
        "The seed makes it repeatable; a manifest makes it last.",
    ),
    wrong_turn="Holding out a share of the groups: large events make the sizes miss.",
    mutants=(
        Mutant("photos at random", _split_photos, "wrong value", "both sides"),
        Mutant("share of groups", _split_share_of_groups, "wrong value", "held out"),
        Mutant("no seed", _split_unseeded, "wrong value", "the same seed gives"),
        Mutant("seed ignored", _split_one_seed, "wrong value", "another seed"),
        Mutant("indices", _split_indices, "wrong type", "bool array"),
        Mutant("sides swapped", _split_complement, "wrong value", "are held out"),
        Mutant("overshoots", _split_overshoots, "wrong value", "are held out"),
    ),
    alternatives=(_split_by_package,),
)


def find_copies(pixels, threshold):
    """Return the pairs (i, j), i < j, of pictures that are copies, mirrored or not."""
    rows = pixels.reshape(len(pixels), -1).astype(float)
    rows -= rows.mean(axis=1, keepdims=True)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    mirrored = rows.reshape(pixels.shape)[:, :, ::-1].reshape(rows.shape)
    likeness = np.maximum(rows @ rows.T, rows @ mirrored.T)
    first, second = np.nonzero(np.triu(likeness >= threshold, k=1))
    return list(zip(first.tolist(), second.tolist(), strict=True))


def _copies_by(likeness_of):
    def find(pixels, threshold):
        n = len(pixels)
        pairs = [(i, j) for i in range(n) for j in range(i + 1, n)]
        images = pixels.astype(float)
        return [
            (i, j) for i, j in pairs if likeness_of(images[i], images[j]) >= threshold
        ]

    return find


def _correlation(a, b):
    return np.corrcoef(a.ravel(), b.ravel())[0, 1]


_copies_unmirrored = _copies_by(_correlation)
_copies_exact = _copies_by(lambda a, b: float(np.array_equal(a, b)))
_copies_close_values = _copies_by(lambda a, b: 1 - np.abs(a - b).mean() / 255)
_copies_cosine = _copies_by(
    lambda a, b: (a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b)
)
_copies_slow = _copies_by(
    lambda a, b: max(_correlation(a, b), _correlation(a, b[:, ::-1]))
)


def _copies_upside_down(pixels, threshold):
    return _copies_by(lambda a, b: max(_correlation(a, b), _correlation(a, b[::-1])))(
        pixels, threshold
    )


def _copies_both_ways(pixels, threshold):
    pairs = find_copies(pixels, threshold)
    return pairs + [(j, i) for i, j in pairs]


def _copies_with_itself(pixels, threshold):
    return find_copies(pixels, threshold) + [(i, i) for i in range(len(pixels))]


def _copies_by_package(pixels, threshold):
    return splits.near_duplicates(pixels, threshold)[0].tolist()


def _pictures(rng, count, hw=(16, 24)):
    """Return smooth pictures that are not alike."""
    import cv2

    small = rng.uniform(20, 200, (count, 5, 7)).astype(np.float32)
    return np.array([cv2.resize(s, hw[::-1]) for s in small])


def _planted(rng, kinds=("exact", "bright", "mirrored", "noisy")):
    plain = _pictures(rng, int(rng.integers(4, 9)))
    extra = []
    for kind in kinds:
        picture = plain[rng.integers(len(plain))]
        if kind == "bright":
            picture = picture * rng.uniform(0.6, 1.1) + rng.uniform(5, 30)
        elif kind == "mirrored":
            picture = picture[:, ::-1]
        elif kind == "noisy":
            picture = picture + rng.normal(0, 3, picture.shape)
        extra.append(picture)
    pixels = np.array([*plain, *extra]).clip(0, 255).astype(np.uint8)
    return pixels[rng.permutation(len(pixels))]


def _random_planted(rng):
    pixels = _planted(rng)
    return Case(f"{len(pixels)} pictures with planted copies", (pixels, 0.9))


def _compare_pairs(result, expected):
    if isinstance(result, np.ndarray):
        result = result.tolist()
    pairs = isinstance(result, (list, tuple, set)) and all(
        isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in result
    )
    if not pairs:
        return WRONG_TYPE, f"Got {describe(result)}; a list of pairs was expected."
    found, wanted = {tuple(pair) for pair in result}, set(expected)
    if any(i >= j for i, j in found):
        odd = next(pair for pair in found if pair[0] >= pair[1])
        return WRONG_VALUE, f"The pair {odd} is not i < j: each pair counts once."
    missed, false = len(wanted - found), len(found - wanted)
    if missed or false:
        return (
            WRONG_VALUE,
            f"{missed} of {len(wanted)} pairs are missed, {false} pairs are false.",
        )
    return None


def _one_kind(name, kind, rule):
    pixels = _planted(np.random.default_rng(len(name)), (kind,))
    return Case(name, (pixels, 0.9), rule=rule)


_DIFFERENT = _planted(np.random.default_rng(9), ()) // 8 + 100

COPIES = Exercise(
    id="01.6",
    title="find_copies",
    stars=3,
    reference=find_copies,
    judge=judge_function(
        (
            _one_kind("an exact copy", "exact", "a copy has the same pixels"),
            Case(
                "dull pictures, all different",
                (_DIFFERENT, 0.9),
                rule="similar gray values do not make a copy",
            ),
            _one_kind(
                "a brighter copy", "bright", "brightness and contrast do not matter"
            ),
            _one_kind("a mirrored copy", "mirrored", "left and right may be swapped"),
            *seeded_cases(_random_planted),
        ),
        find_copies,
        compare=_compare_pairs,
        properties=(
            Property(
                "a stricter threshold never gives more pairs",
                lambda find: (
                    len(find(_DIFFERENT.copy(), 0.99))
                    <= len(find(_DIFFERENT.copy(), 0.2))
                ),
            ),
        ),
        slips=(
            Slip("Only unmirrored copies are found.", _copies_unmirrored),
            Slip("Only exact copies are found.", _copies_exact),
            Slip("Take each picture's mean away first.", _copies_cosine),
            Slip("Close gray values are not yet a copy.", _copies_close_values),
        ),
    ),
    hints=(
        "Which number stays the same when one picture is made brighter?",
        "Correlation: take the mean away, bring to length 1, multiply and add up. Then "
        "once more with one of the two mirrored.",
        "All pairs at once: a matrix of rows times its transpose; look above the "
        "diagonal only.",
    ),
    why=(
        "The course's scan of 3,603 photos found two pairs this way, and 1,429 faces "
        "of FER2013 that recur in its test parts.",
        "The mean and the length are what brightness and contrast change.",
        "Copies that straddle a split let a network answer from memory.",
    ),
    wrong_turn="Without taking the mean away, all photos of a bright day look alike.",
    mutants=(
        Mutant("not mirrored", _copies_unmirrored, "wrong value", "Only unmirrored"),
        Mutant("exact only", _copies_exact, "wrong value", "Only exact"),
        Mutant("no mean", _copies_cosine, "wrong value", "mean away"),
        Mutant("close values", _copies_close_values, "wrong value", "not yet a copy"),
        Mutant("upside down", _copies_upside_down, "wrong value", "left and right"),
        Mutant("both ways", _copies_both_ways, "wrong value", "each pair counts once"),
        Mutant("itself", _copies_with_itself, "wrong value", "each pair counts once"),
    ),
    alternatives=(_copies_slow, _copies_by_package),
)
