"""Train FERNet: augment, fit, checkpoint every epoch, resume exactly, save, export.

In: two `FaceSet`s, one to learn from and one to choose with, and a `Recipe`.
Out: a folder under `data/runs/` with `best.keras` (float32, no optimizer state,
labels inside), `last.keras` (to resume from) and `history.csv`. A user's run
never writes into `models/`. Pure Keras 3, any back end. Notebook 05.
"""

import csv
import json
import time
import zipfile
import zlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import keras
import numpy as np

from fer_course.expression.batches import Batches
from fer_course.expression.fernet import build_fernet
from fer_course.expression.preprocessing import INPUT_SIZE
from fer_course.expression.recipe import COURSE_RECIPE, compiled_fernet, plateau_rate
from fer_course.files import draft_of, write_atomically
from fer_course.labels import EXPRESSIONS

# the member of a .keras archive that says what the network is; ONNX carries the
# same in its metadata
CARD = "fer_course.json"
LINE_EVERY_S = 60  # within an epoch, so that a slow one is seen to move


@dataclass(frozen=True)
class TrainedFernet:
    """A finished run.

    Attributes:
        best: the `.keras` file of the epoch that scored best on the choosing faces.
        history: `history.csv`: epoch, learning_rate, loss, accuracy, choose_loss,
            choose_accuracy; one row an epoch.
        choose_accuracy: of `best`, on the choosing faces.
    """

    best: Path
    history: Path
    choose_accuracy: float


def train_fernet(
    train, choose, out, recipe=COURSE_RECIPE, *, weights=None, resume=False
):
    """Train a FERNet and return where its best epoch lies.

    Each epoch ends with a checkpoint and a row of history; a killed run continues
    with `resume=True` as if nothing had happened. It prints a line an epoch, and in
    epochs that take long one a minute. On machines with bfloat16 the
    convolutions run in it; the saved network is float32.

    Args:
        train: `FaceSet` to learn from.
        choose: `FaceSet` that picks the epoch; never a test part.
        out: folder of the run; made if it is missing.
        recipe: what to do.
        weights: a `.keras` file of the same network to start from; None means random
            weights.
        resume: continue the run that lies in `out`.

    Returns:
        `TrainedFernet`.

    Raises:
        FileExistsError: `out` holds a run and `resume` is false.
        FileNotFoundError: the start weights are missing.
        ValueError: `out` holds a run of another recipe or of other faces, or a
            damaged one, a set is empty, or the start weights are another network's.
    """
    if not len(train) or not len(choose):
        raise ValueError(
            "Training needs at least one face to learn from and to choose with."
        )
    out = Path(out)
    last = out / "last.keras"
    faces = {"train": _fingerprint(train), "choose": _fingerprint(choose)}
    described = json.dumps(asdict(recipe) | {"faces": faces}, indent=1)
    _check_run(out, described, resume)
    out.mkdir(parents=True, exist_ok=True)
    if not last.exists():
        write_atomically(out / "recipe.json", described)

    keras.utils.set_random_seed(recipe.seed)
    steps = len(Batches(train, recipe))
    if last.exists():
        try:
            model = keras.models.load_model(last)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise ValueError(
                f"{last} is damaged, the run cannot go on: start another (--out)."
            ) from error
        done = int(model.optimizer.iterations) // steps
    else:
        model, done = compiled_fernet(recipe, steps), 0
        if weights is not None:
            _start_from(weights, model)
    batches = Batches(train, recipe, first_epoch=done)
    keeper = _Keeper(choose, out, recipe, done)
    if len(keeper.rows) < done:
        raise ValueError(
            f"{out / 'history.csv'} has lost some of its {done} epochs, the run cannot "
            "go on: start another (--out)."
        )
    if done < recipe.epochs:
        model.fit(
            batches,
            epochs=recipe.epochs,
            initial_epoch=done,
            callbacks=[keeper],
            shuffle=False,
            verbose=0,
        )
    best = max(float(row["choose_accuracy"]) for row in keeper.rows)
    return TrainedFernet(out / "best.keras", out / "history.csv", best)


def _start_from(path, model):
    source, _ = load_fernet(path)
    shapes = [[w.shape for w in net.weights] for net in (source, model)]
    if shapes[0] != shapes[1]:
        raise ValueError(
            f"{path} holds another network than the recipe's: start from weights of "
            "the same network, or from none."
        )
    model.set_weights(source.get_weights())


def _fingerprint(faces):
    """Return what tells a set from another, or from itself with softer targets."""
    certainty = f"{faces.targets.max(1).mean():.3f}"
    sums = [zlib.crc32(x.tobytes()) for x in (faces.pixels, faces.labels)]
    return [faces.name, len(faces), *sums, certainty]


def _check_run(out, described, resume):
    """Refuse to mix two runs in one folder."""
    if not (out / "last.keras").exists():
        return
    if not resume:
        raise FileExistsError(
            f"{out} holds a run already: continue it with resume=True (--resume) or "
            "choose another folder."
        )
    try:
        held = json.loads((out / "recipe.json").read_text())
    except (OSError, ValueError):
        held = None  # lost or damaged: nothing says that it is the same run
    if held != json.loads(described):
        raise ValueError(
            f"{out} holds a run of another recipe or of other faces (see recipe.json): "
            "resume as it was started, or choose another folder."
        )


class _Keeper(keras.callbacks.Callback):
    """After each epoch: score the averaged weights, keep the best, write it down."""

    def __init__(self, choose, out, recipe, done):
        super().__init__()
        self.choose, self.out, self.recipe = choose, out, recipe
        self.rows = read_history(out / "history.csv")[:done]
        self._told = time.monotonic()

    def on_epoch_begin(self, epoch, logs=None):
        # Keras does not save how far dropout's random numbers have come
        for number, variable in enumerate(self.model.non_trainable_variables):
            if "seed_generator" in variable.path:
                variable.assign([self.recipe.seed + number, epoch << 16])
        if self.recipe.schedule == "plateau":
            scores = [float(row["choose_accuracy"]) for row in self.rows]
            rate = plateau_rate(self.recipe.learning_rate, scores)
            self.model.optimizer.learning_rate = rate

    def on_train_batch_end(self, batch, logs=None):
        if time.monotonic() >= self._told + LINE_EVERY_S:
            steps = self.params["steps"]
            print(
                f"epoch {len(self.rows) + 1}: step {batch + 1} of {steps}", flush=True
            )
            self._told = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        model, optimizer = self.model, self.model.optimizer
        raw = (
            [np.array(w) for w in model.trainable_variables]
            if self.recipe.ema
            else None
        )
        if self.recipe.ema:
            optimizer.finalize_variable_values(model.trainable_variables)
        probabilities = model.predict(
            self.choose.pixels[..., None].astype(np.float32), batch_size=256, verbose=0
        )
        log_likely = self.choose.targets * np.log(np.clip(probabilities, 1e-7, 1))
        right = probabilities.argmax(1) == self.choose.labels
        accuracy = round(float(right.mean()), 6)  # as history.csv holds it
        previous = max((float(r["choose_accuracy"]) for r in self.rows), default=-1)
        if accuracy > previous:
            save_fernet(model, self.out / "best.keras", self.recipe.network)
        if raw is not None:
            for variable, value in zip(model.trainable_variables, raw, strict=True):
                variable.assign(value)
        row = {
            "epoch": epoch + 1,
            "learning_rate": f"{float(optimizer.learning_rate):.3g}",
            "loss": f"{logs['loss']:.4f}",
            "accuracy": f"{logs['accuracy']:.4f}",
            "choose_loss": f"{-log_likely.sum(1).mean():.4f}",
            "choose_accuracy": f"{accuracy:.6f}",
        }
        self.rows.append(row)
        with draft_of(self.out / "history.csv") as draft:
            _write_history(draft, self.rows)
        # last: a run killed before this line repeats the epoch, exactly
        with draft_of(self.out / "last.keras") as draft:
            model.save(draft)
        print(
            f"epoch {epoch + 1}: loss {row['loss']}, accuracy {row['accuracy']}; "
            f"choosing loss {row['choose_loss']}, accuracy {accuracy:.4f}",
            flush=True,
        )
        self._told = time.monotonic()


@dataclass(frozen=True)
class RangeTest:
    """Training loss while the learning rate rises geometrically, step by step.

    Attributes:
        rates: (S,) learning rates.
        losses: (S,) loss of the batch before the step at that rate.
    """

    rates: np.ndarray
    losses: np.ndarray


def learning_rate_range_test(faces, recipe, *, lowest=1e-6, highest=1.0, steps=70):
    """Return how the loss moves as the learning rate rises (Smith 2017).

    Stops early where the loss passes four times its lowest value.

    Args:
        faces: `FaceSet` to draw batches from.
        recipe: network, optimizer and augmentation to test.
        lowest: first learning rate.
        highest: last learning rate.
        steps: how many batches.
    """
    keras.utils.set_random_seed(recipe.seed)
    flat = replace(recipe, schedule="plateau", ema=0.0)
    model = compiled_fernet(flat, steps)
    batches = Batches(faces, flat)
    rates, losses = np.geomspace(lowest, highest, steps), []
    for step, rate in enumerate(rates):
        model.optimizer.learning_rate = rate
        inputs, targets = batches[step % len(batches)]
        losses.append(float(model.train_on_batch(inputs, targets)[0]))
        model.reset_metrics()
        if not np.isfinite(losses[-1]) or losses[-1] > 4 * min(losses):
            break
    return RangeTest(rates[: len(losses)], np.array(losses))


def save_fernet(model, path, network, **card):
    """Save a network as float32 without optimizer state, its card inside.

    Args:
        model: a network of `build_fernet`, trained under any precision.
        path: the `.keras` file; replaced only when the new one is complete.
        network: the arguments of `build_fernet` it was built with.
        card: what serving needs to know beside labels and input size:
            crop_margin, sure_threshold, and what the model card quotes.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        plain = build_fernet(**network)
    finally:
        keras.config.set_dtype_policy(before)
    plain.set_weights(model.get_weights())
    card = {"labels": EXPRESSIONS, "input_size": INPUT_SIZE, "network": network, **card}

    with draft_of(path) as draft:
        plain.save(draft)
        with zipfile.ZipFile(draft, "a") as archive:
            archive.writestr(CARD, json.dumps(card, indent=1))


def load_fernet(path):
    """Return (model, card) of a `.keras` file written by `save_fernet`.

    Raises:
        FileNotFoundError: no such file.
        ValueError: it is no Keras file, or one without the course's card.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(
            f"{path} is missing: train a FERNet (`python -m fer_course train fernet`) "
            "or take the one in models/."
        )
    try:
        with zipfile.ZipFile(path) as archive:
            known = CARD in archive.namelist()
            card = json.loads(archive.read(CARD)) if known else None
    # RuntimeError: said to be locked, or packed in an unknown way
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as e:
        raise _damaged(path) from e
    if card is None:
        raise ValueError(
            f"{path} carries no {CARD}: it was not written by save_fernet."
        )
    try:
        return keras.models.load_model(path, compile=False), card
    except MemoryError:
        raise
    except Exception as error:  # Keras, HDF5 and zip have no common kind
        raise _damaged(path) from error


def _damaged(path):
    return ValueError(
        f"{path} is not a Keras file of this course, or is damaged: train again or get "
        "the file again."
    )


def export_fernet(keras_path, onnx_path):
    """Write the ONNX twin of a saved network and prove it equal.

    Args:
        keras_path: written by `save_fernet`.
        onnx_path: where the ONNX file goes.

    Returns:
        Largest difference of a probability on 32 random faces.

    Raises:
        ValueError: that difference is above 1e-4.
    """
    import onnx
    import onnxruntime

    model, card = load_fernet(keras_path)
    faces = np.random.default_rng(0).integers(0, 256, (32, INPUT_SIZE, INPUT_SIZE, 1))
    faces = faces.astype(np.float32)
    expected = model.predict(faces, verbose=0)
    with draft_of(onnx_path) as draft:
        model.export(draft, format="onnx", verbose=False)
        graph = onnx.load(draft)
        onnx.helper.set_model_props(graph, _as_strings(card))
        onnx.save(graph, draft)
        session = onnxruntime.InferenceSession(
            draft, providers=["CPUExecutionProvider"]
        )
        (found,) = session.run(None, {session.get_inputs()[0].name: faces})
        del session  # Windows renames no open file
        gap = float(np.abs(found - expected).max())
        if gap > 1e-4:
            raise ValueError(
                f"The ONNX twin of {keras_path} differs by {gap:.1e} in a probability; "
                "1e-4 is the most. Nothing was written."
            )
    return gap


def _as_strings(card):
    """A card as ONNX metadata: every value a string, the labels comma-separated."""
    flat = {key: json.dumps(value) for key, value in card.items()}
    flat["labels"] = ",".join(card["labels"])
    return flat


def read_history(path):
    """Return the rows of a run's `history.csv`, as text by column; [] without one."""
    if not path.exists():
        return []
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def _write_history(path, rows):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
