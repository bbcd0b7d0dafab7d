"""The areas of two boxes, by hand, and the figures that show them."""

import numpy as np
import pytest

from fer_course.teaching.explorers import iou


@pytest.mark.parametrize(
    "first, second, expected",
    [
        pytest.param((0, 0, 4, 2), (2, 0, 6, 2), (4, 12, 1 / 3), id="half shared"),
        pytest.param((0, 0, 4, 2), (4, 0, 6, 2), (0, 12, 0), id="touching"),
        pytest.param((0, 0, 4, 4), (1, 1, 3, 3), (4, 16, 0.25), id="nested"),
        pytest.param((0, 0, 4, 2), (0, 0, 4, 2), (8, 8, 1), id="equal"),
        pytest.param((0, 0, 4, 2), (1, 1, 1, 2), (0, 8, 0), id="no area"),
    ],
)
def test_areas_by_hand(first, second, expected):
    assert iou.areas(first, second) == pytest.approx(expected)


def test_two_boxes_without_area_do_not_divide_by_zero():
    assert iou.areas((1, 1, 1, 1), (2, 2, 2, 2)) == (0, 0, 0)


def test_the_figure_and_its_words_tell_the_same_number():
    figure = iou.draw(*iou.CASES["inside"])
    assert figure.axes[0].get_title().endswith("= 0.25")
    assert iou.describe(*iou.CASES["inside"]).endswith("IoU 0.25.")


def test_the_alt_text_of_the_static_twin_is_true():
    values = [iou.areas(*pair)[2] for pair in iou.CASES.values()]
    said = [0.0, 0.5, 0.25, 0.23]
    assert np.allclose(values, said, atol=0.005)
    assert all(f"{value:.2f}" in iou.STATIC_ALT for value in said)
