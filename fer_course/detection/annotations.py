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
from fer_course.images import EXTENSIONS

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
WIDER_COLUMNS = "x y w h blur expression illumination invalid occlusion pose".split()


def _lines(file):
    path = Path(file)
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is not there: data/README.md says where to get the set and how to "
            "lay it out."
        )
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def _is_photo(text):
    return text.lower().endswith(EXTENSIONS)


def read_wider(list_file, images):
    """Return the photos of a WIDER FACE list (`wider_face_*_bbx_gt.txt`).

    Each entry is a name, a count, and as many rows of `WIDER_COLUMNS`; an entry with
    count 0 has one row of zeros. Faces marked invalid come back ignored, rows without
    width or height are skipped. The event folder is the group.

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
        relative = lines[at].strip()
        at += 1
        if not relative:
            continue
        if not _is_photo(relative):
            found.skip(list_file, at, f"line not understood: {relative[:60]!r}")
            continue
        start = at
        count, at = _wider_count(lines, at, found, list_file)
        if count is None:
            continue
        end = at
        while end < len(lines) and not _is_photo(lines[end].rstrip()):
            end += 1
        boxes, ignore = _wider_rows(lines, at, end, count, found, list_file)
        event = relative.partition("/")[0]
        found.add(list_file, start, relative, boxes, ignore, group=event)
        at = end
    return found.done()


def _wider_count(lines, at, found, file):
    text = lines[at].strip() if at < len(lines) else ""
    if text.isdigit():
        return int(text), at + 1
    found.skip(file, at + 1, f"count not understood: {text[:60]!r}")
    return None, at + (bool(text) and not _is_photo(text))


def _wider_rows(lines, start, end, count, found, file):
    """Return boxes and ignore flags of lines[start:end], `count` of them promised."""
    tokens = " ".join(lines[start:end]).split()
    rows = None
    if len(tokens) == 10 * max(count, 1) and end - start >= max(count, 1):
        try:
            rows = np.array(tokens, dtype=np.float64).reshape(-1, 10)
            numbers = np.arange(start, start + len(rows))
        except ValueError:
            rows = None
    if rows is None:
        rows, numbers = _wider_rows_one_by_one(lines, start, end, count, found, file)
    if count == 0:
        return np.zeros((0, 4)), np.zeros(0, bool)
    good = np.isfinite(rows).all(axis=1) & (rows[:, 2] > 0) & (rows[:, 3] > 0)
    for row, number in zip(rows[~good], numbers[~good], strict=True):
        found.skip(file, int(number) + 1, f"face without area: {row[:4].tolist()}")
    return xywh_to_xyxy(rows[good, :4]), rows[good, 7] == 1


def _wider_rows_one_by_one(lines, start, end, count, found, file):
    rows, numbers = [], []
    wanted = max(count, 1)
    for number in range(start, end):
        text = lines[number].strip()
        if not text:
            continue
        try:
            row = [float(value) for value in text.split()]
        except ValueError:
            row = []
        if len(row) != 10:
            found.skip(file, number + 1, f"row not understood: {text[:60]!r}")
            wanted -= 1
        elif len(rows) == wanted:
            found.skip(
                file, number + 1, f"row beyond the count of {count}: {text[:60]!r}"
            )
        else:
            rows.append(row)
            numbers.append(number)
    if len(rows) < wanted and count:
        found.skip(file, start, f"rows missing: {count} promised, {end - start} there")
    return np.array(rows).reshape(-1, 10), np.array(numbers, dtype=int)


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
    lines, at = _lines(file), 0
    while at < len(lines):
        name = lines[at].strip()
        at += 1
        if not name:
            continue
        count = lines[at].strip() if at < len(lines) else ""
        if len(name.split()) > 1 or not count.isdigit():
            found.skip(file, at, f"line not understood: {name[:60]!r}")
            continue
        start, at = at, at + 1
        ellipses = []
        for number in range(at, min(at + int(count), len(lines))):
            if "/" in lines[number]:  # the next photo: rows are missing
                found.skip(file, number + 1, f"rows missing: {count} promised")
                break
            at = number + 1
            ellipse = _ellipse(lines[number])
            if ellipse is None:
                text = lines[number].strip()[:60]
                found.skip(file, at, f"row not understood: {text!r}")
            else:
                ellipses.append(ellipse)
        boxes = ellipse_to_box(*np.array(ellipses).T) if ellipses else []
        found.add(file, start, f"{name}.jpg", boxes, name=name, group=fold)


def _ellipse(text):
    """Return the five numbers of a row, or None if it is not an ellipse."""
    try:
        values = [float(value) for value in text.split()]
    except ValueError:
        return None
    whole = len(values) in (5, 6) and np.isfinite(values).all()
    return values[:5] if whole and min(values[:2]) > 0 else None


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
    photos = {
        path.with_suffix(""): path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in EXTENSIONS
    }
    boxes = {path: [] for path in photos.values()}
    for file in sorted(folder.rglob("*.pts")):
        photo = _photo_of_points(file, photos)
        if photo is None:
            found.skip(file, 0, f"photo missing: {file.stem}")
            continue
        try:
            points = _read_points(file)
        except ValueError as error:
            found.skip(
                file, error.args[1], f"landmarks not understood: {error.args[0]}"
            )
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
        try:
            x, y = map(float, line.split())
        except ValueError:
            raise ValueError(f"{line[:60]!r} is not a point", number) from None
        points.append((x - 1, y - 1))
    promised = re.search(r"n_points:\s*(\d+)", " ".join(lines[:start]))
    if promised is None or int(promised[1]) != len(points) or len(points) < 2:
        raise ValueError(
            f"{promised[1] if promised else 'no'} points promised, {len(points)} there",
            start,
        )
    return np.array(points)


def read_voc(annotations, images, dataset="voc"):
    """Return the photos of a folder of Pascal VOC XML files, every object a face.

    Objects marked `difficult` come back ignored.

    Args:
        annotations: the folder with the .xml files.
        images: the folder with the photos; one that is not there is skipped and named.
        dataset: the name these photos go by.
    """
    found = Collector(dataset, images)
    for file in sorted(Path(annotations).glob("*.xml")):
        try:
            root = ET.fromstring(text := "\n".join(_lines(file)))
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
        relative = (root.findtext("filename") or f"{file.stem}.jpg").strip()
        found.add(file, 0, relative, boxes, np.array(ignore, bool), name=file.stem)
    return found.done()


def _voc_box(face):
    sides = ("xmin", "ymin", "xmax", "ymax")
    try:
        box = [float(face.findtext(f"bndbox/{side}", "")) for side in sides]
    except ValueError:
        return None
    usable = np.isfinite(box).all() and box[2] > box[0] and box[3] > box[1]
    return box if usable else None


def read_negatives(folder):
    """Return all photos of a folder, with its sub-folders, as photos without a face."""
    folder = Path(folder)
    found = Collector("negatives", folder)
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in EXTENSIONS:
            found.add(path, 0, path.relative_to(folder).as_posix(), [])
    return found.done()
