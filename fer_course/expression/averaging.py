"""Predictions averaged over several views of each face: mirrored, and ten crops.

In: an expression network and stored faces. Out: probabilities for each way of
averaging. It costs two or ten times the computing, so that serving does without; the
highest published FER2013 figures have it, and are to be set beside ours averaged alike.
Notebook 05.
"""

import numpy as np

from fer_course.expression.preprocessing import INPUT_SIZE

CROP_PX = 44  # of 48, as the networks on FER2013 that made ten crops known cut them
AVERAGINGS = ("none", "flip", "ten crops")


def ten_crops(pixels):
    """Return four corners and the center of each face, and the same five mirrored.

    Args:
        pixels: (N, 48, 48) uint8 stored faces, N may be 0.

    Returns:
        (10, N, 44, 44) uint8: top left, top right, bottom left, bottom right, center,
        then these mirrored left to right.

    >>> ten_crops(np.zeros((2, 48, 48), np.uint8)).shape
    (10, 2, 44, 44)
    """
    far = INPUT_SIZE - CROP_PX
    corners = [(0, 0), (0, far), (far, 0), (far, far), (far // 2, far // 2)]
    views = [
        pixels[:, top : top + CROP_PX, left : left + CROP_PX] for top, left in corners
    ]
    return np.stack(views + [view[:, :, ::-1] for view in views])


def averaged_predictions(classifier, pixels):
    """Return way of averaging -> probabilities, for each of `AVERAGINGS`.

    "none" reads the face as it is, "flip" averages it with its mirror image, "ten
    crops" averages `ten_crops`; the classifier enlarges each crop as it does any
    small face.

    Args:
        classifier: object with `classify(crops) -> (N, 7)`.
        pixels: (N, 48, 48) uint8 stored faces.

    Returns:
        Dictionary of (N, 7) float32; rows sum to 1.
    """
    plain, mirrored = (
        classifier.classify(list(view)) for view in (pixels, pixels[:, :, ::-1])
    )
    crops = [classifier.classify(list(view)) for view in ten_crops(pixels)]
    found = (plain, (plain + mirrored) / 2, np.mean(crops, axis=0))
    return dict(zip(AVERAGINGS, found, strict=True))
