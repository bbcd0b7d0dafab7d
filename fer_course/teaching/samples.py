"""Drawn faces and scenes with known answers, so that everything runs offline.

In: a seed. Out: faces for each expression, scenes with boxes, ellipses and
landmarks, and the pictures of `data/samples`. `layouts` writes them as the files
of the real data sets. All notebooks use them, and never to stand in for a result
about real faces.
"""

import cv2
import numpy as np

from fer_course.labels import EXPRESSIONS
from fer_course.teaching.faces import draw_face


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
