"""The glossary is in order, and its words stand where it says."""

import re
from functools import cache

import pytest

from fer_course.settings import ROOT
from tests.notebook_form import read_page

NOTEBOOKS = ROOT / "notebooks"
ENTRY = re.compile(r"- \*\*(.+?)\*\* .+ \[(\d\d), section (\d)\]\((\d\d_\w+\.ipynb)\)")


def _entries():
    """(term, page's number, section, page's file) of each line of the list."""
    lines = (NOTEBOOKS / "glossary.md").read_text("utf-8").splitlines()
    return [(line, ENTRY.fullmatch(line)) for line in lines if line.startswith("- ")]


@cache
def _section_words(file, number):
    """Everything a reader sees in a section, in lower case, blanks as one."""
    sections = read_page(NOTEBOOKS / file).sections
    assert number <= len(sections), f"{file} has {len(sections)} sections"
    heading, cells = sections[number - 1]
    outputs = [
        output.get("text", "") for cell in cells for output in cell.get("outputs", [])
    ]
    text = " ".join([heading, *(cell.source for cell in cells), *outputs])
    return re.sub(r"[\s*_`]+", " ", text).casefold()


def test_every_entry_has_term_text_and_place():
    assert [line for line, match in _entries() if not match] == []


def test_terms_are_in_alphabetical_order_without_duplicates():
    terms = [match[1].casefold() for _, match in _entries() if match]
    assert terms == sorted(set(terms))


@pytest.mark.parametrize(
    ("term", "page", "section", "file"),
    [pytest.param(*match.groups(), id=match[1]) for _, match in _entries() if match],
)
def test_term_stands_in_the_section_named(term, page, section, file):
    assert file.startswith(f"{page}_")
    words = _section_words(file, int(section))
    spellings = [text for text in re.split(r", | \(|\)", term.casefold()) if text]
    assert any(re.search(_pattern(text), words) for text in spellings)


def _pattern(term):
    """Match a term as a word, in the plural too."""
    stem, y = (term[:-1], "(y|ies)") if term.endswith("y") else (term, "")
    return rf"(?<!\w){re.escape(stem)}{y}(s|es|ed)?(?!\w)"


@pytest.mark.parametrize("name", ["glossary.md", "README.md"])
def test_links_lead_to_files(name):
    text = (NOTEBOOKS / name).read_text("utf-8")
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (NOTEBOOKS / link).exists(), link
