"""The course's plots: faces, photos, curves, and what a classifier got right.

In: arrays and tables. Out: matplotlib figures in one style, with colors that every
reader tells apart, doubled by dashes, markers or hatches; `show` displays one with
its description. Every notebook uses them.
"""

from dataclasses import replace

import numpy as np

from fer_course.labels import COLORS, EXPRESSIONS, HATCHES
from fer_course.teaching.figure_style import (
    DPI,
    LINES,
    MAX_HEIGHT_IN,
    WIDTH_IN,
    new_figure,
    show,
    style,
)

__all__ = [
    "new_figure",
    "plot_class_bars",
    "plot_confusion",
    "plot_faces",
    "plot_history",
    "plot_photo",
    "plot_probabilities",
    "plot_reliability",
    "plot_result",
    "show",
    "style",
]
_BLACK_TEXT_FROM = 0.48  # of cividis: from here on black is read better than white


def plot_faces(pixels, titles=None, columns=7):
    """Return a grid of faces, row by row.

    Args:
        pixels: N pictures, (H, W) gray or (H, W, 3) RGB, uint8 or 0..1.
        titles: N texts; None shows none.
        columns: faces in a row.
    """
    pixels = list(pixels)
    rows = -(-len(pixels) // columns)
    caption = (
        0.25 * (1 + max((t.count("\n") for t in titles), default=0)) if titles else 0
    )
    side = min(WIDTH_IN / columns, (MAX_HEIGHT_IN - caption * rows) / rows)
    with style():
        size = rows * (side + caption), rows, columns, columns * side
        figure, axes = new_figure(*size, squeeze=False)
        figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02, wspace=0, hspace=0)
        for k, ax in enumerate(axes.flat):
            ax.axis("off")
            ax.set_anchor("S")  # what room is left belongs above the title
            if k < len(pixels):
                _show_picture(ax, pixels[k])
                if titles:
                    ax.set_title(titles[k], fontsize=10)
    return figure


def _show_picture(ax, image):
    image = np.asarray(image)
    top = 255 if image.dtype == np.uint8 else 1.0
    ax.imshow(image, cmap="gray", vmin=0, vmax=top, interpolation="nearest")
    ax.axis("off")


def plot_photo(image, boxes_xyxy=(), labels=None, ax=None):
    """Return a photo with boxes.

    Args:
        image: (H, W, 3) RGB or (H, W) gray.
        boxes_xyxy: (N, 4) pixels; N may be 0.
        labels: N texts, written above the boxes; None numbers nothing.
        ax: draw on these axes instead; None makes a figure.
    """
    from matplotlib.patches import Rectangle

    height, width = np.shape(image)[:2]
    high = WIDTH_IN * height / width
    broad = WIDTH_IN * min(1, MAX_HEIGHT_IN / high)
    with style():
        if ax is None:
            _, ax = new_figure(high, width_in=broad)
        _show_picture(ax, image)
        for k, (x1, y1, x2, y2) in enumerate(np.reshape(boxes_xyxy, (-1, 4))):
            place = (x1, y1), x2 - x1, y2 - y1
            ax.add_patch(Rectangle(*place, fill=False, color="black", lw=3))
            ax.add_patch(Rectangle(*place, fill=False, color="#E69F00", lw=1.6))
            if labels is not None:
                back = {"facecolor": "#E69F00", "edgecolor": "none", "pad": 1}
                ax.text(x1, y1, str(labels[k]), va="bottom", fontsize=10, bbox=back)
    return ax.figure


def plot_result(result):
    """Return an analyzed photo, its boxes and labels drawn at the size they are seen.

    A face too small for a whole label keeps its number, as large as the others'.

    Args:
        result: a `PhotoResult` of `FaceAnalyzer`.
    """
    import cv2

    from fer_course.analysis.drawing import draw_faces

    height, width = result.image.shape[:2]
    scale = DPI * min(WIDTH_IN / width, MAX_HEIGHT_IN / height)
    size_wh = round(width * scale), round(height * scale)
    small = cv2.resize(result.image, size_wh, interpolation=cv2.INTER_AREA)
    faces = [
        replace(face, box=tuple(scale * edge for edge in face.box))
        for face in result.faces
    ]
    figure = plot_photo(draw_faces(small, faces))
    figure.get_layout_engine().set(w_pad=0, h_pad=0)  # a pixel stays a pixel
    return figure


def plot_history(history):
    """Return loss and accuracy by epoch, in two panels.

    Args:
        history: columns `loss` and `accuracy`, and the same with `choose_` (or
            Keras' `val_`) in front for the faces that are chosen on: a DataFrame or
            a dictionary of lists.
    """
    with style():
        figure, axes = new_figure(2.8, columns=2)
        for ax, name in zip(axes, ("loss", "accuracy"), strict=True):
            for prefix, label in (
                ("", "training"),
                ("choose_", "choosing"),
                ("val_", "choosing"),
            ):
                if prefix + name in history:
                    numbers = np.asarray(history[prefix + name], float)
                    marker = "o" if len(numbers) < 30 else None
                    epochs = np.arange(1, len(numbers) + 1)
                    ax.plot(epochs, numbers, label=label, marker=marker, markersize=4)
            ax.set(xlabel="epoch", ylabel=name)
            ax.xaxis.get_major_locator().set_params(integer=True)
        axes[1].yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes[0].legend()
    return figure


def plot_confusion(confusion):
    """Return a heat map: each row's shares in percent, and counts below.

    Args:
        confusion: (7, 7) int, rows labels, columns predictions, `EXPRESSIONS` order.
    """
    import seaborn as sns

    counts = np.asarray(confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    texts = [
        [f"{100 * share:.0f}\n{count:,}" for share, count in zip(*row, strict=True)]
        for row in zip(shares, counts, strict=True)
    ]
    with style():
        figure, ax = new_figure(MAX_HEIGHT_IN)
        scale = {"vmin": 0, "vmax": 1, "cmap": "cividis", "linewidths": 0.5}
        bar = {"label": "share of the label's faces", "format": lambda v, _: f"{v:.0%}"}
        sns.heatmap(
            shares,
            annot=np.array(texts),
            fmt="",
            annot_kws={"fontsize": 10, "linespacing": 0.95},
            xticklabels=EXPRESSIONS,
            yticklabels=EXPRESSIONS,
            cbar_kws=bar,
            ax=ax,
            **scale,
        )
        for text, share in zip(ax.texts, shares.flat, strict=True):
            text.set_color("black" if share >= _BLACK_TEXT_FROM else "white")
        ax.set(xlabel="predicted (percent of the row, count below)", ylabel="label")
        ax.tick_params(axis="x", rotation=0)
        ax.tick_params(axis="y", rotation=0)
    return figure


def plot_class_bars(values, interval=None, label="recall"):
    """Return one bar for each expression, with its value and interval.

    Args:
        values: expression -> share, 0..1.
        interval: expression -> (low, high); None draws none.
        label: what the bars are.
    """
    names = [name for name in EXPRESSIONS if name in values]
    with style():
        figure, ax = new_figure(3.0)
        for k, name in enumerate(names):
            value = values[name]
            bar = {"color": COLORS[name], "hatch": HATCHES[name], "edgecolor": "white"}
            ax.bar(k, value, width=0.7, **bar)
            low, high = interval[name] if interval else (value, value)
            if interval:
                ax.vlines(k, low, high, color="white", linewidth=4)
                ax.vlines(k, low, high, color="black", linewidth=1.6)
            ax.text(k, high + 0.02, f"{value:.0%}", ha="center", va="bottom")
        ax.set_xticks(range(len(names)), names)
        ax.set(ylim=(0, 1.12), ylabel=label, yticks=np.linspace(0, 1, 6))
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    return figure


def plot_probabilities(probabilities, ax=None):
    """Return horizontal bars of one face's probabilities.

    Args:
        probabilities: (7,) in `EXPRESSIONS` order, or expression -> probability.
        ax: draw on these axes instead; None makes a figure.
    """
    if isinstance(probabilities, dict):
        probabilities = [probabilities[name] for name in EXPRESSIONS]
    with style():
        if ax is None:
            _, ax = new_figure(2.6, width_in=4.6)
        for k, (name, value) in enumerate(zip(EXPRESSIONS, probabilities, strict=True)):
            bar = {"color": COLORS[name], "hatch": HATCHES[name], "edgecolor": "white"}
            ax.barh(k, value, height=0.72, **bar)
            ax.text(value + 0.015, k, f"{value:.0%}", va="center", fontsize=10)
        ax.set_yticks(range(7), EXPRESSIONS)
        ax.set(xlim=(0, 1.12), xlabel="probability", xticks=(0, 0.25, 0.5, 0.75, 1))
        ax.invert_yaxis()
    return ax.figure


def plot_reliability(report):
    """Return accuracy over confidence, with how many faces each bin holds below.

    Bins with fewer than two in a thousand faces have no dot: theirs would be luck.

    Args:
        report: a `Reliability` of `expression.evaluation.reliability`.
    """
    filled = (report.counts > 0) & (500 * report.counts >= report.counts.sum())
    x, y = report.confidence[filled], report.accuracy[filled]
    with style():
        figure, (ax, below) = new_figure(
            MAX_HEIGHT_IN, rows=2, width_in=4.6, sharex=True, height_ratios=(3, 1)
        )
        ax.plot((0, 1), (0, 1), color="gray", linestyle=":", label="calibrated")
        ax.vlines(x, np.minimum(x, y), np.maximum(x, y), color=LINES[1], linewidth=1.5)
        ax.plot(x, y, "o-", color=LINES[0], label=f"measured (ECE {report.ece:.1%})")
        ax.set(xlim=(0, 1), ylim=(0, 1.03), ylabel="accuracy")
        ax.legend(loc="upper left")
        below.stairs(report.counts, report.edges, fill=True, color=LINES[5])
        below.set(xlabel="confidence: the top probability", ylabel="faces")
    return figure
