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
from fer_course.teaching.moving_portraits import CUT_S, STORY_S, write_portrait_video

PEOPLE = ("Grace Hopper", "Eileen Collins")
SAME_FACE_IOU = 0.3  # of a found box with the true one


@dataclass(frozen=True)
class Sighting:
    """A face found in one frame: its frame, number, label alone and smoothed."""

    frame: int
    number: int
    label: str
    smoothed: str


@dataclass(frozen=True)
class Steadiness:
    """How often one face's label and number changed.

    Attributes:
        minutes: found in so many minutes' worth of frames.
        label_changes: of the label that each frame alone gets.
        smoothed_changes: of the label that is shown.
        switched: frames with another number, the face in sight all the time.
        renewed: frames with another number after frames without the face.
    """

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
            face, alone = result.faces[i], EXPRESSIONS[noting.rows[i].argmax()]
            sightings[person].append(
                Sighting(result.frame, face.track, alone, face.expression)
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
        minutes=len(sightings) / rate / 60,
        label_changes=sum(a.label != b.label for a, b in steps),
        smoothed_changes=sum(a.smoothed != b.smoothed for a, b in steps),
        switched=tuple(b.frame for a, b in other if _in_sight(frames, a, b)),
        renewed=tuple(b.frame for a, b in other if not _in_sight(frames, a, b)),
    )


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
