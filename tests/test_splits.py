import csv
import time

import numpy as np
import pytest

from fer_course.settings import ROOT
from fer_course.splits import (
    group_by_pairs,
    near_duplicates,
    read_manifest,
    split_by_group,
    write_manifest,
)

SHARES = {"train": 0.7, "choose": 0.1, "val": 0.2}


def test_groups_stay_whole_and_shares_are_met():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 80, 2000)
    split = split_by_group(groups, SHARES, seed=4)
    for group in np.unique(groups):
        assert len(set(split[groups == group])) == 1
    for name, share in SHARES.items():
        assert abs((split == name).mean() - share) < 0.02


def test_the_seed_decides():
    groups = np.repeat(np.arange(30), 5)
    first = split_by_group(groups, SHARES, seed=1)
    assert (first == split_by_group(groups, SHARES, seed=1)).all()
    assert (first != split_by_group(groups, SHARES, seed=2)).any()


def test_amounts_are_shared_out_too():
    rng = np.random.default_rng(5)
    groups = rng.integers(0, 40, 1500)
    faces = (groups % 10 == 0) * 50 + rng.integers(1, 3, 1500)  # crowds in a few events
    split = split_by_group(groups, {"train": 0.8, "choose": 0.2}, 1, faces[:, None])
    assert abs((split == "choose").mean() - 0.2) < 0.03
    assert abs(faces[split == "choose"].sum() / faces.sum() - 0.2) < 0.05


def test_groups_of_any_kind_that_sorts_split_as_their_numbers_do():
    numbers = np.random.default_rng(3).integers(0, 40, 300)
    expected = split_by_group(numbers, SHARES, seed=1)
    text = [f"{number:02}" for number in numbers]
    pairs = [("wider" if n < 9 else "x", f"{n:02}") for n in numbers]
    for groups in (numbers.tolist(), text, np.array(text), pairs):
        np.testing.assert_array_equal(split_by_group(groups, SHARES, seed=1), expected)


@pytest.mark.parametrize(
    "groups", [pytest.param([], id="empty"), pytest.param(["a"] * 5, id="one group")]
)
def test_few_groups(groups):
    split = split_by_group(groups, SHARES, seed=1)
    assert split.shape == (len(groups),)
    assert len(set(split)) <= 1


@pytest.mark.parametrize(
    "shares",
    [
        pytest.param({"train": 0.9, "choose": 0.2}, id="above one"),
        pytest.param({"train": 1.0, "choose": 0.0}, id="zero"),
        pytest.param({}, id="none"),
    ],
)
def test_shares_must_add_up(shares):
    with pytest.raises(ValueError, match="add up to 1"):
        split_by_group(["a", "b"], shares, seed=1)


def test_planted_near_duplicates_are_found_and_no_others():
    rng = np.random.default_rng(8)
    # smooth random pictures: far less alike than 0.9
    coarse = rng.normal(0, 1, (60, 6, 6))
    faces = np.kron(coarse, np.ones((8, 8)))
    faces = ((faces - faces.min()) / np.ptp(faces) * 200 + 20).astype(np.uint8)
    faces[10] = faces[50] // 2 + 60  # darker and flatter
    faces[11] = faces[51][:, ::-1]  # mirrored
    faces[12] = np.clip(faces[52] + rng.normal(0, 6, (48, 48)), 0, 255)
    faces[20] = faces[21] = 0  # blank rows are nobody's copies
    pairs, correlations = near_duplicates(faces)
    assert pairs.tolist() == [[10, 50], [11, 51], [12, 52]]
    assert (correlations > 0.9).all()


def test_near_duplicates_across_chunks():
    rng = np.random.default_rng(2)
    faces = rng.integers(0, 255, (4200, 24, 24), dtype=np.uint8)
    faces[4100] = faces[7]
    faces[2047] = faces[2048]
    pairs, _ = near_duplicates(faces)
    assert pairs.tolist() == [[7, 4100], [2047, 2048]]
    assert near_duplicates(faces[:0])[0].shape == (0, 2)


def test_near_duplicates_needs_gray_pictures():
    with pytest.raises(ValueError, match=r"\(N, H, W\)"):
        near_duplicates(np.zeros((2, 3, 4, 3), np.uint8))


def test_chains_become_one_group():
    assert group_by_pairs(6, [[3, 1], [4, 3], [5, 0]]).tolist() == [0, 1, 2, 1, 1, 0]
    assert group_by_pairs(4, [[1, 3]]).tolist() == [0, 1, 2, 1]
    assert group_by_pairs(3, []).tolist() == [0, 1, 2]
    rng = np.random.default_rng(0)
    pairs = rng.integers(0, 300, (200, 2))
    groups = group_by_pairs(300, pairs)
    for a, b in pairs:
        assert groups[a] == groups[b]
    slow = list(range(300))
    for a, b in pairs:
        old, new = slow[a], slow[b]
        slow = [min(old, new) if g in (old, new) else g for g in slow]
    assert groups.tolist() == slow


def test_manifest_comes_back(tmp_path):
    path = tmp_path / "a" / "split.csv"
    rows = [("x, y", "train"), ('say "no"', "val"), ("Käse", "val")]
    write_manifest(path, rows, ("name", "split"))
    assert [(r["name"], r["split"]) for r in read_manifest(path)] == rows
    with pytest.raises(ValueError, match="3 values for 2 columns"):
        write_manifest(path, [(1, 2, 3)], ("a", "b"))
    with pytest.raises(FileNotFoundError, match="data/splits"):
        read_manifest(tmp_path / "none.csv")


FER = ROOT / "data" / "expression" / "fer2013" / "fer2013.csv"


@pytest.mark.slow
@pytest.mark.skipif(not FER.is_file(), reason="FER2013 is not in data/expression")
def test_all_of_fer2013_within_two_minutes():
    with FER.open(newline="") as file:
        rows = [row["pixels"] for row in csv.DictReader(file)]
    faces = np.array([np.array(r.split(), np.uint8).reshape(48, 48) for r in rows])
    start = time.monotonic()
    pairs, _ = near_duplicates(faces)
    assert time.monotonic() - start < 120
    assert len(pairs) > 1000
