"""Four ways to write down where faces are, read into one kind of record.

In: WIDER FACE lists, FDDB ellipse lists, landmark files of LFPW, AFW and HELEN,
Pascal VOC XML, or a folder of photos without a face. Out: `Annotations`, photos with
boxes as each set means them, and every line that could not be used, named with its
file and number. No picture is opened here. Notebook 01 explains the formats.
"""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np

from fer_course.boxes import ellipse_to_box, landmarks_to_box, xywh_to_xyxy
from fer_course.detection.records import AnnotatedPhoto, Annotations, Collector, Problem
from fer_course.headers import EXTENSIONS

__all__ = [
    "AnnotatedPhoto",
    "Annotations",
    "Problem",
    "read_fddb",
    "read_landmarks",
    "read_negatives",
    "read_voc",
    "read_wider",
]
_FAR = 1e6  # px; no photo reaches farther, and sums of larger numbers overflow
WIDER_COLUMNS = "x y w h blur expression illumination invalid occlusion pose".split()
WIDER_LEVELS = {  # attribute -> its levels, numbered from 0 in the lists
    "blur": ("clear", "normal", "heavy"),
    "illumination": ("normal", "extreme"),
    "occlusion": ("none", "partial", "heavy"),
    "pose": ("typical", "atypical"),
}


def _lines(file):
    path = Path(file)
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is not there: data/README.md says where to get the set and how to "
            "lay it out."
        )
    return path.read_text(encoding="utf-8-sig", errors="replace").splitlines()


def _is_photo(text):
    return text.lower().endswith(EXTENSIONS)


def _is_count(text):
    return len(text) < 10 and text.isascii() and text.isdigit()


def read_wider(list_file, images):
    """Return the photos of a WIDER FACE list (`wider_face_*_bbx_gt.txt`).

    Each entry is a name, a count, and as many rows of `WIDER_COLUMNS`; an entry with
    count 0 has one row of zeros. Faces marked invalid come back ignored, rows without
    width or height are skipped. The event folder is the group, and the columns of
    `WIDER_LEVELS` are the attributes.

    Args:
        list_file: the list.
        images: the folder with the event folders. A missing photo is skipped; where
            the folder itself is missing all entries are kept and it is said once.

    Raises:
        FileNotFoundError: there is no such list.
    """
    found = Collector("wider", images)
    lines, at = _lines(list_file), 0
    while at < len(lines):
        relative, name_at = lines[at].strip(), at
        at = end = _next(lines, at + 1, _is_photo)
        if not relative:
            at = name_at + 1
            continue
        if not _is_photo(relative):
            found.skip(
                list_file, name_at + 1, f"name not understood: {relative[:60]!r}"
            )
            continue
        count = lines[name_at + 1].strip() if name_at + 1 < end else ""
        if not _is_count(count):
            message = f"count not understood: {count[:60]!r} for {relative}"
            found.skip(list_file, name_at + 2, message)
            continue
        rows, numbers = _wider_rows(
            lines, name_at + 2, end, int(count), found, list_file
        )
        good = (rows[:, 2] > 0) & (rows[:, 3] > 0)
        for row, number in zip(rows[~good], numbers[~good], strict=True):
            message = f"face without area: {row[:4].tolist()}"
            found.skip(list_file, int(number) + 1, message)
        faces, event = _wider_faces(rows[good]), relative.partition("/")[0]
        found.add(list_file, name_at + 1, relative, *faces, group=event)
    return found.done()


def _wider_faces(rows):
    """Return boxes_xyxy, ignore and attributes of (K, 10) rows."""
    attributes = {
        name: rows[:, WIDER_COLUMNS.index(name)].astype(int) for name in WIDER_LEVELS
    }
    return xywh_to_xyxy(rows[:, :4]), rows[:, 7] == 1, attributes


def _next(lines, at, wanted):
    """Return the first line from `at` on that is `wanted`, or the end."""
    while at < len(lines) and not wanted(lines[at].rstrip()):
        at += 1
    return at


def _wider_rows(lines, start, end, count, found, file):
    """Return (K, 10) numbers of lines[start:end], and the line of each."""
    texts = [line.split() for line in lines[start:end]]
    if count and len(texts) == count and set(map(len, texts)) == {10}:
        try:
            rows = np.array(texts, dtype=np.float64)
            if (np.abs(rows) < _FAR).all():
                return rows, np.arange(start, end)
        except ValueError:
            pass  # line by line, then, to name the broken one
    rows, numbers, there = [], [], 0
    for number in range(start, end):
        text = lines[number].strip()
        if not text or (count == 0 and set(text) <= {"0", " "}):
            continue  # an entry without a face has a row of zeros
        there += 1
        row = _numbers(text)
        if there > count:
            found.skip(file, number + 1, f"row too many: {count} promised, {text!r}")
        elif len(row) != len(WIDER_COLUMNS):
            found.skip(file, number + 1, f"row not understood: {text[:60]!r}")
        else:
            rows.append(row)
            numbers.append(number)
    if there < count:
        found.skip(file, start, f"rows missing: {count} promised, {there} there")
    return np.array(rows).reshape(-1, 10), np.array(numbers, dtype=int)


def _numbers(text):
    """Return the numbers of a line, or nothing if it holds anything else."""
    try:
        values = [float(value) for value in text.split()]
    except ValueError:
        return []
    return values if all(abs(value) < _FAR for value in values) else []


def read_fddb(folds, images):
    """Return the photos of FDDB's ten folds, each ellipse as its tight upright box.

    Args:
        folds: the folder with `FDDB-fold-NN-ellipseList.txt`.
        images: `originalPics`; photos that are not there are skipped and named.

    Raises:
        FileNotFoundError: the folder holds no ellipse list.
    """
    files = sorted(Path(folds).glob("FDDB-fold-*-ellipseList.txt"))
    if not files:
        raise FileNotFoundError(
            f"{folds} holds no FDDB-fold-NN-ellipseList.txt: unpack "
            "FDDB-folds.tgz there."
        )
    found = Collector("fddb", images)
    for file in files:
        fold = re.search(r"fold-(\d+)", file.name)[0]
        _read_fold(file, fold, found)
    return found.done()


def _read_fold(file, fold, found):
    lines = _lines(file)
    at = _next(lines, 0, bool)
    while at < len(lines):
        name, name_at = lines[at].strip(), at
        at = end = _next(lines, at + 1, _is_fddb_name)
        if not _is_fddb_name(name):
            found.skip(file, name_at + 1, f"name not understood: {name[:60]!r}")
            continue
        count = lines[name_at + 1].strip() if name_at + 1 < end else ""
        if not _is_count(count):
            message = f"count not understood: {count[:60]!r} for {name}"
            found.skip(file, name_at + 2, message)
            continue
        ellipses = _fddb_rows(lines, name_at + 2, end, int(count), found, file)
        boxes = ellipse_to_box(*np.array(ellipses).T) if ellipses else []
        found.add(file, name_at + 1, f"{name}.jpg", boxes, name=name, group=fold)


def _is_fddb_name(text):
    return "/" in text and len(text.split()) == 1


def _fddb_rows(lines, start, end, count, found, file):
    """Return lists of five numbers: radii, angle and center of each ellipse."""
    ellipses, there = [], 0
    for number in range(start, end):
        text = lines[number].strip()
        if not text:
            continue
        there += 1
        row = _numbers(text)
        if there > count:
            found.skip(file, number + 1, f"row too many: {count} promised, {text!r}")
        elif len(row) not in (5, 6) or min(row[:2]) <= 0:
            found.skip(file, number + 1, f"row not understood: {text[:60]!r}")
        else:
            ellipses.append(row[:5])
    if there < count:
        found.skip(file, start, f"rows missing: {count} promised, {there} there")
    return ellipses


def read_landmarks(folder, dataset):
    """Return the photos with 300-W landmark files (LFPW, AFW, HELEN), one box a face.

    Points are counted from (1, 1) in the files and from (0, 0) here. Where a photo
    shows several faces (AFW), `name_1.pts`, `name_2.pts`, ... belong to `name_1.jpg`.

    Args:
        folder: searched with its sub-folders.
        dataset: the name these photos go by.
    """
    folder = Path(folder)
    found = Collector(dataset, folder)
    photos = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in EXTENSIONS:
            continue
        if photos.setdefault(path.with_suffix(""), path) != path:
            relative = path.relative_to(folder).as_posix()
            found.skip(path, 0, f"photo listed twice: {relative}")
    boxes = {path: [] for path in photos.values()}
    for file in sorted(folder.rglob("*.pts")):
        try:
            photo = _photo_of_points(file, photos)
            if photo is None:
                found.skip(file, 0, f"photo missing: {file.stem}")
                continue
            points = _read_points(file)
        except OSError as error:
            found.skip(file, 0, f"file not readable: {error.strerror or error}")
            continue
        except ValueError as error:
            message, line = error.args
            found.skip(file, line, f"landmarks not understood: {message}")
            continue
        boxes[photo].append(landmarks_to_box(points))
    for path, faces in boxes.items():
        relative = path.relative_to(folder).as_posix()
        if faces:
            found.add(path, 0, relative, faces)
        else:
            found.skip(path, 0, "photo without landmarks: not a photo without faces")
    return found.done()


def _photo_of_points(file, photos):
    own = photos.get(file.with_suffix(""))
    base = re.fullmatch(r"(.+)_\d+", file.stem)
    if base is None:
        return own
    first = photos.get(file.with_name(f"{base[1]}_1"))
    # AFW comes with a copy of the photo per face: all faces go to the first
    if own and first and own != first and own.read_bytes() != first.read_bytes():
        return own
    return first or own


def _read_points(file):
    """Return (K, 2) points from (0, 0); ValueError holds a message and a line."""
    lines = [line.strip() for line in _lines(file)]
    if "{" not in lines or "}" not in lines:
        raise ValueError("no { } around the points", len(lines))
    start, end = lines.index("{") + 1, lines.index("}")
    points = []
    for number, line in enumerate(lines[start:end], start + 1):
        point = _numbers(line)
        if len(point) != 2:
            raise ValueError(f"{line[:60]!r} is not a point", number)
        points.append(point)
    promised = re.search(r"n_points:\s*([0-9]{1,9})\b", " ".join(lines[:start]))
    if promised is None or int(promised[1]) != len(points) or len(points) < 2:
        raise ValueError(
            f"{promised[1] if promised else 'no'} points promised, {len(points)} there",
            start,
        )
    return np.array(points) - 1


def read_voc(annotations, images, dataset="voc"):
    """Return the photos of a folder of Pascal VOC XML files, every object a face.

    Objects marked `difficult` come back ignored.

    Args:
        annotations: the folder with the .xml files.
        images: the folder with the photos; one that is not there is skipped and named.
        dataset: the name these photos go by.

    Raises:
        FileNotFoundError: the folder of annotations holds no .xml file.
    """
    files = sorted(Path(annotations).glob("*.xml"))
    if not files:
        raise FileNotFoundError(
            f"{annotations} holds no .xml file: data/README.md says how to lay the set "
            "out."
        )
    found = Collector(dataset, images)
    for file in files:
        try:
            root = ET.fromstring(text := "\n".join(_lines(file)))
        except OSError as error:
            found.skip(file, 0, f"file not readable: {error.strerror or error}")
            continue
        except ET.ParseError as error:
            found.skip(file, error.position[0], f"XML not understood: {error}")
            continue
        starts = [m.start() for m in re.finditer(r"<object\b", text)]
        boxes, ignore = [], []
        for face, start in zip(root.iter("object"), starts, strict=False):
            box = _voc_box(face)
            if box is None:
                line = text.count("\n", 0, start) + 1
                found.skip(file, line, "face without area: its bndbox has no size")
                continue
            boxes.append(box)
            ignore.append(face.findtext("difficult", "0").strip() == "1")
        relative = root.findtext("filename", "").strip() or f"{file.stem}.jpg"
        found.add(file, 0, relative, boxes, np.array(ignore, bool), name=file.stem)
    return found.done()


def _voc_box(face):
    sides = ("xmin", "ymin", "xmax", "ymax")
    try:
        box = [float(face.findtext(f"bndbox/{side}", "")) for side in sides]
    except ValueError:
        return None
    usable = np.abs(box).max() < _FAR and box[2] > box[0] and box[3] > box[1]
    return box if usable else None


def read_negatives(folder):
    """Return all photos of a folder, with its sub-folders, as photos without a face."""
    folder = Path(folder)
    found = Collector("negatives", folder)
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in EXTENSIONS:
            found.add(path, 0, path.relative_to(folder).as_posix(), [])
    return found.done()
