"""FER2013's one table, in which each face is a row of text.

In: `fer2013.csv`. Out: pixels, numbers of expressions and the official parts, for
`datasets.load_fer2013`. Rows are known by their numbers, here, in FER+'s votes and in
`data/splits`, so that a row that is not understood keeps its place. Notebook 05.
"""

from contextlib import suppress

import numpy as np

from fer_course import labels
from fer_course.expression.preprocessing import INPUT_SIZE
from fer_course.files import read_table

USAGES = {"Training": "train", "PublicTest": "choose", "PrivateTest": "test"}


def read_fer2013(path):
    """Return pixels (N, 48, 48) uint8, ids (N,) int and usages (N,) str.

    A row that is not understood has the usage "" and black pixels.

    Raises:
        ValueError: no row is understood: it is another table.
    """
    rows = read_table(path, ("emotion", "pixels", "Usage"))
    pixels = np.zeros((len(rows), INPUT_SIZE, INPUT_SIZE), np.uint8)
    ids = np.zeros(len(rows), dtype=int)
    usages = np.full(len(rows), "", dtype="<U16")
    for number, row in enumerate(rows):
        with suppress(ValueError):
            pixels[number], ids[number], usages[number] = _face(row)
    if not usages.any():
        raise ValueError(
            f"{path} has no face with an expression from 0 to 6, {INPUT_SIZE}×"
            f"{INPUT_SIZE} pixels and a Usage: get fer2013.tar.gz again."
        )
    return pixels, ids, usages


def _face(row):
    """Return pixels, id and usage of a row; raises ValueError if it holds no face."""
    gray = bytes(map(int, row["pixels"].split()))  # refuses what is not 0 to 255
    number, usage = int(row["emotion"]), row["Usage"].strip()
    if number not in labels.FER2013_IDS or usage not in USAGES:
        raise ValueError("no expression, or no part")
    return np.frombuffer(gray, np.uint8).reshape(INPUT_SIZE, INPUT_SIZE), number, usage
