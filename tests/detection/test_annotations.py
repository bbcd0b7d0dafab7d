import csv
import time

import numpy as np
import pytest

from fer_course.boxes import clip
from fer_course.detection.annotations import (
    Annotations,
    Problem,
    read_fddb,
    read_landmarks,
    read_negatives,
    read_voc,
    read_wider,
)
from fer_course.settings import settings

PACKS = settings().data / "detection"
needs_packs = pytest.mark.skipif(
    not (PACKS / "boxes.csv").is_file(), reason="the detection packs are not unpacked"
)


def write(path, text, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", **options)
    return path


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def kinds(found):
    """Return (line, kind of problem) of everything that was skipped."""
    return [(p.line, p.message.partition(":")[0]) for p in found.problems]


WIDER = """\
0--Parade/0_Parade_a.jpg
2
10 20 30 40 0 0 0 0 0 0 $
5 6 7 8 1 0 0 1 2 1 $
0--Parade/0_Parade_b.jpg
0
0 0 0 0 0 0 0 0 0 0 $
1--Shake/1_Shake_c.jpg
3
1 2 0 9 0 0 0 0 0 0 $
1 2 9 0 0 0 0 0 0 0 $
1 2 9 8 0 0 0 0 0 0 $
""".replace("$", "")  # rows end in a blank


def wider(tmp_path, text, *photos):
    names = photos or [line for line in text.splitlines() if line.endswith(".jpg")]
    images = touch(tmp_path / "images", *names)
    return read_wider(write(tmp_path / "list.txt", text), images)


def test_wider_rows_flags_dummy_and_zero_sizes(tmp_path):
    found = wider(tmp_path, WIDER)
    a, b, c = found.photos
    assert a.boxes_xyxy.tolist() == [[10, 20, 40, 60], [5, 6, 12, 14]]
    assert a.ignore.tolist() == [False, True]
    assert (a.dataset, a.name, a.group) == (
        "wider",
        "wider/0--Parade/0_Parade_a",
        "0--Parade",
    )
    assert a.path == tmp_path / "images" / "0--Parade" / "0_Parade_a.jpg"
    assert b.boxes_xyxy.shape == (0, 4) and b.ignore.shape == (0,)
    assert c.boxes_xyxy.tolist() == [[1, 2, 10, 10]]
    assert kinds(found) == [(10, "face without area"), (11, "face without area")]


def test_wider_attributes_stay_with_their_faces(tmp_path):
    rows = "1 2 3 4 2 0 0 0 1 0\n5 6 0 8 1 1 1 1 1 1\n9 9 5 5 0 1 1 0 2 1\n"
    found = wider(tmp_path, f"a/a.jpg\n3\n{rows}a/b.jpg\n0\n")
    faces, empty = (photo.attributes for photo in found.photos)
    assert {name: levels.tolist() for name, levels in faces.items()} == {
        "blur": [2, 0],  # the second row has no width
        "illumination": [0, 1],
        "occlusion": [1, 2],
        "pose": [0, 1],
    }
    assert {levels.shape for levels in empty.values()} == {(0,)}


LAST = "z/last.jpg\n1\n1 1 2 2 0 0 0 0 0 0\n"


@pytest.mark.parametrize(
    ("text", "faces", "problems"),
    [
        pytest.param("", [1], [], id="nothing else"),
        pytest.param("a/a.jpg\n0\n", [0, 1], [], id="no face and no dummy"),
        pytest.param(
            "a/a.jpg\n2\n1 2 3 four 0 0 0 0 0 0\n1 2 3 4 0 0 0 0 0 0\n",
            [1, 1],
            [(3, "row not understood")],
            id="a word for a number",
        ),
        pytest.param(
            "a/a.jpg\n2\n1 2 3\n1 2 3 4 0 0 0 0 0 0\n",
            [1, 1],
            [(3, "row not understood")],
            id="numbers missing",
        ),
        pytest.param(
            "a/a.jpg\n1\n1 2 nan 4 0 0 0 0 0 0\n",
            [0, 1],
            [(3, "row not understood")],
            id="nan",
        ),
        pytest.param(
            "a/a.jpg\n3\n1 2 3 4 0 0 0 0 0 0\n",
            [1, 1],
            [(2, "rows missing")],
            id="rows missing",
        ),
        pytest.param(
            "a/a.jpg\n1\n1 2 3 4 0 0 0 0 0 0\n5 6 7 8 0 0 0 0 0 0\n",
            [1, 1],
            [(4, "row too many")],
            id="rows too many",
        ),
        pytest.param(
            "a/a.jpg\n0\n5 6 7 8 0 0 0 0 0 0\n",
            [0, 1],
            [(3, "row too many")],
            id="a face in a photo without",
        ),
        pytest.param(
            "a/a.jpg\ntwo\n1 2 3 4 0 0 0 0 0 0\n",
            [1],
            [(2, "count not understood")],
            id="count is a word",
        ),
        pytest.param("a/a.jpg\n", [1], [(2, "count not understood")], id="no count"),
        pytest.param(
            "a/a.jpg\n²\n", [1], [(2, "count not understood")], id="a small two"
        ),
        pytest.param(
            f"a/a.jpg\n{5000 * '1'}\n", [1], [(2, "count not understood")], id="digits"
        ),
        pytest.param(
            "a/a.jpg\n1\n1e308 2 1e308 4 0 0 0 0 0 0\n",
            [0, 1],
            [(3, "row not understood")],
            id="farther than any photo",
        ),
        pytest.param(
            "a/a.jpg\n2\n1 2 3 4 0 0 0 0 0\n0 1 2 3 4 0 0 0 0 0 0\n",
            [0, 1],
            [(3, "row not understood"), (4, "row not understood")],
            id="a number in the next row",
        ),
        pytest.param(
            300 * "x" + "/a.jpg\n0\n", [1], [(1, "photo missing")], id="long name"
        ),
        pytest.param(
            "a/a\n1\n1 2 3 4 0 0 0 0 0 0\n",
            [1],
            [(1, "name not understood")],
            id="name without extension",
        ),
        pytest.param(
            "\n\na/a.jpg\n\n1\n1 2 3 4 0 0 0 0 0 0\n",
            [1],
            [(4, "count not understood")],
            id="blank line for the count",
        ),
        pytest.param(
            "a/a.jpg\n2\n1 2 3 4 0 0 0 0 0 0\n\n5 6 7 8 0 0 0 0 0 0\n\n",
            [2, 1],
            [],
            id="blank lines between",
        ),
        pytest.param(
            "a/a.jpg\n1\n1 2 3 4 0 0 0 0 0 0\n" * 2,
            [1, 1],
            [(4, "photo listed twice")],
            id="listed twice",
        ),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_wider_broken_lines_cost_only_themselves(
    tmp_path, text, faces, problems, newline
):
    touch(tmp_path / "images", "a/a.jpg", "z/last.jpg")
    file = write(tmp_path / "list.txt", text + LAST, newline=newline)
    found = read_wider(file, tmp_path / "images")
    assert [len(photo.boxes_xyxy) for photo in found.photos] == faces
    assert found.photos[-1].name == "wider/z/last"
    assert kinds(found) == problems
    assert all(problem.file == file for problem in found.problems)


def test_wider_missing_photo_and_missing_folder(tmp_path):
    found = wider(tmp_path, WIDER, "0--Parade/0_Parade_b.jpg")
    assert [photo.name for photo in found.photos] == ["wider/0--Parade/0_Parade_b"]
    missing = [k for k in kinds(found) if k[1] == "photo missing"]
    assert missing == [(1, "photo missing"), (8, "photo missing")]
    nowhere = read_wider(tmp_path / "list.txt", tmp_path / "nowhere")
    assert len(nowhere.photos) == 3  # the entries are kept, and it is said once
    assert kinds(nowhere)[0] == (0, "photo folder missing")


@pytest.mark.parametrize(
    "name", ["../out.jpg", "a/../../out.jpg", "{folder}/out.jpg", "a/\0.jpg", "..jpg"]
)
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    touch(tmp_path, "out.jpg", "images/z/last.jpg")
    text = f"{name.format(folder=tmp_path)}\n0\n" + LAST
    for images in ("images", "nowhere"):
        found = read_wider(write(tmp_path / "list.txt", text), tmp_path / images)
        names = {photo.name for photo in found.photos} - {"wider/."}
        assert names == {"wider/z/last"}
    xml = photo_xml(name="../out.jpg")
    write(tmp_path / "xml" / "a.xml", xml)
    found = read_voc(tmp_path / "xml", tmp_path / "images")
    assert kinds(found) == [(0, "name not understood")]


def test_a_folder_in_the_place_of_a_file_costs_only_itself(tmp_path):
    touch(tmp_path, "a.jpg", "b.jpg")
    write(tmp_path / "b.pts", FACE)
    write(tmp_path / "b.xml", photo_xml(face_xml((1, 2, 3, 4)), name="b.jpg"))
    (tmp_path / "a.pts").mkdir()
    (tmp_path / "a.xml").mkdir()
    for found in (read_landmarks(tmp_path, "helen"), read_voc(tmp_path, tmp_path)):
        assert [photo.path.name for photo in found.photos] == ["b.jpg"]
        assert (0, "file not readable") in kinds(found)


def test_missing_lists_say_where_to_look(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"data/README\.md"):
        read_wider(tmp_path / "none.txt", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"FDDB-folds\.tgz"):
        read_fddb(tmp_path, tmp_path)


FDDB = """\
2002/08/11/big/img_591
1
123.583300 85.549500 1.265839 269.693400 161.781200  1
2002/08/26/big/img_265
3
67.363819 44.511485 -1.476417 105.249970 87.209036  1
41.936870 27.064477 1.471906 184.070915 129.345601  1
70.993052 43.355200 1.370217 340.894300 117.498951  1
"""


def fddb(tmp_path, text, fold="01"):
    images = touch(
        tmp_path / "pics", "2002/08/11/big/img_591.jpg", "2002/08/26/big/img_265.jpg"
    )
    write(tmp_path / "folds" / f"FDDB-fold-{fold}-ellipseList.txt", text)
    return read_fddb(tmp_path / "folds", images)


def test_fddb_ellipses_become_tight_boxes(tmp_path):
    found = fddb(tmp_path, FDDB)
    first, second = found.photos
    np.testing.assert_allclose(
        first.boxes_xyxy, [[180.05, 41.13, 359.34, 282.43]], atol=0.01
    )
    assert first.name == "fddb/2002/08/11/big/img_591"
    assert first.path.name == "img_591.jpg"
    assert first.group == "fold-01"
    assert second.boxes_xyxy.shape == (3, 4)
    assert not found.problems


@pytest.mark.parametrize(
    ("text", "faces", "problems"),
    [
        pytest.param(FDDB + "\n\n", [1, 3], [], id="blank end"),
        pytest.param(
            FDDB.replace("67.363819", "6x"),
            [1, 2],
            [(6, "row not understood")],
            id="word",
        ),
        pytest.param(
            FDDB.replace("67.363819", "-6"),
            [1, 2],
            [(6, "row not understood")],
            id="sign",
        ),
        pytest.param(
            FDDB.replace("\n3\n", "\n4\n"), [1, 3], [(5, "rows missing")], id="missing"
        ),
        pytest.param(
            FDDB.replace("\n1\n", "\n0\n"), [0, 3], [(3, "row too many")], id="too many"
        ),
        pytest.param(
            FDDB.replace("\n1\n", "\nx\n"),
            [3],
            [(2, "count not understood")],
            id="count is a word",
        ),
        pytest.param(
            "junk here\n" + FDDB, [1, 3], [(1, "name not understood")], id="junk"
        ),
        pytest.param(
            FDDB + "2003/01/01/big/img_1\n0\n",
            [1, 3],
            [(9, "photo missing")],
            id="photo",
        ),
    ],
)
def test_fddb_broken_lines_cost_only_themselves(tmp_path, text, faces, problems):
    found = fddb(tmp_path, text)
    assert [len(photo.boxes_xyxy) for photo in found.photos] == faces
    assert kinds(found) == problems


def points(*rows):
    lines = "\n".join(f"{x} {y}" for x, y in rows)
    return f"version: 1\nn_points:  {len(rows)}\n{{\n{lines}\n}}\n"


FACE = points((11, 41), (51, 41), (31, 101))


def test_landmarks_count_from_one(tmp_path):
    touch(tmp_path, "trainset/image_1.jpg", "testset/image_1.png")
    for part in ("trainset", "testset"):
        write(tmp_path / part / "image_1.pts", FACE)
    found = read_landmarks(tmp_path, "lfpw")
    assert [p.name for p in found.photos] == [
        "lfpw/testset/image_1",
        "lfpw/trainset/image_1",
    ]
    np.testing.assert_allclose(found.photos[0].boxes_xyxy, [[10, 20.2, 50, 100]])
    assert not found.problems


def test_several_faces_in_one_photo(tmp_path):
    (tmp_path / "9_1.jpg").write_bytes(b"same")
    (tmp_path / "9_2.jpg").write_bytes(b"same")  # AFW: a copy per face
    (tmp_path / "7_1.jpg").write_bytes(b"one")
    (tmp_path / "7_2.jpg").write_bytes(b"another photo")
    for name in ("9_1", "9_2", "9_3", "7_1", "7_2"):
        write(tmp_path / f"{name}.pts", FACE)
    found = read_landmarks(tmp_path, "afw")
    faces = {photo.name: len(photo.boxes_xyxy) for photo in found.photos}
    assert faces == {"afw/7_1": 1, "afw/7_2": 1, "afw/9_1": 3}


def test_a_second_photo_for_the_same_landmarks_is_named(tmp_path):
    touch(tmp_path / "trainset", "a.jpg", "a.png")
    write(tmp_path / "trainset" / "a.pts", FACE)
    found = read_landmarks(tmp_path, "helen")
    first, second = (tmp_path / "trainset" / name for name in ("a.jpg", "a.png"))
    assert [photo.path for photo in found.photos] == [first]
    assert found.problems == (Problem(second, 0, "photo listed twice: trainset/a.png"),)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("", 0, id="empty"),
        pytest.param(FACE.replace("}", ""), 7, id="no brace"),
        pytest.param(FACE.replace("31 101", "31 x"), 6, id="word"),
        pytest.param(FACE.replace("31 101", "31 nan"), 6, id="nan"),
        pytest.param(FACE.replace("31 101\n", ""), 3, id="point missing"),
        pytest.param(FACE.replace("n_points:  3\n", ""), 2, id="no count"),
        pytest.param(FACE.replace("s:  3", "s: " + 5000 * "3"), 3, id="digits"),
    ],
)
def test_broken_landmarks_are_named(tmp_path, text, line):
    touch(tmp_path, "a.jpg", "b.jpg", "no_points.jpg")
    bad = write(tmp_path / "a.pts", text)
    write(tmp_path / "b.pts", FACE)
    write(tmp_path / "c.pts", FACE)
    found = read_landmarks(tmp_path, "helen")
    assert [photo.name for photo in found.photos] == ["helen/b"]
    assert (line, "landmarks not understood") in kinds(found)
    assert bad in {problem.file for problem in found.problems}
    assert (0, "photo missing") in kinds(found)
    assert kinds(found).count((0, "photo without landmarks")) == 2


def face_xml(box, difficult=0):
    sides = zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)
    corners = "".join(f"<{side}>{value}</{side}>" for side, value in sides)
    return (
        f"<object>\n<name>con_mascarilla</name><difficult>{difficult}</difficult>\n"
        f"<bndbox>{corners}</bndbox>\n</object>\n"
    )


def photo_xml(*faces, name="a.jpg"):
    return f"<annotation>\n<filename>{name}</filename>\n{''.join(faces)}</annotation>\n"


def test_voc(tmp_path):
    touch(tmp_path / "images", "a.jpg", "b.png")
    folder = tmp_path / "annotations"
    one, two = face_xml((42, 109, 66, 140)), face_xml((2.5, 5, 22, 25), difficult=1)
    write(folder / "a.xml", photo_xml(one, two))
    write(folder / "b.xml", photo_xml(name="b.png"))
    a, b = read_voc(folder, tmp_path / "images", "facemask").photos
    assert a.boxes_xyxy.tolist() == [[42, 109, 66, 140], [2.5, 5, 22, 25]]
    assert a.ignore.tolist() == [False, True]
    assert a.name == "facemask/a"
    assert b.boxes_xyxy.shape == (0, 4)


def test_voc_broken_files_are_named(tmp_path):
    touch(tmp_path / "images", "a.jpg")
    folder = tmp_path / "annotations"
    good = face_xml((1, 2, 3, 4))
    flat, word = face_xml((5, 5, 5, 9)), face_xml((1, "x", 3, 4))
    write(folder / "a.xml", photo_xml(good, flat, word))
    write(folder / "b.xml", "<annotation>\n<object>")
    write(folder / "c.xml", photo_xml(good, name="missing.jpg"))
    found = read_voc(folder, tmp_path / "images")
    assert [len(photo.boxes_xyxy) for photo in found.photos] == [1]
    assert kinds(found) == [
        (7, "face without area"),
        (11, "face without area"),
        (2, "XML not understood"),
        (0, "photo missing"),
    ]


def test_voc_that_would_fill_the_memory_or_read_a_file_is_skipped(tmp_path):
    """Expat, which Python brings along, stops the first; it opens no file for it."""
    tenfold = "".join(
        f'<!ENTITY a{i + 1} "{10 * f"&a{i};"}">' for i in range(10)
    )  # to 10^10 letters
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    for name, entities in {
        "laughs": f'<!ENTITY a0 "l">{tenfold}',
        "reads": f'<!ENTITY a10 SYSTEM "{secret.as_uri()}">',
    }.items():
        (tmp_path / f"{name}.xml").write_text(
            f"<!DOCTYPE a [{entities}]><annotation><filename>&a10;</filename>"
            "</annotation>"
        )
    pack = read_voc(tmp_path, tmp_path)
    assert not pack.photos
    assert "XML not understood: 2 skipped" in pack.report()


def test_voc_without_annotations_is_named(tmp_path):
    touch(tmp_path / "images", "a.jpg")
    with pytest.raises(FileNotFoundError, match=r"annotations holds no \.xml file"):
        read_voc(tmp_path / "annotations", tmp_path / "images")


def test_a_list_saved_by_windows_notepad(tmp_path):
    touch(tmp_path / "images", "0--Parade/a.jpg")
    file = tmp_path / "list.txt"
    file.write_bytes("\ufeff0--Parade/a.jpg\r\n1\r\n1 2 9 8 0 0 0 0 0 0\r\n".encode())
    found = read_wider(file, tmp_path / "images")
    assert [len(found.photos), found.problems] == [1, ()]


def test_negatives(tmp_path):
    touch(tmp_path, "cats/cat.jpg", "a.b.png", "notes.txt")
    found = read_negatives(tmp_path)
    assert {p.name for p in found.photos} == {"negatives/a.b", "negatives/cats/cat"}
    assert [photo.attributes for photo in found.photos] == [{}, {}]
    assert all(photo.boxes_xyxy.shape == (0, 4) for photo in found.photos)


def test_the_report_counts_and_names(tmp_path):
    problems = tuple(Problem("list.txt", n, f"photo missing: {n}.jpg") for n in (1, 5))
    found = Annotations((), problems) + Annotations((), (Problem("x", 0, "odd: y"),))
    assert found.report() == (
        "0 photos, 0 faces, 0 ignored\n"
        "photo missing: 2 skipped\n"
        "  list.txt:1: photo missing: 1.jpg\n"
        "  list.txt:5: photo missing: 5.jpg\n"
        "odd: 1 skipped\n"
        "  x: odd: y"
    )
    assert "  and 1 more" in found.report(limit=1)


@needs_packs
def test_the_official_list_of_wider_in_about_a_second():
    file = PACKS / "official/wider_face_split/wider_face_train_bbx_gt.txt"
    start = time.process_time()
    found = read_wider(file, PACKS / "nowhere")
    assert time.process_time() - start < 4
    assert len(found.photos) == 12_880
    assert sum(len(photo.boxes_xyxy) == 0 for photo in found.photos) >= 4
    assert {kind for _, kind in kinds(found)} == {
        "photo folder missing",
        "face without area",
    }


@needs_packs
def test_boxes_agree_with_the_table_of_the_packs():
    from fer_course.detection.dataset import read_packs

    wanted, sizes = {}, {}
    with (PACKS / "boxes.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            boxes = wanted.setdefault(row["file"], [])
            sizes[row["file"]] = int(row["height"]), int(row["width"])
            if row["x"] and float(row["w"]) > 0 and float(row["h"]) > 0:
                box = [float(row[key]) for key in "xywh"]
                boxes.append([*box[:2], box[0] + box[2], box[1] + box[3]])
    packs = read_packs(PACKS)
    photos = [photo for found in packs.values() for photo in found.photos]
    assert len(photos) == len(wanted) == 3603
    assert len({photo.name for photo in photos}) == 3603
    for photo in photos:
        file = photo.path.relative_to(PACKS).as_posix()
        boxes = np.array(wanted[file]).reshape(-1, 4)
        assert len(boxes) == len(photo.boxes_xyxy), photo.name
        # WIDER's lists are in whole pixels; the table counts landmarks from (1, 1)
        within = {"wider": 2.0, "fddb": 0.11, "facemask": 0.11}.get(photo.dataset, 1.6)
        for box in clip(photo.boxes_xyxy, sizes[file]):  # as the table's are
            assert np.abs(boxes - box).max(axis=1).min() < within, photo.name
