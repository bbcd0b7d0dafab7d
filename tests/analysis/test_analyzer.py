import cv2
import numpy as np
import pytest

from fer_course.analysis import analyzer as analyzer_module
from fer_course.analysis.analyzer import FaceAnalyzer, PhotoError, PhotoResult
from fer_course.analysis.report import PHOTO_COLUMNS
from fer_course.images import ImageError
from fer_course.labels import EXPRESSIONS
from fer_course.settings import SAMPLES, settings


class BrightSpots:
    """Finds the boxes that it was told, the same in every photo that is not black."""

    def __init__(self, boxes):
        self.boxes = np.array(boxes, np.float32).reshape(-1, 4)

    def detect(self, image, tiles=False):
        boxes = self.boxes if image.any() else self.boxes[:0]
        return boxes, np.linspace(0.9, 0.5, len(boxes), dtype=np.float32)


class Brightness:
    """Reads "anger" from dark crops up to "surprise" from bright ones."""

    crop_margin = 0.5
    sure_threshold = float(np.float32(0.6))

    def __init__(self, top=0.7):
        self.top = top
        self.batches = []

    def classify(self, crops):
        self.batches.append(crops)
        found = np.full((len(crops), 7), (1 - self.top) / 6, np.float32)
        for row, face in zip(found, crops, strict=True):
            row[int(face.mean() * 7 / 256)] = self.top
        return found


BOXES = [(10, 20, 30, 48), (60, 6, 92, 34)]


def photo(value, height=80, width=120):
    return np.full((height, width, 3), value, np.uint8)


def write(path, image):
    path.write_bytes(cv2.imencode(".png", image[:, :, ::-1])[1].tobytes())
    return path


def analyzer(boxes=BOXES, top=0.7):
    return FaceAnalyzer(BrightSpots(boxes), Brightness(top))


def test_faces_of_a_photo_are_classified_in_one_batch():
    reader = analyzer()
    result = reader.analyze(photo(250))
    assert [len(batch) for batch in reader.classifier.batches] == [2]
    assert [face.expression for face in result.faces] == ["surprise"] * 2
    assert [face.box for face in result.faces] == BOXES
    assert [face.score for face in result.faces] == pytest.approx([0.9, 0.5])


def test_crops_are_square_with_the_networks_margin():
    rng = np.random.default_rng(3)
    image = rng.integers(1, 256, (80, 120, 3), np.uint8)
    reader = analyzer()
    reader.analyze(image)
    first, second = reader.classifier.batches[0]
    # side 28 x 1.5 = 42 around (20, 34): one column beyond the left edge
    assert first.shape == (42, 42, 3)
    np.testing.assert_array_equal(first[:, 1:], image[13:55, 0:41])
    np.testing.assert_array_equal(first[:, 0], image[13:55, 0])
    # side 32 x 1.5 = 48 around (76, 20): four rows above the top edge
    assert second.shape == (48, 48, 3)
    np.testing.assert_array_equal(second[4:], image[0:44, 52:100])
    np.testing.assert_array_equal(second[:4], np.repeat(image[:1, 52:100], 4, axis=0))


@pytest.mark.parametrize(
    ("top", "sure"),
    [
        pytest.param(0.7, True, id="above the threshold"),
        pytest.param(float(np.float32(0.6)), True, id="at the threshold"),
        pytest.param(0.4, False, id="a toss-up"),
    ],
)
def test_sure_is_the_classifiers_rule(top, sure):
    assert [f.sure for f in analyzer(top=top).analyze(photo(9)).faces] == [sure] * 2


def test_probabilities_keep_the_order_and_sum_to_one():
    face = analyzer().analyze(photo(200)).faces[0]
    assert tuple(face.probabilities) == EXPRESSIONS
    assert sum(face.probabilities.values()) == pytest.approx(1)
    assert face.expression == max(face.probabilities, key=face.probabilities.get)


def test_a_photo_without_faces_is_a_result():
    result = analyzer().analyze(photo(0))
    assert result.faces == ()
    np.testing.assert_array_equal(result.draw(), result.image)
    assert result.to_dict()["faces"] == []
    assert list(result.to_frame().columns) == list(PHOTO_COLUMNS)


def test_slivers_are_left_out():
    reader = analyzer([(10, 10, 40, 40), (5.0, 5.0, 5.2, 5.4)])
    assert len(reader.analyze(photo(100)).faces) == 1


def test_many_keeps_order_and_goes_on_after_errors(tmp_path):
    paths = [write(tmp_path / f"{i}.png", photo(20 * i + 10)) for i in range(9)]
    (tmp_path / "2.png").write_bytes(b"no picture")
    paths[6] = tmp_path / "missing.png"
    reader = analyzer()
    results = list(reader.analyze_many(paths))
    assert [result.photo for result in results] == [str(path) for path in paths]
    failed = [isinstance(result, PhotoError) for result in results]
    assert [i for i, bad in enumerate(failed) if bad] == [2, 6]
    assert "2.png" in results[2].message and "missing.png" in results[6].message
    assert [len(batch) for batch in reader.classifier.batches] == [6, 6, 2]
    for path, result in zip(paths, results, strict=True):
        if isinstance(result, PhotoResult):
            alone = analyzer().analyze(path)
            assert result.faces == alone.faces


def test_what_is_no_photo_at_all_costs_no_other():
    """As an empty cell in a table of paths."""
    results = list(analyzer().analyze_many([photo(50), None, photo(70)]))
    assert [len(getattr(result, "faces", ())) for result in results] == [2, 0, 2]
    assert "not a NoneType" in results[1].message


@pytest.mark.parametrize("error", [MemoryError, cv2.error])
def test_a_photo_that_memory_does_not_hold_costs_no_other(tmp_path, error):
    paths = [write(tmp_path / f"{i}.png", photo(20 * i + 50)) for i in range(3)]
    reader = analyzer()
    detect = reader.detector.detect

    def no_room(image):
        if image.max() < 60:  # the first one
            raise error
        return detect(image)

    reader.detector.detect = no_room
    first, *others = reader.analyze_many(paths)
    assert first.photo == str(paths[0])
    assert "0.png is larger than the memory left here" in first.message
    assert [result.faces for result in others] == [
        analyzer().analyze(path).faces for path in paths[1:]
    ]


def test_large_photos_are_not_held_four_at_a_time(monkeypatch):
    monkeypatch.setattr(analyzer_module, "BYTES_AT_ONCE", 2 * photo(1).nbytes)
    reader = analyzer()
    assert len(list(reader.analyze_many(photo(50) for _ in range(5)))) == 5
    assert [len(batch) for batch in reader.classifier.batches] == [4, 4, 2]


def test_many_reads_only_what_is_asked_for():
    opened = []

    def endless():
        while True:
            opened.append(1)
            yield photo(50)

    results = analyzer().analyze_many(endless())
    assert len(next(results).faces) == 2
    assert len(opened) <= 8


@pytest.mark.parametrize(
    "one",
    [
        pytest.param("a.jpg", id="path"),
        pytest.param(b"", id="bytes"),
        pytest.param(bytearray(b"x"), id="a buffer of bytes"),
        pytest.param(photo(1), id="array"),
    ],
)
def test_many_refuses_a_single_photo(one):
    with pytest.raises(TypeError, match=r"analyze\(photo\)"):
        analyzer().analyze_many(one)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        pytest.param(photo(100) / 255, "multiply", id="float"),
        pytest.param(np.zeros((4, 4, 2), np.uint8), r"\(4, 4, 2\)", id="shape"),
    ],
)
def test_a_wrong_array_says_how_to_put_it_right(wrong, message):
    with pytest.raises(ImageError, match=message):
        analyzer().analyze(wrong)


def test_a_threshold_belongs_to_the_detector_that_was_given():
    with pytest.raises(ValueError, match=r"FaceDetector\(score_threshold"):
        FaceAnalyzer(BrightSpots(BOXES), Brightness(), score_threshold=0.3)


def test_networks_that_are_not_there_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.onnx"):
        FaceAnalyzer(detector=tmp_path / "none.onnx", classifier=Brightness())


@pytest.mark.parametrize("height_width", [(1, 30_000), (30_000, 1), (600, 30_000)])
def test_the_shipped_networks_read_very_wide_and_high_pictures(height_width):
    photo = np.full((*height_width, 3), 128, np.uint8)
    assert FaceAnalyzer().analyze(photo).faces == ()


@pytest.mark.skipif(
    not (settings().models / "fernet.onnx").is_file(), reason="no shipped networks"
)
def test_the_shipped_networks_read_a_plain_smile():
    smiling, _ = FaceAnalyzer().analyze(SAMPLES / "two_portraits.jpg").faces
    assert smiling.expression == "happy"
    assert smiling.probabilities["happy"] > 0.8
    surest = FaceAnalyzer(score_threshold=0.999).analyze(SAMPLES / "two_portraits.jpg")
    assert surest.faces == ()
