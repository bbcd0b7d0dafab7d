"""Notebook 05, exercise 5: how often one voter agrees with the others."""

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


def _own_favorite(votes):
    """Counts the voter's own vote too: agreement with oneself is no agreement."""
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


def _ties_lose(votes):
    agreed = np.zeros(len(votes))
    for choice in range(votes.shape[1]):
        others = votes - (np.arange(votes.shape[1]) == choice)
        best = others == others.max(1, keepdims=True)
        alone = best[:, choice] & (best.sum(1) == 1)
        agreed += votes[:, choice] / votes.sum(1) * alone
    return float(agreed.mean())


def _choices_count_alike(votes):
    """The mean over the choices that got a vote, not over the voters."""
    agreed = np.zeros(len(votes))
    for choice in range(votes.shape[1]):
        others = votes - (np.arange(votes.shape[1]) == choice)
        best = others == others.max(1, keepdims=True)
        fair = best[:, choice] / best.sum(1) * (votes[:, choice] > 0)
        agreed += fair / (votes > 0).sum(1)
    return float(agreed.mean())


def _whole_choice_out(votes):
    """Removes all votes for the voter's choice, which may then lead or not."""
    agreed = np.zeros(len(votes))
    for choice in range(votes.shape[1]):
        rest = np.delete(votes, choice, axis=1).max(1)
        agreed += votes[:, choice] / votes.sum(1) * (votes[:, choice] >= rest)
    return float(agreed.mean())


def _voters_pooled(votes):
    """The mean over all voters of all faces: a face with many votes counts more."""
    count = votes.sum(1)
    each = [one_agrees_with_others(votes[i : i + 1]) for i in range(len(votes))]
    return float((np.array(each) * count).sum() / count.sum())


def _in_percent(votes):
    return 100 * one_agrees_with_others(votes)


def _agreement_by_voters(votes):
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
    count = rng.integers(2, 11, size=faces)
    votes = rng.multinomial(count, rng.dirichlet(np.ones(choices) * 0.6))
    return Case("random votes", (votes,))


ONE_VOTER = Exercise(
    id="05.5",
    title="one voter against the others",
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
                "three faces, two votes to one each",
                (np.array([[2, 1], [1, 2], [2, 1]]),),
                expected=1 / 3,
                rule="take each voter out in turn: where m of the rest tie, a voter is "
                "right one time in m; count 1/m, do not draw",
            ),
            Case(
                "two votes about one face, eight about another",
                (np.array([[2, 0], [4, 4]]),),
                expected=1 / 2,
                rule="each face counts alike, however many votes it has",
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
            Slip("That is in percent: a share lies in 0..1.", _in_percent),
            Slip("One voter leaves, not all voters of that choice.", _whole_choice_out),
            Slip("A tie always goes to the first of the tied.", _ties_to_first),
            Slip("A tie counts as no hit at all.", _ties_lose),
            Slip(
                "Each choice counts alike: weight it with its votes.",
                _choices_count_alike,
            ),
            Slip("This is the mean over all voters at once.", _voters_pooled),
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
        "It is how often one person meets the others' favorite: a person's score.",
        "A voter must not be asked about their own vote, or agreement is guaranteed.",
        "Where the rest ties, a fair draw is right one time in the number of tied.",
    ),
    wrong_turn="The mean share of the favorite includes the voter's own vote and comes "
    "out several points too high.",
    mutants=(
        Mutant("own vote included", _own_favorite, "wrong value", "own vote"),
        Mutant("ties to the first", _ties_to_first, "wrong value", "first of the tied"),
        Mutant("every tie counts", _all_ties_count, "wrong value", "full hit"),
        Mutant("ties lose", _ties_lose, "wrong value", "no hit at all"),
        Mutant("choices", _choices_count_alike, "wrong value", "with its votes"),
        Mutant("column out", _whole_choice_out, "wrong value", "One voter leaves"),
        Mutant("pooled", _voters_pooled, "wrong value", "all voters at once"),
        Mutant("percent", _in_percent, "wrong value", "in percent"),
        Mutant("pairs", two_agree, "wrong value", "two voters"),
        Mutant("by face", lambda v: v.max(1) / v.sum(1), "wrong type", "a number"),
    ),
    alternatives=(_agreement_by_voters,),
)
