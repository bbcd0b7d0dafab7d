"""The figures of the page that builds FERNet.

In: faces, built Keras models, and numbers by layer or by step. Out: matplotlib figures
in the course's style. Notebook 04.
"""

import numpy as np

from fer_course.labels import EXPRESSIONS
from fer_course.teaching.figure_style import LINES, new_figure, style

CHANCE = np.log(len(EXPRESSIONS))
_SHADES = ("#FFFFFF", "#DCE9F2", "#B9D8EA", "#8FC6E6", "#56B4E9")
_HEAD = "#D55E00"


def plot_difference(first, second, others=(), limit=60):
    """Return gray pictures side by side, and the first minus the second.

    Args:
        first: pair of a title and an (H, W) uint8 picture.
        second: pair of the same kind.
        others: further pairs, shown between the two and the difference.
        limit: gray steps at which the difference's colors end.
    """
    pictures = (first, second, *others)
    with style():
        figure, axes = new_figure(1.75, columns=len(pictures) + 1)
        for axis, (title, picture) in zip(axes, pictures, strict=False):
            axis.imshow(picture, cmap="gray", vmin=0, vmax=255)
            axis.set_title(title)
        gap = np.asarray(first[1], int) - np.asarray(second[1], int)
        shown = axes[-1].imshow(gap, cmap="PuOr", vmin=-limit, vmax=limit)
        axes[-1].set_title("first − second")
        bar = {"label": "gray steps", "shrink": 0.7, "extend": "both"}
        figure.colorbar(shown, ax=axes[-1], ticks=(-limit, 0, limit), **bar)
        for axis in axes:
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(True)
    return figure


def plot_slabs(networks):
    """Return networks as rows of slabs: as high as the map, as wide as the channels.

    Args:
        networks: name -> model of `build_fernet`; a slab is the map inside a block.
    """
    from matplotlib.patches import Rectangle

    with style():
        figure, axes = new_figure(4, rows=len(networks), squeeze=False)
        for axis, (name, model) in zip(axes[:, 0], networks.items(), strict=True):
            maps = [a.output for a in model.layers if a.name.endswith("b_conv")]
            for x, image in enumerate((model.input, *maps)):
                _, height, _, channels = image.shape
                width = 0.06 + channels / 900
                corner = x - width / 2, 24 - height / 2
                color = _SHADES[x - 1] if x else "gray"
                slab = {"facecolor": color, "edgecolor": "black"}
                axis.add_patch(Rectangle(corner, width, height, **slab))
                size = f"{height}×{height}×{channels}"
                axis.text(x, -6, size, ha="center", va="top")
            axis.text(len(maps) + 0.55, 24, "→ 7", va="center")
            axis.set(xlim=(-0.45, 5.9), ylim=(-20, 49), xticks=[], yticks=[])
            axis.set_title(f"{name}: {model.count_params():,} weights", loc="left")
            axis.spines[:].set_visible(False)
    return figure


def block_weights(model):
    """Return a FERNet's weights: a list, block by block, and what follows the blocks.

    Args:
        model: model of `build_fernet`; its layer names tell the blocks.
    """
    blocks, after = {}, 0
    for layer in model.layers:
        if layer.name.startswith("block"):
            number = int(layer.name[len("block")])
            blocks[number] = blocks.get(number, 0) + layer.count_params()
        else:
            after += layer.count_params()
    return [blocks[number] for number in sorted(blocks)], after


def plot_weights(networks):
    """Return stacked bars of weights, a part for each block, the rest in orange.

    What follows the blocks gets a stripe of fixed width, since it would not be seen,
    and its number beside it.

    Args:
        networks: name -> model of `build_fernet`.
    """
    counts = {name: block_weights(model) for name, model in networks.items()}
    longest = max(sum(blocks) + after for blocks, after in counts.values()) / 1e6
    with style():
        figure, axis = new_figure(2.5)
        for name, (blocks, after) in counts.items():
            left = 0
            for number, weights in enumerate(blocks, start=1):
                width = weights / 1e6
                bar = {"color": _SHADES[number - 1], "edgecolor": "black"}
                axis.barh(name, width, left=left, height=0.7, **bar)
                if width > 0.035 * longest:
                    middle = left + width / 2
                    axis.text(middle, name, number, ha="center", va="center")
                left += width
            stripe = 0.012 * longest
            axis.barh(name, stripe, left=left, height=0.9, color=_HEAD)
            share = 100 * after / (sum(blocks) + after)
            text = f"{after:,} ({share:.2f} %)"
            axis.text(left + 2 * stripe, name, text, va="center")
        axis.invert_yaxis()
        axis.set(xlabel="weights, millions", xlim=(0, 1.28 * longest))
    return figure


def plot_rivals(networks, half, ours="FERNet"):
    """Return accuracies with intervals, a row for each network, largest on top.

    Args:
        networks: name -> (weights in millions, accuracy in percent).
        half: half the width of each interval, points.
        ours: rows whose name begins so are orange squares on a dashed line.
    """
    rows = sorted(networks.items(), key=lambda row: row[1][0])
    with style():
        figure, axis = new_figure(0.31 * len(rows) + 0.6)
        for y, (name, (_, accuracy)) in enumerate(rows):
            mine = name.startswith(ours)
            look = {"fmt": "s", "color": _HEAD} if mine else {"fmt": "o"}
            look = {"color": LINES[0], "capsize": 3, **look}
            axis.errorbar(accuracy, y, xerr=half, **look)
            if mine:
                axis.axvline(accuracy, color=_HEAD, linestyle=":", linewidth=1)
        labels = [f"{name}: {millions:g} M" for name, (millions, _) in rows]
        axis.set_yticks(range(len(rows)), labels)
        axis.set_xlabel("accuracy, %, with its 95 % interval")
    return figure


def plot_modes(in_training, in_evaluation):
    """Return the loss of the same faces by step, in both of batch norm's modes.

    Args:
        in_training: step -> loss in training mode.
        in_evaluation: step -> loss in evaluation mode.
    """
    with style():
        figure, axis = new_figure(2.8)
        axis.plot(*zip(*in_evaluation.items(), strict=True), marker="o")
        axis.plot(*zip(*in_training.items(), strict=True))
        axis.axhline(CHANCE, color="gray", linewidth=0.8, linestyle=":")
        names = "evaluation mode", "training mode", "ln 7: an even guess"
        axis.legend(axis.lines, names, loc="center right")
        axis.set(xlabel="step", ylabel="loss on the same 64 faces", ylim=(0, None))
    return figure


def plot_health(lengths, dead):
    """Return two panels over a network's convolutions: gradients, dead channels.

    Args:
        lengths: network's name -> (convolution -> length), of `gradient_lengths`.
        dead: network's name -> (layer -> percent), of `dead_channels`.
    """
    with style():
        figure, axes = new_figure(2.7, columns=2)
        for axis, networks in zip(axes, (lengths, dead), strict=True):
            for name, marker in zip(networks, "os^", strict=False):
                layers = networks[name]
                places = [a.removeprefix("block").split("_")[0] for a in layers]
                axis.plot(places, list(layers.values()), marker=marker, label=name)
            axis.set_xlabel("convolution: block and place")
        handles = axes[0].get_legend_handles_labels()
        outside = {"loc": "outside lower center", "ncols": 3}
        figure.legend(*handles, title="batch norm", **outside)
        axes[0].set(yscale="log", ylabel="gradient's length", title="at the start")
        axes[1].set(ylim=(-4, 104), ylabel="dead channels, %")
        axes[1].set_title("after too large a rate")
    return figure


def plot_ablation(rows):
    """Return each variant's choosing accuracy, and the unchanged network's seeds.

    Args:
        rows: dictionaries of the ablation's table, with "variant",
            "choose_accuracy" (a share) and "parameters"; the variant of the first
            row, the unchanged network, occurs once for each seed.
    """
    base = rows[0]["variant"]
    seeds = [100 * r["choose_accuracy"] for r in rows if r["variant"] == base]
    changed = [row for row in rows if row["variant"] != base]
    changed.sort(key=lambda row: row["choose_accuracy"])
    with style():
        figure, axis = new_figure(0.21 * len(changed) + 0.9)
        axis.axvspan(min(seeds), max(seeds), color=_SHADES[2])
        axis.plot(seeds, [len(changed)] * len(seeds), "s", color=_HEAD)
        accuracies = [100 * row["choose_accuracy"] for row in changed]
        axis.plot(accuracies, range(len(changed)), "o", color=LINES[0])
        names = [_with_weights(row) for row in (*changed, rows[0])]
        axis.set_yticks(range(len(names)), names)
        axis.set_xlabel("choosing accuracy, %")
    return figure


def _with_weights(row):
    return f"{row['variant']}: {row['parameters'] / 1e6:.1f} M"
