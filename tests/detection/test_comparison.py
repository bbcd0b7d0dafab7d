"""Detectors side by side on made-up photos; the real rival where it is found."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from fer_course.boxes import iou_matrix
from fer_course.detection import comparison
from fer_course.detection.annotations import AnnotatedPhoto, Annotations
from fer_course.detection.comparison import (
    YUNETS,
    YuNetDetector,
    compare_detectors,
    evaluate_on_packs,
    yunet_folder,
)
from fer_course.detection.dataset import prepare_yolo
from fer_course.detection.detector import DetectorCard
from fer_course.detection.evaluation import score_photos
from fer_course.detection.packs import listed_splits

YUNET = yunet_folder() / YUNETS["yunet_n"].file


class Knows:
    """A detector that knows the faces of each photo, and misses every n-th photo's."""

    def __init__(self, photos, skip):
        self.answers = {
            photo.path: photo.boxes_xyxy[: 0 if i % skip == 0 else None]
            for i, photo in enumerate(photos)
        }

    def detect(self, picture):
        boxes = self.answers[picture]
        return boxes.astype(np.float32), np.full(len(boxes), 0.8, np.float32)


def test_side_by_side(photos):
    detectors = {"ours": Knows(photos, 100), "theirs": Knows(photos, 2)}
    result = compare_detectors(
        detectors, {"ours": 0.5, "theirs": 0.5}, photos, "val", draws=200
    )
    found = {(r.photo_set, r.detector): r for r in result.reports}
    assert len(found) == 10  # four sets and the portraits together, two detectors
    assert found["wider", "ours"].ap50 == pytest.approx(5 / 6, abs=1e-3)
    assert found["wider", "theirs"].ap50 == 0.5
    assert found["portraits", "ours"].photos == 2
    assert found["portraits", "ours"].missed == 0
    assert found["negatives", "ours"].ap50 is None
    wider = next(row for row in result.ahead if row[0] == "wider")
    assert wider[1:3] == ("ours", "theirs")
    assert wider[3] == pytest.approx(1 / 3, abs=1e-3)
    assert wider[4] <= wider[3] <= wider[5]
    assert "negatives" not in [row[0] for row in result.ahead]
    curve = result.curves["wider"]["theirs"]
    assert curve[:51] == [1.0] * 51 and curve[51:] == [None] * 50
    assert "negatives" not in result.curves


def test_a_curve_keeps_the_best_precision_at_a_recall_or_beyond():
    """Scores fall: a hit, two alarms, two hits; three faces of ten."""
    faces = [[40 * i, 0, 40 * i + 20, 20] for i in range(10)]
    away = [[40 * i, 200, 40 * i + 20, 220] for i in range(2)]
    found = [faces[0], *away, *faces[1:3]]
    scored = score_photos([(found, [0.9, 0.8, 0.7, 0.6, 0.5])], [faces])
    curve = comparison._curve(scored)
    assert curve[:11] == [1.0] * 11
    assert curve[11:31] == [0.6] * 20  # at the second face of ten it is 0.5
    assert curve[31:] == [None] * 70


def test_table_and_record(photos):
    result = compare_detectors(
        {"ours": Knows(photos, 3)}, {"ours": 0.5}, photos, "val", draws=20
    )
    assert result.ahead == ()
    text = str(result)
    assert "recall by size" in text.splitlines()[0]
    assert len(text.splitlines()) == 6
    record = json.loads(json.dumps(result.to_dict()))
    assert record["split"] == "val"
    assert record["attributes"] == []
    assert record["reports"][0]["photo_set"] == "wider"
    frame = result.to_frame()
    assert len(frame) == 5
    assert {"ap50", "recall 32-64 px"} <= set(frame)


def test_prepared_photos_are_scored_without_those_it_has_learned(
    tmp_path, monkeypatch, capsys
):
    """A bright disc a photo; one name is among the training photos of the manifest."""
    splits = listed_splits()
    learned = next(n for n, s in splits.items() if s == "train" and "wider/" in n)
    photos = []
    for number, name in enumerate((learned, "wider/new--1/a", "wider/new--1/b")):
        image = np.zeros((100, 200, 3), np.uint8)
        image[20:60, 30:60] = 255
        path = tmp_path / f"{number}.png"
        cv2.imwrite(str(path), image)
        box = np.array([[30.0, 20, 60, 60]])
        photos.append(AnnotatedPhoto("wider", path, name, box, np.zeros(1, bool), "g"))
    prepare_yolo(
        {"wider": Annotations(tuple(photos))},
        tmp_path / "yolo",
        splits={photo.name: "val" for photo in photos},
        progress=lambda line: None,
    )

    class Sees:
        """Finds the bright disc, and a second box at a score below its threshold."""

        card = DetectorCard(score_threshold=0.5)

        def __init__(self, model=None, score_threshold=None):
            pass

        def detect(self, picture, tiles=False):
            boxes = np.float32([[30, 20, 60, 60], [150, 20, 190, 60]])
            return boxes, np.float32([0.6, 0.4])

    monkeypatch.setattr(comparison, "FaceDetector", Sees)
    record = tmp_path / "record.json"
    for model, scored in ((None, 2), ("my.onnx", 3)):
        result = evaluate_on_packs(model, prepared=tmp_path / "yolo", record=record)
        (report,) = [r for r in result.reports if r.photo_set == "wider"]
        assert (report.photos, report.ap50, report.missed) == (scored, 1.0, 0)
        assert report.false_alarms == 0  # the second box is below the threshold
        said = "left out" if model is None else "flatter a network that went on from"
        assert f"1 of 3 photos {said}" in capsys.readouterr().out
    assert json.loads(record.read_text())["reports"][0]["photos"] == 3


def test_recall_by_attribute_of_the_wider_photos(photos):
    turned = {f"wider/{k}": {"pose": np.array([k % 2])} for k in range(6)}
    others = ("blur", "illumination", "occlusion")
    photos = [
        replace(
            photo,
            attributes={name: np.zeros(1, int) for name in others} | turned[photo.name],
        )
        if photo.name in turned
        else photo
        for photo in photos
    ]
    detectors = {"ours": Knows(photos, 3), "theirs": Knows(photos, 2)}
    result = compare_detectors(
        detectors, {"ours": 0.5, "theirs": 0.9}, photos, "val", draws=5
    )
    rows = json.loads(json.dumps(result.to_dict()))["attributes"]
    assert [(row["attribute"], row["level"]) for row in rows] == [
        ("blur", "clear"),
        ("illumination", "normal"),
        ("occlusion", "none"),
        ("pose", "typical"),
        ("pose", "atypical"),
    ]
    # ours misses photos 0 and 3; theirs keeps no face at its own threshold
    assert rows[0]["recall"] == {"ours": 0.6667, "theirs": 0}
    assert rows[4]["recall"] == {"ours": 0.6667, "theirs": 0}
    assert (rows[4]["faces"], rows[4]["median_size_px"]) == (3, 49.0)  # 40 x 60 px
    last = str(result).splitlines()[-1]
    assert last.split() == ["pose:", "atypical", "3", "49.0", "66.7", "0.0"]


def test_no_photos_prepared(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no prepared dataset"):
        evaluate_on_packs(prepared=tmp_path)


def test_an_empty_split_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(comparison, "read_prepared", lambda folder, split: ())
    with pytest.raises(FileNotFoundError, match=r"no photo of the split 'val'"):
        evaluate_on_packs(prepared=tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"against": "haar"}, "There is no rival 'haar'", id="rival"),
        pytest.param({"split": "train"}, "split is 'train'", id="split"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ValueError, match=message):
        evaluate_on_packs(**options)


def test_missing_yunet_is_explained(tmp_path, monkeypatch, photos):
    monkeypatch.setenv("FER_COURSE_YUNET", str(tmp_path / "none"))
    monkeypatch.setattr(comparison, "read_prepared", lambda folder, split: photos)
    with pytest.raises(
        FileNotFoundError, match=r"yunet_n_640_640\.onnx is missing.*: data/README"
    ):
        evaluate_on_packs(against="yunet", prepared=tmp_path)


@pytest.mark.skipif(not YUNET.is_file(), reason="YuNet's file is not there")
def test_yunet_answers_like_our_detector():
    yunet = YuNetDetector(YUNET)
    boxes, scores = yunet.detect(np.full((120, 200, 3), 90, np.uint8))
    assert boxes.shape == (0, 4)
    assert scores.shape == (0,)


@pytest.mark.skipif(not YUNET.is_file(), reason="YuNet's file is not there")
def test_yunet_finds_faces_in_photo_pixels():
    training = pytest.importorskip("fer_course.detection.training")
    photo = training.import_ultralytics().utils.ASSETS / "zidane.jpg"
    image = cv2.cvtColor(cv2.imread(str(photo)), cv2.COLOR_BGR2RGB)
    boxes, scores = YuNetDetector(YUNET).detect(image)
    assert len(boxes) >= 2
    assert (np.diff(scores) <= 0).all()
    assert boxes.min() >= 0
    assert (boxes[:, 2:] <= [1280, 720]).all()
    half, _ = YuNetDetector(YUNET).detect(image[::2, ::2])
    overlaps = iou_matrix(boxes[:2] / 2, half)
    assert overlaps.max(axis=1).min() > 0.7
