"""One meaning of "face box" for all sets: WIDER FACE's, hairline to chin.

In: photos of several sets with boxes in their own conventions. Out: boxes moved by a
constant share of their width and height per side, measured with one detector as a
common stick; and the rule which faces do not count. Notebook 01 shows the boxes
before and after.
"""

from dataclasses import replace

import numpy as np

from fer_course.boxes import area, as_boxes, clip, iou_matrix

# Shift of left and right (share of the width), top and bottom (share of the height).
# Measured by `measure_shifts` on the training photos of the packs, with YuNet
# (yunet_n_640_640, trained on WIDER FACE) as the stick: each set's median difference
# to YuNet's boxes minus WIDER's own (6,323 faces: 0.013, 0.001, 0.004, 0.001).
# Faces matched, bootstrap standard error of a median: FDDB 1,408, 0.002; masks 457,
# 0.005; the three landmark sets, made by one rule, together 231, 0.003.
_LANDMARKS = (0.003, -0.001, -0.019, -0.005)
SHIFTS = {
    "fddb": (0.032, 0.166, -0.063, -0.032),
    "facemask": (-0.003, -0.213, -0.045, -0.100),
    "lfpw": _LANDMARKS,
    "afw": _LANDMARKS,
    "helen": _LANDMARKS,
}
# sqrt(w h) with the photo's longer side at 640 px. What is learned goes further down
# than what is scored, so that a face at the limit is no odd one.
MIN_LEARNED_PX, MIN_SIZE_PX = 5.0, 8.0
_STICK_SCORE = 0.7  # the stick's boxes below it are not used
_SAME_FACE = 0.4  # lowest overlap of a set's box and the stick's
_SMALLEST_PX = 20  # below, a pixel of rounding is too large a share


def harmonize(photo):
    """Return the photo with its boxes in WIDER's convention.

    Args:
        photo: `AnnotatedPhoto`; a set that is not in `SHIFTS` comes back as it is.
    """
    shift = SHIFTS.get(photo.dataset)
    if shift is None:
        return photo
    boxes = as_boxes(photo.boxes_xyxy)
    sides = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    return replace(photo, boxes_xyxy=boxes + sides * np.asarray(shift))


def clean(photo, image_hw, min_size_px=MIN_SIZE_PX):
    """Return the photo with boxes as they are learned and scored.

    Boxes are harmonized and cut at the edge; those left without area are dropped;
    faces smaller than `min_size_px` are marked `ignore` like invalid ones.

    Args:
        photo: `AnnotatedPhoto` as a reader returned it.
        image_hw: the photo's height and width, pixels.
        min_size_px: sqrt(width * height) with the longer side of the photo at 640.
    """
    boxes = clip(harmonize(photo).boxes_xyxy, image_hw)
    there = area(boxes) > 0
    boxes, ignore = boxes[there], photo.ignore[there]
    small = face_sizes(boxes, image_hw) < min_size_px
    attributes = {name: level[there] for name, level in photo.attributes.items()}
    return replace(
        photo, boxes_xyxy=boxes, ignore=ignore | small, attributes=attributes
    )


def face_sizes(boxes_xyxy, image_hw):
    """Return sqrt(width * height) of each box once the longer side is 640 px, (N,)."""
    return np.sqrt(area(boxes_xyxy)) * size_scale(image_hw)


def size_scale(image_hw):
    """Return the px of a photo whose longer side is 640 px per px of this one."""
    return 640 / max(image_hw[:2])


def measure_shifts(annotations, detect, progress=print):
    """Return the shares that bring each set's boxes to WIDER's convention.

    Args:
        annotations: set name -> `Annotations` of training photos, "wider" among them.
        detect: the common stick: RGB photo -> (M, 4) boxes, (M,) scores.
        progress: called with a line per set.

    Returns:
        Set -> four shares (left, top, right, bottom), and set -> (K, 4) differences
        of K matched faces to the stick's boxes, the material they come from.
    """
    differences = {}
    for name, found in annotations.items():
        rows = [_differences(photo, detect) for photo in found.photos]
        differences[name] = np.concatenate([*rows, np.zeros((0, 4))])
        median = np.median(differences[name], axis=0) if rows else np.zeros(4)
        progress(f"{name}: {len(differences[name])} faces, {median.round(3).tolist()}")
    if not len(differences.get("wider", ())):
        raise ValueError(
            "No face of WIDER was matched: the other sets are measured against it, "
            'pass {"wider": read_wider(...), ...}.'
        )
    zero = np.median(differences["wider"], axis=0)
    shifts = {
        name: tuple((np.median(rows, axis=0) - zero).round(3).tolist())
        for name, rows in differences.items()
        if len(rows) and name != "wider"
    }
    return shifts, differences


def _differences(photo, detect):
    """Return (K, 4) stick's box minus the set's, as shares of the set's sides."""
    from fer_course.images import read_image  # OpenCV; the rest is NumPy only

    truths = as_boxes(photo.boxes_xyxy[~photo.ignore])
    sizes = truths[:, 2:] - truths[:, :2]
    truths = truths[np.sqrt(sizes.prod(axis=1)) >= _SMALLEST_PX]
    if not len(truths):
        return np.zeros((0, 4))
    boxes, scores = detect(read_image(photo.path))
    boxes = as_boxes(boxes)[np.asarray(scores).reshape(-1) >= _STICK_SCORE]
    if not len(boxes):
        return np.zeros((0, 4))
    overlap = iou_matrix(truths, boxes)
    best = overlap.argmax(axis=1)
    mutual = overlap.argmax(axis=0)[best] == np.arange(len(truths))
    same = mutual & (overlap.max(axis=1) >= _SAME_FACE)
    sides = np.tile(truths[same, 2:] - truths[same, :2], 2)
    return (boxes[best[same]] - truths[same]) / sides
