"""Typed kernels, and a map that is the course's own correlation."""

import numpy as np
import pytest

from fer_course.teaching.convolution import corr2d
from fer_course.teaching.explorers import convolution
from fer_course.teaching.explorers.live import InputMistake


@pytest.mark.parametrize("text", convolution.KERNELS.values(), ids=convolution.KERNELS)
def test_the_offered_kernels_can_be_read(text):
    assert convolution.parse_kernel(text).shape == (3, 3)


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param("1 2; 3 4", [[1, 2], [3, 4]], id="spaces"),
        pytest.param("1,2 ; 3,4;", [[1, 2], [3, 4]], id="commas, last semicolon"),
        pytest.param("1/4 -1/2 .5", [[0.25, -0.5, 0.5]], id="one row, fractions"),
    ],
)
def test_typed_kernels(text, expected):
    assert convolution.parse_kernel(text).tolist() == expected


@pytest.mark.parametrize(
    "text, sentence",
    [
        pytest.param("1 2; 3", "differ in length", id="ragged"),
        pytest.param("", "differ in length", id="empty"),
        pytest.param("1 x", "'x' is not a number", id="a letter"),
        pytest.param("1/0", "'1/0' is not a number", id="division by zero"),
        pytest.param("nan 1", "'nan' cannot be drawn", id="no number"),
        pytest.param("1 -1e400", "'-1e400' cannot be drawn", id="without end"),
        pytest.param("1e308 1", "'1e308' cannot be drawn", id="too large"),
        pytest.param("1 " * 8, "larger than 7 by 7", id="too wide"),
    ],
)
def test_slips_get_a_sentence(text, sentence):
    with pytest.raises(InputMistake, match=sentence):
        convolution.parse_kernel(text)


def test_the_map_grows_row_by_row_with_the_values_of_corr2d():
    image = np.arange(20.0).reshape(4, 5) / 20
    kernel = convolution.parse_kernel("1 0; 0 -2")
    full = corr2d(image, kernel)
    drawn = convolution.draw(image, kernel, 5).axes[2].images[0].get_array()
    shown = np.ma.filled(drawn.astype(float), np.nan)
    assert shown.shape == full.shape == (3, 4)
    assert np.array_equal(shown.ravel()[:5], full.ravel()[:5])
    assert np.isnan(shown.ravel()[5:]).all()


def test_the_words_name_the_newest_value():
    image, kernel = np.eye(3), np.ones((2, 2))
    assert "= 2.00, written to row 0, column 0" in convolution.describe(
        image, kernel, 1
    )
    assert "Nothing" in convolution.describe(image, kernel, 0)
    assert "Step 4 of 4" in convolution.describe(image, kernel, 99)
