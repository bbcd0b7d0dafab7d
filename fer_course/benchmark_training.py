"""How fast this machine trains both networks and reads a list of photos.

In: a folder to write to. Out: `Measure`s for `benchmark --training`. FERNet is timed
beside a plain `model.fit` in float32 without augmentation, the way a first notebook
would train it; the detector on drawn scenes; the reading on a list as long as WIDER
FACE's own. Notebooks 02 and 05 do the trainings.
"""

import time
from itertools import pairwise
from statistics import median

import keras
import numpy as np

from fer_course.benchmark import Measure
from fer_course.detection.annotations import read_wider
from fer_course.detection.training import read_history, train_detector
from fer_course.expression.batches import Batches
from fer_course.expression.datasets import FaceSet
from fer_course.expression.fernet import build_fernet
from fer_course.expression.preprocessing import INPUT_SIZE
from fer_course.expression.recipe import COURSE_RECIPE, compiled_fernet
from fer_course.labels import EXPRESSIONS
from fer_course.teaching.detector_lesson import drawn_photos, start_weights

STEPS = 20  # of FERNet
EPOCHS = 3  # of the detector; the first warms up
PX = 640
ENTRIES, FACES_EACH = 12_880, 12  # WIDER FACE's training list has as many
_ROW = "{} {} 24 30 1 0 0 0 0 0 \n"


def time_training(folder):
    """Return the speed of both trainings and of reading a list.

    Args:
        folder: where the drawn scenes, the run and the list are written.
    """
    return [*time_fernet(), time_detector(folder), time_reading(folder)]


def time_fernet(recipe=COURSE_RECIPE, steps=STEPS):
    """Return faces a second of the course's training and of a plain one.

    Args:
        recipe: network, optimizer, augmentation and batch size.
        steps: how many are timed.
    """
    rng = np.random.default_rng(0)
    count = recipe.batch_size * (steps + 1)
    pixels = rng.integers(0, 256, (count, INPUT_SIZE, INPUT_SIZE), np.uint8)
    targets = np.eye(len(EXPRESSIONS), dtype=np.float32)[
        rng.integers(0, len(EXPRESSIONS), count)
    ]
    rows = np.arange(count)
    split = np.full(count, "train")
    faces = FaceSet("noise", pixels, targets, split, rows, rows, {})
    ours = _rates(compiled_fernet(recipe, steps), recipe, Batches(faces, recipe))
    plain = build_fernet(**recipe.network)
    plain.compile(
        keras.optimizers.SGD(recipe.learning_rate, momentum=0.9, nesterov=True),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    inputs = pixels[..., None].astype(np.float32)
    theirs = _rates(plain, recipe, inputs, targets, batch_size=recipe.batch_size)
    ratio = median(ours) / median(theirs)
    return [
        Measure("training FERNet, the course's way", "faces/s", ours),
        Measure("training FERNet, plain float32 fit", "faces/s", theirs),
        Measure("  the course's way is faster by", "times", (ratio,)),
    ]


class _Clock(keras.callbacks.Callback):
    """When each step ended."""

    def __init__(self):
        super().__init__()
        self.ends = []

    def on_train_batch_end(self, batch, logs=None):
        self.ends.append(time.perf_counter())


def _rates(model, recipe, *data, **options):
    """Return faces a second of each step but the first, which builds the graph."""
    clock = _Clock()
    model.fit(*data, epochs=1, shuffle=False, verbose=0, callbacks=[clock], **options)
    return tuple(recipe.batch_size / (b - a) for a, b in pairwise(clock.ends))


def time_detector(folder, image_size=PX):
    """Return photos a second of the detector's training, its own measuring included.

    Args:
        folder: where scenes and run are written.
        image_size: longer side of the training pictures, px.
    """
    yaml, _ = drawn_photos(folder / "scenes")
    photos = sum(1 for _ in (folder / "scenes" / "yolo").rglob("*.jpg"))
    run = train_detector(
        yaml,
        folder / "run",
        weights=start_weights(folder),
        epochs=EPOCHS,
        image_size=image_size,
        progress=None,
    )
    ends = read_history(run.history)["time_s"]
    rates = tuple(photos / (b - a) for a, b in pairwise(ends))
    return Measure(f"training the detector at {image_size} px", "photos/s", rates)


def time_reading(folder, entries=ENTRIES):
    """Return entries a second of a list in WIDER FACE's form.

    Args:
        folder: where the list is written.
        entries: photos in it.
    """
    rows = [_ROW.format(30 * i, 40) for i in range(FACES_EACH)]
    text = "".join(
        f"0--Parade/photo_{i}.jpg\n{FACES_EACH}\n{''.join(rows)}"
        for i in range(entries)
    )
    file = folder / "list_bbx_gt.txt"
    file.write_text(text, encoding="utf-8")
    rates = []
    for _ in range(3):
        started = time.perf_counter()
        read_wider(file, folder / "photos are elsewhere")
        rates.append(entries / (time.perf_counter() - started))
    return Measure("reading a list of WIDER FACE's size", "entries/s", tuple(rates))
