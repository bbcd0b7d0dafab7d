"""Notebook 04, exercise 4: one block of the network, in Keras."""

from fer_course.teaching.exercises import Exercise, Mutant, Verdict
from fer_course.teaching.judging import (
    CORRECT,
    NOT_ATTEMPTED,
    WRONG_TYPE,
    WRONG_VALUE,
    call_quietly,
    is_stub,
)


def conv_block(x, channels, kernel_size):
    """Return the reference block of x: (N, H, W, C) -> (N, H / 2, W / 2, channels)."""
    from keras import layers

    x = layers.Conv2D(channels, kernel_size, padding="same", activation="relu")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Conv2D(channels, kernel_size, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D(2)(x)
    return layers.Dropout(0.4)(x)


def _block_with(order="conv relu norm conv relu pool dropout", rate=0.4, **options):
    """Return a block of these layers, for wrong answers and other styles."""

    def block(x, channels, kernel_size):
        from keras import layers

        options.setdefault("padding", "same")
        for kind in order.split():
            x = {
                "conv": lambda x: layers.Conv2D(channels, kernel_size, **options)(x),
                "relu": layers.ReLU(),
                "norm": layers.BatchNormalization(),
                "pool": layers.MaxPooling2D(),
                "dropout": layers.Dropout(rate),
            }[kind](x)
        return x

    return block


def _block_with_operations(x, channels, kernel_size):
    from keras import activations, layers, ops

    x = activations.relu(layers.Conv2D(channels, kernel_size, padding="same")(x))
    x = layers.BatchNormalization()(x)
    x = ops.relu(layers.Conv2D(channels, kernel_size, padding="same")(x))
    return layers.Dropout(0.4)(layers.MaxPool2D()(x))


def _block_as_sequential(x, channels, kernel_size):
    import keras
    from keras import layers

    block = keras.Sequential(
        [
            layers.Conv2D(
                channels, kernel_size, padding="same", activation=layers.ReLU()
            ),
            layers.BatchNormalization(),
            layers.Conv2D(channels, kernel_size, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.4),
        ]
    )
    return block(x)


def _block_with_overlap(x, channels, kernel_size):
    from keras import layers

    x = layers.Conv2D(channels, kernel_size, padding="same", activation="relu")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Conv2D(channels, kernel_size, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    return layers.Dropout(0.4)(x)


def _block_always_4(x, channels, kernel_size):
    return conv_block(x, channels, 4)


def _block_named(x, channels, kernel_size):
    from keras import layers

    x = layers.Conv2D(channels, kernel_size, name="conv_a", padding="same")(x)
    return _block_with("relu norm conv relu pool dropout")(x, channels, kernel_size)


def _block_uncalled(x, channels, kernel_size):
    from keras import layers

    return layers.Dropout(0.4)


def _block_not_called(x, channels, kernel_size):
    from keras import layers

    x = layers.Conv2D(channels, kernel_size, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D(2)  # handed on in place of its output
    return layers.Dropout(0.4)(x)


_ORDER = ["conv", "relu", "norm", "conv", "relu", "pool", "dropout"]
_KINDS = {
    "Conv2D": "conv",
    "BatchNormalization": "norm",
    "ReLU": "relu",
    "Relu": "relu",
    "MaxPooling2D": "pool",
    "Dropout": "dropout",
}


def _operations(model):
    """Yield what a model does, in order, that in a `Sequential` inside it too."""
    for operation in model.operations:
        if hasattr(operation, "layers"):
            yield from operation.layers
        elif type(operation).__name__ != "InputLayer":
            yield operation


def _kinds(model):
    """Return what a model does, in order, an activation apart from its layer."""
    import keras

    kinds = []
    for operation in _operations(model):
        name = type(operation).__name__
        if name != "Activation":
            kinds.append(_KINDS.get(name, name))
        activation = getattr(operation, "activation", None)
        if isinstance(activation, keras.Layer):  # activation=layers.ReLU()
            activation = type(activation).__name__.lower()
        else:
            activation = getattr(activation, "__name__", "linear")
        if name != "ReLU" and activation != "linear":
            kinds.append(activation)
    return kinds


def _judge_conv_block(answer):
    """Build two of the learner's blocks in a row; look at shapes, kinds, counts."""
    import keras

    if not callable(answer):
        return Verdict(WRONG_TYPE, "Hand over the function itself, uncalled.")
    inputs = keras.Input((24, 20, 3))
    first, raised, _ = call_quietly(answer, inputs, 5, 4)
    if raised is not None:
        return _explained(raised)
    if is_stub(first):
        return Verdict(NOT_ATTEMPTED)
    if not isinstance(first, keras.KerasTensor):
        kind = type(first).__name__
        due = "what a Keras layer returns, called on x, is due"
        return Verdict(WRONG_TYPE, f"Got a {kind}; {due}.")
    second, raised, _ = call_quietly(answer, first, 6, 3)
    if raised is not None:
        return _explained(raised)
    try:
        model = keras.Model(inputs, second)
    except ValueError as error:  # equal names, or no path from the input
        return Verdict(WRONG_VALUE, f"Two blocks do not form a model.\n{error}"[:180])
    problem = _block_problem(model, first, second)
    if problem:
        return Verdict(WRONG_VALUE, problem)
    return Verdict(CORRECT, "Two blocks in a row: shapes, kinds and 1,300 weights.")


def _explained(raised):
    """Say what Keras' words on a layer among its inputs mean."""
    if "Only input tensors" not in raised.message:
        return raised
    return Verdict(
        raised.kind,
        "A layer was handed over where its output is due: call it on x, as in "
        "layers.MaxPooling2D(2)(x).",
    )


def _block_problem(model, first, second):
    """Return a sentence on what is wrong with a model of two blocks, or nothing."""
    rule = "a block halves height and width, and gives `channels` maps"
    for what, before, found, wanted in (
        ("one block of 5 channels", "(24, 20, 3)", first.shape[1:], (12, 10, 5)),
        ("a second one of 6", "(12, 10, 5)", second.shape[1:], (6, 5, 6)),
    ):
        if found != wanted:
            return f"{what} made {found} of {before}.\nwhat must hold: {rule}"
    kinds, wanted = _kinds(model), _ORDER * 2
    for number, (found, right) in enumerate(zip(kinds, wanted, strict=False), start=1):
        if found != right:
            listed = " ".join(kinds[: len(_ORDER) + 1])
            return (
                f"Step {number} of yours differs from the diagram.\nyours: {listed} …"
            )
    if len(kinds) != len(wanted):
        return f"Two blocks of yours take {len(kinds)} steps, not {len(wanted)}."
    if model.count_params() != 1300:
        return (
            f"Two blocks, of 4 px and 3 px kernels, have {model.count_params():,} "
            "weights.\nwhat must hold: kernel_size is used, each convolution has a bias"
        )
    pools = [op for op in _operations(model) if type(op).__name__ == "MaxPooling2D"]
    if any(tuple(op.pool_size) != (2, 2) for op in pools):
        return "The pooling's windows are not 2 x 2: they overlap, or leave px out."
    rates = {op.rate for op in _operations(model) if type(op).__name__ == "Dropout"}
    if rates != {0.4}:
        return f"The share dropped is {max(rates)}; the reference drops 0.4."
    return ""


CONV_BLOCK = Exercise(
    id="04.4",
    title="conv_block",
    stars=2,
    reference=conv_block,
    judge=_judge_conv_block,
    hints=(
        "Seven things happen in the diagram's block. Which of them are layers, and "
        "which can be an argument of one?",
        "Call each layer on what the one before returned; padding must keep the size, "
        "so that only the pooling halves it.",
        "x = layers.Something(...)(x), five times: two convolutions with an "
        "activation, a normalization between them, then pooling and dropout.",
    ),
    why=(
        "With a block as a function, four lines make the whole network.",
        "Each layer object holds its own weights, so each call of the function makes "
        "new ones.",
        "Nothing but the pooling changes height and width, which keeps every size "
        "predictable.",
    ),
    wrong_turn="Default padding: each 4 px kernel then takes 3 px away, and the third "
    "block has nothing left to look at.",
    mutants=(
        Mutant(
            "batch norm first",
            _block_with("conv norm relu conv relu pool dropout"),
            "wrong value",
            "Step 2",
        ),
        Mutant(
            "batch norm twice",
            _block_with("conv relu norm conv relu norm pool dropout"),
            "wrong value",
            "Step 6",
        ),
        Mutant("valid padding", _block_with(padding="valid"), "wrong value", "halves"),
        Mutant(
            "no pooling",
            _block_with("conv relu norm conv relu dropout"),
            "wrong value",
            "made (24, 20, 5)",
        ),
        Mutant("no bias", _block_with(use_bias=False), "wrong value", "has a bias"),
        Mutant("always 4 px", _block_always_4, "wrong value", "kernel_size is used"),
        Mutant("overlapping", _block_with_overlap, "wrong value", "not 2 x 2"),
        Mutant("drops half", _block_with(rate=0.5), "wrong value", "dropped is 0.5"),
        Mutant("fixed names", _block_named, "wrong value", "do not form a model"),
        Mutant("a layer handed on", _block_not_called, "raised", "call it on x"),
        Mutant(
            "a layer, not its output",
            _block_uncalled,
            "wrong type",
            "Got a Dropout",
        ),
    ),
    alternatives=(_block_with(), _block_with_operations, _block_as_sequential),
)
