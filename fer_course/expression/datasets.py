"""AffectNet, FER2013 with FER+ votes, and RAF-DB as one record type: `FaceSet`.

In: the folders in the layout their authors (or Kaggle) ship. Out: gray 48 px
faces, targets in the order of `EXPRESSIONS`, the course's splits, and a count of
what was left out and why. Pictures are decoded once and kept under
`data/cache/`; splits come from `data/splits/`, so that everyone who has the
official download gets our subsets. Notebook 05 explains every choice.
"""

import hashlib
import os
import zipfile
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fer_course import labels
from fer_course.expression.affectnet import NOT_UNDERSTOOD, find_rows
from fer_course.expression.decoding import decode_faces
from fer_course.expression.fer2013 import USAGES, read_fer2013
from fer_course.expression.framing import EXTRACT_MARGIN, FER2013_MARGIN
from fer_course.expression.votes import read_votes
from fer_course.files import draft_of
from fer_course.settings import ROOT, SEED, settings
from fer_course.splits import (
    group_by_pairs,
    near_duplicates,
    read_manifest,
    split_by_group,
    write_manifest,
)

SPLITS = ROOT / "data" / "splits"
FER2013_ROWS = 35_887
# The share of the extract's side that shows as much of a head as FER2013's faces do.
EXTRACT_SHARE = (1 + FER2013_MARGIN) / (1 + EXTRACT_MARGIN)


@dataclass(frozen=True, eq=False)
class FaceSet:
    """Faces ready to train on or to score with; row i of each array is one face.

    Attributes:
        name: the data set, for reports.
        pixels: (N, 48, 48) uint8, what `face_to_gray` returned.
        targets: (N, 7) float32 in the order of `EXPRESSIONS`; rows sum to 1 (one
            1 where the set has one label a face, shares where it has votes).
        split: (N,) str, "train", "choose" or "test".
        group: (N,) int, equal for near-duplicates of each other, as the set's list of
            splits has them.
        names: (N,) str, the official file name or row number.
        dropped: reason -> how many faces were left out for it.
    """

    name: str
    pixels: np.ndarray
    targets: np.ndarray
    split: np.ndarray
    group: np.ndarray
    names: np.ndarray
    dropped: dict

    def __len__(self):
        return len(self.pixels)

    @property
    def labels(self):
        """(N,) int: each face's most voted expression."""
        return self.targets.argmax(1)

    def select(self, mask):
        """Return the faces where `mask` (N,) is true, or at these row numbers."""
        rows = {
            field: getattr(self, field)[mask]
            for field in ("pixels", "targets", "split", "group", "names")
        }
        return replace(self, **rows)

    def part(self, split):
        """Return the faces of one split: "train", "choose" or "test"."""
        return self.select(self.split == split)

    def counts(self):
        """Return a pandas table: faces by split (rows) and expression (columns)."""
        import pandas as pd

        names = np.array(labels.EXPRESSIONS)[self.labels]
        table = pd.crosstab(self.split, names)
        return table.reindex(columns=list(labels.EXPRESSIONS), fill_value=0)


def load_fer2013(folder, *, votes=0.0):
    """Return FER2013 less blank and leaked rows: 27,247 / 3,491 / 3,589 faces.

    The official parts stay what they are: Training is "train", PublicTest is
    "choose", PrivateTest is "test" and whole. Left out are blank training rows
    (PublicTest has one more, which stays), training rows with a near-duplicate
    (correlation above 0.9) in a test part, and PublicTest rows with one in
    PrivateTest, as listed in `data/splits/fer2013.csv`;
    and rows that are not understood.

    Args:
        folder: where `fer2013.csv` lies, and `fer2013new.csv` for the votes.
        votes: the share of the training faces' targets that FER+'s ten votes a face
            make; the label makes the rest, and the whole where nobody voted one of
            the seven. At 1, such faces are left out, and every part has votes.

    Raises:
        FileNotFoundError: a csv is missing; the message says where to get it.
    """
    folder = Path(folder)
    table = _existing(folder / "fer2013.csv", "fer2013")
    pixels, ids, usages = _cached(table, lambda: read_fer2013(table))
    split = np.array([USAGES.get(usage, "train") for usage in usages])
    targets = _one_hot([labels.FER2013_IDS[i] for i in ids])
    group, reason = np.arange(len(pixels)), np.full(len(pixels), "", dtype="<U32")
    for number, twin, why in _fer2013_leaks(pixels, usages):
        group[number], reason[number] = twin, why
    reason[(reason == "blank") & (split != "train")] = ""
    reason[usages == ""] = NOT_UNDERSTOOD
    if votes:
        voted = _ferplus_targets(folder / "fer2013new.csv", len(pixels))
        silent = voted.sum(1) == 0
        if votes == 1:
            targets = voted
            reason[silent & (reason == "")] = "no vote for one of the seven"
        else:
            mixed = ~silent & (split == "train")
            targets[mixed] += votes * (voted - targets)[mixed]
    names = np.arange(len(pixels)).astype(str)
    dropped = dict(Counter(reason[reason != ""].tolist()))
    whole = FaceSet("FER2013", pixels, targets, split, group, names, dropped)
    return whole.select(reason == "")


def load_rafdb(folder):
    """Return RAF-DB's basic part: train, choose (a tenth of train) and test.

    Args:
        folder: `basic`, with `Image/aligned` and `EmoLabel/list_patition_label.txt`.

    Raises:
        FileNotFoundError: the label list or every picture is missing.
    """
    folder = Path(folder)
    listing = _existing(folder / "EmoLabel" / "list_patition_label.txt", "rafdb")
    text = listing.read_text(encoding="utf-8-sig", errors="replace")
    lines = [line.split() for line in text.splitlines() if line.strip()]
    rows = [row for row in lines if len(row) == 2 and row[1] in set("1234567")]
    names = [name for name, _ in rows]
    paths = rafdb_paths(folder, names)
    expressions = [labels.RAFDB_IDS[int(label)] for _, label in rows]
    official = ["test" if name.startswith("test") else "train" for name in names]
    faces = _from_pictures(
        "RAF-DB", "rafdb", listing, names, paths, expressions, official
    )
    return _without(faces, {NOT_UNDERSTOOD: len(lines) - len(rows)})


def rafdb_paths(folder, names):
    """Return the paths of RAF-DB's aligned pictures of these names."""
    aligned = Path(folder) / "Image" / "aligned"
    return [aligned / f"{Path(name).stem}_aligned.jpg" for name in names]


def load_affectnet(folder, *, label_source="label", share=None):
    """Return AffectNet in whichever of its layouts lies in the folder.

    Understood are Kaggle's extract (`labels.csv` with the columns `pth` and
    `label`, a folder for each original label, and where present `split.csv`), the
    official lists (`training.csv`, `validation.csv` with face boxes) and one folder
    for each class below `train` and `val` (or `test`). The course chooses on a
    fixed tenth of train; the layout's own held-back part is "test". The extract's
    pictures show more of the head than FER2013's: `EXTRACT_SHARE` of them is kept.

    Args:
        folder: the data set's folder.
        label_source: "label" or "folder": which of the extract's two to believe where
            they differ.
        share: of the pictures' sides, how much is kept; None means `EXTRACT_SHARE` of
            the extract's and all of the others'.

    Raises:
        FileNotFoundError: nothing in the folder looks like AffectNet.
        ValueError: an unknown `label_source`.
    """
    if label_source not in ("label", "folder"):
        raise ValueError(f"label_source is 'label' or 'folder', got {label_source!r}.")
    folder = Path(folder)
    listing, rows, left_out = find_rows(folder, label_source)
    if not rows:
        raise FileNotFoundError(f"{listing} names no picture: get AffectNet again.")
    if share is None:
        share = EXTRACT_SHARE if listing.name == "labels.csv" else 1.0
    names, expressions, official, boxes = zip(*rows, strict=True)
    faces = _from_pictures(
        "AffectNet",
        "affectnet",
        listing,
        list(names),
        [folder / name for name in names],
        list(expressions),
        list(official),
        boxes,
        share,
    )
    return _without(faces, left_out)


def _fer2013_leaks(pixels, usages):
    """Read the known leaks of the official csv; scan any other (drawn samples)."""
    if len(pixels) != FER2013_ROWS:
        return find_fer2013_leaks(pixels, usages)
    rows = read_manifest(SPLITS / "fer2013.csv")
    return [(int(row["row"]), int(row["group"]), row["dropped"]) for row in rows]


def find_fer2013_leaks(pixels, usages):
    """Return what `data/splits/fer2013.csv` lists: near-duplicates and blank rows.

    Args:
        pixels: (N, 48, 48) uint8, all rows of fer2013.csv.
        usages: (N,) str, their Usage column.

    Returns:
        List of (row, group, reason to drop it or ""), rows without a twin left out.
    """
    blank = np.flatnonzero(pixels.reshape(len(pixels), -1).std(1) == 0)
    pairs, _ = near_duplicates(pixels, threshold=0.9)
    pairs = pairs[~np.isin(pairs, blank).any(1)]
    groups = group_by_pairs(len(pixels), pairs)
    reasons = dict.fromkeys(np.unique(pairs).tolist(), "")
    both_ways = np.concatenate([pairs, pairs[:, ::-1]]).tolist()
    for row, twin in both_ways:
        if usages[row] == "Training" and usages[twin] != "Training":
            reasons[row] = "twin in a test part"
        elif usages[row] == "PublicTest" and usages[twin] == "PrivateTest":
            reasons[row] = "twin in PrivateTest"
    reasons |= dict.fromkeys(blank.tolist(), "blank")
    return [(row, int(groups[row]), why) for row, why in sorted(reasons.items())]


def write_split_lists(folder, out=SPLITS):
    """Draw `data/splits` of the three sets anew; gives the lists that are shipped.

    Args:
        folder: holds `fer2013`, `RAF-DB/basic` and `AffectNet` (Kaggle's extract).
        out: where the three csv files go.
    """
    folder, out = Path(folder), Path(out)
    table = folder / "fer2013" / "fer2013.csv"
    pixels, _, usages = _cached(table, lambda: read_fer2013(table))
    leaks = find_fer2013_leaks(pixels, usages)
    write_manifest(out / "fer2013.csv", leaks, ("row", "group", "dropped"))
    sets = {
        "rafdb": load_rafdb(folder / "RAF-DB" / "basic"),
        # its list was drawn from whole pictures, before their share was measured
        "affectnet": load_affectnet(folder / "AffectNet", share=1.0),
    }
    for key, faces in sets.items():
        official = np.where(faces.split == "test", "test", "train")
        rows = draw_choosing_split(faces.names, official, faces.pixels)
        write_manifest(out / f"{key}.csv", rows, ("name", "split", "group"))


def _from_pictures(
    title, key, listing, names, paths, expressions, official, boxes=None, share=1.0
):
    """Decode pictures, apply the course's choosing split, count what is left out."""
    boxes = boxes or [None] * len(names)
    known = np.array([expression is not None for expression in expressions], bool)
    dropped = {"contempt or not one of the seven": int((~known).sum())}
    rows = np.flatnonzero(known)
    wanted = [(paths[i], boxes[i]) for i in rows]
    # more of them than the last time, or other ones: decode again
    there = [
        (str(path), box, os.stat(path).st_size, os.stat(path).st_mtime_ns)
        for path, box in wanted
        if os.path.isfile(path)
    ]
    if wanted and not there:
        raise FileNotFoundError(
            f"None of the {len(wanted):,} pictures of {title} is there, {wanted[0][0]} "
            f"for one: `python -m fer_course data get {key}` says how to lay them out."
        )
    pixels, readable = _cached(
        listing, lambda: decode_faces(wanted, share), (there, share)
    )
    dropped["unreadable picture"] = int((~readable).sum())
    rows, pixels = rows[readable], pixels[readable]
    names = np.array(names)[rows]
    official = np.array(official)[rows]
    split, group = _choosing_split(key, names, official, pixels)
    dropped = {reason: count for reason, count in dropped.items() if count}
    targets = _one_hot([expressions[i] for i in rows])
    return FaceSet(title, pixels, targets, split, group, names, dropped)


def _without(faces, left_out):
    """Return the faces with what was left out of their list noted too."""
    noted = {reason: count for reason, count in left_out.items() if count}
    return replace(faces, dropped=faces.dropped | noted)


def _choosing_split(key, names, official, pixels):
    """Return (split, group): a fixed tenth of train is for choosing.

    `data/splits/<key>.csv` lists the faces that are for choosing and those with a
    near-duplicate; all others are what the official list says, and alone. Where it
    knows none of the faces (another copy, drawn samples) they are divided now.
    """
    split, group = np.array(official, dtype="<U6"), np.arange(len(names))
    number = {name: i for i, name in enumerate(names.tolist())}
    manifest = SPLITS / f"{key}.csv"
    rows = read_manifest(manifest) if manifest.exists() else []
    rows = [(row["name"], row["split"], row["group"]) for row in rows]
    if not any(name in number for name, _, _ in rows):
        rows = draw_choosing_split(names, official, pixels)
    for name, part, twin in rows:
        if name in number:
            i = number[name]
            split[i], group[i] = part, number.get(twin, i)
    return split, group


def draw_choosing_split(names, official, pixels):
    """Return what `data/splits/<set>.csv` lists, drawn with the course's seed.

    Args:
        names: (N,) str, official file names.
        official: (N,) str, "train" or "test".
        pixels: (N, 48, 48) uint8.

    Returns:
        List of (name, split, name of the first face of its near-duplicates), for
        the tenth of train that is for choosing and for every face with a twin.
    """
    pairs, _ = near_duplicates(pixels, threshold=0.9)
    group = group_by_pairs(len(pixels), pairs)
    split = np.array(official, dtype="<U6")
    train = np.flatnonzero(split == "train")
    split[train] = split_by_group(group[train], {"train": 0.9, "choose": 0.1}, SEED)
    listed = np.union1d(np.flatnonzero(split == "choose"), np.unique(pairs))
    return [(names[i], split[i], names[group[i]]) for i in listed.astype(int)]


def _ferplus_targets(path, count):
    """Read FER+'s votes: (N, 7) float32 shares of the seven, 0 where none voted."""
    named = list(labels.FERPLUS_COLUMNS.values())
    columns = [named.index(expression) for expression in labels.EXPRESSIONS]
    votes = read_votes(path)[:, columns].astype(np.float32)
    if len(votes) != count:
        raise ValueError(
            f"{path} has votes for {len(votes):,} faces, fer2013.csv has {count:,}: "
            "get both files whole."
        )
    return votes / np.maximum(votes.sum(1, keepdims=True), 1)


def _cached(source, build, extra=()):
    """Return `build()`'s arrays, kept under data/cache until the source changes."""
    stat = source.stat()
    mark = repr((str(source.resolve()), stat.st_size, stat.st_mtime_ns, extra))
    key = hashlib.sha256(mark.encode()).hexdigest()[:16]
    path = settings().data / "cache" / f"{source.stem}-{key}.npz"
    # not there yet, or damaged: then it is made anew
    with suppress(OSError, EOFError, ValueError, zipfile.BadZipFile):
        with np.load(path) as saved:
            return [saved[name] for name in saved.files]
    arrays = build()
    with draft_of(path) as draft:
        np.savez(draft, *arrays)
    return list(arrays)


def _one_hot(expressions):
    ids = np.array([labels.index(expression) for expression in expressions], int)
    return np.eye(len(labels.EXPRESSIONS), dtype=np.float32)[ids]


def _existing(path, key):
    if not path.exists():
        raise FileNotFoundError(
            f"{path} is missing. `python -m fer_course data get {key}` says where to "
            "get it and how to lay it out."
        )
    return path
