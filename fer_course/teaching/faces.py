"""Draws one face: a `Look`, a `Movement` and a `Pose` become pixels.

In: who, what the face does, how it is held and where. Out: pixels, and the
geometry that annotations need: box from hairline to chin and from cheek to cheek,
ellipse, 68 landmarks. Every notebook shows such faces; none of them is a person.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from fer_course.labels import index
from fer_course.teaching import face_hair, face_parts
from fer_course.teaching.face_shapes import (
    Part,
    curve,
    ellipse,
    head_outline,
    mix,
    shade,
)
from fer_course.teaching.looks import random_look, random_movement, random_pose

_SHIFT = 4  # bits below the pixel that OpenCV's polygons keep
_BACKDROPS = np.array(
    [
        (236, 214, 186),
        (198, 214, 206),
        (214, 200, 214),
        (178, 196, 210),
        (222, 186, 160),
    ]
)


@dataclass(frozen=True, eq=False)
class FaceGeometry:
    """Where a drawn face is, in pixels of the picture it was painted on.

    Attributes:
        box_xyxy: (4,) float; hairline to chin, cheek to cheek.
        ellipse: major radius, minor radius, angle of the major axis in radians,
            center x, center y (FDDB's order); from the crown to the chin.
        landmarks: (68, 2) float x y in the order of 300-W.
    """

    box_xyxy: np.ndarray
    ellipse: np.ndarray
    landmarks: np.ndarray

    def scaled(self, factor):
        """Return the same geometry in a picture `factor` times as large."""
        ellipse = self.ellipse * (factor, factor, 1, factor, factor)
        return FaceGeometry(self.box_xyxy * factor, ellipse, self.landmarks * factor)


def face_parts_of(look, move, gaze=(0.0, 0.0), light=(-0.6, -0.6)):
    """Return every `Part` of a face, back to front."""
    head = head_outline(look, move)
    lit = head * 0.965 + np.array(light) * 0.05
    forehead = mix(look.skin, (255, 240, 220), 0.14)
    glow = ellipse(0.22 * light[0], -0.42, 0.4 * look.half_width, 0.2)
    return [
        *face_hair.hair_behind(look),
        *face_hair.body(look),
        *face_hair.ears(look),
        Part(head, shade(look.skin, 0.86), 0.0),
        Part(lit, look.skin, 0.0),
        Part(glow, forehead, 0.6),
        *face_parts.skin_marks(look, move),
        *face_hair.beard(look, move),
        *face_parts.nose(look, move),
        *face_parts.eyes(look, move, gaze),
        *face_parts.brows(look, move),
        *face_parts.mouth(look, move),
        *face_hair.hair_in_front(look),
        *face_hair.glasses(look),
    ]


def _turn(points, depth, look, pose):
    """Return points moved as a turned head moves them; `depth` (K,)."""
    x, y = points[:, 0], points[:, 1]
    room = np.clip(1 - (x / look.half_width) ** 2, 0, 1)
    height = np.clip(1 - y**2, 0, 1)
    turned = np.empty_like(points)
    turned[:, 0] = x + 0.3 * pose.yaw * depth * room
    turned[:, 1] = y + 0.14 * pose.pitch * depth * height
    return turned


def _to_pixels(points, center_xy, scale, roll_rad):
    cosine, sine = np.cos(roll_rad) * scale, np.sin(roll_rad) * scale
    return points @ np.array([(cosine, sine), (-sine, cosine)]) + center_xy


def paint_face(canvas, look, move, pose, center_xy, scale):
    """Paint a face on a picture and return its `FaceGeometry`.

    Args:
        canvas: (H, W, 3) uint8 RGB, changed in place.
        look: who.
        move: what the face does.
        pose: how it is held.
        center_xy: pixel of the point between the eyes.
        scale: pixels per face unit (half a face's height, about).
    """
    gaze = (0.05 * pose.yaw, 0.02 * pose.pitch)
    parts = face_parts_of(look, move, gaze, pose.light)
    lengths = [len(part.points) for part in parts]
    points = np.concatenate([part.points for part in parts])
    depth = np.repeat([part.depth or 0.0 for part in parts], lengths)
    still = np.repeat([part.depth is None for part in parts], lengths)
    turned = _turn(points, depth, look, pose)
    pixels = _to_pixels(turned, center_xy, scale, pose.roll_rad)
    pixels[still] = _to_pixels(points[still], center_xy, scale, 0.25 * pose.roll_rad)
    fixed = np.round((pixels - 0.5) * (1 << _SHIFT)).astype(np.int32)
    start = 0
    for part, length in zip(parts, lengths, strict=True):
        outline = fixed[start : start + length]
        cv2.fillPoly(canvas, [outline], part.color, cv2.LINE_AA, _SHIFT)
        start += length
    return _geometry(look, move, pose, center_xy, scale)


def _geometry(look, move, pose, center_xy, scale):
    def place(points):
        return _to_pixels(points, center_xy, scale, pose.roll_rad)

    head = head_outline(look, move)
    face = place(head[head[:, 1] >= look.hairline])
    crown, chin = head[:, 1].min(), head[:, 1].max()
    middle = place(np.array([(0.0, (crown + chin) / 2)]))[0]
    radii = (chin - crown) / 2 * scale, look.half_width * scale
    return FaceGeometry(
        box_xyxy=np.concatenate([face.min(axis=0), face.max(axis=0)]),
        ellipse=np.array([*radii, pose.roll_rad + np.pi / 2, *middle]),
        landmarks=place(_landmarks(look, move, head, pose)),
    )


def _landmarks(look, move, head, pose):
    """Return the 68 points of 300-W in face units, as the turned head shows them."""
    jaw = head[np.linspace(32, 0, 17).round().astype(int)]
    brows = [face_parts.brow_line(look, move, side)[::4] for side in (-1, 1)]
    tip = look.nose_length - 0.06 * move.wrinkle
    bridge = curve(0.0, np.linspace(-0.02, tip - 0.05, 4))
    base = look.nose_width * np.linspace(-0.8, 0.8, 5)
    nostrils = curve(base, tip + np.array([0, 0.02, 0.04, 0.02, 0]))
    eyes = []
    for side in (-1, 1):
        x, upper, lower = face_parts.lids(look, move, side)
        ring = [(x[k], upper[k]) for k in (0, 5, 11, 16)]
        eyes.append(np.array([*ring, (x[11], lower[11]), (x[5], lower[5])]))
    x, top, inner_top, inner_bottom, bottom = face_parts.mouth_lines(look, move)
    outer, low = (0, 3, 6, 8, 10, 13, 16), (13, 10, 8, 6, 3)
    lips = [(x[k], top[k]) for k in outer] + [(x[k], bottom[k]) for k in low]
    lips += [(x[k], inner_top[k]) for k in (1, 5, 8, 11, 15)]
    lips += [(x[k], inner_bottom[k]) for k in (11, 8, 5)]
    flat = np.concatenate([brows[0][::-1], brows[1], nostrils, *eyes, lips])
    features = _turn(flat, np.ones(len(flat)), look, pose)
    ridge = _turn(bridge, np.full(4, 1.4), look, pose)
    return np.concatenate([jaw, features[:10], ridge, features[10:]])


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
