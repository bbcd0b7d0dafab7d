"""Writes drawn faces and scenes in the native layouts of the real data sets.

In: a folder and a seed. Out: the files that the parsers of notebooks 01 and 05 read,
laid out below the folder as data/README.md says, so that every page runs without a
download. The names are made up and the faces are drawings.
"""

from pathlib import Path

import cv2
import numpy as np

from fer_course.boxes import xyxy_to_xywh
from fer_course.files import write_atomically
from fer_course.labels import (
    AFFECTNET_IDS,
    EXPRESSIONS,
    FER2013_IDS,
    FERPLUS_COLUMNS,
    RAFDB_IDS,
)
from fer_course.settings import SEED
from fer_course.teaching.faces import draw_face
from fer_course.teaching.scenes import sample_scene

# what taggers take an expression for when they do not agree
_MISTAKEN_FOR = {
    "anger": ("disgust", "neutral"),
    "happy": ("neutral", "surprise"),
    "sad": ("neutral", "fear"),
    "fear": ("surprise", "sad"),
    "neutral": ("sad", "happy"),
    "disgust": ("anger", "sad"),
    "surprise": ("fear", "happy"),
}
_VOTES = 10  # taggers per face, as in FER+


def write_samples(out, layout, n=12, seed=SEED):
    """Write drawn pictures in a data set's native layout; return the folder.

    Args:
        out: the folder that plays data/detection or data/expression; made if needed.
        layout: one of `LAYOUTS`.
        n: photos for detection sets, faces of each expression for expression sets.
        seed: of the drawings; the same seed writes the same files.

    Raises:
        ValueError: an unknown layout.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"layout is {layout!r}: use one of {', '.join(LAYOUTS)}.")
    out = Path(out)
    LAYOUTS[layout](out, n, np.random.default_rng(seed))
    return out


def _write_picture(path, image):
    _, data = cv2.imencode(
        path.suffix, image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 93]
    )
    write_atomically(path, data.tobytes())


def _write_wider(out, n, rng):
    """Write photos by event; the second has no face, the first an invalid one too."""
    events = ("0--Room", "1--Park", "2--Street")
    lines = []
    for k in range(n):
        place = k % len(events)
        faces = 0 if k == 1 else int(rng.integers(1, 9))
        scene = sample_scene(rng, faces, place=("room", "park", "street")[place])
        name = f"{events[place]}/{events[place].replace('--', '_')}_{k:03d}.jpg"
        _write_picture(out / "WIDER_train" / "images" / name, scene.image)
        rows = [
            f"{x:.0f} {y:.0f} {w:.0f} {h:.0f} {2 if h < 40 else 0} 0 0 0 0 0 "
            for x, y, w, h in xyxy_to_xywh(scene.boxes_xyxy)
        ]
        if k == 0:  # a face too unclear to learn from, as WIDER FACE marks it
            rows.append("2 2 7 9 2 0 0 1 2 0 ")
        lines += [name, str(len(rows)), *(rows or ["0 " * 10])]
    text = "\n".join(lines) + "\n"
    write_atomically(out / "wider_face_split" / "wider_face_train_bbx_gt.txt", text)


def _write_fddb(out, n, rng):
    """Write two folds; angles are radians, names come without ".jpg"."""
    folds = {1: [], 2: []}
    for k in range(n):
        scene = sample_scene(rng, int(rng.integers(1, 5)))
        name = f"2002/08/{11 + k % 2:02d}/big/img_{100 + k}"
        _write_picture(out / "originalPics" / f"{name}.jpg", scene.image)
        folds[1 + k % 2].append((name, scene.ellipses))
    for fold, photos in folds.items():
        lines = []
        for name, ellipses in photos:
            lines += [name, str(len(ellipses))]
            lines += [" ".join(f"{v:.6f}" for v in row) + "  1" for row in ellipses]
        stem = out / "FDDB-folds" / f"FDDB-fold-{fold:02d}"
        write_atomically(Path(f"{stem}-ellipseList.txt"), "\n".join(lines) + "\n")
        names = "\n".join(name for name, _ in photos) + "\n"
        write_atomically(Path(f"{stem}.txt"), names)


def _write_lfpw(out, n, rng):
    """Write one face a photo with its 68 points, counted from (1, 1)."""
    for k in range(n):
        scene = sample_scene(rng, 1, hw=(360, 360))
        path = out / "lfpw" / "trainset" / f"image_{k + 1:04d}.jpg"
        _write_picture(path, scene.image)
        points = "\n".join(f"{x:.3f} {y:.3f}" for x, y in scene.landmarks[0] + 1)
        text = f"version: 1\nn_points: 68\n{{\n{points}\n}}\n"
        write_atomically(path.with_suffix(".pts"), text)


def _write_voc(out, n, rng):
    """Write photos and one XML file each."""
    for k in range(n):
        scene = sample_scene(rng, int(rng.integers(1, 6)), hw=(267, 400))
        path = out / "facemask" / "images" / f"drawn{k:03d}.jpg"
        _write_picture(path, scene.image)
        height, width = scene.image.shape[:2]
        lines = [
            "<annotation>",
            "    <folder>images</folder>",
            f"    <filename>{path.name}</filename>",
            f"    <size><width>{width}</width><height>{height}</height>"
            "<depth>3</depth></size>",
        ]
        for box in scene.boxes_xyxy:
            corners = zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)
            sides = "".join(f"<{side}>{v:.0f}</{side}>" for side, v in corners)
            lines.append(
                "    <object><name>sin_mascarilla</name><difficult>0</difficult>"
                f"<bndbox>{sides}</bndbox></object>"
            )
        text = "\n".join([*lines, "</annotation>"]) + "\n"
        write_atomically(out / "facemask" / "annotations" / f"{path.stem}.xml", text)


def _drawn_faces(rng, n_per_class, size):
    """Yield (expression, RGB face) in random order."""
    for k in rng.permutation(np.repeat(np.arange(len(EXPRESSIONS)), n_per_class)):
        yield EXPRESSIONS[k], draw_face(EXPRESSIONS[k], rng, size)


def _votes(expression, rng):
    """Return ten plausible votes in the order of `FERPLUS_COLUMNS`."""
    agree = rng.beta(6, 2)
    shares = dict.fromkeys(FERPLUS_COLUMNS.values(), 0.0)
    shares[expression] += agree
    for other, part in zip(_MISTAKEN_FOR[expression], (0.7, 0.25), strict=True):
        shares[other] += (1 - agree) * part
    columns = np.array(
        [shares[name] if name else 0 for name in FERPLUS_COLUMNS.values()]
    )
    columns[list(FERPLUS_COLUMNS).index("unknown")] = (1 - agree) * 0.05
    return rng.multinomial(_VOTES, columns / columns.sum())


def _write_fer2013(out, n, rng):
    """Write the csv of pixels and FER+'s csv of votes; 8 in 10 rows are Training."""
    ids = {name: number for number, name in FER2013_IDS.items()}
    table = ["emotion,pixels,Usage"]
    votes = ["Usage,Image name," + ",".join(FERPLUS_COLUMNS)]
    total = n * len(EXPRESSIONS)
    for row, (expression, face) in enumerate(_drawn_faces(rng, n, 48)):
        gray = cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)
        part = row / total
        usage = ("Training", "PublicTest", "PrivateTest")[(part >= 0.8) + (part >= 0.9)]
        pixels = " ".join(map(str, gray.ravel()))
        table.append(f"{ids[expression]},{pixels},{usage}")
        counts = ",".join(map(str, _votes(expression, rng)))
        votes.append(f"{usage},fer{row:07d}.png,{counts}")
    write_atomically(out / "fer2013" / "fer2013.csv", "\n".join(table) + "\n")
    write_atomically(out / "fer2013" / "fer2013new.csv", "\n".join(votes) + "\n")


def _write_affectnet(out, n, rng):
    """Write a folder for each class, `labels.csv` and `split.csv`.

    The folder is the first label and the csv the revised one; here they differ for
    about one face in ten, in the real extract for four.
    """
    known = [name for name in AFFECTNET_IDS.values() if name]
    table, splits = [",pth,label,relFCs"], ["pth,split"]
    for row, (expression, face) in enumerate(_drawn_faces(rng, n, 96)):
        folder = expression
        if rng.random() < 0.1:
            folder = known[rng.integers(len(known))]
        name = f"{folder}/drawn{row:07d}.jpg"
        _write_picture(out / "AffectNet" / name, face)
        table.append(f"{row},{name},{expression},{rng.uniform(0.7, 0.95):.6f}")
        splits.append(f"{name},{'val' if rng.random() < 0.15 else 'train'}")
    write_atomically(out / "AffectNet" / "labels.csv", "\n".join(table) + "\n")
    write_atomically(out / "AffectNet" / "split.csv", "\n".join(splits) + "\n")


def _write_rafdb(out, n, rng):
    """Write aligned color faces and the label list; a fifth is for testing."""
    ids = {name: number for number, name in RAFDB_IDS.items()}
    basic = out / "RAF-DB" / "basic"
    lines = []
    for row, (expression, face) in enumerate(_drawn_faces(rng, n, 100)):
        stem = f"{'test' if row % 5 == 4 else 'train'}_drawn{row:05d}"
        _write_picture(basic / "Image" / "aligned" / f"{stem}_aligned.jpg", face)
        lines.append(f"{stem}.jpg {ids[expression]}")
    listing = basic / "EmoLabel" / "list_patition_label.txt"
    write_atomically(listing, "\n".join(lines) + "\n")


LAYOUTS = {
    "wider": _write_wider,
    "fddb": _write_fddb,
    "lfpw": _write_lfpw,
    "voc": _write_voc,
    "fer2013": _write_fer2013,
    "affectnet": _write_affectnet,
    "rafdb": _write_rafdb,
}
