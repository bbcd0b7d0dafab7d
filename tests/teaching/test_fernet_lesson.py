import keras
import numpy as np
import pytest

from fer_course.expression.fernet import COURSE_NETWORK, build_fernet
from fer_course.teaching import convolution
from fer_course.teaching.fernet_lesson import (
    dead_channels,
    gradient_lengths,
    layer_records,
)

THIN = {"filters": (3, 4), "kernel_size": 3, "dropout": 0, "head": "average"}


@pytest.fixture
def faces():
    return np.random.default_rng(0).uniform(0, 255, (5, 48, 48, 1)).astype("float32")


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="reference"),
        pytest.param({"filters": (2, 3, 4, 4, 5)}, id="five blocks"),
        pytest.param(COURSE_NETWORK, id="course, no biases"),
        pytest.param({**THIN, "batch_norm": "none", "dense": (9,)}, id="dense, no BN"),
    ],
)
def test_records_count_as_keras_counts(options):
    model = build_fernet(**options)
    records = layer_records(model)
    counts = convolution.count_parameters(records.values())
    assert sum(counts) == model.count_params()
    for name, count in zip(records, counts, strict=True):
        assert model.get_layer(name).count_params() == count


def test_records_give_the_references_work_and_field():
    records = list(layer_records(build_fernet()).values())
    assert sum(convolution.multiply_adds(records, 48)) == 832_863_744
    assert convolution.receptive_field(records) == 106


def test_lengths_are_those_of_the_gradient_by_differences(faces):
    model = build_fernet(**THIN, batch_norm="none")
    labels, step = np.array([0, 3, 6, 3, 1]), 0.02
    kernel = model.get_layer("block2b_conv").kernel
    start = np.asarray(kernel)

    def loss(changed):
        kernel.assign(changed)
        hit = np.asarray(model(faces))[np.arange(5), labels]
        return -np.log(hit).mean()

    slope = np.zeros_like(start)
    for place in np.ndindex(start.shape):
        shift = np.zeros_like(start)
        shift[place] = step
        slope[place] = (loss(start + shift) - loss(start - shift)) / (2 * step)
    kernel.assign(start)
    found = gradient_lengths(model, faces, labels)
    assert list(found) == [f"block{n}{w}_conv" for n in (1, 2) for w in "ab"]
    assert found["block2b_conv"] == pytest.approx(np.linalg.norm(slope), rel=0.02)


@pytest.mark.parametrize("norm", ["none", "before_relu", "after_first_relu"])
def test_a_look_inside_changes_no_weight(faces, norm):
    model = build_fernet(**THIN, batch_norm=norm)
    before = model.get_weights()
    gradient_lengths(model, faces, np.zeros(5, int))
    dead_channels(model, faces)
    assert all(map(np.array_equal, before, model.get_weights()))


@pytest.mark.parametrize("norm", ["none", "before_relu"])
def test_planted_dead_channels_are_counted(faces, norm):
    keras.utils.set_random_seed(0)
    model = build_fernet(**THIN, batch_norm=norm)
    shift = np.array([-1e6, 0, -1e6, 1e6], "float32")
    if norm == "none":
        model.get_layer("block2a_conv").bias.assign(shift)
    else:
        model.get_layer("block2a_bn").beta.assign(shift)
    found = dead_channels(model, faces)
    after = "conv" if norm == "none" else "relu"
    assert list(found) == [f"block{n}{w}_{after}" for n in (1, 2) for w in "ab"]
    assert found[f"block2a_{after}"] in (50.0, 75.0)  # channel 2 may be dead by itself
