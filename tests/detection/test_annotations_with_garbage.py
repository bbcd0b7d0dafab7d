"""Whatever lies around them, good records are read, and nothing crashes a reader."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_course.detection.annotations import (
    read_fddb,
    read_landmarks,
    read_voc,
    read_wider,
)
from fer_course.detection.harmonize import clean
from tests.garbage import blocks, damaged, few, scraps

NAMES = ("e/one", "e/two", "f/three")
COUNTS = (1, 0, 2)
WIDER_ROWS = ("10 20 30 40 0 0 0 0 0 0 ", "5 6 7 8 1 0 0 0 2 1 ")
WIDER = [
    [f"{name}.jpg", str(count), *(WIDER_ROWS[:count] or ["0 0 0 0 0 0 0 0 0 0 "])]
    for name, count in zip(NAMES, COUNTS, strict=True)
]
FDDB = [
    [name, str(count), *["20.5 10.5 0.5 60 70  1"] * count]
    for name, count in zip(NAMES, COUNTS, strict=True)
]
POINTS = "version: 1\nn_points:  3\n{\n11 41\n51 41\n31 101\n}\n"
XML = (
    "<annotation><filename>one.jpg</filename><object><difficult>0</difficult><bndbox>"
    "<xmin>1</xmin><ymin>2</ymin><xmax>30</xmax><ymax>40</ymax></bndbox></object>"
    "</annotation>"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three photos in two folders, and room for one file of annotations."""
    path = tmp_path_factory.mktemp("garbage")
    for name in NAMES:
        photo = path / "photos" / f"{name}.jpg"
        photo.parent.mkdir(parents=True, exist_ok=True)
        photo.write_bytes(b"photo")
    return path


def check(found, folder):
    """Every record can go on to training, and none is of a file outside."""
    found.report(limit=3)
    for photo in found.photos:
        assert photo.path.resolve().is_relative_to(folder / "photos")
        clean(photo, (300, 400))
    return {
        photo.name.partition("/")[2]: len(photo.boxes_xyxy) for photo in found.photos
    }


def joined(entries, garbage):
    """Put a block of garbage before each entry and behind the last one."""
    parts = [
        line
        for pair in zip(garbage, entries, strict=False)
        for part in pair
        for line in part
    ]
    return "\n".join([*parts, *garbage[len(entries)]]) + "\n"


around = st.lists(blocks, min_size=4, max_size=4)


@few
@given(around)
def test_wider_keeps_the_entries_around_garbage(folder, garbage):
    listing = folder / "list.txt"
    listing.write_text(joined(WIDER, garbage), encoding="utf-8")
    found = check(read_wider(listing, folder / "photos"), folder)
    assert {name: found.get(name) for name in NAMES} == dict(
        zip(NAMES, COUNTS, strict=True)
    )


@few
@given(st.data())
def test_wider_reads_on_through_damage(folder, data):
    text = "\n".join(line for entry in WIDER for line in entry)
    (folder / "list.txt").write_bytes(data.draw(damaged(text)))
    for photos in ("photos", "nowhere"):
        found = read_wider(folder / "list.txt", folder / photos)
        assert all(np.isfinite(photo.boxes_xyxy).all() for photo in found.photos)
    check(read_wider(folder / "list.txt", folder / "photos"), folder)


@few
@given(around)
def test_fddb_keeps_the_entries_around_garbage(folder, garbage):
    listing = folder / "folds" / "FDDB-fold-01-ellipseList.txt"
    listing.parent.mkdir(exist_ok=True)
    listing.write_text(joined(FDDB, garbage), encoding="utf-8")
    found = check(read_fddb(listing.parent, folder / "photos"), folder)
    assert {name: found.get(name) for name in NAMES} == dict(
        zip(NAMES, COUNTS, strict=True)
    )


@few
@given(st.data())
def test_fddb_reads_on_through_damage(folder, data):
    listing = folder / "folds" / "FDDB-fold-01-ellipseList.txt"
    listing.parent.mkdir(exist_ok=True)
    text = "\n".join(line for entry in FDDB for line in entry)
    listing.write_bytes(data.draw(damaged(text)))
    check(read_fddb(listing.parent, folder / "photos"), folder)


@few
@given(st.one_of(damaged(POINTS), scraps))
def test_landmarks_of_one_photo_cost_no_other(folder, content):
    (folder / "photos/e/one.pts").write_text(POINTS)
    (folder / "photos/f/three.pts").write_bytes(content)
    found = check(read_landmarks(folder / "photos", "lfpw"), folder)
    assert found["e/one"] == 1


@few
@given(st.one_of(damaged(XML), scraps))
def test_voc_of_one_photo_costs_no_other(folder, content):
    (folder / "xml").mkdir(exist_ok=True)
    (folder / "xml/a.xml").write_text(XML)
    (folder / "xml/b.xml").write_bytes(content)
    found = check(read_voc(folder / "xml", folder / "photos/e"), folder)
    assert found["a"] == 1
