"""Input size and threshold by hand on made-up photos; what the files then say."""

import numpy as np
import pytest

from fer_course.detection import release
from fer_course.detection.release import OperatingPoint, choose_operating_point


@pytest.fixture(autouse=True)
def prepared(photos, monkeypatch):
    monkeypatch.setattr(release, "read_prepared", lambda folder, split: photos)


class Graded:
    """Finds the faces of the photos in `sure` at `surest` and in `unsure` at 0.4, and
    `strays` boxes at 0.6 in each photo without a face."""

    def __init__(self, photos, sure, unsure=(), strays=0, surest=0.8):
        self.answers = {}
        for row, photo in enumerate(photos):
            boxes, scores = photo.boxes_xyxy, [surest if row in sure else 0.4]
            if not len(boxes):
                boxes = np.tile([[200.0, 200, 240, 250]], (strays, 1))
                boxes += 60 * np.arange(strays)[:, None]
                scores = [0.6] * strays
            elif row not in sure and row not in unsure:
                boxes, scores = boxes[:0], []
            self.answers[photo.path] = (
                boxes.astype(np.float32),
                np.array(scores, np.float32),
            )

    def detect(self, picture):
        return self.answers[picture]


@pytest.mark.parametrize(
    ("strays", "expected"),
    [
        # by hand, 8 faces, 4 found at 0.8 and 4 more at 0.4:
        pytest.param(0, 0.4, id="no false alarm: all faces"),
        # F1 at 0.8 is 2/3, at 0.4 with 2 alarms 8/9
        pytest.param(1, 0.4, id="few: worth the faces"),
        # at 0.4 with 20 alarms 16/36
        pytest.param(10, 0.8, id="many: not worth them"),
    ],
)
def test_threshold_with_the_best_f1(photos, strays, expected):
    detector = Graded(photos, range(4), range(4, 8), strays)
    point = choose_operating_point({640: detector})
    assert point.input_size == 640
    assert point.score_threshold == pytest.approx(expected, abs=0.001)


def test_the_size_with_the_best_mean_over_the_sets(photos):
    # Of 8 faces the first finds 6 and the second 5, but of 3 sets 1 and 2.5.
    point = choose_operating_point(
        {640: Graded(photos, range(6)), 832: Graded(photos, (0, 1, 2, 6, 7))}
    )
    assert point.mean_ap50 == {640: 0.3333, 832: 0.8333}
    assert point.input_size == 832


def test_a_detector_without_a_hit_has_no_threshold(photos):
    with pytest.raises(ValueError, match="finds none of the faces"):
        choose_operating_point({640: Graded(photos, ())})


@pytest.mark.parametrize(
    ("int8_finds", "precision", "lost", "threshold"),
    [
        pytest.param(range(7), "int8", 0.0, 0.75, id="int8 as good"),
        pytest.param(range(6), "float32", 0.3334, 0.8, id="int8 worse"),
    ],
)
def test_files_carry_the_operating_point(
    photos, monkeypatch, tmp_path, int8_finds, precision, lost, threshold
):
    pt, onnx_file = tmp_path / "a.pt", tmp_path / "a.onnx"
    cards = {}
    monkeypatch.setattr(
        release, "export_detector", lambda weights, path: path.write_text("float32")
    )
    monkeypatch.setattr(
        release,
        "quantize_detector",
        lambda source, path, calibration, size: path.write_text(f"int8 for {size}"),
    )
    monkeypatch.setattr(
        release,
        "save_detector",
        lambda weights, path, **card: cards.update({path: card}),
    )
    monkeypatch.setattr(
        release, "_write_card", lambda path, **card: cards.update({path: card})
    )
    finds = {(onnx_file, 640): range(2), (onnx_file, 704): range(7)}

    def opened(model, size):
        if (model, size) in finds:
            return Graded(photos, finds[model, size])
        return Graded(photos, int8_finds, surest=0.75)  # int8 scores lower

    monkeypatch.setattr(release, "_detector_at", opened)
    made = release.finish_detector("best.pt", pt, onnx_file, input_sizes=(640, 704))
    point = OperatingPoint(704, threshold, {640: 0.1111, 704: 0.6667})
    assert made == release.Release(point, precision, lost)
    assert onnx_file.read_text().startswith(precision)
    card = {"input_size": 704, "score_threshold": threshold}
    assert cards == {pt: card, onnx_file: card}
    assert [p.name for p in tmp_path.iterdir()] == ["a.onnx"]


def test_a_card_in_an_onnx_file_is_changed_and_the_rest_kept(tmp_path):
    onnx = pytest.importorskip("onnx")
    graph = onnx.helper.make_graph([], "empty", [], [])
    model = onnx.helper.make_model(graph)
    onnx.helper.set_model_props(model, {"labels": "face", "input_size": "640"})
    path = tmp_path / "net.onnx"
    onnx.save(model, path)
    release._write_card(path, input_size=768)
    stored = {p.key: p.value for p in onnx.load(path).metadata_props}
    assert stored == {"labels": "face", "input_size": "768"}
