"""FER2013's one table, in which each face is a row of text.

In: `fer2013.csv`. Out: pixels, numbers of expressions and the official parts, for
`datasets.load_fer2013`. Rows are known by their numbers, here, in FER+'s votes and in
`data/splits`, so that a table with one broken row is refused whole. Notebook 05.
"""

import numpy as np

from fer_course import labels
from fer_course.expression.preprocessing import INPUT_SIZE

USAGES = {"Training": "train", "PublicTest": "choose", "PrivateTest": "test"}


def read_fer2013(path):
    """Return pixels (N, 48, 48) uint8, ids (N,) int and usages (N,) str.

    Raises:
        ValueError: it is another table, or a row of it is damaged.
    """
    import pandas as pd

    try:
        table = pd.read_csv(path, dtype={"emotion": "int64", "pixels": "str"})
        table.columns = table.columns.str.strip()
        if not {"pixels", "Usage", "emotion"} <= set(table.columns):
            raise ValueError("it lacks one of the columns emotion, pixels and Usage")
        known = table["emotion"].isin(labels.FER2013_IDS) & table["Usage"].isin(USAGES)
        if not known.all():
            raise ValueError("a row has no expression from 0 to 6, or no Usage")
        pixels = _pixels(table["pixels"].str.strip())
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(
            f"{path} is damaged or not FER2013's whole list ({error}): get "
            "fer2013.tar.gz again, not train.csv."
        ) from None
    usages = table["Usage"].to_numpy(dtype="<U16")
    return pixels, table["emotion"].to_numpy(), usages


def _pixels(texts):
    side = INPUT_SIZE
    values = np.fromstring(" ".join(texts), np.int16, sep=" ")
    whole = (texts.str.count(" ") == side * side - 1).all()
    if not whole or values.size != len(texts) * side * side:
        raise ValueError(f"a row has not {side}×{side} numbers")
    if values.size and not (0 <= values.min() and values.max() <= 255):
        raise ValueError("a pixel is not from 0 to 255")
    return values.astype(np.uint8).reshape(-1, side, side)
