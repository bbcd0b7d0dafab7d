"""Gradient descent on a valley: too slow, right, zigzag, and away.

In: a learning rate. Out: the path on the loss's contours, and the loss after 30
steps against the rate. The loss is (x² + 12 y²) / 2, so that steps grow along y
from a rate of 2/12 on. Notebook 05, section 2.
"""

import numpy as np

from fer_course.teaching.explorers.live import live
from fer_course.teaching.figures import new_figure, style

CURVATURES = np.array([1.0, 12.0])
START = np.array([-4.0, 1.5])
STEPS = 30
LIMIT = 2 / CURVATURES.max()
RATES = (0.01, 0.08, 0.15, 0.172)
STATIC_ALT = (
    "Four paths of gradient descent in a narrow valley and the loss after 30 steps "
    "against the learning rate. Rate 0.01 has not arrived; 0.08 arrives; 0.15 "
    "zigzags in; 0.172 moves away. The loss falls with the rate until just before "
    "2/12 = 0.167 and then rises steeply."
)


def loss(points):
    """Return (x² + 12 y²) / 2 for points (..., 2).

    >>> float(loss([2.0, 1.0]))
    8.0
    """
    return (CURVATURES * np.square(points)).sum(axis=-1) / 2


def descend(learning_rate, steps=STEPS):
    """Return the path of gradient descent, (steps + 1, 2), from the fixed start."""
    path = [START]
    for _ in range(steps):
        path.append(path[-1] - learning_rate * CURVATURES * path[-1])
    return np.array(path)


@style()
def draw(learning_rate):
    """Return the path and its place on the loss-against-rate curve."""
    figure, (left, right) = new_figure(3.2, 1, 2)
    _path(left, learning_rate)
    left.set_title(f"path, rate {learning_rate:.3g}")
    _curve(right, [learning_rate])
    return figure


def describe(learning_rate):
    """Return the figure in words."""
    losses = loss(descend(learning_rate))
    verdict = "below" if learning_rate < LIMIT else "not below"
    return (
        f"Learning rate {learning_rate:.3g}, {verdict} the limit {LIMIT:.3f}: the loss "
        f"goes from {losses[0]:.1f} to {losses[-1]:.2g} in {STEPS} steps."
    )


@style()
def static():
    """Return four paths, and the curve on which they lie."""
    figure, grid = new_figure(4.0, 2, 3)
    for axes, rate in zip(grid[:, :2].flat, RATES, strict=True):
        _path(axes, rate)
        axes.set_title(f"rate {rate:.3g}")
    for axes in grid[:, 2]:
        axes.remove()
    _curve(figure.add_subplot(grid[0, 0].get_gridspec()[:, 2]), RATES)
    return figure


def explore():
    """Return the figure with a slider for the rate."""
    import ipywidgets

    rate = ipywidgets.FloatLogSlider(
        value=0.03, min=-3, max=-0.6, step=0.02, description="learning rate"
    )
    return live(draw, describe, {"learning_rate": rate})


def _path(axes, learning_rate):
    x, y = np.linspace(-5, 5, 101), np.linspace(-3, 3, 61)
    heights = loss(np.stack(np.meshgrid(x, y), axis=-1))
    levels = (0.1, 0.5, 2, 6, 13, 25, 45)
    axes.contour(x, y, heights, levels=levels, cmap="cividis", linewidths=1)
    path = np.clip(descend(learning_rate), -1e3, 1e3)
    axes.plot(*path.T, "o-", color="#D55E00", ms=4, lw=1.5)
    axes.plot(0, 0, "*", color="#000000", ms=11)
    axes.set(xlim=(-5, 5), ylim=(-3, 3), xlabel="x", ylabel="y")


def _curve(axes, marked):
    rates = np.geomspace(1e-3, 0.25, 200)
    last = np.array([loss(descend(rate)[-1]) for rate in rates])
    axes.loglog(rates, last, color="#0072B2", lw=2)
    for rate, marker in zip(marked, "osD^", strict=False):
        value = loss(descend(rate)[-1])
        axes.loglog(rate, value, marker, color="#D55E00", ms=8)
    axes.axvline(LIMIT, color="#000000", ls="--", lw=1)
    along = axes.get_xaxis_transform()  # x in data units, y as share of the axes
    axes.text(LIMIT, 0.98, "limit ", ha="right", va="top", transform=along)
    axes.axhline(loss(START), color="#999999", ls=":")
    axes.set(xlabel="learning rate", ylabel=f"loss after {STEPS} steps")
    axes.set_ylim(1e-4, 1e6)
    axes.set_title("loss against rate")
