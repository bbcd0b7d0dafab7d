"""From a finished training run to the two files that are shipped and served.

In: a run's `best.keras`, its training and choosing faces. Out: a `.keras` file with
batch normalization's averages settled, where that pays, and the temperature inside, and
its `.onnx` twin, in 8-bit integers where that costs next to nothing; both with labels,
crop margin, input size and the threshold below which a face reads "not sure". Notebook
05, section 7.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from fer_course.expression.batch_norm import settle_averages
from fer_course.expression.classifier import ExpressionClassifier
from fer_course.expression.evaluation import (
    apply_temperature,
    fit_temperature,
    selective_accuracy,
)
from fer_course.expression.fernet import build_fernet
from fer_course.expression.framing import FER2013_MARGIN
from fer_course.expression.training import export_fernet, load_fernet, save_fernet
from fer_course.quantization import quantize

# "Sure" faces of the choosing part are right this often.
SURE_ACCURACY = 0.85
CALIBRATION_FACES = 256  # that show int8 how large the numbers inside become
MOST_LOST = 0.002  # of accuracy, for int8 to be worth it


@dataclass(frozen=True)
class Release:
    """What was fitted on the choosing faces and written into both files.

    Attributes:
        accuracy: of the `.keras` file, on the choosing faces.
        temperature: what the logits are divided by.
        sure_threshold: lowest top probability at which the faces at or above it are
            right as often as asked; 1.0 where no threshold gets there.
        coverage: share of the choosing faces at or above it.
        onnx_gap: largest difference of a probability between the `.keras` file and
            its float32 twin.
        precision: "int8" or "float32", of the `.onnx` file.
        lost: share of the choosing faces that int8 costs.
    """

    accuracy: float
    temperature: float
    sure_threshold: float
    coverage: float
    onnx_gap: float
    precision: str
    lost: float


def finish_fernet(
    best,
    train,
    choose,
    keras_path,
    onnx_path,
    *,
    crop_margin=FER2013_MARGIN,
):
    """Settle and calibrate a trained network, write it as `.keras` and `.onnx`.

    Batch normalization's averages are taken anew from unchanged training faces, unless
    that costs accuracy on the choosing faces.

    Args:
        best: the run's `best.keras`.
        train: `FaceSet` it was trained on, for batch normalization's averages.
        choose: `FaceSet` that calibrates; never a test part.
        keras_path: where the `.keras` file goes; replaced when complete.
        onnx_path: where its twin goes, in int8 if that costs at most `MOST_LOST`.
        crop_margin: what serving adds to a detector's box so that it cuts faces as
            the training faces were cut (`framing.measure_framing`).

    Returns:
        `Release`.
    """
    model, card = load_fernet(best)
    faces = choose.pixels[..., None].astype(np.float32)
    as_trained = model.get_weights()
    found = [model.predict(faces, batch_size=256, verbose=0)]
    settle_averages(model, train)
    found.append(model.predict(faces, batch_size=256, verbose=0))
    rights = [float((each.argmax(1) == choose.labels).mean()) for each in found]
    if rights[0] > rights[1]:
        model.set_weights(as_trained)
    accuracy, probabilities = max(rights), found[rights[0] <= rights[1]]
    fitted = fit_temperature(probabilities, choose.labels)
    calibrated = apply_temperature(probabilities, fitted)
    curve = selective_accuracy(calibrated, choose.labels)
    threshold = curve.threshold_for(SURE_ACCURACY)
    coverage = float((calibrated.max(1) >= threshold).mean())

    network = dict(card["network"])
    network["temperature"] = fitted * network.get("temperature", 1.0)
    finished = build_fernet(**network)
    finished.set_weights(model.get_weights())
    for path in (Path(keras_path), Path(onnx_path)):
        path.parent.mkdir(parents=True, exist_ok=True)
    save_fernet(
        finished,
        keras_path,
        network,
        crop_margin=crop_margin,
        temperature=round(network["temperature"], 4),
        # rounded down: the face that the threshold was read off stays in
        sure_threshold=float(np.floor(1e4 * threshold) / 1e4),
        sure_accuracy=SURE_ACCURACY,
    )
    gap = export_fernet(keras_path, onnx_path)
    keras.backend.clear_session()
    precision, lost = _shrink(onnx_path, choose)
    return Release(
        accuracy, network["temperature"], threshold, coverage, gap, precision, lost
    )


def _shrink(onnx_path, choose):
    """Turn the file into int8 if it stays as good; return precision and loss."""
    int8_path = Path(onnx_path).with_suffix(".int8.onnx")
    few = choose.pixels[:: max(1, len(choose) // CALIBRATION_FACES), ..., None]
    few = few.astype(np.float32)
    batches = [{"faces": few[k : k + 32]} for k in range(0, len(few), 32)]
    quantize(onnx_path, int8_path, batches, _stay_float)
    right = [
        float((_read(path, choose).argmax(1) == choose.labels).mean())
        for path in (onnx_path, int8_path)
    ]
    lost = round(right[0] - right[1], 4)
    if worth := lost <= MOST_LOST:
        os.replace(int8_path, onnx_path)
    int8_path.unlink(missing_ok=True)
    return "int8" if worth else "float32", lost


def _read(path, faces):
    return ExpressionClassifier(path).classify(list(faces.pixels))


def _stay_float(nodes):
    """Name the first convolution, which sees the pixels, and all that is none."""
    convolutions = [node.name for node in nodes if node.op_type == "Conv"]
    inner = {"Conv", "Relu", "MaxPool", "GlobalAveragePool"}
    others = [node.name for node in nodes if node.op_type not in inner]
    return convolutions[:1] + others
