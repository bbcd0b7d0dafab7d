"""Looks into an expression network that is built, and not yet trained.

In: a Keras model made of convolutions, batch norms, poolings and dense layers, such as
`build_fernet` returns, and a few faces. Out: page 03's `Layer` records, the length of
each convolution's gradient, and the share of each layer's dead channels. Notebook 04,
sections 3 and 6.
"""

import numpy as np

from fer_course.teaching.convolution import Layer


def layer_records(model):
    """Return a Keras model's layers as page 03's records, by layer name.

    Layers without weights and windows (rescaling, ReLU, dropout, softmax) are left out.

    Args:
        model: `keras.Model`, a chain of layers with square windows, padding "same" for
            convolutions and no overlap in poolings.

    Returns:
        Dictionary layer name -> `Layer`, in the model's order.
    """
    records = {}
    for layer in model.layers:
        kind = type(layer).__name__
        if kind == "Conv2D":
            records[layer.name] = Layer(
                "conv",
                layer.input.shape[-1],
                layer.filters,
                kernel=layer.kernel_size[0],
                stride=layer.strides[0],
                dilation=layer.dilation_rate[0],
                padding=layer.padding,
                bias=layer.use_bias,
            )
        elif kind == "BatchNormalization":
            channels = layer.input.shape[-1]
            records[layer.name] = Layer("batch_norm", channels, channels)
        elif kind == "MaxPooling2D":
            side, step = layer.pool_size[0], layer.strides[0]
            records[layer.name] = Layer("pool", kernel=side, stride=step)
        elif kind == "Dense":
            records[layer.name] = Layer("dense", layer.input.shape[-1], layer.units)
    return records


def gradient_lengths(model, faces, labels):
    """Return the length of the loss's gradient in each convolution's kernels.

    One step of plain SGD at rate 1 moves the weights by minus the gradient, so the
    distance moved is its length; this works on every back end of Keras. The model is
    compiled, and its weights are put back.

    Args:
        model: `keras.Model`, (N, 48, 48, 1) -> (N, 7) probabilities.
        faces: (N, 48, 48, 1) float32 in 0..255.
        labels: (N,) int class numbers.

    Returns:
        Dictionary layer name -> length, from input to output.
    """
    import keras

    start = model.get_weights()
    convolutions = [a for a in model.layers if type(a).__name__ == "Conv2D"]
    before = [np.asarray(layer.kernel) for layer in convolutions]
    model.compile(keras.optimizers.SGD(1.0), "sparse_categorical_crossentropy")
    model.train_on_batch(faces, labels)
    lengths = {
        layer.name: float(np.linalg.norm(old - np.asarray(layer.kernel)))
        for layer, old in zip(convolutions, before, strict=True)
    }
    model.set_weights(start)
    return lengths


def dead_channels(model, faces):
    """Return the share of channels that give 0 for every face, after each ReLU.

    Batch norm takes its numbers from these faces, as in training. The model's weights
    are put back.

    Args:
        model: `keras.Model` with ReLUs, as layers or as activations of convolutions.
        faces: (N, 48, 48, 1) float32 in 0..255.

    Returns:
        Dictionary layer name -> percent, from input to output.
    """
    import keras

    start = model.get_weights()
    rectified = [layer for layer in model.layers if _ends_in_relu(layer)]
    inside = keras.Model(model.input, [layer.output for layer in rectified])
    maps = inside(faces, training=True)
    model.set_weights(start)
    highest = [np.max(np.asarray(each), axis=(0, 1, 2)) for each in maps]
    return {
        layer.name: float(100 * np.mean(channels <= 0))
        for layer, channels in zip(rectified, highest, strict=True)
    }


def _ends_in_relu(layer):
    activation = getattr(layer, "activation", None)
    return type(layer).__name__ == "ReLU" or (
        type(layer).__name__ == "Conv2D" and activation.__name__ == "relu"
    )
