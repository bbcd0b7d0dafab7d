"""The faces of the real data that a network is scored on, never trained on.

In: the folder with the data sets. Out: a `HeldBack` for each set found: its test part,
opened once for a final figure, or the part that choices are made by, which may be read
as often as one likes. Notebook 05 explains why the two are kept apart.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_course.expression import datasets
from fer_course.expression.datasets import FaceSet
from fer_course.splits import read_manifest

PUBLIC_TEST = "PublicTest (for choosing)"
SPLITS = ("test", "choose")


@dataclass(frozen=True, eq=False)
class HeldBack:
    """Faces that are read once, and the parts that figures are given for.

    Attributes:
        faces: `FaceSet` of N faces, N at least 1.
        parts: part's name -> (N,) bool, which faces it holds, at least one; the
            first part is the whole.
    """

    faces: FaceSet
    parts: dict[str, np.ndarray]


def held_back_parts(folder, split="test"):
    """Return the held-back faces of the data sets found in a folder.

    The part of Kaggle's extract is not AffectNet's official one: no figure to set
    beside published ones. PublicTest is there to choose with; it comes with the test
    parts too, for what was chosen by it.

    Args:
        folder: holds `fer2013`, `RAF-DB/basic` or `AffectNet`.
        split: "test", or "choose": no test face is in any part then.

    Returns:
        List of `HeldBack`; of the extract once for each kind of label in "test".

    Raises:
        ValueError: another split.
        FileNotFoundError: none of FER2013, RAF-DB and AffectNet is there.
    """
    if split not in SPLITS:
        raise ValueError(f"split is {split!r}: 'test' or 'choose' was expected.")
    folder, found = Path(folder), []
    if (folder / "fer2013" / "fer2013.csv").exists():
        fer2013 = datasets.load_fer2013(folder / "fer2013")
        if split == "test":
            private = fer2013.part("test")
            rows = len(fer2013) + sum(fer2013.dropped.values())
            if rows == datasets.FER2013_ROWS:  # of these the list knows the twins
                found.append(_by_twins("PrivateTest", private, "fer2013"))
            else:
                found.append(_whole("PrivateTest", private))
        found.append(_whole(PUBLIC_TEST, fer2013.part("choose")))
    if (folder / "RAF-DB" / "basic").is_dir():
        faces = datasets.load_rafdb(folder / "RAF-DB" / "basic").part(split)
        if split == "test":
            found.append(_by_twins("RAF-DB test", faces, "rafdb"))
        else:
            found.append(_whole("RAF-DB choose", faces))
    if (folder / "AffectNet" / "labels.csv").exists():
        for source in ("label", "folder") if split == "test" else ("label",):
            faces = datasets.load_affectnet(folder / "AffectNet", label_source=source)
            found.append(_by_origin(f"extract {split}, {source}", faces.part(split)))
    elif (folder / "AffectNet").is_dir():
        faces = datasets.load_affectnet(folder / "AffectNet")
        found.append(_whole(f"AffectNet {split}", faces.part(split)))
    if not found:
        raise FileNotFoundError(
            f"No faces in {folder}: `python -m fer_course data get fer2013` says where "
            "to get them."
        )
    return [held for held in found if len(held.faces)]


def _whole(name, faces):
    return HeldBack(faces, {name: np.ones(len(faces), bool)})


def _by_twins(name, faces, key):
    """Return the faces whole, and without those that the split's list calls twins."""
    rows = read_manifest(datasets.SPLITS / f"{key}.csv")
    column = "row" if key == "fer2013" else "name"
    groups, counts = np.unique([row["group"] for row in rows], return_counts=True)
    shared = set(groups[counts > 1].tolist())
    twins = [row[column] for row in rows if row["group"] in shared]
    return _with_part(_whole(name, faces), f"{name}, no twins", twins)


def _by_origin(name, faces):
    """Return the faces whole, and without those taken from FFHQ."""
    ffhq = faces.names[np.char.find(faces.names, "ffhq_") >= 0]
    return _with_part(_whole(name, faces), f"{name}, no ffhq", ffhq)


def _with_part(held, name, left_out):
    rest = ~np.isin(held.faces.names, left_out)
    return HeldBack(held.faces, held.parts | ({name: rest} if rest.any() else {}))
