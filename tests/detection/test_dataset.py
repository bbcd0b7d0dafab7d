from dataclasses import replace

import cv2
import numpy as np
import pytest

from fer_course.boxes import cxcywhn_to_xyxy
from fer_course.detection import dataset as module
from fer_course.detection.annotations import AnnotatedPhoto, Annotations
from fer_course.detection.dataset import (
    clean,
    dataset_statistics,
    face_table,
    prepare_yolo,
    read_packs,
    read_prepared,
)
from fer_course.detection.harmonize import SHIFTS, harmonize, measure_shifts
from fer_course.detection.packs import (
    MANIFEST,
    course_subset,
    plan_splits,
    read_splits,
    write_splits,
)
from fer_course.images import read_image
from fer_course.settings import settings
from fer_course.splits import read_manifest
from fer_course.teaching.samples import write_samples


def photo_file(path, height=100, width=200, gray=200):
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = np.full((height, width, 3), gray, np.uint8)
    path.write_bytes(cv2.imencode(path.suffix, picture)[1].tobytes())
    return path


def annotated(path, boxes, dataset="wider", ignore=None, name=None, group="event"):
    boxes = np.array(boxes, dtype=float).reshape(-1, 4)
    ignore = np.zeros(len(boxes), bool) if ignore is None else np.array(ignore)
    name = name or f"{dataset}/{path.stem}"
    return AnnotatedPhoto(dataset, path, name, boxes, ignore, group)


@pytest.fixture
def sets(tmp_path):
    """Three tiny sets whose photos have equal file names."""
    found = {}
    for dataset in ("wider", "lfpw", "negatives"):
        photos = []
        for k in range(3):
            path = photo_file(tmp_path / dataset / f"{k}.jpg", gray=60 + 50 * k)
            boxes = [] if dataset == "negatives" else [[20, 10, 60, 60], [90, 5, 91, 6]]
            photos.append(annotated(path, boxes, dataset))
        found[dataset] = Annotations(tuple(photos))
    return found


SPLIT = {
    f"{dataset}/{k}": split
    for dataset in ("wider", "lfpw", "negatives")
    for k, split in enumerate(("train", "choose", "val"))
}


def snapshot(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def quiet(_):
    pass


def test_pictures_labels_and_yaml(sets, tmp_path):
    lines = []
    out = tmp_path / "yolo"
    prepared = prepare_yolo(sets, out, splits=SPLIT, progress=lines.append)
    assert prepared.photos == {"train": 3, "choose": 3, "val": 3}
    assert prepared.faces == {"train": 2, "choose": 2, "val": 2}
    assert prepared.ignored == {"train": 2, "choose": 2, "val": 2}
    assert prepared.written == 9
    assert lines[-1] == "prepared 9 of 9 photos, 9 new"
    assert [photo.attributes for photo in read_prepared(out, "val")] == [{}] * 3
    names = {path.name for path in (out / "images" / "train").iterdir()}
    assert names == {"wider__0.jpg", "lfpw__0.jpg", "negatives__0.jpg"}
    assert (out / "labels/train/negatives__0.txt").read_bytes() == b""
    label = (out / "labels/train/wider__0.txt").read_text().split()
    assert label[0] == "0"
    box = cxcywhn_to_xyxy([float(value) for value in label[1:]], (100, 200))
    np.testing.assert_allclose(box, [[20, 10, 60, 60]], atol=1e-3)
    yaml = prepared.yaml.read_text()
    assert "path:" not in yaml  # so the folder may be moved
    assert "train: images/train\nval: images/choose\ntest: images/val" in yaml
    assert "0: face" in yaml


def test_a_second_run_does_nothing_again(sets, tmp_path):
    out = tmp_path / "yolo"
    prepare_yolo(sets, out, splits=SPLIT, progress=quiet)
    before = snapshot(out)
    again = prepare_yolo(sets, out, splits=SPLIT, progress=quiet)
    assert again.written == 0
    assert snapshot(out) == before


def test_only_what_changed_or_is_missing_is_written(sets, tmp_path):
    out = tmp_path / "yolo"
    prepare_yolo(sets, out, splits=SPLIT, progress=quiet)
    (out / "labels/val/wider__2.txt").unlink()
    (out / "images/train/left_over.jpg").touch()
    first = sets["wider"].photos[0]
    moved = replace(first, boxes_xyxy=first.boxes_xyxy + 1)
    sets["wider"] = Annotations((moved, *sets["wider"].photos[1:]))
    again = prepare_yolo(sets, out, splits=SPLIT, progress=quiet)
    assert again.written == 2
    assert not (out / "images/train/left_over.jpg").exists()
    assert (out / "labels/val/wider__2.txt").is_file()
    boxes = read_prepared(out, "train")[-1].boxes_xyxy
    np.testing.assert_allclose(boxes[0], [21, 11, 61, 61])
    fewer = {"wider": sets["wider"]}
    assert prepare_yolo(fewer, out, splits=SPLIT, progress=quiet).photos["train"] == 1
    assert len(list((out / "labels").rglob("*.txt"))) == 3


def test_attributes_are_kept_and_corrected(sets, tmp_path):
    out, (first, *others) = tmp_path / "yolo", sets["wider"].photos
    outside = np.array([[300.0, 300, 320, 320]])  # is dropped: no area in the photo
    boxes = np.concatenate([first.boxes_xyxy[:1], outside, first.boxes_xyxy[1:]])
    for levels in ([2, 1, 0], [0, 1, 2]):
        photo = replace(
            first,
            boxes_xyxy=boxes,
            ignore=np.zeros(3, bool),
            attributes={"occlusion": np.array(levels)},
        )
        sets["wider"] = Annotations((photo, *others))
        prepare_yolo(sets, out, splits=SPLIT, progress=quiet)
        kept = read_prepared(out, "train")[-1]
        assert kept.name == first.name
        assert kept.attributes["occlusion"].tolist() == [levels[0], levels[2]]
        assert kept.attributes["occlusion"].dtype == int


def test_a_stopped_run_goes_on(sets, tmp_path, monkeypatch):
    out = tmp_path / "yolo"
    real, calls = module._prepare_photo, []

    def stops(*arguments):
        calls.append(arguments)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(module, "_prepare_photo", stops)
    with pytest.raises(KeyboardInterrupt):
        prepare_yolo(sets, out, splits=SPLIT, progress=quiet)
    monkeypatch.setattr(module, "_prepare_photo", real)
    assert prepare_yolo(sets, out, splits=SPLIT, progress=quiet).written == 5
    assert sum(prepare_yolo(sets, out, splits=SPLIT).photos.values()) == 9


def test_names_that_differ_only_in_folders_or_case(tmp_path):
    photos = [
        annotated(photo_file(tmp_path / f"{k}.jpg"), [], name=name)
        for k, name in enumerate(("wider/a__b", "wider/a/b", "wider/A/b", "wider/c:d"))
    ]
    splits = {photo.name: "train" for photo in photos}
    out = tmp_path / "yolo"
    prepare_yolo(
        {"wider": Annotations(tuple(photos))}, out, splits=splits, progress=quiet
    )
    names = [path.name for path in (out / "images/train").iterdir()]
    assert len({name.lower() for name in names}) == 4
    assert "wider__c__d.jpg" in names
    assert {photo.name for photo in read_prepared(out, "train")} == set(splits)


def test_what_cannot_be_read_is_named_and_the_rest_kept(sets, tmp_path):
    bad = sets["wider"].photos[0].path
    bad.write_bytes(b"<html>sorry</html>")
    sets["wider"].photos[1].path.unlink()
    prepared = prepare_yolo(sets, tmp_path / "yolo", splits=SPLIT, progress=quiet)
    assert sum(prepared.photos.values()) == 7
    report = prepared.report()
    assert "picture not readable: 2 skipped" in report
    assert f"{bad}: picture not readable" in report and "web page" in report
    assert "train: 2 photos" in report


def test_what_was_prepared_outlives_its_original(sets, tmp_path):
    out = tmp_path / "yolo"
    prepare_yolo(sets, out, splits=SPLIT, progress=quiet)
    before = snapshot(out)
    photo = sets["wider"].photos[0]
    photo.path.unlink()
    again = prepare_yolo(sets, out, splits=SPLIT, progress=quiet)
    assert snapshot(out) == before and again.written == 0
    (problem,) = [p for p in again.problems if p.file == photo.path]
    assert "not readable" in problem.message and "stays" in problem.message


def test_faces_outside_the_photo_are_named(tmp_path):
    boxes = [[20, 10, 60, 60], [300, 0, 350, 50]]
    photo = annotated(photo_file(tmp_path / "a.jpg"), boxes)
    for _ in range(2):  # the second time nothing is prepared anew
        prepared = prepare_yolo(
            {"wider": Annotations((photo,))},
            tmp_path / "yolo",
            splits={"wider/a": "val"},
            progress=quiet,
        )
        assert "face without area in the photo: 1 left out" in prepared.report()


def test_a_photo_too_wide_for_jpeg_costs_no_other(sets, tmp_path):
    path = sets["wider"].photos[0].path.with_suffix(".png")
    picture = np.full((2, 66_000, 3), 200, np.uint8)
    path.write_bytes(cv2.imencode(".png", picture)[1].tobytes())
    first = replace(sets["wider"].photos[0], path=path)
    sets["wider"] = Annotations((first, *sets["wider"].photos[1:]))
    prepared = prepare_yolo(sets, tmp_path / "yolo", splits=SPLIT, progress=quiet)
    assert sum(prepared.photos.values()) == 8
    assert "a JPEG file has at most 65,500" in prepared.report()


def test_a_damaged_record_is_made_anew(sets, tmp_path):
    out = tmp_path / "yolo"
    prepare_yolo(sets, out, splits=SPLIT, progress=quiet)
    whole = (out / "prepared.json").read_bytes()
    (out / "prepared.json").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FileNotFoundError, match="holds no prepared dataset"):
        read_prepared(out, "val")
    assert prepare_yolo(sets, out, splits=SPLIT, progress=quiet).written == 9
    assert (out / "prepared.json").read_bytes() == whole


def test_other_formats_become_upright_jpegs(tmp_path):
    path = photo_file(tmp_path / "a.png", 40, 60)
    photo = annotated(path, [[0, 0, 30, 30]])
    out = tmp_path / "yolo"
    splits = {photo.name: "val"}
    prepare_yolo({"w": Annotations((photo,))}, out, splits=splits, progress=quiet)
    written = out / "images/val/wider__a.jpg"
    assert written.read_bytes()[:3] == b"\xff\xd8\xff"
    assert read_image(written).shape == (40, 60, 3)


def test_ignored_faces_are_hidden_in_training_only(tmp_path):
    paths = [photo_file(tmp_path / f"{k}.jpg", 640, 640) for k in range(2)]
    boxes = [[100, 100, 200, 200], [150, 150, 250, 250], [400, 400, 404, 406]]
    boxes.append([500, 500, 506, 506])
    invalid = [False, True, False, False]
    photos = [annotated(path, boxes, ignore=invalid) for path in paths]
    out = tmp_path / "yolo"
    splits = {"wider/0": "train", "wider/1": "val"}
    prepare_yolo({"w": Annotations(tuple(photos))}, out, splits=splits, progress=quiet)
    train = read_image(out / "images/train/wider__0.jpg")
    assert abs(int(train[225, 225, 0]) - 114) < 6  # invalid
    assert abs(int(train[403, 402, 0]) - 114) < 12  # 4.9 px: too small to learn
    assert abs(int(train[503, 503, 0]) - 200) < 6  # 6 px: learned
    assert len((out / "labels/train/wider__0.txt").read_text().splitlines()) == 2
    assert len((out / "labels/val/wider__1.txt").read_text().splitlines()) == 1
    assert abs(int(train[175, 175, 0]) - 200) < 6  # shared with a face to learn
    assert (out / "images/val/wider__1.jpg").read_bytes() == paths[1].read_bytes()
    assert read_prepared(out, "val")[0].ignore.tolist() == [False, True, True, True]


def test_cleaning_cuts_drops_and_marks(tmp_path):
    boxes = [[-10, -10, 30, 40], [500, 0, 520, 10], [10, 10, 14, 14], [10, 10, 15, 15]]
    photo = annotated(tmp_path / "a.jpg", boxes, ignore=[True, False, False, False])
    cleaned = clean(photo, (320, 400))
    assert cleaned.boxes_xyxy.tolist()[0] == [0, 0, 30, 40]
    assert len(cleaned.boxes_xyxy) == 3  # one lay outside
    assert cleaned.ignore.tolist() == [True, True, False]  # 6.4 px and 8 px at 640
    assert photo.boxes_xyxy.tolist() == boxes  # the annotation stays as it was


def test_harmonized_boxes_keep_their_set_apart():
    box = [[100.0, 100, 200, 300]]
    photo = AnnotatedPhoto("fddb", None, "fddb/a", np.array(box), np.array([False]), "")
    moved = harmonize(photo).boxes_xyxy[0]
    left, top, right, bottom = SHIFTS["fddb"]
    wanted = [100 + 100 * left, 100 + 200 * top, 200 + 100 * right, 300 + 200 * bottom]
    np.testing.assert_allclose(moved, wanted)
    same = harmonize(replace(photo, dataset="wider")).boxes_xyxy
    assert same.tolist() == box
    assert "wider" not in SHIFTS


def test_shifts_are_found_where_they_were_planted(tmp_path):
    rng = np.random.default_rng(4)
    planted = np.array([0.05, 0.2, -0.05, -0.03])
    stick, sets = {}, {"wider": [], "fddb": []}
    for k in range(20):
        true = np.array([50, 60, 110, 140]) + rng.integers(0, 40)
        size = np.array([60, 80, 60, 80])
        for name in sets:
            path = photo_file(tmp_path / name / f"{k}.png", 240, 240, gray=len(stick))
            stick[len(stick)] = true + rng.normal(0, 1, 4)
            # undo the shift: x + size(x) * planted = true
            width = 60 / (1 + planted[2] - planted[0])
            height = 80 / (1 + planted[3] - planted[1])
            sides = np.array([width, height] * 2)
            box = true - sides * planted if name == "fddb" else true + 0.02 * size
            sets[name].append(annotated(path, [box], name, name=f"{name}/{k}"))

    def detect(image):
        return stick[int(image[0, 0, 0])][None], np.ones(1)

    annotations = {name: Annotations(tuple(photos)) for name, photos in sets.items()}
    shifts, differences = measure_shifts(annotations, detect, progress=quiet)
    assert set(shifts) == {"fddb"}
    np.testing.assert_allclose(shifts["fddb"], planted + 0.02, atol=0.02)
    assert differences["fddb"].shape == (20, 4)
    with pytest.raises(ValueError, match="read_wider"):
        measure_shifts({"fddb": annotations["fddb"]}, detect, progress=quiet)


def test_splits_honor_groups_and_are_fixed(tmp_path):
    photos = tuple(
        annotated(tmp_path / f"{k}.jpg", [[0, 0, 9, 9]] * (k % 5), group=f"e{k // 10}")
        for k in range(400)
    )
    found = {"wider": Annotations(photos)}
    val = {photo.name for photo in photos if photo.group in ("e1", "e2")}
    splits = plan_splits(found, val)
    assert splits == plan_splits(found, val)
    assert {name for name, split in splits.items() if split == "val"} == val
    groups = {}
    for photo in photos:
        groups.setdefault(photo.group, set()).add(splits[photo.name])
    assert all(len(names) == 1 for names in groups.values())
    chosen = sum(split == "choose" for split in splits.values())
    assert abs(chosen / (400 - len(val)) - 0.1) < 0.03


def test_the_manifest_lists_each_photo_once_and_groups_whole():
    rows = read_manifest(MANIFEST)
    assert len(rows) == len({(r["dataset"], r["name"]) for r in rows}) == 3603
    assert {r["split"] for r in rows} == {"train", "choose", "val"}
    for dataset in ("wider", "fddb"):
        of_set = [r for r in rows if r["dataset"] == dataset]
        split_of = {r["group"]: r["split"] for r in of_set}
        assert all(split_of[r["group"]] == r["split"] for r in of_set)
    learned = [r for r in rows if r["split"] != "val"]
    share = sum(r["split"] == "choose" for r in learned) / len(learned)
    assert 0.08 < share < 0.13


def test_splits_are_written_from_packs(tmp_path):
    files = [f"negatives/{k}.jpg" for k in range(30)]
    for file in files:
        photo_file(tmp_path / file, 8, 8)
    rows = "".join(f"{file},{file.upper()}\n" for file in files)
    (tmp_path / "boxes.csv").write_text("file,original\n" + rows)
    (tmp_path / "splits").mkdir()
    (tmp_path / "splits/val.txt").write_text("negatives/3.jpg\nnegatives/4.jpg\n")
    write_splits(tmp_path, tmp_path / "out.csv")
    found = {row["name"]: row for row in read_manifest(tmp_path / "out.csv")}
    assert len(found) == 30
    assert {name for name, row in found.items() if row["split"] == "val"} == {"3", "4"}
    assert sum(row["split"] == "choose" for row in found.values()) == 3
    assert found["7"]["original"] == "NEGATIVES/7.JPG"


def test_a_folder_without_its_lists_costs_no_other_set(tmp_path):
    """Unpacked one folder too deep, as by hand."""
    write_samples(tmp_path, "wider", n=2)
    (tmp_path / "FDDB-folds" / "FDDB-folds").mkdir(parents=True)
    (tmp_path / "facemask" / "annotations" / "annotations").mkdir(parents=True)
    assert list(read_packs(tmp_path)) == ["wider"]


PACKS = settings().data / "detection"


@pytest.mark.skipif(
    not (PACKS / "boxes.csv").is_file(), reason="the detection packs are not unpacked"
)
def test_the_manifest_is_what_the_packs_give(tmp_path):
    write_splits(PACKS, tmp_path / "detection.csv")
    assert read_manifest(tmp_path / "detection.csv") == read_manifest(MANIFEST)
    packs = read_packs(PACKS)
    listed = {
        f"{r['dataset']}/{r['name']}": r["split"] for r in read_manifest(MANIFEST)
    }
    assert read_splits(packs) == listed


def test_official_downloads_keep_their_test_parts(tmp_path):
    manifest = tmp_path / "detection.csv"
    manifest.write_text(
        "dataset,name,split,group\nwider,e/listed,train,e\nwider,e/also,choose,e\n"
    )
    tmp_path = tmp_path / "testset"  # the clone's own folder means nothing
    names = ("WIDER_val/images/e/listed", "WIDER_train/images/e/also")
    photos = [
        annotated(
            tmp_path / f"{n}.jpg", [], name=f"wider/{n.split('/', 2)[2]}", group="e"
        )
        for n in names
    ]
    new = tmp_path / "WIDER_train/images/f/new.jpg"
    photos.append(annotated(new, [], name="wider/f/new"))
    fold = annotated(tmp_path / "x.jpg", [], "fddb", name="fddb/x", group="fold-10")
    test = annotated(tmp_path / "x.png", [], "lfpw", name="lfpw/testset/x")
    found = {"wider": Annotations(tuple(photos)), "fddb": Annotations((fold,))}
    found["lfpw"] = Annotations((test,))
    splits = read_splits(found, manifest)
    assert splits["lfpw/testset/x"] == "val"
    assert splits["wider/e/listed"] == "val"
    assert splits["wider/e/also"] == "choose"
    assert splits["wider/f/new"] in ("train", "choose")
    assert splits["fddb/x"] == "val"
    subset, fixed = course_subset(found, manifest)
    assert fixed == {"wider/e/listed": "train", "wider/e/also": "choose"}
    assert [len(found.photos) for found in subset.values()] == [2, 0, 0]


def test_a_fold_that_is_listed_in_part_stays_whole(tmp_path):
    listed = {1: "train", 7: "choose", 8: "train"}
    manifest = tmp_path / "detection.csv"
    manifest.write_text(
        "dataset,name,split,group\n"
        + "".join(f"fddb,old-{n},{split},fold-{n:02}\n" for n, split in listed.items())
    )
    photos = [
        annotated(tmp_path / "x.jpg", [], "fddb", name=f"fddb/{name}", group=group)
        for n in listed
        for group in (f"fold-{n:02}",)
        for name in (f"old-{n}", f"new-{n}", f"newer-{n}")
    ]
    splits = read_splits({"fddb": Annotations(tuple(photos))}, manifest)
    for n, split in listed.items():
        assert {splits[f"fddb/{k}-{n}"] for k in ("old", "new", "newer")} == {split}


@pytest.mark.parametrize("split", [None, "test"])
def test_every_photo_needs_a_split(sets, tmp_path, split):
    splits = dict(SPLIT) | {"lfpw/1": split}
    with pytest.raises(ValueError, match="lfpw/1 first"):
        prepare_yolo(sets, tmp_path / "yolo", splits=splits)


def test_folders_without_data_say_so(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"data/README\.md"):
        read_packs(tmp_path)
    with pytest.raises(FileNotFoundError, match="data prepare detection"):
        read_prepared(tmp_path, "val")


def test_packs_take_what_is_there(tmp_path):
    photo_file(tmp_path / "negatives/wall.jpg")
    assert list(read_packs(tmp_path)) == ["negatives"]


def test_statistics_side_by_side(sets, tmp_path):
    pytest.importorskip("pandas")
    gone = annotated(tmp_path / "gone.jpg", [[0, 0, 9, 9]], "lfpw")
    sets["lfpw"] += Annotations((gone,))
    faces = face_table(sets)
    assert len(faces) == 12  # the photo that is gone has none
    first = faces.iloc[0]
    assert (first["width"], first["height"], first["aspect"]) == (40, 50, 1.25)
    assert first["size_640"] == pytest.approx(np.sqrt(2000) * 3.2)
    assert (first["center_x"], first["center_y"]) == (0.2, 0.35)
    table = dataset_statistics(sets)
    assert list(table.index) == ["wider", "lfpw", "negatives"]
    assert table.loc["wider", "faces_per_photo"] == 2
    assert table.loc["wider", "below_stride"] == 0.5
    assert table.loc["negatives", "without_face"] == 3
    assert table.loc["negatives", "faces"] == 0
    empty = dataset_statistics({"wider": Annotations()})
    assert empty.loc["wider", "photos"] == 0


def test_a_photo_that_exif_turns_is_prepared_upright(tmp_path):
    pil = pytest.importorskip("PIL.Image", reason="Pillow writes the test picture")
    path, out = tmp_path / "turned.jpg", tmp_path / "yolo"
    exif = pil.Exif()
    exif[0x0112] = 6
    pil.new("RGB", (60, 40)).save(path, exif=exif)
    photo = annotated(path, [[5, 10, 25, 50]], name="wider/turned")
    sets, splits = {"wider": Annotations((photo,))}, {"wider/turned": "train"}
    prepare_yolo(sets, out, splits=splits, progress=quiet)
    with pil.open(out / "images/train/wider__turned.jpg") as prepared:
        assert prepared.size == (40, 60)
        assert not prepared.getexif()
    assert read_prepared(out, "train")[0].image_hw == (60, 40)


def test_a_face_that_is_ignored_from_now_on_changes_its_photo(sets, tmp_path):
    out, (first, *others) = tmp_path / "yolo", sets["wider"].photos
    prepare_yolo(sets, out, splits=SPLIT, progress=quiet)
    ignored = replace(first, ignore=np.array([True, False]))
    sets["wider"] = Annotations((ignored, *others))
    again = prepare_yolo(sets, out, splits=SPLIT, progress=quiet)
    assert again.written == 1
    assert (out / "labels/train/wider__0.txt").read_text() == ""
