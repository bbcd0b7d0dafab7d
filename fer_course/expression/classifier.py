"""Read expressions from faces: crops of any size in, seven probabilities each out.

The network, its labels and its calibration come from one file: `.onnx` runs on ONNX
Runtime alone; `.keras` (the one to train further) loads Keras and agrees with its
ONNX twin. Every face passes through `preprocessing.face_to_input`, the same function
that made the training faces. Notebook 06 joins it to the detector.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_course.expression.preprocessing import INPUT_SIZE, face_to_input
from fer_course.labels import EXPRESSIONS
from fer_course.onnx_files import open_onnx
from fer_course.settings import settings

BATCH_SIZE = 64  # more gains no speed on a CPU and costs memory in a crowd


@dataclass(frozen=True)
class NetworkCard:
    """What a network's file says about itself, as numbers.

    Attributes:
        order: where each expression of the course stands in the network's output.
        crop_margin: share of the box's side added around a face before cropping.
        sure_threshold: a top probability below it reads "not sure".
    """

    order: tuple[int, ...]
    crop_margin: float
    sure_threshold: float


class ExpressionClassifier:
    """An expression network, ready to read faces.

    Attributes:
        path: the network's file.
        crop_margin: cut faces out with `boxes.square(boxes, crop_margin)`.
        sure_threshold: a top probability below it reads "not sure".
    """

    def __init__(self, model=None):
        """Open a network.

        Args:
            model: path of an `.onnx` or `.keras` file; None opens the shipped one.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file is not an expression network of this course.
        """
        self.path = settings().models / "fernet.onnx" if model is None else Path(model)
        if not self.path.is_file():
            raise FileNotFoundError(
                f"The expression network {self.path} is not there. Get the course's "
                "models/ folder with `git pull`, or train a network in notebook 05 "
                "and give its path."
            )
        if self.path.suffix == ".keras":
            self._predict, metadata = _open_keras(self.path)
        else:
            self._predict, metadata = open_onnx(self.path)
        self._card = read_card(metadata, self.path.name)
        self.crop_margin = self._card.crop_margin
        self.sure_threshold = self._card.sure_threshold

    def classify(self, crops):
        """Return the seven probabilities of each face.

        Args:
            crops: list of N RGB (H, W, 3) or gray (H, W) uint8 arrays, sizes may
                differ; N may be 0.

        Returns:
            (N, 7) float32 in the order of `EXPRESSIONS`; rows sum to 1.
        """
        rows = [np.empty((0, len(EXPRESSIONS)), np.float32)]
        for start in range(0, len(crops), BATCH_SIZE):
            faces = face_to_input(crops[start : start + BATCH_SIZE])
            rows.append(self._predict(faces)[:, self._card.order])
        return np.concatenate(rows).astype(np.float32, copy=False)


def read_card(metadata, name):
    """Return the card of a network from its file's metadata.

    Args:
        metadata: mapping with `labels` (names, or one text with commas),
            `input_size`, `crop_margin` and `sure_threshold`.
        name: the file, for the message.

    Raises:
        ValueError: an entry is missing or does not fit this course.
    """
    try:
        labels = metadata["labels"]
        size = int(metadata["input_size"])
        margin = float(metadata["crop_margin"])
        threshold = float(metadata["sure_threshold"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{name} does not say how to use it ({error}). Save it again with "
            "save_fernet(model, path, network, crop_margin=..., sure_threshold=...), "
            "and for ONNX call export_fernet on that file."
        ) from None
    if not (0 <= threshold <= 1 and -1 < margin < 10):
        raise ValueError(
            f"{name} says sure_threshold {threshold} and crop_margin {margin}, which "
            "are no shares. Save it again with save_fernet."
        )
    if isinstance(labels, str):
        labels = labels.replace(" ", "").split(",")
    if sorted(labels) != sorted(EXPRESSIONS):
        raise ValueError(
            f"{name} knows the classes {', '.join(labels)}; this course reads "
            f"{', '.join(EXPRESSIONS)}. Train a network on these seven."
        )
    if size != INPUT_SIZE:
        raise ValueError(
            f"{name} was trained on {size} x {size} faces; preprocessing makes "
            f"{INPUT_SIZE} x {INPUT_SIZE}. Train it again on those."
        )
    order = tuple(labels.index(label) for label in EXPRESSIONS)
    return NetworkCard(order, margin, threshold)


def _open_keras(path):
    """Return the predicting function and the metadata of a Keras archive."""
    from fer_course.expression.training import load_fernet

    model, card = load_fernet(path)
    return lambda faces: np.asarray(model.predict_on_batch(faces)), card
