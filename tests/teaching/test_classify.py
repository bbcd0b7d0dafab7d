"""The classify widget, driven as a browser drives it, with a fake analyzer."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from fer_course.analysis.analyzer import Face, PhotoResult
from fer_course.images import read_image
from fer_course.labels import EXPRESSIONS
from fer_course.teaching import classify as module
from fer_course.teaching.uploads import STATIC, Upload


class FakeAnalyzer:
    """Finds a sure face and a faint, doubtful one in everything it can read."""

    detector = SimpleNamespace(score_threshold=0.35)

    def __init__(self):
        self.calls = 0

    def analyze(self, photo):
        self.calls += 1
        image = read_image(photo)
        if image.shape[0] == 13:
            raise RuntimeError("the network fell over")
        even = dict.fromkeys(EXPRESSIONS, 1 / 7)
        faces = (
            Face((10.0, 10.0, 40.0, 45.0), 0.9, "happy", even, True),
            Face((50.0, 10.0, 70.0, 30.0), 0.4, "sad", even, False),
        )
        return PhotoResult(None, image, faces)


def _png(height=60, width=90):
    image = np.full((height, width, 3), 128, np.uint8)
    return cv2.imencode(".png", image)[1].tobytes()


@pytest.fixture
def samples(tmp_path, monkeypatch):
    photos = {"one": tmp_path / "one.png", "two": tmp_path / "two.png"}
    for path in photos.values():
        path.write_bytes(_png())
    monkeypatch.setattr(module, "sample_photos", lambda: photos)
    monkeypatch.setattr(module, "FIRST_SAMPLE", "one")
    module._shipped_analyzer.cache_clear()
    yield photos
    module._shipped_analyzer.cache_clear()


@pytest.fixture
def panel(samples):
    return module.Panel(FakeAnalyzer(), 0.35, lowest=0.05)


def test_a_sample_is_read_at_once(samples):
    analyzer = FakeAnalyzer()
    widget = module.classify(analyzer)
    *_, threshold, _, view = widget.children
    assert analyzer.calls == 1
    assert "one.png" in view.html and "2 faces." in view.html
    assert threshold.value == threshold.min == 0.35


def test_a_detector_need_not_know_a_threshold(samples):
    analyzer = FakeAnalyzer()
    analyzer.detector = SimpleNamespace(detect=None)  # all that `FaceAnalyzer` asks for
    *_, threshold, _, view = module.classify(analyzer).children
    assert threshold.value == threshold.min == module.LOWEST_THRESHOLD
    assert "2 faces." in view.html


def test_the_shipped_networks_keep_faint_faces_and_the_slider_hides_them(
    samples, monkeypatch
):
    def detector(score_threshold):
        card = SimpleNamespace(score_threshold=0.5)
        return SimpleNamespace(score_threshold=score_threshold, card=card)

    def analyzer(detector):
        assert detector.score_threshold == module.LOWEST_THRESHOLD
        made = FakeAnalyzer()
        made.detector = detector
        return made

    monkeypatch.setattr(module, "FaceDetector", detector)
    monkeypatch.setattr(module, "FaceAnalyzer", analyzer)
    *_, threshold, _, view = module.classify().children
    assert threshold.value == 0.5 and "1 face." in view.html
    threshold.value = threshold.min
    assert "2 faces." in view.html


def test_the_networks_are_loaded_once(samples, monkeypatch):
    loaded = []

    class Detector:
        card = SimpleNamespace(score_threshold=0.35)

        def __init__(self, score_threshold):
            loaded.append(score_threshold)

    monkeypatch.setattr(module, "FaceDetector", Detector)
    analyzer = FakeAnalyzer()
    analyzer.detector = Detector
    monkeypatch.setattr(module, "FaceAnalyzer", lambda detector: analyzer)
    module.classify()
    module.classify()
    assert loaded == [module.LOWEST_THRESHOLD]
    assert analyzer.calls == 2


def test_a_broken_network_fails_the_cell(samples):
    analyzer = FakeAnalyzer()
    samples["one"].write_bytes(_png(height=13))
    with pytest.raises(RuntimeError, match="fell over"):
        module.classify(analyzer)


def test_the_slider_draws_again_without_running_the_networks(panel):
    panel.receive(Upload("me.png", _png()))
    assert "2 faces." in panel.view.html
    panel.threshold.value = 0.5
    assert "1 face." in panel.view.html
    panel.threshold.value = 0.95
    assert "Nobody was found" in panel.view.html
    assert panel._analyzer.calls == 1


def test_choosing_a_sample_replaces_what_was_there(panel, samples):
    panel.receive(Upload("me.png", _png()))
    panel.sample.value = str(samples["two"])
    assert [entry.photo for entry in panel.entries] == ["two.png"]
    assert "me.png" not in panel.view.html


def test_a_sample_can_be_chosen_again_after_another_photo(panel, samples):
    panel.sample.value = str(samples["two"])
    panel.receive(Upload("me.png", _png()))
    assert panel.sample.value == ""
    panel.sample.value = str(samples["two"])
    panel.path.value = str(samples["one"])
    assert panel.sample.value == "" and panel._analyzer.calls == 4


def test_the_arrow_of_the_samples_has_the_color_of_the_text(panel):
    style = (STATIC / "upload.css").read_text(encoding="utf-8")
    assert "fer-sample" in panel.sample._dom_classes
    assert "currentColor" in style.partition(".fer-sample > select")[2]


def test_photos_chosen_together_stay_together(panel):
    for number in (1, 2, 3):
        panel.receive(Upload(f"{number}.png", _png(), "", number, 3))
    assert [entry.photo for entry in panel.entries] == ["1.png", "2.png", "3.png"]
    panel.receive(Upload("next.png", _png()))
    assert [entry.photo for entry in panel.entries] == ["next.png"]


@pytest.mark.parametrize("quote", ["", '"', "'"])
def test_a_path_may_be_pasted_with_quotes(panel, samples, quote):
    panel.path.value = f" {quote}{samples['two']}{quote} "
    assert [entry.photo for entry in panel.entries] == ["two.png"]


def test_progress_is_said_and_taken_back(panel):
    said = []
    panel.status.observe(lambda change: said.append(change["new"]), "value")
    panel.receive(Upload("<b>.png", _png(), "", 2, 3))
    assert "Reading &lt;b&gt;.png (2 of 3) …" in said[0]
    assert "Reading" not in said[-1]


def test_until_the_view_answers_a_sentence_says_what_to_do(panel, samples):
    assert "cannot load the package anywidget: reload" in panel.status.value
    panel.sample.value = str(samples["two"])  # reading comes and goes
    assert "cannot load the package anywidget: reload" in panel.status.value
    panel.view._handle_custom_msg({"type": "ready"}, [])  # as view.js sends it
    assert panel.status.value == '<span role="status"></span>'
    panel.sample.value = str(samples["one"])
    assert panel.status.value == '<span role="status"></span>'


@pytest.mark.parametrize(
    "upload, sentence",
    [
        pytest.param(
            Upload("b.jpg", b"not a picture"),
            ">b.jpg is not a picture",
            id="no picture",
        ),
        pytest.param(
            Upload("b.heic", problem="b.heic cannot be opened."),
            "b.heic cannot be opened.",
            id="the browser's problem",
        ),
        pytest.param(
            Upload("b.png", _png(height=13)),
            "b.png: reading it failed (RuntimeError: the network fell over).",
            id="a bug",
        ),
    ],
)
def test_errors_are_shown_and_logged(panel, caplog, upload, sentence):
    panel.receive(upload)
    assert panel.view.html.count('class="fer-error"') == 1
    assert sentence in panel.view.html
    assert caplog.records, "an error is never swallowed"
    assert "Reading" not in panel.status.value


def test_what_cannot_be_written_as_it_is_is_shown_all_the_same(panel, tmp_path):
    """A picture wider than JPEG holds, a name that is no UTF-8, an unknown user."""
    wide = tmp_path / "wide.png"
    wide.write_bytes(_png(height=4, width=66_000))
    panel.path.value = str(wide)
    assert "wide.png" in panel.view.html
    panel.receive(Upload("odd\udce9.png", _png()))
    assert 'download="faces.json"' in panel.view.html
    panel.path.value = "~nobody-of-this-name/a.jpg"
    assert 'class="fer-error"' in panel.view.html


def test_the_page_is_drawn_once_for_photos_chosen_together(panel, monkeypatch):
    shown = []
    monkeypatch.setattr(panel.view, "show", shown.append)
    for number in (1, 2, 3):
        panel.receive(Upload(f"{number}.png", _png(), "", number, 3))
    assert len(shown) == 1 and "3.png" in shown[0]


def test_what_fails_while_drawing_is_shown(panel, caplog, monkeypatch):
    def fail(entry, threshold):
        raise MemoryError("no room")

    panel.sample.value = panel.sample.options[1][1]
    monkeypatch.setattr(module, "at_threshold", fail)
    panel.threshold.value = 0.77
    assert "drawing the result failed (MemoryError: no room)" in panel.view.html
    assert "could not be drawn" in caplog.text


def test_a_missing_path_is_named(panel, tmp_path):
    panel.path.value = str(tmp_path / "nobody.jpg")
    assert 'class="fer-error"' in panel.view.html and "nobody.jpg" in panel.view.html


def test_one_bad_photo_does_not_stop_the_others(panel):
    panel.receive(Upload("bad.jpg", b"x", "", 1, 2))
    panel.receive(Upload("good.png", _png(), "", 2, 2))
    assert "bad.jpg" in panel.view.html and "2 faces." in panel.view.html


def test_no_pixel_is_kept_in_the_widgets_state(panel):
    pytest.importorskip("anywidget")
    panel.receive(Upload("me.png", _png()))
    state = str([part.get_state() for part in panel.widget.children])
    assert "data:image" not in state and "data:image" in panel.view.html


def test_a_page_opened_again_gets_the_picture_again(panel):
    pytest.importorskip("anywidget")
    panel.receive(Upload("me.png", _png()))
    sent = []
    panel.view.send = sent.append
    panel.view._handle_custom_msg({"type": "ready"}, [])
    assert sent == [{"html": panel.view.html}]


def test_without_anywidget_the_page_is_an_html_widget(samples, monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    panel = module.Panel(FakeAnalyzer(), 0.35)
    panel.receive(Upload("me.png", _png()))
    assert "me.png" in panel.view.value
    assert "anywidget is missing" in panel.widget.children[1].value
    assert "Loading" not in panel.status.value


def test_the_slider_on_paper_has_a_panel_for_each_threshold():
    result = FakeAnalyzer().analyze(_png())
    axes = module.static(result, (0.3, 0.6, 0.95)).axes
    titles = [axis.get_title() for axis in axes]
    assert titles == ["0.30: 2 faces", "0.60: 1 face", "0.95: 0 faces"]
    assert [text.get_text() for text in axes[0].texts] == ["happy", "sad"]
    assert not axes[2].texts
