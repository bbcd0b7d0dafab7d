"""Who is drawn, what the face does, and how it is held: the numbers behind a face.

In: a NumPy Generator and an expression. Out: a `Look` (identity), a `Movement`
(what brows, lids, nose and mouth do, after the facial action coding system) and
a `Pose`. `faces` turns them into shapes. Every notebook that draws faces uses
them; notebook 00 says what such drawings can and cannot show.

Lengths are in face units: the chin lies at y = 1, the eyes near y = 0, x and y
grow to the right and downwards as in a picture.
"""

from dataclasses import dataclass, fields, replace

import numpy as np

SKINS = np.array(
    [
        (255, 226, 203),
        (246, 206, 174),
        (230, 180, 140),
        (205, 148, 106),
        (170, 114, 78),
        (134, 86, 58),
        (104, 66, 46),
    ],
    dtype=float,
)
HAIR_COLORS = (
    (38, 30, 32),
    (38, 30, 32),
    (74, 48, 36),
    (112, 72, 44),
    (150, 74, 42),
    (212, 172, 104),
    (172, 168, 166),
    (232, 226, 216),
)
CLOTHES = (
    (206, 92, 74),
    (232, 168, 72),
    (88, 134, 120),
    (74, 104, 150),
    (148, 98, 136),
    (226, 214, 192),
    (96, 88, 92),
    (122, 158, 96),
)
EYE_COLORS = ((74, 48, 34), (74, 48, 34), (104, 76, 44), (78, 104, 92), (70, 104, 140))
HAIR_STYLES = (
    "short",
    "fringe",
    "long",
    "bob",
    "curly",
    "bun",
    "buzz",
    "bald",
    "scarf",
)


@dataclass(frozen=True)
class Look:
    """What stays the same while a face moves; colors are RGB, 0..255."""

    skin: tuple
    hair: tuple
    iris: tuple
    clothes: tuple
    hair_style: str
    beard: str
    glasses: str
    freckles: bool
    older: bool
    half_width: float
    jaw: float
    hairline: float
    part: float
    eye_x: float
    eye_size: float
    eye_slant: float
    brow_height: float
    brow_thickness: float
    nose_width: float
    nose_length: float
    mouth_y: float
    mouth_width: float
    lip: float


@dataclass(frozen=True)
class Movement:
    """What the muscles do; all zero is a face at rest.

    Attributes:
        brow_inner: rise of the inner ends of the brows (action units 1 and 4).
        brow_outer: rise of the outer ends (2).
        brow_pull: how far the brows draw together (4).
        lid_upper: opening of the upper lid (5), negative when it droops.
        lid_lower: rise of the lower lid (7), 0..1.
        corner: rise of the mouth's corners (12), negative when they fall (15).
        width: stretch of the mouth (20), negative when it narrows.
        jaw: drop of the lower lip (25 to 27).
        lip_raise: rise of the upper lip above the teeth (10).
        press: thinning of the lips (23, 24), 0..1.
        wrinkle: wrinkling of the nose (9), 0..1.
        cheek: rise of the cheeks (6), 0..1.
        square: 1 for a mouth with a straight opening, 0 for a round one.
        skew: raise of one corner above the other.
    """

    brow_inner: float = 0.0
    brow_outer: float = 0.0
    brow_pull: float = 0.0
    lid_upper: float = 0.0
    lid_lower: float = 0.0
    corner: float = 0.0
    width: float = 0.0
    jaw: float = 0.0
    lip_raise: float = 0.0
    press: float = 0.0
    wrinkle: float = 0.0
    cheek: float = 0.0
    square: float = 0.0
    skew: float = 0.0


@dataclass(frozen=True)
class Pose:
    """How the head is held and lit.

    Attributes:
        roll_rad: turn in the picture's plane, radians, clockwise.
        yaw: turn to the picture's right (-1..1).
        pitch: nod downwards (-1..1).
        light: (x, y) direction that the light comes from, at most 1 long.
    """

    roll_rad: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    light: tuple = (-0.6, -0.6)


# each expression's faces at full strength: the first is the usual one
MOVEMENTS = {
    "anger": (
        Movement(-0.16, 0.07, 0.10, -0.05, 0.35, -0.07, -0.05, press=0.9),
        Movement(
            -0.17,
            0.08,
            0.10,
            0.1,
            0.3,
            -0.07,
            0.02,
            jaw=0.1,
            lip_raise=0.06,
            square=0.9,
        ),
    ),
    "happy": (
        Movement(
            0.02, 0.03, 0, -0.15, 0.6, 0.17, 0.13, jaw=0.2, lip_raise=-0.08, cheek=1
        ),
        Movement(0.02, 0.03, 0, -0.15, 0.6, 0.16, 0.13, cheek=1),
    ),
    "sad": (
        Movement(0.15, -0.11, 0.06, -0.35, 0.05, -0.14, -0.05),
        Movement(0.15, -0.11, 0.06, -0.45, 0.1, -0.15, 0.0, press=0.4),
    ),
    "fear": (
        Movement(0.19, 0.05, 0.08, 0.55, -0.1, -0.09, 0.1, 0.12, 0.05, square=1),
        Movement(0.19, 0.06, 0.08, 0.6, -0.1, -0.1, 0.13, 0.07, 0.03, square=1),
    ),
    "neutral": (Movement(),),
    "disgust": (
        Movement(
            -0.09, -0.03, 0.05, -0.4, 0.6, -0.1, 0.0, 0.02, 0.1, wrinkle=1, cheek=0.7
        ),
        Movement(
            -0.08,
            -0.03,
            0.05,
            -0.45,
            0.6,
            -0.06,
            -0.03,
            0.0,
            0.08,
            0.2,
            1,
            0.6,
            0,
            0.06,
        ),
    ),
    "surprise": (
        Movement(0.2, 0.2, 0, 0.55, -0.15, -0.03, -0.13, jaw=0.28, lip_raise=0.1),
        Movement(0.18, 0.19, 0, 0.5, -0.1, -0.03, -0.16, jaw=0.19, lip_raise=0.1),
    ),
}
# how far two faces at the same strength differ, field by field
_SPREAD = {
    "brow_inner": 0.02,
    "brow_outer": 0.02,
    "brow_pull": 0.015,
    "lid_upper": 0.08,
    "lid_lower": 0.08,
    "corner": 0.02,
    "width": 0.03,
    "skew": 0.015,
}


def _near(rng, middle, width):
    return float(middle + width * rng.uniform(-1, 1))


def random_look(rng):
    """Return a random `Look`: any skin, hair, age and build."""
    tone = rng.uniform(0, len(SKINS) - 1)
    skin = [
        np.interp(tone, range(len(SKINS)), SKINS[:, channel]) for channel in range(3)
    ]
    dark = tone > 3.2
    style = HAIR_STYLES[
        rng.choice(9, p=(0.2, 0.13, 0.16, 0.1, 0.13, 0.07, 0.08, 0.06, 0.07))
    ]
    may_wear_beard = style in ("short", "fringe", "curly", "buzz", "bald")
    beard = rng.choice(("", "full", "moustache", "stubble"), p=(0.62, 0.16, 0.08, 0.14))
    return Look(
        skin=tuple(skin),
        hair=HAIR_COLORS[rng.integers(3 if dark else len(HAIR_COLORS))],
        iris=EYE_COLORS[rng.integers(2 if dark else len(EYE_COLORS))],
        clothes=CLOTHES[rng.integers(len(CLOTHES))],
        hair_style=style,
        beard=str(beard) if may_wear_beard else "",
        glasses=str(rng.choice(("", "round", "square"), p=(0.78, 0.11, 0.11))),
        freckles=bool(tone < 2.5 and rng.random() < 0.25),
        older=bool(rng.random() < 0.2),
        half_width=_near(rng, 0.79, 0.09),
        jaw=_near(rng, 0.95, 0.2),
        hairline=_near(rng, -0.74, 0.07),
        part=_near(rng, 0, 0.6),
        eye_x=_near(rng, 0.34, 0.03),
        eye_size=_near(rng, 0.18, 0.025),
        eye_slant=_near(rng, 0.0, 0.018),
        brow_height=_near(rng, 0.25, 0.03),
        brow_thickness=_near(rng, 0.06, 0.022),
        nose_width=_near(rng, 0.14, 0.035),
        nose_length=_near(rng, 0.36, 0.05),
        mouth_y=_near(rng, 0.57, 0.03),
        mouth_width=_near(rng, 0.28, 0.035),
        lip=_near(rng, 0.062, 0.022),
    )


def random_movement(expression, rng, intensity=None):
    """Return a random `Movement` that shows an expression.

    Args:
        expression: one of `EXPRESSIONS`.
        rng: NumPy Generator.
        intensity: 0 (at rest) to about 1.2; None draws 0.5 to 1.1.
    """
    kinds = MOVEMENTS[expression]
    strength = rng.uniform(0.5, 1.1) if intensity is None else intensity
    base = kinds[rng.integers(len(kinds))]
    values = {f.name: getattr(base, f.name) * strength for f in fields(base)}
    noise = rng.normal(size=len(_SPREAD)).clip(-2, 2)
    for (name, spread), shift in zip(_SPREAD.items(), noise, strict=True):
        values[name] += spread * shift
    return replace(base, **values)


def random_pose(rng, amount=1.0):
    """Return a random `Pose`; `amount` 0 looks straight into the camera."""
    roll, yaw, pitch = rng.uniform(-1, 1, size=3) * amount
    angle = rng.uniform(0, 2 * np.pi)
    return Pose(0.3 * roll, 0.9 * yaw, 0.6 * pitch, (np.cos(angle), np.sin(angle)))
