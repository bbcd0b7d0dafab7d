"""Non-maximum suppression, one decision a step.

In: boxes, scores and an IoU threshold. Out: after each step, which boxes are
kept, removed and still waiting. In the crowd on the right one real face is lost.
Notebook 02, section 4.
"""

from dataclasses import dataclass

import numpy as np

from fer_course.boxes import iou_matrix
from fer_course.teaching.explorers.live import live
from fer_course.teaching.figures import new_figure, style

# Three faces: one alone, and two close together. Letters follow the scores.
BOXES_XYXY = np.array(
    [
        (20, 30, 70, 95),
        (110, 28, 160, 93),
        (26, 24, 78, 92),
        (122, 32, 172, 97),
        (104, 38, 154, 101),
        (14, 38, 66, 104),
        (129, 24, 181, 90),
    ],
    dtype=float,
)
SCORES = np.array([0.91, 0.88, 0.84, 0.79, 0.71, 0.63, 0.55])
LETTERS = "ABCDEFG"
FACES_XY = ((46, 62), (136, 62), (148, 64))
IOU_THRESHOLD = 0.5
STATIC_ALT = (
    "Four stages of non-maximum suppression on seven boxes, A to G by falling score, "
    "over three faces; IoU threshold 0.5. First all boxes wait. A is kept and "
    "removes C and F. B is kept and removes E and also D, the best box of another "
    "face. G is kept."
)
_STYLES = {  # state: color, line, line width, mark
    "kept": ("#009E73", "-", 3.0, "✓"),
    "removed": ("#D55E00", ":", 1.5, "✗"),
    "waiting": ("#000000", "-", 1.2, ""),
}


@dataclass(frozen=True)
class Step:
    """The boxes after a decision, as indices.

    Attributes:
        kept: in the order in which they were kept; the last is the newest.
        removed: every box suppressed so far.
        newly_removed: those suppressed by the newest.
    """

    kept: tuple[int, ...] = ()
    removed: tuple[int, ...] = ()
    newly_removed: tuple[int, ...] = ()


def steps(boxes_xyxy, scores, iou_threshold):
    """Return the start and the state after each kept box.

    Args:
        boxes_xyxy: (N, 4) float, px.
        scores: (N,) float, 0..1.
        iou_threshold: boxes that overlap a kept one by more are removed.

    Returns:
        List of `Step`, one more than boxes are kept.
    """
    overlaps = iou_matrix(boxes_xyxy, boxes_xyxy)
    waiting = [int(i) for i in np.argsort(-np.asarray(scores), kind="stable")]
    states = [Step()]
    while waiting:
        best, *others = waiting
        gone = tuple(i for i in others if overlaps[best, i] > iou_threshold)
        last = states[-1]
        states.append(Step((*last.kept, best), last.removed + gone, gone))
        waiting = [i for i in others if i not in gone]
    return states


@style()
def draw(step=0, iou_threshold=IOU_THRESHOLD):
    """Return the figure after `step` decisions; past the last one it stays."""
    figure, (left, right) = new_figure(3.0, 1, 2, width_ratios=(3, 1))
    state = _state(step, iou_threshold)
    _boxes(left, state)
    left.set_title(_sentence(state), fontsize=11)
    left.set(xlabel="x (px)", ylabel="y (px)")
    _scores(right, state)
    return figure


def describe(step=0, iou_threshold=IOU_THRESHOLD):
    """Return the figure in words."""
    return (
        f"Seven boxes over three faces, IoU threshold {iou_threshold:.2f}. "
        f"{_sentence(_state(step, iou_threshold))}"
    )


@style()
def static():
    """Return the start and the first three decisions."""
    figure, grid = new_figure(3.9, 2, 2, sharex=True, sharey=True)
    for number, axes in enumerate(grid.flat):
        state = _state(number, IOU_THRESHOLD)
        _boxes(axes, state)
        axes.set_title(f"{number}. {_sentence(state)}")
    for axes in grid[1]:
        axes.set_xlabel("x (px)")
    for axes in grid[:, 0]:
        axes.set_ylabel("y (px)")
    return figure


def explore():
    """Return the figure with a slider for the step and one for the threshold."""
    import ipywidgets

    controls = {
        "step": ipywidgets.IntSlider(value=0, max=len(SCORES), description="step"),
        "iou_threshold": ipywidgets.FloatSlider(
            value=IOU_THRESHOLD,
            min=0.1,
            max=0.9,
            step=0.05,
            description="IoU threshold",
        ),
    }
    return live(draw, describe, controls)


def _state(step, iou_threshold):
    states = steps(BOXES_XYXY, SCORES, iou_threshold)
    return states[min(step, len(states) - 1)]


def _sentence(state):
    if not state.kept:
        return "All boxes wait."
    gone = " and ".join(LETTERS[i] for i in sorted(state.newly_removed))
    return f"Keep {LETTERS[state.kept[-1]]}, remove {gone or 'none'}."


def _style(state, i):
    """Return color, line, line width and mark of a box: its state, said four times."""
    if i in state.kept:
        return _STYLES["kept"]
    return _STYLES["removed" if i in state.removed else "waiting"]


def _boxes(axes, state):
    """Draw the faces and each box with its letter."""
    from matplotlib.patches import Ellipse, Rectangle

    for x, y in FACES_XY:
        axes.add_patch(Ellipse((x, y), 40, 60, fc="#e8e8e8", ec="#999999"))
    for i, (x1, y1, x2, y2) in enumerate(BOXES_XYXY):
        color, line, width, mark = _style(state, i)
        axes.add_patch(
            Rectangle(
                (x1, y1), x2 - x1, y2 - y1, fill=False, ec=color, ls=line, lw=width
            )
        )
        on_left, above = LETTERS[i] in "ABEF", LETTERS[i] in "ABCG"
        axes.text(
            x1 if on_left else x2,
            y1 - 1 if above else y2 + 1,
            LETTERS[i] + mark,
            color=color,
            weight="bold",
            ha="left" if on_left else "right",
            va="bottom" if above else "top",
        )
    axes.set(xlim=(0, 200), ylim=(120, 5), aspect="equal")


def _scores(axes, state):
    """Draw a bar per box in the order of the scores."""
    from matplotlib.ticker import FixedFormatter, FixedLocator

    styles = [_style(state, i) for i in range(len(SCORES))]
    axes.barh(range(len(SCORES)), SCORES, color=[color for color, *_ in styles])
    names = [LETTERS[i] + style[3] for i, style in enumerate(styles)]
    axes.yaxis.set_major_locator(FixedLocator(range(len(SCORES))))
    axes.yaxis.set_major_formatter(FixedFormatter(names))
    axes.set(xlabel="score", xlim=(0, 1))
    axes.invert_yaxis()
