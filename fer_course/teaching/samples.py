"""Drawn faces and scenes with known answers, and the pictures that may be shown.

In: a seed. Out: faces for each expression, scenes with boxes, ellipses and
landmarks, files in the layouts of the real data sets, and the paths of the pictures
in `data/samples`. All notebooks use them, and never to stand in for a result about
real faces.
"""

import atexit
import json
import shutil
import tempfile
from pathlib import Path

import cv2
import numpy as np

from fer_course.labels import EXPRESSIONS
from fer_course.settings import SAMPLES, settings
from fer_course.teaching.faces import draw_face
from fer_course.teaching.layouts import LAYOUTS, write_samples
from fer_course.teaching.montages import make_sample_photos
from fer_course.teaching.moving_portraits import write_portrait_video
from fer_course.teaching.scenes import Scene, sample_scene

__all__ = [
    "LAYOUTS",
    "Scene",
    "detection_folder",
    "draw_face",
    "make_sample_photos",
    "sample_boxes",
    "sample_faces",
    "sample_photos",
    "sample_scene",
    "write_portrait_video",
    "write_samples",
]


def sample_faces(n_per_class, seed, size=48):
    """Return gray faces, the same number for each expression, in random order.

    Returns:
        pixels (7 * n_per_class, size, size) uint8 and labels (7 * n_per_class,) int
        in `EXPRESSIONS` order.
    """
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(len(EXPRESSIONS)), n_per_class))
    pixels = np.empty((len(labels), size, size), np.uint8)
    for row, label in enumerate(labels):
        face = draw_face(EXPRESSIONS[label], rng, size)
        pixels[row] = cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)
    return pixels, labels


def detection_folder(layouts=("wider", "fddb", "lfpw"), n=12):
    """Return a folder with detection sets in their native layouts, and say which.

    In full mode it is `data/detection` with the real sets, if they are there.
    Otherwise drawn scenes are written to a temporary folder, removed at the end.

    Args:
        layouts: the drawn sets, of `LAYOUTS`.
        n: photos in each drawn set.
    """
    real = settings().data / "detection"
    if not settings().quick and real.is_dir():
        print("The real sets under data/detection: look, and show them to nobody.")
        return real
    if not settings().quick:
        print("No real sets under data/detection: data/README.md says how to get them.")
    home = Path(tempfile.mkdtemp(prefix="fer_course_"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    for layout in layouts:
        write_samples(home / "detection", layout, n)
    print(f"Drawn scenes in the layouts of {', '.join(layouts)}: {n} photos each.")
    return home / "detection"


def sample_photos():
    """Return name -> path of the pictures in `data/samples`; SOURCES.md tells more.

    Raises:
        FileNotFoundError: the folder holds no picture.
    """
    paths = sorted(SAMPLES.glob("*.jpg"))
    if not paths:
        raise FileNotFoundError(
            f"{SAMPLES} holds no pictures: they come with the course, so restore the "
            "folder with `git checkout data/samples`."
        )
    return {path.stem: path for path in paths}


def sample_boxes():
    """Return name -> (N, 4) boxes, pixels, of the faces in `sample_photos`.

    They were drawn by hand on the two portraits, hairline to chin and cheek to
    cheek, and carried along into the montages.
    """
    path = SAMPLES / "boxes.json"
    table = json.loads(path.read_text(encoding="utf-8"))
    return {name: np.array(rows, float).reshape(-1, 4) for name, rows in table.items()}
