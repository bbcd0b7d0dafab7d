"""Convolution against a slow loop, torch, Keras and central differences."""

import numpy as np
import pytest

from fer_course.teaching.convolution import (
    Layer,
    conv_out_size,
    corr2d,
    corr2d_backward,
    count_parameters,
    gradient_check,
    max_pool2d,
    max_pool2d_backward,
    measure_field,
    multiply_adds,
    numeric_gradient,
    receptive_field,
)

SETTINGS = [
    pytest.param(1, 0, id="plain"),
    pytest.param(2, 0, id="stride 2"),
    pytest.param(1, 1, id="padding 1"),
    pytest.param(3, 2, id="stride 3, padding 2"),
]


def _slow(image, kernel, stride=1):
    kh, kw = kernel.shape
    rows = range(0, image.shape[0] - kh + 1, stride)
    columns = range(0, image.shape[1] - kw + 1, stride)
    return np.array(
        [
            [(image[i : i + kh, j : j + kw] * kernel).sum() for j in columns]
            for i in rows
        ]
    )


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("hw", [(5, 8), (3, 2), (7, 7)])
def test_corr2d_agrees_with_the_loop(rng, hw, stride):
    image, kernel = rng.normal(size=hw), rng.normal(size=(3, 2))
    np.testing.assert_allclose(
        corr2d(image, kernel, stride), _slow(image, kernel, stride), rtol=1e-12
    )


def test_corr2d_does_not_flip():
    image = np.zeros((3, 4))
    image[1, 1] = 1
    kernel = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert corr2d(image, kernel)[:2, :2].tolist() == [[4, 3], [2, 1]]


@pytest.mark.parametrize(("stride", "padding"), SETTINGS)
def test_forward_and_backward_agree_with_torch(rng, stride, padding):
    torch = pytest.importorskip("torch")
    x = rng.normal(size=(2, 3, 9, 7))
    k = rng.normal(size=(4, 3, 3, 2))
    tx = torch.tensor(x, requires_grad=True)
    tk = torch.tensor(k, requires_grad=True)
    ty = torch.nn.functional.conv2d(tx, tk, stride=stride, padding=padding)
    y = corr2d(x, k, stride, padding)
    np.testing.assert_allclose(y, ty.detach().numpy(), rtol=1e-10)
    g = rng.normal(size=y.shape)
    ty.backward(torch.tensor(g))
    dx, dk = corr2d_backward(x, k, g, stride, padding)
    np.testing.assert_allclose(dx, tx.grad.numpy(), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(dk, tk.grad.numpy(), rtol=1e-10)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("taps", [2, 3, 4])
def test_same_padding_agrees_with_keras(rng, stride, taps):
    keras = pytest.importorskip("keras")
    x, k = rng.normal(size=(2, 8, 11)), rng.normal(size=(3, 2, taps, taps))
    theirs = keras.ops.conv(
        x.transpose(1, 2, 0)[None].astype("float32"),
        k.transpose(2, 3, 1, 0).astype("float32"),
        strides=stride,
        padding="same",
        data_format="channels_last",
    )
    ours = corr2d(x, k, stride, "same").transpose(1, 2, 0)
    np.testing.assert_allclose(ours, np.asarray(theirs)[0], atol=1e-4)


def test_ranks_go_in_and_come_out(rng):
    k = rng.normal(size=(4, 2, 3, 3))
    x = rng.normal(size=(5, 2, 6, 7))
    batch = corr2d(x, k)
    assert batch.shape == (5, 4, 4, 5)
    np.testing.assert_allclose(corr2d(x[3], k), batch[3])
    assert corr2d(x[0, 0], k[0, 0]).shape == (4, 5)
    assert corr2d(x[:0], k).shape == (0, 4, 4, 5)
    for image, kernel in ((x[3], k), (x[0, 0], k[0, 0])):
        dx, dk = corr2d_backward(image, kernel, corr2d(image, kernel))
        assert dx.shape == image.shape and dk.shape == kernel.shape


@pytest.mark.parametrize(
    ("image", "kernel", "words"),
    [
        pytest.param((4, 5), (1, 1, 2, 2), "does not go with", id="ranks"),
        pytest.param((3, 4, 5), (2, 1, 2, 2), "3 channels", id="channels"),
        pytest.param((4, 5), (5, 2), "does not fit", id="kernel too tall"),
    ],
)
def test_corr2d_says_what_does_not_fit(image, kernel, words):
    with pytest.raises(ValueError, match=words):
        corr2d(np.zeros(image), np.zeros(kernel))


def test_backward_wants_a_gradient_shaped_like_the_output():
    with pytest.raises(ValueError, match=r"\(3, 4\)"):
        corr2d_backward(np.zeros((4, 5)), np.zeros((2, 2)), np.zeros((4, 5)))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param((48, 3), 46, id="valid"),
        pytest.param((48, 3, 2, 1), 24, id="stride 2, padding 1"),
        pytest.param((48, 3, 2, "same"), 24, id="same"),
        pytest.param((7, 3, 2, "same"), 4, id="same, odd"),
        pytest.param((48, 3, 1, "valid", 4), 40, id="dilation"),
        pytest.param((5, 5), 1, id="exactly one"),
        pytest.param((1, 1), 1, id="one pixel"),
    ],
)
def test_conv_out_size(arguments, expected):
    assert conv_out_size(*arguments) == expected


def test_conv_out_size_refuses_a_window_that_does_not_fit():
    with pytest.raises(ValueError, match="9 px does not fit into 8 px"):
        conv_out_size(8, 5, dilation=2)


@pytest.mark.parametrize(("size", "stride"), [(2, None), (3, 2), (2, 1)])
def test_max_pool_agrees_with_torch(rng, size, stride):
    torch = pytest.importorskip("torch")
    x = rng.normal(size=(2, 3, 7, 8))
    tx = torch.tensor(x, requires_grad=True)
    ty = torch.nn.functional.max_pool2d(tx, size, stride)
    y = max_pool2d(x, size, stride)
    assert (y == ty.detach().numpy()).all()
    g = rng.normal(size=y.shape)
    ty.backward(torch.tensor(g))
    np.testing.assert_allclose(max_pool2d_backward(x, g, size, stride), tx.grad.numpy())


def test_pooled_gradient_goes_to_the_first_of_equals():
    assert max_pool2d_backward(np.ones((2, 2)), np.array([[5.0]])).tolist() == [
        [5, 0],
        [0, 0],
    ]


def test_counts_agree_with_keras():
    keras = pytest.importorskip("keras")
    layers = [
        Layer("conv", 2, 8, kernel=3, padding="same"),
        Layer("batch_norm", 8, 8),
        Layer("conv", 8, 4, kernel=5, stride=2, groups=2, bias=False),
        Layer("pool", 4, 4, kernel=2, stride=2),
        Layer("dense", 4 * 5 * 5, 10),
    ]
    model = keras.Sequential(
        [
            keras.Input((24, 24, 2)),
            keras.layers.Conv2D(8, 3, padding="same"),
            keras.layers.BatchNormalization(),
            keras.layers.Conv2D(4, 5, strides=2, groups=2, use_bias=False),
            keras.layers.MaxPooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dense(10),
        ]
    )
    theirs = [a.count_params() for a in model.layers if "flatten" not in a.name]
    assert count_parameters(layers) == theirs
    assert multiply_adds(layers, 24) == [
        24 * 24 * 8 * 2 * 9,
        0,
        10 * 10 * 4 * 4 * 25,
        0,
        1000,
    ]


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        pytest.param([], 1, id="no layer"),
        pytest.param([Layer("conv", kernel=3)] * 3, 7, id="three 3x3"),
        pytest.param(
            [
                Layer("conv", kernel=3),
                Layer("conv", kernel=3, stride=2),
                Layer("conv", kernel=3),
            ],
            9,
            id="one with stride 2",
        ),
        pytest.param([Layer("conv", kernel=3, dilation=4)], 9, id="dilation"),
        pytest.param(
            [Layer("pool", kernel=2, stride=2), Layer("conv", kernel=3)], 6, id="pool"
        ),
    ],
)
def test_receptive_field_equals_the_measured_one(layers, expected):
    assert receptive_field(layers) == expected
    influence = measure_field(layers)
    assert influence.shape == (expected, expected)
    assert influence[0].any() and influence[-1].any() and influence[:, 0].any()


def test_dilation_leaves_gaps_in_the_field():
    assert (measure_field([Layer("conv", kernel=2, dilation=5)]) > 0).sum() == 4


def test_gradient_check_tells_right_from_wrong(rng):
    x, k = rng.normal(size=(5, 6)), rng.normal(size=(3, 2))
    weights = rng.normal(size=(4, 5))[:3, :5]

    def loss(image):
        return (weights * corr2d(image, k)).sum()

    dx, _ = corr2d_backward(x, k, weights)
    assert gradient_check(loss, x, dx) < 1e-9
    assert gradient_check(loss, x, dx[::-1]) > 0.1
    assert gradient_check(lambda x: 0.0 * x.sum(), x, 0 * x) == 0


def test_numeric_gradient_stays_in_the_dtype_of_x():
    x = np.array([1.0, 2.0], np.float32)
    assert numeric_gradient(lambda x: (x**2).sum(), x, 1e-2).dtype == np.float32
