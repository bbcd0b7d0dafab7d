"""Boxes around faces: their forms, overlaps and clean-ups, in NumPy alone.

In and out: `(N, 4)` float arrays of `x1 y1 x2 y2` in pixels, edges rather than
pixel centers, the origin at the photo's top left corner; N may be 0. Other forms
(`xywh`, `cxcywhn`) exist at the borders only. Notebook 01 derives the ellipse's
box and the conversions, notebook 02 the overlap and the suppression.
"""

import warnings

import numpy as np


def as_boxes(boxes):
    """Return boxes as a checked (N, 4) float64 array.

    Args:
        boxes: (N, 4) numbers `x1 y1 x2 y2`, or four numbers for one box; N may be 0.

    Raises:
        ValueError: wrong shape, a value that is not finite, or right < left.

    >>> as_boxes([10, 20, 50, 80])
    array([[10., 20., 50., 80.]])
    """
    array = _as_rows(boxes)
    flipped = (array[:, 2] < array[:, 0]) | (array[:, 3] < array[:, 1])
    if flipped.any():
        row = int(np.argmax(flipped))
        raise ValueError(
            f"Box {row} is {array[row].tolist()}: its right or bottom edge lies before "
            "its left or top. Is it x y w h? Then call xywh_to_xyxy first."
        )
    return array


def _as_rows(boxes):
    array = np.asarray(boxes, dtype=np.float64)
    if array.size == 0:
        return np.zeros((0, 4))
    if array.ndim == 1:
        array = array[None]
    if array.ndim != 2 or array.shape[1] != 4:
        raise ValueError(
            f"Boxes have the shape {np.shape(boxes)}, expected (N, 4): "
            "one row of four numbers per box."
        )
    if not np.isfinite(array).all():
        raise ValueError("A box holds NaN or infinity: look for a division by zero.")
    return array


def xywh_to_xyxy(boxes_xywh):
    """Return corner boxes from left, top, width, height.

    >>> xywh_to_xyxy([10, 20, 40, 60])
    array([[10., 20., 50., 80.]])
    """
    rows = _as_rows(boxes_xywh)
    return np.hstack([rows[:, :2], rows[:, :2] + rows[:, 2:]])


def xyxy_to_xywh(boxes_xyxy):
    """Return left, top, width, height from corner boxes.

    >>> xyxy_to_xywh([10, 20, 50, 80])
    array([[10., 20., 40., 60.]])
    """
    rows = as_boxes(boxes_xyxy)
    return np.hstack([rows[:, :2], rows[:, 2:] - rows[:, :2]])


def xyxy_to_cxcywhn(boxes_xyxy, image_hw):
    """Return YOLO's boxes: center and size as fractions of the photo.

    Args:
        boxes_xyxy: (N, 4) float, pixels; N may be 0.
        image_hw: height and width of the photo, pixels. x is divided by the
            width, y by the height.

    >>> xyxy_to_cxcywhn([10, 20, 50, 80], (100, 200))
    array([[0.15, 0.5 , 0.2 , 0.6 ]])
    """
    rows = as_boxes(boxes_xyxy)
    center = (rows[:, :2] + rows[:, 2:]) / 2
    return np.hstack([center, rows[:, 2:] - rows[:, :2]]) / _whwh(image_hw)


def cxcywhn_to_xyxy(boxes_cxcywhn, image_hw):
    """Return corner boxes in pixels from YOLO's fractions.

    >>> cxcywhn_to_xyxy([0.15, 0.5, 0.2, 0.6], (100, 200))
    array([[10., 20., 50., 80.]])
    """
    rows = _as_rows(boxes_cxcywhn) * _whwh(image_hw)
    half = rows[:, 2:] / 2
    return np.hstack([rows[:, :2] - half, rows[:, :2] + half])


def _whwh(image_hw):
    height, width = image_hw[:2]
    if height <= 0 or width <= 0:
        raise ValueError(
            f"The photo is {height} high and {width} wide: both must be above 0."
        )
    return np.array([width, height, width, height], dtype=np.float64)


def area(boxes_xyxy):
    """Return the area of each box, (N,) square pixels.

    >>> area([[0, 0, 4, 3], [1, 1, 1, 5]])
    array([12.,  0.])
    """
    rows = as_boxes(boxes_xyxy)
    return (rows[:, 2] - rows[:, 0]) * (rows[:, 3] - rows[:, 1])


def iou_matrix(a, b):
    """Return the overlap of every box of `a` with every box of `b`.

    Intersection over union; boxes that only touch overlap by 0, and so does a box
    without area, even with itself.

    Args:
        a: (N, 4) float, pixels; N may be 0.
        b: (M, 4) float, pixels; M may be 0.

    Returns:
        (N, M) float64 in 0..1.

    >>> iou_matrix([0, 0, 4, 2], [[2, 0, 6, 2], [4, 0, 5, 1]]).round(3)
    array([[0.333, 0.   ]])
    """
    a, b = as_boxes(a), as_boxes(b)
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    union = area(a)[:, None] + area(b)[None] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def nms(boxes_xyxy, scores, iou_threshold):
    """Return which boxes stay when each stronger box silences its neighbors.

    Greedy non-maximum suppression: take the best box, drop those that overlap it by
    more than `iou_threshold`, go on with the best that is left. Equal scores keep
    their order.

    Args:
        boxes_xyxy: (N, 4) float, pixels; N may be 0.
        scores: (N,) float, higher is better.
        iou_threshold: in 0..1; a lower one keeps fewer boxes.

    Returns:
        (K,) int indices into the boxes, best first.

    >>> nms([[0, 0, 4, 4], [0, 0, 4, 5], [9, 9, 12, 12]], [0.8, 0.9, 0.5], 0.5)
    array([1, 2])
    """
    boxes_xyxy = as_boxes(boxes_xyxy)
    scores = np.asarray(scores, dtype=np.float64).reshape(-1)
    if len(scores) != len(boxes_xyxy):
        raise ValueError(f"{len(boxes_xyxy)} boxes but {len(scores)} scores: one each.")
    order = np.argsort(-scores, kind="stable")
    kept = []
    while len(order):
        best, order = order[0], order[1:]
        kept.append(best)
        overlap = iou_matrix(boxes_xyxy[best], boxes_xyxy[order])[0]
        order = order[overlap <= iou_threshold]
    return np.array(kept, dtype=np.intp)


def clip(boxes_xyxy, image_hw):
    """Return the boxes cut at the photo's edges.

    A box wholly outside becomes one without area on the edge.

    >>> clip([-5, 20, 50, 300], (100, 200))
    array([[  0.,  20.,  50., 100.]])
    """
    return np.clip(as_boxes(boxes_xyxy), 0, _whwh(image_hw))


def square(boxes_xyxy, margin=0.0):
    """Return square boxes with the same centers, not clipped.

    Args:
        boxes_xyxy: (N, 4) float, pixels; N may be 0.
        margin: the side is `max(width, height) * (1 + margin)`.

    >>> square([10, 20, 50, 80], margin=0.5)
    array([[-15.,   5.,  75.,  95.]])
    """
    if margin <= -1:
        raise ValueError(f"margin is {margin}: nothing is left at -1 and below.")
    rows = as_boxes(boxes_xyxy)
    center = (rows[:, :2] + rows[:, 2:]) / 2
    half = (rows[:, 2:] - rows[:, :2]).max(axis=1, keepdims=True) * (1 + margin) / 2
    return np.hstack([center - half, center + half])


def ellipse_to_box(major_radius, minor_radius, angle_rad, center_x, center_y):
    """Return the tight upright box of each ellipse (FDDB's faces).

    With half axes a, b and the major axis turned by t from the x axis, the box
    reaches sqrt(a² cos² t + b² sin² t) to each side of the center and
    sqrt(a² sin² t + b² cos² t) up and down: notebook 01, section 2.

    Args:
        major_radius: half axis a, pixels; number or (N,), all five broadcast.
        minor_radius: half axis b, pixels.
        angle_rad: angle of the major axis in radians; degrees draw a warning.
        center_x: pixels.
        center_y: pixels.

    Returns:
        (N, 4) float64.

    >>> ellipse_to_box(123.5833, 85.5495, 1.265839, 269.6934, 161.7812).round(2)
    array([[180.05,  41.13, 359.34, 282.43]])
    """
    a, b, t, x, y = (
        np.atleast_1d(np.asarray(value, dtype=np.float64))
        for value in (major_radius, minor_radius, angle_rad, center_x, center_y)
    )
    if (np.abs(t) > 2 * np.pi).any():
        warnings.warn(
            "An ellipse is turned by more than 2 pi: angles are in radians, "
            "use numpy.deg2rad on degrees.",
            stacklevel=2,
        )
    half_width = np.hypot(a * np.cos(t), b * np.sin(t))
    half_height = np.hypot(a * np.sin(t), b * np.cos(t))
    sides = x - half_width, y - half_height, x + half_width, y + half_height
    return np.stack(np.broadcast_arrays(*sides), axis=1)


def landmarks_to_box(points, raise_top=0.33):
    """Return a face's box from its landmarks: their extent with a forehead.

    The 68 points of 300-W end at the brows, so that the top is raised by a share of
    their height; how near 0.33 comes to WIDER FACE's boxes, `harmonize.SHIFTS` says.

    Args:
        points: (K, 2) float x, y in pixels, K at least 2.
        raise_top: share of the points' height to add above.

    Returns:
        (4,) float64 `x1 y1 x2 y2`, not clipped.

    >>> landmarks_to_box([[10, 40], [50, 40], [30, 100]], raise_top=0.5)
    array([ 10.,  10.,  50., 100.])
    """
    points = np.asarray(points, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 2:
        raise ValueError(
            f"Landmarks have the shape {points.shape}, expected (K, 2) with K >= 2."
        )
    left, top = points.min(axis=0)
    right, bottom = points.max(axis=0)
    return np.array([left, top - raise_top * (bottom - top), right, bottom])
