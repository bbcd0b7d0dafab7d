"""Makes the pictures of `data/samples`: two portraits hung on walls, two scenes.

In: the portraits of Grace Hopper and Eileen Collins (public domain). Out: montages
with known boxes. `data/samples/SOURCES.md` says where the portraits come from;
notebooks 00, 02 and 06 look at the pictures; `moving_portraits` films them.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from fer_course.boxes import ellipse_to_box
from fer_course.files import write_atomically
from fer_course.images import read_image
from fer_course.teaching.scenes import sample_scene

# hairline to chin, cheek to cheek, pixels of the two files
_PORTRAITS = {
    "grace_hopper": (172, 128, 352, 325),
    "eileen_collins": (182, 76, 271, 176),
}
HOPPER, COLLINS = _PORTRAITS
_ABOVE, _BELOW, _BESIDE = 0.6, 0.75, 1.05  # a print's margins, in face heights
_FRAMES = ((250, 247, 240), (112, 78, 56), (62, 58, 58), (196, 160, 112))


@dataclass(frozen=True)
class Print:
    """A framed print: whose, face height and center in pixels, frame, lean."""

    who: str
    face_px: float
    x: float
    y: float
    frame: int = 0
    angle_deg: float = 0.0
    gray: bool = False


_WALLS = {
    "two_portraits": (
        (480, 860),
        (Print(HOPPER, 160, 235, 235), Print(COLLINS, 160, 625, 235)),
    ),
    "small_and_large": (
        (480, 860),
        (Print(HOPPER, 180, 270, 240, 1), Print(COLLINS, 36, 640, 250, 1)),
    ),
    "tilted": (
        (520, 900),
        (
            Print(HOPPER, 150, 235, 260, 0, -15),
            Print(COLLINS, 140, 672, 260, 0, 15),
        ),
    ),
    "gallery": (
        (720, 1280),
        (
            Print(HOPPER, 200, 270, 330, 1),
            Print(COLLINS, 130, 705, 215, 0),
            Print(HOPPER, 110, 1060, 190, 2, gray=True),
            Print(COLLINS, 90, 620, 535, 3),
            Print(HOPPER, 64, 830, 470, 0),
            Print(COLLINS, 84, 1130, 485, 1, gray=True),
            Print(HOPPER, 48, 970, 420, 3),
            Print(COLLINS, 32, 960, 550, 2),
            Print(HOPPER, 24, 830, 620, 1),
        ),
    ),
}


def make_sample_photos(out):
    """Write the montages, the scenes and `boxes.json` beside the two portraits.

    Args:
        out: a folder that holds `grace_hopper.jpg` and `eileen_collins.jpg`.

    Raises:
        FileNotFoundError: a portrait is missing.
    """
    out = Path(out)
    portraits = {name: read_image(out / f"{name}.jpg") for name in _PORTRAITS}
    boxes = {name: [list(box)] for name, box in _PORTRAITS.items()}
    walls = {}
    for name, (hw, prints) in _WALLS.items():
        walls[name], found = _hang(portraits, hw, prints)
        boxes[name] = found.round(1).tolist()
    pair = walls["two_portraits"]
    noise = np.random.default_rng(0).normal(0, 4, pair.shape)
    walls["dim"] = (0.3 * pair + noise).clip(0, 255).astype(np.uint8)
    walls["gray"] = cv2.cvtColor(pair, cv2.COLOR_RGB2GRAY)
    boxes["dim"] = boxes["gray"] = boxes["two_portraits"]
    for place, n_faces, seed in (("park", 5, 5), ("street", 8, 7)):
        scene = sample_scene(np.random.default_rng(seed), n_faces, place=place)
        walls[f"drawn_{place}"] = scene.image
        boxes[f"drawn_{place}"] = scene.boxes_xyxy.round(1).tolist()
    for name, image in walls.items():
        write_atomically(out / f"{name}.jpg", _jpeg(image))
    rows = ",\n".join(
        f'  "{name}": {json.dumps(boxes[name])}' for name in sorted(boxes)
    )
    write_atomically(out / "boxes.json", f"{{\n{rows}\n}}\n")


def _jpeg(image, quality=86):
    bgr = image if image.ndim == 2 else image[..., ::-1]
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def plaster_wall(hw):
    """Return a warm plaster wall, lit from the upper left, (H, W, 3) float."""
    height, width = hw
    down, across = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    light = 1.04 - 0.1 * down - 0.08 * across
    return light[..., None] * np.array((226, 212, 192), float)


def _hang(portraits, hw, prints):
    """Return a wall with framed prints, uint8, and the (N, 4) boxes of the faces."""
    canvas = plaster_wall(hw)
    boxes = []
    for item in prints:
        framed, turn, box = frame_print(portraits[item.who], item)
        _lay(canvas, framed, turn, drop=max(2, 0.03 * framed.shape[0]))
        boxes.append(box)
    return canvas.round().clip(0, 255).astype(np.uint8), np.array(boxes)


def frame_print(portrait, item):
    """Return a framed print and where it goes.

    Args:
        portrait: the picture of `item.who`, RGB uint8.
        item: a `Print`.

    Returns:
        the framed print (h, w, 3) uint8, the (2, 3) matrix that turns and moves it
        to its place, and the (4,) box of its face there, pixels.
    """
    framed, face = _framed(portrait, _PORTRAITS[item.who], item)
    height, width = framed.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -item.angle_deg, 1.0)
    turn[:, 2] += (item.x - width / 2, item.y - height / 2)
    center = turn @ (*face[:2], 1)
    angle = np.pi / 2 + np.radians(item.angle_deg)
    return framed, turn, ellipse_to_box(face[3], face[2], angle, *center).ravel()


def _lay(canvas, framed, turn, drop):
    """Blend a turned print and its shadow onto the canvas, in place."""
    size_wh = canvas.shape[1::-1]
    opaque = np.ones(framed.shape[:2])
    cover = cv2.warpAffine(opaque, turn, size_wh, flags=cv2.INTER_LINEAR)[..., None]
    shifted = turn + np.array([[0, 0, 0.5 * drop], [0, 0, drop]])
    shadow = cv2.warpAffine(opaque, shifted, size_wh, flags=cv2.INTER_LINEAR)
    shadow = cv2.GaussianBlur(shadow, (0, 0), drop)[..., None]
    picture = cv2.warpAffine(
        framed.astype(float), turn, size_wh, borderMode=cv2.BORDER_REPLICATE
    )
    canvas *= 1 - 0.35 * shadow
    canvas[:] = canvas * (1 - cover) + picture * cover


def _framed(portrait, box, item):
    """Return a framed print and its face: center x, y, half width, half height."""
    x1, y1, x2, y2 = box
    unit, middle = y2 - y1, (x1 + x2) / 2
    left, right = round(middle - _BESIDE * unit), round(middle + _BESIDE * unit)
    top, bottom = round(y1 - _ABOVE * unit), round(y2 + _BELOW * unit)
    part = portrait[max(top, 0) : bottom, max(left, 0) : right]
    scale = item.face_px / unit
    size_wh = round(part.shape[1] * scale), round(part.shape[0] * scale)
    shrink = scale < 1
    part = cv2.resize(
        part, size_wh, interpolation=cv2.INTER_AREA if shrink else cv2.INTER_CUBIC
    )
    if item.gray:
        part = cv2.cvtColor(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    edge = max(2, round(0.09 * item.face_px))
    framed = cv2.copyMakeBorder(
        part, *[edge] * 4, cv2.BORDER_CONSTANT, value=_FRAMES[item.frame]
    )
    half_wh = (x2 - x1) * scale / 2, item.face_px / 2
    center_x = edge + (middle - max(left, 0)) * scale
    return framed, (center_x, edge + (y1 + unit / 2 - max(top, 0)) * scale, *half_wh)
