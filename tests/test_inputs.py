from pathlib import Path

import pytest

from fer_course import inputs


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


def test_a_file_is_taken_as_it_is(folder):
    given = ["in/.venv/logo.png", "in/out/old.webm", "none.jpg"]
    found = list(inputs.walk(given, "in/out"))
    assert found == [(Path(name), False) for name in given]


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
