import numpy as np
import pytest

from fer_course.expression import datasets
from fer_course.expression.datasets import FaceSet
from fer_course.expression.held_back import held_back_parts
from fer_course.splits import write_manifest


def face_set(name, names, split):
    count = len(names)
    return FaceSet(
        name,
        np.zeros((count, 48, 48), np.uint8),
        np.eye(7, dtype=np.float32)[np.arange(count) % 7],
        np.array(split),
        np.arange(count),
        np.array(names),
        {},
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Three sets; of FER2013's test faces 3 and 4 are twins, of RAF-DB's t1 is one."""
    (tmp_path / "fer2013").mkdir()
    (tmp_path / "fer2013" / "fer2013.csv").touch()
    (tmp_path / "RAF-DB" / "basic").mkdir(parents=True)
    (tmp_path / "AffectNet").mkdir()
    (tmp_path / "AffectNet" / "labels.csv").touch()
    sets = {
        "load_fer2013": face_set(
            "FER2013",
            ["0", "1", "2", "3", "4", "5"],
            ["train", "choose", "choose", "test", "test", "test"],
        ),
        "load_rafdb": face_set(
            "RAF-DB", ["a", "c", "t1", "t2"], "train choose".split() + ["test"] * 2
        ),
        "load_affectnet": face_set(
            "AffectNet",
            ["x/1.png", "x/ffhq_2.png", "x/3.png", "x/ffhq_4.png", "x/5.png"],
            ["choose", "choose", "test", "test", "test"],
        ),
    }
    for loader, faces in sets.items():
        monkeypatch.setattr(
            datasets, loader, lambda folder, faces=faces, **options: faces
        )
    monkeypatch.setattr(datasets, "SPLITS", tmp_path / "splits")
    monkeypatch.setattr(datasets, "FER2013_ROWS", 6)
    write_manifest(
        tmp_path / "splits" / "fer2013.csv",
        [(3, 3, ""), (4, 3, ""), (5, 5, "")],
        ("row", "group", "dropped"),
    )
    write_manifest(
        tmp_path / "splits" / "rafdb.csv",
        [("t1", "test", "a"), ("a", "train", "a")],
        ("name", "split", "group"),
    )
    return tmp_path


def named(found):
    """Return part's name -> names of its faces."""
    return {
        part: held.faces.names[rows].tolist()
        for held in found
        for part, rows in held.parts.items()
    }


def test_parts_for_reporting(folder):
    extract = ["x/3.png", "x/ffhq_4.png", "x/5.png"]
    assert named(held_back_parts(folder)) == {
        "PrivateTest": ["3", "4", "5"],
        "PrivateTest, no twins": ["5"],
        "PublicTest (for choosing)": ["1", "2"],
        "RAF-DB test": ["t1", "t2"],
        "RAF-DB test, no twins": ["t2"],
        "extract test, label": extract,
        "extract test, label, no ffhq": ["x/3.png", "x/5.png"],
        "extract test, folder": extract,
        "extract test, folder, no ffhq": ["x/3.png", "x/5.png"],
    }


def test_the_list_of_twins_is_that_of_the_whole_table(folder, monkeypatch):
    """A part of it has other faces in its rows."""
    monkeypatch.setattr(datasets, "FER2013_ROWS", 35_887)
    parts = named(held_back_parts(folder))
    assert parts["PrivateTest"] == ["3", "4", "5"]
    assert "PrivateTest, no twins" not in parts


def test_parts_for_choosing_hold_no_test_face(folder):
    found = held_back_parts(folder, "choose")
    assert named(found) == {
        "PublicTest (for choosing)": ["1", "2"],
        "RAF-DB choose": ["c"],
        "extract choose, label": ["x/1.png", "x/ffhq_2.png"],
        "extract choose, label, no ffhq": ["x/1.png"],
    }
    assert {split for held in found for split in held.faces.split} == {"choose"}


@pytest.mark.parametrize("split", ["test", "choose"])
def test_other_layouts_of_affectnet_are_no_extract(folder, split):
    """Class folders, one's own faces for one: read once, under their own name."""
    (folder / "AffectNet" / "labels.csv").unlink()
    parts = named(held_back_parts(folder, split))
    faces = ["x/3.png", "x/ffhq_4.png", "x/5.png"]
    choose = ["x/1.png", "x/ffhq_2.png"]
    assert parts[f"AffectNet {split}"] == (faces if split == "test" else choose)
    assert not any("extract" in part for part in parts)


def test_a_part_without_a_face_is_left_out(folder, monkeypatch):
    only = face_set("RAF-DB", ["t1"], ["test"])
    monkeypatch.setattr(datasets, "load_rafdb", lambda folder: only)
    names = named(held_back_parts(folder))
    assert "RAF-DB test" in names
    assert "RAF-DB test, no twins" not in names
    assert "RAF-DB choose" not in named(held_back_parts(folder, "choose"))


def test_refuses_in_words(tmp_path):
    with pytest.raises(ValueError, match="'test' or 'choose' was expected"):
        held_back_parts(tmp_path, "val")
    with pytest.raises(FileNotFoundError, match="data get fer2013"):
        held_back_parts(tmp_path)
