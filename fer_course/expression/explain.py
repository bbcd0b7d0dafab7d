"""Where does the network look? Grad-CAM, occlusion, and the control for both.

In: a Keras network, one face, one class. Out: a map of the face's size. A map is
evidence only if it changes when the weights are shuffled (`randomized_copy`) and if
covering what it marks changes the answer (`occlusion_map`). Notebook 05, section 7.
"""

import cv2
import keras
import numpy as np

# Grad-CAM's default layer: the deepest map of at least this share of the face's side
_COARSEST = 1 / 8


def grad_cam(model, image, class_index, layer=None):
    """Return which places speak for a class, seen through a layer's maps.

    Selvaraju et al. 2017: each map of the layer is weighted with the mean slope of
    the class's logit along it; the sum's positive part is enlarged to the face.

    Args:
        model: Keras model, (N, H, W, 1) -> (N, K).
        image: (H, W) or (H, W, 1), 0..255.
        class_index: 0 to K - 1.
        layer: name of the layer; None takes the deepest whose map is at least an
            eighth of the face's side (6 x 6 for 48 px).

    Returns:
        (H, W) float32, at least 0, not scaled: maps of two classes can be compared.

    Raises:
        ValueError: no such class or layer, or the layer has no map.
    """
    batch = _as_batch(model, image, class_index)
    name = layer or _default_layer(model)
    maps, score = _maps_and_score(model, name)
    values = keras.ops.convert_to_numpy(maps(batch))
    slopes = _gradient(lambda x: score(x)[0, class_index], values)
    weighted = (slopes.mean((1, 2), keepdims=True) * values).sum(-1)[0]
    height, width = batch.shape[1:3]
    cam = np.maximum(weighted, 0).astype(np.float32)
    cam = cv2.resize(cam, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.maximum(cam, 0)


def occlusion_map(model, image, class_index, patch=12, stride=4):
    """Return how much the class's probability falls where the face is covered.

    A gray square of the face's mean is put on every place in turn; a pixel gets the
    mean fall of all squares that cover it (after Zeiler and Fergus 2014).

    Args:
        model: Keras model, (N, H, W, 1) -> (N, K) probabilities.
        image: (H, W) or (H, W, 1), 0..255.
        class_index: 0 to K - 1.
        patch: side of the square, px.
        stride: step between squares, px.

    Returns:
        (H, W) float32; below 0 where covering raises the probability.
    """
    batch = _as_batch(model, image, class_index)
    height, width = batch.shape[1:3]
    if not 1 <= patch <= min(height, width) or not 1 <= stride <= patch:
        raise ValueError(
            f"patch is {patch} px and stride {stride} px: the patch must fit a face of "
            f"{height} x {width} px, the stride be 1 to {patch}, so that no pixel is "
            "left out."
        )
    corners = [
        (top, left)
        for top in _starts(height, patch, stride)
        for left in _starts(width, patch, stride)
    ]
    covered = np.repeat(batch, len(corners) + 1, axis=0)
    for face, (top, left) in zip(covered[1:], corners, strict=True):
        face[top : top + patch, left : left + patch] = batch.mean()
    scores = model.predict(covered, batch_size=64, verbose=0)[:, class_index]
    fall, times = np.zeros((2, height, width), np.float32)
    for (top, left), score in zip(corners, scores[1:], strict=True):
        place = slice(top, top + patch), slice(left, left + patch)
        fall[place] += scores[0] - score
        times[place] += 1
    return fall / times


def randomized_copy(model, seed):
    """Return a copy whose kernels hold the same numbers in random order.

    It has learned nothing, yet its layers work with numbers of the same size. A map
    that looks the same for both shows the face, not what the network learned
    (Adebayo et al. 2018).

    Args:
        model: Keras model; it stays as it is.
        seed: of the order.
    """
    rng = np.random.default_rng(seed)
    copy = keras.models.clone_model(model)
    copy.set_weights(
        [
            rng.permutation(weight.ravel()).reshape(weight.shape)
            if weight.ndim > 1
            else weight
            for weight in model.get_weights()
        ]
    )
    return copy


def control_correlations(model, control, faces, classes):
    """Return how alike two networks' Grad-CAMs are, face by face.

    Near 1 with a control that has learned nothing (`randomized_copy`), the maps do not
    tell what the model learned (Adebayo et al. 2018).

    Args:
        model: Keras model, (N, H, W, 1) -> (N, K).
        control: another of the same form.
        faces: (N, H, W), 0..255.
        classes: (N,) int, which class each face's maps are of.

    Returns:
        (M,) Pearson's correlations, of the M faces with neither map empty.
    """
    found = []
    for face, k in zip(faces, classes, strict=True):
        first, second = (grad_cam(net, face, k).ravel() for net in (model, control))
        if first.std() and second.std():
            found.append(np.corrcoef(first, second)[0, 1])
    return np.array(found)


def _as_batch(model, image, class_index):
    """Return a face as a batch of one, (1, H, W, 1) float32."""
    height, width = model.input_shape[1:3]
    image = np.asarray(image, np.float32)
    if image.shape not in ((height, width), (height, width, 1)):
        raise ValueError(
            f"The face has the shape {image.shape}; the network takes ({height}, "
            f"{width}): one face, from face_to_gray."
        )
    classes = model.output_shape[-1]
    if not 0 <= class_index < classes:
        raise ValueError(f"Class {class_index} is not one of 0 to {classes - 1}.")
    return image.reshape(1, height, width, 1)


def _default_layer(model):
    least = model.input_shape[1] * _COARSEST
    for layer in reversed(model.layers):
        shape = layer.output.shape
        if len(shape) == 4 and shape[1] >= least:
            return layer.name
    raise ValueError("The network has no layer with maps: Grad-CAM needs one.")


def _maps_and_score(model, name):
    """Return the network up to a layer, and from there to the logits."""
    names = [layer.name for layer in model.layers]
    if name not in names:
        raise ValueError(
            f"There is no layer {name!r}; there are {', '.join(names[1:])}."
        )
    layer = model.get_layer(name)
    if len(layer.output.shape) != 4:
        raise ValueError(
            f"{name} gives the shape {layer.output.shape}: Grad-CAM needs a layer with "
            "maps (N, H, W, C)."
        )
    # before the softmax: its slope would mix in all other classes
    logits = model.get_layer("logits").output if "logits" in names else model.output
    return keras.Model(model.input, layer.output), keras.Model(layer.output, logits)


def _gradient(function, values):
    """Return the slope of a number along an array, with the back end's means."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        x = tf.Variable(values)
        with tf.GradientTape() as tape:
            y = function(x)
        return tape.gradient(y, x).numpy()
    if backend == "torch":
        x = keras.ops.convert_to_tensor(values).requires_grad_(True)
        function(x).backward()
        return keras.ops.convert_to_numpy(x.grad)
    import jax

    return np.asarray(jax.grad(function)(values))


def _starts(length, patch, stride):
    """Where squares begin so that the first and the last touch the edges."""
    return sorted({*range(0, length - patch, stride), length - patch})
