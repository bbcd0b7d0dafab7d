"""The form of our pages: what every notebook must have, and the cleaner.

    python -m tests.notebook_form notebooks/*.ipynb         lists what is amiss
    python -m tests.notebook_form --fix notebooks/*.ipynb   cleans first

Each rule takes a `Page` and yields sentences. The cleaner removes widget state, error
stream, run times and folders of this machine; never what an author wrote.
"""

import argparse
import base64
import re
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nbformat

from fer_course.settings import REPOSITORY

ROOT = Path(__file__).resolve().parent.parent
CHECK = "# NBVAL_CHECK_OUTPUT"
BADGE = (
    "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
    f"({REPOSITORY.replace('github.com', 'colab.research.google.com/github')}"
    "/blob/main/notebooks/{name})"
)
PROMISE_WORDS = ("**Time**", "**Before**", "**Reads**", "**Writes**")
ENDING = ("## Traps", "## Quiz", "## Summary", "## Next")
BANNED = re.compile(r"\b(simply|obviously|just)\b", re.IGNORECASE)
MACHINE_PATH = re.compile(
    r"(?<![\w.:/])/(home|root|work|tmp|Users|content|usr|var|opt|mnt)/|\b[A-Z]:\\"
)
WIDGET = "application/vnd.jupyter.widget-view+json"
MAX_PAGE, MAX_IMAGE = 1_000_000, 80_000


@dataclass(frozen=True, eq=False)
class Page:
    """A notebook and where it lies."""

    path: Path
    notebook: nbformat.NotebookNode

    cells = property(lambda self: self.notebook.cells)
    number = property(lambda self: self.path.name[:2])  # "03"

    @cached_property
    def code(self):
        """(index, cell) of the code cells."""
        return [(i, c) for i, c in enumerate(self.cells) if c.cell_type == "code"]

    @cached_property
    def markdown(self):
        """(index, cell) of the Markdown cells."""
        return [(i, c) for i, c in enumerate(self.cells) if c.cell_type == "markdown"]

    @cached_property
    def sections(self):
        """(heading, cells) of the numbered sections "## 1 · Title"."""
        starts = [
            (i, c.source.splitlines()[0])
            for i, c in self.markdown
            if c.source.startswith("## ")
        ]
        ends = [i for i, _ in starts] + [len(self.cells)]
        return [
            (heading, self.cells[i:end])
            for (i, heading), end in zip(starts, ends[1:], strict=True)
            if re.match(r"## \d+ · ", heading)
        ]


def read_page(path):
    """Return the page at a path."""
    return Page(Path(path), nbformat.read(path, as_version=4))


def title_cell(page):
    """Cell 1: `# 03 · Title`, the page's one question, the badge."""
    source = page.cells[0].source
    if not re.match(rf"# {page.number} · \S", source):
        yield f"cell 1: must open with '# {page.number} · Title'"
    if "?" not in source:
        yield "cell 1: the one question that the page answers is missing"
    if BADGE.format(name=page.path.name) not in source:
        yield f"cell 1: the badge must be {BADGE.format(name=page.path.name)}"


def promise_cell(page):
    """Cell 2: what the reader will be able to do, with the exercises."""
    source = page.cells[1].source
    if not source.startswith("## You will be able to"):
        yield "cell 2: must open with '## You will be able to'"
    promises = re.findall(r"^[-*] .*(?:\n[ ]+.*)*", source, re.MULTILINE)
    promises = [line for line in promises if not line[2:].startswith("**")]
    if not 3 <= len(promises) <= 6:
        yield f"cell 2: {len(promises)} promises; 3 to 6 are wanted"
    for line in promises:
        if not re.search(r"E\d\d\.\d", line):
            yield f"cell 2: no exercise (E{page.number}.1) proves '{line[2:40]}…'"
    for word in PROMISE_WORDS:
        if word not in source:
            yield f"cell 2: {word} is missing"
    missing = set(exercise_ids(page)) - set(re.findall(r"E\d\d\.\d", source))
    if missing:
        yield f"cell 2: no promise names {', '.join(sorted(missing))}"


def setup_cell(page):
    """Cell 3: tag `setup`, at most 12 lines, calls prepare()."""
    cell = page.cells[2]
    if cell.cell_type != "code" or "setup" not in cell.metadata.get("tags", []):
        yield "cell 3: must be the code cell tagged 'setup'"
    if len(cell.source.splitlines()) > 12 or "prepare()" not in cell.source:
        yield "cell 3: at most 12 lines, and prepare() among them"
    for i, other in page.code:
        if i != 2 and re.search(r"^\s*[!%]\s*pip", other.source, re.MULTILINE):
            yield f"cell {i + 1}: pip belongs in the set-up cell only"


def section_loops(page):
    """Four to seven sections, each with predict, guess, explain."""
    if not 4 <= len(page.sections) <= 7:
        yield f"{len(page.sections)} sections '## 1 · Title'; 4 to 7 are wanted"
    for number, (heading, cells) in enumerate(page.sections, start=1):
        if not heading.startswith(f"## {number} · "):
            yield f"'{heading}': sections are numbered 1, 2, 3 …"
        prose = "\n".join(c.source for c in cells if c.cell_type == "markdown")
        code = "\n".join(c.source for c in cells if c.cell_type == "code")
        for word in ("**Predict**", "**Explain**"):
            if word not in prose:
                yield f"'{heading}': {word} is missing"
        if not re.search(r"^guess\w* *=", code, re.MULTILINE):
            yield f"'{heading}': no cell sets `guess = ...`"


def exercise_ids(page):
    """Return the ids in the headings `### E03.1 ★ title`, in order."""
    source = "\n".join(cell.source for _, cell in page.markdown)
    return re.findall(r"^### (E\d\d\.\d) ★", source, re.MULTILINE)


def exercises(page):
    """Every exercise: heading with stars, stub, check cell with hints."""
    ids = exercise_ids(page)
    wanted = [f"E{page.number}.{i}" for i in range(1, len(ids) + 1)]
    if ids != wanted or not ids:
        yield f"exercise headings are {ids}: number them E{page.number}.1, .2, …"
    inside = [c for _, cells in page.sections for c in cells]
    for name in ids:
        heads = [
            c
            for c in inside
            if c.cell_type == "markdown"
            and re.search(rf"^### {re.escape(name)} ", c.source, re.MULTILINE)
        ]
        if not heads:
            yield f"{name}: must stand inside the section that it tests"
            continue
        start = page.cells.index(heads[0])
        after = page.cells[start + 1 : start + 4]
        code = [c.source for c in after if c.cell_type == "code"]
        if not code or not re.search(r"return \.\.\.|= \.\.\.", code[0]):
            yield f"{name}: the cell after the task must be a stub with `...`"
        checks = [c for c in code if f'check("{name}"' in c]
        if not checks:
            yield f'{name}: no cell with check("{name}", …) after the stub'
        elif f'# hint("{name}"' not in checks[0] or "# solution(" not in checks[0]:
            yield f'{name}: add the comments # hint("{name}", 1) and # solution(…)'


def ending(page):
    """Traps, quiz, summary, next: in this order, after the sections."""
    parts = {
        c.source.splitlines()[0]: (i, c.source)
        for i, c in page.markdown
        if c.source.startswith("## ")
    }
    if tuple(parts)[-4:] != ENDING:
        yield f"the page must end with {', '.join(ENDING)}, in this order"
        return
    traps = "\n".join(
        c.source
        for i, c in page.markdown
        if parts["## Traps"][0] <= i < parts["## Quiz"][0]
    )
    count = len(re.findall(r"^(?:[-*]|\d\.) ", traps, re.MULTILINE))
    if not 3 <= count <= 5:
        yield f"Traps: {count} list items; 3 to 5 are wanted"
    code = "\n".join(c.source for _, c in page.code)
    if f'quiz("{page.number}")' not in code:
        yield f'Quiz: no cell calls quiz("{page.number}")'
    if "|" not in parts["## Summary"][1]:
        yield "Summary: a table idea | formula | function is wanted"
    links = re.findall(r"\]\(([^)]+)\)", parts["## Next"][1])
    pages = [link for link in links if link.endswith(".ipynb")]
    if len(pages) != 1 and page.number != "06":
        yield f"Next: one link to the next page is wanted, there are {len(pages)}"
    if len(links) - len(pages) > 3:
        yield "Next: at most three readings"
    if "?" not in parts["## Next"][1] and page.number != "06":
        yield "Next: the question that the next page answers is missing"


def prose_words(source):
    """Return a Markdown cell's words: no code, tables, formulas, links' targets."""
    source = re.sub(r"```.*?```|\$\$.*?\$\$", " ", source, flags=re.DOTALL)
    source = re.sub(r"^\s*\|.*$|^#+ .*$|^\[!\[.*$", " ", source, flags=re.MULTILINE)
    source = re.sub(r"\$[^$]+\$", "x", source)
    source = re.sub(r"\]\([^)]*\)", "]", source)
    return re.findall(r"[^\s|*_#>`-][^\s]*", source)


def lengths(page):
    """35 to 60 cells; code to 25 lines, prose to 120 words; no banned words."""
    if not 35 <= len(page.cells) <= 60:
        yield f"{len(page.cells)} cells; 35 to 60 are wanted"
    for i, cell in page.code:
        lines = cell.source.splitlines()
        if len(lines) > 25:
            yield f"cell {i + 1}: {len(lines)} lines of code; at most 25"
        if i != 2 and any(len(line) > 88 for line in lines):
            yield f"cell {i + 1}: a line of code is longer than 88 characters"
        if "%%html" in cell.source:
            yield f"cell {i + 1}: no %%html"
    for i, cell in page.markdown:
        words = prose_words(cell.source)
        if len(words) > 120:
            yield f"cell {i + 1}: {len(words)} words; at most 120"
        for word in BANNED.findall(re.sub(r"`[^`]*`", "", cell.source)):
            yield f"cell {i + 1}: the word '{word}' tells a reader they are slow"


def execution(page):
    """Executed from top to bottom: counts 1..n, no error, CHECK cells full."""
    counts = [cell.execution_count for _, cell in page.code]
    if counts != list(range(1, len(counts) + 1)):
        yield "not executed from top to bottom: the counts must be 1 to n"
    checked = 0
    for i, cell in page.code:
        lines = [line.strip() for line in cell.source.splitlines()]
        if CHECK in lines:
            checked += 1
            if not cell.outputs or cell.execution_count is None:
                yield f"cell {i + 1}: a CHECK cell without output checks nothing"
        elif "NBVAL_CHECK_OUTPUT" in cell.source:
            yield f"cell {i + 1}: {CHECK} must stand alone on its line"
        if any(output.output_type == "error" for output in cell.outputs):
            yield f"cell {i + 1}: ends in an error"
    if checked < 8:
        yield f"{checked} CHECK cells; at least 8 are wanted"


def clean_outputs(page):
    """No widget state, error stream, progress bar or folder of a machine."""
    if "widgets" in page.notebook.metadata:
        yield "widget state in the metadata: run --fix"
    for i, cell in page.code:
        if "execution" in cell.metadata:
            yield f"cell {i + 1}: run times in the metadata: run --fix"
        for output in cell.outputs:
            if output.get("name") == "stderr":
                yield f"cell {i + 1}: output on stderr: run --fix"
            if WIDGET in output.get("data", {}):
                yield f"cell {i + 1}: a widget's view: run --fix"
            text = output_text(output)
            if "\r" in text or "it/s" in text:
                yield f"cell {i + 1}: a progress bar"
            if MACHINE_PATH.search(text):
                yield f"cell {i + 1}: a folder of this machine in the output"


def output_text(output):
    """Return all text of an output."""
    data = output.get("data", {})
    parts = [output.get("text", "")]
    parts += [data[kind] for kind in data if kind.startswith("text/")]
    return "\n".join("".join(part) for part in parts)


def images(page):
    """Every image: alt text, at most 80 KB, a numbered caption below."""
    figures = 0
    for i, cell in page.code:
        for output in cell.outputs:
            for kind in ("image/png", "image/jpeg"):
                if kind not in output.get("data", {}):
                    continue
                figures += 1
                alt = output.metadata.get(kind, {}).get("alt", "")
                alt = alt or output.metadata.get("alt", "")
                if len(alt.split()) < 5:
                    yield f"cell {i + 1}: the image's alt text says too little"
                size = len(base64.b64decode(output.data[kind]))
                if size > MAX_IMAGE:
                    yield f"cell {i + 1}: an image of {size // 1000} KB; at most 80"
    prose = "\n".join(cell.source for _, cell in page.markdown)
    name = str(int(page.number))
    found = [int(n) for n in re.findall(rf"\*\*Figure {name}\.(\d+)", prose)]
    if found != list(range(1, len(found) + 1)):
        yield f"captions '**Figure {name}.1**' are numbered {found}"
    if len(found) < figures:
        yield f"{figures} images, {len(found)} captions '**Figure {name}.1**'"


def file_size(page):
    """At most 1 MB."""
    size = page.path.stat().st_size
    if size > MAX_PAGE:
        yield f"{size // 1000} KB; at most 1000"


RULES = (
    title_cell,
    promise_cell,
    setup_cell,
    section_loops,
    exercises,
    ending,
    lengths,
    execution,
    clean_outputs,
    images,
    file_size,
)


def problems(page):
    """Return what is amiss with a page, a sentence each."""
    if len(page.cells) < 3:
        return ["fewer than three cells"]
    return [problem for rule in RULES for problem in rule(page)]


def clean(notebook):
    """Remove from a notebook, in place, what must not be committed."""
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {
                "display_name": "Python 3",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"name": "python"},
        }
    )
    for cell in notebook.cells:
        tags = cell.metadata.get("tags")
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
        if cell.cell_type == "code":
            cell.outputs = _clean_outputs(cell.outputs)


def _clean_outputs(outputs):
    """Return outputs without stderr, widget views, folders; streams joined."""
    kept = []
    for output in outputs:
        if output.get("name") == "stderr":
            continue
        if "data" in output and output.data.pop(WIDGET, None) is not None:
            continue
        if output.output_type == "stream":
            output.text = _without_folders(output.text)
            if kept and kept[-1].output_type == "stream":
                kept[-1].text += output.text
                continue
        elif "data" in output:
            for kind in [kind for kind in output.data if kind.startswith("text/")]:
                output.data[kind] = _without_folders(output.data[kind])
        kept.append(output)
    return kept


def _without_folders(text):
    """Return text with the repository's folder taken off paths."""
    return text.replace(f"{ROOT}/", "").replace(str(ROOT), ".")


def main(arguments=None):
    """Clean and check the pages named; return 1 where something is amiss."""
    parser = argparse.ArgumentParser(prog="python -m tests.notebook_form")
    parser.add_argument("--fix", action="store_true", help="clean the files first")
    parser.add_argument("pages", nargs="+", type=Path)
    options = parser.parse_args(arguments)
    amiss = 0
    for path in options.pages:
        if options.fix:
            notebook = nbformat.read(path, as_version=4)
            clean(notebook)
            nbformat.write(notebook, path)
        for problem in problems(read_page(path)):
            print(f"{path.name}: {problem}")
            amiss = 1
    return amiss


if __name__ == "__main__":
    sys.exit(main())
