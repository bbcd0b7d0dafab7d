"""The parts of a drawn face that move: skin folds, nose, eyes, brows and mouth.

In: a `Look` and a `Movement`. Out: `Part` records, back to front, which `faces`
turns, lights and fills. Notebook 00 shows which movements make an expression.
"""

import numpy as np

from fer_course.teaching.face_shapes import (
    ACROSS,
    ARCH,
    RISE,
    Part,
    curve,
    ellipse,
    mix,
    ribbon,
    shade,
)

MOUTH_INSIDE, TEETH, TONGUE = (92, 34, 38), (250, 246, 238), (206, 104, 104)
EYE_WHITE, INK = (252, 250, 246), (44, 32, 34)


def skin_marks(look, move):
    """Return blush, freckles and the folds that a movement or age makes."""
    line, parts = shade(look.skin, 0.7), []
    blush = mix(look.skin, (226, 96, 84), 0.1 + 0.1 * move.cheek)
    for side in (-1, 1):
        cheek_y = 0.36 - 0.06 * move.cheek
        parts.append(
            Part(
                ellipse(side * 0.5 * look.half_width / 0.79, cheek_y, 0.17, 0.11), blush
            )
        )
        fold = max(move.cheek, 0.7 * look.older)
        if fold > 0.3:
            x = side * (0.2 + (0.17 + 0.5 * max(0, move.width)) * RISE)
            y = 0.3 + (look.mouth_y - 0.36) * RISE**1.4
            parts.append(Part(ribbon(curve(x, y), 0.03 * fold * ARCH[::2]), line))
        if look.freckles:
            for x, y in ((0.42, 0.26), (0.52, 0.33), (0.36, 0.36), (0.58, 0.22)):
                parts.append(Part(ellipse(side * x, y, 0.018), shade(look.skin, 0.78)))
    lifted = min(move.brow_inner, 0.25)
    if lifted > 0.08 or look.older:
        for y in (-0.55, -0.63):
            bend = 0.05 * np.where(move.brow_outer > 0.1, 1, -0.6)
            wave = curve(0.3 * ACROSS, y - bend * ARCH + 0.02)
            parts.append(Part(ribbon(wave, 0.022 * ARCH), shade(look.skin, 0.82)))
    return parts


def nose(look, move):
    """Return the nose; wrinkling pulls it up and folds its root."""
    line, lift = shade(look.skin, 0.72), 0.06 * move.wrinkle
    width, tip = look.nose_width * (1 + 0.25 * move.wrinkle), look.nose_length - lift
    parts = [
        Part(
            ellipse(0, tip - 0.04, width * 0.9, 0.11),
            mix(look.skin, (232, 120, 96), 0.16),
            1.5,
        )
    ]
    bridge = curve(0.05 + 0.05 * RISE**2, np.linspace(-0.06, tip - 0.1, 9))
    parts.append(
        Part(ribbon(bridge, 0.03 * np.linspace(0.2, 1, 9)), shade(look.skin, 0.85), 1.4)
    )
    base = curve(width * 0.9 * ACROSS, tip + 0.05 * ARCH - 0.02)
    parts.append(Part(ribbon(base, 0.016 + 0.03 * ARCH), line, 1.5))
    for side in (-1, 1):
        wing = curve(
            side * width * (0.8 + 0.3 * ARCH[::2]), tip - 0.06 + 0.06 * ACROSS[::2]
        )
        parts.append(Part(ribbon(wing, 0.03), line, 1.4))
        if move.wrinkle > 0.25:
            for k in (0, 1):
                x = side * (0.05 + 0.09 * RISE)
                y = 0.03 + 0.075 * k - 0.06 * RISE**2
                parts.append(Part(ribbon(curve(x, y), 0.032 * ARCH[::2]), line, 1.3))
    return parts


def lids(look, move, side):
    """Return x and the y of the upper and the lower lid of one eye, (17,) each."""
    inner = -side * ACROSS  # 1 at the inner corner
    width = look.eye_size * (1 + 0.06 * min(move.lid_upper, 0.6))
    scowl = (
        max(0.0, -move.brow_inner) * 0.35
        + max(0.0, move.brow_inner - move.brow_outer) * -0.2
    )
    tilt = inner * look.eye_slant
    arch = ARCH**0.8
    upper = -0.62 * width * (1 + move.lid_upper) * arch + scowl * inner * arch + tilt
    lower = (
        0.4 * width * (1 - 0.8 * min(move.lid_lower, 1)) * arch
        - 0.05 * move.cheek * arch
        + tilt
    )
    return side * look.eye_x + width * ACROSS, np.minimum(upper, lower - 0.012), lower


def eyes(look, move, gaze=(0.0, 0.0)):
    """Return both eyes with their lids."""
    parts = []
    for side in (-1, 1):
        x, upper, lower = lids(look, move, side)
        lid = curve(x, upper)
        fold = curve(x, upper - 0.055 - 0.03 * max(0.0, move.lid_upper))
        parts.append(Part(ribbon(fold, 0.03 * ARCH), shade(look.skin, 0.78)))
        parts.append(Part(np.concatenate([lid, curve(x, lower)[::-1]]), EYE_WHITE))
        radius = 0.56 * look.eye_size
        for size, color in ((1.0, look.iris), (0.55, (22, 16, 18))):
            disk = ellipse(side * look.eye_x + gaze[0], gaze[1] - 0.015, radius * size)
            low, high = np.interp(disk[:, 0], x, upper), np.interp(disk[:, 0], x, lower)
            disk[:, 1] = disk[:, 1].clip(low, high)
            parts.append(Part(disk, color))
        glint = (side * look.eye_x + gaze[0] - 0.03, gaze[1] - 0.05)
        if np.interp(glint[0], x, upper) < glint[1] - 0.01:
            parts.append(Part(ellipse(*glint, 0.026), (255, 255, 255)))
        parts.append(Part(ribbon(lid, 0.02 + 0.03 * ARCH), INK))
        parts.append(
            Part(ribbon(curve(x, lower), 0.02 * ARCH + 0.004), shade(look.skin, 0.6))
        )
        if move.lid_lower > 0.25:
            bag = curve(x, lower + 0.05)
            parts.append(
                Part(ribbon(bag, 0.03 * ARCH * move.lid_lower), shade(look.skin, 0.78))
            )
    return parts


def brow_line(look, move, side):
    """Return the (17, 2) middle line of one brow, inner end first."""
    s = np.linspace(0, 1, 17)  # 0 at the inner end
    x = side * (0.15 - move.brow_pull * (1 - s) + 0.42 * s)
    rise = move.brow_inner * (1 - s) ** 1.3 + move.brow_outer * s**0.8
    arch = 0.07 * np.sin(np.pi * np.minimum(s * 1.15, 1)) - 0.05 * s**3
    return curve(x, -look.brow_height - 0.5 * look.eye_slant * s - rise - arch)


def brows(look, move):
    """Return both brows and, when they draw together, the furrow between them."""
    parts = []
    color = mix(shade(look.hair, 0.85), look.skin, 0.12)
    if look.hair_style == "scarf":
        color = mix((50, 38, 36), look.skin, 0.1)
    taper = look.brow_thickness * (1.1 - 0.75 * np.linspace(0, 1, 17) ** 2) + 0.02
    for side in (-1, 1):
        parts.append(Part(ribbon(brow_line(look, move, side), taper), color))
        if move.brow_pull > 0.035 and move.brow_inner < 0:
            x = side * (0.05 - 0.012 * ACROSS[::2])
            y = -look.brow_height - 0.03 + 0.11 * ACROSS[::2]
            parts.append(
                Part(ribbon(curve(x, y), 0.034 * ARCH[::2]), shade(look.skin, 0.66))
            )
    return parts


def mouth_lines(look, move):
    """Return x, and the y of the outer and inner edges of both lips: five (17,)."""
    width = look.mouth_width + move.width
    x = width * ACROSS
    middle = look.mouth_y - move.corner * ACROSS**2 * 0.9 + 0.35 * move.corner
    middle = middle - move.skew * ACROSS * 0.8
    opening = np.clip(ARCH, 0, 1) ** (0.55 - 0.25 * move.square)
    inner_top = middle - move.lip_raise * opening
    inner_bottom = np.maximum(middle + move.jaw * opening, inner_top)
    lip = look.lip * (1 - 0.6 * move.press)
    bow = ARCH**0.6 * (1 - 0.2 * np.exp(-(ACROSS**2) / 0.02))
    return (
        x,
        inner_top - lip * bow,
        inner_top,
        inner_bottom,
        inner_bottom + 1.25 * lip * ARCH**0.6,
    )


def mouth(look, move):
    """Return lips, teeth, tongue and what shows between them."""
    x, top, inner_top, inner_bottom, bottom = mouth_lines(look, move)
    lip = mix(look.skin, (176, 52, 58), 0.5)
    parts = [Part(np.concatenate([curve(x, top), curve(x, bottom)[::-1]]), lip)]
    gap = float((inner_bottom - inner_top).max())
    if gap > 0.03:
        inside = np.concatenate([curve(x, inner_top), curve(x, inner_bottom)[::-1]])
        parts.append(Part(inside, MOUTH_INSIDE))
        biting = move.square > 0.5 or move.wrinkle > 0.5
        depth = min(gap, 0.085 if not biting else 0.6 * gap)
        teeth = np.minimum(inner_bottom, inner_top + depth)
        if max(move.square, move.wrinkle, 5 * move.corner) > 0.25:
            parts.append(
                Part(
                    np.concatenate([curve(x, inner_top), curve(x, teeth)[::-1]])[1:-1],
                    TEETH,
                )
            )
        if gap > 0.14:
            tongue = ellipse(0, inner_bottom.max() - 0.04, 0.62 * x[-1], 0.3 * gap)
            low, high = (
                np.interp(tongue[:, 0], x, inner_top),
                np.interp(tongue[:, 0], x, inner_bottom),
            )
            tongue[:, 1] = tongue[:, 1].clip(low, high)
            parts.append(Part(tongue, TONGUE))
    else:
        middle = curve(x, (inner_top + inner_bottom) / 2)
        parts.append(Part(ribbon(middle, 0.022 + 0.02 * ARCH), shade(look.skin, 0.42)))
    if move.corner < -0.03:
        chin = curve(0.2 * ACROSS, look.mouth_y + 0.2 + max(0, move.jaw) - 0.04 * ARCH)
        parts.append(Part(ribbon(chin, 0.03 * ARCH), shade(look.skin, 0.76)))
    return parts
