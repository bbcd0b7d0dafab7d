"""An ellipse that leans, and four boxes that claim to hold it.

In: half axes in px and an angle in degrees. Out: the figure with the tight box, the
box of the rotated rectangle, the box without the angle and the one with swapped axes,
and their overlaps.
Notebook 01, section 2.
"""

import numpy as np

from fer_course.boxes import ellipse_to_box, iou_matrix
from fer_course.teaching.explorers.live import live
from fer_course.teaching.figures import new_figure, style

MAJOR, MINOR, ANGLE_DEG = 123.5, 85.5, 72.5  # the page's face of FDDB, rounded
STATIC_ALT = (
    "The same ellipse leaning 0, 30, 45, 72.5 and 90 degrees, in its tight box and in "
    "the dashed box of its rotated rectangle. Upright or lying both boxes agree, IoU "
    "1.00; in between the dashed box is larger, IoU 0.55 at 30, 0.52 at 45 and "
    "0.63 at 72.5 degrees."
)
_ANGLES_DEG = (0, 30, 45, ANGLE_DEG, 90)


def rectangle_corners(major, minor, angle_rad):
    """Return (4, 2) corners x y, px, of the rectangle that leans with the ellipse."""
    along = major * np.array([np.cos(angle_rad), np.sin(angle_rad)])
    across = minor * np.array([-np.sin(angle_rad), np.cos(angle_rad)])
    signs = ((1, 1), (1, -1), (-1, -1), (-1, 1))
    return np.array([s * along + t * across for s, t in signs])


def boxes(major, minor, angle_rad):
    """Return the tight box and three wrong ones.

    The leaning rectangle's, the one without the angle, and the one that swaps the axes
    instead of turning them. All are (4,) px around the origin.
    """
    corners = rectangle_corners(major, minor, angle_rad)
    tight = ellipse_to_box(major, minor, angle_rad, 0, 0)[0]
    around = np.concatenate([corners.min(axis=0), corners.max(axis=0)])
    flat = np.array([-major, -minor, major, minor], float)
    swapped = np.array([-minor, -major, minor, major], float)
    return tight, around, flat, swapped


def overlaps(major, minor, angle_rad):
    """Return the IoU of the tight box with each of the three others.

    >>> overlaps(10, 10, np.pi / 4)  # a circle: half the box is corners
    (0.5, 1.0, 1.0)
    """
    tight, *others = boxes(major, minor, angle_rad)
    return tuple(round(float(iou), 4) for iou in iou_matrix(tight, others)[0])


@style()
def draw(angle_deg, major=MAJOR, minor=MINOR):
    """Return the figure of one ellipse and its boxes."""
    figure, axes = new_figure(3.8)
    _ellipse(axes, major, minor, np.deg2rad(angle_deg), every=True)
    axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
    axes.set(xlabel="x from the center (px)", ylabel="y from the center (px)")
    return figure


def describe(angle_deg, major=MAJOR, minor=MINOR):
    """Return the figure in words."""
    around, flat, swapped = overlaps(major, minor, np.deg2rad(angle_deg))
    return (
        f"An ellipse with radii {major:g} and {minor:g} px leaning {angle_deg:g} "
        f"degrees in its tight box; the rotated rectangle's box overlaps that by "
        f"{around:.2f}, the box without the angle by {flat:.2f}, and the box with "
        f"swapped axes by {swapped:.2f}."
    )


@style()
def static():
    """Return the same ellipse at five angles, with the two boxes people confuse."""
    figure, grid = new_figure(2.05, 1, len(_ANGLES_DEG), sharex=True, sharey=True)
    for axes, angle in zip(grid, _ANGLES_DEG, strict=True):
        _ellipse(axes, MAJOR, MINOR, np.deg2rad(angle))
        iou = overlaps(MAJOR, MINOR, np.deg2rad(angle))[0]
        axes.set_title(f"{angle}°\nIoU {iou:.2f}")
        axes.set(xticks=[-100, 100], yticks=[-100, 0, 100])
        axes.set_xlabel("px")
    grid[0].set_ylabel("px")
    return figure


def explore():
    """Return the figure with sliders for the angle and both radii."""
    from functools import partial

    import ipywidgets

    slider = partial(ipywidgets.FloatSlider, step=0.5)
    controls = {
        "angle_deg": slider(
            value=ANGLE_DEG, min=0, max=180, description="angle (degrees)"
        ),
        "major": slider(value=MAJOR, min=20, max=150, description="major radius (px)"),
        "minor": slider(value=MINOR, min=20, max=150, description="minor radius (px)"),
    }
    return live(draw, describe, controls)


def _ellipse(axes, major, minor, angle_rad, every=False):
    """Draw the ellipse, its leaning rectangle and its boxes."""
    turns = np.linspace(0, 2 * np.pi, 200)
    along, across = major * np.cos(turns), minor * np.sin(turns)
    x = along * np.cos(angle_rad) - across * np.sin(angle_rad)
    y = along * np.sin(angle_rad) + across * np.cos(angle_rad)
    axes.fill(x, y, color="#56B4E9", alpha=0.5, lw=0)
    leaning = {"ls": "--", "fill": False, "ec": "gray", "label": "rotated rectangle"}
    axes.fill(*rectangle_corners(major, minor, angle_rad).T, **leaning)
    overlap = overlaps(major, minor, angle_rad)
    names = ("tight box", f"rotated rectangle's box\nIoU {overlap[0]:.2f}")
    looks = [("#0072B2", "-"), ("#D55E00", "--")]
    if every:
        names += (
            f"angle ignored\nIoU {overlap[1]:.2f}",
            f"axes swapped\nIoU {overlap[2]:.2f}",
        )
        looks += [("#009E73", ":"), ("#CC79A7", "-.")]
    sides = boxes(major, minor, angle_rad)[: len(looks)]
    for box, name, (color, line) in zip(sides, names, looks, strict=True):
        x1, y1, x2, y2 = box
        axes.plot(
            [x1, x2, x2, x1, x1],
            [y1, y1, y2, y2, y1],
            color=color,
            ls=line,
            lw=2,
            label=name,
        )
    axes.set(xlim=(-165, 165), ylim=(165, -165), aspect="equal")
