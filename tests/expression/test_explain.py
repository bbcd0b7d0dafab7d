import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers

from fer_course.expression.explain import (
    control_correlations,
    grad_cam,
    occlusion_map,
    randomized_copy,
)
from fer_course.expression.fernet import build_fernet


def toy():
    """Two maps, the face itself and its negative; class k reads map k, twice.

    Grad-CAM by hand: slopes are 2 / (H W) along map k and 0 along the other, so
    the map is 2 / (H W) times the face, or 0 for class 1 on a positive face.
    """
    inputs = keras.Input((6, 8, 1))
    maps = layers.Conv2D(2, 1, use_bias=False, name="maps")(inputs)
    average = layers.GlobalAveragePooling2D()(maps)
    outputs = layers.Dense(2, name="logits")(average)
    model = keras.Model(inputs, layers.Softmax()(outputs))
    kernel, head = np.array([[[[1.0, -1.0]]]]), 2 * np.eye(2)
    model.set_weights([kernel, head, np.zeros(2)])
    return model


def spot(row, column):
    face = np.zeros((6, 8), np.float32)
    face[row, column] = 12
    return face


def test_grad_cam_of_a_network_worked_by_hand():
    face = spot(1, 6)
    cam = grad_cam(toy(), face, 0)
    assert cam.shape == (6, 8)
    assert cam.dtype == np.float32
    np.testing.assert_allclose(cam, 2 / 48 * face, rtol=1e-5)


def test_grad_cam_is_of_the_class_asked():
    assert grad_cam(toy(), spot(1, 6), 1).max() == 0
    assert grad_cam(toy(), -spot(1, 6), 1).argmax() == 1 * 8 + 6


def test_grad_cam_equals_difference_quotients():
    """Mean slope along each map by nudging that map as a whole."""
    keras.utils.set_random_seed(4)
    model = build_fernet((4, 6), kernel_size=3, head="average", dropout=0)
    face = np.random.default_rng(0).uniform(0, 255, (48, 48)).astype(np.float32)
    name = "block2b_conv"
    maps = keras.Model(model.inputs, model.get_layer(name).output)
    rest = keras.Model(model.get_layer(name).output, model.get_layer("logits").output)
    values = np.asarray(maps(face[None, ..., None]))
    step = 1e-2
    slopes = []
    for channel in range(values.shape[-1]):
        shift = np.zeros_like(values)
        shift[..., channel] = step
        up, down = (np.asarray(rest(values + sign * shift))[0, 2] for sign in (1, -1))
        slopes.append((up - down) / (2 * step) / values[0, ..., 0].size)
    expected = np.maximum((values[0] * slopes).sum(-1), 0)
    cam = grad_cam(model, face, 2, layer=name)
    assert cam.shape == (48, 48)
    # enlarged by two: the mean of each 2 x 2 block is close to the small map
    small = cam.reshape(24, 2, 24, 2).mean((1, 3))
    assert np.corrcoef(small.ravel(), expected.ravel())[0, 1] > 0.95
    assert cam.max() == pytest.approx(expected.max(), rel=0.2)


def test_default_layer_is_the_deepest_map_of_an_eighth():
    model = build_fernet((2, 2, 2, 2), kernel_size=3, batch_norm="before_relu")
    face = np.random.default_rng(0).integers(0, 256, (48, 48))
    by_name = grad_cam(model, face, 3, layer="block4b_relu")
    np.testing.assert_array_equal(grad_cam(model, face, 3), by_name)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param((np.zeros((48, 48)), 0), "takes \\(6, 8\\)", id="size"),
        pytest.param((np.zeros((6, 8)), 2), "0 to 1", id="class"),
        pytest.param((np.zeros((6, 8)), 0, "eyes"), "no layer 'eyes'", id="name"),
        pytest.param((np.zeros((6, 8)), 0, "logits"), "layer with maps", id="flat"),
    ],
)
def test_refuses_in_words(arguments, message):
    with pytest.raises(ValueError, match=message):
        grad_cam(toy(), *arguments)


def test_occlusion_marks_the_place_that_matters():
    # a face brighter than its mean in one place only: covering it lowers class 0
    found = occlusion_map(toy(), spot(1, 6), 0, patch=2, stride=1)
    assert found.shape == (6, 8)
    assert found[1, 6] == found.max() > 0
    assert found[4, 1] <= 0  # covering black with grey raises class 0
    np.testing.assert_allclose(
        occlusion_map(toy(), spot(1, 6), 1, patch=2, stride=1), -found, atol=1e-6
    )


def test_occlusion_covers_every_pixel():
    assert np.isfinite(occlusion_map(toy(), spot(0, 0), 0, patch=4, stride=3)).all()
    with pytest.raises(ValueError, match="must fit"):
        occlusion_map(toy(), spot(0, 0), 0, patch=7)
    with pytest.raises(ValueError, match="no pixel is left out"):
        occlusion_map(toy(), spot(0, 0), 0, patch=2, stride=3)


def test_randomized_copy_keeps_the_numbers_and_forgets_their_order():
    model = build_fernet((4, 6), kernel_size=3)
    before = [weight.copy() for weight in model.get_weights()]
    copy = randomized_copy(model, seed=1)
    for old, now, new in zip(
        before, model.get_weights(), copy.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(old, now)
        np.testing.assert_array_equal(np.sort(old.ravel()), np.sort(new.ravel()))
        assert old.ndim < 2 or not np.array_equal(old, new)
    again = randomized_copy(model, seed=1).get_weights()
    for new, same in zip(copy.get_weights(), again, strict=True):
        np.testing.assert_array_equal(new, same)


def test_maps_are_correlated_with_the_controls_where_neither_is_empty():
    """The toy's map of class 0 is the face; its control reads the negative."""
    faces, classes = np.stack([spot(1, 6), spot(2, 2), spot(4, 1)]), [0, 0, 1]
    same = control_correlations(toy(), toy(), faces, classes)
    np.testing.assert_allclose(same, [1, 1])  # class 1's maps are empty
    control = toy()
    kernel, head, bias = control.get_weights()
    control.set_weights([kernel[..., ::-1], head, bias])
    assert control_correlations(toy(), control, faces, classes).shape == (0,)


@pytest.mark.slow
def test_grad_cam_on_torch():
    code = "import test_explain as t; t.test_grad_cam_of_a_network_worked_by_hand()"
    environment = {
        **os.environ,
        "KERAS_BACKEND": "torch",
        "PYTHONPATH": os.pathsep.join(
            [os.path.dirname(__file__), *[p for p in sys.path if p], os.getcwd()]
        ),
    }
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
