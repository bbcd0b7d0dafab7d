"""Notebook 05, exercises 2, 5 and 6: learning rate, label noise, Grad-CAM."""

import numpy as np

from fer_course.expression.votes import one_agrees_with_others, two_agree
from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    Property,
    Slip,
    judge_function,
    seeded_cases,
)

CHANCE = np.log(7)


def suggest_rate(rates, losses):
    """Return a tenth of the rate at which the smoothed loss is lowest."""
    rates, losses = np.asarray(rates), np.asarray(losses, float)
    losses = np.where(np.isfinite(losses), losses, np.inf)
    smooth = [np.median(losses[max(i - 3, 0) : i + 4]) for i in range(len(losses))]
    if min(smooth) > 0.97 * np.log(7):
        raise ValueError("The loss never falls below chance: no rate can be suggested.")
    return float(rates[np.argmin(smooth)] / 10)


def _curve(rng, best, depth=0.7, noise=0.03, spikes=True):
    """A range test whose smooth loss is lowest at `best`, with noise and spikes."""
    rates = np.geomspace(best / 3000, best * 30, 90)
    x = np.log10(rates / best)
    falling = CHANCE - depth / (1 + np.exp(-5 * (x + 0.75)))
    losses = falling + 0.02 * np.exp(4.5 * np.clip(x, -3, 1.2)) - 0.02
    losses = losses + rng.normal(0, noise, len(x))
    if spikes:
        losses[rng.integers(5, 30)] -= 1.2  # one easy batch, long before
    return rates, losses


def _flat(rng):
    rates = np.geomspace(1e-6, 1, 60)
    return rates, CHANCE + np.abs(rng.normal(0, 0.02, 60))


def _near_the_minimum(result, expected):
    """Accept whatever is clearly below the minimum and not needlessly small."""
    if isinstance(result, np.ndarray) and result.size == 1:
        result = result.item()
    if isinstance(result, bool) or not isinstance(result, (int, float, np.number)):
        return "wrong type", "Return one learning rate, a number."
    ratio = float(result) / (10 * expected)
    if ratio > 0.6:
        return "wrong value", (
            f"Your rate {float(result):.2g} lies at the minimum or past it: there the "
            "steps are about to become too large."
        )
    if ratio < 0.01:
        return "wrong value", (
            f"Your rate {float(result):.2g} is far too small: did one lucky batch "
            "decide? Smooth the losses first."
        )
    return None


def _smallest_raw(rates, losses):
    return float(np.asarray(rates)[np.nanargmin(losses)] / 10)


def _at_the_minimum(rates, losses):
    return 10 * suggest_rate(rates, losses)


def _never_refuses(rates, losses):
    losses = np.where(np.isfinite(losses), losses, np.inf)
    smooth = [np.median(losses[max(i - 3, 0) : i + 4]) for i in range(len(losses))]
    return float(rates[np.argmin(smooth)] / 10)


def _steepest(rates, losses):
    """Another common rule: where the smoothed loss falls fastest."""
    suggest_rate(rates, losses)
    losses = np.nan_to_num(np.asarray(losses, float), nan=99, posinf=99)
    smooth = np.array(
        [np.median(losses[max(i - 6, 0) : i + 7]) for i in range(len(losses))]
    )
    low = int(np.argmin(smooth))
    gap = 9
    falls = smooth[gap : low + 1] - smooth[: low + 1 - gap]
    return float(rates[int(np.argmin(falls)) + gap // 2])


def _random_curve(rng):
    best = float(10 ** rng.uniform(-4, 0))
    noise = float(rng.uniform(0.01, 0.04))
    return Case("a noisy range test", _curve(rng, best, noise=noise), best / 10)


def _diverging():
    rates, losses = _curve(np.random.default_rng(3), 1e-2)
    losses[-6:] = np.nan
    return rates, losses


def _refuses(f):
    try:
        result = f(*_flat(np.random.default_rng(1)))
    except ValueError:
        return True
    return f"for a curve that never leaves chance it returned {result!r:.40}"


RATE = Exercise(
    id="05.2",
    title="learning rate from a range test",
    stars=2,
    reference=suggest_rate,
    judge=judge_function(
        (
            Case(
                "a clean curve",
                _curve(np.random.default_rng(1), 1e-2, noise=0.005, spikes=False),
                1e-3,
                rule="well before the minimum: a tenth of its rate is a good rule",
            ),
            Case(
                "one lucky batch at a tiny rate",
                _curve(np.random.default_rng(2), 1e-2),
                1e-3,
                rule="one batch must not decide",
            ),
            Case(
                "a test that ended in NaN",
                _diverging(),
                1e-3,
                rule="losses that are not numbers are no minimum",
            ),
            *seeded_cases(_random_curve),
        ),
        suggest_rate,
        compare=_near_the_minimum,
        properties=(
            Property(
                "raise ValueError where the loss never falls clearly below ln 7",
                _refuses,
            ),
        ),
    ),
    hints=(
        "What would one batch of easy faces do to the place of the lowest loss?",
        "Take the median over a window of about seven steps, find its lowest place, "
        "and go a factor of ten back; refuse if that is not below ln 7.",
        "A list of medians of slices, an argmin into the rates, a division by ten, "
        "and a raise before it.",
    ),
    why=(
        "At the minimum the steps already balance on the edge of divergence.",
        "Single batches are noisy, so that the lowest raw loss may lie anywhere.",
        "A curve that never leaves ln 7 has learned nothing at any rate, and a number "
        "read off it would be invented.",
    ),
    wrong_turn="The rate with the lowest loss is the last one that worked for a few "
    "steps, not one that works for an hour.",
    mutants=(
        Mutant("lowest raw loss", _smallest_raw, "wrong value", "lucky batch"),
        Mutant("at the minimum", _at_the_minimum, "wrong value", "too large"),
        Mutant("never refuses", _never_refuses, "wrong value", "ValueError"),
        Mutant(
            "all rates", lambda r, loss: np.asarray(r), "wrong type", "one learning"
        ),
    ),
    alternatives=(_steepest,),
)


def _own_favorite(votes):
    """Counts the voter's own vote too: higher than what a network can reach."""
    return float((votes.max(1) / votes.sum(1)).mean())


def _ties_to_first(votes):
    agreed = np.zeros(len(votes))
    for choice in range(votes.shape[1]):
        others = votes - (np.arange(votes.shape[1]) == choice)
        agreed += votes[:, choice] / votes.sum(1) * (others.argmax(1) == choice)
    return float(agreed.mean())


def _all_ties_count(votes):
    agreed = np.zeros(len(votes))
    for choice in range(votes.shape[1]):
        others = votes - (np.arange(votes.shape[1]) == choice)
        tied = others[:, choice] == others.max(1)
        agreed += votes[:, choice] / votes.sum(1) * tied
    return float(agreed.mean())


def _ceiling_by_voters(votes):
    """The same, voter after voter."""
    faces = []
    for row in votes:
        agreed = 0.0
        for choice, count in enumerate(row):
            others = row.copy()
            others[choice] -= 1
            best = others.max()
            agreed += count * (others[choice] == best) / (others == best).sum()
        faces.append(agreed / row.sum())
    return float(np.mean(faces))


def _random_votes(rng):
    faces, choices = int(rng.integers(1, 12)), int(rng.integers(2, 8))
    votes = rng.multinomial(10, rng.dirichlet(np.ones(choices) * 0.6), size=faces)
    return Case("random votes", (votes,))


CEILING = Exercise(
    id="05.5",
    title="ceiling from votes",
    stars=3,
    reference=one_agrees_with_others,
    judge=judge_function(
        (
            Case(
                "one face, three votes to none",
                (np.array([[3, 0]]),),
                expected=1.0,
                rule="where all agree, each agrees with the others",
            ),
            Case(
                "one face, one vote to one",
                (np.array([[1, 1]]),),
                expected=0.0,
                rule="a voter is not among the others",
            ),
            Case(
                "one face, one vote to two",
                (np.array([[1, 2]]),),
                expected=1 / 3,
                rule="take each voter out in turn: the rest may tie",
            ),
            *seeded_cases(_random_votes),
        ),
        one_agrees_with_others,
        properties=(
            Property(
                "the order of the choices does not matter",
                lambda f: bool(
                    np.isclose(f(np.array([[4, 3, 3]])), f(np.array([[3, 3, 4]])))
                ),
            ),
        ),
        slips=(
            Slip("The voter's own vote is counted among the others.", _own_favorite),
            Slip("A tie always goes to the first of the tied.", _ties_to_first),
            Slip("In a tie every tied choice counts as a full hit.", _all_ties_count),
            Slip("This is how often two voters agree.", two_agree),
        ),
    ),
    hints=(
        "Two votes for happy, one for sad. If a happy voter leaves, what is left?",
        "For each choice: take one of its votes away, find the favorites of the rest, "
        "give 1 / number of tied favorites if the choice is among them, and weight "
        "with the share of its votes.",
        "A loop over the columns with `others`, a mask of the favorites, and a "
        "weighted sum; then the mean over the faces.",
    ),
    why=(
        "It is the accuracy of a perfect reader of the crowd against one more voter.",
        "A voter must not be asked about their own vote, or agreement is guaranteed.",
        "Where the rest ties, a fair draw is right one time in the number of tied.",
    ),
    wrong_turn="The mean share of the favorite includes the voter's own vote and comes "
    "out several points too high.",
    mutants=(
        Mutant("own vote included", _own_favorite, "wrong value", "own vote"),
        Mutant("ties to the first", _ties_to_first, "wrong value", "first of the tied"),
        Mutant("every tie counts", _all_ties_count, "wrong value", "full hit"),
        Mutant("pairs", two_agree, "wrong value", "two voters"),
        Mutant("by face", lambda v: v.max(1) / v.sum(1), "wrong type", "a number"),
    ),
    alternatives=(_ceiling_by_voters,),
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
            Slip("Each place has its own weight: take the mean slope.", _pixelwise),
            Slip(
                "The maps' negative weights are lost before the sum.", _relu_too_early
            ),
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
        Mutant("maps alone", _maps_only, "wrong value", "classes look alike"),
        Mutant("keeps channels", lambda m, s: m * s, "wrong type", "shape"),
    ),
    alternatives=(_cam_by_loop,),
)
