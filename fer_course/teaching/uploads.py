"""Photos from the browser into the notebook: file choice and camera.

In: what a learner chooses in the browser. Out: (name, bytes) of each photo. The
photos travel as messages and are forgotten once read: nothing of them is stored
in the notebook. Notebook 06 builds `read_uploads` as an exercise and uses
`upload_widget` through `classify`.
"""

import base64
import contextlib
import io
import json
import logging
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

STATIC = Path(__file__).parent / "static"
_log = logging.getLogger(__name__)
_EMPTY = (
    "{name} arrived empty: the browser did not send its content (Colab does this "
    "from 1 MB on). Choose a smaller picture, or paste its path instead."
)


def read_uploads(value):
    """Return name and content of each file in a `FileUpload` widget's value.

    ipywidgets 8 gives a tuple of dicts, 7 a dict of dicts by file name.

    Args:
        value: the widget's `value`.

    Returns:
        List of (name, bytes), in the widget's order.

    Raises:
        ValueError: nothing was uploaded, or a file arrived without content.
        TypeError: it is not the value of a `FileUpload`.

    >>> read_uploads(({"name": "a.jpg", "content": memoryview(b"12")},))
    [('a.jpg', b'12')]
    >>> read_uploads({"a.jpg": {"metadata": {"name": "a.jpg"}, "content": b"12"}})
    [('a.jpg', b'12')]
    """
    if not isinstance(value, tuple | list | dict):
        raise TypeError(
            "read_uploads takes the `value` of a FileUpload widget (a tuple or a "
            f"dict), not {type(value).__name__}."
        )
    if not value:
        raise ValueError("No photo was uploaded: choose at least one file.")
    return [(name, _content(name, content)) for name, content in _named(value)]


def _named(value):
    """Return (name, content) of each file in a `FileUpload`'s value."""
    if isinstance(value, dict):  # ipywidgets 7
        return [(name, entry["content"]) for name, entry in value.items()]
    return [(entry["name"], entry["content"]) for entry in value]


def _content(name, content):
    content = bytes(content)
    if not content:
        raise ValueError(_EMPTY.format(name=name))
    return content


@dataclass(frozen=True)
class Upload:
    """A photo that came from the browser, or the reason why it did not.

    Attributes:
        name: the file's name.
        content: its bytes; empty where there is a problem.
        problem: one sentence for the learner, or "".
        number: 1 for the first of the photos chosen together.
        total: how many were chosen together.
    """

    name: str
    content: bytes = b""
    problem: str = ""
    number: int = 1
    total: int = 1


def upload_widget(receive):
    """Return the widget through which photos arrive from the browser.

    With anywidget: the browser shrinks a photo to at most 1280 px before it is
    sent, and may use the camera; on Colab anywidget itself switches on what widgets
    from other packages need there. Without it: two buttons on Colab, elsewhere
    ipywidgets' `FileUpload`.

    Args:
        receive: called with each `Upload`, in the order of the files.
    """
    if find_spec("anywidget") is None:
        in_colab = "google.colab" in sys.modules
        return _colab_buttons(receive) if in_colab else _file_upload(receive)
    widget = _browser_upload()

    def take(_, message, buffers):
        upload = read_message(message, buffers)
        widget.send({"allArrived": upload.number == upload.total})  # till then it waits
        receive(upload)

    widget.on_msg(take)
    return widget


def read_message(message, buffers):
    """Return the `Upload` in one message of static/upload.js."""
    name = str(message.get("name") or "photo")
    problem = str(message.get("problem") or "")
    content = b""
    if not problem:
        try:
            content = _content(name, buffers[0] if buffers else b"")
        except ValueError as error:
            problem = str(error)
    number, total = int(message.get("number", 1)), int(message.get("total", 1))
    return Upload(name, content, problem, number, total)


def _browser_upload():
    import anywidget

    class BrowserUpload(anywidget.AnyWidget):
        """Choose, drop or take photos; they leave the browser as messages."""

        _esm = STATIC / "upload.js"
        _css = STATIC / "upload.css"

    return BrowserUpload()


def _file_upload(receive):
    import ipywidgets

    widget = ipywidgets.FileUpload(
        accept="image/*", multiple=True, description="Choose photos"
    )

    def take(change):
        if not change["new"]:  # our own clearing, below
            return
        photos = _named(change["new"])
        _clear(widget)
        for number, (name, content) in enumerate(photos, 1):
            about = {"name": name, "number": number, "total": len(photos)}
            receive(read_message(about, [content]))

    widget.observe(take, "value")
    return widget


def _clear(widget):
    """Forget the uploaded content, so that it is not saved with the notebook."""
    if isinstance(widget.value, dict):  # ipywidgets 7: value follows the counter
        widget.metadata, widget.data = [], []
        widget._counter = 0
    else:
        widget.value = ()


def _colab_buttons(receive):
    """Return a button for files and one for the camera, by Colab's own means.

    Colab's `FileUpload` drops the content of files from 1 MB on.
    """
    import ipywidgets

    buttons = {
        "Choose photos": _files_from_colab,
        "Use the camera": _camera_from_colab,
    }
    row = ipywidgets.HBox([ipywidgets.Button(description=text) for text in buttons])

    def clicked(button):
        for each in row.children:  # Python waits for the browser: one at a time
            each.disabled = True
        try:
            chosen = buttons[button.description]()
        except Exception as error:
            _log.exception("Colab sent no photo")
            problem = f"Colab sent no photo ({error}): paste a photo's path instead."
            chosen = [Upload("photo", problem=problem)]
        finally:
            for each in row.children:
                each.disabled = False
        for upload in chosen:
            receive(upload)

    for button in row.children:
        button.on_click(clicked)
    return row


def _files_from_colab():
    """Return the `Upload`s that a person chooses in Colab's own file dialog."""
    from google.colab import files

    # Colab also saves what it uploads, and says so: into a folder that does not last
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.chdir(folder),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        photos = files.upload()
    return [
        read_message({"name": name, "number": number, "total": len(photos)}, [content])
        for number, (name, content) in enumerate(photos.items(), 1)
    ]


def _camera_from_colab():
    """Return the `Upload` of the photo that a person takes, in a list; or none."""
    from google.colab import output

    answer = output.eval_js(camera_script())
    if not answer:  # closed without a photo
        return []
    content = base64.b64decode(answer.pop("content", ""))
    return [read_message(answer, [content])]


def camera_script():
    """Return JavaScript that takes one photo, for a page that upload.js is not in.

    Its value is a promise of {name, content in base64}, {name, problem} or null.
    """
    module = json.dumps((STATIC / "upload.js").read_text(encoding="utf-8"))
    blob = f"new Blob([{module}], {{type: 'text/javascript'}})"
    return f"import(URL.createObjectURL({blob})).then((it) => it.takeOnePhoto())"
