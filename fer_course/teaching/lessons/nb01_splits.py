"""Notebook 01, exercise 5: a split by group."""

from dataclasses import dataclass

import numpy as np

from fer_course import splits
from fer_course.teaching.comparing import WRONG_TYPE, WRONG_VALUE, describe
from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    Property,
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
            f"{len(shared)} groups lie on both sides, '{min(shared)}' among them.",
        )
    got = result.mean() if len(result) else 0.0
    if abs(got - wanted.share) > 0.02 and len(result):
        return (
            WRONG_VALUE,
            f"{got:.0%} of the photos are held out, {wanted.share:.0%} within two "
            f"points were asked for.{_why_off(result, wanted)}",
        )
    return None


def _why_off(result, wanted):
    """Return what a wrong share of photos may come from."""
    if abs(result.mean() - (1 - wanted.share)) < 0.02:
        return " True marks the held-out photos."
    names = len(set(wanted.groups))
    if abs(len(set(wanted.groups[result])) / names - wanted.share) < 1 / names:
        return " It is that share of the groups, but they differ in size."
    return ""


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


class _Name(str):
    """A text whose place in a set is another for each salt, as for each session."""

    __slots__ = ("salt",)
    __eq__ = str.__eq__

    def __hash__(self):
        return hash((str(self), self.salt))


def _same_in_every_session(split):
    found = set()
    for salt in range(4):
        names = np.empty(len(_EVENTS), object)
        for place, event in enumerate(_EVENTS.tolist()):
            names[place] = _Name(event)
            names[place].salt = salt
        found.add(np.asarray(split(names, 0.2, 4)).tobytes())
    return len(found) == 1


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


def _split_groups_alike(groups, share, seed):
    names = np.random.default_rng(seed).permutation(np.unique(groups))
    return np.isin(groups, names[: round(share * len(names))])


def _split_unseeded(groups, share, seed):
    return split_by_group(groups, share, None)


def _split_set_order(groups, share, seed):
    names = list(set(groups.tolist()))
    np.random.default_rng(seed).shuffle(names)
    held = np.zeros(len(groups), bool)
    for name in names:
        same = np.array([group == name for group in groups.tolist()])
        if (held | same).mean() <= share:
            held |= same
    return held


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
            Property(
                "so it does in every session: a set has another order in each, sort it",
                _same_in_every_session,
            ),
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
        "The seed makes it repeatable, if the names are sorted first: a set of text "
        "has another order in every session.",
    ),
    wrong_turn="Holding out a share of the groups: large events make the sizes miss.",
    mutants=(
        Mutant("photos at random", _split_photos, "wrong value", "both sides"),
        Mutant("share of groups", _split_share_of_groups, "wrong value", "held out"),
        Mutant("groups alike", _split_groups_alike, "wrong value", "differ in size"),
        Mutant("no seed", _split_unseeded, "wrong value", "the same seed gives"),
        Mutant("order of a set", _split_set_order, "wrong value", "every session"),
        Mutant("seed ignored", _split_one_seed, "wrong value", "another seed"),
        Mutant("indices", _split_indices, "wrong type", "bool array"),
        Mutant("sides swapped", _split_complement, "wrong value", "True marks"),
        Mutant("overshoots", _split_overshoots, "wrong value", "are held out"),
    ),
    alternatives=(_split_by_package,),
)
