"""FaceDetector on a tiny made-up network whose answers are known by heart."""

import numpy as np
import pytest

from fer_course.boxes import iou_matrix
from fer_course.detection.detector import DetectorCard, FaceDetector, _tile_corners
from fer_course.settings import settings

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

SHIPPED = settings().models / "face_detector.onnx"
CARD = {
    "labels": "face",
    "score_threshold": "0.5",
    "iou_threshold": "0.6",
    "input_size": "640",
    "stride": "32",
}


def write_network(path, rows=None, card=CARD):
    """Write a detector that always answers `rows`: cx cy w h score, each a box.

    Without rows it reports one 40 px box at the brightest spot of the red channel:
    a face of sorts, which moves with the photo.
    """
    output = helper.make_tensor_value_info(
        "detections", TensorProto.FLOAT, [1, 5, "anchors"]
    )
    if rows is not None:
        table = np.array(rows, np.float32).reshape(-1, 5).T[None]
        nodes = [
            helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
            helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
            helper.make_node("Add", ["table", "nothing"], ["detections"]),
        ]
        constants = {"table": table, "zero": np.float32(0)}
    else:
        nodes = _spot_nodes()
        constants = {
            "red": np.array([0]),
            "flat": np.array([-1]),
            "size": np.array([40, 40], np.float32),
            "two": np.array([1]),
            "shape": np.array([1, 5, 1]),
            "last": np.array([3]),
        }
    graph = helper.make_graph(
        nodes,
        "detector",
        [
            helper.make_tensor_value_info(
                "images", TensorProto.FLOAT, [1, 3, "height", "width"]
            )
        ],
        [output],
        [
            numpy_helper.from_array(np.asarray(value), name)
            for name, value in constants.items()
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    helper.set_model_props(model, card)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def _spot_nodes():
    node = helper.make_node
    return [
        node("Gather", ["images", "red"], ["channel"], axis=1),
        node("Shape", ["channel"], ["shape_of"]),
        node("Gather", ["shape_of", "last"], ["width"], axis=0),
        node("Reshape", ["channel", "flat"], ["pixels"]),
        node("ArgMax", ["pixels"], ["spot"], axis=0, keepdims=1),
        node("ReduceMax", ["pixels"], ["score"], axes=[0], keepdims=1),
        node("Mod", ["spot", "width"], ["x_int"]),
        node("Div", ["spot", "width"], ["y_int"]),
        node("Cast", ["x_int"], ["x"], to=TensorProto.FLOAT),
        node("Cast", ["y_int"], ["y"], to=TensorProto.FLOAT),
        node("Concat", ["x", "y", "size", "score"], ["row"], axis=0),
        node("Reshape", ["row", "shape"], ["detections"]),
    ]


@pytest.fixture
def photo():
    return np.zeros((200, 400, 3), np.uint8)  # letterboxed to 640 x 320, scale 1.6


def test_boxes_come_back_in_photo_pixels(tmp_path, photo):
    rows = [[160, 80, 32, 64, 0.6], [480, 160, 80, 80, 0.9]]
    detector = FaceDetector(write_network(tmp_path / "net.onnx", rows))
    boxes, scores = detector.detect(photo)
    assert boxes.dtype == scores.dtype == np.float32
    np.testing.assert_allclose(scores, [0.9, 0.6])
    np.testing.assert_allclose(
        boxes, [[275, 75, 325, 125], [90, 30, 110, 70]], atol=1e-3
    )


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        pytest.param([], 0, id="network silent"),
        pytest.param([[100, 100, 40, 40, 0.49]], 0, id="below the threshold"),
        pytest.param([[100, 100, 40, 40, 0.5]], 1, id="at the threshold"),
        pytest.param(
            [[100, 100, 40, 40, 0.8], [104, 100, 40, 40, 0.9]], 1, id="overlap"
        ),
        pytest.param([[100, 100, 40, 40, 0.8], [125, 100, 40, 40, 0.9]], 2, id="apart"),
        pytest.param([[-300, 100, 40, 40, 0.9]], 0, id="outside the photo"),
    ],
)
def test_what_is_kept(tmp_path, photo, rows, kept):
    boxes, scores = FaceDetector(write_network(tmp_path / "n.onnx", rows)).detect(photo)
    assert boxes.shape == (kept, 4)
    assert scores.shape == (kept,)


def test_of_too_many_boxes_the_best_stay(tmp_path, photo, monkeypatch):
    monkeypatch.setattr("fer_course.detection.detector._MOST_CANDIDATES", 2)
    rows = [[60 + 90 * i, 100, 40, 40, (0.6, 0.9, 0.7, 0.8)[i]] for i in range(4)]
    _, scores = FaceDetector(write_network(tmp_path / "n.onnx", rows)).detect(photo)
    np.testing.assert_allclose(scores, [0.9, 0.8])


def test_boxes_are_clipped_to_the_photo(tmp_path, photo):
    rows = [[0, 0, 64, 64, 0.9], [640, 320, 64, 64, 0.8]]
    boxes, _ = FaceDetector(write_network(tmp_path / "n.onnx", rows)).detect(photo)
    np.testing.assert_allclose(boxes, [[0, 0, 20, 20], [380, 180, 400, 200]], atol=1e-3)


def test_threshold_may_be_overruled(tmp_path, photo):
    path = write_network(tmp_path / "n.onnx", [[100, 100, 40, 40, 0.3]])
    assert len(FaceDetector(path).detect(photo)[0]) == 0
    assert len(FaceDetector(path, score_threshold=0.2).detect(photo)[0]) == 1
    with pytest.raises(ValueError, match="score_threshold is 35: it must lie between"):
        FaceDetector(path, score_threshold=35)


def test_card_is_read_from_the_file(tmp_path):
    card = CARD | {"input_size": "320", "iou_threshold": "0.45"}
    detector = FaceDetector(write_network(tmp_path / "n.onnx", [], card))
    assert detector.card == DetectorCard("face", 0.5, 0.45, 320, 32)


@pytest.mark.parametrize(
    "image_hw",
    [(200, 400), (400, 200), (480, 640), (97, 31), (640, 640), (1, 1), (1000, 1501)],
)
def test_spot_is_found_at_any_size(tmp_path, image_hw):
    photo = np.zeros((*image_hw, 3), np.uint8)
    y, x = image_hw[0] // 3, image_hw[1] * 2 // 3
    spot = max(1, max(image_hw) // 60)
    photo[y : y + spot, x : x + spot] = 255
    detector = FaceDetector(write_network(tmp_path / "n.onnx"), score_threshold=0.2)
    boxes, _ = detector.detect(photo)
    assert len(boxes) == 1
    half = 20 * max(image_hw) / 640
    corners = np.array([x - half, y - half, x + half, y + half])
    corners = np.clip(corners, 0, [image_hw[1], image_hw[0]] * 2)
    assert np.abs(boxes[0] - corners).max() <= spot + max(image_hw) / 640


def test_gray_and_files_are_read_too(tmp_path):
    cv2 = pytest.importorskip("cv2")
    photo = np.zeros((120, 160), np.uint8)
    photo[30:40, 80:90] = 255
    path = tmp_path / "gräulich.png"
    path.write_bytes(cv2.imencode(".png", photo)[1].tobytes())
    detector = FaceDetector(write_network(tmp_path / "n.onnx"))
    expected = detector.detect(photo)[0]
    assert len(expected) == 1
    for source in (path, str(path), path.read_bytes()):
        np.testing.assert_array_equal(detector.detect(source)[0], expected)


def test_tiles_see_what_is_too_small_for_the_whole(tmp_path):
    # One white pixel in 2000: gone when the photo is shrunk, clear in its tile.
    photo = np.zeros((1400, 2000, 3), np.uint8)
    photo[700, 1200] = 255
    detector = FaceDetector(write_network(tmp_path / "n.onnx"))
    assert len(detector.detect(photo)[0]) == 0
    boxes, scores = detector.detect(photo, tiles=True)
    np.testing.assert_allclose(boxes, [[1180, 680, 1220, 720]], atol=1)
    assert scores[0] == 1


@pytest.mark.parametrize(
    ("center", "image_hw", "expected"),
    [
        pytest.param((10, 300), (640, 1600), [0, 280, 30, 320], id="left"),
        pytest.param((630, 300), (640, 1600), [1570, 280, 1600, 320], id="right"),
        pytest.param((300, 10), (1600, 640), [280, 0, 320, 30], id="top"),
        pytest.param((300, 630), (1600, 640), [280, 1570, 320, 1600], id="bottom"),
    ],
)
def test_tiles_drop_boxes_that_an_inner_edge_cuts(tmp_path, center, image_hw, expected):
    # The network answers each picture with a box over one edge; in the whole photo,
    # which is shrunk, that one lies outside.
    path = write_network(tmp_path / "n.onnx", [[*center, 40, 40, 0.9]])
    photo = np.zeros((*image_hw, 3), np.uint8)
    boxes, _ = FaceDetector(path).detect(photo, tiles=True)
    np.testing.assert_allclose(boxes, [expected], atol=1)


@pytest.mark.parametrize(
    ("image_hw", "expected"),
    [
        pytest.param((480, 640), [], id="one tile would do"),
        pytest.param((640, 1152), [(0, 0), (512, 0)], id="a fifth shared"),
        pytest.param((300, 700), [(0, 0), (60, 0)], id="flat"),
        pytest.param((700, 300), [(0, 0), (0, 60)], id="upright"),
    ],
)
def test_tile_corners(image_hw, expected):
    assert _tile_corners(image_hw, 640) == expected


def test_tiles_cover_everything():
    seen = np.zeros((1777, 2511), int)
    for left, top in _tile_corners(seen.shape, 640):
        assert seen[top : top + 640, left : left + 640].shape == (640, 640)
        seen[top : top + 640, left : left + 640] += 1
    assert seen.min() == 1


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no face detector at .*nowhere\.onnx"):
        FaceDetector(tmp_path / "nowhere.onnx")


def test_other_files_are_refused(tmp_path):
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"<html>404</html>")
    with pytest.raises(ValueError, match="cannot be read as an ONNX network"):
        FaceDetector(broken)
    foreign = write_network(tmp_path / "foreign.onnx", [], card={"author": "someone"})
    silent = write_network(tmp_path / "silent.onnx", [], card={"labels": "face"})
    with pytest.raises(ValueError, match=r"silent\.onnx does not say its score_thr"):
        FaceDetector(silent)
    wordy = write_network(tmp_path / "w.onnx", [], card=CARD | {"input_size": "big"})
    with pytest.raises(ValueError, match=r"w\.onnx says no number .*'big'"):
        FaceDetector(wordy)
    for number, told in enumerate(({"stride": "0"}, {"iou_threshold": "nan"})):
        odd = write_network(tmp_path / f"odd{number}.onnx", [], card=CARD | told)
        with pytest.raises(ValueError, match=r"odd.\.onnx says .*, which cannot be"):
            FaceDetector(odd)
    with pytest.raises(ValueError, match="is no face detector of this course"):
        FaceDetector(foreign)


@pytest.mark.skipif(not SHIPPED.is_file(), reason="the shipped detector is not there")
def test_shipped_detector_says_what_it_is():
    detector = FaceDetector()
    assert detector.card.labels == "face"
    assert 0.05 < detector.score_threshold < 0.95
    boxes, _ = detector.detect(np.full((300, 500, 3), 127, np.uint8))
    assert boxes.shape == (0, 4)


@pytest.mark.skipif(not SHIPPED.is_file(), reason="the shipped detector is not there")
@pytest.mark.parametrize(("photo", "faces"), [("zidane.jpg", 2), ("bus.jpg", 2)])
def test_shipped_detector_finds_faces(photo, faces):
    training = pytest.importorskip("fer_course.detection.training")
    assets = training.import_ultralytics().utils.ASSETS
    boxes, scores = FaceDetector().detect(assets / photo)
    # bus.jpg's other two people have their faces cut off by the photo's edge
    assert len(boxes) == faces
    assert (np.diff(scores) <= 0).all()


@pytest.mark.skipif(
    not (settings().models / "face_detector.pt").is_file(),
    reason="the shipped detector is not there",
)
def test_shipped_twins_agree():
    training = pytest.importorskip("fer_course.detection.training")
    photo = training.import_ultralytics().utils.ASSETS / "zidane.jpg"
    onnx_twin = FaceDetector()
    torch_twin = FaceDetector(settings().models / "face_detector.pt")
    assert onnx_twin.card == torch_twin.card
    (boxes, scores), (other_boxes, other_scores) = (
        twin.detect(photo) for twin in (onnx_twin, torch_twin)
    )
    assert len(boxes) == len(other_boxes) == 2
    # the .onnx file computes in 8-bit integers
    assert np.diag(iou_matrix(boxes, other_boxes)).min() > 0.9
    np.testing.assert_allclose(scores, other_scores, atol=0.1)
