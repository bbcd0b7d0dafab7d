"""Notebook 01, exercises 1 and 2: YOLO's boxes, and the box of an ellipse."""

import numpy as np

from fer_course import boxes
from fer_course.teaching.comparing import WRONG_TYPE, compare_values
from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    Property,
    Slip,
    judge_function,
    seeded_cases,
)


def xywh_to_cxcywhn(boxes_xywh, image_hw):
    """Return (N, 4) centers and sizes as fractions of the photo."""
    height, width = image_hw
    center = boxes_xywh[:, :2] + boxes_xywh[:, 2:] / 2
    return np.hstack([center, boxes_xywh[:, 2:]]) / [width, height, width, height]


def _convert_swapped(boxes_xywh, image_hw):
    return xywh_to_cxcywhn(boxes_xywh, image_hw[::-1])


def _convert_corner(boxes_xywh, image_hw):
    height, width = image_hw
    return boxes_xywh / [width, height, width, height]


def _convert_width_only(boxes_xywh, image_hw):
    return xywh_to_cxcywhn(boxes_xywh, (image_hw[1], image_hw[1]))


def _convert_far_corner(boxes_xywh, image_hw):
    height, width = image_hw
    far = boxes_xywh[:, :2] + boxes_xywh[:, 2:]
    return np.hstack([far, boxes_xywh[:, 2:]]) / [width, height, width, height]


def _convert_pixels(boxes_xywh, image_hw):
    return np.hstack([boxes_xywh[:, :2] + boxes_xywh[:, 2:] / 2, boxes_xywh[:, 2:]])


def _convert_whole_halves(boxes_xywh, image_hw):
    height, width = image_hw
    center = boxes_xywh[:, :2] + boxes_xywh[:, 2:] // 2
    return np.hstack([center, boxes_xywh[:, 2:]]) / [width, height, width, height]


def _convert_from_corners(boxes_xywh, image_hw):
    return boxes.xyxy_to_cxcywhn(boxes_xywh, image_hw)


def _convert_in_place(boxes_xywh, image_hw):
    boxes_xywh[:, :2] += boxes_xywh[:, 2:] / 2
    boxes_xywh /= np.array([image_hw[1], image_hw[0]] * 2)
    return boxes_xywh


def _convert_first_only(boxes_xywh, image_hw):
    return xywh_to_cxcywhn(boxes_xywh[:1], image_hw)


def _convert_as_list(boxes_xywh, image_hw):
    return [row.tolist() for row in xywh_to_cxcywhn(boxes_xywh, image_hw)]


def _convert_by_package(boxes_xywh, image_hw):
    return boxes.xyxy_to_cxcywhn(boxes.xywh_to_xyxy(boxes_xywh), image_hw)


def _convert_by_columns(boxes_xywh, image_hw):
    x, y, w, h = boxes_xywh.T
    height, width = image_hw
    columns = (x + w / 2) / width, (y + h / 2) / height, w / width, h / height
    return np.stack(columns, axis=1)


def _random_boxes(rng):
    count = int(rng.integers(1, 5))
    corner, size = rng.uniform(0, 300, (count, 2)), rng.uniform(1, 90, (count, 2))
    image_hw = int(rng.integers(200, 900)), int(rng.integers(200, 900))
    return Case(f"{count} random boxes", (np.hstack([corner, size]), image_hw))


def _comes_back(convert):
    given = np.array([[20.0, 30.0, 40.0, 90.0], [0.0, 0.0, 7.0, 5.0]])
    back = boxes.cxcywhn_to_xyxy(convert(given.copy(), (150, 400)), (150, 400))
    return np.allclose(boxes.xyxy_to_xywh(back), given)


CONVERT = Exercise(
    id="01.1",
    title="xywh_to_cxcywhn",
    stars=1,
    reference=xywh_to_cxcywhn,
    judge=judge_function(
        (
            Case(
                "a box on a photo 100 px high and 200 px wide",
                (np.array([[10.0, 20.0, 40.0, 60.0]]), (100, 200)),
                expected=np.array([[0.15, 0.5, 0.2, 0.6]]),
                rule="x and width are shares of the photo's width, y and height of its "
                "height",
            ),
            Case(
                "two boxes",
                (np.array([[0.0, 0.0, 40.0, 10.0], [100, 5, 2, 8]]), (20, 400)),
                expected=np.array([[0.05, 0.25, 0.1, 0.5], [0.2525, 0.45, 0.005, 0.4]]),
            ),
            Case(
                "a photo without a face",
                (np.zeros((0, 4)), (100, 200)),
                expected=np.zeros((0, 4)),
                rule="no boxes in, no boxes out: the shape (0, 4)",
            ),
            *seeded_cases(_random_boxes),
        ),
        xywh_to_cxcywhn,
        properties=(
            Property("turned back into pixels, the boxes are the same", _comes_back),
        ),
        slips=(
            Slip("Height and width changed places.", _convert_swapped),
            Slip("That is the corner, not the center.", _convert_corner),
            Slip("That is the far corner.", _convert_far_corner),
            Slip("Everything is divided by the width.", _convert_width_only),
            Slip("These are still pixels.", _convert_pixels),
            Slip("// cuts half pixels off.", _convert_whole_halves),
            Slip(
                "That takes w and h for the right and the bottom.",
                _convert_from_corners,
            ),
        ),
    ),
    hints=(
        "Where is the middle of a box that starts at 10 px and is 40 px wide?",
        "First the center in pixels, then divide each column by its own side.",
        "Center columns and size columns side by side, over four divisors.",
    ),
    why=(
        "A YOLO label survives any resizing of the photo, since it holds shares.",
        "The center is the corner plus half the size.",
        "image_hw has the height first, the box has x first: that is where slips live.",
    ),
    wrong_turn="Dividing x by the height, which no square photo will ever show you.",
    mutants=(
        Mutant("h and w swapped", _convert_swapped, "wrong value", "changed places"),
        Mutant("corner", _convert_corner, "wrong value", "not the center"),
        Mutant("far corner", _convert_far_corner, "wrong value", "far corner"),
        Mutant("width only", _convert_width_only, "wrong value", "by the width"),
        Mutant("pixels", _convert_pixels, "wrong value", "still pixels"),
        Mutant("whole halves", _convert_whole_halves, "wrong value", "cuts half"),
        Mutant("corners", _convert_from_corners, "wrong value", "takes w and h for"),
        Mutant("in place", _convert_in_place, "wrong value", "work on a copy"),
        Mutant("first box only", _convert_first_only, "wrong type", "shape (1, 4)"),
        Mutant("a list", _convert_as_list, "wrong type", "NumPy array"),
    ),
    alternatives=(_convert_by_package, _convert_by_columns),
)


def ellipse_to_box(a, b, theta, x, y):
    """Return the tight upright box (4,) of one ellipse: left, top, right, bottom."""
    half_width = np.sqrt((a * np.cos(theta)) ** 2 + (b * np.sin(theta)) ** 2)
    half_height = np.sqrt((a * np.sin(theta)) ** 2 + (b * np.cos(theta)) ** 2)
    return np.array([x - half_width, y - half_height, x + half_width, y + half_height])


def _around(x, y, half_width, half_height):
    return np.array([x - half_width, y - half_height, x + half_width, y + half_height])


def _ellipse_degrees(a, b, theta, x, y):
    return ellipse_to_box(a, b, np.deg2rad(theta), x, y)


def _ellipse_swapped(a, b, theta, x, y):
    return ellipse_to_box(b, a, theta, x, y)


def _ellipse_rotated_rectangle(a, b, theta, x, y):
    c, s = abs(np.cos(theta)), abs(np.sin(theta))
    return _around(x, y, a * c + b * s, a * s + b * c)


def _ellipse_no_angle(a, b, theta, x, y):
    return _around(x, y, a, b)


def _ellipse_upright(a, b, theta, x, y):
    return _around(x, y, b, a)


def _ellipse_xywh(a, b, theta, x, y):
    left, top, right, bottom = ellipse_to_box(a, b, theta, x, y)
    return np.array([left, top, right - left, bottom - top])


def _ellipse_axis_ends(a, b, theta, x, y):
    c, s = abs(np.cos(theta)), abs(np.sin(theta))
    return _around(x, y, max(a * c, b * s), max(a * s, b * c))


def _ellipse_no_root(a, b, theta, x, y):
    c, s = np.cos(theta) ** 2, np.sin(theta) ** 2
    return _around(x, y, a * a * c + b * b * s, a * a * s + b * b * c)


def _ellipse_half_radii(a, b, theta, x, y):
    return ellipse_to_box(a / 2, b / 2, theta, x, y)


def _ellipse_at_origin(a, b, theta, x, y):
    return ellipse_to_box(a, b, theta, 0, 0)


def _ellipse_signed(a, b, theta, x, y):
    c, s = np.cos(theta), np.sin(theta)
    return _around(x, y, a * c - b * s, a * s + b * c)


def _ellipse_one_half(a, b, theta, x, y):
    half = ellipse_to_box(a, b, theta, 0, 0)[2]
    return _around(x, y, half, half)


def _ellipse_few_points(a, b, theta, x, y):
    return _ellipse_by_points(a, b, theta, x, y, count=100)


def _ellipse_by_points(a, b, theta, x, y, count=400_001):
    turns = np.linspace(0, 2 * np.pi, count)
    u, v = a * np.cos(turns), b * np.sin(turns)
    across = x + u * np.cos(theta) - v * np.sin(theta)
    down = y + u * np.sin(theta) + v * np.cos(theta)
    return np.array([across.min(), down.min(), across.max(), down.max()])


def _ellipse_by_package(a, b, theta, x, y):
    return boxes.ellipse_to_box(a, b, theta, x, y)[0]


def _compare_sides(result, expected):
    """Compare four sides, and say where sampled points end a little too early."""
    problem = compare_values(result, expected)
    if problem is None or problem[0] == WRONG_TYPE:
        return problem
    short = (result - expected) * np.array([1, 1, -1, -1])
    size = (expected[2:] - expected[:2]).min()
    if (short > -1e-9).all() and short.max() < 0.01 * size:
        return (
            problem[0],
            f"Up to {short.max():.2g} px are missing: between your points the ellipse "
            "goes a little further. Sample more finely.",
        )
    return problem


def _random_ellipse(rng):
    a, b = rng.uniform(5, 150, 2)
    theta, center = rng.uniform(-np.pi, np.pi), rng.uniform(100, 500, 2)
    return Case("a random ellipse", (a, b, theta, *center))


def _half_turn(box_of):
    first, second = box_of(40, 25, 0.7, 90, 80), box_of(40, 25, 0.7 + np.pi, 90, 80)
    return bool(np.allclose(first, second))


ELLIPSE = Exercise(
    id="01.2",
    title="ellipse_to_box",
    stars=2,
    reference=ellipse_to_box,
    judge=judge_function(
        (
            Case(
                "a circle",
                (10.0, 10.0, 0.0, 50.0, 40.0),
                expected=np.array([40.0, 30.0, 60.0, 50.0]),
                rule="a circle of radius 10 reaches 10 px to each side",
            ),
            Case(
                "a lying ellipse",
                (30.0, 20.0, 0.0, 100.0, 60.0),
                expected=np.array([70.0, 40.0, 130.0, 80.0]),
                rule="at angle 0 the major axis lies along x",
            ),
            Case(
                "an upright ellipse",
                (30.0, 20.0, np.pi / 2, 100.0, 60.0),
                expected=np.array([80.0, 30.0, 120.0, 90.0]),
                rule="a quarter turn is pi / 2: angles are in radians",
            ),
            Case("FDDB's face", (123.5833, 85.5495, 1.265839, 269.6934, 161.7812)),
            *seeded_cases(_random_ellipse),
        ),
        _ellipse_by_package,
        compare=_compare_sides,
        properties=(
            Property("an ellipse turned by half a turn is the same", _half_turn),
        ),
        slips=(
            Slip("The radii changed places.", _ellipse_swapped),
            Slip(
                "That is the box of the rotated rectangle.", _ellipse_rotated_rectangle
            ),
            Slip("That takes the angle for degrees.", _ellipse_degrees),
            Slip("That ignores the angle.", _ellipse_no_angle),
            Slip("That is the left top corner with width and height.", _ellipse_xywh),
            Slip("Those are the ends of the two axes only.", _ellipse_axis_ends),
            Slip("The square root is missing.", _ellipse_no_root),
            Slip("Radii are half axes already.", _ellipse_half_radii),
            Slip("The center is missing.", _ellipse_at_origin),
            Slip("Sine and cosine can be negative.", _ellipse_signed),
            Slip("Width and height each have their own root.", _ellipse_one_half),
        ),
    ),
    hints=(
        "At which point of the leaning ellipse does x grow no further?",
        "Half the width is a root of two squares: one for each axis's share along x.",
        "For the half height the sine and the cosine change places.",
    ),
    why=(
        "FDDB's 5,171 ellipses, 1,865 of them in our photos, become boxes this way.",
        "The farthest point is where the derivative of x along the curve is 0.",
        "It is neither the end of an axis nor a corner of the rotated rectangle.",
    ),
    wrong_turn="Boxing the corners of the rotated rectangle: IoU 0.50 at the worst.",
    mutants=(
        Mutant("degrees", _ellipse_degrees, "wrong value", "angle for degrees"),
        Mutant("swapped axes", _ellipse_swapped, "wrong value", "changed places"),
        Mutant(
            "rotated rectangle",
            _ellipse_rotated_rectangle,
            "wrong value",
            "rotated rectangle",
        ),
        Mutant("angle ignored", _ellipse_no_angle, "wrong value", "ignores the angle"),
        Mutant("upright", _ellipse_upright, "wrong value", "changed places"),
        Mutant("xywh", _ellipse_xywh, "wrong value", "width and height"),
        Mutant("axis ends", _ellipse_axis_ends, "wrong value", "ends of the two axes"),
        Mutant("no root", _ellipse_no_root, "wrong value", "root is missing"),
        Mutant("half radii", _ellipse_half_radii, "wrong value", "half axes already"),
        Mutant("at the origin", _ellipse_at_origin, "wrong value", "center is missing"),
        Mutant("signed", _ellipse_signed, "wrong value", "can be negative"),
        Mutant("one half", _ellipse_one_half, "wrong value", "their own root"),
        Mutant("few points", _ellipse_few_points, "wrong value", "more finely"),
        Mutant(
            "whole pixels",
            lambda *e: ellipse_to_box(*e).round(),
            "wrong value",
            "differ",
        ),
    ),
    alternatives=(_ellipse_by_points, _ellipse_by_package),
)
