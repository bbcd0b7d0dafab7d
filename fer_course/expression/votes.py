"""How far do people agree on an expression? FER+'s ten votes a face.

In: `fer2013new.csv` of FER+. Out: counts of votes, how often two people agree, and
how often one agrees with the others' favorite: what any network is measured
against. Notebook 05, section 6.
"""

import re
import warnings
from pathlib import Path

import numpy as np

from fer_course import labels
from fer_course.files import read_table

CHOICES = tuple(labels.FERPLUS_COLUMNS)  # ten choices, the seven and three more


def read_votes(path):
    """Return FER+'s votes, (N, 10) int in the order of `CHOICES`.

    A row that is not understood keeps its place, with no votes, and a warning says so:
    the rows belong to fer2013.csv's one by one.

    Raises:
        FileNotFoundError: the file is missing; the message says where to get it.
        ValueError: it is not FER+'s list.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(
            f"{path} is missing. `python -m fer_course data get ferplus` says where to "
            "get it."
        )
    rows = [[row[choice] for choice in CHOICES] for row in read_table(path, CHOICES)]
    odd = [
        number
        for number, row in enumerate(rows)
        if not all(re.fullmatch("[0-9]{1,2}", count) for count in row)
    ]
    for number in odd:
        rows[number] = [0] * len(CHOICES)
    if odd:
        warnings.warn(
            f"{path}: rows that are not ten counts of votes: {len(odd)}, the first of "
            f"them row {odd[0] + 1}; taken as without votes. Get the file again.",
            stacklevel=2,
        )
    return np.array(rows, dtype=int).reshape(-1, len(CHOICES))


def two_agree(votes):
    """Return how often two of a face's voters, drawn at random, chose the same.

    Args:
        votes: (N, K) int, at least two votes a face.

    >>> round(two_agree([[2, 1]]), 3)
    0.333
    """
    votes = np.asarray(votes)
    count = votes.sum(1)
    return float(((votes * (votes - 1)).sum(1) / (count * (count - 1))).mean())


def one_agrees_with_others(votes):
    """Return how often one voter chose what most of the face's others chose.

    A network that knew the others' favorite of every face would agree with the
    held-out voter this often. Where the others tie, one of the tied is drawn.

    Args:
        votes: (N, K) int, at least two votes a face.

    >>> one_agrees_with_others([[3, 0], [1, 1]])
    0.5
    """
    votes = np.asarray(votes)
    agreed = np.zeros(len(votes))
    for choice in range(votes.shape[1]):
        others = votes - (np.arange(votes.shape[1]) == choice)
        tied = others == others.max(1, keepdims=True)
        drawn = tied[:, choice] / tied.sum(1)
        agreed += votes[:, choice] / votes.sum(1) * drawn
    return float(agreed.mean())


def vote_statistics(path):
    """Return what may be shown of FER+'s votes: counts and shares, no faces.

    Args:
        path: `fer2013new.csv`.

    Returns:
        Dict: faces, two_agree, one_agrees_with_others, and for each expression how
        many faces have it as favorite (first of ties) and the mean share of votes
        that it then gets.
    """
    votes = read_votes(path)
    votes = votes[votes.sum(1) >= 2]
    shares = votes / votes.sum(1, keepdims=True)
    favorite = votes.argmax(1)
    by_expression = {}
    for column, choice in enumerate(CHOICES):
        expression = labels.FERPLUS_COLUMNS[choice]
        mine = favorite == column
        if expression and mine.any():
            by_expression[expression] = {
                "faces": int(mine.sum()),
                "share": round(float(shares[mine, column].mean()), 4),
            }
    return {
        "faces": len(votes),
        "two_agree": round(two_agree(votes), 4),
        "one_agrees_with_others": round(one_agrees_with_others(votes), 4),
        "favorite": by_expression,
    }
