"""A kernel that slides over a face while the feature map grows.

In: a gray image, a kernel (picked or typed) and a step. Out: the figure with the
window, the weights and the map so far. Uses the course's own `corr2d`. Notebook
03, sections 1 and 2.
"""

import cv2
import numpy as np

from fer_course.settings import SEED
from fer_course.teaching.convolution import corr2d
from fer_course.teaching.explorers.live import InputMistake, live
from fer_course.teaching.figures import new_figure, style
from fer_course.teaching.samples import draw_face

KERNELS = {
    "vertical edges": "-1 0 1; -2 0 2; -1 0 1",
    "horizontal edges": "-1 -2 -1; 0 0 0; 1 2 1",
    "average": "1/9 1/9 1/9; 1/9 1/9 1/9; 1/9 1/9 1/9",
    "sharpen": "0 -1 0; -1 5 -1; 0 -1 0",
    "copy": "0 0 0; 0 1 0; 0 0 0",
}
LARGEST_WEIGHT = 1_000_000
STATIC_ALT = (
    "A drawn face of 24 by 24 pixels and the window of 3 by 3 at four steps; below, "
    "the feature map of 22 by 22 for vertical edges, filled row by row: large values "
    "of either sign lie at the sides of the face and of its features."
)


def sample_image(size=24):
    """Return a small drawn face without its surroundings, (size, size), 0..1."""
    face = draw_face("surprise", np.random.default_rng(SEED), 96)[12:84, 12:84]
    gray = cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)
    return cv2.resize(gray, (size, size), interpolation=cv2.INTER_AREA) / 255


def parse_kernel(text):
    """Return the kernel that a text writes: rows end in `;`, numbers in a space.

    Fractions such as 1/9 are numbers.

    Raises:
        InputMistake: it is no such table, or one larger than 7 by 7.

    >>> parse_kernel("1 0; 1/2 -1").tolist()
    [[1.0, 0.0], [0.5, -1.0]]
    """
    rows = [row.replace(",", " ").split() for row in text.split(";") if row.strip()]
    if not rows or len({len(row) for row in rows}) != 1:
        raise InputMistake(
            f"The rows of the kernel {text!r} differ in length: write 1 0 -1; 1 0 -1."
        )
    if len(rows) > 7 or len(rows[0]) > 7:
        raise InputMistake("The kernel is larger than 7 by 7: write a smaller one.")
    return np.array([[_number(word) for word in row] for row in rows])


def _number(word):
    above, _, below = word.partition("/")
    try:
        weight = float(above) / float(below or 1)
    except (ValueError, ZeroDivisionError):
        raise InputMistake(
            f"{word!r} is not a number: write weights such as 1, -0.5 or 1/9."
        ) from None
    if not abs(weight) <= LARGEST_WEIGHT:  # NaN is not, either
        raise InputMistake(
            f"{word!r} cannot be drawn: write weights of at most {LARGEST_WEIGHT:,}."
        )
    return weight


@style()
def draw(image, kernel, step):
    """Return the figure after `step` window positions, row by row.

    Args:
        image: (H, W) float, 0..1.
        kernel: (h, w) float weights.
        step: 0: nothing computed yet; the last is the full map.
    """
    figure, (left, middle, right) = new_figure(2.9, 1, 3)
    full = corr2d(image, kernel)
    step = min(step, full.size)
    _image(left, image, kernel, full, step)
    left.set_title("image and window")
    _weights(middle, kernel)
    middle.set_title("kernel")
    shown = right.imshow(_so_far(full, step), cmap="PuOr", **_limits(full))
    right.set_title(f"map {full.shape[0]} × {full.shape[1]}")
    figure.colorbar(shown, ax=right, shrink=0.7)
    for axes in (left, right):
        axes.set_xlabel("x (px)")
    figure.suptitle(_sentence(full, step), fontsize=11)
    return figure


def describe(image, kernel, step):
    """Return the figure in words."""
    full = corr2d(image, kernel)
    return (
        f"A kernel of {kernel.shape[0]} by {kernel.shape[1]} over an image of "
        f"{image.shape[0]} by {image.shape[1]} pixels. {_sentence(full, step)}"
    )


@style()
def static():
    """Return four steps of one kernel: the window above, the map below."""
    image, kernel = sample_image(), parse_kernel(KERNELS["vertical edges"])
    full = corr2d(image, kernel)
    figure, grid = new_figure(3.6, 2, 4)
    for column, step in enumerate((1, full.size // 3, 2 * full.size // 3, full.size)):
        _image(grid[0, column], image, kernel, full, step)
        grid[0, column].set_title(f"step {step}")
        shown = grid[1, column].imshow(
            _so_far(full, step), cmap="PuOr", **_limits(full)
        )
        grid[1, column].set_xlabel("x (px)")
    for axes in grid[:, 0]:
        axes.set_ylabel("y (px)")
    figure.colorbar(shown, ax=grid[1, :], shrink=0.9, label="gray × weight")
    return figure


def explore(image=None):
    """Return the figure with a choice of kernels, a box to type one, and the step.

    Args:
        image: (H, W) float, 0..1, at most 32 px a side to stay readable; None
            takes the drawn face.
    """
    import ipywidgets

    image = sample_image() if image is None else np.asarray(image, dtype=float)
    choice = ipywidgets.Dropdown(options=KERNELS, description="kernel")
    text = ipywidgets.Text(
        value=choice.value, description="weights", continuous_update=False
    )
    choice.observe(lambda change: setattr(text, "value", change["new"]), "value")
    step = ipywidgets.IntSlider(
        value=image.size // 3, max=image.size, description="step"
    )
    figure = live(
        lambda text, step: draw(image, parse_kernel(text), step),
        lambda text, step: describe(image, parse_kernel(text), step),
        {"text": text, "step": step},
    )
    return ipywidgets.VBox([choice, figure])


def _image(axes, image, kernel, full, step):
    """Draw the image with the window of the newest step."""
    from matplotlib.patches import Rectangle

    axes.imshow(image, cmap="gray", vmin=0, vmax=1)
    if step:
        row, column = divmod(step - 1, full.shape[1])
        height, width = kernel.shape
        corner = (column - 0.5, row - 0.5)
        axes.add_patch(Rectangle(corner, width, height, fill=False, ec="#E69F00", lw=3))


def _weights(axes, kernel):
    """Draw the kernel as a table of colored numbers."""
    limit = np.abs(kernel).max() or 1
    axes.imshow(kernel, cmap="PuOr", vmin=-limit, vmax=limit)
    for (row, column), weight in np.ndenumerate(kernel):
        dark = abs(weight) > 0.6 * limit
        axes.text(
            column,
            row,
            f"{weight:.2g}",
            ha="center",
            va="center",
            color="white" if dark else "black",
        )
    axes.set(xticks=[], yticks=[])


def _so_far(full, step):
    """Return the map with everything after `step` left empty."""
    shown = np.full(full.size, np.nan)
    shown[:step] = full.ravel()[:step]
    return shown.reshape(full.shape)


def _limits(full):
    limit = np.abs(full).max() or 1
    return {"vmin": -limit, "vmax": limit}


def _sentence(full, step):
    if not step:
        return "Nothing is computed yet."
    step = min(step, full.size)
    row, column = divmod(step - 1, full.shape[1])
    return (
        f"Step {step} of {full.size}: sum of pixel × weight = "
        f"{full[row, column]:.2f}, written to row {row}, column {column}."
    )
