"""Face pictures on disk become the network's gray squares, many at a time.

In: paths, and face boxes where a picture shows more than a face. Out: one array.
`datasets.py` keeps it, so that each picture is decoded once.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from fer_course.expression.preprocessing import INPUT_SIZE, face_to_gray
from fer_course.images import crop, read_image


def decode_faces(wanted, share=1.0):
    """Return the faces of many pictures, read on all cores.

    Args:
        wanted: M pairs (path, face box in pixels or None for the whole picture).
        share: of a picture without a box, the part of its sides around the middle
            that is kept.

    Returns:
        (M, 48, 48) uint8, and (M,) bool: which pictures could be read.
    """

    def one(path_and_box):
        path, box = path_and_box
        try:
            image = read_image(path)
            if box is None:
                height, width = image.shape[:2]
                edge = (1 - share) / 2
                box = (
                    edge * width,
                    edge * height,
                    (1 - edge) * width,
                    (1 - edge) * height,
                )
            return face_to_gray(crop(image, box))
        except (ValueError, OSError):  # no picture, or a box without a pixel
            return None

    pixels = np.zeros((len(wanted), INPUT_SIZE, INPUT_SIZE), np.uint8)
    readable = np.zeros(len(wanted), bool)
    with ThreadPoolExecutor() as pool:  # OpenCV decodes outside the interpreter lock
        for i, face in enumerate(pool.map(one, wanted)):
            if face is not None:
                pixels[i], readable[i] = face, True
            if (i + 1) % 5000 == 0:
                print(f"{i + 1:,} of {len(wanted):,} pictures read")
    return pixels, readable
