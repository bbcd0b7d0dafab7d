import numpy as np
import pytest

from fer_course.boxes import ellipse_to_box, iou_matrix, landmarks_to_box
from fer_course.detection.annotations import (
    read_fddb,
    read_landmarks,
    read_voc,
    read_wider,
)
from fer_course.detection.packs import read_packs
from fer_course.expression.datasets import load_affectnet, load_fer2013, load_rafdb
from fer_course.images import read_image
from fer_course.labels import EXPRESSIONS
from fer_course.teaching import samples
from fer_course.teaching.faces import paint_face
from fer_course.teaching.looks import (
    HAIR_STYLES,
    MOVEMENTS,
    Pose,
    random_look,
    random_movement,
)
from fer_course.teaching.scenes import PLACES


@pytest.fixture(autouse=True)
def cache_elsewhere(monkeypatch, tmp_path):
    monkeypatch.setenv("FER_COURSE_DATA", str(tmp_path / "data"))


def rng(seed=0):
    return np.random.default_rng(seed)


def painted(expression, seed=0, size=160, pose=None, hair_style=None):
    """Return one person's face on a plain ground, and its geometry."""
    look = random_look(rng(seed))
    if hair_style:
        look = type(look)(**{**vars(look), "hair_style": hair_style})
    canvas = np.full((size, size, 3), 128, np.uint8)
    move = random_movement(expression, rng(1), intensity=1)
    center, scale = np.array([size / 2, size * 0.46]), 0.38 * size
    geometry = paint_face(canvas, look, move, pose or Pose(), center, scale)
    return canvas, geometry


@pytest.mark.parametrize("expression", EXPRESSIONS)
@pytest.mark.parametrize("size", [32, 48, 96])
def test_a_face_has_the_asked_size_and_is_the_same_again(expression, size):
    face = samples.draw_face(expression, rng(3), size)
    assert face.shape == (size, size, 3) and face.dtype == np.uint8
    assert np.array_equal(face, samples.draw_face(expression, rng(3), size))
    assert not np.array_equal(face, samples.draw_face(expression, rng(4), size))


def test_an_unknown_expression_is_named():
    with pytest.raises(ValueError, match="'bored' is not an expression"):
        samples.draw_face("bored", rng())


def test_the_seven_expressions_of_one_person_differ():
    faces = [painted(name)[0].astype(int) for name in EXPRESSIONS]
    for first in range(7):
        for second in range(first + 1, 7):
            changed = np.abs(faces[first] - faces[second]).max(axis=2) > 30
            assert changed.mean() > 0.01, (EXPRESSIONS[first], EXPRESSIONS[second])


def test_intensity_zero_is_a_face_at_rest():
    move = random_movement("surprise", rng(), intensity=0)
    assert move.jaw == 0 and abs(move.brow_inner) < 0.05
    assert set(MOVEMENTS) == set(EXPRESSIONS)


@pytest.mark.parametrize("hair_style", HAIR_STYLES)
def test_every_hair_style_can_be_drawn(hair_style):
    image, _ = painted("neutral", hair_style=hair_style)
    assert image.std() > 10


@pytest.mark.parametrize("roll_rad", [0.0, 0.3, -0.3])
@pytest.mark.parametrize("yaw", [0.0, 0.8])
def test_box_ellipse_and_landmarks_agree(roll_rad, yaw):
    _, geometry = painted("neutral", pose=Pose(roll_rad, yaw, 0.2))
    box = geometry.box_xyxy[None]
    points = geometry.landmarks
    assert points.shape == (68, 2)
    head = ellipse_to_box(*geometry.ellipse)
    assert iou_matrix(box, head)[0, 0] > 0.7
    assert iou_matrix(box, landmarks_to_box(points)[None])[0, 0] > 0.75
    low, high = geometry.box_xyxy[:2] - 1, geometry.box_xyxy[2:] + 1
    assert (points >= low).all() and (points <= high).all()
    # right eye of the person lies left in the picture; brows above eyes above mouth
    across = points[42:48].mean(axis=0) - points[36:42].mean(axis=0)
    assert np.arctan2(across[1], across[0]) == pytest.approx(roll_rad, abs=0.06)
    heights = [
        points[part, 1].mean() for part in (slice(17, 27), slice(36, 48), slice(48, 68))
    ]
    assert heights == sorted(heights)


def test_the_box_ends_where_the_skin_ends():
    """The bald head stands out from a green ground: chin and cheeks are measured."""
    look = random_look(rng(8))
    plain = {"hair_style": "bald", "beard": "", "glasses": ""}
    look = type(look)(**{**vars(look), **plain})
    canvas = np.full((200, 200, 3), (0, 255, 0), np.uint8)
    move = random_movement("neutral", rng(1), intensity=0)
    box = paint_face(canvas, look, move, Pose(), (100, 95), 60).box_xyxy
    skin = canvas[..., 1] < 250
    row = np.flatnonzero(skin[int(95 - 60 * 0.45)])  # above the ears
    assert abs((row[-1] - row[0]) - (box[2] - box[0])) < 8
    assert box[3] == pytest.approx(95 + 60, abs=1)


def test_sample_faces_are_balanced_and_repeatable():
    pixels, labels = samples.sample_faces(4, seed=5)
    assert pixels.shape == (28, 48, 48) and pixels.dtype == np.uint8
    assert np.bincount(labels).tolist() == [4] * 7
    again, same = samples.sample_faces(4, seed=5)
    assert np.array_equal(pixels, again) and np.array_equal(labels, same)
    assert len(np.unique(pixels.reshape(28, -1), axis=0)) == 28
    empty, none = samples.sample_faces(0, seed=5)
    assert empty.shape == (0, 48, 48) and none.shape == (0,)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("n_faces", [0, 1, 6, 20])
def test_a_scene_holds_its_faces(place, n_faces):
    scene = samples.sample_scene(rng(n_faces), n_faces, hw=(240, 400), place=place)
    assert scene.image.shape == (240, 400, 3) and scene.image.dtype == np.uint8
    assert scene.boxes_xyxy.shape == (n_faces, 4) == (len(scene.expressions), 4)
    assert scene.landmarks.shape == (n_faces, 68, 2)
    boxes = scene.boxes_xyxy
    assert (boxes[:, :2] >= 0).all() and (boxes[:, 2:] <= (400, 240)).all()
    assert (boxes[:, 2:] > boxes[:, :2]).all()
    overlap = np.triu(iou_matrix(boxes, boxes), 1)
    assert (overlap < 0.05).all()


def test_scenes_repeat():
    first, second = (samples.sample_scene(rng(2), 5) for _ in range(2))
    assert np.array_equal(first.image, second.image)
    assert np.array_equal(first.boxes_xyxy, second.boxes_xyxy)
    assert first.expressions == second.expressions


def drawn_scenes(monkeypatch):
    """Collect the scenes that `write_samples` draws."""
    seen = []

    def draw(*args, **kwargs):
        seen.append(samples.sample_scene(*args, **kwargs))
        return seen[-1]

    monkeypatch.setattr("fer_course.teaching.layouts.sample_scene", draw)
    return seen


def test_wider_round_trip(tmp_path, monkeypatch):
    scenes = drawn_scenes(monkeypatch)
    out = samples.write_samples(tmp_path, "wider", n=5)
    listing = out / "wider_face_split" / "wider_face_train_bbx_gt.txt"
    found = read_wider(listing, out / "WIDER_train" / "images")
    assert not found.problems and len(found.photos) == 5
    assert [photo.ignore.sum() for photo in found.photos] == [1, 0, 0, 0, 0]
    for photo, scene in zip(found.photos, scenes, strict=True):
        boxes = photo.boxes_xyxy[~photo.ignore]
        assert boxes.shape == scene.boxes_xyxy.shape
        assert np.abs(boxes - scene.boxes_xyxy).max(initial=0) <= 1
        assert read_image(photo.path).shape == scene.image.shape
    assert len(found.photos[1].boxes_xyxy) == 0
    assert {photo.group for photo in found.photos} == {
        "0--Room",
        "1--Park",
        "2--Street",
    }


def test_fddb_round_trip(tmp_path, monkeypatch):
    scenes = drawn_scenes(monkeypatch)
    out = samples.write_samples(tmp_path, "fddb", n=4)
    found = read_fddb(out / "FDDB-folds", out / "originalPics")
    assert not found.problems
    in_order = scenes[0::2] + scenes[1::2]  # fold by fold
    for photo, scene in zip(found.photos, in_order, strict=True):
        expected = ellipse_to_box(*scene.ellipses.T)
        assert np.allclose(photo.boxes_xyxy, expected, atol=1e-3)
        assert iou_matrix(photo.boxes_xyxy, scene.boxes_xyxy).diagonal().min() > 0.7


def test_lfpw_round_trip(tmp_path, monkeypatch):
    scenes = drawn_scenes(monkeypatch)
    out = samples.write_samples(tmp_path, "lfpw", n=3)
    found = read_landmarks(out / "lfpw", "lfpw")
    assert not found.problems
    for photo, scene in zip(found.photos, scenes, strict=True):
        expected = landmarks_to_box(scene.landmarks[0])
        assert np.allclose(photo.boxes_xyxy[0], expected, atol=2e-3)


def test_voc_round_trip(tmp_path, monkeypatch):
    scenes = drawn_scenes(monkeypatch)
    out = samples.write_samples(tmp_path, "voc", n=3)
    found = read_voc(out / "facemask" / "annotations", out / "facemask" / "images")
    assert not found.problems
    for photo, scene in zip(found.photos, scenes, strict=True):
        assert np.abs(photo.boxes_xyxy - scene.boxes_xyxy).max() <= 0.5


def test_fer2013_round_trip(tmp_path):
    out = samples.write_samples(tmp_path, "fer2013", n=10)
    lines = (out / "fer2013" / "fer2013.csv").read_text().splitlines()
    votes = (out / "fer2013" / "fer2013new.csv").read_text().splitlines()
    assert len(lines) == len(votes) == 71
    assert {len(line.split(",")[1].split()) for line in lines[1:]} == {48 * 48}
    assert {sum(map(int, row.split(",")[2:])) for row in votes[1:]} == {10}
    faces = load_fer2013(out / "fer2013")
    assert set(faces.split) == {"train", "choose", "test"}
    assert faces.pixels.shape[1:] == (48, 48)
    assert (faces.targets.sum(axis=0) > 5).all()
    voted = load_fer2013(out / "fer2013", votes=1)
    same = (voted.targets.argmax(1) == faces.targets.argmax(1)).mean()
    assert 0.8 < same <= 1


@pytest.mark.parametrize(
    ("layout", "folder", "load"),
    [
        pytest.param("affectnet", "AffectNet", load_affectnet, id="AffectNet"),
        pytest.param("rafdb", "RAF-DB/basic", load_rafdb, id="RAF-DB"),
    ],
)
def test_color_faces_round_trip(tmp_path, layout, folder, load):
    out = samples.write_samples(tmp_path, layout, n=4)
    faces = load(out / folder)
    assert faces.pixels.shape == (28, 48, 48)
    assert faces.targets.sum(axis=0).tolist() == [4] * 7


def test_the_same_seed_writes_the_same_files(tmp_path):
    for name in ("a", "b"):
        samples.write_samples(tmp_path / name, "fddb", n=2, seed=9)
    files = sorted(p.relative_to(tmp_path / "a") for p in tmp_path.glob("a/**/*.*"))
    assert files
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (
            tmp_path / "b" / file
        ).read_bytes()


def test_an_unknown_layout_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"'coco'.*wider"):
        samples.write_samples(tmp_path, "coco")


def test_sample_photos_are_small_and_listed():
    photos, boxes = samples.sample_photos(), samples.sample_boxes()
    assert set(photos) == set(boxes)
    assert {"grace_hopper", "eileen_collins", "two_portraits", "gallery"} <= set(photos)
    sizes = [path.stat().st_size for path in photos.values()]
    assert max(sizes) <= 150_000 and sum(sizes) <= 1_000_000
    sources = (photos["gallery"].parent / "SOURCES.md").read_text()
    for name, path in photos.items():
        assert f"`{path.name}`" in sources
        height, width = read_image(path).shape[:2]
        assert (boxes[name][:, :2] >= 0).all()
        assert (boxes[name][:, 2:] <= (width, height)).all()
    assert len(boxes["gallery"]) == 9
    heights = boxes["gallery"][:, 3] - boxes["gallery"][:, 1]
    assert heights.min() == pytest.approx(24, abs=1)
    assert heights.max() == pytest.approx(200, abs=1)


def test_a_missing_samples_folder_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(samples, "SAMPLES", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"git checkout data/samples"):
        samples.sample_photos()


def test_the_montages_can_be_made_again(tmp_path):
    photos = samples.sample_photos()
    for name in ("grace_hopper", "eileen_collins"):
        (tmp_path / f"{name}.jpg").write_bytes(photos[name].read_bytes())
    samples.make_sample_photos(tmp_path)
    assert {path.stem for path in tmp_path.glob("*.jpg")} == set(photos)
    for name, path in photos.items():
        made, kept = read_image(tmp_path / f"{name}.jpg"), read_image(path)
        assert np.abs(made.astype(int) - kept).mean() < 2, name


def test_detection_layouts_lie_side_by_side_like_the_packs(tmp_path):
    for layout in ("wider", "fddb", "lfpw", "voc"):
        samples.write_samples(tmp_path, layout, n=2)
    packs = read_packs(tmp_path)
    assert set(packs) == {"wider", "fddb", "lfpw", "facemask"}
    assert all(len(found.photos) == 2 for found in packs.values())
