"""The style of the course's figures, and how one is shown with its description.

In: a matplotlib figure and a sentence. Out: the picture in the notebook, with the
sentence as its alt text. Nothing touches pyplot's state, so it works without a
display. Every notebook uses it, through `figures`.
"""

import base64
import io
import sys
from contextlib import contextmanager

WIDTH_IN, MAX_HEIGHT_IN, DPI = 6.4, 4.0, 100
MAX_BYTES = 80_000
LINES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (3, 3)), (0, (1, 3)))
_STYLE = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.labelsize": 10,
    "legend.fontsize": 10,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "axes.prop_cycle": None,
    "hatch.linewidth": 0.6,
    "image.cmap": "gray",
    "legend.frameon": False,
    "savefig.facecolor": "white",
    "figure.facecolor": "white",
}


@contextmanager
def style():
    """Draw in the course's style inside a `with` block, and only there."""
    import matplotlib as mpl
    from cycler import cycler

    lines = cycler(color=LINES) + cycler(linestyle=DASHES)
    with mpl.rc_context({**_STYLE, "axes.prop_cycle": lines}):
        yield


def new_figure(height_in=3.0, rows=1, columns=1, width_in=WIDTH_IN, **subplots):
    """Return a figure of the course's width and its axes (one, or an array).

    Call it inside `style()`. Further arguments go to `Figure.subplots`.
    """
    from matplotlib.figure import Figure

    size = (width_in, min(height_in, MAX_HEIGHT_IN))
    figure = Figure(figsize=size, dpi=DPI, layout="constrained")
    return figure, figure.subplots(rows, columns, **subplots)


def show(figure, alt):
    """Display a figure with its description, then close it.

    The description is stored in the output's metadata as the picture's alt text, and
    as the text that front ends show where they cannot show pictures. nbconvert's
    classic template writes it into the page; its lab template leaves it out. The
    picture stays under 80 KB: line art as PNG, photos as JPEG.

    Args:
        figure: a matplotlib figure.
        alt: what is to be seen, with its numbers: not the title again.

    Raises:
        ValueError: the description is missing or only a few letters long.
    """
    from IPython.display import display

    if not isinstance(alt, str) or len(alt.strip()) < 15:
        raise ValueError(
            f"alt is {alt!r}: describe in a sentence what the figure shows, for "
            "readers who do not see it."
        )
    alt = " ".join(alt.split())
    kind, data = _encode(figure)
    picture = base64.b64encode(data).decode("ascii")
    bundle = {kind: picture, "text/plain": alt}
    display(bundle, raw=True, metadata={kind: {"alt": alt}})
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close(figure)


def _encode(figure):
    """Return MIME type and bytes of a figure, at most `MAX_BYTES` of them."""
    from PIL import Image

    with style():
        png = _save(figure, "png", DPI)
        if len(png) <= MAX_BYTES:
            return "image/png", png
        few = Image.open(io.BytesIO(png)).convert("RGB").quantize(256, dither=0)
        buffer = io.BytesIO()
        few.save(buffer, "png", optimize=True)
        if len(buffer.getvalue()) <= MAX_BYTES:
            return "image/png", buffer.getvalue()
        for dpi in (DPI, 80, 60, 40):
            for quality in (88, 75, 60):
                jpeg = _save(figure, "jpeg", dpi, pil_kwargs={"quality": quality})
                if len(jpeg) <= MAX_BYTES:
                    return "image/jpeg", jpeg
    raise ValueError("The figure does not fit into 80 KB: show less in it.")


def _save(figure, kind, dpi, **options):
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=dpi, **options)
    return buffer.getvalue()
