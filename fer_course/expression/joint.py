"""FER2013, RAF-DB and AffectNet as one set, so that one network reads them all.

In: the folder with the data sets. Out: one `FaceSet` to train on and to choose with.
A face that recurs in a held-back part of another set is left out;
`data/splits/joint.csv` lists those faces. Within a set FER2013's loader alone does so:
the twins that the official parts of RAF-DB and of the extract share stay (model card).
Notebook 05.
"""

from pathlib import Path

import numpy as np

from fer_course.expression import datasets
from fer_course.expression.datasets import FaceSet
from fer_course.splits import near_duplicates, read_manifest, write_manifest

MANIFEST = datasets.SPLITS / "joint.csv"
# The share of FER+'s votes in FER2013's training targets; under a half, so that the
# label stays each face's most likely expression.
VOTE_SHARE = 0.4
_COLUMNS = ("set", "name", "twin_set", "twin_name")
_RANK = {"train": 0, "choose": 1, "test": 2}


def load_joint(folder):
    """Return the train and choose faces of every set found in a folder.

    Args:
        folder: holds `fer2013`, `RAF-DB/basic` or `AffectNet`.

    Returns:
        `FaceSet` without test faces; its names are "<set>/<name>" and no group spans
        two sets.

    Raises:
        FileNotFoundError: none of the sets is there.
    """
    listed = {(row["set"], row["name"]) for row in read_manifest(MANIFEST)}
    parts, dropped = [], {}
    for faces in load_sets(folder):
        twin = [(faces.name, name) in listed for name in faces.names.tolist()]
        twin = np.array(twin, bool)
        dropped |= {f"{faces.name}: {why}": n for why, n in faces.dropped.items()}
        dropped[f"{faces.name}: twin held back in another set"] = int(twin.sum())
        parts.append(faces.select(~twin & (faces.split != "test")))
    first = np.cumsum([0, *(len(faces) for faces in parts)])
    return FaceSet(
        "joint",
        np.concatenate([faces.pixels for faces in parts]),
        np.concatenate([faces.targets for faces in parts]),
        np.concatenate([faces.split for faces in parts]),
        np.concatenate(
            [
                np.unique(faces.group, return_inverse=True)[1] + start
                for faces, start in zip(parts, first, strict=False)
            ]
        ),
        np.concatenate(
            [np.char.add(f"{faces.name}/", faces.names.astype(str)) for faces in parts]
        ),
        dropped,
    )


def sets_of(faces):
    """Return (N,) str: the data set that each face is from."""
    if faces.name != "joint":
        return np.full(len(faces), faces.name)
    return np.array([name.partition("/")[0] for name in faces.names.tolist()])


def load_sets(folder):
    """Return a `FaceSet` of each of the three data sets that lie in a folder.

    Raises:
        FileNotFoundError: none of them is there.
    """
    folder = Path(folder)
    found = []
    if (folder / "fer2013" / "fer2013.csv").is_file():
        voted = (folder / "fer2013" / "fer2013new.csv").is_file()
        votes = VOTE_SHARE if voted else 0.0
        found.append(datasets.load_fer2013(folder / "fer2013", votes=votes))
    if (folder / "RAF-DB" / "basic").is_dir():
        found.append(datasets.load_rafdb(folder / "RAF-DB" / "basic"))
    if (folder / "AffectNet").is_dir():
        found.append(datasets.load_affectnet(folder / "AffectNet"))
    if not found:
        raise FileNotFoundError(
            f"No faces in {folder}: `python -m fer_course data get fer2013` says where "
            "to get them."
        )
    return found


def find_shared_faces(sets):
    """Return the faces that must not be trained on, or chosen with, beside other sets.

    Those are train faces with a near-duplicate in another set's choose or test part,
    and choose faces with one in another set's test part.

    Args:
        sets: `FaceSet`s; pairs within one of them do not count.

    Returns:
        Sorted list of (set, name, the other set, the twin's name).
    """
    owner = np.concatenate([np.full(len(s), i) for i, s in enumerate(sets)])
    names = np.concatenate([faces.names for faces in sets])
    split = np.concatenate([faces.split for faces in sets])
    pairs, _ = near_duplicates(np.concatenate([faces.pixels for faces in sets]))
    pairs = pairs[owner[pairs[:, 0]] != owner[pairs[:, 1]]]
    found = {}
    for one, other in np.concatenate([pairs, pairs[:, ::-1]]).tolist():
        if _RANK[split[one]] < _RANK[split[other]]:
            row = (sets[owner[one]].name, str(names[one]))
            twin = (sets[owner[other]].name, str(names[other]))
            found[row] = min(twin, found.get(row, twin))
    return sorted((*row, *twin) for row, twin in found.items())


def write_shared_faces(folder, out=MANIFEST):
    """Draw `data/splits/joint.csv` anew from the three sets; gives the shipped list."""
    write_manifest(out, find_shared_faces(load_sets(folder)), _COLUMNS)
