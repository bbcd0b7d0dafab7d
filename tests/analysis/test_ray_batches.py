"""A row per photo, whatever it is; and with Ray, though a worker is killed."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter

import cv2
import nbformat
import pytest

from fer_course.analysis.analyzer import FaceAnalyzer, PhotoError
from fer_course.analysis.ray_batches import PhotoReader
from fer_course.images import read_image
from fer_course.settings import ROOT, settings

PHOTOS = 2_000
TWO_PROCESSORS = "import ray\n\nray.init(num_cpus=2, include_dashboard=False)\n"


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    """Paths of two strips of the gallery, of one without a face, and of two wrecks."""
    folder = tmp_path_factory.mktemp("kinds")
    gallery = read_image(settings().data / "samples" / "gallery.jpg")[:, :, ::-1]
    for name, rows in {"top": (0, 300), "low": (420, 720), "wall": (0, 20)}.items():
        strip = cv2.resize(gallery[slice(*rows)], None, fx=0.5, fy=0.5)
        (folder / name).write_bytes(cv2.imencode(".jpg", strip)[1].tobytes())
    (folder / "text").write_text("<html>404</html>")
    (folder / "cut").write_bytes((folder / "top").read_bytes()[:300])
    return sorted(folder.iterdir())


def test_a_batch_has_a_row_per_photo_wrecks_included(kinds, tmp_path):
    photos = [*map(str, kinds), str(tmp_path / "missing.jpg")]
    rows = PhotoReader()({"photo": photos})
    assert list(rows) == ["photo", "faces", "error"] and rows["photo"] == photos
    for photo, faces, error in zip(*rows.values(), strict=True):
        name = os.path.basename(photo)
        if name in ("top", "low", "wall"):
            result = FaceAnalyzer().analyze(photo)
            assert close(json.loads(faces), result.to_dict()["faces"])
            assert error == "" and bool(result.faces) == (name != "wall")
        else:
            assert faces == "[]" and name in error


def close(found, wanted):
    """Whether faces are the same; those of other photos share their batch."""
    return len(found) == len(wanted) and all(
        face["box"] == other["box"]
        and face["expression"] == other["expression"]
        and face["probabilities"] == pytest.approx(other["probabilities"], abs=2e-4)
        for face, other in zip(found, wanted, strict=True)
    )


def code_of_the_page():
    """Return the lines that notebook 06 shows in its appendix."""
    page = nbformat.read(ROOT / "notebooks" / "06_find_and_classify.ipynb", 4)
    prose = "\n".join(c.source for c in page.cells if c.cell_type == "markdown")
    (code,) = re.findall(r"^```python\n(.*?)^```$", prose, re.DOTALL | re.MULTILINE)
    return code


def kill_a_busy_worker(psutil, driver, read):
    """Kill a worker in the middle of a batch, once other batches have been read."""
    while driver.poll() is None:
        time.sleep(0.02)
        for child in psutil.Process(driver.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                busy = child.name() == "ray::MapWorker(MapBatches(PhotoReader)).submit"
                if busy and any(read.glob("*.parquet")):
                    os.kill(child.pid, signal.SIGKILL)
                    return
    raise AssertionError("the work was over before a worker could be killed")


@pytest.mark.slow
def test_every_photo_has_one_row_though_a_worker_is_killed(kinds, tmp_path):
    pytest.importorskip("ray", reason="requirements-ray.txt is not installed")
    psutil = pytest.importorskip("psutil")
    (tmp_path / "photos").mkdir()
    photos = {}
    for number in range(PHOTOS):
        path = tmp_path / "photos" / f"{number:04}.jpg"
        kind = kinds[number % len(kinds)]
        os.link(kind, path)
        photos[str(path)] = kind
    program = tmp_path / "read_folder.py"
    program.write_text(TWO_PROCESSORS + code_of_the_page(), encoding="utf-8")
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "disabled",  # or Ray writes a token into the home folder
    }
    with (
        open(tmp_path / "log.txt", "w+", encoding="utf-8") as log,
        subprocess.Popen(
            [sys.executable, str(program)],
            cwd=tmp_path,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as driver,
    ):
        try:
            kill_a_busy_worker(psutil, driver, tmp_path / "read")
            code = driver.wait(timeout=1800)
        finally:
            driver.kill()
        log.seek(0)
        assert code == 0, log.read()

    rows = ray_rows(tmp_path / "read")
    assert Counter(row["photo"] for row in rows) == Counter(dict.fromkeys(photos, 1))
    plain = dict(zip(kinds, FaceAnalyzer().analyze_many(kinds), strict=True))
    for row in rows:
        wanted = plain[photos[row["photo"]]]
        if isinstance(wanted, PhotoError):
            assert row["faces"] == "[]" and "jpg" in row["error"]
        else:
            assert row["error"] == ""
            assert close(json.loads(row["faces"]), wanted.to_dict()["faces"])


def ray_rows(folder):
    """Return the rows of a folder of Parquet files, dicts."""
    parquet = pytest.importorskip("pyarrow.parquet")  # comes with Ray
    return parquet.read_table(folder).to_pylist()
