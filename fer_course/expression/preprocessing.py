"""The one way from a face crop to the network's input, in training and in serving.

In: face crops of any size, RGB or gray. Out: float32 (N, 48, 48, 1) in 0..255.
The division by 255 is the network's first layer (`Rescaling`), nowhere else.
Data sets store what `face_to_gray` returns, so that a stored face and the same
face in a photo reach the network as equal numbers. Notebooks 04 and 06.
"""

import cv2
import numpy as np

INPUT_SIZE = 48


def face_to_gray(crop, size=INPUT_SIZE):
    """Return a face crop as a gray square of the network's size.

    Order matters: gray first, then resize. Shrinking averages (INTER_AREA: every
    pixel counts), enlarging interpolates linearly. A crop that is not square is
    padded by repeating its edge, never squeezed.

    Args:
        crop: (H, W, 3) RGB, (H, W, 1) or (H, W) gray, uint8, 0..255.
        size: side of the square, px.

    Returns:
        (size, size) uint8; equal to the crop where that is gray and of this size.

    Raises:
        TypeError: the crop is not uint8.
        ValueError: it is empty or has another shape.
    """
    crop = np.asarray(crop)
    if crop.dtype != np.uint8:
        raise TypeError(
            f"A face crop is uint8 in 0..255, not {crop.dtype}: pass the pixels as "
            "they come from read_image, without dividing by 255."
        )
    if crop.ndim == 3 and crop.shape[2] == 1:
        crop = crop[:, :, 0]
    if (
        crop.size == 0
        or crop.ndim not in (2, 3)
        or (crop.ndim == 3 and crop.shape[2] != 3)
    ):
        raise ValueError(
            f"A face crop has shape (H, W) or (H, W, 3) and at least one pixel; "
            f"this one has {crop.shape}."
        )
    gray = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY) if crop.ndim == 3 else crop
    height, width = gray.shape
    side = max(height, width)
    if height != width:
        top, left = (side - height) // 2, (side - width) // 2
        gray = cv2.copyMakeBorder(
            gray,
            top,
            side - height - top,
            left,
            side - width - left,
            cv2.BORDER_REPLICATE,
        )
    if side == size:
        return gray
    how = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return cv2.resize(gray, (size, size), interpolation=how)


def face_to_input(crops):
    """Return face crops as the network's input.

    Args:
        crops: sequence of uint8 crops as in `face_to_gray`, or one array
            (N, H, W) or (N, H, W, C) of them; N may be 0.

    Returns:
        (N, 48, 48, 1) float32 in 0..255.

    Raises:
        TypeError: a crop is not uint8.
        ValueError: a crop is empty or has another shape, or one crop was given
            instead of a sequence.

    >>> face_to_input([np.full((60, 40, 3), 200, np.uint8)]).shape
    (1, 48, 48, 1)
    """
    shape = np.shape(crops) if isinstance(crops, np.ndarray) else ()
    if len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3)):
        raise ValueError(
            f"This looks like one crop, its shape is {shape}: give a list of crops, "
            "[crop] for a single one."
        )
    faces = [face_to_gray(crop) for crop in crops]
    if not faces:
        return np.zeros((0, INPUT_SIZE, INPUT_SIZE, 1), np.float32)
    return np.stack(faces)[..., None].astype(np.float32)
