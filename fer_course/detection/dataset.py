"""From annotated photos to the folder a YOLO network trains on.

In: `Annotations` of several sets. Out: one folder with `images/` and `labels/` per
split, `faces.yaml`, and `prepared.json` from which evaluation reads the same cleaned
boxes. The rules: boxes are brought to WIDER's convention (`harmonize.py`) and cut at
the photo's edge; invalid faces and those below `MIN_LEARNED_PX` are not learned, those
below `MIN_SIZE_PX` not counted as misses. Notebook 01 walks through it.
"""

import hashlib
import json
import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from fer_course.boxes import as_boxes, xyxy_to_cxcywhn
from fer_course.detection.harmonize import (
    MIN_LEARNED_PX,
    MIN_SIZE_PX,
    SHIFTS,
    clean,
    face_sizes,
)
from fer_course.detection.packs import SPLITS, read_packs, read_splits
from fer_course.detection.records import AnnotatedPhoto, Problem, report_problems
from fer_course.detection.statistics import dataset_statistics, face_table
from fer_course.files import alone_in, write_atomically
from fer_course.images import JPEG_SIDE, ImageError, read_image

__all__ = [
    "PreparedDataset",
    "clean",
    "dataset_statistics",
    "face_sizes",
    "face_table",
    "prepare_yolo",
    "read_packs",
    "read_prepared",
]
HIDE_FROM_PX = 4.0  # ignored faces from this size on are painted over in training
_GRAY = 114  # the gray around letterboxed photos: "nothing here" to a YOLO network
_RULES = 3  # raise it when the rules below change: everything is then written again


@dataclass(frozen=True)
class PreparedDataset:
    """A folder ready for training.

    Attributes:
        yaml: the file to train with.
        photos: split -> number of photos.
        faces: split -> number of labeled faces.
        ignored: split -> number of faces left out as invalid or too small.
        written: photos written by this run; 0 if all was there already.
        problems: what was skipped, those of the annotations included.
    """

    yaml: Path
    photos: dict[str, int]
    faces: dict[str, int]
    ignored: dict[str, int]
    written: int
    problems: tuple[Problem, ...]

    def report(self, limit=None):
        """Return counts per split and every problem; at most `limit` of each kind."""
        lines = [
            f"{split}: {self.photos[split]:,} photos, {self.faces[split]:,} faces, "
            f"{self.ignored[split]:,} ignored"
            for split in SPLITS
        ]
        return "\n".join(lines + report_problems(self.problems, limit))


def prepare_yolo(annotations, out, *, splits=None, progress=print):
    """Write all photos of all sets as one YOLO dataset.

    Photos keep their size. In the training photos ignored faces of `HIDE_FROM_PX`
    and more are painted gray where no other face lies, so that they are neither
    learned nor punished. A second run writes only what has changed or is missing, and
    waits for one that is still at it.

    Args:
        annotations: set name -> `Annotations`.
        out: folder; its `images/` and `labels/` belong to this function, and files
            there that are not part of the dataset are removed.
        splits: photo name -> "train", "choose" or "val"; None takes the course's
            manifest, and divides photos that are not in it by group.
        progress: called with a line now and then.

    Returns:
        `PreparedDataset`; its report names every photo that was left out.

    Raises:
        ValueError: `splits` lacks a photo.
        OSError: a file cannot be written, the disk is full for one; another run goes
            on from there.
    """
    out = Path(out).resolve()
    splits = read_splits(annotations) if splits is None else splits
    photos = [photo for found in annotations.values() for photo in found.photos]
    problems = [p for found in annotations.values() for p in found.problems]
    wrong = [p.name for p in photos if splits.get(p.name) not in SPLITS]
    if wrong:
        raise ValueError(
            f"{len(wrong)} photos are in no split, {wrong[0]} first: give each one of "
            f"{', '.join(SPLITS)}, or leave `splits` out."
        )
    files = {
        name: f"{splits[name]}/{flat}" for name, flat in _flat_names(photos).items()
    }
    with alone_in(out, progress):
        record, written = _write_photos(photos, out, files, problems, progress)
        yaml = _write_yaml(out)
    return PreparedDataset(yaml, *_counts(record), written, tuple(problems))


def _write_photos(photos, out, files, problems, progress):
    """Write what is missing or has changed; return the record and how many it was."""
    old, record, written = _read_record(out), {}, 0
    present = _present(out)
    try:
        for count, photo in enumerate(photos, 1):
            file = files[photo.name]
            try:
                key = _fingerprint(photo)
                if file in present and old.get(file, {}).get("key") == key:
                    record[file] = old[file]
                    _name_lost_faces(photo, old[file], problems)
                    continue
                data, text, row = _prepare_photo(photo, file)
            except (ImageError, OSError) as error:
                message = f"picture not readable: {error}"
                if isinstance(error, OSError) and file in present and file in old:
                    record[file] = old[file]  # the disk may be back later
                    message += " The copy prepared before stays."
                problems.append(Problem(photo.path, 0, message))
                continue
            write_atomically(out / "images" / f"{file}.jpg", data)
            write_atomically(out / "labels" / f"{file}.txt", text)
            record[file] = row | {"key": key}
            _name_lost_faces(photo, row, problems)
            written += 1
            if written % 200 == 0:
                progress(f"prepared {count:,} of {len(photos):,} photos")
                _write_record(out, old | record)
    finally:  # a stopped run goes on from here
        if written:
            _write_record(out, old | record)
    progress(f"prepared {len(record):,} of {len(photos):,} photos, {written:,} new")
    _remove_others(out, record)
    if record != old:
        _write_record(out, record)
    return record, written


def _name_lost_faces(photo, row, problems):
    if lost := len(photo.boxes_xyxy) - len(row["boxes"]):
        message = f"face without area in the photo: {lost} left out"
        problems.append(Problem(photo.path, 0, message))


def read_prepared(out, split):
    """Return the photos of a split as prepared: `AnnotatedPhoto`s to score against.

    Their boxes are harmonized and cut, faces that do not count are marked `ignore`,
    and the paths are those of the prepared pictures.

    Raises:
        FileNotFoundError: nothing was prepared there.
    """
    out = Path(out)
    record = _read_record(out)
    if not record:
        raise FileNotFoundError(
            f"{out} holds no prepared dataset: make it with "
            "'python -m fer_course data prepare detection' (notebook 01)."
        )
    return tuple(
        AnnotatedPhoto(
            dataset=row["dataset"],
            path=out / "images" / f"{file}.jpg",
            name=row["name"],
            boxes_xyxy=as_boxes(row["boxes"]),
            ignore=np.array(row["ignore"], dtype=bool),
            group=row["group"],
            attributes={
                name: np.array(levels, dtype=int)
                for name, levels in row.get("attributes", {}).items()
            },
            image_hw=(row["height"], row["width"]),
        )
        for file, row in sorted(record.items())
        if file.startswith(f"{split}/")
    )


def _flat_names(photos):
    """Return photo name -> file name without folders, no two alike on any system.

    Systems allow 255 bytes, and folders' names have become part of it.
    """
    flat = {p.name: re.sub(r'[<>:"|?*\\/]+', "__", p.name) for p in photos}
    common = Counter(name.lower() for name in flat.values())
    for name, file in flat.items():
        if common[file.lower()] > 1 or len(os.fsencode(file)) > 200:
            short = os.fsencode(file)[:200].decode("utf-8", "ignore")
            flat[name] = f"{short}__{hashlib.sha256(os.fsencode(name)).hexdigest()[:8]}"
    return flat


def _fingerprint(photo):
    """Return what the written files depend on, as a short text."""
    stat = photo.path.stat()
    facts = (
        _RULES,
        MIN_LEARNED_PX,
        MIN_SIZE_PX,
        HIDE_FROM_PX,
        SHIFTS.get(photo.dataset),
        stat.st_size,
        stat.st_mtime_ns,
        photo.boxes_xyxy.tolist(),
        photo.ignore.tolist(),
        _plain(photo.attributes),
    )
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def _prepare_photo(photo, file):
    """Return one picture's JPEG file, its labels and its row of the record."""
    image, training = read_image(photo.path), file.startswith("train/")
    smallest = MIN_LEARNED_PX if training else MIN_SIZE_PX
    cleaned = clean(photo, image.shape, smallest)
    hidden = _hide(image, cleaned) if training else image
    data = photo.path.read_bytes() if hidden is image else b""
    if not data.startswith(b"\xff\xd8\xff") or b"Exif\0\0" in data[:65536]:
        quality = [cv2.IMWRITE_JPEG_QUALITY, 95]
        bgr = cv2.cvtColor(hidden, cv2.COLOR_RGB2BGR)
        if max(bgr.shape[:2]) > JPEG_SIDE:
            raise ImageError(
                f"{photo.path} has {max(bgr.shape[:2]):,} px a side, a JPEG file has "
                f"at most {JPEG_SIDE:,}: cut the photo first."
            )
        data = cv2.imencode(".jpg", bgr, quality)[1].tobytes()
    learned = xyxy_to_cxcywhn(cleaned.boxes_xyxy[~cleaned.ignore], image.shape)
    text = "".join("0 {:.6f} {:.6f} {:.6f} {:.6f}\n".format(*row) for row in learned)
    row = {
        "name": photo.name,
        "dataset": photo.dataset,
        "group": photo.group,
        "height": image.shape[0],
        "width": image.shape[1],
        "boxes": cleaned.boxes_xyxy.round(2).tolist(),
        "ignore": cleaned.ignore.tolist(),
        "attributes": _plain(cleaned.attributes),
    }
    return data, text, row


def _plain(attributes):
    return {name: levels.tolist() for name, levels in attributes.items()}


def _hide(image, photo):
    """Return the picture with its ignored faces gray; itself if there are none."""
    boxes = photo.boxes_xyxy
    large = face_sizes(boxes, image.shape) >= HIDE_FROM_PX
    if not (photo.ignore & large).any():
        return image
    cover = np.zeros(image.shape[:2], bool)
    for value, rows in (
        (True, boxes[photo.ignore & large]),
        (False, boxes[~photo.ignore]),
    ):
        low, high = np.floor(rows[:, :2]).astype(int), np.ceil(rows[:, 2:]).astype(int)
        for (left, top), (right, bottom) in zip(low, high, strict=True):
            cover[top:bottom, left:right] = value
    return np.where(cover[..., None], np.uint8(_GRAY), image)


def _read_record(out):
    try:
        return json.loads((out / "prepared.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # none yet, or a damaged one
        return {}


def _write_record(out, record):
    rows = (f"{json.dumps(file)}: {json.dumps(row)}" for file, row in record.items())
    write_atomically(out / "prepared.json", "{\n" + ",\n".join(rows) + "\n}\n")


def _present(out):
    """Return which files have both picture and labels, one listing per folder."""
    found = []
    for kind in ("images", "labels"):
        folders = [out / kind / split for split in SPLITS]
        found.append(
            {f"{d.name}/{p.stem}" for d in folders if d.is_dir() for p in d.iterdir()}
        )
    return found[0] & found[1]


def _remove_others(out, record):
    """Remove pictures and labels that no photo of the dataset stands for."""
    for kind, extension in (("images", ".jpg"), ("labels", ".txt")):
        for split in SPLITS:
            folder = out / kind / split
            folder.mkdir(parents=True, exist_ok=True)
            for path in folder.iterdir():
                known = f"{split}/{path.stem}" in record and path.suffix == extension
                if path.is_file() and not known:
                    path.unlink()


def _write_yaml(out):
    path = out / "faces.yaml"
    text = (
        "# Written by fer_course.detection.dataset.prepare_yolo\n"
        "# Folders are beside this file, wherever it is moved.\n"
        "train: images/train\nval: images/choose\ntest: images/val\n"
        "names:\n  0: face\n"
    )
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        write_atomically(path, text)
    return path


def _counts(record):
    """Return photos, learned faces and ignored faces, each per split."""
    photos, faces, ignored = (dict.fromkeys(SPLITS, 0) for _ in range(3))
    for file, row in record.items():
        split = file.partition("/")[0]
        photos[split] += 1
        ignored[split] += sum(row["ignore"])
        faces[split] += len(row["ignore"]) - sum(row["ignore"])
    return photos, faces, ignored
