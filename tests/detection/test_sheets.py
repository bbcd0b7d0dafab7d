"""Sheets hold their photos' faces where they are; tiles are asked for and counted."""

import numpy as np
import pytest

from fer_course.detection.records import AnnotatedPhoto
from fer_course.detection.sheets import contact_sheets, measure_tiles


def photo(number, height=480, width=640):
    """A photo in one color with a face at the same place and an ignored one."""
    image = np.full((height, width, 3), number, np.uint8)
    boxes = np.array([[100.0, 50, 140, 100], [300, 60, 310, 70]])
    ignore = np.array([False, True])
    return AnnotatedPhoto("wider", image, str(number), boxes, ignore, "group")


def test_faces_move_with_their_photos():
    ((sheet, boxes, ignore),) = contact_sheets([photo(k) for k in range(11)])
    assert sheet.shape == (1920, 1920, 3)
    assert ignore.tolist() == 9 * [False, True]
    for k in range(9):
        left, top, right, bottom = boxes[2 * k].astype(int)
        assert (sheet[top:bottom, left:right] == k).all()
        assert (left % 640, top % 640) == (100, 80 + 50)
    assert (sheet[:80] == 114).all() and (sheet[560:640] == 114).all()


def test_photos_of_any_size_fit_their_cells():
    """WIDER's own are 1,024 px wide."""
    photos = [photo(k, height=960, width=1280) for k in range(9)]
    ((sheet, boxes, _),) = contact_sheets(photos)
    for k in range(9):
        left, top, right, bottom = boxes[2 * k].astype(int)
        assert (sheet[top:bottom, left:right] == k).all()
        assert (left % 640, top % 640) == (50, 80 + 25)
        assert (right - left, bottom - top) == (20, 25)


def test_reports_with_and_without_tiles():
    class SeesFirstRow:
        """Whole: the faces of the first row of photos; in tiles all."""

        def detect(self, image, tiles=False):
            rows = 3 if tiles else 1
            boxes = np.array(
                [
                    [100.0 + 640 * x, 130 + 640 * y, 140 + 640 * x, 180 + 640 * y]
                    for y in range(rows)
                    for x in range(3)
                ]
            )
            return boxes, np.full(len(boxes), 0.9)

    photos = [photo(k) for k in range(9)]
    whole, tiles = measure_tiles(SeesFirstRow(), photos, 0.5)
    assert (whole.faces, whole.missed, tiles.missed) == (9, 6, 0)
    assert (whole.ap50, tiles.ap50) == (pytest.approx(1 / 3, abs=1e-4), 1.0)
    assert [r.detector for r in (whole, tiles)] == ["ours, whole", "ours, tiles"]


def test_too_few_photos_make_no_sheet():
    assert measure_tiles(None, [photo(1)], 0.5) == ()
