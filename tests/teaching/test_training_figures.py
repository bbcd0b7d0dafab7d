import numpy as np
import pytest

from fer_course.expression.training import RangeTest
from fer_course.teaching.training_figures import (
    plot_maps,
    plot_pairing,
    plot_range_tests,
    smooth,
)


def test_smooth_by_hand():
    np.testing.assert_allclose(smooth([5, 1, 4, 2], half=1), [3, 4, 2, 3])
    assert smooth([2.0]).tolist() == [2.0]


def test_range_tests_share_a_panel_by_optimizer():
    rates = np.geomspace(1e-5, 1, 20)
    tests = {
        "SGD, 0 to 1": RangeTest(rates, np.full(20, 2.0)),
        "SGD, 0 to 255": RangeTest(rates[:9], np.full(9, 50.0)),
        "Adam, 0 to 1": RangeTest(rates, np.full(20, 1.5)),
    }
    figure = plot_range_tests(tests)
    assert [ax.get_title() for ax in figure.axes] == ["SGD", "Adam"]
    curves = [line.get_ydata() for line in figure.axes[0].lines]
    assert max(curves[1]) == 50
    assert figure.axes[0].get_yscale() == "log"
    assert figure.axes[0].get_legend_handles_labels()[1] == ["0 to 1", "0 to 255"]


def test_pairing_shows_every_face_and_the_narrower_interval():
    lead = {
        "faces": 100,
        "accuracy": 0.8,
        "rival_accuracy": 0.7,
        "only_ours": 20,
        "only_rivals": 10,
        "interval": [0.0, 0.2],
    }
    figure = plot_pairing(lead)
    strip, axis = figure.axes
    assert [bar.get_width() for bar in strip.patches] == [60, 20, 10, 10]
    assert "only one: 20" in figure.legends[0].get_texts()[1].get_text()
    bars = [[line.get_xdata() for line in item.lines[1]] for item in axis.containers]
    (far_low, far_high), (low, high) = ([x[0] for x in bar] for bar in bars)
    # of other faces: the variance is 0.16/100 + 0.21/100
    assert far_high - 10 == pytest.approx(196 * np.sqrt(0.0037))
    assert 10 - far_low == pytest.approx(196 * np.sqrt(0.0037))
    assert (low, high) == pytest.approx((0, 20))


def test_maps_with_negative_values_get_a_signed_scale():
    faces = np.zeros((2, 6, 8), np.uint8)
    positive, signed = np.ones((2, 6, 8)), np.linspace(-1, 3, 96).reshape(2, 6, 8)
    figure = plot_maps(faces, ["a", "b"], {"cam": positive, "covering": signed})
    pictures = [ax.images[0] for ax in figure.axes]
    assert len(pictures) == 6
    assert pictures[2].get_cmap().name == "cividis"
    assert pictures[5].get_cmap().name == "PuOr"
    assert pictures[5].get_clim() == (-3, 3)
