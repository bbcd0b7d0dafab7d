"""What is in the detection sets, as figures that may be shown: no photo, no name.

In: a folder with the sets, laid out as data/README.md says. Out: one JSON record of
counts and histograms, `models/records/detection_data.json`, which notebook 01 draws
and quotes; `python -m fer_course data check detection --record` writes it anew.
"""

import json
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

from fer_course.boxes import iou_matrix, xyxy_to_xywh
from fer_course.detection.annotations import read_wider
from fer_course.detection.harmonize import SHIFTS
from fer_course.detection.packs import read_packs, read_splits
from fer_course.detection.records import Annotations, Problem
from fer_course.detection.statistics import dataset_statistics, face_table
from fer_course.files import write_atomically
from fer_course.images import ImageError, read_image
from fer_course.settings import SEED, settings
from fer_course.splits import near_duplicates, read_manifest

RECORD = "detection_data.json"
SIZE_EDGES_PX = (2.0 ** (np.arange(0, 23) / 2)).round(2).tolist()  # 1 to 2048 px
COUNT_EDGES = [0, 1, 2, 4, 8, 16, 32, 64, 2000]  # faces in a photo
ASPECT_EDGES = np.arange(0.5, 2.55, 0.1).round(1).tolist()
GRID = 16  # rows and columns of the map of face centers
THRESHOLD = 0.9  # correlation from which two photos are near-duplicates
_SAME_BOX = 0.99  # IoU from which one face is there twice
_SIDE = 48
_TRIALS = 5
_COMMAND = "python -m fer_course data check detection --record"


def write_survey(folder=None, path=None):
    """Write the record of the sets in a folder; return its path.

    Args:
        folder: the sets; None means `data/detection`.
        path: None means `models/records/detection_data.json`.

    Raises:
        FileNotFoundError: the folder holds none of the sets.
    """
    folder = settings().data / "detection" if folder is None else Path(folder)
    path = path or settings().models / "records" / RECORD
    return write_atomically(path, json.dumps(survey(folder)) + "\n")


def read_survey():
    """Return the record as a dictionary.

    Raises:
        FileNotFoundError: it is not there.
    """
    path = settings().models / "records" / RECORD
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is not there. It comes with the course: "
            "`git checkout models/records` brings it back."
        )
    return json.loads(path.read_text(encoding="utf-8"))


def survey(folder):
    """Return counts and histograms of every set in a folder, ready for JSON.

    Keys: `sets` (a row of `dataset_statistics` per set), `audit` per set (what was
    skipped, by kind, and boxes that are there twice), `histograms` per set (face
    heights in px of the original photo and after letterbox to 640, faces per photo,
    aspect = height / width as annotated and harmonized, centers on a grid),
    `near_duplicates`, `group_knows`, and `official` (whole official WIDER lists).

    Args:
        folder: as `read_packs` wants it; `boxes.csv`, if there, says how much each
            photo was scaled down from its original.
    """
    packs = {name: _readable(found) for name, found in read_packs(folder).items()}
    scales = _scales(Path(folder), packs)
    faces = face_table(packs)
    faces["height_before"] = faces["height"].astype(float) / faces["photo"].map(scales)
    statistics = dataset_statistics(packs).round(4)
    return {
        "command": _COMMAND,
        "sets": json.loads(statistics.to_json(orient="index")),
        "audit": {name: _audit(found) for name, found in packs.items()},
        "edges": {
            "size_px": SIZE_EDGES_PX,
            "faces_per_photo": COUNT_EDGES,
            "aspect": ASPECT_EDGES,
        },
        "histograms": {
            name: _histograms(name, found, faces[faces["dataset"] == name])
            for name, found in packs.items()
            if any(len(photo.boxes_xyxy) for photo in found.photos)
        },
        "near_duplicates": _duplicates(packs),
        "group_knows": {
            name: _group_knows(packs[name], faces)
            for name in ("wider", "fddb")
            if name in packs
        },
        "official": _official(Path(folder) / "official" / "wider_face_split"),
    }


def _readable(found):
    """Return a set without the photos that cannot be opened, now its problems."""
    photos, problems = [], list(found.problems)
    for photo in found.photos:
        try:
            read_image(photo.path)
        except (ImageError, OSError) as error:
            text = f"picture not readable: {error}"
            problems.append(Problem(photo.path, 0, text))
        else:
            photos.append(photo)
    return Annotations(tuple(photos), tuple(problems))


def _scales(folder, packs):
    """Return photo name -> stored pixels per pixel of the original photo."""
    table = folder / "boxes.csv"
    rows = read_manifest(table) if table.is_file() else []
    scale = {row["file"]: float(row["scale"]) for row in rows}
    photos = [photo for found in packs.values() for photo in found.photos]
    files = {photo.name: photo.path.relative_to(folder).as_posix() for photo in photos}
    return {name: scale.get(file, 1.0) for name, file in files.items()}


def _audit(found):
    kinds = Counter(p.message.partition(":")[0] for p in found.problems)
    overlaps = [iou_matrix(p.boxes_xyxy, p.boxes_xyxy) for p in found.photos]
    double = sum(int((np.triu(o, k=1) > _SAME_BOX).sum()) for o in overlaps)
    return {"skipped": dict(kinds), "double": double}


def _histograms(name, found, faces):
    numbers = faces.drop(columns=["dataset", "photo"]).astype(float)
    left, top, right, bottom = SHIFTS.get(name, (0, 0, 0, 0))
    moved = numbers["aspect"] * (1 + bottom - top) / (1 + right - left)
    per_photo = [len(photo.boxes_xyxy) for photo in found.photos]
    centers = np.histogram2d(
        numbers["center_y"], numbers["center_x"], GRID, ((0, 1), (0, 1))
    )
    return {
        "height_before": _count(numbers["height_before"], SIZE_EDGES_PX),
        "height_640": _count(numbers["height_640"], SIZE_EDGES_PX),
        "faces_per_photo": _count(per_photo, COUNT_EDGES),
        "aspect": _count(numbers["aspect"], ASPECT_EDGES),
        "aspect_harmonized": _count(moved, ASPECT_EDGES),
        "median_aspect_harmonized": round(float(moved.median()), 4),
        "centers": centers[0].astype(int).tolist(),
    }


def _count(values, edges):
    """Return counts per bin; what lies outside goes to the first or last bin."""
    inside = np.clip(np.asarray(values, float), edges[0], np.nextafter(edges[-1], 0))
    return np.histogram(inside, edges)[0].tolist()


def _duplicates(packs):
    """Return how many pairs of photos are near-duplicates, and what they straddle."""
    photos = [photo for found in packs.values() for photo in found.photos]
    pairs, _ = near_duplicates(thumbnails(photos), THRESHOLD)
    splits = read_splits(packs)

    def apart(value):
        return sum(value(photos[a]) != value(photos[b]) for a, b in pairs)

    both = [
        photos[a].dataset for a, b in pairs if photos[a].dataset == photos[b].dataset
    ]
    return {
        "threshold": THRESHOLD,
        "photos": len(photos),
        "pairs": len(pairs),
        "within": dict(Counter(both)),
        "across_sets": apart(lambda photo: photo.dataset),
        "across_groups": apart(lambda photo: (photo.dataset, photo.group)),
        "across_splits": apart(lambda photo: splits[photo.name]),
    }


def thumbnails(photos, side=_SIDE):
    """Return the photos, (N, side, side) uint8 gray, squeezed into squares.

    Args:
        photos: `AnnotatedPhoto` records, N of them.
        side: pixels.
    """
    small = np.empty((len(photos), side, side), np.uint8)
    for k, photo in enumerate(photos):
        gray = cv2.cvtColor(read_image(photo.path), cv2.COLOR_RGB2GRAY)
        small[k] = cv2.resize(gray, (side, side), interpolation=cv2.INTER_AREA)
    return small


def _group_knows(found, faces):
    """Return how well a group's mean predicts its other photos: mean, sd of R².

    A tenth of the photos with faces is drawn at random and held out, five times.
    Two things are predicted, both as logarithms: the number of faces, and their
    median size at 640 px. An unknown group knows nothing: R² is 0 or below.
    """
    photos = [photo for photo in found.photos if len(photo.boxes_xyxy)]
    size = faces.groupby("photo")["size_640"].median().astype(float)
    groups = np.array([photo.group for photo in photos])
    targets = {
        "faces": np.log([len(photo.boxes_xyxy) for photo in photos]),
        "size": np.log([size[photo.name] for photo in photos]),
    }
    return {name: _explained(groups, target) for name, target in targets.items()}


def _explained(groups, target):
    rng = np.random.default_rng(SEED)
    results = []
    for _ in range(_TRIALS):
        held = rng.permutation(len(groups)) < len(groups) / 10
        known, mean = target[~held], target[~held].mean()
        names = groups[~held]
        means = {name: known[names == name].mean() for name in np.unique(names)}
        guess = np.array([means.get(name, mean) for name in groups[held]])
        off = ((target[held] - guess) ** 2).mean()
        results.append(1 - off / ((target[held] - mean) ** 2).mean())
    return {"r2": round(np.mean(results), 3), "sd": round(np.std(results, ddof=1), 3)}


def _official(folder):
    """Return counts of the whole official WIDER lists, in original pixels."""
    record, events = {}, []
    for part in ("train", "val"):
        file = folder / f"wider_face_{part}_bbx_gt.txt"
        if not file.is_file():
            continue
        found = read_wider(file, folder / "no-photos")  # the lists alone
        boxes = [photo.boxes_xyxy for photo in found.photos]
        boxes = np.concatenate([np.zeros((0, 4)), *boxes])
        record[part] = {
            **_official_counts(found),
            "height_before": _count(xyxy_to_xywh(boxes)[:, 3], SIZE_EDGES_PX),
        }
        events.append({photo.group for photo in found.photos})
    if len(events) == 2:
        record["shared_events"] = len(events[0] & events[1])
    return record


def _official_counts(found):
    skipped = [p for p in found.problems if p.message.startswith("face without area")]
    return {
        "photos": len(found.photos),
        "faces": sum(len(photo.boxes_xyxy) for photo in found.photos),
        "invalid": sum(int(photo.ignore.sum()) for photo in found.photos),
        "without_area": len(skipped),
        "without_face": sum(not len(photo.boxes_xyxy) for photo in found.photos),
        "events": len({photo.group for photo in found.photos}),
    }
