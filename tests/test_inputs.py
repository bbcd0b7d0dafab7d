import os
import sys
from pathlib import Path

import pytest

from fer_course import inputs
from fer_course.headers import JPEG_MARK_AT, MARKS


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in (
        "in/b/two.jpg",
        "in/a/one.txt",
        "in/.venv/logo.png",
        "in/._one.jpg",
        "in/out/old.webm",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "in" / "album.jpg").mkdir()
    return tmp_path


@pytest.mark.parametrize("out", ["in/out", "in/b/../out"])
def test_a_folder_means_its_files(folder, out):
    found = list(inputs.walk(["in"], out))
    assert found == [(Path("in/a/one.txt"), True), (Path("in/b/two.jpg"), True)]


@pytest.mark.parametrize("out", [".", "in", "../elsewhere"])
def test_a_folder_that_is_written_to_is_read_but_for_what_was_written(folder, out):
    names = ["one_faces.jpg", "one_faces_2.jpg", "clip_faces.mp4", "a_faces.webm"]
    for name in (*names, "faces.jpg"):
        path = Path("in", name)
        before = JPEG_MARK_AT if path.suffix == ".jpg" else 300
        path.write_bytes(bytes(before) + MARKS[path.suffix])
    own = {f"in/own_faces{ending}" for ending in MARKS}
    for name in own:
        Path(name).write_bytes(bytes(400))
    found = {str(path) for path, _ in inputs.walk(["in"], out)}
    written = {f"in/{name}" for name in names}
    assert {"in/a/one.txt", "in/b/two.jpg", "in/faces.jpg", *own} <= found
    assert not written & found if out == "in" else written <= found


def test_a_file_is_taken_as_it_is(folder):
    given = ["in/.venv/logo.png", "in/out/old.webm", "none.jpg"]
    found = list(inputs.walk(given, "in/out"))
    assert found == [(Path(name), False) for name in given]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_in_a_circle_end(folder):
    for name, target in {"b/up": "..", "x.jpg": "y.jpg", "y.jpg": "x.jpg"}.items():
        os.symlink(target, Path("in", name))
    wanted = ["in/a/one.txt", "in/b/two.jpg", "in/x.jpg", "in/y.jpg"]
    assert [str(path) for path, _ in inputs.walk(["in"], "in/out")] == wanted


def test_a_name_too_long_for_any_file_is_passed_on(folder):
    name = 300 * "x" + ".jpg"
    assert list(inputs.walk([name], "out")) == [(Path(name), False)]


def test_nothing_given_means_nothing(folder):
    assert list(inputs.walk([], "out")) == []
    assert not inputs.hold_videos([], "out")


@pytest.mark.parametrize(
    ("given", "videos"),
    [
        pytest.param(["in"], False, id="only what an earlier run wrote"),
        pytest.param(["in/b/two.jpg"], False, id="a photo"),
        pytest.param(["in/b/two.jpg", "CLIP.MOV"], True, id="a name"),
        pytest.param(["in/out"], True, id="another folder"),
    ],
)
def test_videos_are_seen_by_their_endings(folder, given, videos):
    out = "elsewhere" if given == ["in/out"] else "in/out"
    assert inputs.hold_videos(given, out) == videos
