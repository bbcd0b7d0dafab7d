import numpy as np
import pytest

from fer_course.analysis import drawing
from fer_course.analysis.analyzer import Face
from fer_course.analysis.drawing import draw_faces
from fer_course.labels import COLORS, EXPRESSIONS


def face(box, expression="happy", sure=True, track=None):
    shares = {name: 0.7 if name == expression else 0.05 for name in EXPRESSIONS}
    return Face(tuple(map(float, box)), 0.9, expression, shares, sure, track)


def gray(height=200, width=300):
    return np.full((height, width, 3), 128, np.uint8)


@pytest.fixture
def labels(monkeypatch):
    """The (text, x1, y1, x2, y2) of every label drawn."""
    seen = []
    draw = drawing._draw_label

    def watch(canvas, text, spot, color, style):
        seen.append((text, *spot))
        draw(canvas, text, spot, color, style)

    monkeypatch.setattr(drawing, "_draw_label", watch)
    return seen


def inside(label, height=200, width=300):
    _, x1, y1, x2, y2 = label
    return 0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height


@pytest.mark.parametrize(
    "box",
    [
        pytest.param((100, 60, 160, 130), id="middle"),
        pytest.param((100, 0, 160, 70), id="top"),
        pytest.param((100, 130, 160, 200), id="bottom"),
        pytest.param((0, 60, 60, 130), id="left"),
        pytest.param((240, 60, 300, 130), id="right"),
        pytest.param((0, 0, 60, 70), id="top left corner"),
        pytest.param((240, 130, 300, 200), id="bottom right corner"),
        pytest.param((0, 0, 300, 200), id="whole picture"),
        pytest.param((-40, -30, 30, 40), id="partly outside"),
        pytest.param((60, 60, 62, 62), id="two pixels"),
    ],
)
def test_labels_lie_inside_the_picture(labels, box):
    image = gray()
    drawn = draw_faces(image, [face(box)])
    assert drawn.shape == image.shape and drawn.dtype == np.uint8
    assert len(labels) == 1 and inside(labels[0])
    assert (drawn != image).any()
    assert (image == 128).all()  # the photo itself stays


@pytest.mark.parametrize(
    ("box", "sure", "text"),
    [
        pytest.param((80, 60, 180, 160), True, "1 happy 70%", id="sure"),
        pytest.param((80, 60, 180, 160), False, "1 happy? 70%", id="not sure"),
        pytest.param((80, 60, 95, 78), True, "1", id="tiny"),
        pytest.param((80, 60, 95, 78), False, "1?", id="tiny and not sure"),
    ],
)
def test_what_a_label_says(labels, box, sure, text):
    draw_faces(gray(), [face(box, sure=sure)])
    assert labels[0][0] == text


def test_a_track_is_the_faces_number(labels):
    draw_faces(gray(), [face((80, 60, 180, 160), track=17)])
    assert labels[0][0].startswith("17 ")


def test_a_new_track_has_no_number_yet(labels):
    draw_faces(gray(), [face((80, 60, 180, 160), track=0)])
    assert labels[0][0].startswith("new ")


def test_neighbors_labels_do_not_cover_each_other(labels):
    boxes = [(20 + 52 * i, 70, 65 + 52 * i, 120) for i in range(5)]
    draw_faces(gray(), [face(box, "surprise") for box in boxes])
    for i, (_, *a) in enumerate(labels):
        for _, *b in labels[i + 1 :]:
            apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
            assert apart, (a, b)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_box_has_its_expressions_color(expression):
    drawn = draw_faces(gray(), [face((100, 60, 200, 160), expression)])
    code = COLORS[expression]
    color = [int(code[i : i + 2], 16) for i in (1, 3, 5)]
    assert drawn[110, 100].tolist() == color  # the left edge, half way down


@pytest.mark.parametrize("order", [1, -1])
def test_a_small_faces_box_lies_on_a_large_ones(order):
    large, small = face((100, 60, 200, 160), "sad"), face((100, 100, 140, 140), "fear")
    drawn = draw_faces(gray(), [large, small][::order])
    code = COLORS["fear"]
    color = [int(code[i : i + 2], 16) for i in (1, 3, 5)]
    assert drawn[125, 100].tolist() == color  # the left edge, of both


def test_a_box_that_is_not_sure_is_dashed():
    def colors(sure):
        drawn = draw_faces(gray(), [face((100, 60, 200, 160), "sad", sure)])
        return len(np.unique(drawn[75:145, 100], axis=0))

    assert (colors(True), colors(False)) == (1, 2)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_text_is_readable_on_every_color(expression):
    def luminance(rgb):  # WCAG 2
        s = np.array(rgb) / 255
        linear = np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)
        return linear @ (0.2126, 0.7152, 0.0722)

    rgb = drawing._rgb(face((0, 0, 1, 1), expression))
    low, high = sorted(luminance(c) + 0.05 for c in (rgb, drawing._text_color(rgb)))
    assert high / low >= 4.5


def test_lines_and_text_grow_with_the_picture():
    small = drawing._style((240, 320), np.array([0, 0, 80, 100]))
    large = drawing._style((1500, 2000), np.array([0, 0, 500, 625]))
    assert large.line > small.line and large.text_height > 2 * small.text_height


@pytest.mark.parametrize(
    "image_hw",
    [
        pytest.param((1, 1), id="one pixel"),
        pytest.param((8, 300), id="strip"),
        pytest.param((300, 8), id="column"),
    ],
)
def test_pictures_smaller_than_a_label_are_drawn(image_hw):
    box = (0, 0, *image_hw[::-1])
    assert draw_faces(gray(*image_hw), [face(box)]).shape == (*image_hw, 3)


def test_read_only_and_strided_pictures_are_drawn():
    image = gray()[:, ::-1]
    image.flags.writeable = False
    assert (draw_faces(image, [face((80, 60, 180, 160))]) != image).any()
