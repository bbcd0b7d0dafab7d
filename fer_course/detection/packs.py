"""All detection sets of a folder, and who trains, who chooses, who is only scored.

In: a folder laid out like the original downloads. Out: `Annotations` per set, and the
split of every photo, from `data/splits/detection.csv` or planned anew. Notebook 01
shows why events and folds stay whole.
"""

from pathlib import Path

from fer_course.boxes import area
from fer_course.detection.annotations import (
    Annotations,
    read_fddb,
    read_landmarks,
    read_negatives,
    read_voc,
    read_wider,
)
from fer_course.settings import ROOT, SEED
from fer_course.splits import read_manifest, split_by_group, write_manifest

_SMALL_PX = 16
SPLITS = ("train", "choose", "val")
MANIFEST = ROOT / "data" / "splits" / "detection.csv"
MANIFEST_COLUMNS = ("dataset", "name", "split", "group", "original")


def read_packs(folder):
    """Return set name -> `Annotations` of every set laid out under a folder.

    The layout is that of the original downloads, see data/README.md; a set whose
    annotations are not there is left out.

    Raises:
        FileNotFoundError: none of the sets is there.
    """
    folder = Path(folder)
    found = {}
    lists = [
        (folder / f"wider_face_split/wider_face_{part}_bbx_gt.txt", folder / images)
        for part, images in (
            ("train", "WIDER_train/images"),
            ("val", "WIDER_val/images"),
        )
    ]
    parts = [read_wider(*pair) for pair in lists if pair[0].is_file()]
    if parts:
        found["wider"] = sum(parts, Annotations())
    if any((folder / "FDDB-folds").glob("FDDB-fold-*-ellipseList.txt")):
        found["fddb"] = read_fddb(folder / "FDDB-folds", folder / "originalPics")
    for name in ("lfpw", "afw", "helen"):
        if (folder / name).is_dir():
            found[name] = read_landmarks(folder / name, name)
    masks = folder / "facemask"
    if any((masks / "annotations").glob("*.xml")):
        found["facemask"] = read_voc(
            masks / "annotations", masks / "images", "facemask"
        )
    if (folder / "negatives").is_dir():
        found["negatives"] = read_negatives(folder / "negatives")
    if not found:
        raise FileNotFoundError(
            f"{folder} holds none of the detection sets: data/README.md says where to "
            "get them and how to lay them out."
        )
    return found


def plan_splits(annotations, val_names):
    """Return photo name -> split: val as given, a tenth of the rest to choose with.

    The tenth is drawn in each set by group: events of WIDER FACE, whole folds of
    FDDB, single photos elsewhere; it holds about a tenth of the faces and of the
    small ones too, so that what is chosen with it fits the rest.

    Args:
        annotations: set name -> `Annotations`.
        val_names: names of the photos that are never trained on nor chosen with.
    """
    splits = {}
    for found in annotations.values():
        rest = [photo for photo in found.photos if photo.name not in val_names]
        splits.update({p.name: "val" for p in found.photos if p.name in val_names})
        if not rest:
            continue
        groups = [photo.group for photo in rest]
        faces = [(len(p.boxes_xyxy), _small_faces(p)) for p in rest]
        parts = split_by_group(groups, {"train": 0.9, "choose": 0.1}, SEED, faces)
        splits |= {
            photo.name: str(part) for photo, part in zip(rest, parts, strict=True)
        }
    return splits


def _small_faces(photo):
    return int((area(photo.boxes_xyxy) < _SMALL_PX**2).sum())


def write_splits(folder, path=MANIFEST):
    """Write which photo of the packs is in which split, for anyone to rebuild it.

    Args:
        folder: the packs with `splits/val.txt` (files that are never trained on) and
            `boxes.csv` (the name of each photo in the original download).
        path: the manifest, `MANIFEST_COLUMNS`.
    """
    folder = Path(folder)
    annotations = read_packs(folder)
    photos = [p for found in annotations.values() for p in found.photos]
    val_files = set((folder / "splits/val.txt").read_text("utf-8").splitlines())
    originals = {
        row["file"]: row["original"] for row in read_manifest(folder / "boxes.csv")
    }
    files = {p.name: p.path.relative_to(folder).as_posix() for p in photos}
    val_names = {name for name, file in files.items() if file in val_files}
    splits = plan_splits(annotations, val_names)
    rows = []
    for photo in sorted(photos, key=lambda photo: photo.name):
        short, original = photo.name.partition("/")[2], originals[files[photo.name]]
        rows.append((photo.dataset, short, splits[photo.name], photo.group, original))
    return write_manifest(path, rows, MANIFEST_COLUMNS)


def read_splits(annotations, path=MANIFEST):
    """Return photo name -> split, for the packs and for whole official downloads.

    A set's own test part (`WIDER_val`, `testset`, FDDB's folds 9 and 10) is "val";
    other photos follow the manifest; one that is not listed there goes where its group
    (a fold of FDDB) is, other groups are divided as in `plan_splits`.

    Args:
        annotations: set name -> `Annotations`.
        path: the manifest.
    """
    listed = listed_splits(path)
    splits, new, homes = {}, {}, {}
    for found in annotations.values():
        for photo in found.photos:
            if _in_test_part(photo):
                splits[photo.name] = "val"
            elif photo.name in listed:
                splits[photo.name] = listed[photo.name]
                homes[photo.dataset, photo.group] = listed[photo.name]
    for name, found in annotations.items():
        for photo in found.photos:
            if photo.name in splits:
                continue
            home = homes.get((photo.dataset, photo.group))
            if home in ("train", "choose"):
                splits[photo.name] = home
            else:
                new.setdefault(name, []).append(photo)
    unlisted = {name: Annotations(tuple(photos)) for name, photos in new.items()}
    return splits | plan_splits(unlisted, frozenset())


def course_subset(annotations, path=MANIFEST):
    """Return the photos that the course trained on, and photo name -> split.

    For exact comparison from the official downloads: the course's WIDER photos are
    all official validation photos, so that its splits are not the official ones.

    Args:
        annotations: set name -> `Annotations`, more photos than the manifest lists.
        path: the manifest.
    """
    listed = listed_splits(path)
    subset = {
        name: Annotations(
            tuple(photo for photo in found.photos if photo.name in listed),
            found.problems,
        )
        for name, found in annotations.items()
    }
    names = [photo.name for found in subset.values() for photo in found.photos]
    return subset, {name: listed[name] for name in names}


def listed_splits(path=MANIFEST):
    """Return photo name -> split, of the photos that the shipped detector knows."""
    return {
        f"{row['dataset']}/{row['name']}": row["split"] for row in read_manifest(path)
    }


def _in_test_part(photo):
    if photo.dataset == "fddb":
        return photo.group in ("fold-09", "fold-10")
    if photo.dataset == "wider":  # WIDER_val/images/<event>/<photo>
        return photo.path.parts[-4:-3] == ("WIDER_val",)
    return "testset" in photo.name.split("/")
