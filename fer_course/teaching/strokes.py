"""Pictures of one stroke, for the first network that is built and read.

In: how many, and a seed. Out: small noisy pictures, what each shows, and a figure of
kernels that is readable without color. Notebook 03, section 6.
"""

import numpy as np

from fer_course.teaching.figure_style import new_figure, style

STROKES = ("upright", "level", "slanting")
SIZE, LENGTH = 16, 6
_NOISE = 0.15


def draw_strokes(count, seed):
    """Return pictures of one stroke each, somewhere in noise, and their kinds.

    Args:
        count: how many pictures.
        seed: of the generator; the same seed gives the same pictures.

    Returns:
        (count, 1, 16, 16) float, about 0 with the stroke about 1, and (count,) int,
        the index of the stroke in `STROKES`.

    >>> pictures, kinds = draw_strokes(2, seed=1)
    >>> pictures.shape, kinds.shape
    ((2, 1, 16, 16), (2,))
    """
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, len(STROKES), count)
    pictures = rng.normal(0, _NOISE, (count, 1, SIZE, SIZE))
    along, middle = np.arange(LENGTH), np.full(LENGTH, LENGTH // 2)
    shapes = ((along, middle), (middle, along), (along, along))  # rows, columns
    for picture, kind in zip(pictures[:, 0], kinds, strict=True):
        top, left = rng.integers(0, SIZE - LENGTH + 1, 2)
        rows, columns = shapes[kind]
        picture[top + rows, left + columns] += 1
    return pictures, kinds


def plot_kernels(kernels, titles, height_in=1.9):
    """Return a row of kernels on one signed scale, readable in gray too.

    Small kernels carry their weights as numbers; in larger ones a minus marks each
    weight that is clearly below 0.

    Args:
        kernels: K arrays (kh, kw).
        titles: K texts.
        height_in: height of the figure, inches.
    """
    limit = max(np.abs(kernel).max() for kernel in kernels)
    with style():
        figure, axes = new_figure(height_in, 1, len(kernels))
        for axis, kernel, title in zip(axes, kernels, titles, strict=True):
            shown = axis.imshow(kernel, cmap="PuOr", vmin=-limit, vmax=limit)
            axis.set(xticks=[], yticks=[], title=title)
            for (row, column), weight in np.ndenumerate(kernel):
                text = (
                    f"{round(weight, 1) + 0:.1f}" if kernel.size <= 9 else "−"
                )  # no "-0.0"
                if kernel.size <= 9 or weight < -0.15 * limit:
                    color = "white" if abs(weight) > 0.6 * limit else "black"
                    place = {"ha": "center", "va": "center", "color": color}
                    axis.text(column, row, text, **place)
        figure.colorbar(shown, ax=axes, label="weight", shrink=0.9)
    return figure
