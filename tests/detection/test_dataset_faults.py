"""A preparation that is killed, has no room, or is not the only one."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import cv2
import numpy as np
import pytest

from fer_course import files
from fer_course.detection.annotations import Annotations, read_wider
from fer_course.detection.dataset import prepare_yolo
from fer_course.settings import ROOT

PHOTOS = 500  # the record is written every 200
CODE = """
import sys
from pathlib import Path
import numpy as np
from fer_course.detection.annotations import read_wider
from fer_course.detection.dataset import prepare_yolo
folder = Path(sys.argv[1])
found = {"wider": read_wider(folder / "list.txt", folder / "photos")}
splits = {p.name: ("train", "choose", "val")[k % 3]
          for k, p in enumerate(found["wider"].photos)}
print(prepare_yolo(found, sys.argv[2], splits=splits, progress=print).written)
"""


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A set of small photos, each with a face to learn and one to hide."""
    folder = tmp_path_factory.mktemp("set")
    (folder / "photos" / "e").mkdir(parents=True)
    rng, entries = np.random.default_rng(1), []
    for number in range(PHOTOS):
        picture = rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)
        data = cv2.imencode(".jpg", picture)[1].tobytes()
        (folder / f"photos/e/{number}.jpg").write_bytes(data)
        rows = "5 5 30 40 0 0 0 0 0 0\n50 5 9 9 0 0 0 1 0 0"
        entries.append(f"e/{number}.jpg\n2\n{rows}\n")
    (folder / "list.txt").write_text("".join(entries))
    return folder


def start(photos, out):
    command = [sys.executable, "-c", CODE, str(photos), str(out)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def content(out):
    """Every file with its bytes, the lock and the folder's own path left out."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and path.name not in (".lock", "faces.yaml")
    }


@pytest.fixture(scope="module")
def whole(photos, tmp_path_factory):
    out = tmp_path_factory.mktemp("whole")
    process = start(photos, out)
    assert process.communicate()[0].endswith(f"{PHOTOS}\n")
    return content(out)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such kill")
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_killed_preparation_goes_on(photos, whole, tmp_path, share):
    out = tmp_path / "yolo"
    process = start(photos, out)
    while len(list(out.glob("labels/*/*"))) < share * PHOTOS:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert content(out) != whole
    again = int(start(photos, out).communicate()[0].splitlines()[-1])
    assert again <= PHOTOS - int(share * PHOTOS) // 200 * 200
    assert content(out) == whole


def test_a_full_disk_ends_the_preparation(photos, tmp_path, monkeypatch):
    found = read_wider(photos / "list.txt", photos / "photos")
    few = {"wider": Annotations(found.photos[:30])}
    splits = {photo.name: "train" for photo in found.photos}
    room = iter(range(25))

    def full(file):
        if next(room, None) is None:
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):  # not "30 of 30 photos"
            prepare_yolo(few, tmp_path, splits=splits, progress=lambda line: None)
    again = prepare_yolo(few, tmp_path, splits=splits, progress=lambda line: None)
    assert again.photos["train"] == 30 and not again.problems


def test_photos_deep_in_folders_get_names_that_a_file_can_have(photos, tmp_path):
    source = read_wider(photos / "list.txt", photos / "photos").photos[0]
    names = ["wider/" + "/".join(5 * ["顔" * 30]) + end for end in "ab"]
    found = {"wider": Annotations(tuple(replace(source, name=n) for n in names))}
    splits = dict.fromkeys(names, "train")
    made = prepare_yolo(found, tmp_path, splits=splits, progress=lambda line: None)
    assert made.photos["train"] == 2 and not made.problems


@pytest.mark.slow
def test_two_at_once_make_what_one_makes(photos, whole, tmp_path):
    processes = [start(photos, tmp_path) for _ in range(2)]
    said = [process.communicate()[0] for process in processes]
    assert sorted(int(text.splitlines()[-1]) for text in said) == [0, PHOTOS]
    assert sum("Another process works on" in text for text in said) == 1
    assert content(tmp_path) == whole
