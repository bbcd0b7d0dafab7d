"""FERNet: blocks of two convolutions, in the reference's, the paper's and our form.

In: faces (N, 48, 48, 1) float32 in 0..255. Out: probabilities (N, 7) in the
order of `EXPRESSIONS`. Pure Keras 3: trains on TensorFlow, JAX or torch.
Source of the idea: J. D. Bodapati, U. Srilakshmi, N. Veeranjaneyulu, "FERNet: A
Deep CNN Architecture for Facial Expression Recognition in the Wild", J. Inst.
Eng. India Ser. B 103, 439-448 (2022). Notebook 04 builds it block by block.
"""

import keras
from keras import layers

from fer_course.expression.preprocessing import INPUT_SIZE
from fer_course.labels import EXPRESSIONS

BATCH_NORMS = ("after_first_relu", "before_relu", "none")
HEADS = ("flatten", "average")

# The course's network; models/EXPERIMENTS.md has its runs and an ablation of it.
COURSE_NETWORK = {
    "filters": (32, 64, 192, 384),
    "kernel_size": 3,
    "batch_norm": "before_relu",
    "dropout": 0.1,
    "head": "average",
    "head_dropout": 0.3,
}


def build_fernet(
    filters=(64, 128, 256, 512),
    *,
    kernel_size=4,
    batch_norm="after_first_relu",
    dropout=0.4,
    head="flatten",
    dense=(),
    head_dropout=0.0,
    temperature=1.0,
):
    """Return an untrained FERNet.

    The defaults are the reference project's network: 8,362,119 parameters.
    `filters=(64, 128, 256, 256, 512)` gives the paper's Figure 1: 10,432,135.
    `build_fernet(**COURSE_NETWORK)` is the course's own.

    Args:
        filters: channels of each block; a block halves height and width.
        kernel_size: side of the convolution kernels, px.
        batch_norm: "after_first_relu" (reference and paper's figure: once a
            block), "before_relu" (after every convolution, which then needs no
            bias) or "none".
        dropout: share of activations dropped after each block's pooling.
        head: "flatten" or "average" (global average pooling).
        dense: widths of dense layers between head and logits.
        head_dropout: share dropped before the logits.
        temperature: what the logits are divided by; fitted after training.

    Returns:
        `keras.Model`, (N, 48, 48, 1) -> (N, 7), rows sum to 1.

    Raises:
        ValueError: an unknown `batch_norm` or `head`, or too many blocks.
    """
    if batch_norm not in BATCH_NORMS:
        raise ValueError(f"batch_norm is one of {BATCH_NORMS}, got {batch_norm!r}.")
    if head not in HEADS:
        raise ValueError(f"head is one of {HEADS}, got {head!r}.")
    if INPUT_SIZE >> len(filters) < 1:
        raise ValueError(
            f"{len(filters)} blocks would pool a {INPUT_SIZE} px face to nothing: "
            "use at most 5."
        )
    inputs = keras.Input((INPUT_SIZE, INPUT_SIZE, 1), name="faces")
    x = layers.Rescaling(1 / 255, name="rescaling")(inputs)
    for number, channels in enumerate(filters, start=1):
        x = conv_block(x, channels, number, kernel_size, batch_norm, dropout)
    if head == "flatten":
        x = layers.Flatten(name="flatten")(x)
    else:
        x = layers.GlobalAveragePooling2D(name="average")(x)
    for number, width in enumerate(dense, start=1):
        x = layers.Dense(width, activation="relu", name=f"dense{number}")(x)
    if head_dropout:
        x = layers.Dropout(head_dropout, name="head_dropout")(x)
    # float32 from here on, whatever the policy: softmax needs the precision
    x = layers.Dense(len(EXPRESSIONS), dtype="float32", name="logits")(x)
    x = layers.Rescaling(1 / temperature, dtype="float32", name="temperature")(x)
    outputs = layers.Softmax(dtype="float32", name="probabilities")(x)
    return keras.Model(inputs, outputs, name="fernet")


def conv_block(x, channels, number, kernel_size, batch_norm, dropout):
    """Return the output of one FERNet block: two convolutions, pool, dropout.

    Args:
        x: (N, H, W, C) tensor.
        channels: output channels K.
        number: the block's number, for the layer names.
        kernel_size: side of the kernels, px.
        batch_norm: as in `build_fernet`.
        dropout: share of activations dropped.

    Returns:
        (N, H // 2, W // 2, K) tensor.
    """
    for which in ("a", "b"):
        name = f"block{number}{which}"
        normalize = batch_norm == "before_relu"
        x = layers.Conv2D(
            channels,
            kernel_size,
            padding="same",
            activation=None if normalize else "relu",
            use_bias=not normalize,
            kernel_initializer="he_normal" if normalize else "glorot_uniform",
            name=f"{name}_conv",
        )(x)
        if normalize:
            x = layers.BatchNormalization(name=f"{name}_bn")(x)
            x = layers.ReLU(name=f"{name}_relu")(x)
        elif batch_norm == "after_first_relu" and which == "a":
            x = layers.BatchNormalization(name=f"{name}_bn")(x)
    x = layers.MaxPooling2D(2, name=f"block{number}_pool")(x)
    if dropout:
        x = layers.Dropout(dropout, name=f"block{number}_dropout")(x)
    return x
