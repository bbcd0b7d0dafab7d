"""Draws scenes with known faces: a room, a park or a street with people in it.

In: a NumPy Generator and how many faces. Out: a `Scene`, the picture with every
face's box, ellipse, landmarks and expression. Notebooks 01 and 02 learn from such
scenes; a detector's quality on them says nothing about photographs.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from fer_course.boxes import iou_matrix
from fer_course.labels import EXPRESSIONS
from fer_course.teaching.faces import paint_face
from fer_course.teaching.looks import random_look, random_movement, random_pose
from fer_course.teaching.places import PAINTERS

_GROWN = 2  # scenes are drawn this much larger, then shrunk
PLACES = tuple(PAINTERS)


@dataclass(frozen=True, eq=False)
class Scene:
    """A drawn picture and what is in it.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        boxes_xyxy: (N, 4) float, pixels; hairline to chin, cheek to cheek.
        expressions: N names of `EXPRESSIONS`.
        ellipses: (N, 5) float: major radius, minor radius, angle in radians,
            center x, center y; crown to chin.
        landmarks: (N, 68, 2) float x y, in 300-W's order.
    """

    image: np.ndarray
    boxes_xyxy: np.ndarray
    expressions: tuple
    ellipses: np.ndarray
    landmarks: np.ndarray


def sample_scene(rng, n_faces, hw=(480, 640), place=None):
    """Return a drawn `Scene`; the same state of `rng` draws the same scene.

    Faces are a twentieth to a third of the picture's height and do not overlap. A
    crowd that does not fit is drawn smaller.

    Args:
        rng: NumPy Generator.
        n_faces: number of faces; 0 draws the place alone.
        hw: height and width of the picture in pixels.
        place: one of `PLACES`; None chooses one.
    """
    height, width = (_GROWN * side for side in hw)
    place = place or PLACES[rng.integers(len(PLACES))]
    canvas = PAINTERS[place](rng, height, width)
    light = rng.choice((-0.6, 0.6)), -0.6
    spots = _spots(rng, n_faces, height, width)
    expressions = tuple(EXPRESSIONS[k] for k in rng.integers(7, size=n_faces))
    found = []
    for (x, y, scale), expression in zip(spots, expressions, strict=True):
        look, pose = random_look(rng), random_pose(rng, 0.6)
        pose = type(pose)(pose.roll_rad, pose.yaw, pose.pitch, light)
        move = random_movement(expression, rng)
        _shadow(canvas, x, y, scale)
        found.append(paint_face(canvas, look, move, pose, (x, y), scale))
    found = [geometry.scaled(1 / _GROWN) for geometry in found]
    image = cv2.resize(canvas, hw[::-1], interpolation=cv2.INTER_AREA)
    return Scene(
        image=_lit(image, rng, light),
        boxes_xyxy=np.array([g.box_xyxy for g in found]).reshape(-1, 4),
        expressions=expressions,
        ellipses=np.array([g.ellipse for g in found]).reshape(-1, 5),
        landmarks=np.array([g.landmarks for g in found]).reshape(-1, 68, 2),
    )


def _spots(rng, n_faces, height, width):
    """Return (x, y, scale) of heads that leave one another visible, far to near."""
    largest, tries = 0.165 * height, 0
    taken = np.zeros((0, 4))
    spots = []
    for scale in np.sort(_scales(rng, n_faces, height))[::-1]:
        while True:
            tries += 1
            scale = min(scale, largest)
            x = rng.uniform(1.1 * scale, width - 1.1 * scale)
            near = scale / (0.165 * height)
            low = (0.2 + 0.28 * near) * height
            y = rng.uniform(low, low + 0.16 * height)
            y = min(max(y, 1.5 * scale), height - 1.1 * scale)
            head = np.array([[x - scale, y - 1.4 * scale, x + scale, y + 1.15 * scale]])
            if not iou_matrix(head, taken).any():
                break
            if tries % 30 == 0:
                largest *= 0.9
        shoulders = (x - 1.75 * scale, y + scale, x + 1.75 * scale, float(height))
        taken = np.concatenate([taken, head, [shoulders]])
        spots.append((x, y, scale))
    return spots[::-1]


def _scales(rng, n_faces, height):
    """Return face units in pixels: many small faces, some large, as in photographs."""
    return height * np.exp(rng.uniform(np.log(0.026), np.log(0.165), size=n_faces))


def _shadow(canvas, x, y, scale):
    feet = int(y + 13.3 * scale)
    if feet < canvas.shape[0]:
        patch = canvas[feet - int(0.4 * scale) : feet + int(0.4 * scale)]
        soft = patch.copy()
        center = int(x), patch.shape[0] // 2
        axes = int(1.7 * scale), max(1, int(0.35 * scale))
        cv2.ellipse(soft, center, axes, 0, 0, 360, (60, 56, 60), -1, cv2.LINE_AA)
        patch[:] = cv2.addWeighted(patch, 0.65, soft, 0.35, 0)


def _lit(image, rng, light):
    across = np.linspace(-1, 1, image.shape[1], dtype=np.float32)
    down = np.linspace(-1, 1, image.shape[0], dtype=np.float32)
    side = light[0] * across[None, :] + light[1] * down[:, None]
    gain = rng.uniform(0.82, 1.0) * (1 + rng.uniform(0.03, 0.16) * side)
    noise = rng.standard_normal((*image.shape[:2], 1), dtype=np.float32) * 1.5
    return (image * gain[..., None] + noise).clip(0, 255).astype(np.uint8)
