"""The score threshold: what it keeps, and where that lies on the curve.

In: matched detections (`score_photos`) and a threshold. Out: the scores of hits and
false alarms, and precision against recall with the threshold's point on it.
Notebook 02, sections 5 and 7, and notebook 00.
"""

import numpy as np

from fer_course.detection.evaluation import precision_recall, score_photos
from fer_course.settings import SEED
from fer_course.teaching.explorers.live import live
from fer_course.teaching.figures import new_figure, style

THRESHOLDS = (0.2, 0.5, 0.8)
STATIC_ALT = (
    "Three thresholds on 60 made-up faces. Above, histograms of the scores of hits "
    "and false alarms, which overlap in the middle; below, the precision-recall "
    "curve. From 0.2 over 0.5 to 0.8 the point moves left and up: fewer false "
    "alarms, more missed faces."
)


def sample_scores():
    """Return `ScoredPhotos` of 15 made-up photos with four faces each.

    Hits score high, false alarms low, and they overlap; every eighth face or so
    is not found at any threshold.
    """
    rng = np.random.default_rng(SEED)
    corners = np.array([(0, 0), (200, 0), (0, 200), (200, 200)], dtype=float)
    faces = np.hstack([corners, corners + 80])
    detections = []
    for _ in range(15):
        found = faces[rng.random(4) < 0.88] + rng.uniform(-4, 4, (1, 4))
        alarms = faces[: rng.integers(0, 5)] + 95  # touch no face
        scores = np.concatenate(
            [rng.beta(5, 2, len(found)), rng.beta(2, 4, len(alarms))]
        )
        detections.append((np.vstack([found, alarms]), scores))
    return score_photos(detections, [faces] * 15)


def counts(scored, score_threshold):
    """Return hits, false alarms and missed faces at a threshold."""
    kept = scored.scores >= score_threshold
    hits = int((kept & scored.hit).sum())
    return hits, int(kept.sum()) - hits, len(scored.face_sizes) - hits


@style()
def draw(scored, score_threshold):
    """Return the scores and the curve, with the threshold in both."""
    figure, (left, right) = new_figure(3.2, 1, 2)
    _histogram(left, scored, score_threshold)
    left.set_ylabel("detections")
    _curve(right, scored, score_threshold)
    _legend(figure, left)
    right.set_title(f"threshold {score_threshold:.2f}")
    figure.supxlabel(_sentence(scored, score_threshold))
    return figure


def describe(scored, score_threshold):
    """Return the figure in words."""
    return f"Threshold {score_threshold:.2f}: {_sentence(scored, score_threshold)}"


@style()
def static():
    """Return three thresholds side by side."""
    scored = sample_scores()
    figure, grid = new_figure(4.0, 2, 3, sharey="row")
    figure.get_layout_engine().set(w_pad=0.1)  # "1.0" stands clear of the next "0.0"
    for (above, below), threshold in zip(grid.T, THRESHOLDS, strict=True):
        _histogram(above, scored, threshold)
        above.set_title(f"threshold {threshold}")
        _curve(below, scored, threshold)
        below.label_outer()
        below.set_xlabel("recall")
    grid[0, 0].set_ylabel("detections")
    _legend(figure, grid[0, 0])
    return figure


def explore(scored=None):
    """Return the figure with a slider for the threshold.

    Args:
        scored: `ScoredPhotos` of a detector; None takes made-up ones.
    """
    import ipywidgets

    scored = sample_scores() if scored is None else scored
    slider = ipywidgets.FloatSlider(
        value=0.5, max=1.0, step=0.02, description="score threshold"
    )
    return live(
        lambda score_threshold: draw(scored, score_threshold),
        lambda score_threshold: describe(scored, score_threshold),
        {"score_threshold": slider},
    )


def _histogram(axes, scored, score_threshold):
    bins = np.linspace(0, 1, 21)
    axes.hist(scored.scores[scored.hit], bins, color="#0072B2", label="hit")
    axes.hist(
        scored.scores[~scored.hit],
        bins,
        facecolor="none",
        edgecolor="#D55E00",
        hatch="///",
        label="false alarm",
    )
    axes.axvline(score_threshold, color="#000000", lw=2)
    axes.set(xlabel="score", xlim=(0, 1), xticks=(0, 0.5, 1))
    axes.yaxis.get_major_locator().set_params(integer=True)


def _curve(axes, scored, score_threshold):
    thresholds, precision, recall = precision_recall(scored)
    axes.plot(recall, precision, color="#0072B2")
    kept = int((thresholds >= score_threshold).sum())
    point = (recall[kept - 1], precision[kept - 1]) if kept else (0.0, 1.0)
    axes.plot(*point, "o", color="#000000", ms=9)
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1.02), ylim=(0, 1.05))


def _legend(figure, axes):
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2)


def _sentence(scored, score_threshold):
    hits, alarms, missed = counts(scored, score_threshold)
    precision = f"{hits / (hits + alarms):.2f}" if hits + alarms else "undefined"
    recall = hits / (hits + missed) if hits + missed else float("nan")
    return (
        f"{hits} hits, {alarms} false alarms, {missed} missed: "
        f"precision {precision}, recall {recall:.2f}"
    )
