"""What augmentation does to a face, by the settings that training uses.

In: the settings of `expression.augmentation`. Out: the face and seven copies.
Notebook 04, section 7, and 05.
"""

import numpy as np

from fer_course.expression.augmentation import Augmentation
from fer_course.settings import SEED
from fer_course.teaching.explorers.live import live
from fer_course.teaching.figures import new_figure, style
from fer_course.teaching.samples import draw_face

COPIES = 7
OFF = {
    "flip": False,
    "rotation_deg": 0.0,
    "shift_px": 0.0,
    "zoom": 0.0,
    "contrast": 0.0,
    "brightness": 0.0,
    "erase": 0.0,
}
ONE_AT_A_TIME = {
    "flip": {"flip": True},
    "rotation ± 30°": {"rotation_deg": 30.0},
    "shift ± 10 px": {"shift_px": 10.0},
    "zoom ± 0.4": {"zoom": 0.4},
    "contrast ± 0.7": {"contrast": 0.7},
    "brightness ± 80": {"brightness": 80.0},
    "erase": {"erase": 1.0},
}
STATIC_ALT = (
    "A drawn face of 48 by 48 pixels and seven copies with one change each: "
    "mirrored, turned, shifted, resized, with another contrast, with another "
    "brightness, and partly covered."
)


def sample_face():
    """Return a drawn face, (48, 48) uint8."""
    face = draw_face("surprise", np.random.default_rng(SEED), 48)
    return face.mean(axis=2).astype(np.uint8)


@style()
def draw(face, seed, **amounts):
    """Return the figure of a face and seven changed copies.

    Args:
        face: (H, W) uint8.
        seed: another seed, other copies.
        amounts: fields of `Augmentation`.
    """
    rng = np.random.default_rng(seed)
    copies = Augmentation(**amounts)(np.repeat(face[None], COPIES, axis=0), rng)
    names = ["original", *(f"copy {n + 1}" for n in range(COPIES))]
    return _grid([face, *copies], names)


def describe(face, seed, **amounts):
    """Return the figure in words."""
    on = ", ".join(f"{name} {value}" for name, value in amounts.items() if value)
    return f"A face of {face.shape[0]} px and {COPIES} copies; {on or 'no change'}."


@style()
def static():
    """Return the face and one strong change in each of seven copies."""
    face = sample_face()
    changed = [_strongest(face, amounts) for amounts in ONE_AT_A_TIME.values()]
    return _grid([face, *changed], ["original", *ONE_AT_A_TIME])


def explore(face=None):
    """Return the figure with a slider for each setting.

    Args:
        face: (H, W) uint8; None takes a drawn one.
    """
    import ipywidgets

    face = sample_face() if face is None else np.asarray(face, dtype=np.uint8)
    usual = Augmentation()

    def slider(name, most, text):
        return ipywidgets.FloatSlider(
            value=getattr(usual, name), max=most, step=most / 40, description=text
        )

    controls = {
        "flip": ipywidgets.Checkbox(value=usual.flip, description="flip"),
        "rotation_deg": slider("rotation_deg", 40.0, "rotation ± (degrees)"),
        "shift_px": slider("shift_px", 20.0, "shift ± (px)"),
        "zoom": slider("zoom", 0.8, "zoom ±"),
        "contrast": slider("contrast", 1.0, "contrast ±"),
        "brightness": slider("brightness", 120.0, "brightness ± (gray levels)"),
        "erase": slider("erase", 1.0, "erase (probability)"),
        "seed": ipywidgets.IntSlider(value=0, max=20, description="seed"),
    }
    return live(
        lambda **state: draw(face, **state),
        lambda **state: describe(face, **state),
        controls,
    )


def _strongest(face, amounts):
    """Return the most changed of some copies with one kind of change."""
    rng = np.random.default_rng(SEED)
    copies = Augmentation(**OFF | amounts)(np.repeat(face[None], 16, axis=0), rng)
    change = np.abs(copies - face.astype(np.float32)).mean(axis=(1, 2))
    return copies[int(np.argsort(change)[-2])]


def _grid(images, names):
    figure, grid = new_figure(3.6, 2, 4)
    for axes, image, name in zip(grid.flat, images, names, strict=True):
        axes.imshow(image, cmap="gray", vmin=0, vmax=255)
        axes.set_title(name)
        axes.set(xticks=[], yticks=[])
    return figure
