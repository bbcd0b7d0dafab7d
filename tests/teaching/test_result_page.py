"""The page of readings: what it says, what it escapes, what can be downloaded."""

import base64
import csv
import io
import json
import re
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from fer_course.analysis.analyzer import Face, PhotoError, PhotoResult
from fer_course.labels import EXPRESSIONS
from fer_course.teaching import result_page


def _face(best="happy", score=0.9, sure=True, box=(10.0, 10.0, 50.0, 60.0)):
    rest = (1 - 0.7) / 6
    probabilities = {name: 0.7 if name == best else rest for name in EXPRESSIONS}
    return Face(box, score, best, probabilities, sure)


def _result(*faces, photo="party.jpg", hw=(90, 120)):
    image = np.full((*hw, 3), 200, np.uint8)
    return PhotoResult(photo, image, tuple(faces))


class _Tags(HTMLParser):
    """Collects tags, and complains about those left open or closed twice."""

    def __init__(self, text):
        super().__init__()
        self.found, self.open = [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, tag):
        return [attrs for name, attrs in self.found if name == tag]


def _decoded(uri):
    return base64.b64decode(uri.split(",", 1)[1])


@pytest.mark.parametrize(
    "score_threshold, kept",
    [
        pytest.param(0.0, [0.9, 0.5, 0.3], id="all"),
        pytest.param(0.5, [0.9, 0.5], id="a score equal to the threshold stays"),
        pytest.param(0.95, [], id="none"),
    ],
)
def test_the_threshold_chooses_and_keeps_order(score_threshold, kept):
    result = _result(*(_face(score=score) for score in (0.9, 0.5, 0.3)))
    shown = result_page.at_threshold(result, score_threshold)
    assert [face.score for face in shown.faces] == kept
    assert len(result.faces) == 3, "the full result stays as it was"


def test_a_row_per_face_with_seven_bars_and_numbers_as_in_the_drawing():
    page = result_page.page([_result(_face("happy"), _face("sad"))])
    tags = _Tags(page)
    assert len(tags.all("li")) == 2
    assert len(tags.all("dt")) == 14
    assert "1 · happy" in page and "2 · sad" in page
    assert page.count(">70%</dd>") == 2 and page.count(">5%</dd>") == 12
    widths = re.findall(r"width:\s*([\d.]+)%", page)
    assert widths.count("70.0") == 2 and widths.count("5.0") == 12


def test_the_alt_text_tells_what_a_reader_would_see():
    result = _result(_face("happy"), _face("sad", sure=False))
    alt = _Tags(result_page.page([result])).all("img")[0]["alt"]
    assert alt == "party.jpg: 2 faces. 1 happy, 2 not sure (perhaps sad)."


def test_nobody_found_gets_a_note_and_no_rows():
    page = result_page.page([_result()])
    assert "Nobody was found" in page and "<li" not in page


def test_a_toss_up_gets_a_note_that_names_the_faces():
    page = result_page.page([_result(_face(), _face(sure=False), _face(sure=False))])
    assert "Not sure about faces 2, 3" in page
    assert "Not sure" not in result_page.page([_result(_face())])


def test_every_text_is_escaped():
    name = '<script>"&.jpg'
    entries = [_result(_face(), photo=name), PhotoError(name, f"{name} is broken.")]
    tags = _Tags(result_page.page(entries))
    assert not tags.all("script")
    links = tags.all("a")
    assert links[0]["download"] == '<script>"&-faces.jpg'


@pytest.mark.parametrize(
    "error, text",
    [
        pytest.param(
            PhotoError("b.jpg", "b.jpg is not a picture."),
            ">b.jpg is not a picture.<",
            id="named in the message",
        ),
        pytest.param(
            PhotoError("b.jpg", "These bytes are not a picture."),
            ">b.jpg: These bytes are not a picture.<",
            id="name put in front",
        ),
    ],
)
def test_an_error_is_one_sentence_with_the_name(error, text):
    page = result_page.page([error])
    assert text in page and "Download" not in page


def test_the_annotated_picture_can_be_downloaded_at_full_size():
    result = _result(_face(), hw=(1500, 2000))
    tags = _Tags(result_page.page([result]))
    photo = tags.all("img")[0]
    assert (photo["width"], photo["height"]) == ("1280", "960"), "nothing jumps"
    shown = _decoded(photo["src"])
    saved = _decoded(tags.all("a")[0]["href"])
    sizes = [
        cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape[:2]
        for data in (shown, saved)
    ]
    assert sizes == [(960, 1280), (1500, 2000)]


def test_json_and_csv_are_those_of_the_command_line():
    good, bad = _result(_face("fear"), _face("sad")), PhotoError("b.jpg", "No.")
    _, as_json, as_csv = _Tags(result_page.page([bad, good])).all("a")
    document = json.loads(_decoded(as_json["href"]))
    assert document["photos"] == [good.to_dict()]
    assert document["errors"] == [{"photo": "b.jpg", "message": "No."}]
    rows = list(csv.DictReader(io.StringIO(_decoded(as_csv["href"]).decode())))
    assert [(row["photo"], row["face"]) for row in rows] == [
        ("party.jpg", "1"),
        ("party.jpg", "2"),
    ]


def test_a_face_at_the_border_has_a_square_crop():
    face = _face(box=(-20.0, 70.0, 40.0, 130.0))
    row = result_page.face_row(_result().image, face, 1)
    source = re.search(r'src="([^"]+)"', row)[1]
    data = np.frombuffer(_decoded(source), np.uint8)
    shape = cv2.imdecode(data, cv2.IMREAD_COLOR).shape
    assert shape == (result_page.CROP_PX, result_page.CROP_PX, 3)


def test_colors_survive_the_way_through_jpeg():
    image = np.zeros((16, 16, 3), np.uint8)
    image[..., 0] = 255  # red
    data = np.frombuffer(_decoded(result_page.jpeg_uri(image)), np.uint8)
    blue, _, red = cv2.imdecode(data, cv2.IMREAD_COLOR)[8, 8]
    assert red > 200 and blue < 60
