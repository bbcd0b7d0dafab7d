"""The figures of the page that trains: range tests, two networks, maps of faces.

In: what `learning_rate_range_test`, `mcnemar` and `grad_cam` return. Out: matplotlib
figures in the course's style. Notebook 05.
"""

import numpy as np

from fer_course.labels import EXPRESSIONS
from fer_course.teaching.figure_style import LINES, new_figure, style

CHANCE = np.log(len(EXPRESSIONS))


def smooth(losses, half=3):
    """Return the median of each loss and its `half` neighbors on either side.

    >>> smooth([2.0, 0.1, 1.8, 1.6], half=1).tolist()
    [1.05, 1.8, 1.6, 1.7000000000000002]
    """
    return np.array(
        [np.median(losses[max(i - half, 0) : i + half + 1]) for i in range(len(losses))]
    )


def plot_range_tests(tests):
    """Return smoothed loss over learning rate, both logarithmic, in panels.

    Args:
        tests: name -> `RangeTest`; what stands before the comma names the panel.
    """
    panels = list(dict.fromkeys(name.split(",")[0] for name in tests))
    with style():
        figure, axes = new_figure(3.4, columns=len(panels), sharey=True, squeeze=False)
        for ax, panel in zip(axes[0], panels, strict=True):
            for name, found in tests.items():
                if name.split(",")[0] == panel:
                    losses = smooth(found.losses)
                    ax.loglog(found.rates, losses, label=name.split(", ", 1)[1])
            ax.axhline(CHANCE, color="gray", linewidth=0.8, linestyle=":")
            ax.set(title=panel, xlabel="learning rate")
            ax.legend()
        axes[0, 0].set_ylabel("loss of the batch, smoothed")
    return figure


def plot_maps(faces, titles, maps):
    """Return faces with maps below: positive maps sequential, others signed.

    Args:
        faces: (N, H, W) uint8.
        titles: N texts.
        maps: row's name -> (N, H, W) float. A row without negative values has its own
            scale for each map; a signed row shares one, the same both ways, and
            what is clearly negative is hatched.
    """
    with style():
        figure, axes = new_figure(3.9, rows=1 + len(maps), columns=len(faces))
        for k, face in enumerate(faces):
            axes[0, k].imshow(face, cmap="gray", vmin=0, vmax=255)
            axes[0, k].set_title(titles[k])
        for row, (name, values) in enumerate(maps.items(), start=1):
            values = np.asarray(values)
            top = np.abs(values).max()
            signed = {"cmap": "PuOr", "vmin": -top, "vmax": top}
            colors = signed if values.min() < 0 else {"cmap": "cividis", "vmin": 0}
            for ax, value in zip(axes[row], values, strict=True):
                ax.imshow(value, **colors)
                if value.min() < -0.1 * top:  # told apart in gray print too
                    levels = [-2 * top, -0.1 * top]
                    ax.contourf(value, levels, colors="none", hatches=["////"])
            axes[row, 0].set_ylabel(name)
        axes[0, 0].set_ylabel("face")
        for ax in axes.flat:
            ax.set(xticks=[], yticks=[])
            for side in ax.spines.values():
                side.set_visible(False)
    return figure


def plot_pairing(lead):
    """Return two networks on the same faces: who is right, and the difference twice.

    Above, the faces as a strip. Below, the difference of the two accuracies, as if each
    network had read other faces (its interval from the two accuracies alone) and with
    the interval of the pairs.

    Args:
        lead: a row of a record's `leads` (`rival.Lead.to_dict`).
    """
    faces, one, other = (lead[key] for key in ("faces", "only_ours", "only_rivals"))
    accuracies = np.array((lead["accuracy"], lead["rival_accuracy"]))
    both = round(lead["accuracy"] * faces) - one
    counts = {
        "both right": both,
        "only one": one,
        "only the other": other,
        "both wrong": faces - both - one - other,
    }
    difference = 100 * (one - other) / faces
    apart = 196 * np.sqrt((accuracies * (1 - accuracies)).sum() / faces)
    low, high = 100 * np.array(lead["interval"])
    errors = {
        "other faces": (apart, apart),
        "same faces": (difference - low, high - difference),
    }
    with style():
        figure, (strip, axis) = new_figure(2.9, rows=2, height_ratios=(1, 1.3))
        left, colors = 0, ("#D9D9D9", "#0072B2", "#E69F00", "#8C8C8C")
        hatches = ("", "//", "\\\\", "")
        for (name, count), color, hatch in zip(
            counts.items(), colors, hatches, strict=True
        ):
            label = f"{name}: {count:,}"
            look = {"color": color, "edgecolor": "black", "hatch": hatch}
            strip.barh(0, count, left=left, label=label, **look)
            left += count
        strip.set(xlim=(0, faces), yticks=[], xlabel=f"{faces:,} faces")
        outside = {"loc": "outside upper center", "ncols": 4}
        figure.legend(columnspacing=1.2, handlelength=1.4, **outside)
        for y, below_above in enumerate(errors.values()):
            look = {"fmt": "o", "capsize": 4, "color": LINES[y]}
            axis.errorbar(difference, y, xerr=np.transpose([below_above]), **look)
        axis.axvline(0, color="gray", linestyle=":", linewidth=1)
        axis.set_yticks((0, 1), errors)
        axis.set(ylim=(1.6, -0.6), xlabel="difference, points, with its 95 % interval")
    return figure
