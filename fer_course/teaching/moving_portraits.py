"""A minute of the two portraits: they move, lean, meet, leave, and the film is cut.

In: a stretch of the story, in seconds. Out: its frames with the boxes of the faces
in sight, or a video file of them. The same stretch is the same frames every time.
Tests read a second or two; `steadiness` reads it all; notebook 06 may show a part.
"""

from pathlib import Path

import cv2
import numpy as np

from fer_course.analysis.video_writing import quiet
from fer_course.images import read_image
from fer_course.settings import SAMPLES
from fer_course.teaching.montages import (
    COLLINS,
    HOPPER,
    Print,
    frame_print,
    plaster_wall,
)

IMAGE_HW = (360, 640)
STORY_S, CUT_S = 60.0, 40.0

# time s, center x and y px, face height px, lean degrees; between, straight lines
_HOPPER_FIRST = (
    (0, 160, 190, 100, 0),
    (4, 180, 185, 105, 20),
    (8, 150, 190, 100, -20),
    (11, 200, 185, 100, 10),
    (13, 262, 190, 100, 0),  # beside Collins
    (15, 160, 190, 100, -10),
    (17, 160, 190, 100, 0),
    (20, 480, 190, 100, 15),  # passes behind her
    (23, 480, 180, 90, -15),
    (27, 520, 170, 36, 0),  # far away
    (31, 470, 180, 100, 20),
    (33, 760, 180, 100, 0),  # leaves
    (35.5, 760, 180, 100, 0),
    (37, 460, 190, 100, -10),  # comes back
    (40, 480, 190, 100, 0),
)
_COLLINS_FIRST = (
    (0, 440, 190, 95, 0),
    (5, 460, 180, 95, -20),
    (9, 430, 190, 95, 20),
    (13, 430, 185, 95, 0),
    (17, 470, 190, 95, 0),
    (20, 150, 190, 95, -15),
    (24, 180, 190, 110, 20),
    (28, 150, 185, 95, -20),
    (34, 180, 190, 95, 0),
    (34.4, 330, 190, 95, 0),  # to and fro, four widths a second
    (34.8, 180, 190, 95, 0),
    (35.2, 330, 190, 95, 0),
    (36, 180, 190, 95, 0),
    (40, 170, 190, 95, 10),
)
_HOPPER_THEN = (
    (40, 200, 200, 130, 0),  # where Collins was
    (45, 230, 190, 130, 15),
    (50, 200, 200, 120, -20),
    (54, 200, 190, 60, 0),
    (57, 300, 190, 110, 10),
    (60, 280, 190, 110, -10),
)
_COLLINS_THEN = (
    (40, 480, 190, 70, 0),  # where Hopper was
    (46, 470, 180, 80, 20),
    (50, 500, 190, 70, -20),
    (53, 710, 190, 70, 0),
    (54.5, 710, 190, 70, 0),
    (56, 520, 190, 80, 0),
    (60, 500, 190, 90, 15),
)


def portrait_frames(start_s=0.0, stop_s=STORY_S, rate=12.5):
    """Yield the frames of a stretch of the story with the boxes of the faces.

    Args:
        start_s: from 0, seconds; the film is cut at 40.
        stop_s: up to 60, seconds.
        rate: frames a second.

    Yields:
        the frame (360, 640, 3) RGB uint8, and (2, 4) boxes, pixels, of Hopper and
        Collins; a row of NaN for a face out of the picture or behind the other.
    """
    portraits = {who: read_image(SAMPLES / f"{who}.jpg") for who in (HOPPER, COLLINS)}
    wall = plaster_wall(IMAGE_HW).round().astype(np.uint8)
    for time_s in start_s + np.arange(round((stop_s - start_s) * rate)) / rate:
        image = wall.copy()
        prints = _prints(time_s)
        faces = [_lay(image, portraits, item) for item in prints]
        yield image, _in_sight(prints, np.array(faces))


def write_portrait_video(path, start_s=0.0, stop_s=STORY_S, rate=12.5):
    """Write a stretch of the story as a video; return the faces' boxes.

    Args:
        path: ends in .webm (VP9) or .avi (Motion JPEG).
        start_s: as for `portrait_frames`, like `stop_s` and `rate`.
        stop_s: seconds.
        rate: frames a second.

    Returns:
        (frames, 2, 4) boxes as `portrait_frames` gives them.

    Raises:
        ValueError: another ending, or OpenCV cannot write it here.
    """
    codecs = {".webm": "VP90", ".avi": "MJPG"}
    path = Path(path)
    if path.suffix not in codecs:
        raise ValueError(f"{path.name}: name the video .webm or .avi.")
    code = cv2.VideoWriter_fourcc(*codecs[path.suffix])
    with quiet():
        writer = cv2.VideoWriter(str(path), code, rate, IMAGE_HW[::-1])
    if not writer.isOpened():
        raise ValueError(f"OpenCV cannot write {path.suffix} here: try .avi.")
    boxes = []
    for frame, found in portrait_frames(start_s, stop_s, rate):
        writer.write(frame[..., ::-1])
        boxes.append(found)
    writer.release()
    return np.array(boxes)


def _prints(time_s):
    """Return both prints as they hang at a time, the one behind first."""
    acts = (_HOPPER_FIRST, _COLLINS_FIRST)
    if time_s >= CUT_S:
        acts = (_HOPPER_THEN, _COLLINS_THEN)
    shake_x, shake_y = 2 * np.sin(9 * time_s), 2 * np.cos(7 * time_s)  # the hand
    prints = []
    for who, frame, act in zip((HOPPER, COLLINS), (0, 2), acts, strict=True):
        times, *poses = np.array(act, float).T
        x, y, face_px, lean = (np.interp(time_s, times, pose) for pose in poses)
        prints.append(Print(who, face_px, x + shake_x, y + shake_y, frame, lean))
    return prints


def _lay(image, portraits, item):
    """Paste a print onto the picture, in place; return its face's box, (4,)."""
    framed, turn, box = frame_print(portraits[item.who], item)
    cv2.warpAffine(
        framed,
        turn,
        image.shape[1::-1],
        dst=image,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_TRANSPARENT,
    )
    return box


def _in_sight(prints, boxes):
    """Return the boxes cut to the picture; NaN where a face is out of sight."""
    height, width = IMAGE_HW
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    hidden = (centers < 0).any(axis=1) | (centers > (width, height)).any(axis=1)
    apart = np.abs(centers[0] - centers[1]) / prints[1].face_px
    hidden[0] |= apart[0] < 1.15 and apart[1] < 1.2  # under the print of Collins
    boxes = boxes.clip(0, (width, height, width, height))
    boxes[hidden] = np.nan
    return boxes
