"""The figures of the page that trains: range tests, and maps beside their faces.

In: what `learning_rate_range_test` and `grad_cam` return. Out: matplotlib figures in
the course's style. Notebook 05.
"""

import numpy as np

from fer_course.labels import EXPRESSIONS
from fer_course.teaching.figure_style import new_figure, style

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
