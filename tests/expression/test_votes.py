import itertools

import numpy as np
import pytest

from fer_course.expression.votes import (
    CHOICES,
    one_agrees_with_others,
    read_votes,
    two_agree,
    vote_statistics,
)
from fer_course.settings import settings


def enumerated(row):
    """Every voter in turn against the rest, ties drawn fairly; every pair."""
    voters = np.repeat(np.arange(len(row)), row).tolist()
    agreed = []
    for i, mine in enumerate(voters):
        rest = voters[:i] + voters[i + 1 :]
        counts = [rest.count(choice) for choice in range(len(row))]
        tied = [c for c, n in enumerate(counts) if n == max(counts)]
        agreed.append((mine in tied) / len(tied))
    pairs = [a == b for a, b in itertools.combinations(voters, 2)]
    return np.mean(agreed), np.mean(pairs)


@pytest.mark.parametrize("seed", range(4))
def test_equal_to_enumeration(seed):
    rng = np.random.default_rng(seed)
    votes = rng.multinomial(9 + seed % 2, rng.dirichlet(np.ones(4) * 0.7), size=30)
    agreed, pairs = zip(*map(enumerated, votes), strict=True)
    assert one_agrees_with_others(votes) == pytest.approx(np.mean(agreed))
    assert two_agree(votes) == pytest.approx(np.mean(pairs))


def test_statistics_of_a_hand_written_file(tmp_path):
    rows = ["Usage,Image name," + ",".join(CHOICES)]
    neutral, happy = CHOICES.index("neutral"), CHOICES.index("happiness")
    faces = ({neutral: 8, happy: 2}, {happy: 10}, {happy: 6, neutral: 4})
    for counts in (*faces, {neutral: 1}):  # of one vote no two can agree
        cells = [str(counts.get(k, 0)) for k in range(len(CHOICES))]
        rows.append("Training,x.png," + ",".join(cells))
    path = tmp_path / "fer2013new.csv"
    path.write_text("\n".join(rows))
    found = vote_statistics(path)
    assert read_votes(path).shape == (4, 10)
    assert found["faces"] == 3
    assert found["two_agree"] == pytest.approx((29 + 45 + 21) / 45 / 3, 1e-3)
    assert found["favorite"] == {
        "neutral": {"faces": 1, "share": 0.8},
        "happy": {"faces": 2, "share": 0.8},
    }
    assert found["one_agrees_with_others"] == pytest.approx((0.8 + 1 + 0.6) / 3, 1e-3)


def test_a_missing_file_says_where_to_get_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="data get ferplus"):
        read_votes(tmp_path / "fer2013new.csv")


@pytest.mark.parametrize("row", ["1,2,3", "1,2,x,0,0,0,0,0,0,0", "1,-2" + 8 * ",0"])
def test_a_broken_row_is_named_and_costs_no_other(tmp_path, row):
    path = tmp_path / "fer2013new.csv"
    rows = [",".join(CHOICES), "1" + 9 * ",0", row, "0" + 9 * ",2"]
    path.write_text("\n".join(rows))
    with pytest.warns(match=r"fer2013new\.csv: rows .* 1, the first of them row 2"):
        votes = read_votes(path)
    assert votes.tolist() == [[1] + 9 * [0], 10 * [0], [0] + 9 * [2]]


def test_the_figures_the_course_quotes():
    path = settings().data / "expression" / "fer2013" / "fer2013new.csv"
    if not path.exists():
        pytest.skip("FER+ is not here: data get ferplus")
    found = vote_statistics(path)
    assert found["two_agree"] == pytest.approx(0.61, abs=0.005)
    assert found["one_agrees_with_others"] == pytest.approx(0.702, abs=0.005)
    assert found["favorite"]["happy"]["share"] == pytest.approx(0.90, abs=0.005)
