"""Sets joined: what recurs in another set's held-back part is not learned."""

import numpy as np
import pytest

from fer_course.expression import joint
from fer_course.expression.datasets import FaceSet
from fer_course.splits import write_manifest


def face_set(name, pixels, split):
    count = len(pixels)
    return FaceSet(
        name,
        np.array(pixels),
        np.eye(7, dtype=np.float32)[np.arange(count) % 7],
        np.array(split),
        np.array([3, 3, *range(5, 3 + count)])[:count],
        np.array([f"{name[0].lower()}{i}" for i in range(count)]),
        {"blank": 2},
    )


@pytest.fixture
def two_sets():
    """The second set's faces 0, 1 and 2 are copies of the first's 1, 2 and 0."""
    rng = np.random.default_rng(0)
    first = rng.integers(0, 256, (4, 48, 48)).astype(np.uint8)
    own = rng.integers(0, 256, (2, 48, 48)).astype(np.uint8)
    second = [first[1], first[2][:, ::-1], first[0] // 2, *own]
    return [
        face_set("One", first, ["train", "choose", "test", "train"]),
        face_set("Two", second, ["train", "choose", "train", "train", "test"]),
    ]


def test_the_less_held_back_of_two_copies_is_listed(two_sets):
    found = joint.find_shared_faces(two_sets)
    # One 1 (choose) = Two 0 (train); One 2 (test) = Two 1 (choose); One 0 = Two 2, both
    # train, may stay.
    assert found == [("Two", "t0", "One", "o1"), ("Two", "t1", "One", "o2")]


def test_joined_without_listed_and_test_faces(two_sets, tmp_path, monkeypatch):
    monkeypatch.setattr(joint, "load_sets", lambda folder: two_sets)
    monkeypatch.setattr(joint, "MANIFEST", tmp_path / "joint.csv")
    rows = joint.find_shared_faces(two_sets)
    write_manifest(joint.MANIFEST, rows, ("set", "name", "twin_set", "twin_name"))
    faces = joint.load_joint(tmp_path)
    assert faces.names.tolist() == ["One/o0", "One/o1", "One/o3", "Two/t2", "Two/t3"]
    assert faces.split.tolist() == ["train", "choose", "train", "train", "train"]
    np.testing.assert_array_equal(faces.pixels[3], two_sets[1].pixels[2])
    np.testing.assert_array_equal(faces.targets[4], two_sets[1].targets[3])
    assert joint.sets_of(faces).tolist() == ["One", "One", "One", "Two", "Two"]
    assert joint.sets_of(two_sets[0]).tolist() == ["One"] * 4
    assert faces.group[0] == faces.group[1]  # as in its set
    assert not set(faces.group[:3]) & set(faces.group[3:])
    assert faces.dropped["Two: twin held back in another set"] == 2
    assert faces.dropped["One: blank"] == 2


def test_no_set_is_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="data get fer2013"):
        joint.load_joint(tmp_path)
