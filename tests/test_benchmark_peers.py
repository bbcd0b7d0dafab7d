"""`benchmark --against`: other packages timed, none needed."""

from pathlib import Path

import pytest

from fer_course.benchmark_peers import PEERS, check_peers, time_peers

PHOTOS = [Path("640x427_1.jpg"), Path("640x427_5.jpg")]


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return a function that writes a package `fer`, found by this Python."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "fer").mkdir()
    (tmp_path / "fer" / "__init__.py").touch()
    return lambda text: (tmp_path / "fer" / "fer.py").write_text(text)


def test_a_package_is_timed(package, capsys):
    package(
        "import time\n"
        "class FER:\n"
        "    def detect_emotions(self, image):\n"
        "        print('noise')\n"
        "        time.sleep(0.02)\n"
        "        return [{}, {}]\n"
    )
    start, *rows = time_peers(["fer"], PHOTOS, repeats=3)
    assert start.what == "fer, one photo, from a cold start" and start.unit == "s"
    assert 0.02 < start.median < 60
    whats = [f"fer, {photo.name}: 2 found" for photo in PHOTOS]
    assert [row.what for row in rows] == whats
    for row in rows:
        assert row.unit == "ms" and len(row.values) == 3
        assert 20 <= row.median < 2000
    assert "fer: reading 2 photos" in capsys.readouterr().out


def test_one_that_fails_is_left_out_with_its_reason(package, capsys):
    package("raise ImportError('its weights cannot be fetched')")
    assert time_peers(["fer"], PHOTOS) == []
    said = capsys.readouterr().out
    assert "fer is left out" in said and "its weights cannot be fetched" in said


def test_one_that_is_not_installed_is_left_out(monkeypatch, capsys):
    monkeypatch.setitem(PEERS, "no_such_package", "")
    assert time_peers(["no_such_package"], PHOTOS) == []
    assert "pip install no_such_package" in capsys.readouterr().out


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="knows fer, deepface, not yunet"):
        check_peers(["fer", "yunet"])
