"""A clone of the course, JupyterLab and the app in it, and Chromium in front.

The tests here are marked slow. They need Playwright (tests/browser/requirements.txt)
and a Chromium that is installed on the machine; without, they are skipped. Set
FER_SCREENSHOTS to a folder to look at the pictures afterwards.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import cv2
import pytest

from fer_course.settings import ROOT
from tests.browser.driver import PATIENCE_MS, TOKEN, Widget

COURSE = ("fer_course", "notebooks", "models", "data/samples")
LAB_SETTINGS = {
    "themes": {"theme": "JupyterLab Light", "adaptive-theme": True},
    "notification": {"fetchNews": "false", "checkForUpdates": False},
}


def pytest_collection_modifyitems(items):
    """Mark what lies in this folder: only `test --all` runs it."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def clone(tmp_path_factory):
    """Return a copy of the course, so that nothing of the real one is changed."""
    folder = tmp_path_factory.mktemp("course")
    for name in COURSE:
        ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    return folder


@pytest.fixture(scope="session")
def jupyter_folders(tmp_path_factory):
    """Return variables that keep Jupyter out of the user's own folders."""
    folder = tmp_path_factory.mktemp("jupyter")
    for name, content in LAB_SETTINGS.items():
        path = folder / f"settings/@jupyterlab/apputils-extension/{name}"
        path = path.with_suffix(".jupyterlab-settings")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content), encoding="utf-8")
    return {
        "FER_COURSE_SETUP": "0",
        "JUPYTER_TOKEN": TOKEN,
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "IPYTHONDIR": str(folder / "ipython"),
    }


def serve(command, clone, variables, log, path):
    """Start a server on a free port; yield its address, then end it.

    Args:
        command: what comes after `python -m`.
        clone: folder to start it in, and to import the course from.
        variables: environment variables of it.
        log: where its output goes.
        path: of the server; it answers there once it is up.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    arguments = [sys.executable, "-m", *command]
    with log.open("w") as output:
        process = subprocess.Popen(
            [*arguments, "--no-browser", f"--port={port}"],
            cwd=clone,
            env=os.environ | variables | {"PYTHONPATH": str(clone)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_until_it_answers(url + path, process, log)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=60)


def wait_until_it_answers(url, process, log):
    """Return once a server answers, whatever it says."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(url, timeout=10).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(log.read_text())


@pytest.fixture(scope="session")
def lab(clone, jupyter_folders, tmp_path_factory):
    """Yield the address of a JupyterLab that `python -m fer_course lab` started."""
    pytest.importorskip("jupyterlab")
    log = tmp_path_factory.mktemp("lab") / "log.txt"
    yield from serve(["fer_course", "lab"], clone, jupyter_folders, log, "/api")


@pytest.fixture(scope="session")
def notebook_7(clone, jupyter_folders, tmp_path_factory):
    """Yield the address of a Notebook 7, which shows one notebook a page."""
    pytest.importorskip(
        "notebook",
        reason="needs Notebook 7: pip install -r tests/browser/requirements.txt",
    )
    log = tmp_path_factory.mktemp("notebook") / "log.txt"
    command = ["notebook", "--allow-root"]  # containers, where tests run, are root
    yield from serve(command, clone, jupyter_folders, log, "/api")


@pytest.fixture(scope="session")
def app(clone, jupyter_folders, tmp_path_factory):
    """Yield the address of the page that `python -m fer_course app` serves."""
    pytest.importorskip("voila")
    log = tmp_path_factory.mktemp("app") / "log.txt"
    yield from serve(["fer_course", "app"], clone, jupyter_folders, log, "/api")


@pytest.fixture(scope="session")
def chromium():
    """Return a function that starts Chromium with further options."""
    playwright = pytest.importorskip(
        "playwright.sync_api",
        reason="needs Playwright: pip install -r tests/browser/requirements.txt",
    )
    names = ("chromium", "chromium-browser", "google-chrome")
    executable = next(filter(None, map(shutil.which, names)), None)
    if executable is None:
        pytest.skip("needs Chromium: on Debian, apt install chromium")
    with playwright.sync_playwright() as started:

        def start(*options):
            return started.chromium.launch(
                executable_path=executable, args=["--no-sandbox", *options]
            )

        yield start


@pytest.fixture(scope="session")
def montage(clone):
    """Return the path of the montage of two portraits."""
    return clone / "data" / "samples" / "two_portraits.jpg"


@pytest.fixture(scope="session")
def film(montage, tmp_path_factory):
    """Return the path of a film in which the montage stands still: the camera."""
    image = cv2.resize(cv2.imread(str(montage)), (860, 480))
    frame = b"FRAME\n" + cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420).tobytes()
    path = tmp_path_factory.mktemp("camera") / "montage.y4m"
    path.write_bytes(b"YUV4MPEG2 W860 H480 F5:1 Ip A1:1 C420\n" + 5 * frame)
    return path


@pytest.fixture(scope="session")
def browser(chromium, film):
    """Yield a Chromium whose camera shows the montage and asks nobody."""
    browser = chromium(
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )
    yield browser
    browser.close()


@pytest.fixture
def open_app(app):
    """Return a function that opens the app in a browser and waits for its widget."""
    contexts = []

    def open_it(browser, width=1200, height=1000, before=lambda page: None):
        context = browser.new_context(viewport={"width": width, "height": height})
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        before(page)
        page.goto(app, timeout=PATIENCE_MS)
        widget = Widget(page)
        widget.wait_for_photo("two_portraits.jpg")
        return widget

    yield open_it
    for context in contexts:
        context.close()


@pytest.fixture
def picture(tmp_path):
    """Return a function that saves a screenshot under a name."""
    folder = Path(os.environ.get("FER_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)

    def save(page, name, **options):
        page.screenshot(path=folder / f"{name}.png", **options)

    return save


@pytest.fixture(scope="session")
def demo(clone):
    """Return a function that reads a photo with the command line: its JSON entry."""

    def read(photo):
        done = subprocess.run(
            [sys.executable, "-m", "fer_course", "demo", str(photo), "--json", "-"],
            cwd=clone,
            env=os.environ | {"FER_COURSE_SETUP": "0", "PYTHONPATH": str(clone)},
            capture_output=True,
            text=True,
            check=True,
        )
        (entry,) = json.loads(done.stdout)["photos"]
        return entry

    return read
