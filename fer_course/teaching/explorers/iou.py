"""Two boxes to move, their areas and their overlap.

In: two boxes (x1, y1, x2, y2), px. Out: the figure with intersection, union and
IoU. Notebook 02, section 4.
"""

from fer_course.boxes import area, iou_matrix
from fer_course.teaching.explorers.live import live
from fer_course.teaching.figures import new_figure, style

SIDE_PX = 100
CASES = {
    "apart": ((10, 20, 45, 70), (55, 30, 90, 80)),
    "shifted": ((15, 20, 60, 80), (30, 20, 75, 80)),
    "inside": ((10, 10, 90, 90), (30, 30, 70, 70)),
    "crossed": ((10, 35, 90, 65), (35, 10, 65, 90)),
}
STATIC_ALT = (
    "Four pairs of boxes. Apart: IoU 0.00. Shifted by a third of the width: 0.50. "
    "One inside the other, half as wide and high: 0.25. Same area, one lying and "
    "one standing: 0.23."
)


def areas(first, second):
    """Return intersection and union in px², and the IoU, of two boxes.

    >>> areas((0, 0, 4, 2), (2, 0, 6, 2))
    (4.0, 12.0, 0.3333333333333333)
    """
    iou = float(iou_matrix([first], [second])[0, 0])
    total = float(area([first])[0] + area([second])[0])
    union = total / (1 + iou)  # total = union + intersection = union (1 + IoU)
    return iou * union, union, iou


@style()
def draw(first, second):
    """Return the figure of two boxes, each x1, y1, x2, y2 in 0..100 px."""
    figure, axes = new_figure(3.6)
    intersection, union, iou = areas(first, second)
    _boxes(axes, first, second)
    axes.set_title(
        f"IoU = {intersection:.0f} px² / {union:.0f} px² = {iou:.2f}", fontsize=12
    )
    axes.set_xlabel("x (px)")
    axes.set_ylabel("y (px)")
    return figure


def describe(first, second):
    """Return the figure in words."""
    intersection, union, iou = areas(first, second)
    return (
        f"Box A {tuple(first)} and box B {tuple(second)}, px: intersection "
        f"{intersection:.0f}, union {union:.0f}, IoU {iou:.2f}."
    )


@style()
def static():
    """Return four typical pairs side by side."""
    figure, grid = new_figure(2.3, 1, 4, sharex=True, sharey=True)
    for axes, (name, (first, second)) in zip(grid, CASES.items(), strict=True):
        _boxes(axes, first, second)
        axes.set_title(f"{name}\nIoU {areas(first, second)[2]:.2f}")
        axes.set_xticks([0, 50])
        axes.set_xlabel("x (px)")
    grid[0].set_ylabel("y (px)")
    return figure


def explore():
    """Return the two boxes with a slider for each side."""
    import ipywidgets

    first, second = CASES["shifted"]

    def slider(text, low, high):
        return ipywidgets.IntRangeSlider(
            value=(low, high), min=0, max=SIDE_PX, description=text
        )

    controls = {
        "ax": slider("A: x1, x2", first[0], first[2]),
        "ay": slider("A: y1, y2", first[1], first[3]),
        "bx": slider("B: x1, x2", second[0], second[2]),
        "by": slider("B: y1, y2", second[1], second[3]),
    }

    def boxes(ax, ay, bx, by):
        return (ax[0], ay[0], ax[1], ay[1]), (bx[0], by[0], bx[1], by[1])

    return live(
        lambda **sides: draw(*boxes(**sides)),
        lambda **sides: describe(*boxes(**sides)),
        controls,
    )


def _boxes(axes, first, second):
    """Draw both boxes, and hatch what they share."""
    from matplotlib.patches import Rectangle

    styles = {"A": ("#0072B2", "-"), "B": ("#D55E00", "--")}
    for (name, (color, line)), box in zip(styles.items(), (first, second), strict=True):
        x1, y1, x2, y2 = box
        axes.add_patch(
            Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, ec=color, ls=line, lw=2.5)
        )
        corner = (x1 + 2, y1 + 2) if name == "A" else (x2 - 2, y2 - 2)
        sides = ("left", "top") if name == "A" else ("right", "bottom")
        axes.text(*corner, name, color=color, ha=sides[0], va=sides[1], weight="bold")
    x1, y1 = max(first[0], second[0]), max(first[1], second[1])
    x2, y2 = min(first[2], second[2]), min(first[3], second[3])
    if x2 > x1 and y2 > y1:
        axes.add_patch(
            Rectangle(
                (x1, y1), x2 - x1, y2 - y1, fc="#56B4E966", ec="#333333", hatch="//"
            )
        )
    axes.set(xlim=(0, SIDE_PX), ylim=(SIDE_PX, 0), aspect="equal")
