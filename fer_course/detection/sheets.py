"""What tiles are worth: photos laid side by side make large ones with small faces.

In: annotated photos and a detector. Out: how it does on them when nine are one photo,
looked at once and in tiles. The real data holds no large photos; a sheet's faces are
those of its photos. Part of `python -m fer_course evaluate detector`.
"""

import numpy as np

from fer_course.detection.evaluation import report_on, score_photos
from fer_course.detection.harmonize import MIN_SIZE_PX
from fer_course.images import letterbox, read_image

_SIDE = 3  # photos in a row and in a column
_CELL_PX = 640
_GRAY = 114


def contact_sheets(photos):
    """Yield (image, boxes_xyxy, ignore) of sheets of nine photos; the rest is left out.

    Args:
        photos: `AnnotatedPhoto`s; each is brought to a longer side of 640 px.

    Yields:
        (1920, 1920, 3) uint8 RGB, (N, 4) float pixels of the sheet, (N,) bool.
    """
    count = _SIDE * _SIDE
    for first in range(0, len(photos) - count + 1, count):
        sheet = np.full((_SIDE * _CELL_PX, _SIDE * _CELL_PX, 3), _GRAY, np.uint8)
        boxes, ignore = [], []
        for cell, photo in enumerate(photos[first : first + count]):
            top, left = (_CELL_PX * place for place in divmod(cell, _SIDE))
            image, place = letterbox(read_image(photo.path), 2 * (_CELL_PX,), _GRAY)
            sheet[top : top + _CELL_PX, left : left + _CELL_PX] = image
            corner = np.array((left, top, left, top))
            boxes.append(place.forward(photo.boxes_xyxy) + corner)
            ignore.append(photo.ignore)
        yield sheet, np.concatenate(boxes), np.concatenate(ignore)


def measure_tiles(detector, photos, score_threshold):
    """Return reports of a detector on contact sheets, without tiles and with them.

    Args:
        detector: a `FaceDetector` that reports down to a low score.
        photos: `AnnotatedPhoto`s in reading order.
        score_threshold: the score threshold a user would have.

    Returns:
        Two `DetectionReport`s, faces of 8 px and more; none for too few photos.
    """
    found, truths, ignored = {"whole": [], "tiles": []}, [], []
    for sheet, boxes_xyxy, ignore in contact_sheets(photos):
        found["whole"].append(detector.detect(sheet))
        found["tiles"].append(detector.detect(sheet, tiles=True))
        truths.append(boxes_xyxy)
        ignored.append(ignore)
    if not truths:
        return ()
    return tuple(
        report_on(
            score_photos(pairs, truths, ignored, min_size_px=MIN_SIZE_PX),
            score_threshold,
            detector=f"ours, {name}",
            photo_set="sheets",
        )
        for name, pairs in found.items()
    )
