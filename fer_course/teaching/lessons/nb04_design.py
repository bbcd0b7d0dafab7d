"""Notebook 04, exercise 6: a small network that can memorize 32 faces."""

import numpy as np

from fer_course.teaching.convolution import Layer, measure_field, receptive_field
from fer_course.teaching.exercises import Exercise, Mutant, Verdict
from fer_course.teaching.judging import (
    CORRECT,
    NOT_ATTEMPTED,
    WRONG_TYPE,
    WRONG_VALUE,
    call_quietly,
    is_stub,
    last_line,
)

WEIGHTS_ALLOWED, FIELD_WANTED, STEPS_ALLOWED, FACES = 30_000, 40, 200, 32


def memorizer():
    """Return an untrained network of 16,271 weights that memorizes 32 faces."""
    import keras
    from keras import layers

    faces = x = keras.Input((48, 48, 1))
    x = layers.Rescaling(1 / 255)(x)
    for channels in (8, 12, 16):
        for _ in range(2):
            x = layers.Conv2D(channels, 4, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    return keras.Model(faces, layers.Dense(7, activation="softmax")(x))


def _network(filters=(8, 16, 32), size=5, norm=None, end="softmax", **options):
    """Return a network of single convolutions, for wrong answers and other styles."""
    import keras
    from keras import layers

    faces = x = keras.Input((48, 48, 1))
    x = layers.Rescaling(1 / 255)(x)
    options = {"padding": "same", "activation": "relu", **options}
    for channels in filters:
        x = layers.Conv2D(channels, size, **options)(x)
        if norm:
            x = layers.BatchNormalization(momentum=norm)(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Dense(7, activation=end)(layers.Flatten()(x))
    return keras.Model(faces, x)


def _takes_color():
    import keras

    faces = keras.Input((48, 48, 3))
    return keras.Model(faces, keras.layers.Dense(7)(keras.layers.Flatten()(faces)))


def _judge_memorizer(answer):
    """Build what the function returns, count it, then train it on 32 faces."""
    import keras

    if not callable(answer):
        return Verdict(WRONG_TYPE, "Hand over the function itself, uncalled.")
    keras.utils.set_random_seed(2026)
    model, raised, _ = call_quietly(answer)
    if raised is not None:
        return raised
    if is_stub(model):
        return Verdict(NOT_ATTEMPTED)
    if not isinstance(model, keras.Model):
        kind = type(model).__name__
        return Verdict(WRONG_TYPE, f"Got {kind}; a keras.Model was expected.")
    try:
        problem = _design_problem(model)
    except Exception as error:  # a model that cannot take faces
        return Verdict(WRONG_TYPE, f"It does not take faces.\n{last_line(error)}")
    if problem:
        return Verdict(WRONG_VALUE, problem)
    return _memorizes(model)


def _design_problem(model):
    """Return a sentence on the first rule that an untrained model breaks."""
    probabilities = np.asarray(model(np.full((2, 48, 48, 1), 128, np.float32)))
    if probabilities.shape != (2, 7):
        return f"Two faces gave {probabilities.shape}: seven outputs a face are due."
    if not np.allclose(probabilities.sum(1), 1, atol=1e-3):
        return "The seven outputs do not sum to 1: a softmax is missing at the end."
    if model.count_params() > WEIGHTS_ALLOWED:
        return (
            f"Your network stores {model.count_params():,} weights: at most "
            f"{WEIGHTS_ALLOWED:,} were asked."
        )
    if any(isinstance(a.input, list) and len(a.input) > 1 for a in model.layers):
        return "A plain chain was asked: no layer with two inputs."
    layers = _window_layers(model)
    field = receptive_field(layers)
    if field < FIELD_WANTED:
        return (
            f"One value of your last map sees {field} px: at least {FIELD_WANTED} px "
            "were asked."
        )
    seen = np.count_nonzero(measure_field(layers))
    if seen < field**2:
        return (
            f"One value of your last map sees only {seen:,} of the {field**2:,} px of "
            "its field: kernels so far spread leave gaps."
        )
    return ""


def _window_layers(model):
    """Return page 03's records of the layers that look through windows."""
    records = []
    for layer in model.layers:
        size = getattr(layer, "kernel_size", getattr(layer, "pool_size", None))
        if isinstance(size, tuple) and len(size) == 2:
            steps = min(layer.strides)
            spread = min(getattr(layer, "dilation_rate", (1, 1)))
            records.append(
                Layer("conv", kernel=min(size), stride=steps, dilation=spread)
            )
    return records


def _memorizes(model):
    """Train on 32 drawn faces; say after how many steps evaluation gets all right."""
    import keras

    from fer_course.teaching.samples import sample_faces

    pixels, labels = sample_faces(5, seed=4)
    faces, labels = pixels[:FACES, ..., None].astype(np.float32), labels[:FACES]
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
    rights = [0]
    for step in range(1, STEPS_ALLOWED + 1):
        model.train_on_batch(faces, labels)
        if step % 10 == 0:
            probabilities = np.asarray(model(faces, training=False))
            rights.append(int((probabilities.argmax(1) == labels).sum()))
            if rights[-1] == FACES:
                size = f"{model.count_params():,} weights"
                found = f"All 32 right after {step} steps, {size}."
                return Verdict(CORRECT, found + _unscaled(model))
    in_training = np.asarray(model(faces, training=True)).argmax(1)
    right, halfway = rights[-1], rights[len(rights) // 2]
    trend = "and it still rises" if right > halfway else "and it no longer rises"
    seen = f"{right} of {FACES} faces are right after {STEPS_ALLOWED} steps of Adam, "
    seen += f"{halfway} after half of them: {trend}."
    if (in_training == labels).sum() > right + 5:
        seen += "\nIn training mode it does better: which layer has running averages?"
    return Verdict(WRONG_VALUE, seen)


def _unscaled(model):
    """Ask for the division by 255 where no layer does it."""
    if any(type(layer).__name__ == "Rescaling" for layer in model.layers):
        return ""
    return "\nIt reads 0..255 as they are: where is section 2's division?"


MEMORIZER = Exercise(
    id="04.6",
    title="memorizer",
    stars=3,
    reference=memorizer,
    judge=_judge_memorizer,
    hints=(
        "Which field does the last map have after one block of two 4 px kernels and a "
        "pooling, and after two, three?",
        "Start from the reference block without its batch norm and thin it out, the "
        "last block most: half the channels cost about a quarter of the weights; three "
        "blocks see far enough.",
        "Rescaling, three times (two convolutions and a pooling) with 8 to 16 "
        "channels, Flatten, Dense with softmax; mind momentum if you normalize.",
    ),
    why=(
        "A network that cannot memorize 32 faces has a bug or is too weak, and you "
        "know it in seconds.",
        "Weights grow with the product of neighboring channel numbers, so thin layers "
        "are cheap at any field.",
        "Pooling doubles the jump, so the field grows fastest in the last block.",
    ),
    wrong_turn="Batch norm with its momentum of 0.99: after 200 steps 13 % of each "
    "average is still its start. Dropout of 0.4 only makes it slower.",
    mutants=(
        Mutant("wide", lambda: _network((64, 128, 256)), "wrong value", "30,000 were"),
        Mutant("one block", lambda: _network((4,)), "wrong value", "sees 6 px"),
        Mutant(
            "gaps",
            lambda: _network((4,), size=2, dilation_rate=39),
            "wrong value",
            "leave gaps",
        ),
        Mutant("logits", lambda: _network(end=None), "wrong value", "softmax"),
        Mutant(
            "slow averages",
            lambda: _network((4, 8, 8), size=7, norm=0.999, strides=1),
            "wrong value",
            "which layer has running averages",
        ),
        Mutant("called", lambda: memorizer, "wrong type", "a keras.Model was expected"),
        Mutant(
            "color faces",
            _takes_color,
            "wrong type",
            "does not take faces",
        ),
    ),
    alternatives=(lambda: _network(size=5, norm=0.8, filters=(8, 16, 16, 16)),),
)
