"""The classify widget as a person sees it: what a test does and reads in a page."""

import json
import re
from pathlib import Path

TOKEN = "browser-tests"  # JupyterLab's key
PATIENCE_MS = 300_000  # a kernel starts, networks run, on a machine that is busy


class Widget:
    """The widget inside a page, in JupyterLab or in the app.

    Attributes:
        page: Playwright's page.
        rows: locator of the list items, one per face.
        errors: locator of the sentences on photos that could not be read.
    """

    def __init__(self, page):
        self.page = page
        self.rows = page.locator(".fer-result li")
        self.errors = page.locator(".fer-result .fer-error")
        self.upload_status = page.locator(".fer-upload .fer-status")
        self.slider = page.locator(".noUi-handle")

    def wait_for_photo(self, name):
        """Wait until the photo of this name, or of this pattern, is shown."""
        heading = self.page.locator(".fer-result h3").filter(has_text=name)
        heading.first.wait_for(timeout=PATIENCE_MS)
        self.wait_until_quiet()

    def wait_until_quiet(self):
        """Wait until nothing is being loaded, sent or read."""
        self.page.wait_for_function(
            """() => ![...document.querySelectorAll('[role=status]')]
                 .some(node => /Loading|Sending|Reading/.test(node.textContent))""",
            timeout=PATIENCE_MS,
        )

    def choose(self, *paths):
        """Put files into the real file input."""
        self.page.locator(".fer-upload input[type=file]").set_input_files(
            [str(path) for path in paths]
        )

    def labels(self):
        """Return each face's heading without its number: `happy`, `not sure (…)`."""
        texts = self.rows.locator("h4").all_inner_texts()
        return [text.partition(" · ")[2] for text in texts]

    def threshold(self):
        """Return where the slider stands, as the number beside it says."""
        return float(self.page.locator(".widget-readout").inner_text())

    def move_threshold(self, wanted):
        """Move the slider with the arrow keys, as a person at a keyboard does."""
        self.slider.focus()
        steps = round((wanted - self.threshold()) / 0.01)
        for _ in range(abs(steps)):
            self.page.keyboard.press("ArrowRight" if steps > 0 else "ArrowLeft")

    def count_readings(self):
        """From now on, note what the widget says while it reads."""
        self.page.evaluate(
            """() => {
                 window.said = [];
                 new MutationObserver(() => {
                   for (const node of document.querySelectorAll('[role=status]'))
                     if (/Reading/.test(node.textContent))
                       window.said.push(node.textContent);
                 }).observe(document.body,
                   {childList: true, subtree: true, characterData: true});
               }"""
        )

    def readings(self):
        """Return how often a photo was read since `count_readings`."""
        return self.page.evaluate("() => new Set(window.said).size")

    def download(self, text, folder):
        """Click the link of this text and return the saved file's path."""
        link = self.page.locator(".fer-downloads a", has_text=re.compile(text))
        with self.page.expect_download(timeout=PATIENCE_MS) as download:
            link.click()
        path = Path(folder) / download.value.suggested_filename
        download.value.save_as(path)
        return path

    def faces(self, folder):
        """Return the photos of the downloaded JSON."""
        path = self.download("^JSON$", folder)
        return json.loads(path.read_text(encoding="utf-8"))["photos"]


def tab_to(page, selector):
    """Press Tab until this element, which must be seen to have it, has the focus."""
    target = page.locator(selector).first
    for _ in range(40):
        if target.evaluate("node => node === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {selector}")
