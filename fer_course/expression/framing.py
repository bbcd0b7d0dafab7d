"""How much of a head does a training face show? Measured with a face detector.

In: stored training faces and a detector. Out: how much larger the stored square is
than the square around the detector's box, which is the margin that serving has to
add before it cuts a face out, and how far its center is off. Notebook 06 shows what
another margin costs.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from fer_course import boxes

SIDE_PX = 240  # a stored face is enlarged to this, within any detector's reach
BORDER = 0.5  # and surrounded by its own edge, this share of the side all around

# Medians over 1,200 faces of each set's choosing part, YuNet's boxes: FER2013's stored
# square is smaller than the box's, the AffectNet extract's larger. (RAF-DB's is -0.22;
# what it lacks cannot be added: with its edge drawn out faces are read less well.)
FER2013_MARGIN = -0.11
EXTRACT_MARGIN = 0.16


@dataclass(frozen=True, eq=False)
class Framing:
    """Where a detector sees the face in each stored square.

    Attributes:
        margins: (N,) side of the stored square / side of the square around the
            detector's box - 1; NaN where it found no face in the middle.
        offsets: (N, 2) center of that box from the center of the stored square,
            x to the right and y down, in sides of the stored square; NaN likewise.
    """

    margins: np.ndarray
    offsets: np.ndarray

    @property
    def margin(self):
        """The median margin: what `boxes.square` should add when serving."""
        return float(np.nanmedian(self.margins))

    def to_dict(self):
        """Return counts, quartiles of the margin, and the median offset."""
        found = ~np.isnan(self.margins)
        lower, middle, upper = np.nanquantile(self.margins, (0.25, 0.5, 0.75))
        x, y = np.nanmedian(self.offsets, axis=0)
        return {
            "faces": len(found),
            "found": int(found.sum()),
            "margin": round(float(middle), 3),
            "margin_quartiles": [round(float(lower), 3), round(float(upper), 3)],
            "offset_xy": [round(float(x), 3), round(float(y), 3)],
        }


def measure_framing(pixels, detector):
    """Return where a detector sees the face in stored training faces.

    Each face is enlarged to `SIDE_PX` and surrounded by its repeated edge; the box
    that counts is the best one over the middle of the picture.

    Args:
        pixels: (N, H, H) uint8 stored faces, N at least 1.
        detector: object with `detect(image) -> boxes_xyxy, scores`, best first.

    Raises:
        ValueError: the detector finds no face at all.
    """
    margins = np.full(len(pixels), np.nan)
    offsets = np.full((len(pixels), 2), np.nan)
    for row, face in enumerate(pixels):
        image, middle = _surrounded(face)
        found, _ = detector.detect(image)
        found = boxes.as_boxes(found)
        inside = (found[:, :2] < middle).all(1) & (found[:, 2:] > middle).all(1)
        if not inside.any():
            continue
        x1, y1, x2, y2 = boxes.square(found[inside][0])[0]
        margins[row] = SIDE_PX / (x2 - x1) - 1
        offsets[row] = (x1 + x2) / 2 - middle, (y1 + y2) / 2 - middle
    if np.isnan(margins).all():
        raise ValueError(
            f"The detector found no face in {len(pixels)} stored faces: is it a face "
            "detector, and are these faces?"
        )
    return Framing(margins, offsets / SIDE_PX)


def _surrounded(face):
    """Return the face enlarged within its repeated edge, RGB, and the middle, px."""
    large = cv2.resize(face, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_LINEAR)
    border = round(BORDER * SIDE_PX)
    large = cv2.copyMakeBorder(
        large, border, border, border, border, cv2.BORDER_REPLICATE
    )
    return cv2.cvtColor(large, cv2.COLOR_GRAY2RGB), border + SIDE_PX / 2
