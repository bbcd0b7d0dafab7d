"""What notebook 02 trains on, from which weights and for how long, in either mode.

In: a folder to write to. Out: the yaml of a YOLO dataset (drawn scenes, which the page
shows; the real photos, which it trains on in full mode and must not show), start
weights, and `train_detector`'s arguments.
"""

from importlib import import_module

from fer_course.detection.annotations import read_wider
from fer_course.detection.dataset import prepare_yolo
from fer_course.settings import settings
from fer_course.teaching.samples import write_samples

_DRAWN, _CHOOSE = 24, 8  # scenes in all, and how many of them to choose with


def training_yaml(drawn):
    """Return the yaml to train with: that of the drawn scenes, in full mode the real.

    Args:
        drawn: the yaml of `drawn_photos`.

    Raises:
        FileNotFoundError: full mode, and nothing was prepared.
    """
    if settings().quick:
        return drawn
    yaml = settings().data / "detection-yolo" / "faces.yaml"
    if not yaml.is_file():
        raise FileNotFoundError(
            f"No data set at {yaml}: run notebook 01 in full mode, or "
            "'python -m fer_course data prepare detection'."
        )
    return yaml


def drawn_photos(out):
    """Draw 24 scenes in WIDER FACE's layout, read and prepare them, all under `out`.

    Returns:
        The yaml of 16 scenes to train on and 8 to choose with, and one line on them.
    """
    drawn = write_samples(out / "drawn", "wider", n=_DRAWN)
    found = read_wider(
        drawn / "wider_face_split" / "wider_face_train_bbx_gt.txt",
        drawn / "WIDER_train" / "images",
    )
    names = [photo.name for photo in found.photos]
    splits = dict.fromkeys(names[:-_CHOOSE], "train")
    splits |= dict.fromkeys(names[-_CHOOSE:], "choose")
    made = prepare_yolo(
        {"wider": found}, out / "yolo", splits=splits, progress=lambda line: None
    )
    return made.yaml, "; ".join(
        f"{split}: {made.photos[split]} drawn scenes, {made.faces[split]} faces"
        for split in ("train", "choose")
    )


def start_weights(out):
    """Return the weights to fine-tune from: the shipped detector's, else random ones.

    Args:
        out: folder for random ones.
    """
    shipped = settings().models / "face_detector.pt"
    return shipped if shipped.is_file() else random_weights(out)


def random_weights(out):
    """Write YOLOv8n for faces with random weights into a folder; return its path."""
    import torch

    from fer_course.detection.training import import_ultralytics

    import_ultralytics()  # first: it keeps the package off the network
    build = import_module("ultralytics.nn.tasks").DetectionModel
    out.mkdir(parents=True, exist_ok=True)
    network = build("yolov8n.yaml", nc=1, verbose=False)
    network.names = {0: "face"}
    torch.save({"model": network}, out / "random.pt")
    return out / "random.pt"


def training_budget():
    """Return `train_detector`'s arguments for this mode: an epoch or an hour."""
    if settings().quick:
        return {"quick": True, "image_size": 192, "threads": 1}
    return {"hours": 0.9}
