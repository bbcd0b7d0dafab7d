import numpy as np
import pytest
from matplotlib.colors import to_rgba

from fer_course.expression.fernet import build_fernet
from fer_course.teaching import fernet_figures as figures
from fer_course.teaching.figure_style import MAX_HEIGHT_IN

THIN = {"kernel_size": 3, "dropout": 0}


@pytest.fixture(scope="module")
def networks():
    return {
        "three blocks": build_fernet((2, 3, 5), **THIN),
        "two blocks": build_fernet((4, 6), head="average", **THIN),
    }


def texts(axis):
    return [text.get_text() for text in axis.texts]


def test_the_difference_is_signed_and_shares_its_limit_both_ways():
    first, second = np.full((6, 8), 200, np.uint8), np.full((6, 8), 230, np.uint8)
    figure = figures.plot_difference(("a", first), ("b", second), [("c", first)])
    difference = figure.axes[3].images[0]
    assert (difference.get_array() == -30).all()  # not 226, as uint8 would have it
    assert difference.get_clim() == (-60, 60)
    assert [axis.get_title() for axis in figure.axes[:3]] == ["a", "b", "c"]


def test_slabs_are_as_high_as_the_maps_before_pooling(networks):
    figure = figures.plot_slabs(networks)
    heights = [patch.get_height() for patch in figure.axes[0].patches]
    assert heights == [48, 48, 24, 12]
    assert texts(figure.axes[1]) == ["48×48×1", "48×48×4", "24×24×6", "→ 7"]
    model = networks["two blocks"]
    assert f"{model.count_params():,}" in figure.axes[1].get_title(loc="left")


def test_weights_by_block_sum_to_keras_own_count(networks):
    blocks, after = figures.block_weights(networks["three blocks"])
    assert len(blocks) == 3
    assert blocks[0] == (9 * 2 + 2) + 4 * 2 + (9 * 2 * 2 + 2)
    assert after == 7 * (6 * 6 * 5 + 1)
    assert sum(blocks) + after == networks["three blocks"].count_params()


def test_the_head_can_be_seen_however_few_its_weights(networks):
    model = build_fernet((2, 2, 2, 2, 2), **THIN)
    axis = figures.plot_weights({"thin": model}).axes[0]
    orange = to_rgba("#D55E00")
    stripes = [bar for bar in axis.patches if bar.get_facecolor() == orange]
    assert len(stripes) == 1
    assert 0.01 < stripes[0].get_width() / axis.dataLim.width < 0.05
    axis = figures.plot_weights(networks).axes[0]
    assert any(text.startswith("49 (") for text in texts(axis))  # 7 (6 + 1)


def test_rivals_stand_in_the_order_of_their_weights():
    networks = {"B": (84, 65.0), "FERNet": (2.3, 69.57), "A": (0.93, 65.77)}
    figure = figures.plot_rivals(networks, 1.5)
    labels = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert labels == ["A: 0.93 M", "FERNet: 2.3 M", "B: 84 M"]
    bars = [container[0] for container in figure.axes[0].containers]
    assert [bar.get_marker() for bar in bars] == ["o", "s", "o"]
    assert figure.get_figheight() <= MAX_HEIGHT_IN


def test_modes_are_beside_the_loss_of_an_even_guess():
    axis = figures.plot_modes({0: 2.0, 1: 1.0}, {0: 2.0, 1: 3.0}).axes[0]
    assert axis.lines[0].get_ydata()[-1] == 3
    assert axis.lines[2].get_ydata()[0] == pytest.approx(1.9459, abs=1e-4)
    assert [text.get_text() for text in axis.get_legend().get_texts()] == [
        "evaluation mode",
        "training mode",
        "ln 7: an even guess",
    ]


def test_health_names_the_convolutions_alike_in_both_panels():
    lengths = {"none": {"block1a_conv": 0.01, "block1b_conv": 0.1}}
    dead = {"none": {"block1a_conv": 90.0, "block1b_conv": 100.0}}
    figure = figures.plot_health(lengths, dead)
    for axis in figure.axes:
        assert list(axis.lines[0].get_xdata()) == ["1a", "1b"]
    assert figure.axes[0].get_yscale() == "log"


def test_an_ablation_shows_the_seeds_as_a_band_and_the_variants_by_accuracy():
    rows = [
        {"variant": variant, "choose_accuracy": share, "parameters": 2_500_000}
        for variant, share in (
            ("course", 0.54),
            ("course", 0.52),
            ("kernel 4", 0.56),
            ("no batch norm", 0.30),
        )
    ]
    axis = figures.plot_ablation(rows).axes[0]
    names = [tick.get_text() for tick in axis.get_yticklabels()]
    assert names == ["no batch norm: 2.5 M", "kernel 4: 2.5 M", "course: 2.5 M"]
    seeds, variants = axis.lines
    assert list(variants.get_xdata()) == pytest.approx([30, 56])
    assert list(seeds.get_ydata()) == [2, 2]
    band = axis.patches[0]
    assert band.get_x() == pytest.approx(52)
    assert band.get_width() == pytest.approx(2)
