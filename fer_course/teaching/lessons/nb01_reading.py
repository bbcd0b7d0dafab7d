"""Notebook 01, exercises 3 and 4: a WIDER list, and a box from landmarks."""

import numpy as np

from fer_course import boxes
from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    Property,
    Slip,
    judge_function,
    seeded_cases,
)


def parse_wider(text):
    """Return photo name -> (K, 10) int array of its faces."""
    lines = text.splitlines()
    faces, at = {}, 0
    while at < len(lines):
        name, count = lines[at], int(lines[at + 1])
        rows = [line.split() for line in lines[at + 2 : at + 2 + count]]
        faces[name] = np.array(rows, dtype=int).reshape(count, 10)
        at += 2 + max(count, 1)  # a photo without a face has one row of zeros
    return faces


def _parse_dummy_is_a_face(text):
    lines, faces, at = text.splitlines(), {}, 0
    while at < len(lines):
        count = max(int(lines[at + 1]), 1)
        rows = [line.split() for line in lines[at + 2 : at + 2 + count]]
        faces[lines[at]] = np.array(rows, dtype=int)
        at += 2 + count
    return faces


def _parse_trips_over_dummy(text):
    lines, faces, at = text.splitlines(), {}, 0
    while at < len(lines):
        count = int(lines[at + 1])
        rows = [line.split() for line in lines[at + 2 : at + 2 + count]]
        faces[lines[at]] = np.array(rows, dtype=int).reshape(count, 10)
        at += 2 + count
    return faces


def _parse_boxes_only(text):
    return {name: rows[:, :4] for name, rows in parse_wider(text).items()}


def _parse_without_invalid(text):
    return {name: rows[rows[:, 7] == 0] for name, rows in parse_wider(text).items()}


def _parse_no_empty_photos(text):
    return {name: rows for name, rows in parse_wider(text).items() if len(rows)}


def _parse_without_area(text):
    faces = parse_wider(text).items()
    return {name: rows[(rows[:, 2:4] > 0).all(axis=1)] for name, rows in faces}


def _parse_file_names(text):
    return {name.split("/")[-1]: rows for name, rows in parse_wider(text).items()}


def _parse_by_single_blanks(text):
    lines = text.splitlines()
    return {lines[0]: np.array([[int(n) for n in lines[2].split(" ")]])}


def _parse_corners(text):
    faces = parse_wider(text)
    for rows in faces.values():
        rows[:, 2:4] += rows[:, :2]
    return faces


def _parse_text(text):
    return {name: rows.astype(str) for name, rows in parse_wider(text).items()}


def _parse_by_names(text):
    faces, name = {}, None
    for line in text.splitlines():
        words = line.split()
        if line.endswith(".jpg"):
            name, faces[line] = line, []
        elif len(words) == 10 and any(word != "0" for word in words):
            faces[name].append([int(word) for word in words])
    return {k: np.array(v, dtype=int).reshape(-1, 10) for k, v in faces.items()}


_TWO = (
    "0--Parade/a_1.jpg\n2\n10 20 30 40 0 0 0 0 0 0 \n5 6 7 8 2 0 0 1 2 0 \n"
    "9--Press/b_2.jpg\n1\n100 50 60 80 1 1 0 0 1 0 \n"
)
_NO_FACE = (
    "0--Parade/empty.jpg\n0\n0 0 0 0 0 0 0 0 0 0 \n"
    "0--Parade/full.jpg\n1\n10 20 30 40 0 0 0 0 0 0 \n"
)


def _random_list(rng):
    text = ""
    photos = int(rng.integers(1, 5))
    for k in range(photos):
        count = int(rng.integers(0, 4))
        rows = np.hstack(
            [rng.integers(1, 400, (count, 4)), rng.integers(0, 2, (count, 6))]
        )
        rows = rows if count else np.zeros((1, 10), int)
        text += f"{k}--Event/photo_{k}.jpg\n{count}\n"
        text += "".join(" ".join(map(str, row)) + " \n" for row in rows)
    return Case(f"a list of {photos} photos", (text,))


PARSE = Exercise(
    id="01.3",
    title="parse_wider",
    stars=2,
    reference=parse_wider,
    judge=judge_function(
        (
            Case(
                "one photo with one face",
                ("1--Event/one.jpg\n1\n10 20 30 40 0 0 0 0 0 0 \n",),
                rule="a name with its folder, a count, and as many rows of ten "
                "numbers, each row with a blank at its end",
            ),
            Case("two photos, the second face is invalid", (_TWO,)),
            Case(
                "a photo without a face, then one with a face",
                (_NO_FACE,),
                rule="count 0 is followed by one row of zeros, which is no face; the "
                "photo stays, with shape (0, 10)",
            ),
            Case(
                "a face without a width",
                ("9--Press/c.jpg\n2\n50 60 0 40 0 0 0 0 0 0 \n5 6 7 8 0 0 0 0 0 0 \n",),
                rule="every row of the count stays, also one that no rule of yours "
                "would keep",
            ),
            Case("an empty list", ("",), expected={}, rule="no line, no photo"),
            *seeded_cases(_random_list),
        ),
        parse_wider,
        slips=(
            Slip("The row of zeros is not a face.", _parse_dummy_is_a_face),
            Slip("Keep all ten numbers: flags decide later.", _parse_boxes_only),
            Slip(
                "Keep invalid faces: they are neither to be learned nor punished.",
                _parse_without_invalid,
            ),
            Slip("A photo without a face belongs to the set.", _parse_no_empty_photos),
            Slip("The file's x y w h stay as they are here.", _parse_corners),
            Slip("Keep rows without area, too.", _parse_without_area),
            Slip("The folder belongs to the name: it is the event.", _parse_file_names),
        ),
    ),
    hints=(
        "How many lines belong to a photo with 3 faces, and to one with none?",
        "Walk with an index: read name and count, take the rows, jump on.",
        "The jump is two lines and the rows, and there is always at least one row.",
    ),
    why=(
        "Four photos of the official training list have a row of zeros, and each one "
        "would become a face without a size.",
        "A photo without a face teaches the detector to be silent.",
        "A parser reports what is written; rules of cleaning come after it.",
    ),
    wrong_turn="Trusting the count: after a 0 the next line is still not a name.",
    mutants=(
        Mutant(
            "zeros are a face", _parse_dummy_is_a_face, "wrong type", "is not a face"
        ),
        Mutant("count trusted", _parse_trips_over_dummy, "raised", "ValueError"),
        Mutant("boxes only", _parse_boxes_only, "wrong type", "all ten numbers"),
        Mutant("invalid dropped", _parse_without_invalid, "wrong type", "nor punished"),
        Mutant("empty dropped", _parse_no_empty_photos, "wrong value", "lacks"),
        Mutant("corners", _parse_corners, "wrong value", "stay as they are"),
        Mutant("no area", _parse_without_area, "wrong type", "rows without area"),
        Mutant("file names", _parse_file_names, "wrong value", "it is the event"),
        Mutant("single blanks", _parse_by_single_blanks, "raised", "blank at its end"),
        Mutant("text", _parse_text, "wrong type", "array of"),
    ),
    alternatives=(_parse_by_names,),
)


def landmarks_to_box(points, raise_top, image_hw):
    """Return the box (4,) of (K, 2) landmarks, with a forehead, inside the photo."""
    left, top = points.min(axis=0)
    right, bottom = points.max(axis=0)
    top = top - raise_top * (bottom - top)
    height, width = image_hw
    sides = np.array([left, top, right, bottom])
    return sides.clip(0, [width, height, width, height])


def _landmarks_with(top_of=None, clip=True, swap=False):
    def box(points, raise_top, image_hw):
        left, top = points.min(axis=0)
        right, bottom = points.max(axis=0)
        new_top = top_of(left, top, right, bottom, raise_top)
        height, width = image_hw[::-1] if swap else image_hw
        sides = np.array([left, new_top, right, bottom])
        return sides.clip(0, [width, height, width, height]) if clip else sides

    return box


def _raised(left, top, right, bottom, share):
    return top - share * (bottom - top)


_landmarks_no_forehead = _landmarks_with(lambda le, t, r, b, s: t)
_landmarks_lowered = _landmarks_with(lambda le, t, r, b, s: t + s * (b - t))
_landmarks_by_width = _landmarks_with(lambda le, t, r, b, s: t - s * (r - le))
_landmarks_px = _landmarks_with(lambda le, t, r, b, s: t - s)
_landmarks_unclipped = _landmarks_with(_raised, clip=False)
_landmarks_swapped = _landmarks_with(_raised, swap=True)


def _landmarks_all_sides(points, raise_top, image_hw):
    low, high = points.min(axis=0), points.max(axis=0)
    grow = raise_top * (high - low)
    sides = np.concatenate([low - grow, high + grow])
    return sides.clip(0, [image_hw[1], image_hw[0]] * 2)


def _landmarks_same_on_all_sides(points, raise_top, image_hw):
    left, top, right, bottom = *points.min(axis=0), *points.max(axis=0)
    grow = raise_top * (bottom - top)
    sides = np.array([left - grow, top - grow, right + grow, bottom + grow])
    return sides.clip(0, [image_hw[1], image_hw[0]] * 2)


def _landmarks_far_limits_swapped(points, raise_top, image_hw):
    left, top, right, bottom = *points.min(axis=0), *points.max(axis=0)
    top = top - raise_top * (bottom - top)
    right, bottom = min(right, image_hw[0]), min(bottom, image_hw[1])
    return np.array([max(left, 0), max(top, 0), right, bottom], float)


def _landmarks_by_photo(points, raise_top, image_hw):
    left, top, right, bottom = *points.min(axis=0), *points.max(axis=0)
    sides = np.array([left, top - raise_top * image_hw[0], right, bottom])
    return sides.clip(0, [image_hw[1], image_hw[0]] * 2)


def _landmarks_by_top(points, raise_top, image_hw):
    left, top, right, bottom = *points.min(axis=0), *points.max(axis=0)
    return np.array([left, top * (1 - raise_top), right, bottom])


def _landmarks_cut_first(points, raise_top, image_hw):
    inside = points.clip(0, [image_hw[1], image_hw[0]])
    return landmarks_to_box(inside, raise_top, image_hw)


def _landmarks_one_less(points, raise_top, image_hw):
    height, width = image_hw
    return landmarks_to_box(points, raise_top, (height - 1, width - 1))


def _landmarks_in_pairs(points, raise_top, image_hw):
    return landmarks_to_box(points, raise_top, image_hw)[[0, 2, 1, 3]]


def _landmarks_by_package(points, raise_top, image_hw):
    return boxes.clip(boxes.landmarks_to_box(points, raise_top), image_hw)[0]


def _landmarks_in_float32(points, raise_top, image_hw):
    return landmarks_to_box(points, raise_top, image_hw).astype(np.float32)


def _random_points(rng):
    count = int(rng.integers(2, 9))
    points = rng.uniform((20, 30), (180, 90), (count, 2))
    return Case(f"{count} random points", (points, rng.uniform(0, 1), (95, 190)))


def _contains_all(box_of):
    points = np.random.default_rng(3).uniform(40, 90, (68, 2))
    left, top, right, bottom = box_of(points.copy(), 0.33, (100, 200))
    slack_px = 0.01  # float32 is exact enough
    low, high = (left - slack_px, top - slack_px), (right + slack_px, bottom + slack_px)
    return bool((points >= low).all() and (points <= high).all())


LANDMARKS = Exercise(
    id="01.4",
    title="landmarks_to_box",
    stars=2,
    reference=landmarks_to_box,
    judge=judge_function(
        (
            Case(
                "three points, half their height added on top",
                (np.array([[60.0, 40], [90, 100], [70, 45]]), 0.5, (200, 300)),
                expected=np.array([60.0, 10.0, 90.0, 100.0]),
                rule="the top rises by a share of the points' height; no other side "
                "moves",
            ),
            Case(
                "no forehead",
                (np.array([[10.0, 20], [50, 80]]), 0.0, (200, 300)),
                expected=np.array([10.0, 20.0, 50.0, 80.0]),
            ),
            Case(
                "a face at the top edge",
                (np.array([[150.0, 10], [190, 70]]), 0.5, (100, 200)),
                expected=np.array([150.0, 0.0, 190.0, 70.0]),
                rule="the box ends where the photo ends",
            ),
            Case(
                "a point outside the photo",
                (np.array([[-5.0, 30], [40, 90]]), 0.25, (100, 200)),
                expected=np.array([0.0, 15.0, 40.0, 90.0]),
                rule="the share is taken before the box is cut",
            ),
            Case(
                "a face past the corner at the bottom right",
                (np.array([[150.0, 60], [205, 110]]), 0.2, (100, 200)),
                expected=np.array([150.0, 50.0, 200.0, 100.0]),
                rule="the share is taken of all points, then the box is cut at 200 and "
                "100",
            ),
            *seeded_cases(_random_points),
        ),
        landmarks_to_box,
        properties=(Property("the box contains all points", _contains_all),),
        slips=(
            Slip("The forehead is missing.", _landmarks_no_forehead),
            Slip("y grows downward: that lowers the top.", _landmarks_lowered),
            Slip("That takes the share of the width.", _landmarks_by_width),
            Slip("That raises the top by pixels, not by a share.", _landmarks_px),
            Slip("The photo ends earlier: cut the box.", _landmarks_unclipped),
            Slip("Height and width changed places.", _landmarks_swapped),
            Slip("Only the top moves.", _landmarks_all_sides),
            Slip("Only the top moves.", _landmarks_same_on_all_sides),
            Slip("Height and width changed places.", _landmarks_far_limits_swapped),
            Slip("That takes the share of the photo's height.", _landmarks_by_photo),
            Slip("That takes the share of the top itself.", _landmarks_by_top),
            Slip("Cut last: points outside count, too.", _landmarks_cut_first),
            Slip("The limit is the side, not one less.", _landmarks_one_less),
            Slip("The order is left, top, right, bottom.", _landmarks_in_pairs),
        ),
    ),
    hints=(
        "The highest landmark is a brow. In which direction does y grow?",
        "Smallest and largest x and y first; then move one side; then cut.",
        "New top: old top less a share of the distance from top to bottom.",
    ),
    why=(
        "LFPW has no boxes: whoever trains on it invents them, so say how.",
        "Brow to chin is about three quarters of hairline to chin.",
        "A share grows with the face, a number of pixels would not.",
    ),
    wrong_turn="Growing all four sides, as one does for a margin: only the top lacks.",
    mutants=(
        Mutant("no forehead", _landmarks_no_forehead, "wrong value", "forehead"),
        Mutant("lowered", _landmarks_lowered, "wrong value", "grows downward"),
        Mutant("by width", _landmarks_by_width, "wrong value", "share of the width"),
        Mutant("pixels", _landmarks_px, "wrong value", "by pixels"),
        Mutant("not cut", _landmarks_unclipped, "wrong value", "ends earlier"),
        Mutant("h and w swapped", _landmarks_swapped, "wrong value", "changed places"),
        Mutant("all sides", _landmarks_all_sides, "wrong value", "Only the top"),
        Mutant("alike", _landmarks_same_on_all_sides, "wrong value", "Only the top"),
        Mutant(
            "far limits", _landmarks_far_limits_swapped, "wrong value", "changed places"
        ),
        Mutant("of the photo", _landmarks_by_photo, "wrong value", "photo's height"),
        Mutant("of the top", _landmarks_by_top, "wrong value", "the top itself"),
        Mutant("cut first", _landmarks_cut_first, "wrong value", "Cut last"),
        Mutant("one less", _landmarks_one_less, "wrong value", "not one less"),
        Mutant("in pairs", _landmarks_in_pairs, "wrong value", "The order is left"),
    ),
    alternatives=(_landmarks_by_package, _landmarks_in_float32),
)
