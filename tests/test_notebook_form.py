"""All pages keep the form; the rules and the cleaner do what they say."""

import ast
import base64
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from fer_course.teaching import exercises
from fer_course.teaching.lessons import load_lesson
from tests.notebook_form import (
    CHECK,
    ROOT,
    WIDGET,
    Page,
    clean,
    clean_outputs,
    execution,
    images,
    lengths,
    main,
    problems,
    prose_words,
    read_page,
)

PAGES = sorted((ROOT / "notebooks").glob("0*.ipynb"))
each_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)


@each_page
def test_page_keeps_the_form(path):
    assert problems(read_page(path)) == []


@each_page
def test_page_has_the_lesson_s_exercises_with_their_stars(path):
    page = read_page(path)
    prose = "\n".join(cell.source for _, cell in page.markdown)
    found = re.findall(r"^### E(\d\d\.\d) (★+)", prose, re.MULTILINE)
    lesson = load_lesson(page.number).EXERCISES
    assert found == [(exercise.id, "★" * exercise.stars) for exercise in lesson]
    assert [stars for _, stars in found] == sorted(stars for _, stars in found)


@each_page
def test_page_keeps_the_names_that_its_commented_lines_call(path):
    """`# answer("02.q1", "a")` must still work when a learner gets there."""
    helpers = ("answer", "check", "hint", "quiz", "solution")
    assert all(callable(getattr(exercises, name)) for name in helpers)
    for _, cell in read_page(path).code:
        python = re.sub(r"^( *)[!%].*", r"\1pass", cell.source, flags=re.MULTILINE)
        stored = {
            node.id
            for node in ast.walk(ast.parse(python))
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        assert stored.isdisjoint(helpers), cell.id


@each_page
def test_quiz_feedback_names_sections_that_exist(path):
    page = read_page(path)
    for item in load_lesson(page.number).QUIZ:
        for option in item.options:
            for number in re.findall(r"[Ss]ection (\d)", option.feedback):
                assert int(number) <= len(page.sections), option.feedback


def _page(tmp_path, *cells):
    return Page(tmp_path / "03_x.ipynb", new_notebook(cells=list(cells)))


def _image_cell(alt, size=100):
    data = {"image/png": base64.b64encode(bytes(size)).decode()}
    output = new_output(
        "display_data", data, metadata={"image/png": {"alt": alt}} if alt else {}
    )
    return new_code_cell("show()", outputs=[output])


def test_prose_words_leave_code_tables_and_formulas_out():
    source = "# Title\nTwo words $a + b$.\n\n| a | b |\n```\ncode here\n```\n[link](u)"
    assert prose_words(source) == ["Two", "words", "x.", "[link]"]


@pytest.mark.parametrize(
    ("cell", "rule", "words"),
    [
        pytest.param(new_markdown_cell("It is just so."), lengths, "just", id="banned"),
        pytest.param(new_markdown_cell("w " * 121), lengths, "121 words", id="long"),
        pytest.param(new_code_cell("a\n" * 26), lengths, "26 lines", id="code"),
        pytest.param(new_code_cell(CHECK), execution, "checks nothing", id="empty"),
        pytest.param(
            new_code_cell(f"1 {CHECK}"),
            execution,
            "alone on its line",
            id="behind code",
        ),
        pytest.param(
            new_code_cell("x", outputs=[new_output("stream", name="stderr", text="!")]),
            clean_outputs,
            "stderr",
            id="stderr",
        ),
        pytest.param(
            new_code_cell("x", outputs=[new_output("stream", text="/home/me/a.png")]),
            clean_outputs,
            "folder of this machine",
            id="folder",
        ),
        pytest.param(_image_cell(""), images, "says too little", id="no alt"),
        pytest.param(
            _image_cell("a long enough text here", 90_000), images, "90 KB", id="large"
        ),
        pytest.param(
            _image_cell("a long enough text here"), images, "0 captions", id="caption"
        ),
    ],
)
def test_rule_finds_the_fault(tmp_path, cell, rule, words):
    assert any(words in problem for problem in rule(_page(tmp_path, cell)))


def test_cleaner_keeps_text_figures_and_tags(tmp_path):
    cell = new_code_cell(
        "x",
        metadata={"tags": ["setup"], "execution": {"iopub.execute_input": "today"}},
        outputs=[
            new_output("stream", name="stderr", text="warning"),
            new_output("stream", text=f"saved {ROOT}/data/x.csv\n"),
            new_output("stream", text="done\n"),
            new_output("display_data", {WIDGET: {"model_id": "1"}, "text/plain": "W"}),
            *_image_cell("a long enough text here").outputs,
        ],
    )
    page = new_notebook(cells=[cell], metadata={"widgets": {"state": {}}})
    clean(page)
    path = tmp_path / "03_x.ipynb"
    nbformat.write(page, path)
    again = nbformat.read(path, as_version=4)
    assert "widgets" not in again.metadata
    assert again.cells[0].metadata == {"tags": ["setup"]}
    text, image = again.cells[0].outputs
    assert text.text == "saved data/x.csv\ndone\n"
    assert image.metadata["image/png"]["alt"] == "a long enough text here"


def test_command_lists_the_faults_and_says_so(tmp_path, capsys):
    path = tmp_path / "03_x.ipynb"
    cells = [new_markdown_cell("# x") for _ in range(3)]
    nbformat.write(new_notebook(cells=cells), path)
    assert main(["--fix", str(path)]) == 1
    assert "03_x.ipynb: cell 1: must open with" in capsys.readouterr().out
