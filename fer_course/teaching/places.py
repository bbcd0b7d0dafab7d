"""The places of drawn scenes: a room, a park, a street, painted with simple shapes.

In: a NumPy Generator and a size. Out: a canvas that `scenes` puts people on. No
notebook needs to open it.
"""

import cv2
import numpy as np

_BRICKS = (
    (206, 150, 118),
    (226, 196, 154),
    (166, 140, 136),
    (188, 118, 98),
    (150, 164, 168),
)


def _fade(height, width, top, bottom):
    ramp = np.linspace(0, 1, height)[:, None, None]
    column = np.array(top) * (1 - ramp) + np.array(bottom) * ramp
    return np.repeat(column, width, axis=1).astype(np.uint8)


def _block(canvas, x1, y1, x2, y2, color):
    """Fill a rectangle given in shares of the picture."""
    height, width = canvas.shape[:2]
    first, last = (
        (int(x1 * width), int(y1 * height)),
        (int(x2 * width), int(y2 * height)),
    )
    cv2.rectangle(canvas, first, last, color, -1)


def _disk(canvas, x, y, radius, color):
    """Fill a disk; place and radius in shares of the picture's width and height."""
    height, width = canvas.shape[:2]
    center, radius = (int(x * width), int(y * height)), int(radius * height)
    cv2.circle(canvas, center, radius, color, -1, cv2.LINE_AA)


def _polygon(canvas, points, color):
    height, width = canvas.shape[:2]
    pixels = np.round(np.array(points) * (width, height)).astype(np.int32)
    cv2.fillPoly(canvas, [pixels], color, cv2.LINE_AA)


def _room(rng, height, width):
    walls = ((238, 220, 196), (214, 222, 206), (226, 208, 200), (206, 216, 224))
    wall = walls[rng.integers(len(walls))]
    canvas = _fade(height, width, wall, tuple(0.92 * value for value in wall))
    _block(canvas, 0, 0.72, 1, 1, (176, 132, 96))
    for k in range(6):
        _block(canvas, 0, 0.735 + 0.05 * k, 1, 0.738 + 0.05 * k, (160, 116, 82))
    _block(canvas, 0, 0.705, 1, 0.73, (246, 240, 230))
    left = rng.uniform(0.05, 0.25)
    _block(canvas, left, 0.1, left + 0.26, 0.48, (248, 244, 236))
    pane = canvas[int(0.12 * height) : int(0.46 * height)]
    columns = slice(int((left + 0.012) * width), int((left + 0.248) * width))
    pane[:, columns] = _fade(
        *pane[:, columns].shape[:2], (150, 196, 226), (226, 236, 232)
    )
    _block(canvas, left + 0.124, 0.12, left + 0.136, 0.46, (248, 244, 236))
    _block(canvas, left, 0.28, left + 0.26, 0.295, (248, 244, 236))
    for x in rng.uniform(0.55, 0.68), rng.uniform(0.78, 0.88):
        _block(canvas, x, 0.14, x + 0.1, 0.32, (122, 84, 62))
        _block(canvas, x + 0.008, 0.152, x + 0.092, 0.308, (236, 224, 204))
        _disk(canvas, x + 0.05, 0.23, 0.05, (206, 120, 88))
    x = rng.uniform(0.42, 0.52)
    _block(canvas, x - 0.004, 0.42, x + 0.004, 0.76, (92, 80, 76))
    shade = [(x - 0.03, 0.3), (x + 0.03, 0.3), (x + 0.055, 0.43), (x - 0.055, 0.43)]
    _polygon(canvas, shade, (248, 214, 150))
    sofa = ((92, 124, 134), (164, 96, 84), (122, 130, 96))[rng.integers(3)]
    _block(canvas, 0.55, 0.56, 0.95, 0.76, sofa)
    _block(canvas, 0.52, 0.62, 0.58, 0.8, tuple(0.85 * v for v in sofa))
    _block(canvas, 0.92, 0.62, 0.98, 0.8, tuple(0.85 * v for v in sofa))
    return canvas


def _tree(canvas, x, y, size, rng):
    _block(canvas, x - 0.1 * size, y - 0.6 * size, x + 0.1 * size, y, (124, 90, 66))
    green = np.array([(104, 148, 92), (132, 164, 90), (88, 130, 98)][rng.integers(3)])
    for dx, dy, radius in (
        (-0.3, 0.9, 0.5),
        (0.3, 0.9, 0.5),
        (0, 1.3, 0.55),
        (0, 0.9, 0.5),
    ):
        tone = tuple(float(v) for v in green * (0.85 + 0.25 * (dy - 0.8)))
        _disk(canvas, x + dx * size, y - dy * size, radius * size, tone)


def _park(rng, height, width):
    canvas = _fade(height, width, (142, 192, 226), (240, 232, 214))
    _disk(canvas, rng.uniform(0.1, 0.9), 0.12, 0.06, (255, 236, 176))
    for x, y in rng.uniform((0, 0.05), (1, 0.22), size=(3, 2)):
        for dx, radius in ((-0.04, 0.03), (0, 0.045), (0.045, 0.035)):
            _disk(canvas, x + dx, y, radius, (250, 248, 244))
    for x, tone in ((0.2, (150, 184, 136)), (0.75, (136, 174, 124))):
        center = int((x + rng.uniform(-0.1, 0.1)) * width), int(0.66 * height)
        axes = int(0.5 * width), int(0.24 * height)
        cv2.ellipse(canvas, center, axes, 0, 180, 360, tone, -1, cv2.LINE_AA)
    _block(canvas, 0, 0.58, 1, 1, (146, 184, 106))
    _block(canvas, 0, 0.78, 1, 1, (134, 174, 98))
    path = [(0.46, 0.58), (0.52, 0.58), (0.9, 1.0), (0.5, 1.0)]
    _polygon(canvas, path, (226, 206, 170))
    for x in np.sort(rng.uniform(0, 1, size=4)):
        _tree(canvas, x, rng.uniform(0.58, 0.66), rng.uniform(0.12, 0.24), rng)
    for x, y in rng.uniform((0, 0.68), (1, 1), size=(14, 2)):
        color = ((236, 120, 104), (248, 216, 120), (246, 240, 236))[rng.integers(3)]
        _disk(canvas, x, y, 0.007, color)
    for x in rng.uniform(0.05, 0.95, size=rng.integers(3)):
        y = rng.uniform(0.1, 0.35)
        _block(canvas, x - 0.001, y, x + 0.001, y + 0.2, (120, 110, 110))
        _disk(canvas, x, y, 0.045, ((222, 96, 84), (242, 178, 76))[rng.integers(2)])
    return canvas


def _house(canvas, rng, left, right):
    top, tone = rng.uniform(0.05, 0.3), _BRICKS[rng.integers(len(_BRICKS))]
    _block(canvas, left, top, right, 0.75, tone)
    _block(canvas, left, top, right, top + 0.015, tuple(0.8 * v for v in tone))
    for row in np.arange(top + 0.05, 0.5, 0.11):
        for x in np.linspace(left + 0.02, right - 0.05, 3):
            glass = (250, 226, 160) if rng.random() < 0.25 else (112, 134, 150)
            _block(canvas, x, row, x + 0.03, row + 0.06, (240, 234, 224))
            _block(canvas, x + 0.003, row + 0.005, x + 0.027, row + 0.055, glass)
    awning = ((200, 92, 78), (92, 132, 112), (232, 180, 96))[rng.integers(3)]
    _block(canvas, left + 0.01, 0.57, right - 0.01, 0.61, awning)
    _block(canvas, left + 0.02, 0.61, right - 0.02, 0.75, (86, 84, 92))


def _street(rng, height, width):
    canvas = _fade(height, width, (168, 202, 226), (244, 224, 200))
    left = -0.05
    while left < 1:
        right = left + rng.uniform(0.14, 0.26)
        _house(canvas, rng, left, right)
        left = right
    _block(canvas, 0, 0.75, 1, 0.9, (206, 196, 184))
    _block(canvas, 0, 0.9, 1, 1, (120, 118, 122))
    _block(canvas, 0, 0.895, 1, 0.905, (168, 160, 152))
    for x in rng.uniform(0.05, 0.95, size=2):
        _block(canvas, x - 0.004, 0.25, x + 0.004, 0.78, (70, 74, 78))
        _disk(canvas, x, 0.24, 0.025, (255, 240, 200))
    return canvas


PAINTERS = {"room": _room, "park": _park, "street": _street}
