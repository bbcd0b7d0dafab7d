"""Faces, recipe and folder for the page that trains: drawn or real, by mode.

In: the mode of `settings()`. Out: `FaceSet`s to train, choose and test on, a recipe
that fits the time the page has, and where its run goes. Quick: drawn faces and a
small network, seconds. Full: FER2013 and the course's network, an hour on a T4.
Notebook 05.
"""

import atexit
import json
import os
import platform
import shutil
import tempfile
from dataclasses import replace
from datetime import date
from importlib import metadata
from pathlib import Path

import numpy as np

from fer_course.boxes import square
from fer_course.expression.augmentation import Augmentation
from fer_course.expression.datasets import FaceSet, load_fer2013
from fer_course.expression.preprocessing import face_to_gray
from fer_course.files import write_atomically
from fer_course.images import crop
from fer_course.labels import EXPRESSIONS
from fer_course.settings import SEED, settings
from fer_course.teaching.skew import drawn_portraits

_PER_CLASS = {"train": 80, "choose": 30, "test": 30}
_PICTURE_PX, _MARGIN = 150, 0.05
_T4_EPOCHS = 30


def practice_faces():
    """Return (train, choose, test): drawn faces in quick mode, FER2013 in full.

    Raises:
        FileNotFoundError: full mode without FER2013; says how to get it.
    """
    if settings().quick:
        faces = drawn_faces()
    else:
        faces = load_fer2013(settings().data / "expression" / "fer2013")
    return tuple(faces.part(split) for split in ("train", "choose", "test"))


def drawn_faces():
    """Return drawn people's faces as a `FaceSet`; nobody is in two splits."""
    portraits = drawn_portraits(sum(_PER_CLASS.values()), SEED, size=_PICTURE_PX)
    pixels = np.stack(
        [face_to_gray(crop(p.image, square(p.box_xyxy, _MARGIN)[0])) for p in portraits]
    )
    targets = np.eye(len(EXPRESSIONS), dtype=np.float32)[[p.label for p in portraits]]
    number = np.arange(len(portraits))
    counts = [len(EXPRESSIONS) * n for n in _PER_CLASS.values()]
    split = np.repeat(list(_PER_CLASS), counts)
    return FaceSet("drawn", pixels, targets, split, number, number.astype(str), {})


def practice_recipe():
    """Return how the page trains: seconds in quick mode, an hour on a T4 in full."""
    from fer_course.expression.recipe import COURSE_RECIPE

    if settings().quick:
        return drawn_recipe()
    return replace(COURSE_RECIPE, epochs=_T4_EPOCHS)


def drawn_recipe():
    """Return a small network's recipe, which learns `drawn_faces` in seconds."""
    from fer_course.expression.recipe import Recipe

    return Recipe(
        network={
            "filters": (8, 16, 32),
            "kernel_size": 3,
            "batch_norm": "before_relu",
            "dropout": 0.1,
        },
        epochs=10,
        batch_size=16,
        learning_rate=2e-3,
        schedule="cosine",
        warmup_epochs=0.5,
        augmentation=Augmentation(rotation_deg=0, shift_px=1, zoom=0),
    )


def practice_folder(page):
    """Return the run's folder: a new temporary one, or `data/runs/PAGE` in full mode.

    Args:
        page: the notebook's number, "05".
    """
    if settings().quick:
        folder = Path(tempfile.mkdtemp(prefix=f"fer-course-{page}-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return folder
    return settings().runs / page


def note_results(page, **values):
    """Write a full run's figures to `data/runs/PAGE.json` and return them.

    Seed, machine, versions and date go with them. Quick mode writes nothing: its
    figures are about drawings.

    Args:
        page: the notebook's number, "05".
        values: name -> number or text.
    """
    if not settings().quick:
        about = {
            "seed": SEED,
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "versions": {name: metadata.version(name) for name in ("keras", "numpy")},
            "date": date.today().isoformat(),
        }
        text = json.dumps({**values, **about}, indent=1) + "\n"
        write_atomically(settings().runs / f"{page}.json", text)
    return values
