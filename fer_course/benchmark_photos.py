"""The photos that `benchmark` times: made here, and one that Ultralytics brings along.

In: the portrait of `data/samples` and a folder. Out: JPEGs that hold the portrait once,
or in rows up to 120 times; and the path of zidane.jpg, two people at 1280x720, on which
others give their speed too. Notebook 06.
"""

from importlib.util import find_spec
from itertools import product
from pathlib import Path

import cv2
import numpy as np

from fer_course.files import write_atomically
from fer_course.images import read_image
from fer_course.settings import SAMPLES

SIZES_HW = ((427, 640), (1080, 1920))
# a photo each: (height, width), faces; the last is a crowd
WALLS = (*product(SIZES_HW, (1, 5, 20)), (SIZES_HW[1], 120))
_WALL_GRAY = 200


def read_portrait():
    """Return the portrait of which the photos are made, (H, W, 3) RGB uint8.

    Raises:
        FileNotFoundError: it is missing.
    """
    path = SAMPLES / "grace_hopper.jpg"
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing: restore the samples from the course's repository."
        )
    return read_image(path)


def make_photos(portrait, folder):
    """Write a photo for each of `WALLS`: the portrait, so many times.

    Args:
        portrait: (H, W, 3) RGB uint8.
        folder: where the JPEGs go.

    Returns:
        their paths.
    """
    paths = []
    for (height, width), count in WALLS:
        columns = int(np.ceil(np.sqrt(count * width / height)))
        cell = min(width // columns, height // -(-count // columns))
        tile = cv2.resize(portrait, (cell, cell), interpolation=cv2.INTER_AREA)
        wall = np.full((height, width, 3), _WALL_GRAY, np.uint8)
        for i in range(count):
            top, left = i // columns * cell, i % columns * cell
            wall[top : top + cell, left : left + cell] = tile
        paths.append(folder / f"{width}x{height}_{count}.jpg")
        _, encoded = cv2.imencode(".jpg", wall[..., ::-1])
        write_atomically(paths[-1], encoded.tobytes())  # OpenCV fails on some names
    return paths


def find_zidane():
    """Return the path of zidane.jpg in a list; where it is missing, say so: no path.

    Ultralytics is looked for, not imported.
    """
    package = find_spec("ultralytics")
    folders = package.submodule_search_locations if package else []
    photos = [Path(folder) / "assets" / "zidane.jpg" for folder in folders]
    found = [photo for photo in photos if photo.is_file()]
    if not found:
        print("zidane.jpg is left out: it comes with ultralytics, not installed here.")
    return found
