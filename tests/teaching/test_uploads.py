"""Uploads of ipywidgets 7 and 8, messages of the browser, and what is forgotten."""

import base64
import sys
from datetime import datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from fer_course.teaching import uploads
from fer_course.teaching.uploads import Upload, read_message, read_uploads

V8 = (
    {
        "name": "a.jpg",
        "type": "image/jpeg",
        "size": 3,
        "content": memoryview(b"pix"),
        "last_modified": None,
    },
    {"name": "b.png", "type": "image/png", "size": 2, "content": memoryview(b"de")},
)
V7 = {
    "a.jpg": {
        "metadata": {"name": "a.jpg", "type": "image/jpeg", "size": 3},
        "content": b"pix",
    },
    "b.png": {"metadata": {"name": "b.png"}, "content": memoryview(b"de")},
}


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(V8, id="ipywidgets 8: tuple of dicts, memoryviews"),
        pytest.param(list(V8), id="a list of dicts"),
        pytest.param(V7, id="ipywidgets 7: dict by name"),
    ],
)
def test_both_shapes_give_the_same_names_and_bytes(value):
    photos = read_uploads(value)
    assert photos == [("a.jpg", b"pix"), ("b.png", b"de")]
    assert all(type(content) is bytes for _, content in photos)


@pytest.mark.parametrize(
    "value, sentence",
    [
        pytest.param((), "No photo was uploaded", id="8, nothing chosen"),
        pytest.param({}, "No photo was uploaded", id="7, nothing chosen"),
        pytest.param(
            ({"name": "big.jpg", "content": memoryview(b"")},),
            "big.jpg arrived empty",
            id="8, Colab drops the content",
        ),
        pytest.param(
            {"big.jpg": {"metadata": {}, "content": b""}},
            "big.jpg arrived empty",
            id="7, Colab drops the content",
        ),
    ],
)
def test_what_is_empty_gets_a_sentence(value, sentence):
    with pytest.raises(ValueError, match=sentence):
        read_uploads(value)


def test_another_kind_of_value_is_named():
    with pytest.raises(TypeError, match="not bytes"):
        read_uploads(b"pix")


@pytest.mark.parametrize(
    "message, buffers, expected",
    [
        pytest.param(
            {"name": "a.jpg", "number": 2, "total": 3, "problem": ""},
            [memoryview(b"pix")],
            Upload("a.jpg", b"pix", "", 2, 3),
            id="a photo",
        ),
        pytest.param(
            {"name": "a.heic", "number": 1, "total": 1, "problem": "cannot open"},
            [],
            Upload("a.heic", b"", "cannot open", 1, 1),
            id="the browser could not open it",
        ),
        pytest.param(
            {}, [memoryview(b"pix")], Upload("photo", b"pix"), id="nothing but bytes"
        ),
    ],
)
def test_messages_of_the_browser(message, buffers, expected):
    assert read_message(message, buffers) == expected


def test_a_message_without_bytes_becomes_a_problem():
    assert "arrived empty" in read_message({"name": "a.jpg"}, []).problem


def test_the_anywidget_passes_photos_on_and_keeps_nothing():
    pytest.importorskip("anywidget")
    received = []
    widget = uploads.upload_widget(received.append)
    content = {"name": "a.jpg", "number": 1, "total": 1, "problem": ""}
    widget._handle_custom_msg(content, [memoryview(b"pix")])
    assert received == [Upload("a.jpg", b"pix")]
    state = {key: value for key, value in widget.get_state().items() if key[0] != "_"}
    assert b"pix" not in str(state).encode()


@pytest.fixture
def file_upload(monkeypatch):
    """A `FileUpload` as it is where anywidget is missing, and what it passed on."""
    monkeypatch.setattr(uploads, "find_spec", lambda name: None)
    received = []
    return uploads.upload_widget(received.append), received


def _choose(widget, *files):
    """Do to the widget what the browser does when files are chosen."""
    if isinstance(widget.value, dict):  # ipywidgets 7
        widget.metadata = [{"name": name} for name, _ in files]
        widget.data = [content for _, content in files]
        widget._counter += len(files)
        return
    widget.value = tuple(
        {
            "name": name,
            "type": "image/jpeg",
            "size": len(content),
            "content": memoryview(content),
            "last_modified": datetime(2026, 1, 1),
        }
        for name, content in files
    )


def test_without_anywidget_photos_are_passed_on_and_forgotten(file_upload):
    widget, received = file_upload
    for _ in range(2):  # the same photos can be chosen again
        _choose(widget, ("a.jpg", b"pix"), ("b.jpg", b"de"))
        assert not widget.value
        assert b"pix" not in str(widget.get_state()).encode()
    first, second = Upload("a.jpg", b"pix", "", 1, 2), Upload("b.jpg", b"de", "", 2, 2)
    assert received == [first, second] * 2


def test_without_anywidget_an_empty_file_is_a_problem(file_upload):
    widget, received = file_upload
    _choose(widget, ("a.jpg", b"pix"), ("big.jpg", b""), ("b.jpg", b"de"))
    assert [upload.problem[:21] for upload in received] == [
        "",
        "big.jpg arrived empty",
        "",
    ]
    assert [upload.number for upload in received] == [1, 2, 3]


@pytest.fixture
def colab(monkeypatch):
    """Colab's modules, and what the browser answers: `files`, `photo`, `enabled`."""
    answers = SimpleNamespace(files={}, photo=None, enabled=0, script="")

    def upload():  # as Colab does, it saves and says so
        for name, content in answers.files.items():
            Path(name).write_bytes(content)
            print(f"Saving {name} to {name}")
        return answers.files

    def eval_js(script):
        answers.script = script
        if isinstance(answers.photo, Exception):
            raise answers.photo
        return answers.photo

    def enable_custom_widget_manager():
        answers.enabled += 1

    parts = {
        "files": {"upload": upload},
        "output": {
            "eval_js": eval_js,
            "enable_custom_widget_manager": enable_custom_widget_manager,
        },
    }
    package = ModuleType("google.colab")
    for name, functions in parts.items():
        module = ModuleType(f"google.colab.{name}")
        vars(module).update(functions)
        setattr(package, name, module)
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(sys.modules, "google.colab", package)
    return answers


@pytest.fixture
def buttons(colab, monkeypatch):
    """The two buttons of Colab without anywidget, and what they passed on."""
    monkeypatch.setattr(uploads, "find_spec", lambda name: None)
    received = []
    row = uploads.upload_widget(received.append)
    return *row.children, received


def test_on_colab_anywidget_switches_its_widget_on(colab):
    util = pytest.importorskip("anywidget._util")
    util.enable_custom_widget_manager_once.cache_clear()
    widget = uploads.upload_widget(lambda upload: None)
    assert colab.enabled == 1
    assert not hasattr(widget, "children"), "no need of Colab's own means"


def test_on_colab_without_anywidget_large_files_arrive(
    buttons, colab, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    choose, _, received = buttons
    large = bytes(2_000_000)
    colab.files = {"a.jpg": large, "empty.jpg": b""}
    choose.click()
    first, second = received
    assert first == Upload("a.jpg", large, "", 1, 2)
    assert second.problem.startswith("empty.jpg arrived empty") and second.number == 2
    assert not list(tmp_path.iterdir()), "nothing is saved"
    assert not capsys.readouterr().out
    assert not choose.disabled


def test_on_colab_a_closed_dialog_or_camera_changes_nothing(buttons):
    choose, camera, received = buttons
    choose.click()
    camera.click()
    assert received == []


@pytest.mark.parametrize(
    "photo, expected",
    [
        pytest.param(
            {"name": "camera-1.jpg", "content": base64.b64encode(b"pix").decode()},
            Upload("camera-1.jpg", b"pix"),
            id="a photo",
        ),
        pytest.param(
            {"name": "camera", "problem": "The camera did not start."},
            Upload("camera", problem="The camera did not start."),
            id="refused",
        ),
        pytest.param(
            RuntimeError("ReferenceError: x"),
            Upload(
                "photo",
                problem="Colab sent no photo (ReferenceError: x): paste a photo's path "
                "instead.",
            ),
            id="the bridge fails",
        ),
    ],
)
def test_on_colab_without_anywidget_the_camera_is_asked_by_script(
    buttons, colab, photo, expected
):
    _, camera, received = buttons
    colab.photo = photo
    camera.click()
    assert received == [expected]
    assert "takeOnePhoto" in colab.script and not camera.disabled


def test_vs_code_s_refusal_of_the_camera_names_what_else_there_is():
    script = (uploads.STATIC / "upload.js").read_text(encoding="utf-8")
    assert "(VS Code never does)" in script
    assert "choose a photo or paste its path instead" in script


def test_the_static_files_are_shipped():
    for name in ("upload.js", "upload.css", "view.js", "result.css"):
        assert (uploads.STATIC / name).stat().st_size
