"""What notebook 02 trains on, from which weights and for how long, in either mode.

In: a folder to write to. Out: the yaml of a YOLO dataset (drawn scenes, which the page
shows; the real photos, which it trains on in full mode and must not show), start
weights, and `train_detector`'s arguments; and the course's own pictures so small that
a detector errs on them.
"""

from importlib import import_module

import cv2
import numpy as np

from fer_course.detection.annotations import read_wider
from fer_course.detection.dataset import prepare_yolo
from fer_course.images import read_image
from fer_course.settings import settings
from fer_course.teaching.samples import sample_boxes, sample_photos, write_samples

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
            f"No data set at {yaml}: run 'python -m fer_course data prepare detection'."
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


def score_weights(weights, photos, out):
    """Return the AP50 of weights on the choosing photos, as a training would note it.

    Args:
        weights: a .pt file.
        photos: the yaml of a YOLO dataset.
        out: folder that Ultralytics may write to.
    """
    from fer_course.detection.training import import_ultralytics

    yolo = import_ultralytics().YOLO(weights)
    size = {"imgsz": training_budget().get("image_size", 640), "device": "cpu"}
    quiet = {"plots": False, "verbose": False, "workers": 0, "exist_ok": True}
    looked = yolo.val(
        data=str(photos), project=str(out), name="step_0", **size, **quiet
    )
    return float(looked.box.map50)


def tiny_samples(heights_px=(6, 7, 8)):
    """Return the sample pictures, shrunk until half of their faces are this low.

    Args:
        heights_px: median heights of a picture's faces; each picture comes once for
            each.

    Returns:
        A list of pictures (H, W, 3) uint8 with their boxes (N, 4), pixels.
    """
    found = []
    for name, path in sample_photos().items():
        image, boxes_xyxy = read_image(path), sample_boxes()[name]
        median = np.median(boxes_xyxy[:, 3] - boxes_xyxy[:, 1])
        height, width = image.shape[:2]
        for wanted in heights_px:
            size_wh = [
                max(1, round(side * wanted / median)) for side in (width, height)
            ]
            small = cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA)
            scale = np.divide(size_wh, (width, height))
            found.append((small, boxes_xyxy * np.tile(scale, 2)))
    return found
