"""How much does a network lose when a face is small, turned or off its center?

In: an expression network and the faces for choosing (no test part is opened for it).
Out: accuracy by size, rotation and shift. A stored face has no surroundings, so that
what a turn or a shift brings in is its drawn-out edge, as serving draws out a photo's.
Notebook 05.
"""

from dataclasses import asdict, dataclass

import cv2
import numpy as np

from fer_course.expression.evaluation import wilson_interval
from fer_course.expression.preprocessing import INPUT_SIZE, face_to_gray

TOGETHER = "together"
_DIRECTIONS_XY = ((1, 0), (0, 1), (-1, 0), (0, -1))


@dataclass(frozen=True)
class Condition:
    """A network on one part, all of its faces changed alike.

    Attributes:
        part: "RAF-DB choose", …, or "together".
        condition: "size", "rotation" or "shift".
        value: side of the face, px; degrees, counter-clockwise; or px of 48.
        faces: how many.
        accuracy: share right.
        interval: Wilson's 95 % interval of it.
    """

    part: str
    condition: str
    value: int
    faces: int
    accuracy: float
    interval: tuple[float, float]

    @property
    def label(self):
        """The change in words: "shift 4 px, 8 % of the face"."""
        if self.condition == "rotation":
            return f"rotation {self.value:+d}°" if self.value else "rotation 0°"
        text = f"{self.condition} {self.value} px"
        if self.condition == "shift":
            text += f", {self.value / INPUT_SIZE:.0%} of the face"
        return text

    def to_dict(self):
        """Return plain numbers, ready for JSON."""
        bounds = [round(bound, 4) for bound in self.interval]
        return asdict(self) | {"accuracy": round(self.accuracy, 4), "interval": bounds}


def measure_robustness(classifier, held_back, progress=print):
    """Return a network's accuracy under each change, by set and over all faces.

    Args:
        classifier: object with `classify(crops) -> (N, 7)`.
        held_back: list of `HeldBack`, each read whole; for choosing, not testing.
        progress: called with a line for each kind of change.

    Returns:
        Tuple of `Condition`: for each change the sets in their order, then
        "together", in which every face counts the same; none without a set.
    """
    if not held_back:
        return ()
    pixels = np.concatenate([held.faces.pixels for held in held_back])
    labels = np.concatenate([held.faces.labels for held in held_back])
    ends = np.cumsum([len(held.faces) for held in held_back])
    names = [next(iter(held.parts)) for held in held_back]
    unchanged = _right(classifier, list(pixels), labels)
    found = []
    for condition, change, values, usual in CHANGES:
        progress(f"the choosing faces: {len(values)} changes of {condition}")
        for value in values:
            right = unchanged
            if value != usual:
                right = _right(classifier, change(pixels, value), labels)
            of_parts = zip(names, np.split(right, ends[:-1]), strict=True)
            for part, rows in (*of_parts, (TOGETHER, right)):
                count, hits = len(rows), int(rows.sum())
                interval = wilson_interval(hits, count)
                found.append(
                    Condition(part, condition, value, count, hits / count, interval)
                )
    return tuple(found)


def shrink(pixels, side_px):
    """Return faces as small ones arrive, for the classifier to enlarge.

    Args:
        pixels: (N, 48, 48) uint8.
        side_px: their new side; every pixel counts in the average.

    Returns:
        List of N (side_px, side_px) uint8.
    """
    return [face_to_gray(face, side_px) for face in pixels]


def rotate(pixels, angle_deg):
    """Return faces turned about their center, their edge drawn out into the corners.

    Args:
        pixels: (N, H, W) uint8.
        angle_deg: counter-clockwise.

    Returns:
        List of N (H, W) uint8.
    """
    height, width = pixels.shape[1:]
    center = (width - 1) / 2, (height - 1) / 2
    turn = cv2.getRotationMatrix2D(center, angle_deg, 1.0)
    return [_warp(face, turn) for face in pixels]


def shift(pixels, distance_px):
    """Return faces off their center, the edge that they leave drawn out.

    One face goes right, the next down, left, up, and so on: as a detector's box errs
    to all sides.

    Args:
        pixels: (N, H, W) uint8.
        distance_px: how far.

    Returns:
        List of N (H, W) uint8.
    """
    moves = [
        np.array([[1, 0, x * distance_px], [0, 1, y * distance_px]], float)
        for x, y in _DIRECTIONS_XY
    ]
    return [_warp(face, moves[i % len(moves)]) for i, face in enumerate(pixels)]


# name, what it does, by how much, and the value that leaves a face as it is
CHANGES = (
    ("size", shrink, (48, 40, 32, 24, 20, 16), INPUT_SIZE),
    ("rotation", rotate, (-30, -20, -10, 0, 10, 20, 30), 0),
    ("shift", shift, (0, 2, 4, 6, 8), 0),
)


def robustness_table(conditions):
    """Return the lines of a table: a line for each change, a column for each part."""
    if not conditions:
        return []
    parts = list(dict.fromkeys(row.part for row in conditions))
    by_change = {}
    for row in conditions:
        low, high = row.interval
        text = f"{row.accuracy:.1%} [{low:.1%}, {high:.1%}]"
        by_change.setdefault(row.label, []).append(text)
    heading = ("change, on the choosing faces", parts)
    return [
        f"{first:<30}" + "".join(f" {text:>25}" for text in texts)
        for first, texts in (heading, *by_change.items())
    ]


def _right(classifier, crops, labels):
    return classifier.classify(crops).argmax(1) == labels


def _warp(face, matrix):
    size_wh = face.shape[::-1]
    return cv2.warpAffine(
        face, matrix, size_wh, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
