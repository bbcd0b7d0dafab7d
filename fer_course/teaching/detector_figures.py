"""The detector's record as figures: training, precision and recall, set by set.

In: `models/records/detector_history.csv` and `detector.json`, which the real training
and `python -m fer_course evaluate detector --record` write; for `plot_errors`, pictures
and boxes. Out: matplotlib figures.
Notebook 02, sections 6 and 7. Nothing here knows a figure of its own: a better
network changes the pictures, not the code.
"""

import json

import numpy as np

from fer_course.detection.comparison import PORTRAITS
from fer_course.settings import settings
from fer_course.teaching.figure_style import DASHES, LINES, WIDTH_IN, new_figure, style
from fer_course.teaching.figures import plot_photo

_HATCHES = ("", "///", "...")
_MARKERS = "osD^v*P"
_FEWEST_FACES = 10  # a share of fewer faces is not drawn


def read_record():
    """Return the detector's shipped figures as a dictionary, None if there are none.

    The dictionary is what `Comparison.to_dict` gives: `reports` (one for each set and
    detector), `ahead`, `split`, `curves`, `times_ms`.
    """
    path = settings().models / "records" / "detector.json"
    if not path.is_file():
        return None
    return json.loads(path.read_text(encoding="utf-8"))


def read_recorded_history():
    """Return the real run's history as a pandas frame, None if there is none.

    Columns as in `detection.training.read_history`.
    """
    from fer_course.detection.training import read_history

    path = settings().models / "records" / "detector_history.csv"
    return read_history(path) if path.is_file() else None


def plot_detector_history(history):
    """Return losses and measures by epoch, in two panels.

    Args:
        history: frame of `read_history`; the losses drawn are those of the photos
            chosen with, where the history has them.
    """
    part, title = "val", "loss on the choosing photos"
    if f"{part}_box_loss" not in history:
        part, title = "train", "loss in training"
    epochs = np.asarray(history["epoch"])
    marker = "o" if len(epochs) < 30 else None
    with style():
        figure, (left, right) = new_figure(2.9, columns=2)
        for name in ("box", "cls", "dfl"):
            values = np.asarray(history[f"{part}_{name}_loss"], float)
            left.plot(epochs, values, label=name, marker=marker, markersize=4)
        left.set(xlabel="epoch", ylabel=title)
        names = {"map50": "AP50", "recall": "recall", "precision": "precision"}
        for column, label in names.items():
            values = np.asarray(history[column], float)
            right.plot(epochs, values, label=label, marker=marker, markersize=4)
        right.set(xlabel="epoch", ylabel="share", ylim=(0, 1.02))
        for axes in (left, right):
            axes.xaxis.get_major_locator().set_params(integer=True)
            axes.legend()
    return figure


def plot_errors(examples):
    """Return one picture for each kind of error, its box orange, the labels white.

    Args:
        examples: kind -> (picture (H, W, 3), box (4,), labels (N, 4)), pixels.
    """
    from matplotlib.patches import Rectangle

    shapes = [np.shape(picture)[1::-1] for picture, _, _ in examples.values()]
    ratios = [width / height for width, height in shapes]
    high = WIDTH_IN / sum(ratios) + 0.25  # all pictures equally high, below a title
    with style():
        size = high, 1, len(examples)
        figure, row = new_figure(*size, squeeze=False, width_ratios=ratios)
        for axes, (kind, shown) in zip(row.flat, examples.items(), strict=True):
            picture, box, labels = shown
            for x1, y1, x2, y2 in labels:
                edge = Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, color="white")
                axes.add_patch(edge)
            plot_photo(picture, box, ax=axes)
            axes.set(title=kind, anchor="S")
    return figure


def plot_recorded_curves(record, detector="ours"):
    """Return precision over recall, a line for each set with faces.

    The sets of single portraits are one line, here and below.

    Args:
        record: dictionary of `read_record`.
        detector: whose curves to draw.
    """
    with style():
        figure, axes = new_figure(3.4)
        for k, photo_set in enumerate(_shown(record["curves"])):
            curve = record["curves"][photo_set][detector]
            precision = [np.nan if p is None else p for p in curve]
            recall = np.linspace(0, 1, len(precision))
            axes.plot(
                recall,
                precision,
                color=LINES[k % 7],
                linestyle=DASHES[k % 7],
                marker=_MARKERS[k % 7],
                markevery=(3 * k, 20),
                markersize=5,
                label=photo_set,
            )
        axes.set(xlim=(0, 1.01), ylim=(0, 1.03), ylabel="precision")
        axes.set_xlabel("recall: share of faces found")
        axes.legend(loc="lower left")
    return figure


def plot_precision_by_set(record):
    """Return AP50 with its 95 % interval for each set with faces and each detector."""
    reports = [row for row in record["reports"] if row["ap50"] is not None]
    sets = _shown(dict.fromkeys(row["photo_set"] for row in reports))
    reports = [row for row in reports if row["photo_set"] in sets]
    names = list(dict.fromkeys(row["detector"] for row in reports))
    wide = 0.8 / len(names)
    with style():
        figure, axes = new_figure(3.0)
        for k, name in enumerate(names):
            rows = [row for row in reports if row["detector"] == name]
            places = [sets.index(row["photo_set"]) + k * wide for row in rows]
            bar = {"color": LINES[k], "hatch": _HATCHES[k % 3], "edgecolor": "white"}
            heights = [row["ap50"] for row in rows]
            axes.bar(places, heights, width=wide * 0.92, label=name, **bar)
            low, high = zip(*(row["ap50_interval"] for row in rows), strict=True)
            axes.vlines(places, low, high, color="white", linewidth=4)
            axes.vlines(places, low, high, color="black", linewidth=1.6)
        faces = {row["photo_set"]: row["faces"] for row in reports}
        labels = [f"{name}\n{faces[name]:,} faces" for name in sets]
        middle = (len(names) - 1) * wide / 2
        axes.set_xticks(np.arange(len(sets)) + middle, labels)
        axes.set(ylim=(0, 1.02), ylabel="AP at IoU 0.5")
        if len(names) > 1:
            figure.legend(loc="outside upper center", ncols=len(names))
    return figure


def plot_recall_by_size(record, detector="ours"):
    """Return the share of faces found in each size of face, a line for each set.

    A size of which a set has fewer than ten faces is left out.

    Args:
        record: dictionary of `read_record`.
        detector: whose recall to draw.
    """
    mine = [row for row in record["reports"] if row["detector"] == detector]
    sets = _shown([row["photo_set"] for row in mine if row["faces"]])
    rows = [row for row in mine if row["photo_set"] in sets]
    sizes = list(rows[0]["recall_by_size"])
    with style():
        figure, axes = new_figure(3.2)
        for k, row in enumerate(rows):
            many = [row["faces_by_size"][size] >= _FEWEST_FACES for size in sizes]
            found = [row["recall_by_size"][size] for size in sizes]
            pairs = zip(found, many, strict=True)
            shares = [share if enough else np.nan for share, enough in pairs]
            axes.plot(
                range(len(sizes)),
                shares,
                color=LINES[k % 7],
                linestyle=DASHES[k % 7],
                marker=_MARKERS[k % 7],
                label=row["photo_set"],
            )
        axes.set_xticks(range(len(sizes)), sizes)
        axes.set(ylim=(0, 1.03), xlabel="size of the face with the photo at 640 px, px")
        axes.set_ylabel("recall: share found")
        axes.legend(loc="lower right", ncols=2)
    return figure


def _shown(sets):
    """Return the sets to draw: portraits together, if they were scored together."""
    together = "portraits" in sets
    return [name for name in sets if not (together and name in PORTRAITS)]
