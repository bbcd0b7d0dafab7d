"""The widget in Notebook 7, for those who prefer it to JupyterLab."""

import shutil

import nbformat
import pytest

from tests.browser.driver import PATIENCE_MS, TOKEN, Widget

CELL = "from fer_course.teaching.classify import classify\n\nclassify()"


@pytest.fixture(scope="module")
def widget(browser, notebook_7, clone):
    """Yield the widget of a notebook whose only cell has run."""
    page_of_one_cell = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(CELL)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    nbformat.write(page_of_one_cell, clone / "one_cell.ipynb")
    context = browser.new_context(viewport={"width": 1200, "height": 1000})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(f"{notebook_7}/notebooks/one_cell.ipynb?token={TOKEN}")
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator("[data-command='runmenu:run-all']").click()
    page.locator(".fer-result li").first.wait_for()
    yield Widget(page)
    context.close()


def test_an_uploaded_photo_is_read_as_on_the_command_line(
    widget, montage, demo, picture, tmp_path
):
    holiday = shutil.copy(montage, tmp_path / "holiday.jpg")
    widget.choose(holiday)
    widget.wait_for_photo("holiday.jpg")
    (entry,) = widget.faces(tmp_path)
    assert entry == demo(holiday) | {"photo": "holiday.jpg"}
    assert widget.rows.count() == len(widget.labels()) == 2
    picture(widget.page, "notebook_7")


def test_the_camera_takes_a_photo(widget):
    widget.page.get_by_role("button", name="Start camera").click()
    widget.page.wait_for_function(
        "() => document.querySelector('video').videoWidth > 0"
    )
    widget.page.get_by_role("button", name="Take photo").click()
    widget.wait_for_photo("camera-")
    assert widget.rows.count() == 2
