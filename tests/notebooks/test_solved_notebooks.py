"""Every page once more, with each solution typed in where its stub was."""

import copy
import re

import nbformat
import pytest

from fer_course.settings import ROOT
from fer_course.teaching.exercises import find_exercise, solution_source

PAGES = sorted((ROOT / "notebooks").glob("0*.ipynb"))
CHECK = re.compile(r'^(\w+) = check\("(E\d\d\.\d+)", (\w+)\)$', re.MULTILINE)


def solved(source):
    """Put the solution's own source in front of each check."""

    def with_solution(match):
        _, exercise_id, answer = match.groups()
        exercise = find_exercise(exercise_id)
        if callable(exercise.reference):
            typed = solution_source(exercise)
            typed += f"\n{answer} = {exercise.reference.__name__}\n"
        else:
            typed = f"{answer} = {exercise.reference!r}\n"
        return typed + match.group()

    return CHECK.sub(with_solution, source)


def _execute(nbclient, page, resources):
    """Return the page run; once more from its start where an answer got lost.

    Now and then a kernel idles and its client waits, as in jupyter/nbclient#312.
    """
    for last_try in (False, True):
        run = copy.deepcopy(page)
        try:
            nbclient.NotebookClient(run, timeout=120, resources=resources).execute()
            return run
        except nbclient.exceptions.CellTimeoutError:
            if last_try:
                raise


@pytest.mark.slow
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_runs_with_every_exercise_solved(path):
    nbclient = pytest.importorskip("nbclient")
    page = nbformat.read(path, as_version=4)
    asked = []
    for cell in page.cells:
        if cell.cell_type == "code":
            asked += [exercise_id for _, exercise_id, _ in CHECK.findall(cell.source)]
            cell.source = solved(cell.source)
    assert len(asked) >= 5
    resources = {"metadata": {"path": str(path.parent)}}
    page = _execute(nbclient, page, resources)
    printed = "".join(
        output.get("text", "")
        for cell in page.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    )
    for exercise_id in asked:
        verdict = re.search(rf"^{re.escape(exercise_id)} .*$", printed, re.MULTILINE)
        assert verdict and ": correct." in verdict.group(), (exercise_id, verdict)
