"""What a FERNet training run does: network, optimizer, schedule, augmentation.

In: a `Recipe`. Out: a compiled Keras model for `training.py` to fit. The
reference project's recipe and ours are constants here; `models/EXPERIMENTS.md`
has the runs behind each choice of ours. Notebook 05.
"""

import re
from dataclasses import dataclass, field, replace

import keras

from fer_course.expression.augmentation import Augmentation
from fer_course.expression.batch_norm import fuse_batch_norm
from fer_course.expression.fernet import COURSE_NETWORK, build_fernet
from fer_course.settings import SEED, processor_favors_bfloat16


@dataclass(frozen=True)
class Recipe:
    """How a FERNet is trained; two runs with equal recipes and faces are equal.

    Attributes:
        network: arguments of `build_fernet`.
        epochs: passes over the training faces.
        set_faces: faces of each data set that an epoch shows, so that a small one
            counts as much as a large one; 0 shows every face once.
        batch_size: faces a step.
        optimizer: "sgd" (Nesterov momentum 0.9) or "adam".
        learning_rate: at its highest, after the warm-up.
        schedule: "cosine" (to 0 at the end), or "plateau" (x 0.2 when the choosing
            accuracy has not risen for 7 epochs: the reference's).
        warmup_epochs: epochs of linear rise, cosine only.
        weight_decay: decoupled, per step, times the learning rate.
        label_smoothing: share of each target spread over all classes.
        ema: momentum of the averaged weights that are scored and saved; 0 is off.
        augmentation: the changes made to each training face.
        seed: of weights, order, augmentation and dropout.
    """

    network: dict = field(default_factory=dict)
    epochs: int = 60
    set_faces: int = 0
    batch_size: int = 64
    optimizer: str = "adam"
    learning_rate: float = 5e-4
    schedule: str = "plateau"
    warmup_epochs: float = 0.0
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    ema: float = 0.0
    augmentation: Augmentation = field(default_factory=Augmentation)
    seed: int = SEED


# What the reference project does (its dropout, kernels and head are the network's
# defaults, its augmentation is Augmentation's).
REFERENCE_RECIPE = Recipe()
# Ours; models/EXPERIMENTS.md has the runs behind each choice.
COURSE_RECIPE = Recipe(
    network=COURSE_NETWORK,
    epochs=40,
    optimizer="sgd",
    learning_rate=0.05,
    schedule="cosine",
    warmup_epochs=1,
    weight_decay=2e-3,
    label_smoothing=0.05,
    ema=0.998,
    augmentation=Augmentation(
        rotation_deg=12,
        shift_px=3,
        zoom=0.12,
        contrast=0.2,
        brightness=15,
        erase=0.2,
        coarse=0.2,
    ),
)
# FER2013 alone, for the comparison with the paper, where time does not count: twice
# the filters, and the more steps, the more decay and change of the faces against
# noise; faces of one size, so none coarsened.
LONG_RECIPE = replace(
    COURSE_RECIPE,
    network={**COURSE_NETWORK, "filters": (64, 128, 256, 512)},
    epochs=64,
    weight_decay=5e-3,
    augmentation=Augmentation(
        rotation_deg=12,
        shift_px=5,
        zoom=0.2,
        contrast=0.25,
        brightness=20,
        erase=0.4,
    ),
)
# The shipped network: all three sets, from the weights of the long recipe's network.
WIDE_RECIPE = replace(
    COURSE_RECIPE,
    network=LONG_RECIPE.network,
    epochs=20,
    learning_rate=0.03,
    weight_decay=3e-3,
    augmentation=Augmentation(
        rotation_deg=14,
        shift_px=4,
        zoom=0.15,
        contrast=0.25,
        brightness=20,
        erase=0.3,
        coarse=0.2,
    ),
)
# From the wide recipe's network: the extract, a seventh of all faces, is a third here.
EVEN_RECIPE = replace(WIDE_RECIPE, epochs=12, set_faces=7000, learning_rate=0.02)
RECIPES = {
    "course": COURSE_RECIPE,
    "even": EVEN_RECIPE,
    "wide": WIDE_RECIPE,
    "long": LONG_RECIPE,
    "reference": REFERENCE_RECIPE,
}


def compiled_fernet(recipe, steps):
    """Return the recipe's network, compiled, in the machine's best precision.

    Args:
        recipe: what to build.
        steps: steps an epoch, for the schedule.

    Raises:
        ValueError: an unknown optimizer or schedule.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if has_bfloat16() else "float32")
    try:
        model = fuse_batch_norm(build_fernet(**recipe.network))
    finally:
        keras.config.set_dtype_policy(before)
    model.compile(
        optimizer=_optimizer(recipe, steps),
        loss=keras.losses.CategoricalCrossentropy(
            label_smoothing=recipe.label_smoothing
        ),
        metrics=["accuracy"],
        jit_compile="auto" if _gpu_capability() else False,
    )
    return model


def _optimizer(recipe, steps):
    rate = recipe.learning_rate
    if recipe.schedule == "cosine":
        warmup = round(recipe.warmup_epochs * steps)
        rate = keras.optimizers.schedules.CosineDecay(
            rate / 20 if warmup else rate,
            max(recipe.epochs * steps - warmup, 1),
            warmup_target=rate if warmup else None,
            warmup_steps=warmup,
        )
    elif recipe.schedule != "plateau":
        raise ValueError(f"schedule is 'cosine' or 'plateau', got {recipe.schedule!r}.")
    averaging = {"use_ema": True, "ema_momentum": recipe.ema} if recipe.ema else {}
    common = {"weight_decay": recipe.weight_decay or None, **averaging}
    if recipe.optimizer == "sgd":
        return keras.optimizers.SGD(rate, momentum=0.9, nesterov=True, **common)
    if recipe.optimizer == "adam":
        return keras.optimizers.Adam(rate, **common)
    raise ValueError(f"optimizer is 'sgd' or 'adam', got {recipe.optimizer!r}.")


def plateau_rate(start, scores):
    """Return the learning rate after these epochs under the reference's rule.

    A fifth, and never below 1e-7, after each 7 epochs without a new best.

    Args:
        start: the first learning rate.
        scores: choosing accuracy of every epoch so far.

    >>> plateau_rate(1.0, [0.3, 0.5] + [0.4] * 7)
    0.2
    """
    rate, best, wait = start, -1.0, 0
    for score in scores:
        wait = 0 if score > best else wait + 1
        best = max(best, score)
        if wait >= 7:
            rate, wait = max(rate * 0.2, 1e-7), 0
    return rate


def has_bfloat16():
    """Return whether this machine multiplies bfloat16 faster than float32.

    True on NVIDIA's GPUs from compute capability 8.0 on (A100; a T4 has 7.5), and
    without a GPU where `settings.processor_favors_bfloat16`.
    """
    capability = _gpu_capability()
    if capability is not None:
        return capability >= (8, 0)
    return processor_favors_bfloat16()


def _gpu_capability():
    """Return the first GPU's (major, minor), (0, 0) if not told, None without one."""
    if keras.backend.backend() == "torch":
        import torch

        return torch.cuda.get_device_capability() if torch.cuda.is_available() else None
    if keras.backend.backend() == "jax":
        import jax

        gpus = [device for device in jax.devices() if device.platform == "gpu"]
        if not gpus:
            return None
        told = str(getattr(gpus[0], "compute_capability", ""))
        known = re.fullmatch(r"(\d+)\.(\d+)", told)  # AMD's are words
        return tuple(map(int, known.groups())) if known else (0, 0)
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return None
    details = tf.config.experimental.get_device_details(gpus[0])
    return details.get("compute_capability", (0, 0))
