"""AffectNet in each of the three layouts that people have it in.

In: a folder. Out: the list file that was found, and rows of (picture's name
below the folder, expression or None, "train" or "test", face box or None) for
`datasets.load_affectnet`. Notebook 05.
"""

from fer_course import labels
from fer_course.files import read_table
from fer_course.images import EXTENSIONS


def find_rows(folder, label_source):
    """Return (list file, rows) of whichever layout lies in the folder.

    Args:
        folder: the data set's folder, a `Path`.
        label_source: "label" or "folder", for Kaggle's extract.

    Raises:
        FileNotFoundError: none of the three layouts is there.
        ValueError: a class name that no known copy has.
    """
    if (folder / "labels.csv").exists():
        return folder / "labels.csv", _kaggle_rows(folder, label_source)
    if (folder / "training.csv").exists():
        return folder / "training.csv", _official_rows(folder)
    if any((folder / part).is_dir() for part in ("train", "train_class")):
        return folder, _class_folder_rows(folder)
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
    for row in read_table(folder / "labels.csv", ("pth", "label")):
        name = row["pth"]
        label = row["label"] if label_source == "label" else name.split("/")[0]
        part = "test" if split.get(name, "train") == "val" else "train"
        yield name, _named(label, folder / "labels.csv"), part, None


def _official_rows(folder):
    """Rows of AffectNet's own lists, whose faces are boxes in larger pictures."""
    sides = ("face_x", "face_y", "face_width", "face_height")
    for listing, part in (("training.csv", "train"), ("validation.csv", "test")):
        if not (folder / listing).exists():
            continue
        columns = ("subDirectory_filePath", "expression", *sides)
        for row in read_table(folder / listing, columns):
            x, y, w, h = (float(row[side]) for side in sides)
            expression = labels.AFFECTNET_IDS.get(int(row["expression"]))
            name = row["subDirectory_filePath"]
            yield name, expression, part, (x, y, x + w, y + h)


def _class_folder_rows(folder):
    """Rows of a copy with one folder a class, named by word or by AffectNet's id."""
    parts = {"train": "train", "train_class": "train"}
    parts |= dict.fromkeys(("val", "val_class", "test"), "test")
    for part_folder in sorted(p for p in folder.iterdir() if p.name in parts):
        for class_folder in sorted(p for p in part_folder.iterdir() if p.is_dir()):
            number = class_folder.name.removeprefix("class")
            if number.isdigit():
                expression = labels.AFFECTNET_IDS.get(int(number))
            else:
                expression = _named(class_folder.name, class_folder)
            for path in sorted(class_folder.iterdir()):
                if path.suffix.lower() in EXTENSIONS:
                    name = path.relative_to(folder).as_posix()
                    yield name, expression, parts[part_folder.name], None


def _named(label, source):
    """Translate a class name met in a copy of a data set."""
    try:
        return labels.NAME_TO_EXPRESSION[label.strip().lower()]
    except KeyError:
        raise ValueError(
            f"{source} names a class {label!r} that no known copy has: "
            f"known are {', '.join(labels.NAME_TO_EXPRESSION)}."
        ) from None
