"""Notebook 00, exercises 1 and 2: one pixel, and a clipped crop."""

import numpy as np

from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    Slip,
    judge_function,
    seeded_cases,
)


def pixel_at(image, x, y):
    """Return the red, green and blue of the pixel x from the left, y from the top."""
    return image[y, x]


def _pixel_swapped(image, x, y):
    return image[x, y]


def _pixel_from_below(image, x, y):
    return image[-1 - y, x]


def _pixel_counts_from_one(image, x, y):
    return image[y - 1, x - 1]


def _pixel_as_tuple(image, x, y):
    return tuple(int(value) for value in image[y, x])


def random_photo(height, width, seed=0):
    """Return an (H, W, 3) uint8 array of noise."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def _random_pixel(rng):
    height, width = (int(n) for n in rng.integers(2, 30, 2))
    return Case(
        f"a photo {height} px high, {width} px wide",
        (
            random_photo(height, width, int(rng.integers(99))),
            int(rng.integers(width)),
            int(rng.integers(height)),
        ),
    )


PIXEL = Exercise(
    id="00.1",
    title="pixel_at",
    stars=1,
    reference=pixel_at,
    judge=judge_function(
        (
            Case(
                "a photo 2 px high, 3 px wide",
                (np.arange(18, dtype=np.uint8).reshape(2, 3, 3), 0, 1),
                expected=np.array([9, 10, 11], np.uint8),
                rule="x counts columns from the left, y rows from the top",
            ),
            Case(
                "its last column",
                (np.arange(18, dtype=np.uint8).reshape(2, 3, 3), 2, 1),
                expected=np.array([15, 16, 17], np.uint8),
                rule="the array's first index is the row",
            ),
            *seeded_cases(_random_pixel),
        ),
        pixel_at,
        slips=(
            Slip("That takes x as the row.", _pixel_swapped),
            Slip("That counts rows from below.", _pixel_from_below),
            Slip("That counts from 1.", _pixel_counts_from_one),
        ),
    ),
    hints=(
        "A photo has the shape (480, 640, 3). Which of the three is its height?",
        "The first index of the array chooses a row, the second a column.",
        "One pair of square brackets with two names in it, the row first.",
    ),
    why=(
        "This swap is the most common slip of computer vision, and square photos hide "
        "it.",
        "Arrays are indexed like matrices: row, then column.",
        "Points and boxes are written like in geometry: x, then y.",
    ),
    wrong_turn="Writing image[x, y]: on a square photo it gives the pixel mirrored "
    "at the diagonal, without an error.",
    mutants=(
        Mutant("swapped", _pixel_swapped, "wrong value", "x as the row"),
        Mutant("from below", _pixel_from_below, "wrong value", "from below"),
        Mutant("from 1", _pixel_counts_from_one, "wrong value", "counts from 1"),
        Mutant("a tuple", _pixel_as_tuple, "wrong type", "NumPy array"),
        Mutant("one channel", lambda i, x, y: i[y, x, 0], "wrong type", "shape"),
    ),
    alternatives=(lambda image, x, y: image[y][x].copy(),),
)


def clipped_crop(image, box_xyxy):
    """Return the part of the photo inside a box of whole pixels."""
    height, width = image.shape[:2]
    x1, y1, x2, y2 = box_xyxy
    left, right = max(x1, 0), min(x2, width)
    top, bottom = max(y1, 0), min(y2, height)
    return image[top : max(top, bottom), left : max(left, right)]


def _crop_unclipped(image, box_xyxy):
    x1, y1, x2, y2 = box_xyxy
    return image[y1:y2, x1:x2]


def _crop_swapped(image, box_xyxy):
    x1, y1, x2, y2 = box_xyxy
    return clipped_crop(image, (y1, x1, y2, x2))


def _crop_as_xywh(image, box_xyxy):
    x, y, width, height = box_xyxy
    return clipped_crop(image, (x, y, x + width, y + height))


def _crop_with_last(image, box_xyxy):
    x1, y1, x2, y2 = box_xyxy
    return clipped_crop(image, (x1, y1, x2 + 1, y2 + 1))


def _crop_far_edges_wrap(image, box_xyxy):
    height, width = image.shape[:2]
    x1, y1, x2, y2 = box_xyxy
    return image[max(y1, 0) : min(y2, height), max(x1, 0) : min(x2, width)]


def _crop_limits_swapped(image, box_xyxy):
    width, height = image.shape[:2]
    x1, x2 = np.clip(box_xyxy[0::2], 0, width)
    y1, y2 = np.clip(box_xyxy[1::2], 0, height)
    return image[y1:y2, x1:x2]


def _crop_without_last(image, box_xyxy):
    height, width = image.shape[:2]
    x1, x2 = np.clip(box_xyxy[0::2], 0, width - 1)
    y1, y2 = np.clip(box_xyxy[1::2], 0, height - 1)
    return image[y1:y2, x1:x2]


def _crop_padded(image, box_xyxy):
    x1, y1, x2, y2 = box_xyxy
    rows = np.clip(np.arange(y1, y2), 0, image.shape[0] - 1)
    columns = np.clip(np.arange(x1, x2), 0, image.shape[1] - 1)
    return image[rows[:, None], columns]


def _crop_by_clip(image, box_xyxy):
    height, width = image.shape[:2]
    x1, x2 = np.clip(box_xyxy[0::2], 0, width)
    y1, y2 = np.clip(box_xyxy[1::2], 0, height)
    return image[int(y1) : int(y2), int(x1) : int(x2)]


def _random_crop(rng):
    height, width = (int(n) for n in rng.integers(4, 30, 2))
    x1, y1 = int(rng.integers(-8, width)), int(rng.integers(-8, height))
    x2, y2 = x1 + int(rng.integers(1, 25)), y1 + int(rng.integers(1, 25))
    image = random_photo(height, width, int(rng.integers(99)))
    return Case(f"a {height}x{width} photo", (image, (x1, y1, x2, y2)))


_GRID = random_photo(6, 10, 3)

CROP = Exercise(
    id="00.2",
    title="clipped_crop",
    stars=1,
    reference=clipped_crop,
    judge=judge_function(
        (
            Case(
                "a box inside a 6x10 photo",
                (_GRID, (2, 1, 5, 3)),
                expected=_GRID[1:3, 2:5].copy(),
                rule="right and bottom are the first pixels outside",
            ),
            Case(
                "a box past the right edge",
                (_GRID, (7, 2, 14, 9)),
                expected=_GRID[2:6, 7:10].copy(),
                rule="what lies outside the photo is left out",
            ),
            Case(
                "a box past the left edge",
                (_GRID, (-3, -2, 4, 3)),
                expected=_GRID[0:3, 0:4].copy(),
                rule="a negative index must not count from the other end",
            ),
            Case(
                "a box wholly outside",
                (_GRID, (-6, 1, -2, 4)),
                expected=_GRID[1:4, 0:0].copy(),
                rule="a box without a pixel of the photo gives an empty crop",
            ),
            *seeded_cases(_random_crop),
        ),
        clipped_crop,
        slips=(
            Slip("That is no clipping: negative indices wrap.", _crop_unclipped),
            Slip("That swaps x and y.", _crop_swapped),
            Slip("That reads the box as x, y, width, height.", _crop_as_xywh),
            Slip("That includes the right and the bottom edge.", _crop_with_last),
            Slip(
                "The right and the bottom can be negative, too.", _crop_far_edges_wrap
            ),
            Slip("A shape is (height, width).", _crop_limits_swapped),
            Slip("The limit is the side itself, not one less.", _crop_without_last),
        ),
    ),
    hints=(
        "What does NumPy do with image[-3:4]?",
        "Bring each of the four numbers into the photo first: x between 0 and the "
        "width, y between 0 and the height.",
        "Near edges: at least 0. Far edges: at most height or width, and at least 0, "
        "too. Then one slice with rows first.",
    ),
    why=(
        "Boxes leave the photo all the time: faces are cut by its edge.",
        "Half-open ranges make the width right minus left, without a plus one.",
        "A negative start means 'from the end' to NumPy: a wrong crop and no error.",
    ),
    wrong_turn="Trusting the slice: a too large end is cut by NumPy, a negative start "
    "is not.",
    mutants=(
        Mutant("unclipped", _crop_unclipped, "wrong type", "negative indices wrap"),
        Mutant("swapped", _crop_swapped, "wrong type", "swaps x and y"),
        Mutant("xywh", _crop_as_xywh, "wrong type", "x, y, width, height"),
        Mutant("last pixel", _crop_with_last, "wrong type", "right and the bottom"),
        Mutant("far edge wraps", _crop_far_edges_wrap, "wrong type", "negative, too"),
        Mutant("limits swapped", _crop_limits_swapped, "wrong type", "(height, width)"),
        Mutant("one less", _crop_without_last, "wrong type", "not one less"),
        Mutant("padded", _crop_padded, "wrong type", "left out"),
    ),
    alternatives=(_crop_by_clip,),
)
