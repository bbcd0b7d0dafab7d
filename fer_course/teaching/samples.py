"""Drawn faces and scenes with known answers, so that everything runs offline.

In: a seed. Out: faces for each expression, scenes with boxes, ellipses and
landmarks, and the pictures of `data/samples`. `layouts` writes them as the files
of the real data sets. All notebooks use them, and never to stand in for a result
about real faces.
"""

import cv2
import numpy as np

from fer_course.labels import EXPRESSIONS, index
from fer_course.teaching.faces import paint_face
from fer_course.teaching.looks import random_look, random_movement, random_pose

_BACKDROPS = np.array(
    [
        (236, 214, 186),
        (198, 214, 206),
        (214, 200, 214),
        (178, 196, 210),
        (222, 186, 160),
    ]
)


def _backdrop(rng, size):
    """Return a soft (size, size, 3) uint8 background of two colors and some disks."""
    first, second = _BACKDROPS[rng.integers(len(_BACKDROPS), size=2)]
    bright = rng.uniform(0.35, 1.05, size=2)
    ramp = np.linspace(0, 1, size)[:, None, None]
    column = first * bright[0] * (1 - ramp) + second * bright[1] * ramp
    canvas = np.repeat(column.clip(0, 255), size, axis=1).astype(np.uint8)
    for _ in range(rng.integers(4)):
        x, y = rng.integers(size, size=2)
        tone = _BACKDROPS[rng.integers(len(_BACKDROPS))] * rng.uniform(0.4, 1.05)
        radius = int(size * rng.uniform(0.08, 0.35))
        cv2.circle(canvas, (int(x), int(y)), radius, tone.clip(0, 255), -1, cv2.LINE_AA)
    return canvas


def _light(image, rng, light):
    """Return the picture under light from one side, with a little sensor noise."""
    size = image.shape[0]
    ramp = np.linspace(-1, 1, size, dtype=np.float32)
    side = light[0] * ramp[None, :] + light[1] * ramp[:, None]
    gain = rng.uniform(0.7, 1.02) * (1 + rng.uniform(0, 0.35) * side)
    noise = rng.standard_normal((size, size, 1), dtype=np.float32) * rng.uniform(0.5, 3)
    return (image * gain[..., None] + noise).clip(0, 255).astype(np.uint8)


def draw_face(expression, rng, size=96):
    """Return a drawn face, (size, size, 3) uint8 RGB.

    Args:
        expression: one of `EXPRESSIONS`.
        rng: NumPy Generator; the same state draws the same face.
        size: side of the picture in pixels.
    """
    index(expression)
    look, pose = random_look(rng), random_pose(rng)
    move = random_movement(expression, rng)
    grown = size * (4 if size < 64 else 2)
    canvas = _backdrop(rng, grown)
    scale = grown * rng.uniform(0.35, 0.45)
    center = grown * rng.uniform((0.44, 0.40), (0.56, 0.52))
    paint_face(canvas, look, move, pose, center, scale)
    image = cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA)
    return _light(image, rng, pose.light)


def sample_faces(n_per_class, seed, size=48):
    """Return gray faces, the same number for each expression, in random order.

    Returns:
        pixels (7 * n_per_class, size, size) uint8 and labels (7 * n_per_class,) int
        in `EXPRESSIONS` order.
    """
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(len(EXPRESSIONS)), n_per_class))
    pixels = np.empty((len(labels), size, size), np.uint8)
    for row, label in enumerate(labels):
        face = draw_face(EXPRESSIONS[label], rng, size)
        pixels[row] = cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)
    return pixels, labels
