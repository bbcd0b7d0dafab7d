"""How steady names and numbers are in a video: the minute of portraits, counted.

In: both networks. Out: the film, its annotated copy, and for each face how often
its label changed, read frame by frame and smoothed, and how often its number did.
Anyone can count again (a few minutes; `requirements-video.txt`):

    python -c "from fer_course.teaching.steadiness import film_and_count as go; go()"

The labels' truth does not matter here: a portrait's face does not change, so every
change is flicker. Notebook 06, section 4, counts a part of it.
"""

import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from fer_course.analysis.analyzer import FaceAnalyzer
from fer_course.analysis.tracking import NEW
from fer_course.boxes import iou_matrix
from fer_course.labels import EXPRESSIONS
from fer_course.teaching.figure_style import new_figure, style
from fer_course.teaching.moving_portraits import CUT_S, STORY_S, write_portrait_video

PEOPLE = ("Grace Hopper", "Eileen Collins")
SAME_FACE_IOU = 0.3  # of a found box with the true one
_OTHER_LABEL = {
    "facecolor": "#D9D9D9",
    "edgecolor": "gray",
    "hatch": "////",
    "linewidth": 0,
}


@dataclass(frozen=True, eq=False)
class Sighting:
    """A face found in one frame.

    Attributes:
        frame: counted from 0.
        number: the face's, from the tracker.
        alone: (7,) probabilities that this frame by itself gets.
        smoothed: (7,) those that are shown, a mean over the last moments.
    """

    frame: int
    number: int
    alone: np.ndarray
    smoothed: np.ndarray


@dataclass(frozen=True, eq=False)
class Steadiness:
    """How often one face's label and number changed.

    Attributes:
        sightings: tuple of `Sighting`, in order.
        minutes: found in so many minutes' worth of frames.
        label_changes: of the label that each frame alone gets.
        smoothed_changes: of the label that is shown.
        switched: frames with another number, the face in sight all the time.
        renewed: frames with another number after frames without the face.
    """

    sightings: tuple[Sighting, ...]
    minutes: float
    label_changes: int
    smoothed_changes: int
    switched: tuple[int, ...]
    renewed: tuple[int, ...]


def film_and_count(out="out", analyzer=None, start_s=0.0, stop_s=STORY_S, rate=12.5):
    """Film the portraits, read the film, print and return how steady each face is.

    Writes `portraits.avi` and the annotated `portraits_faces.mp4` into `out`.

    Args:
        out: a folder, made if it is missing; None keeps no film.
        analyzer: a `FaceAnalyzer`; None takes the shipped networks.
        start_s: of the story, seconds; see `portrait_frames`.
        stop_s: of the story, seconds.
        rate: frames a second.

    Returns:
        a `Steadiness` for each of `PEOPLE`.

    Raises:
        ValueError: the package `trackers` is not installed.
    """
    analyzer = analyzer or FaceAnalyzer()
    with tempfile.TemporaryDirectory() as passing:
        folder = Path(passing if out is None else out)
        folder.mkdir(parents=True, exist_ok=True)
        film = folder / "portraits.avi"
        drawn = None if out is None else folder / "portraits_faces.mp4"
        truth = write_portrait_video(film, start_s, stop_s, rate)
        sightings = watch(analyzer, film, truth, drawn)
    found = [steadiness(seen, rate) for seen in sightings]
    print(_table(found, start_s, stop_s, rate))
    if drawn:
        print(f"The film: {film}, annotated: {drawn}")
    return found


def watch(analyzer, film, truth, out=None):
    """Return the sightings of each person of a film.

    Args:
        analyzer: a `FaceAnalyzer`.
        film: path of the video.
        truth: (frames, people, 4) boxes, pixels; NaN for who is out of sight.
        out: path of the annotated video; None writes none.

    Returns:
        list of `Sighting` for each person.
    """
    noting = _Noting(analyzer.classifier)
    analyzer = FaceAnalyzer(analyzer.detector, noting)
    sightings = [[] for _ in range(truth.shape[1])]
    for result in analyzer.analyze_video(film, out):
        boxes_xyxy = np.array([face.box for face in result.faces]).reshape(-1, 4)
        for person, i in _who_is_where(boxes_xyxy, truth[result.frame]):
            face = result.faces[i]
            shown = np.array([face.probabilities[name] for name in EXPRESSIONS])
            sightings[person].append(
                Sighting(result.frame, face.track, noting.rows[i], shown)
            )
    return sightings


def steadiness(sightings, rate):
    """Count the changes from each sighting of a person to the next.

    Args:
        sightings: list of `Sighting`, in order.
        rate: frames a second.
    """
    steps = list(pairwise(sightings))
    numbered = pairwise(seen for seen in sightings if seen.number != NEW)
    other = [(a, b) for a, b in numbered if a.number != b.number]
    frames = {seen.frame for seen in sightings}
    return Steadiness(
        sightings=tuple(sightings),
        minutes=len(sightings) / rate / 60,
        label_changes=sum(a.alone.argmax() != b.alone.argmax() for a, b in steps),
        smoothed_changes=sum(
            a.smoothed.argmax() != b.smoothed.argmax() for a, b in steps
        ),
        switched=tuple(b.frame for a, b in other if _in_sight(frames, a, b)),
        renewed=tuple(b.frame for a, b in other if not _in_sight(frames, a, b)),
    )


def plot_flicker(found, start_s=0.0, rate=12.5):
    """Return one face's two likeliest expressions over time, alone and smoothed.

    Args:
        found: its `Steadiness`, of at least one sighting.
        start_s: when the film's first frame is, seconds.
        rate: frames a second.
    """
    seconds = [start_s + seen.frame / rate for seen in found.sightings]
    alone = np.array([seen.alone for seen in found.sightings])
    smoothed = np.array([seen.smoothed for seen in found.sightings])
    first, second = np.argsort(-alone.mean(0))[:2]
    panels = (
        ("each frame alone", alone, found.label_changes),
        ("smoothed", smoothed, found.smoothed_changes),
    )
    with style():
        figure, axes = new_figure(3.6, rows=2, sharex=True, sharey=True)
        for axis, (name, rows, changes) in zip(axes, panels, strict=True):
            for column in (first, second):
                axis.plot(seconds, rows[:, column], label=EXPRESSIONS[column])
            others = np.flatnonzero(rows.argmax(1) != first)
            spans = [(seconds[i] - 0.5 / rate, 1 / rate) for i in others]
            axis.broken_barh(spans, (0, 1), **_OTHER_LABEL)
            axis.set(title=f"{name}: {changes} changes of label", ylim=(0, 1))
            axis.set_ylabel("probability")
        axes[0].legend(loc="center left", ncols=2)
        axes[1].set_xlabel("time in the film, s")
    return figure


def _in_sight(frames, before, after):
    """Return whether a face was found in every frame from one sighting to another."""
    return frames.issuperset(range(before.frame, after.frame + 1))


class _Noting:
    """A classifier that keeps the rows it gave last."""

    def __init__(self, classifier):
        self._classifier = classifier
        self.crop_margin = classifier.crop_margin
        self.sure_threshold = classifier.sure_threshold
        self.rows = None

    def classify(self, crops):
        self.rows = self._classifier.classify(crops)
        return self.rows


def _who_is_where(boxes_xyxy, truth):
    """Yield each person in sight and the place of their box among the found."""
    for person, box in enumerate(truth):
        if np.isfinite(box).all() and len(boxes_xyxy):
            overlap = iou_matrix(boxes_xyxy, box[None])[:, 0]
            if overlap.max() >= SAME_FACE_IOU:
                yield person, int(overlap.argmax())


def _table(found, start_s, stop_s, rate):
    """Return the figures as text."""
    cut = f", a cut at {CUT_S:.0f} s" if start_s < CUT_S < stop_s else ""
    lines = [
        f"seconds {start_s:g} to {stop_s:g}, {rate} frames a second{cut}",
        f"{'':<16}{'found':>8}{'label changes a minute':>27}{'another number':>30}",
        f"{'':<24}{'frame alone':>15}{'smoothed':>12}{'in sight, at':>18}"
        f"{'after absence':>16}",
    ]
    for who, face in zip(PEOPLE, found, strict=True):
        minutes = max(face.minutes, 1e-9)
        at = ", ".join(f"{start_s + frame / rate:.1f} s" for frame in face.switched)
        lines.append(
            f"{who:<16}{60 * face.minutes:>6.1f} s"
            f"{face.label_changes / minutes:>15.1f}"
            f"{face.smoothed_changes / minutes:>12.1f}"
            f"{at or 'none':>18}{len(face.renewed):>16}"
        )
    return "\n".join(lines)
