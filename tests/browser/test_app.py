"""`python -m fer_course app`, used by hand: files, slider, downloads, camera, keys."""

import base64
import csv
import shutil
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest

from fer_course.images import read_image
from fer_course.teaching.uploads import camera_script
from tests.browser.driver import PATIENCE_MS, tab_to

expect = pytest.importorskip(
    "playwright.sync_api", reason="needs Playwright: see tests/browser/conftest.py"
).expect
expect.set_options(timeout=PATIENCE_MS)


def note_sent(page):
    """Keep the size of every message that the page sends, as `page.sent`."""
    page.sent = []
    page.on(
        "websocket",
        lambda socket: socket.on(
            "framesent", lambda frame: page.sent.append(len(frame))
        ),
    )


@pytest.fixture
def holiday(montage, tmp_path):
    """Return the montage under a name that no sample has."""
    return shutil.copy(montage, tmp_path / "holiday.jpg")


def test_an_uploaded_photo_is_read_as_on_the_command_line(
    browser, open_app, holiday, demo, picture, tmp_path
):
    widget = open_app(browser)
    widget.choose(holiday)
    widget.wait_for_photo("holiday.jpg")
    expected = demo(holiday)
    assert widget.rows.count() == len(expected["faces"]) == 2
    photo = widget.page.locator(".fer-photo")
    assert photo.get_attribute("alt").startswith("holiday.jpg: 2 faces. 1 ")
    # 860 px: below the 1280 px from which the browser shrinks, so the same pixels
    (entry,) = widget.faces(tmp_path)
    assert entry == expected | {"photo": "holiday.jpg"}
    for label, face in zip(widget.labels(), expected["faces"], strict=True):
        assert face["expression"] in label and ("not sure" in label) != face["sure"]
    picture(widget.page, "app", full_page=True)


def test_table_and_annotated_picture_are_downloaded(
    browser, open_app, holiday, tmp_path
):
    widget = open_app(browser)
    widget.choose(holiday)
    widget.wait_for_photo("holiday.jpg")
    (entry,) = widget.faces(tmp_path)
    table = widget.download("^CSV$", tmp_path)
    with table.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["photo"] for row in rows] == ["holiday.jpg"] * 2
    assert [float(row["x1"]) for row in rows] == [f["box"][0] for f in entry["faces"]]
    annotated = widget.download("^annotated", tmp_path)
    assert annotated.name == "holiday-faces.jpg"
    before, after = read_image(holiday), read_image(annotated)
    assert after.shape == before.shape
    changed = np.abs(after.astype(int) - before).max(axis=2)
    for face in entry["faces"]:
        x1, y1, x2, y2 = map(round, face["box"])
        assert np.median(changed[y1:y2, x1]) > 30, "the box's left edge is drawn"
        middle = changed[y1 + 30 : y2 - 30, x1 + 30 : x2 - 30]
        assert np.median(middle) < 10, "the face itself is left alone"


def test_the_slider_hides_faces_and_no_network_runs(
    browser, open_app, holiday, tmp_path
):
    widget = open_app(browser)
    widget.count_readings()
    widget.choose(holiday)
    widget.wait_for_photo("holiday.jpg")
    assert widget.readings() == 1, "the reading of the upload is noticed"
    (entry,) = widget.faces(tmp_path)
    scores = [face["score"] for face in entry["faces"]]
    start = widget.threshold()
    between = round(min(scores) + 0.01, 2)
    widget.move_threshold(between)
    left = sum(score >= between for score in scores)
    expect(widget.rows).to_have_count(left)
    assert left < len(scores)
    widget.move_threshold(1.0)
    expect(widget.rows).to_have_count(0)
    expect(widget.page.locator(".fer-note")).to_contain_text("Nobody was found")
    widget.move_threshold(start)
    expect(widget.rows).to_have_count(len(scores))
    assert widget.readings() == 1


def test_a_photo_of_12_mb_is_shrunk_in_the_browser(
    browser, open_app, montage, tmp_path
):
    path = tmp_path / "phone.jpg"
    image = cv2.resize(cv2.imread(str(montage)), (4600, 2568))
    noise = np.random.default_rng(0).normal(0, 12, image.shape)
    noisy = np.clip(image + noise, 0, 255).astype(np.uint8)
    cv2.imwrite(str(path), noisy, [cv2.IMWRITE_JPEG_QUALITY, 100])
    assert path.stat().st_size > 12_000_000
    widget = open_app(browser, before=note_sent)
    widget.choose(path)
    widget.wait_for_photo("phone.jpg")
    assert 50_000 < max(widget.page.sent) < 1_000_000
    expect(widget.upload_status).to_have_text("")
    (entry,) = widget.faces(tmp_path)
    assert (entry["width"], entry["height"]) == (1280, 715)
    assert len(entry["faces"]) == 2


def test_a_heavy_photo_of_few_pixels_is_packed_tighter(browser, open_app, tmp_path):
    """From 1 MB on Colab loses it; noise makes even a JPEG of 1280 px heavy."""
    path = tmp_path / "noise.png"
    noise = np.random.default_rng(0).integers(0, 256, (1280, 1280, 3), np.uint8)
    cv2.imwrite(str(path), noise)
    assert path.stat().st_size > 4_000_000
    widget = open_app(browser, before=note_sent)
    widget.choose(path)
    widget.wait_for_photo("noise.png")
    assert 300_000 < max(widget.page.sent) < 1_000_000


@pytest.mark.parametrize(
    "size, sentence",
    [
        pytest.param(40, "is not a picture", id="small: Python says it"),
        pytest.param(5_000_000, "not a picture this browser", id="large: the browser"),
    ],
)
def test_a_broken_file_gets_one_sentence(
    browser, open_app, holiday, tmp_path, picture, size, sentence
):
    broken = tmp_path / "notes.jpg"
    broken.write_bytes(b"milk\n" * (size // 5))
    widget = open_app(browser)
    widget.choose(broken, holiday)
    widget.wait_for_photo("holiday.jpg")
    expect(widget.errors).to_have_count(1)
    expect(widget.errors).to_contain_text("notes.jpg")
    expect(widget.errors).to_contain_text(sentence)
    assert widget.rows.count() == 2, "the good one is read all the same"
    picture(widget.page, f"error_{size}", full_page=True)


def test_the_camera_starts_is_read_and_stops(browser, open_app, picture):
    widget = open_app(browser)
    page = widget.page
    page.get_by_role("button", name="Start camera").click()
    page.wait_for_function("() => document.querySelector('video').videoWidth === 860")
    picture(page, "camera_on")
    page.get_by_role("button", name="Take photo").click()
    widget.wait_for_photo("camera-")
    assert widget.rows.count() == 2
    picture(page, "camera", full_page=True)
    page.evaluate(
        "() => (window.tracks = document.querySelector('video').srcObject.getTracks())"
    )
    page.get_by_role("button", name="Stop camera").click()
    expect(page.locator("video")).to_be_hidden()
    expect(page.get_by_role("button", name="Take photo")).to_be_hidden()
    assert page.evaluate(ALL_OFF) and page.evaluate("() => window.tracks.length") == 1


ALL_OFF = "() => window.tracks.every((track) => track.readyState === 'ended')"
NOTE_TRACKS = """() => {
  const devices = navigator.mediaDevices;
  const ask = devices.getUserMedia.bind(devices);
  window.tracks = [];
  devices.getUserMedia = async (wanted) => {
    const stream = await ask(wanted);
    window.tracks.push(...stream.getTracks());
    return stream;
  };
}"""


def test_two_quick_clicks_leave_no_camera_on(browser, open_app):
    page = open_app(browser).page
    page.evaluate(NOTE_TRACKS)
    start = page.get_by_role("button", name="Start camera")
    start.evaluate("(button) => { button.click(); button.click(); }")
    page.wait_for_function("() => window.tracks.length === 2")
    page.wait_for_function("() => document.querySelector('video').videoWidth === 860")
    page.get_by_role("button", name="Stop camera").click()
    expect(page.locator("video")).to_be_hidden()
    assert page.evaluate(ALL_OFF)


@pytest.fixture(scope="module")
def refusing(chromium):
    """Yield a Chromium that gives its camera to nobody."""
    browser = chromium(
        "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream=deny"
    )
    yield browser
    browser.close()


def test_a_refused_camera_gets_one_sentence(refusing, open_app, picture):
    widget = open_app(refusing)
    widget.page.get_by_role("button", name="Start camera").click()
    expect(widget.upload_status).to_contain_text("The camera did not start")
    expect(widget.page.locator("video")).to_be_hidden()
    picture(widget.page, "camera_refused")


def start_camera_script(page):
    """Run what Python has Colab evaluate; its answer will be `window.answer`."""
    page.evaluate(f"() => {{ window.answer = {camera_script()}; }}")


def test_colab_s_camera_script_takes_one_photo_or_none(browser, open_app):
    page = open_app(browser).page
    for button in ("Take photo", "Close camera"):
        start_camera_script(page)
        page.wait_for_function(
            "() => document.querySelector('.fer-camera video')?.videoWidth === 860"
        )
        page.locator(".fer-camera button", has_text=button).click()
        answer = page.evaluate("() => window.answer")
        assert page.locator(".fer-camera").count() == 0
        if button == "Close camera":
            assert answer is None
            continue
        assert answer["name"].startswith("camera-")
        image = read_image(base64.b64decode(answer["content"]))
        assert image.shape == (480, 860, 3)


def test_colab_s_camera_script_says_why_there_is_none(refusing, open_app):
    page = open_app(refusing).page
    start_camera_script(page)
    answer = page.evaluate("() => window.answer")
    assert answer["problem"].startswith("The camera did not start, because it was ref")
    assert "paste its path" in answer["problem"] and "content" not in answer


def test_the_page_asks_nobody_else(browser, open_app):
    asked = []

    def note(route):  # what the page's own policy stops does not come here
        asked.append(route.request.url)
        route.continue_()

    open_app(browser, before=lambda page: page.route("**/*", note))
    hosts = {urlsplit(url).hostname for url in asked if url.startswith("http")}
    assert hosts == {"127.0.0.1"} and len(asked) > 20


def test_everything_is_reached_and_used_with_the_keyboard(
    browser, open_app, holiday, picture
):
    widget = open_app(browser)
    page, keys = widget.page, widget.page.keyboard
    with page.expect_file_chooser() as chooser:
        tab_to(page, "input[type=file]")
        keys.press("Enter")
    chooser.value.set_files(str(holiday))
    widget.wait_for_photo("holiday.jpg")
    tab_to(page, "button:has-text('Start camera')")
    keys.press("Enter")
    tab_to(page, "button:has-text('Take photo')")
    page.wait_for_function("() => document.querySelector('video').videoWidth > 0")
    keys.press("Enter")
    widget.wait_for_photo("camera-")
    tab_to(page, ".widget-dropdown select")
    keys.press("ArrowDown")
    widget.wait_for_photo("dim.jpg")
    tab_to(page, ".widget-text input")
    keys.type(str(holiday))
    keys.press("Enter")
    widget.wait_for_photo("holiday.jpg")
    tab_to(page, ".noUi-handle")
    keys.press("End")
    expect(widget.rows).to_have_count(0)
    keys.press("Home")
    expect(widget.rows).not_to_have_count(0)
    picture(page, "focus")
    tab_to(page, ".fer-downloads a:has-text('JSON')")
    with page.expect_download() as download:
        keys.press("Enter")
    assert download.value.suggested_filename == "faces.json"


def test_a_narrow_window_needs_no_sideways_scrolling(browser, open_app, picture):
    widget = open_app(browser, width=400, height=1700)
    page = widget.page
    picture(page, "narrow")
    beyond = page.evaluate(
        """() => [...document.querySelectorAll('body *')]
             .filter(node => node.getBoundingClientRect().right > innerWidth + 1)
             .map(node => node.outerHTML.slice(0, 120))"""
    )
    assert not beyond


def test_every_picture_has_words_and_every_control_a_name(browser, open_app):
    widget = open_app(browser)
    alts = widget.page.locator(".fer-result img").evaluate_all(
        "nodes => nodes.map(node => node.alt)"
    )
    assert len(alts) == 1 + widget.rows.count() and all(alts)
    widget.slider.focus()  # gets its name then
    for role, name in (
        ("button", "Start camera"),
        ("combobox", "Sample"),
        ("textbox", "or path"),
        ("slider", "Threshold"),
        ("link", "JSON"),
    ):
        expect(widget.page.get_by_role(role, name=name)).to_have_count(1)
    assert widget.page.get_by_label("Choose photos or drop them here").count() == 1
    assert widget.page.title() == "Find faces and read their expressions"
