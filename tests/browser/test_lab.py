"""Notebook 06 in JupyterLab: open it, run all cells, use the widget at its end."""

import json
import shutil

import pytest

from tests.browser.driver import PATIENCE_MS, TOKEN, Widget, tab_to

NOTEBOOK = "06_find_and_classify.ipynb"
LESSON_MS = 600_000  # a minute or two where nothing else runs


@pytest.fixture(scope="module")
def lesson(browser, lab):
    """Yield the widget of notebook 06, all cells of which have run."""
    context = browser.new_context(viewport={"width": 1200, "height": 1000})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(f"{lab}/lab/tree/{NOTEBOOK}?token={TOKEN}", timeout=PATIENCE_MS)
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator("[data-command='runmenu:run-all']").click()
    page.locator(".fer-result li").first.wait_for(timeout=LESSON_MS)
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=LESSON_MS)
    yield Widget(page)
    context.close()


@pytest.fixture
def holiday(lesson, montage, tmp_path):
    """Return an uploaded photo's path; the widget shows it."""
    path = shutil.copy(montage, tmp_path / "holiday.jpg")
    lesson.choose(path)
    lesson.wait_for_photo("holiday.jpg")
    return path


def show_top(widget):
    """Scroll so that the widget begins near the top of the window."""
    widget.page.locator(".fer-upload").evaluate(
        "node => node.scrollIntoView({block: 'start'})"
    )


def test_every_cell_runs(lesson):
    page = lesson.page
    prompts = page.locator(".jp-CodeCell .jp-InputPrompt").all_text_contents()
    numbers = [text.strip("[]: \n") for text in prompts]
    assert len(numbers) > 20 and all(map(str.isdigit, numbers)), numbers
    assert page.locator("[data-mime-type='application/vnd.jupyter.error']").count() == 0


def test_an_uploaded_photo_is_read_as_on_the_command_line(
    lesson, holiday, demo, picture, tmp_path
):
    (entry,) = lesson.faces(tmp_path)
    assert entry == demo(holiday) | {"photo": "holiday.jpg"}
    assert lesson.rows.count() == len(lesson.labels()) == 2
    show_top(lesson)
    picture(lesson.page, "lab_light")


def test_the_saved_notebook_holds_nothing_of_the_photo(lesson, holiday, clone):
    path = clone / "notebooks" / NOTEBOOK
    before = path.stat().st_mtime_ns
    lesson.page.locator("[data-command='docmanager:save']").first.click()
    lesson.page.wait_for_function(
        "() => !document.querySelector('.lm-TabBar-tab.jp-mod-dirty')"
    )
    assert path.stat().st_mtime_ns > before
    saved = path.read_text(encoding="utf-8")
    assert "holiday" not in saved
    outputs = [
        output
        for cell in json.loads(saved)["cells"]
        if cell["cell_type"] == "code" and "\nclassify()" in "".join(cell["source"])
        for output in cell["outputs"]
    ]
    assert any(
        "application/vnd.jupyter.widget-view+json" in output.get("data", ())
        for output in outputs
    )
    assert "data:image" not in json.dumps(outputs)


def test_the_dark_theme(lesson, holiday, picture):
    page = lesson.page
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")
    page.locator("#jupyterlab-splash").wait_for(state="detached")
    show_top(lesson)
    picture(page, "lab_dark")
    page.locator(".fer-downloads").scroll_into_view_if_needed()
    picture(page, "lab_dark_rows")
    colors = page.evaluate(
        """() => ['.fer-upload button', '.fer-result h3', '.fer-result h4'].map(
             selector => getComputedStyle(document.querySelector(selector)).color)"""
    )
    page.emulate_media(color_scheme="light")
    page.wait_for_function("() => document.body.dataset.jpThemeLight === 'true'")
    for color in colors:
        red, green, blue = (int(part) for part in color.strip("rgba()").split(",")[:3])
        assert min(red, green, blue) > 150, f"{color} is not light"


def test_keys_work_the_widget_and_not_the_notebook(lesson, holiday, picture):
    page, keys = lesson.page, lesson.page.keyboard
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    page.locator(".fer-upload input[type=file]").focus()
    picture(page, "focus_file")
    tab_to(page, "button:has-text('Start camera')")
    picture(page, "focus_button")
    keys.press("Enter")
    page.wait_for_function("() => document.querySelector('video').videoWidth > 0")
    tab_to(page, "button:has-text('Take photo')")
    keys.press("Space")
    lesson.wait_for_photo("camera-")
    page.get_by_role("button", name="Stop camera").focus()
    keys.press("Enter")
    tab_to(page, ".widget-dropdown select")
    keys.press("ArrowDown")
    lesson.wait_for_photo("dim.jpg")
    tab_to(page, ".widget-text input")
    keys.type(str(holiday))
    keys.press("Enter")
    lesson.wait_for_photo("holiday.jpg")
    tab_to(page, ".noUi-handle")
    keys.press("ArrowUp")
    keys.press("End")
    page.locator(".fer-note", has_text="Nobody was found").wait_for()
    keys.press("Home")
    lesson.rows.first.wait_for()
    tab_to(page, ".fer-downloads a:has-text('JSON')")
    with page.expect_download() as download:
        keys.press("Enter")
    assert download.value.suggested_filename == "faces.json"
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells
    assert page.locator(".jp-Notebook.jp-mod-editMode").count() == 0
