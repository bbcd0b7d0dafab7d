from itertools import pairwise

import cv2
import numpy as np
import pytest

from fer_course.images import read_image
from fer_course.teaching.moving_portraits import (
    CUT_S,
    IMAGE_HW,
    portrait_frames,
    write_portrait_video,
)
from fer_course.teaching.samples import sample_photos


def seen(start_s, stop_s, rate=12.5):
    return np.array([boxes for _, boxes in portrait_frames(start_s, stop_s, rate)])


def test_the_same_stretch_is_the_same_frames():
    twice = [list(portrait_frames(7.0, 7.4, rate=5)) for _ in range(2)]
    assert len(twice[0]) == 2
    for (image, boxes), (again, boxes_again) in zip(*twice, strict=True):
        assert image.shape == (*IMAGE_HW, 3) and image.dtype == np.uint8
        np.testing.assert_array_equal(image, again)
        np.testing.assert_array_equal(boxes, boxes_again)


def test_a_part_is_a_part_of_the_whole():
    whole, part = seen(18.0, 22.0, rate=5), seen(20.0, 21.0, rate=5)
    np.testing.assert_array_equal(whole[10:15], part)


def test_the_boxes_lie_on_the_faces():
    """The frame under a box looks like the portrait's own face, shrunk."""
    portrait = read_image(sample_photos()["eileen_collins"])[76:176, 182:271]
    image, boxes = next(portrait_frames(0.0, 1.0))
    x1, y1, x2, y2 = boxes[1].round().astype(int)
    face = cv2.resize(portrait, (x2 - x1, y2 - y1), interpolation=cv2.INTER_AREA)
    found = cv2.matchTemplate(image, face, cv2.TM_CCOEFF_NORMED)
    _, best, _, (x, y) = cv2.minMaxLoc(found)
    assert best > 0.9
    assert abs(x - x1) <= 2 and abs(y - y1) <= 2


@pytest.mark.parametrize(
    ("time_s", "hopper", "collins"),
    [
        pytest.param(0.0, True, True, id="both"),
        pytest.param(18.6, False, True, id="Hopper behind Collins"),
        pytest.param(34.0, False, True, id="Hopper away"),
        pytest.param(38.0, True, True, id="Hopper back"),
        pytest.param(53.5, True, False, id="Collins away"),
    ],
)
def test_who_is_in_sight(time_s, hopper, collins):
    (boxes,) = seen(time_s, time_s + 0.1, rate=10)
    assert np.isfinite(boxes).all(axis=1).tolist() == [hopper, collins]


def test_the_cut_comes_from_one_frame_to_the_next():
    images = [image for image, _ in portrait_frames(CUT_S - 0.16, CUT_S + 0.16)]
    steps = [
        np.abs(after.astype(int) - before).mean() for before, after in pairwise(images)
    ]
    assert len(steps) == 3 and steps[1] > 5 * max(steps[0], steps[2])


@pytest.mark.parametrize("ending", [".avi", ".webm"])
def test_the_video_plays(tmp_path, ending):
    path = tmp_path / f"faces{ending}"
    try:
        boxes = write_portrait_video(path, 0.0, 0.5)
    except ValueError as error:
        pytest.skip(f"no codec here: {error}")
    video = cv2.VideoCapture(str(path))
    frames = 0
    while video.read()[0]:
        frames += 1
    assert frames == len(boxes) == 6 and boxes.shape == (6, 2, 4)


def test_a_video_needs_a_known_ending(tmp_path):
    with pytest.raises(ValueError, match=r"face\.mp4"):
        write_portrait_video(tmp_path / "face.mp4")
