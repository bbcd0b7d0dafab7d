import csv
import os
import re

import cv2
import numpy as np
import pytest

from fer_course.expression import datasets, joint
from fer_course.expression.datasets import (
    find_fer2013_leaks,
    load_affectnet,
    load_fer2013,
    load_rafdb,
)
from fer_course.expression.preprocessing import face_to_gray
from fer_course.images import read_image
from fer_course.labels import EXPRESSIONS, index
from fer_course.settings import settings
from fer_course.splits import write_manifest


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    """Caches and split lists of these tests stay in their own folder."""
    monkeypatch.setenv("FER_COURSE_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(datasets, "SPLITS", tmp_path / "splits")
    (tmp_path / "splits").mkdir()


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def write_picture(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    ok, data = cv2.imencode(path.suffix, image)
    assert ok
    path.write_bytes(data.tobytes())


def write_csv(path, columns, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([columns, *rows])


# ---------------------------------------------------------------- FER2013


@pytest.fixture
def fer2013(tmp_path):
    """Eight rows: a copy of row 0 in PrivateTest, a blank one, all three parts."""
    folder, pixels = tmp_path / "fer2013", noise(8, 48, 48)
    pixels[2] = 0  # blank
    pixels[6] = pixels[0][:, ::-1]  # mirrored copy in PrivateTest
    pixels[7] = pixels[5]  # PublicTest row 5 twins PrivateTest row 7
    usages = ["Training"] * 4 + ["PublicTest"] * 2 + ["PrivateTest"] * 2
    ids = [0, 1, 2, 3, 4, 5, 0, 5]
    rows = [
        (i, " ".join(map(str, face.ravel())), usage)
        for i, face, usage in zip(ids, pixels, usages, strict=True)
    ]
    write_csv(folder / "fer2013.csv", ("emotion", "pixels", "Usage"), rows)
    votes = np.zeros((8, 10), int)
    votes[:, 0] = 10  # all neutral
    votes[1] = (4, 3, 0, 0, 0, 0, 0, 2, 1, 0)  # neutral, happiness; contempt, unknown
    votes[3] = (0, 0, 0, 0, 0, 0, 0, 0, 0, 10)  # not a face
    columns = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,"
    columns = (columns + "contempt,unknown,NF").split(",")
    write_csv(
        folder / "fer2013new.csv",
        columns,
        [(u, "", *v) for u, v in zip(usages, votes, strict=True)],
    )
    leaks = find_fer2013_leaks(pixels, np.array(usages))
    # what the list of the official 35,887 rows says must not touch these eight
    strangers = [(1, 0, "twin in a test part"), (3, 3, "blank")]
    columns = ("row", "group", "dropped")
    write_manifest(datasets.SPLITS / "fer2013.csv", strangers, columns)
    return folder, pixels, leaks


def test_leaks_are_found_mirrored_too(fer2013):
    _, _, leaks = fer2013
    assert leaks == [
        (0, 0, "twin in a test part"),
        (2, 2, "blank"),
        (5, 5, "twin in PrivateTest"),
        (6, 0, ""),
        (7, 5, ""),
    ]


def test_copies_within_a_test_part_stay():
    pixels = noise(4, 48, 48)
    pixels[1], pixels[3] = pixels[0], pixels[2]
    usages = np.array(["PrivateTest"] * 2 + ["PublicTest"] * 2)
    assert {why for *_, why in find_fer2013_leaks(pixels, usages)} == {""}


def test_fer2013_keeps_its_parts_without_leaks(fer2013):
    folder, pixels, _ = fer2013
    faces = load_fer2013(folder)
    assert faces.names.tolist() == ["1", "3", "4", "6", "7"]
    assert faces.split.tolist() == ["train", "train", "choose", "test", "test"]
    assert faces.dropped == {
        "twin in a test part": 1,
        "blank": 1,
        "twin in PrivateTest": 1,
    }
    named = [EXPRESSIONS[i] for i in faces.labels]
    assert named == ["disgust", "happy", "sad", "anger", "surprise"]
    np.testing.assert_array_equal(faces.pixels, pixels[[1, 3, 4, 6, 7]])
    assert len(faces.part("test")) == 2
    assert faces.counts().to_numpy().sum() == 5


def test_a_damaged_cache_is_made_anew(fer2013):
    folder, _, _ = fer2013
    first = load_fer2013(folder)
    (cache,) = (settings().data / "cache").glob("fer2013-*.npz")
    for damaged in (b"", b"no archive", cache.read_bytes()[:-100]):
        cache.write_bytes(damaged)
        np.testing.assert_array_equal(load_fer2013(folder).pixels, first.pixels)


def test_a_second_load_reads_the_cache(fer2013, monkeypatch):
    folder, _, _ = fer2013
    first = load_fer2013(folder)
    monkeypatch.setattr(datasets, "read_fer2013", None)  # would raise
    np.testing.assert_array_equal(load_fer2013(folder).pixels, first.pixels)


def test_a_list_that_was_mended_is_read_again(fer2013):
    folder, _, _ = fer2013
    first = load_fer2013(folder)
    path = folder / "fer2013.csv"
    data, stat = path.read_bytes(), path.stat()
    path.write_bytes(data.replace(b"\n1,", b"\n2,", 1))  # as long as before
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert load_fer2013(folder).labels[0] == index("fear") != first.labels[0]


def test_votes_are_shares_of_the_seven(fer2013):
    folder, _, _ = fer2013
    faces = load_fer2013(folder, votes=1)
    assert "3" not in faces.names  # ten votes for "not a face"
    assert faces.dropped["no vote for one of the seven"] == 1
    row = faces.targets[faces.names.tolist().index("1")]
    assert row[index("neutral")] == pytest.approx(4 / 7)
    assert row[index("happy")] == pytest.approx(3 / 7)
    np.testing.assert_allclose(faces.targets.sum(1), 1, rtol=1e-6)


def test_votes_may_make_a_share_of_the_training_targets(fer2013):
    folder, _, _ = fer2013
    faces = load_fer2013(folder, votes=0.4)
    plain = load_fer2013(folder)
    assert faces.names.tolist() == plain.names.tolist()  # nobody is left out
    row = faces.targets[faces.names.tolist().index("1")]
    assert row[index("disgust")] == pytest.approx(0.6)
    assert row[index("neutral")] == pytest.approx(0.4 * 4 / 7)
    assert row[index("happy")] == pytest.approx(0.4 * 3 / 7)
    silent = faces.names.tolist().index("3")  # ten votes for "not a face"
    np.testing.assert_array_equal(faces.targets[silent], plain.targets[silent])
    held_back = faces.split != "train"
    np.testing.assert_array_equal(faces.targets[held_back], plain.targets[held_back])
    np.testing.assert_array_equal(faces.labels, plain.labels)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        pytest.param(r"^1,(\d+) ", "1,", id="a pixel less"),
        pytest.param(r"^1,(\d+) ", "1,256 ", id="a pixel of 256"),
        pytest.param(r"^1,(\d+) ", "1,-1 ", id="a pixel below 0"),
        pytest.param(r"^1,(\d+) ", "1,1.5 ", id="a pixel of 1.5"),
        pytest.param(r"^1,", "7,", id="an eighth expression"),
        pytest.param(r"^1,", ",", id="no expression"),
        pytest.param(r"^1,", '1,"', id="a stray quote"),
        pytest.param(r"^1,(.*),Training$", r"1,\1,Test", id="another part"),
        pytest.param(r"^1,(.*)$", "x", id="another row"),
    ],
)
def test_a_damaged_row_costs_no_other(fer2013, tmp_path, right, wrong):
    folder, _, _ = fer2013
    whole = load_fer2013(folder)
    text = (folder / "fer2013.csv").read_text()
    text, count = re.subn(right, wrong, text, flags=re.MULTILINE)
    assert count == 1
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "fer2013.csv").write_text(text)
    faces = load_fer2013(tmp_path / "cut")
    assert faces.dropped == whole.dropped | {"row of the list not understood": 1}
    assert faces.names.tolist() == [name for name in whole.names if name != "1"]
    np.testing.assert_array_equal(faces.pixels, whole.pixels[whole.names != "1"])
    np.testing.assert_array_equal(faces.targets, whole.targets[whole.names != "1"])


def test_a_missing_csv_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="data get fer2013"):
        load_fer2013(tmp_path / "nowhere")


def test_a_list_of_another_kind_is_named(fer2013, tmp_path):
    folder, _, _ = fer2013
    path = tmp_path / "train" / "fer2013.csv"
    write_csv(path, ("emotion", "pixels"), [(0, "1 2 3")])
    with pytest.raises(ValueError, match="no column 'Usage'"):
        load_fer2013(path.parent)
    write_csv(path, ("emotion", "pixels", "Usage"), [(0, "1 2 3", "Training")])
    with pytest.raises(ValueError, match=r"fer2013\.csv has no face with an expr"):
        load_fer2013(path.parent)
    votes = folder / "fer2013new.csv"
    votes.write_text("".join(votes.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(ValueError, match=r"votes for 7 faces, fer2013\.csv has 8"):
        load_fer2013(folder, votes=1)
    votes.write_text("name,label\n")
    with pytest.raises(ValueError, match="no column 'neutral'"):
        load_fer2013(folder, votes=1)


# ---------------------------------------------------------------- RAF-DB


@pytest.fixture
def rafdb(tmp_path):
    folder, lines = tmp_path / "basic", []
    for i in range(60):
        part = "test" if i >= 50 else "train"
        stem = f"{part}_{i:05d}"
        seed = i - 1 if i in (11, 21, 31) else i  # pairs of near-duplicates
        picture = folder / "Image" / "aligned" / f"{stem}_aligned.jpg"
        small = noise(9, 9, 3, seed=seed)
        write_picture(picture, cv2.resize(small, (100, 100)))
        lines.append(f"{stem}.jpg {i % 7 + 1}\n")
    (folder / "Image" / "aligned" / "train_00007_aligned.jpg").write_text("broken")
    listing = folder / "EmoLabel" / "list_patition_label.txt"
    listing.parent.mkdir()
    listing.write_text("".join(lines))
    return folder


def test_rafdb_maps_ids_and_counts_the_unreadable(rafdb):
    faces = load_rafdb(rafdb)
    assert len(faces) == 59
    assert faces.dropped == {"unreadable picture": 1}
    first = [EXPRESSIONS[i] for i in faces.labels[:7]]
    assert first == ["surprise", "fear", "disgust", "happy", "sad", "anger", "neutral"]
    picture = rafdb / "Image" / "aligned" / "train_00000_aligned.jpg"
    np.testing.assert_array_equal(faces.pixels[0], face_to_gray(read_image(picture)))


def test_rafdb_is_read_again_once_more_pictures_are_there(rafdb):
    aligned, waiting = rafdb / "Image" / "aligned", rafdb / "not yet unpacked"
    aligned.rename(waiting)
    with pytest.raises(FileNotFoundError, match="None of the 60 pictures of RAF-DB"):
        load_rafdb(rafdb)
    aligned.mkdir()
    for path in sorted(waiting.iterdir())[:40]:
        path.rename(aligned / path.name)
    assert load_rafdb(rafdb).dropped == {"unreadable picture": 20 + 1}
    for path in waiting.iterdir():
        path.rename(aligned / path.name)
    assert load_rafdb(rafdb).dropped == {"unreadable picture": 1}


def test_a_picture_that_was_mended_is_read_again(rafdb):
    assert load_rafdb(rafdb).dropped == {"unreadable picture": 1}
    aligned = rafdb / "Image" / "aligned"
    write_picture(aligned / "train_00007_aligned.jpg", np.full((100, 100, 3), 7, "u1"))
    faces = load_rafdb(rafdb)
    assert faces.dropped == {}
    assert (faces.pixels[faces.names == "train_00007.jpg"] == 7).all()


def test_rafdbs_broken_lines_are_left_out_and_counted(rafdb):
    listing = rafdb / "EmoLabel" / "list_patition_label.txt"
    broken = "train_99999.jpg 8\ntrain_99998.jpg\n" + 300 * "x" + ".jpg 1\n\xff\n"
    listing.write_bytes(broken.encode("latin-1") + listing.read_bytes())
    faces = load_rafdb(rafdb)
    assert len(faces) == 59
    assert faces.dropped == {
        "unreadable picture": 1 + 1,  # the long name is none that a file can have
        "row of the list not understood": 3,
    }


def test_a_fixed_tenth_of_train_is_for_choosing(rafdb):
    faces = load_rafdb(rafdb)
    assert (faces.split == "test").sum() == 10
    assert 4 <= (faces.split == "choose").sum() <= 6
    number = {name: i for i, name in enumerate(faces.names.tolist())}
    for a, b in (("10", "11"), ("20", "21"), ("30", "31")):
        i, j = number[f"train_000{a}.jpg"], number[f"train_000{b}.jpg"]
        assert faces.group[i] == faces.group[j]
        assert faces.split[i] == faces.split[j]


def test_the_list_of_the_split_wins_where_it_knows_the_faces(rafdb):
    rows = [("train_00003.jpg", "choose", "train_00001.jpg")]
    columns = ("name", "split", "group")
    write_manifest(datasets.SPLITS / "rafdb.csv", rows, columns)
    faces = load_rafdb(rafdb)
    assert faces.names[faces.split == "choose"].tolist() == ["train_00003.jpg"]
    assert faces.group[3] == faces.group[1]

    rows = [("of_another_copy.jpg", "choose", "of_another_copy.jpg")]
    write_manifest(datasets.SPLITS / "rafdb.csv", rows, columns)
    assert 4 <= (load_rafdb(rafdb).split == "choose").sum() <= 6


# ---------------------------------------------------------------- AffectNet


def test_kaggles_extract_by_label_or_by_folder(tmp_path):
    folder = tmp_path / "kaggle"
    names = [
        f"{c}/image{i}.jpg" for c in ("anger", "happy", "contempt") for i in range(8)
    ]
    for i, name in enumerate(names):
        write_picture(folder / name, noise(96, 96, 3, seed=i))
    revised = ["surprise" if n.startswith("anger") else n.split("/")[0] for n in names]
    rows = [
        (i, n, label, 0.9)
        for i, (n, label) in enumerate(zip(names, revised, strict=True))
    ]
    write_csv(folder / "labels.csv", ("", "pth", "label", "relFCs"), rows)
    parts = [(n, "val" if n.endswith("7.jpg") else "train") for n in names]
    write_csv(folder / "split.csv", ("pth", "split"), parts)

    by_label = load_affectnet(folder)
    # framed as FER2013 is: 0.89 / 1.16 of the side, 74 of 96 px, is kept
    expected = face_to_gray(read_image(folder / names[0])[11:85, 11:85])
    np.testing.assert_array_equal(by_label.pixels[0], expected)
    assert by_label.dropped == {"contempt or not one of the seven": 8}
    assert {EXPRESSIONS[i] for i in by_label.labels} == {"surprise", "happy"}
    assert by_label.names[by_label.split == "test"].tolist() == [
        "anger/image7.jpg",
        "happy/image7.jpg",
    ]
    by_folder = load_affectnet(folder, label_source="folder")
    assert {EXPRESSIONS[i] for i in by_folder.labels} == {"anger", "happy"}
    with pytest.raises(ValueError, match="'label' or 'folder'"):
        load_affectnet(folder, label_source="both")


def test_broken_rows_of_a_list_are_left_out_and_counted(tmp_path):
    folder = tmp_path / "kaggle"
    for i in range(12):
        write_picture(folder / f"anger/{i}.jpg", noise(96, 96, 3, seed=i))
    write_picture(tmp_path / "outside.jpg", noise(96, 96, 3))
    rows = [(f"anger/{i}.jpg", "anger") for i in range(12)]
    rows[4:4] = [("../outside.jpg", "anger"), ("anger/0.jpg", "glee"), ("anger/1.jpg",)]
    rows += [(tmp_path / "outside.jpg", "anger"), (300 * "x", "anger")]
    write_csv(folder / "labels.csv", ("pth", "label"), rows)
    with (folder / "labels.csv").open("ab") as file:
        file.write(b'"a stray quote,anger\n\xff\xfe\nanger/0.jpg,anger\n')
    faces = load_affectnet(folder)
    assert faces.names.tolist() == [
        *(f"anger/{i}.jpg" for i in range(12)),
        "anger/0.jpg",
    ]
    assert faces.dropped == {
        "unreadable picture": 1,
        "row of the list not understood": 2,
        "class 'glee', which no known copy has": 1,
        "class '', which no known copy has": 3,
    }


def test_official_lists_crop_the_face_box(tmp_path):
    folder = tmp_path / "official"
    picture = noise(200, 300, 3)
    columns = ("subDirectory_filePath", "face_x", "face_y", "face_width", "face_height")
    rows = [(f"1/{i}.png", 40, 30, 100, 100, i) for i in range(11)]
    for i in range(11):
        write_picture(folder / f"1/{i}.png", picture)
    write_csv(folder / "training.csv", (*columns, "expression"), rows)
    write_csv(folder / "validation.csv", (*columns, "expression"), rows[:1])
    faces = load_affectnet(folder)
    # ids 7 to 10 are contempt, none, uncertain and not a face
    assert faces.dropped == {"contempt or not one of the seven": 4}
    wanted = ["neutral", "happy", "sad", "surprise", "fear", "disgust", "anger"]
    assert [EXPRESSIONS[i] for i in faces.labels[:7]] == wanted
    expected = face_to_gray(np.ascontiguousarray(picture[30:130, 40:140, ::-1]))
    np.testing.assert_array_equal(faces.pixels[0], expected)
    assert faces.split[-1] == "test"

    flat = ("1/0.png", 40, 30, 0, 100, 0)
    write_csv(folder / "validation.csv", (*columns, "expression"), [flat])
    assert load_affectnet(folder).dropped["unreadable picture"] == 1


@pytest.mark.parametrize(
    ("train", "val", "classes"),
    [
        pytest.param("train", "val", ("anger", "Happy"), id="names"),
        pytest.param("train", "test", ("6", "1"), id="ids"),
        pytest.param(
            "train_class", "val_class", ("class006", "class001"), id="class006"
        ),
    ],
)
def test_one_folder_a_class(tmp_path, train, val, classes):
    folder = tmp_path / "folders"
    for part, count in ((train, 12), (val, 2)):
        for c, name in enumerate(classes):
            for i in range(count):
                seed = 100 * c + i + (50 if part == val else 0)
                write_picture(
                    folder / part / name / f"{i}.png", noise(64, 64, seed=seed)
                )
    faces = load_affectnet(folder)
    assert len(faces) == 28
    assert (faces.split == "test").sum() == 4
    assert {EXPRESSIONS[i] for i in faces.labels} == {"anger", "happy"}


def test_a_folder_that_is_not_affectnet(tmp_path):
    with pytest.raises(FileNotFoundError, match="data get affectnet"):
        load_affectnet(tmp_path)
    (tmp_path / "train" / "happy").mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match="names no picture"):
        load_affectnet(tmp_path)
    write_csv(tmp_path / "labels.csv", ("name", "label"), [("a.jpg", "happy")])
    with pytest.raises(ValueError, match="no column 'pth'"):
        load_affectnet(tmp_path)


# ---------------------------------------------------------------- the real sets


@pytest.mark.slow
def test_the_real_packs_give_the_shipped_lists(monkeypatch, tmp_path):
    monkeypatch.undo()
    folder = settings().data / "expression"
    if not all((folder / name).is_dir() for name in ("fer2013", "RAF-DB", "AffectNet")):
        pytest.skip("not all three sets are under data/expression")
    datasets.write_split_lists(folder, tmp_path)
    joint.write_shared_faces(folder, tmp_path / "joint.csv")
    for name in ("fer2013", "rafdb", "affectnet", "joint"):
        drawn = (tmp_path / f"{name}.csv").read_text()
        assert drawn == (datasets.SPLITS / f"{name}.csv").read_text(), name


def test_the_real_packs_give_the_published_counts(monkeypatch):
    monkeypatch.undo()
    folder = settings().data / "expression"
    if not (folder / "fer2013" / "fer2013.csv").exists():
        pytest.skip("FER2013 is not under data/expression")
    faces = load_fer2013(folder / "fer2013")
    assert [len(faces.part(s)) for s in ("train", "choose", "test")] == [
        27_247,
        3_491,
        3_589,
    ]
    private = faces.part("test").counts().loc["test"].to_dict()
    assert private == {
        "anger": 491,
        "happy": 879,
        "sad": 594,
        "fear": 528,
        "neutral": 626,
        "disgust": 55,
        "surprise": 416,
    }
