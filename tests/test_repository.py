"""The course's address is the same everywhere, and one command changes it."""

import re
import shutil

import pytest

from fer_course.settings import REPOSITORY, ROOT
from tests.repository import PLACES, SETTINGS, files, main, with_address

FORK = "https://github.com/ada-l/faces.of_all"


def _places(text):
    return [
        found.group()
        for place in PLACES
        for found in re.finditer(place, text, re.MULTILINE)
    ]


@pytest.fixture
def copy(tmp_path):
    """Return a folder with the files that hold the address."""
    for path in files():
        target = tmp_path / path.relative_to(ROOT)
        target.parent.mkdir(exist_ok=True)
        shutil.copy(path, target)
    return tmp_path


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_every_place_agrees_with_the_settings(path):
    text = path.read_text(encoding="utf-8")
    assert len(_places(text)) == (2 if path.suffix == ".ipynb" else 1)
    assert with_address(text, REPOSITORY) == text, "run python -m tests.repository"


def test_the_address_stands_nowhere_else():
    mine = REPOSITORY.removeprefix("https://github.com/")
    texts = [
        path
        for pattern in ("*.*", "*/*.*", "fer_course/**/*.*", "tests/**/*.py")
        for path in ROOT.glob(pattern)
        if path.suffix in (".md", ".py", ".ipynb", ".toml", ".js", ".txt", ".yml")
    ]
    assert set(files()) <= set(texts)
    for path in texts:
        text = path.read_text(encoding="utf-8")
        for place in _places(text) if path in files() else ():
            text = text.replace(place, "")
        assert mine not in text, f"{path}: give it a place in tests/repository.py"


def test_a_fork_s_address_is_written_everywhere_and_back(copy, capsys):
    before = {path: path.read_bytes() for path in files(copy)}
    assert main([f"{FORK}.git"], copy) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(before)
    for path in before:
        for place in _places(path.read_text(encoding="utf-8")):
            assert "ada-l/faces.of_all" in place and ".git " not in place
    assert f'REPOSITORY = "{FORK}"' in (copy / SETTINGS).read_text(encoding="utf-8")
    assert "\ncd faces.of_all\n" in (copy / "README.md").read_text(encoding="utf-8")
    assert main([REPOSITORY], copy) == 0
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize(
    "address",
    ["github.com/a/b", "https://github.com/a", "https://example.org/a/b", ""],
)
def test_another_address_gets_a_sentence_and_changes_nothing(copy, capsys, address):
    before = {path: path.read_bytes() for path in files(copy)}
    assert main([address], copy) == 2
    assert "https://github.com/OWNER/NAME" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in before} == before
