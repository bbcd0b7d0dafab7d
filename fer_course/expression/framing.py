"""How much of a head does a training face show? Measured with a face detector.

In: pictures of faces as the data sets hold them, and a detector. Out: how much larger
the stored square is than the square around the detector's box, which is the margin
that serving has to add before it cuts a face out, and how far its center is off.
Notebook 06 shows what another margin costs; `serving.py`, what both cost FERNet.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from fer_course import boxes

SIDE_PX = 240  # a picture is enlarged to this, within any detector's reach
BORDER = 0.5  # and surrounded by its own edge, this share of the side all around

# Medians over 1,200 faces of each set's choosing part, YuNet's boxes: FER2013's stored
# square is smaller than the box's, the AffectNet extract's larger. (RAF-DB's is -0.22;
# what it lacks cannot be added: with its edge drawn out faces are read less well.) Our
# own detector's medians stand in the record of `evaluate fernet`.
FER2013_MARGIN = -0.11
EXTRACT_MARGIN = 0.16


@dataclass(frozen=True, eq=False)
class Framing:
    """Where a detector sees the face in each picture.

    Attributes:
        boxes_xyxy: (N, 4) px of the picture; NaN where it found no face in the middle.
        margins: (N,) side of the stored square / side of the square around the
            box - 1; NaN likewise.
        offsets: (N, 2) center of that box from the center of the stored square,
            x to the right and y down, in sides of the stored square; NaN likewise.
    """

    boxes_xyxy: np.ndarray
    margins: np.ndarray
    offsets: np.ndarray

    @property
    def found(self):
        """(N,) bool: in which pictures the detector sees a face in the middle."""
        return ~np.isnan(self.margins)

    @property
    def margin(self):
        """The median margin: what `boxes.square` should add when serving."""
        return float(np.nanmedian(self.margins))

    def to_dict(self):
        """Return counts, quartiles of the margin, and the median offset."""
        lower, middle, upper = np.nanquantile(self.margins, (0.25, 0.5, 0.75))
        x, y = np.nanmedian(self.offsets, axis=0)
        return {
            "faces": len(self.found),
            "found": int(self.found.sum()),
            "margin": round(float(middle), 3),
            "margin_quartiles": [round(float(lower), 3), round(float(upper), 3)],
            "offset_xy": [round(float(x), 3), round(float(y), 3)],
        }


def measure_framing(pictures, detector, share=1.0):
    """Return where a detector sees the face in each of a data set's pictures.

    Each picture is enlarged to `SIDE_PX` and surrounded by its repeated edge; the box
    that counts is the best one over the middle of the picture.

    Args:
        pictures: N squares, (H, H) gray or (H, H, 3) RGB, uint8, N at least 1.
        detector: object with `detect(image) -> boxes_xyxy, scores`, best first.
        share: the part of a picture's side, around its middle, that is the stored
            square.

    Raises:
        ValueError: the detector finds no face at all.
    """
    found = np.full((len(pictures), 4), np.nan)
    for row, picture in enumerate(pictures):
        image, border, scale = _surrounded(picture)
        seen = boxes.as_boxes(detector.detect(image)[0])
        middle = len(image) / 2
        inside = (seen[:, :2] < middle).all(1) & (seen[:, 2:] > middle).all(1)
        if inside.any():
            found[row] = (seen[inside][0] - border) / scale
    if np.isnan(found).all():
        raise ValueError(
            f"The detector found no face in {len(pictures)} stored faces: is it a face "
            "detector, and are these faces?"
        )
    sides = np.array([len(picture) for picture in pictures])
    low, high = found[:, :2], found[:, 2:]
    margins = share * sides / (high - low).max(1) - 1
    offsets = ((low + high) / 2 - sides[:, None] / 2) / (share * sides[:, None])
    return Framing(found, margins, offsets)


def _surrounded(picture):
    """Return the picture within its repeated edge, RGB; the border, px; the scale."""
    if picture.ndim == 2:
        picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)
    size_wh = (SIDE_PX, SIDE_PX)
    large = cv2.resize(picture, size_wh, interpolation=cv2.INTER_LINEAR)
    border = round(BORDER * SIDE_PX)
    edges = (border, border, border, border)
    image = cv2.copyMakeBorder(large, *edges, cv2.BORDER_REPLICATE)
    return image, border, SIDE_PX / len(picture)
