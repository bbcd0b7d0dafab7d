"""Lists of faces: good rows are read whatever lies around them, or one sentence."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_course.expression.affectnet import find_rows
from fer_course.expression.datasets import load_rafdb
from fer_course.expression.fer2013 import read_fer2013
from fer_course.expression.votes import CHOICES, read_votes
from fer_course.files import stays_inside
from tests.garbage import blocks, damaged, few

GOOD = ("anger/1.jpg", "happy/2.jpg", "sad/3.jpg")
KAGGLE = [f"{number},{name},sad,0.5" for number, name in enumerate(GOOD)]
OFFICIAL = [f"{name},1,2,30,40,,6" for name in GOOD]
PIXELS = " ".join(map(str, np.arange(2304) % 256))
FER2013 = f"emotion,pixels,Usage\n3,{PIXELS},Training\n6,{PIXELS},PrivateTest\n"
VOTES = f"Usage,{','.join(CHOICES)}\nTraining,{'1,' * 9}1\nTraining,{'0,' * 9}9\n"


@pytest.fixture(scope="module", autouse=True)
def cache_elsewhere(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FER_COURSE_DATA", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("lists")


@pytest.mark.parametrize(
    ("file", "head", "rows"),
    [
        pytest.param("labels.csv", ",pth,label,relFCs", KAGGLE, id="Kaggle's extract"),
        pytest.param(
            "training.csv",
            "subDirectory_filePath,face_x,face_y,face_width,face_height,x,expression",
            OFFICIAL,
            id="official lists",
        ),
    ],
)
@few
@given(garbage=st.lists(blocks, min_size=4, max_size=4), data=st.data())
def test_affectnets_rows_around_garbage_are_kept(
    tmp_path_factory, file, head, rows, garbage, data
):
    folder = tmp_path_factory.getbasetemp() / f"garbage in {file}"
    folder.mkdir(exist_ok=True)
    lines = [*garbage[0]]
    for row, block in zip(rows, garbage[1:], strict=True):
        lines += [row, *block]
    (folder / file).write_text("\n".join([head, *lines]), encoding="utf-8")
    for label_source in ("label", "folder"):
        _, found, left_out = find_rows(folder, label_source)
        names = [row[0] for row in found]
        assert [name for name in names if name in GOOD] == list(GOOD)
        assert all(stays_inside(name) for name in names)
        full = [line for line in lines if line.strip()]
        assert len(names) + left_out.total() >= len(rows)
        assert len(names) + left_out.total() <= len(full)
    (folder / file).write_bytes(data.draw(damaged("\n".join([head, *rows]))))
    reads_or_says_why(lambda path: find_rows(folder, "label"), folder / file)


@few
@given(garbage=st.lists(blocks, min_size=4, max_size=4), data=st.data())
def test_rafdbs_rows_around_garbage_are_kept(tmp_path_factory, garbage, data):
    folder = tmp_path_factory.getbasetemp() / "garbage in RAF-DB"
    for name in ("EmoLabel", "Image/aligned"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    rows = [f"train_{number:05}.jpg {number}" for number in (1, 2, 3)]
    for number in (1, 2, 3):
        picture = np.full((100, 100, 3), 40 * number, np.uint8)
        path = folder / "Image" / "aligned" / f"train_{number:05}_aligned.jpg"
        cv2.imwrite(str(path), picture)
    lines = [*garbage[0]]
    for row, block in zip(rows, garbage[1:], strict=True):
        lines += [row, *block]
    listing = folder / "EmoLabel" / "list_patition_label.txt"
    listing.write_text("\n".join(lines), encoding="utf-8")
    names = load_rafdb(folder).names.tolist()
    assert [name for name in names if name in {row.split()[0] for row in rows}] == [
        row.split()[0] for row in rows
    ]
    assert all(stays_inside(name) for name in names)
    listing.write_bytes(data.draw(damaged("\n".join(rows))))
    reads_or_says_why(lambda path: load_rafdb(folder), listing)


def test_a_row_of_48_numbers_is_no_face(tmp_path):
    path = tmp_path / "fer2013.csv"
    path.write_text(FER2013 + f"3,{' '.join(map(str, range(48)))},Training\n")
    pixels, _, usages = read_fer2013(path)
    assert usages.tolist() == ["Training", "PrivateTest", ""]
    assert not pixels[2].any()


def reads_or_says_why(read, path):
    """Return what was read; an error names the file."""
    try:
        return read(path)
    except ValueError as error:
        assert str(path) in str(error)
        return None


@few
@given(damaged(VOTES))
@pytest.mark.filterwarnings("ignore:.*ten counts of votes")
def test_damaged_votes_are_ten_counts_a_row_or_refused(folder, content):
    (folder / "fer2013new.csv").write_bytes(content)
    votes = reads_or_says_why(read_votes, folder / "fer2013new.csv")
    assert votes is None or votes.shape[1:] == (10,)


@few
@given(garbage=st.lists(blocks, min_size=3, max_size=3))
def test_fer2013s_rows_around_garbage_are_kept(folder, garbage):
    head, first, second = FER2013.splitlines()
    lines = [head, *garbage[0], first, *garbage[1], second, *garbage[2]]
    (folder / "fer2013.csv").write_text("\n".join(lines), encoding="utf-8")
    pixels, ids, usages = read_fer2013(folder / "fer2013.csv")
    assert ids[usages != ""].tolist() == [3, 6]
    assert usages[usages != ""].tolist() == ["Training", "PrivateTest"]
    assert (pixels[usages != ""].reshape(2, -1) == np.arange(2304) % 256).all()
    assert not pixels[usages == ""].any()


@few
@given(damaged(FER2013))
def test_a_damaged_fer2013_is_faces_or_refused(folder, content):
    (folder / "fer2013.csv").write_bytes(content)
    read = reads_or_says_why(read_fer2013, folder / "fer2013.csv")
    if read is not None:
        pixels, ids, usages = read
        assert pixels.shape[1:] == (48, 48) and pixels.dtype == np.uint8
        assert len(pixels) == len(ids) == len(usages)
