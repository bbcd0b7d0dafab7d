"""The stroke pictures: where the ink lies, what the kinds mean, how kernels print."""

import numpy as np
import pytest

from fer_course.teaching.strokes import (
    LENGTH,
    SIZE,
    STROKES,
    draw_strokes,
    plot_kernels,
)


@pytest.fixture(scope="module")
def drawn():
    return draw_strokes(60, seed=3)


def test_shapes_and_kinds(drawn):
    pictures, kinds = drawn
    assert pictures.shape == (60, 1, SIZE, SIZE)
    assert set(kinds.tolist()) == set(range(len(STROKES)))


@pytest.mark.parametrize(
    ("stroke", "height", "width"),
    [("upright", LENGTH, 1), ("level", 1, LENGTH), ("slanting", LENGTH, LENGTH)],
)
def test_the_ink_has_the_shape_that_the_kind_names(drawn, stroke, height, width):
    pictures, kinds = drawn
    for picture in pictures[kinds == STROKES.index(stroke), 0]:
        brightest = np.argsort(picture.ravel())[-LENGTH:]
        rows, columns = np.unravel_index(np.sort(brightest), picture.shape)
        assert np.ptp(rows) + 1 == height and np.ptp(columns) + 1 == width
        if stroke == "slanting":  # falls to the right
            assert (np.diff(rows) == 1).all() and (np.diff(columns) == 1).all()


def test_places_differ_and_the_seed_repeats_them(drawn):
    pictures, kinds = drawn
    again = draw_strokes(60, seed=3)
    assert (again[0] == pictures).all() and (again[1] == kinds).all()
    uprights = pictures[kinds == 0, 0]
    assert len({int(picture.sum(0).argmax()) for picture in uprights}) > 3


def test_no_picture_is_a_normal_case():
    pictures, kinds = draw_strokes(0, seed=1)
    assert pictures.shape == (0, 1, SIZE, SIZE) and kinds.shape == (0,)


def test_small_kernels_carry_their_weights_and_large_ones_their_sign():
    small = plot_kernels([np.array([[-2.0, 0.5, -0.01]]), np.eye(3)], ["a", "b"])
    assert [t.get_text() for t in small.axes[0].texts] == ["-2.0", "0.5", "0.0"]
    large = np.ones((5, 5))
    large[1, 2], large[0, 0] = -1, -0.01
    figure = plot_kernels([large, large], ["c", "d"])
    assert [t.get_text() for t in figure.axes[1].texts] == ["−"]
    assert figure.axes[1].texts[0].get_position() == (2, 1)
