"""AffectNet in each of the three layouts that people have it in.

In: a folder. Out: the list file that was found, rows of (picture's name below the
folder, expression or None, "train" or "test", face box or None), and how many rows
were not understood, for `datasets.load_affectnet`. Notebook 05.
"""

from collections import Counter

from fer_course import labels
from fer_course.files import read_table, stays_inside
from fer_course.headers import EXTENSIONS

NOT_UNDERSTOOD = "row of the list not understood"


def find_rows(folder, label_source):
    """Return (list file, rows, left out) of whichever layout lies in the folder.

    Left out are rows that hold something else, or a name outside the folder: a
    `Counter`, reason -> how many.

    Args:
        folder: the data set's folder, a `Path`.
        label_source: "label" or "folder", for Kaggle's extract.

    Raises:
        FileNotFoundError: none of the three layouts is there.
        ValueError: a column is missing, or a folder of a class that no known copy has.
    """
    if (folder / "labels.csv").exists():
        return folder / "labels.csv", *_kaggle_rows(folder, label_source)
    if (folder / "training.csv").exists():
        return folder / "training.csv", *_official_rows(folder)
    if any((folder / part).is_dir() for part in ("train", "train_class")):
        return folder, list(_class_folder_rows(folder)), Counter()
    raise FileNotFoundError(
        f"{folder} holds neither labels.csv, training.csv nor a folder train: it is "
        "not AffectNet as we know it. `python -m fer_course data get affectnet` says "
        "where to get it and how to lay it out."
    )


def _kaggle_rows(folder, label_source):
    """Rows of Kaggle's extract: (name, expression, official part, face box)."""
    split_list = folder / "split.csv"
    split = (
        {row["pth"]: row["split"] for row in read_table(split_list, ("pth", "split"))}
        if split_list.exists()
        else {}
    )
    rows, left_out = [], Counter()
    for row in read_table(folder / "labels.csv", ("pth", "label")):
        name = row["pth"]
        label = row["label"] if label_source == "label" else name.split("/")[0]
        label = label.strip().lower()
        part = "test" if split.get(name, "train") == "val" else "train"
        if not stays_inside(name):
            left_out[NOT_UNDERSTOOD] += 1
        elif label not in labels.NAME_TO_EXPRESSION:
            left_out[f"class {label[:20]!r}, which no known copy has"] += 1
        else:
            rows.append((name, labels.NAME_TO_EXPRESSION[label], part, None))
    return rows, left_out


def _official_rows(folder):
    """Rows of AffectNet's own lists, whose faces are boxes in larger pictures."""
    sides = ("face_x", "face_y", "face_width", "face_height")
    rows, left_out = [], Counter()
    for listing, part in (("training.csv", "train"), ("validation.csv", "test")):
        if not (folder / listing).exists():
            continue
        columns = ("subDirectory_filePath", "expression", *sides)
        for row in read_table(folder / listing, columns):
            try:
                x, y, w, h = (float(row[side]) for side in sides)
                expression = labels.AFFECTNET_IDS.get(int(row["expression"]))
                understood = stays_inside(name := row["subDirectory_filePath"])
            except ValueError:
                understood = False
            if understood:
                rows.append((name, expression, part, (x, y, x + w, y + h)))
            else:
                left_out[NOT_UNDERSTOOD] += 1
    return rows, left_out


def _class_folder_rows(folder):
    """Rows of a copy with one folder a class, named by word or by AffectNet's id."""
    parts = {"train": "train", "train_class": "train"}
    parts |= dict.fromkeys(("val", "val_class", "test"), "test")
    for part_folder in sorted(p for p in folder.iterdir() if p.name in parts):
        for class_folder in sorted(p for p in part_folder.iterdir() if p.is_dir()):
            number = class_folder.name.removeprefix("class")
            if number.isdecimal():
                expression = labels.AFFECTNET_IDS.get(int(number))
            else:
                expression = _named(class_folder)
            for path in sorted(class_folder.iterdir()):
                if path.suffix.lower() in EXTENSIONS:
                    name = path.relative_to(folder).as_posix()
                    yield name, expression, parts[part_folder.name], None


def _named(folder):
    """Translate the name of a class's folder."""
    try:
        return labels.NAME_TO_EXPRESSION[folder.name.strip().lower()]
    except KeyError:
        raise ValueError(
            f"{folder} names a class that no known copy of AffectNet has: known are "
            f"{', '.join(labels.NAME_TO_EXPRESSION)}."
        ) from None
