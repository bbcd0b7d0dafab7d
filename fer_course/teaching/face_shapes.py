"""The shapes that drawn faces are made of: filled polygons in face units.

In: numbers. Out: (K, 2) points and `Part` records; `face_parts` and `face_hair`
compose a face from them and `faces` fills them. No notebook needs to open it.
"""

from typing import NamedTuple

import numpy as np

ACROSS = np.linspace(-1, 1, 17)  # from the picture's left to its right
ARCH = 1 - ACROSS**2  # 0 at both ends, 1 in the middle
RISE = np.linspace(0, 1, 9)
AROUND = np.linspace(0, 2 * np.pi, 64, endpoint=False)
HEAD_MIDDLE, CROWN, CHIN = -0.15, 1.05, 1.15
_ANGLES = np.linspace(0, 2 * np.pi, 24, endpoint=False)
_CIRCLE = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)


class Part(NamedTuple):
    """One filled polygon.

    `points` (K, 2) in face units; `color` RGB; `depth` says how far it moves when
    the head turns: 0 the outline, 1 the features, more for the nose, None for the
    body, which does not turn at all.
    """

    points: np.ndarray
    color: tuple
    depth: float | None = 1.0


def mix(color, other, share):
    """Return a color between two: `share` 0 is the first, 1 the other."""
    return tuple(a + (b - a) * share for a, b in zip(color, other, strict=True))


def shade(color, factor):
    """Return a color made darker (factor < 1) or lighter."""
    return tuple(min(255.0, value * factor) for value in color)


def ellipse(x, y, radius_x, radius_y=None):
    """Return the (24, 2) points of an ellipse."""
    return _CIRCLE * (radius_x, radius_y or radius_x) + (x, y)


def ribbon(points, width):
    """Return the outline of a line of varying width; both arguments (K, ...)."""
    along = np.empty_like(points)
    along[1:-1] = points[2:] - points[:-2]
    along[0], along[-1] = points[1] - points[0], points[-1] - points[-2]
    length = np.sqrt((along**2).sum(axis=1, keepdims=True))
    across = along[:, ::-1] * (-0.5, 0.5) / length * np.reshape(width, (-1, 1))
    return np.concatenate([points + across, (points - across)[::-1]])


def curve(x, y):
    """Return (K, 2) points from x and y, scalars allowed."""
    points = np.empty((max(np.size(x), np.size(y)), 2))
    points[:, 0], points[:, 1] = x, y
    return points


def head_outline(look, move):
    """Return the (64, 2) outline of the head, clockwise from the right ear."""
    sine, cosine = np.sin(AROUND), np.cos(AROUND)
    power = np.where(sine > 0, look.jaw, 1.0)
    x = look.half_width * np.sign(cosine) * np.abs(cosine) ** power
    chin = CHIN + 0.5 * max(0.0, move.jaw - 0.1)
    return curve(x, HEAD_MIDDLE + np.where(sine > 0, chin, CROWN) * sine)
