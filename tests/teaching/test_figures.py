import base64
import io
import re

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from fer_course.analysis.analyzer import Face, PhotoResult
from fer_course.expression.evaluation import reliability
from fer_course.labels import EXPRESSIONS
from fer_course.teaching import figures
from fer_course.teaching.samples import sample_boxes, sample_faces, sample_photos

ALT = "Two lines rise from 0 to 1 and cross at 0.5."


def rng():
    return np.random.default_rng(0)


@pytest.fixture
def shown(monkeypatch):
    """Collect what `show` displays."""
    seen = []

    def display(data, raw, metadata):
        assert raw
        seen.append((data, metadata))

    monkeypatch.setattr("IPython.display.display", display)
    return seen


def confusion():
    return rng().integers(0, 60, (7, 7)) + np.diag(rng().integers(200, 900, 7))


def some_reliability():
    probabilities = rng().dirichlet(np.ones(7) * 0.3, 400)
    return reliability(probabilities, rng().integers(0, 7, 400))


def photo_with_boxes():
    name = "gallery"
    image = np.asarray(Image.open(sample_photos()[name]))
    boxes = sample_boxes()[name]
    return figures.plot_photo(
        image, boxes, [f"{k + 1} happy" for k in range(len(boxes))]
    )


def two_faces():
    """Return a tall photo's result: a large face, and one of 12 px."""
    even = dict.fromkeys(EXPRESSIONS, 1 / 7)
    boxes = (50, 60, 350, 400), (420, 700, 432, 712)
    faces = tuple(Face(box, 0.9, "sad", even, sure=False) for box in boxes)
    return PhotoResult(None, np.full((1200, 900, 3), 99, np.uint8), faces)


PLOTS = [
    pytest.param(lambda: figures.plot_faces(sample_faces(3, 0)[0]), id="faces"),
    pytest.param(
        lambda: figures.plot_faces(sample_faces(1, 0)[0], EXPRESSIONS, 4), id="titles"
    ),
    pytest.param(
        lambda: figures.plot_faces([np.zeros((8, 6, 3))]), id="one RGB face, not square"
    ),
    pytest.param(photo_with_boxes, id="photo"),
    pytest.param(lambda: figures.plot_photo(np.zeros((90, 30))), id="tall, no box"),
    pytest.param(lambda: figures.plot_result(two_faces()), id="result"),
    pytest.param(lambda: figures.plot_confusion(confusion()), id="confusion"),
    pytest.param(lambda: figures.plot_confusion(np.zeros((7, 7), int)), id="no faces"),
    pytest.param(
        lambda: figures.plot_history({"loss": [2, 1], "val_loss": [2, 1.5]}), id="Keras"
    ),
    pytest.param(
        lambda: figures.plot_history(
            {
                "loss": ["2.0", "1.1"],
                "accuracy": [0.2, 0.6],
                "choose_accuracy": [0.3, 0.5],
            }
        ),
        id="history",
    ),
    pytest.param(
        lambda: figures.plot_reliability(some_reliability()), id="reliability"
    ),
    pytest.param(
        lambda: figures.plot_class_bars(
            dict.fromkeys(EXPRESSIONS, 0.5), dict.fromkeys(EXPRESSIONS, (0.4, 0.6))
        ),
        id="bars",
    ),
    pytest.param(lambda: figures.plot_class_bars({"happy": 1.0}), id="one bar"),
    pytest.param(
        lambda: figures.plot_probabilities(np.full(7, 1 / 7)), id="probabilities"
    ),
]


@pytest.mark.parametrize("plot", PLOTS)
def test_plots_fit_the_page_and_are_shown_with_alt_text(plot, shown):
    figure = plot()
    assert isinstance(figure, Figure)
    width, height = figure.get_size_inches()
    assert width <= 6.4 + 1e-6 and height <= 4 + 1e-6
    texts = [
        t for t in figure.findobj(lambda a: hasattr(a, "get_fontsize")) if t.get_text()
    ]
    assert all(text.get_fontsize() >= 10 for text in texts)
    figures.show(figure, ALT)
    data, metadata = shown[0]
    (kind,) = metadata
    assert metadata[kind] == {"alt": ALT} and data["text/plain"] == ALT
    picture = base64.b64decode(data[kind])
    assert len(picture) <= 80_000
    image = Image.open(io.BytesIO(picture))
    assert Image.MIME[image.format] == kind
    assert image.width <= 640 and image.height <= 400


def test_line_art_is_png_and_noise_becomes_jpeg(shown):
    figures.show(figures.plot_probabilities(np.full(7, 1 / 7)), ALT)
    figures.show(figures.plot_photo(rng().random((300, 400, 3))), ALT)
    assert [next(iter(metadata)) for _, metadata in shown] == [
        "image/png",
        "image/jpeg",
    ]


@pytest.mark.parametrize("alt", [None, "", "a plot", 3])
def test_a_figure_without_description_is_refused(alt, shown):
    with pytest.raises(ValueError, match="describe in a sentence"):
        figures.show(figures.plot_probabilities(np.full(7, 1 / 7)), alt)
    assert not shown


def test_style_stays_inside_its_block():
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    with figures.style():
        assert mpl.rcParams["axes.spines.top"] is False
    assert dict(mpl.rcParams) == before


def test_pyplot_keeps_no_figure(shown):
    import matplotlib.pyplot as plt

    opened = plt.get_fignums()
    figures.show(figures.plot_confusion(confusion()), ALT)
    assert plt.get_fignums() == opened


def test_nbconvert_with_its_classic_template_writes_the_alt_text(shown):
    import nbformat
    from nbconvert import HTMLExporter

    figures.show(figures.plot_probabilities(np.full(7, 1 / 7)), ALT)
    data, metadata = shown[0]
    output = nbformat.v4.new_output("display_data", data, metadata=metadata)
    cell = nbformat.v4.new_code_cell("show()", outputs=[output], execution_count=1)
    html, _ = HTMLExporter(template_name="classic").from_notebook_node(
        nbformat.v4.new_notebook(cells=[cell])
    )
    image = re.search(r"<img[^>]*>", html)[0]
    assert f'alt="{ALT}"' in image
