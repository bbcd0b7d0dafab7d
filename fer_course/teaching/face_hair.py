"""Hair, beard, ears, glasses and shoulders of a drawn face.

In: a `Look` (and a `Movement` where the part moves). Out: `Part` records, back to
front, which `faces` turns, lights and fills. No notebook needs to open it.
"""

import numpy as np

from fer_course.teaching.face_shapes import (
    ACROSS,
    ARCH,
    AROUND,
    CROWN,
    HEAD_MIDDLE,
    RISE,
    Part,
    curve,
    ellipse,
    head_outline,
    mix,
    ribbon,
    shade,
)


def body(look):
    """Return neck, clothes and legs; the feet stand at y = 13.4."""
    arms = np.array([(1.72, 2.6), (1.6, 6.6), (-1.6, 6.6), (-1.72, 2.6)])
    shirt = np.concatenate([curve(1.45 * ACROSS, 1.42 + 0.6 * ACROSS**4), arms])
    neck = np.array([(-0.34, 0.5), (0.34, 0.5), (0.42, 1.5), (0, 1.66), (-0.42, 1.5)])
    parts = []
    for side in (-1, 1):
        leg = np.array([(0.0, 6.2), (1.3, 6.2), (1.1, 13.2), (0.25, 13.2)]) * (side, 1)
        parts.append(Part(leg, mix(look.clothes, (52, 54, 66), 0.8), None))
        parts.append(Part(ellipse(side * 0.75, 13.2, 0.55, 0.22), (52, 44, 46), None))
    parts.append(Part(shirt, look.clothes, None))
    for side in (-1, 1):
        seam = curve(side * np.array([1.12, 1.02, 1.05]), np.array([2.8, 4.5, 6.4]))
        parts.append(Part(ribbon(seam, 0.07), shade(look.clothes, 0.8), None))
    collar = Part(ellipse(0, 1.46, 0.5, 0.24), shade(look.clothes, 0.82), None)
    return [*parts, collar, Part(neck, shade(look.skin, 0.8), None)]


def hair_behind(look):
    """Return the hair that lies behind the head."""
    width, dark = look.half_width, shade(look.hair, 0.86)
    if look.hair_style in ("long", "bob"):
        bottom = 1.55 if look.hair_style == "long" else 0.75
        top = curve(
            width * 1.2 * np.cos(AROUND[32:]), -0.2 + 1.13 * np.sin(AROUND[32:])
        )
        sides = [(width * 1.3, bottom - 0.15), (width * 0.9, bottom)]
        sides += [(-width * 0.9, bottom), (-width * 1.3, bottom - 0.15)]
        return [Part(np.concatenate([top, sides]), dark, 0.0)]
    if look.hair_style == "curly":
        return [
            Part(ellipse(x * width, y, 0.36), dark, 0.0)
            for x, y in zip(
                1.12 * np.cos(AROUND[28::3]),
                -0.3 + 0.95 * np.sin(AROUND[28::3]),
                strict=True,
            )
        ]
    if look.hair_style == "bun":
        return [Part(ellipse(0.0, -1.32, 0.3), dark, 0.0)]
    if look.hair_style == "scarf":
        outer = ellipse(0, -0.05, width * 1.22, 1.3)
        drape = np.array([(-0.9, 0.4), (0.9, 0.4), (1.0, 1.75), (-1.0, 1.75)])
        return [Part(outer, look.clothes, 0.0), Part(drape, look.clothes, None)]
    return []


def ears(look):
    """Return both ears, with the shadow inside."""
    parts = []
    for side in (-1, 1):
        x = side * (look.half_width + 0.02)
        parts.append(Part(ellipse(x, 0.06, 0.12, 0.2), shade(look.skin, 0.93), -0.25))
        parts.append(Part(ellipse(x, 0.07, 0.06, 0.12), shade(look.skin, 0.74), -0.25))
    return parts


def hair_in_front(look):
    """Return the hair over the forehead, or the edge of a scarf."""
    width, style = look.half_width, look.hair_style
    if style == "bald":
        return []
    outer = _hair_top(look)
    if style == "scarf":
        side = np.array([(width * 1.08, 0.55), (width * 0.9, 0.8)])
        inner = look.hairline + 1.0 * np.abs(ACROSS) ** 3.5
        inner = curve(-0.9 * width * ACROSS, inner)
        edge = np.concatenate([outer, side, inner, side[::-1] * (-1, 1)])
        return [Part(edge, look.clothes, 0.1)]
    down = 0.3 if style in ("long", "bob") else 0.0
    tips = np.array([(width * 1.02, down), (width * 0.95, down)])
    inner = curve(-0.94 * width * ACROSS, _hairline(look))
    front = np.concatenate([outer, tips, inner, tips[::-1] * (-1, 1)])
    parts = [Part(front, look.hair, 0.15)]
    if style != "buzz":
        shine = mix(look.hair, (255, 250, 240), 0.13)
        for reach, height in ((0.66, -1.0), (0.44, -0.89)):
            strand = curve(-reach * width * RISE - 0.08, height + 0.16 * RISE**2)
            parts.append(Part(ribbon(strand, 0.05 * ARCH[::2] + 0.01), shine, 0.2))
    return parts


def _hair_top(look):
    """Return the outline of the hair from ear to ear over the crown."""
    angle = AROUND[32:]
    rise = 1.04 if look.hair_style == "buzz" else 1.13
    if look.hair_style in ("short", "fringe"):  # fuller away from the parting
        rise = rise + 0.07 * np.cos(angle) * np.sign(look.part) - 0.05 * np.sin(angle)
    x = 1.06 * look.half_width * np.cos(angle)
    return curve(x, HEAD_MIDDLE + CROWN * rise * np.sin(angle))


def _hairline(look):
    """Return the y of the hairline, (17,), from the picture's right to its left."""
    style = look.hair_style
    fall = (0.62 if style in ("long", "bob") else 0.5) * np.abs(ACROSS) ** 3.2
    if style == "fringe":
        fall = np.maximum(0.3 + 0.05 * np.sin(9 * ACROSS + 5 * look.part), fall)
    elif style == "curly":
        fall = fall + 0.06 * np.abs(np.sin(8 * ACROSS))
    elif style != "buzz":  # a lock beside the parting
        fall = fall + 0.16 * np.exp(-((ACROSS + look.part) ** 2) / 0.18)
    return look.hairline + fall


def beard(look, move):
    """Return beard, moustache or stubble."""
    if not look.beard:
        return []
    color = look.hair if look.beard != "stubble" else mix(look.skin, look.hair, 0.17)
    mouth, parts = look.mouth_y, []
    if look.beard in ("full", "stubble"):
        outline = head_outline(look, move)[:33]
        inner = curve(0.9 * look.half_width * ACROSS, 0.05 + 0.31 * ARCH**0.45)
        edge = outline * (1.015, 1.02) if look.beard == "full" else outline
        parts.append(Part(np.concatenate([edge, inner]), color, 0.3))
    if look.beard in ("full", "moustache"):
        rise = 0.5 * move.corner * ACROSS**2
        lift = 0.5 * move.lip_raise
        whisker = curve(0.33 * ACROSS, mouth - 0.12 - lift + 0.1 * ACROSS**2 - rise)
        parts.append(Part(ribbon(whisker, 0.03 + 0.1 * ARCH), shade(color, 0.9)))
    return parts


def glasses(look):
    """Return the frame of the glasses, or nothing."""
    if not look.glasses:
        return []
    frame, parts = (58, 46, 48), []
    for side in (-1, 1):
        rim = ellipse(side * (look.eye_x + 0.01), 0.02, 0.25, 0.22)
        if look.glasses == "square":
            away = rim - (side * (look.eye_x + 0.01), 0.02)
            rim = rim + np.sign(away) * (0.03, 0.02) * (np.abs(away) > 0.05)
        closed = np.concatenate([rim, rim[:1]])
        parts.append(Part(ribbon(closed, 0.03), frame, 1.2))
        temple = curve(side * np.linspace(look.eye_x + 0.27, look.half_width, 5), -0.02)
        parts.append(Part(ribbon(temple, 0.035), frame, 0.8))
    bridge = curve((look.eye_x - 0.24) * ACROSS, -0.03 - 0.03 * ARCH)
    return [*parts, Part(ribbon(bridge, 0.035), frame, 1.2)]
