"""Choose a photo, see every face and its reading: the widget of notebook 06.

In: a sample, an upload, a camera picture or a path. Out: a widget with the boxed
photo, a row per face, and downloads. The networks run once a photo, at a low
threshold; the slider only chooses what is shown. `app.ipynb` is this alone.
"""

import functools
import logging
import os
from dataclasses import replace
from html import escape
from importlib.util import find_spec
from pathlib import Path

import ipywidgets

from fer_course.analysis.analyzer import FaceAnalyzer, PhotoError
from fer_course.detection.detector import FaceDetector
from fer_course.teaching.figure_style import WIDTH_IN
from fer_course.teaching.figures import new_figure, plot_photo, style
from fer_course.teaching.result_page import at_threshold, is_error, page
from fer_course.teaching.samples import sample_photos
from fer_course.teaching.uploads import STATIC, upload_widget

FIRST_SAMPLE = "two_portraits"
LOWEST_THRESHOLD = 0.05
_WITHOUT_ANYWIDGET = (
    "anywidget is missing here (pip install anywidget). Without it Jupyter may drop a "
    "file of 5 MB and more in silence, and a photo that is shown may be saved with the "
    "notebook."
)
_LOADING = (
    "Loading. If no photo appears below, this editor cannot load the package "
    "anywidget: reload the page, or uninstall it (pip uninstall anywidget) and restart "
    "the kernel."
)
_log = logging.getLogger(__name__)


def classify(analyzer=None):
    """Return the upload-and-classify widget; the last line of a cell shows it.

    One sample photo is read at once.

    Args:
        analyzer: a `FaceAnalyzer`; None uses the shipped networks. The slider
            starts at its detector's threshold; a given analyzer finds nothing
            below it. `LOWEST_THRESHOLD` stands for one that a detector lacks.
    """
    if analyzer is None:
        panel = Panel(*_shipped_analyzer())
    else:
        start = getattr(analyzer.detector, "score_threshold", LOWEST_THRESHOLD)
        panel = Panel(analyzer, start, lowest=start)
    first = sample_photos()[FIRST_SAMPLE]
    panel.read_photo(first.name, first)
    panel.show()
    return panel.widget


def static(result, thresholds):
    """Return the widget's slider on paper: one photo, a panel for each threshold.

    Args:
        result: a `PhotoResult`.
        thresholds: the detector's score from which a face is shown, left to right.
    """
    height, width = result.image.shape[:2]
    high = WIDTH_IN / len(thresholds) * height / width
    with style():
        figure, axes = new_figure(high + 0.3, 1, len(thresholds), squeeze=False)
    for axis, threshold in zip(axes[0], thresholds, strict=True):
        faces = at_threshold(result, threshold).faces
        words = [face.expression for face in faces]
        plot_photo(result.image, [face.box for face in faces], words, axis)
        count = len(faces)
        axis.set_title(f"{threshold:.2f}: {count} face{'s' * (count != 1)}")
    return figure


@functools.cache  # a cell that is run again does not load the networks once more
def _shipped_analyzer():
    """Return an analyzer that keeps faint faces too, and the usual threshold."""
    faint = FaceAnalyzer(FaceDetector(score_threshold=LOWEST_THRESHOLD))
    return faint, faint.detector.card.score_threshold


class Panel:
    """The widget's parts and what was read last; the photos live only here.

    Attributes:
        widget: what a cell shows.
        entries: a `PhotoResult` with all its faces, or a `PhotoError`, for each
            photo of the last choice.
    """

    def __init__(self, analyzer, start, lowest=LOWEST_THRESHOLD):
        self._analyzer = analyzer
        self.entries = []
        self.upload = upload_widget(self.receive)
        samples = [
            (name.replace("_", " "), str(path))
            for name, path in sample_photos().items()
        ]
        self.sample = ipywidgets.Dropdown(
            options=[("choose …", ""), *samples], description="Sample", **_as_wide(260)
        )
        self.sample.add_class("fer-sample")  # styled by upload.css
        self.path = ipywidgets.Text(
            placeholder="path of a photo, then Enter",
            description="or path",
            continuous_update=False,
            **_as_wide(380),
        )
        self.threshold = ipywidgets.FloatSlider(
            value=start,
            min=lowest,
            max=1.0,
            step=0.01,
            description="Threshold",
            continuous_update=False,
            **_as_wide(380),
        )
        self.status = ipywidgets.HTML()
        self.view = result_view()
        self._idle = ""  # what the status line holds while nothing is read
        for chooser in (self.sample, self.path):
            chooser.observe(self._open, "value")
        self.threshold.observe(lambda _: self.show(), "value")
        row = ipywidgets.HBox([self.sample, self.path])
        row.layout.flex_flow, row.layout.grid_gap = "row wrap", "0 12px"
        parts = [self.upload, row, self.threshold, self.status, self.view]
        if find_spec("anywidget") is None:
            parts.insert(1, ipywidgets.HTML(_WITHOUT_ANYWIDGET))
        else:
            self._idle = _LOADING
            self.view.on_msg(self._loaded)
        self._say("")
        self.widget = ipywidgets.VBox(parts)

    def _loaded(self, *_):
        """Note that the page's own part has come, and asked for the result."""
        self._idle = ""
        self._say("")

    def receive(self, upload):
        """Read one photo that came from the browser; show all after the last."""
        if upload.number == 1:
            self.entries = []
            self._empty_choosers()
        if upload.problem:
            _log.warning("%s", upload.problem)
            self.entries.append(PhotoError(upload.name, upload.problem))
        else:
            self._try_photo(upload.name, upload.content, upload.number, upload.total)
        if upload.number == upload.total:
            self.show()

    def _open(self, change):
        """Read the photo that the list of samples or the path box names."""
        path = change["new"].strip().strip("'\"")
        if not path:  # emptied, because the photo now comes from elsewhere
            return
        self._empty_choosers(but=change["owner"])
        path = Path(os.path.expanduser(path))  # an unknown ~user stays as it is
        self.entries = []
        self._try_photo(path.name, path)
        self.show()

    def _empty_choosers(self, but=None):
        """Empty sample and path, so that the same one can be chosen again."""
        for chooser in (self.sample, self.path):
            if chooser is not but:
                chooser.value = ""

    def _try_photo(self, name, source, number=1, total=1):
        """Read a photo; what goes wrong is shown in the widget and logged."""
        which = f" ({number} of {total})" if total > 1 else ""
        self._say(f"Reading {name}{which} …")
        try:
            self.read_photo(name, source)
        except (ValueError, OSError) as error:  # the photo's fault: said by the reader
            _log.warning("%s: %s", name, error)
            message = str(error)
            if isinstance(source, bytes):  # which have no name
                message = message.replace("The picture", name, 1)
            self.entries.append(PhotoError(name, message))
        except Exception as error:
            _log.exception("%s could not be read", name)
            message = f"reading it failed ({type(error).__name__}: {error})."
            self.entries.append(PhotoError(name, message))
        finally:
            self._say("")

    def read_photo(self, name, source):
        """Run the networks on one photo and keep the result.

        Args:
            name: what the photo is called on the page and in the downloads.
            source: its path or its bytes.
        """
        result = self._analyzer.analyze(source)
        self.entries.append(replace(result, photo=name))

    def show(self):
        """Draw the page for the slider's threshold; no network runs."""
        threshold = self.threshold.value
        try:
            shown = [
                entry if is_error(entry) else at_threshold(entry, threshold)
                for entry in self.entries
            ]
            html = page(shown)
        except Exception as error:  # a callback's would be seen by nobody
            _log.exception("the result could not be drawn")
            told = f"drawing the result failed ({type(error).__name__}: {error})."
            html = page([PhotoError("page", told)])
        self.view.show(html)

    def _say(self, text):
        self.status.value = f'<span role="status">{escape(text or self._idle)}</span>'


def _as_wide(width_px):
    """Return what lays out a control: its label in full, never wider than the page."""
    return {
        "style": {"description_width": "initial"},
        "layout": {"width": f"{width_px}px", "max_width": "calc(100% - 4px)"},
    }


def result_view():
    """Return the widget that shows a page: `.show(html)`.

    With anywidget the page travels as a message and is not kept in the notebook;
    without, it is the value of an `HTML` widget.
    """
    if find_spec("anywidget") is None:
        return _html_view()
    import anywidget

    class ResultView(anywidget.AnyWidget):
        """A page that is sent, and sent again when a browser asks for it."""

        _esm = STATIC / "view.js"

        def __init__(self):
            super().__init__()
            self.html = ""
            self.on_msg(lambda *_: self.show(self.html))

        def show(self, html):
            self.html = html
            self.send({"html": html})

    return ResultView()


def _html_view():
    class ResultView(ipywidgets.HTML):
        """The same without anywidget."""

        html = property(lambda self: self.value)

        def show(self, html):
            self.value = html

    return ResultView()
