import numpy as np
import pytest

keras = pytest.importorskip("keras")

from fer_course.expression.fernet import COURSE_NETWORK, build_fernet  # noqa: E402

# kind, output height and width, channels, parameters: FERNET.md's table, which was
# worked out by hand (4*4*in*out + out for a convolution, 4*out for a batch norm)
REFERENCE = [
    ("Conv2D", 48, 64, 1_088),
    ("BatchNormalization", 48, 64, 256),
    ("Conv2D", 48, 64, 65_600),
    ("MaxPooling2D", 24, 64, 0),
    ("Dropout", 24, 64, 0),
    ("Conv2D", 24, 128, 131_200),
    ("BatchNormalization", 24, 128, 512),
    ("Conv2D", 24, 128, 262_272),
    ("MaxPooling2D", 12, 128, 0),
    ("Dropout", 12, 128, 0),
    ("Conv2D", 12, 256, 524_544),
    ("BatchNormalization", 12, 256, 1_024),
    ("Conv2D", 12, 256, 1_048_832),
    ("MaxPooling2D", 6, 256, 0),
    ("Dropout", 6, 256, 0),
]
REFERENCE_END = [
    ("Conv2D", 6, 512, 2_097_664),
    ("BatchNormalization", 6, 512, 2_048),
    ("Conv2D", 6, 512, 4_194_816),
    ("MaxPooling2D", 3, 512, 0),
    ("Dropout", 3, 512, 0),
]
PAPER_END = [
    ("Conv2D", 6, 256, 1_048_832),
    ("BatchNormalization", 6, 256, 1_024),
    ("Conv2D", 6, 256, 1_048_832),
    ("MaxPooling2D", 3, 256, 0),
    ("Dropout", 3, 256, 0),
    ("Conv2D", 3, 512, 2_097_664),
    ("BatchNormalization", 3, 512, 2_048),
    ("Conv2D", 3, 512, 4_194_816),
    ("MaxPooling2D", 1, 512, 0),
    ("Dropout", 1, 512, 0),
]


def table(model):
    kinds = ("Conv2D", "BatchNormalization", "MaxPooling2D", "Dropout")
    rows = []
    for layer in model.layers:
        if type(layer).__name__ in kinds:
            _, height, width, channels = layer.output.shape
            assert height == width
            rows.append((type(layer).__name__, height, channels, layer.count_params()))
    return rows


@pytest.mark.parametrize(
    ("filters", "expected", "flat", "total", "trainable"),
    [
        pytest.param(
            (64, 128, 256, 512),
            REFERENCE + REFERENCE_END,
            4608,
            8_362_119,
            8_360_199,
            id="reference",
        ),
        pytest.param(
            (64, 128, 256, 256, 512),
            REFERENCE + PAPER_END,
            512,
            10_432_135,
            10_429_703,
            id="paper",
        ),
    ],
)
def test_the_published_networks_layer_by_layer(
    filters, expected, flat, total, trainable
):
    model = build_fernet(filters=filters)
    assert table(model) == expected
    assert model.get_layer("flatten").output.shape == (None, flat)
    assert model.get_layer("logits").count_params() == flat * 7 + 7
    assert model.count_params() == total
    weights = sum(int(np.prod(w.shape)) for w in model.trainable_variables)
    assert weights == trainable
    for block in range(1, len(filters) + 1):
        assert model.get_layer(f"block{block}_dropout").rate == 0.4


def test_the_course_network_normalizes_before_every_relu():
    model = build_fernet(**COURSE_NETWORK)
    names = [layer.name for layer in model.layers]
    for block in range(1, len(COURSE_NETWORK["filters"]) + 1):
        for which in "ab":
            start = names.index(f"block{block}{which}_conv")
            assert names[start + 1 : start + 3] == [
                f"block{block}{which}_bn",
                f"block{block}{which}_relu",
            ]
            assert not model.get_layer(f"block{block}{which}_conv").use_bias
    assert "average" in names
    assert "flatten" not in names


def test_probabilities_from_bytes_between_0_and_255():
    model = build_fernet((4, 4), kernel_size=3)
    faces = np.random.default_rng(0).integers(0, 256, (3, 48, 48, 1)).astype("float32")
    probabilities = np.asarray(model(faces))
    assert probabilities.shape == (3, 7)
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-6)
    assert model.layers[1].name == "rescaling"
    np.testing.assert_allclose(
        np.asarray(model.layers[1](faces)), faces / 255, rtol=1e-6
    )


def test_temperature_softens_without_changing_the_order():
    sharp = build_fernet((4, 4), kernel_size=3)
    soft = build_fernet((4, 4), kernel_size=3, temperature=2.0)
    soft.set_weights(sharp.get_weights())
    faces = np.random.default_rng(0).integers(0, 256, (9, 48, 48, 1)).astype("float32")
    p, q = np.asarray(sharp(faces)), np.asarray(soft(faces))
    expected = np.sqrt(p) / np.sqrt(p).sum(1, keepdims=True)
    np.testing.assert_allclose(q, expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param({"batch_norm": "after"}, "before_relu", id="batch norm"),
        pytest.param({"head": "max"}, "average", id="head"),
        pytest.param({"filters": (4,) * 6}, "at most 5", id="too many blocks"),
    ],
)
def test_wrong_arguments_are_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        build_fernet(**arguments)
