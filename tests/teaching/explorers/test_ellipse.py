"""Boxes around a leaning ellipse, by hand."""

import numpy as np
import pytest

from fer_course.teaching.explorers import ellipse


@pytest.mark.parametrize(
    "radii, angle_deg, expected",
    [
        pytest.param((20, 10), 0, (1, 1, 1 / 3), id="lying: all agree"),
        pytest.param((20, 10), 90, (1, 1 / 3, 1), id="upright: swapped axes are right"),
        pytest.param((10, 10), 45, (0.5, 1, 1), id="a circle: half is corners"),
    ],
)
def test_overlaps_by_hand(radii, angle_deg, expected):
    found = ellipse.overlaps(*radii, np.deg2rad(angle_deg))
    assert found == pytest.approx(expected, abs=1e-3)


def test_the_rectangle_leans_and_touches_the_ends_of_both_axes():
    corners = ellipse.rectangle_corners(4, 2, np.pi / 2)
    assert np.abs(corners).round(9).tolist() == [[2, 4]] * 4


def test_the_static_twin_says_what_its_titles_say():
    titles = [axes.get_title() for axes in ellipse.static().axes]
    said = [title.split("IoU ")[1] for title in titles]
    assert all(number in ellipse.STATIC_ALT for number in said), said
    told = ellipse.describe(72.5)
    assert told.endswith(
        "0.63, the box without the angle by 0.56, and the box with swapped axes by "
        "0.93."
    )


def test_the_figure_draws_all_four_boxes_and_their_overlaps():
    axes = ellipse.draw(72.5).axes[0]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert [label.split("IoU ")[-1] for label in labels[2:]] == ["0.63", "0.56", "0.93"]
    swapped = axes.lines[-1]
    assert np.ptp(swapped.get_xdata()) < np.ptp(swapped.get_ydata())
