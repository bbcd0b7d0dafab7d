"""Fused batch normalization against Keras' own; settled averages against NumPy's."""

import keras
import numpy as np
import pytest

from fer_course.expression import batch_norm
from fer_course.expression.batch_norm import (
    FusedBatchNormalization,
    fuse_batch_norm,
    settle_averages,
)
from fer_course.expression.datasets import FaceSet
from fer_course.expression.fernet import COURSE_NETWORK, build_fernet

on_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="fused on TensorFlow only"
)
SMALL = {**COURSE_NETWORK, "filters": (4, 8), "dropout": 0.0, "head_dropout": 0.0}


def pair():
    """Keras' small network and its fused twin, with moved averages and scales."""
    keras.utils.set_random_seed(3)
    plain = build_fernet(**SMALL)
    rng = np.random.default_rng(0)
    plain.set_weights([w + rng.uniform(0, 0.2, w.shape) for w in plain.get_weights()])
    return plain, fuse_batch_norm(plain)


def faces(count=16):
    rng = np.random.default_rng(1)
    return rng.integers(0, 256, (count, 48, 48, 1)).astype(np.float32)


@on_tensorflow
def test_every_batch_norm_is_fused_and_nothing_else_changes():
    plain, fused = pair()
    kinds = [type(layer) for layer in fused.layers]
    assert kinds.count(FusedBatchNormalization) == 4
    assert [x.name for x in plain.layers] == [x.name for x in fused.layers]
    for a, b in zip(plain.get_weights(), fused.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@on_tensorflow
def test_serving_is_equal_to_the_bit():
    plain, fused = pair()
    np.testing.assert_array_equal(
        np.array(plain(faces())), np.array(fused(faces())), strict=True
    )


@on_tensorflow
def test_a_training_step_moves_weights_and_averages_alike():
    plain, fused = pair()
    targets = np.eye(7, dtype=np.float32)[np.arange(16) % 7]
    for model in (plain, fused):
        model.compile(keras.optimizers.SGD(0.05), "categorical_crossentropy")
        model.train_on_batch(faces(), targets)
    for a, b in zip(plain.variables, fused.variables, strict=True):
        # the variance's estimate is the unbiased one: 16·48·48 values and fewer
        np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-4, err_msg=a.path)


@on_tensorflow
def test_moving_variance_is_the_unbiased_one():
    layer = FusedBatchNormalization(momentum=0.0)
    inputs = np.random.default_rng(2).normal(3, 2, (2, 3, 3, 1)).astype(np.float32)
    outputs = np.array(layer(inputs, training=True))
    mean, variance = inputs.mean(), inputs.var()
    np.testing.assert_allclose(
        outputs, (inputs - mean) / np.sqrt(variance + layer.epsilon), atol=1e-5
    )
    np.testing.assert_allclose(layer.moving_mean, [mean], rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance, [variance * 18 / 17], rtol=1e-5)


@on_tensorflow
def test_in_bfloat16_the_statistics_stay_float32():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = fuse_batch_norm(build_fernet(**SMALL))
    finally:
        keras.config.set_dtype_policy("float32")
    model.compile("sgd", "categorical_crossentropy")
    model.train_on_batch(faces(), np.eye(7, dtype=np.float32)[np.arange(16) % 7])
    averages = [v for v in model.non_trainable_variables if "moving" in v.path]
    assert len(averages) == 8 and {v.dtype for v in averages} == {"float32"}


@on_tensorflow
def test_a_fused_network_survives_saving(tmp_path):
    _, fused = pair()
    fused.save(tmp_path / "last.keras")
    again = keras.models.load_model(tmp_path / "last.keras")
    assert sum(isinstance(x, FusedBatchNormalization) for x in again.layers) == 4
    np.testing.assert_array_equal(np.array(fused(faces())), np.array(again(faces())))


def face_set(count):
    pixels = faces(count)[..., 0].astype(np.uint8)
    targets = np.eye(7, dtype=np.float32)[np.arange(count) % 7]
    names = np.arange(count)
    return FaceSet(
        "noise", pixels, targets, np.full(count, "train"), names, names.astype(str), {}
    )


def by_block(model):
    """What enters the first batch norm of each of the two blocks, a function."""
    norms = [x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]
    return norms, keras.Model(model.input, [norms[0].input, norms[2].input])


def test_settled_averages_are_those_of_the_faces_served():
    """Dropout of a half in training; 20 faces are one batch, so the twin is exact."""
    keras.utils.set_random_seed(5)
    model = build_fernet(**{**SMALL, "dropout": 0.5})
    before = [np.array(w) for w in model.trainable_variables]
    known = face_set(20)
    settle_averages(model, known)
    for old, new in zip(before, model.trainable_variables, strict=True):
        np.testing.assert_array_equal(old, new)
    norms, entering = by_block(model)
    # served with its settled averages, the network sees just what they were made from
    values = entering.predict(known.pixels[..., None].astype(np.float32), verbose=0)
    for norm, value in zip((norms[0], norms[2]), values, strict=True):
        np.testing.assert_allclose(
            norm.moving_mean, value.mean((0, 1, 2)), rtol=1e-3, atol=1e-4
        )
        np.testing.assert_allclose(
            norm.moving_variance, value.var((0, 1, 2)), rtol=1e-3, atol=1e-4
        )
    assert model.get_layer(norms[0].name).momentum == 0.99  # and trains on as before


def test_every_batch_of_faces_weighs_the_same(monkeypatch):
    monkeypatch.setattr(batch_norm, "SETTLING_BATCH", 5)
    model = build_fernet(**SMALL)
    known = face_set(20)
    settle_averages(model, known)
    norms, entering = by_block(model)
    first, _ = entering.predict(known.pixels[..., None].astype(np.float32), verbose=0)
    np.testing.assert_allclose(norms[0].moving_mean, first.mean((0, 1, 2)), rtol=1e-4)
