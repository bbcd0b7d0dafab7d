"""Faces cut right and wrong, and a pocket classifier to measure what each slip costs.

In: a photo and a face's box. Out: the network's input (48, 48, 1), as the contract
wants it or with one named step broken; drawn portraits with known boxes and labels,
and a small classifier that learns them in a second. Notebook 06, sections 2 to 5.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from fer_course.boxes import as_boxes, iou_matrix, square
from fer_course.expression.calibration import apply_temperature
from fer_course.expression.preprocessing import INPUT_SIZE, face_to_gray, face_to_input
from fer_course.images import crop
from fer_course.labels import EXPRESSIONS
from fer_course.teaching.faces import paint_face
from fer_course.teaching.looks import random_look, random_movement, random_pose

_CELL_PX, _ANGLES = 6, 8
_SAME_FACE, _SHOWN_MARGIN = 0.5, 0.2
_POCKET_SURE = 0.6
_POCKET_TEMPERATURE = 3.8  # fitted on 210 more drawn faces, cut as it was trained


def cut_face(image, box_xyxy, margin):
    """Return a face as the contract wants it.

    Args:
        image: (H, W, 3) RGB uint8.
        box_xyxy: four numbers, pixels of the photo.
        margin: what the network's file stores.

    Returns:
        (48, 48, 1) float32 in 0..255.
    """
    return face_to_input([crop(image, square(box_xyxy, margin)[0])])[0]


def _bgr(image, box_xyxy, margin):
    return cut_face(image[:, :, ::-1], box_xyxy, margin)


def _zero_to_one(image, box_xyxy, margin):
    return cut_face(image, box_xyxy, margin) / 255


def _squeezed(image, box_xyxy, margin):
    x1, y1, x2, y2 = as_boxes(box_xyxy)[0]
    grow = np.array((x2 - x1, y2 - y1)) * margin / 2
    box = np.concatenate((np.array((x1, y1)) - grow, np.array((x2, y2)) + grow))
    gray = cv2.cvtColor(crop(image, box), cv2.COLOR_RGB2GRAY)
    size_wh = (INPUT_SIZE, INPUT_SIZE)
    small = cv2.resize(gray, size_wh, interpolation=cv2.INTER_AREA)
    return small[..., None].astype(np.float32)


def _shifted(image, box_xyxy, margin):
    box = as_boxes(box_xyxy)[0]
    right = 0.15 * (box[2] - box[0])
    moved = box + np.array([right, 0, right, 0])
    return cut_face(image, moved, margin)


def _loose(image, box_xyxy, margin):
    return cut_face(image, box_xyxy, margin + 0.6)


def _tight(image, box_xyxy, margin):
    return cut_face(image, box_xyxy, margin - 0.2)


def _nearest(image, box_xyxy, margin):
    gray = face_to_gray(crop(image, square(box_xyxy, margin)[0]), size=4 * INPUT_SIZE)
    return gray[2::4, 2::4, None].astype(np.float32)  # skips 15 pixels of 16


def _jpeg(image, box_xyxy, margin):
    bgr = np.ascontiguousarray(image[:, :, ::-1])
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 10])
    return cut_face(cv2.imdecode(data, cv2.IMREAD_COLOR)[:, :, ::-1], box_xyxy, margin)


# name -> function(image, box_xyxy, margin) -> (48, 48, 1) float32
SLIPS = {
    "tight": _tight,  # margin 20 points too small
    "loose": _loose,  # margin 60 points too large
    "shifted": _shifted,  # 15 % of the box's width to the right
    "bgr": _bgr,  # red and blue swapped before the gray
    "zero to one": _zero_to_one,  # divided by 255 outside, and again inside
    "squeezed": _squeezed,  # the oblong box pressed into the square
    "jpeg": _jpeg,  # stored at quality 10 in between
    "nearest": _nearest,  # shrunk by skipping pixels
}
_MYSTERY = dict(
    zip(
        "ABCDEF",
        ("squeezed", "bgr", "nearest", "shifted", "zero to one", "loose"),
        strict=True,
    )
)


def mystery_pipelines():
    """Return letter -> function(image, box_xyxy, margin), one slip in each.

    They stand for code that somebody else wrote: notebook 06 finds out, from what
    comes out, which step of each is broken.
    """

    def unnamed(slip):
        return lambda image, box_xyxy, margin: slip(image, box_xyxy, margin)

    return {letter: unnamed(SLIPS[name]) for letter, name in _MYSTERY.items()}


@dataclass(frozen=True, eq=False)
class Portrait:
    """A drawn person, seen from further away than a training face.

    Attributes:
        image: (H, W, 3) RGB uint8.
        box_xyxy: (4,) float, pixels; hairline to chin, cheek to cheek.
        label: position of the drawn expression in `EXPRESSIONS`.
    """

    image: np.ndarray
    box_xyxy: np.ndarray
    label: int


def drawn_portraits(n_per_class, seed, size=200):
    """Return `Portrait`s, the same number for each expression.

    Args:
        n_per_class: how many of each expression.
        seed: the same seed draws the same people.
        size: side of each picture, px; faces are about 0.37 of it high.
    """
    rng = np.random.default_rng(seed)
    return [
        _portrait(label, rng, size)
        for _ in range(n_per_class)
        for label in range(len(EXPRESSIONS))
    ]


def _portrait(label, rng, size):
    look, pose = random_look(rng), random_pose(rng, 0.5)
    move = random_movement(EXPRESSIONS[label], rng)
    wall = np.linspace(*rng.uniform(60, 230, (2, 3)), size)[:, None]
    canvas = np.repeat(wall, size, axis=1).astype(np.uint8)
    center = size * rng.uniform((0.45, 0.42), (0.55, 0.50))
    geometry = paint_face(
        canvas, look, move, pose, center, size * rng.uniform(0.19, 0.24)
    )
    noise = rng.standard_normal((size, size, 1), dtype=np.float32) * 2
    image = canvas * np.float32(rng.uniform(0.7, 1.0)) + noise
    return Portrait(image.clip(0, 255).astype(np.uint8), geometry.box_xyxy, label)


def failed_faces(scene, faces):
    """Return the faces of a scene that were read wrongly or missed, as pictures.

    Each face found takes the free true one that it overlaps most, by an IoU of 0.5 at
    least, as in E06.5.

    Args:
        scene: a `Scene`, with its true boxes and expressions.
        faces: `Face`s found in its picture, best first.

    Returns:
        List of (crop, title): (S, S, 3) uint8, and three lines, the true expression,
        what was answered ("→ sad" or "missed"), and the true box's height.
    """
    said = [None] * len(scene.expressions)
    found = np.array([face.box for face in faces]).reshape(-1, 4)
    overlaps = iou_matrix(found, scene.boxes_xyxy)
    for face, row in zip(faces, overlaps, strict=True):
        if row.max(initial=0) >= _SAME_FACE:
            best = int(row.argmax())
            said[best] = face.expression
            overlaps[:, best] = 0
    failed = []
    for box, true, answer in zip(
        scene.boxes_xyxy, scene.expressions, said, strict=True
    ):
        if answer != true:
            told = "missed" if answer is None else f"→ {answer}"
            title = f"{true}\n{told}\n{box[3] - box[1]:.0f} px"
            failed.append((crop(scene.image, square(box, _SHOWN_MARGIN)[0]), title))
    return failed


def edge_histograms(faces):
    """Return how much edge of which direction each patch of a face holds.

    Args:
        faces: (N, 48, 48) gray, any scale.

    Returns:
        (N, 512) float32: 8 x 8 patches, 8 directions; square roots of shares, so
        that brightness and contrast do not count.
    """
    faces = np.asarray(faces, np.float32)
    across = faces[:, 1:-1, 2:] - faces[:, 1:-1, :-2]
    down = faces[:, 2:, 1:-1] - faces[:, :-2, 1:-1]
    strength = np.pad(np.hypot(across, down), ((0, 0), (1, 1), (1, 1)))
    turn = np.pad(np.arctan2(down, across) % np.pi, ((0, 0), (1, 1), (1, 1)))
    angle = np.minimum((turn / np.pi * _ANGLES).astype(int), _ANGLES - 1)
    patches = (len(faces), INPUT_SIZE // _CELL_PX, _CELL_PX, -1, _CELL_PX)
    sums = [
        np.where(angle == k, strength, 0).reshape(patches).sum((2, 4))
        for k in range(_ANGLES)
    ]
    rows = np.stack(sums, axis=-1).reshape(len(faces), -1)
    return np.sqrt(rows / (rows.sum(1, keepdims=True) + 1e-6))


class PocketReader:
    """A classifier for drawn faces with the interface of `ExpressionClassifier`.

    Attributes:
        crop_margin: the margin it was trained with.
        sure_threshold: a top probability below it reads "not sure".
    """

    def __init__(self, portraits, margin):
        """Learn drawn faces, cut out of portraits with a margin.

        Args:
            portraits: `Portrait`s of all seven expressions.
            margin: as in `boxes.square`.
        """
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

        self.crop_margin, self.sure_threshold = margin, _POCKET_SURE
        crops = [crop(p.image, square(p.box_xyxy, margin)[0]) for p in portraits]
        self._model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.3)
        self._model.fit(_features(crops), [p.label for p in portraits])

    def classify(self, crops):
        """Return (N, 7) float32 probabilities, calibrated, in `EXPRESSIONS` order.

        Args:
            crops: list of RGB or gray uint8 arrays, sizes may differ; N may be 0.
        """
        if not len(crops):
            return np.zeros((0, len(EXPRESSIONS)), np.float32)
        probabilities = self._model.predict_proba(_features(crops))
        calibrated = apply_temperature(probabilities, _POCKET_TEMPERATURE)
        return calibrated.astype(np.float32)


def _features(crops):
    return edge_histograms(face_to_input(crops)[..., 0])
