"""`camera`: what the camera sees in, its faces read in a window or in a video.

Faces are followed and their readings smoothed, as in a video. Needs
`requirements-video.txt`. Notebook 06 takes snapshots in a page instead.
"""

import os
import sys
import time
from pathlib import Path

import cv2

from fer_course.analysis.analyzer import FaceAnalyzer
from fer_course.analysis.tracking import FaceTracker
from fer_course.analysis.video import (
    USUAL_RATE,
    FrameResult,
    read_tracked,
    write_frames,
)
from fer_course.analysis.video_writing import writer_for

_TITLE = "fer_course: Q ends"
_GONE = "The camera sends no more pictures: look at its plug, and start again."


def run_camera(out=None):
    """Show the camera's picture with faces read, until Q, Esc or the window's close.

    Args:
        out: path of an annotated video, `.mp4`, that is written instead, until Ctrl-C;
            no screen is needed then. None shows a window.

    Returns:
        The exit code 0.

    Raises:
        OSError: no camera, one that stops, no screen to show it on, or a full disk.
        ValueError: `out` has another ending, or a package of
            `requirements-video.txt` is missing.
    """
    if out is None:
        _check_screen()
    elif Path(out).suffix.lower() != ".mp4":  # VP9 takes longer than the camera waits
        raise ValueError(f"{out} has another ending than .mp4: name it so.")
    else:
        open_writer = writer_for("the camera", out)
    analyzer, tracker = FaceAnalyzer(), FaceTracker()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # we say it
    camera = cv2.VideoCapture(0)
    try:
        if out is None:
            _show(_frames(camera, analyzer, tracker, mirrored=True))
        else:
            frames = _frames(camera, analyzer, tracker)
            _record(write_frames(frames, USUAL_RATE, Path(out), open_writer), out)
    finally:
        camera.release()
    return 0


def _check_screen():
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        raise OSError(
            "There is no screen here to show the camera's picture on: write a video "
            "instead (--out camera.mp4)."
        )


def _frames(camera, analyzer, tracker, mirrored=False):
    """Yield a `FrameResult` of each picture until the camera sends none any more."""
    number, started = 0, time.monotonic()
    while True:
        there, image = camera.read()
        if not there and not number:
            raise OSError(
                "No camera answers: plug one in, close the programs that use it, and "
                "allow the terminal to use it (macOS: Privacy & Security, Camera)."
            )
        if not there:
            return
        image = image[:, :: -1 if mirrored else 1, ::-1].copy()  # BGR to RGB
        time_s = time.monotonic() - started
        faces = read_tracked(analyzer, tracker, image, time_s)
        yield FrameResult(number, time_s, faces, image)
        number += 1


def _show(frames):
    for result in frames:
        try:
            cv2.imshow(_TITLE, result.draw()[:, :, ::-1])
            closed = cv2.waitKey(1) & 0xFF in (ord("q"), 27)
            closed = closed or cv2.getWindowProperty(_TITLE, cv2.WND_PROP_VISIBLE) < 1
        except cv2.error:
            raise OSError(
                "OpenCV cannot open a window here: opencv-python-headless has none, "
                "pip install opencv-python in its place."
            ) from None
        if closed:
            cv2.destroyAllWindows()
            return
    cv2.destroyAllWindows()
    raise OSError(_GONE)


def _record(frames, out):
    count = 0
    try:
        for count, result in enumerate(frames, start=1):
            if count == 1:
                print(f"Recording into {out}: Ctrl-C ends it.", flush=True)
            if count % 100 == 0:
                print(f"{count:,} frames, {result.time_s:.0f} s", flush=True)
    except KeyboardInterrupt:
        frames.close()  # the video gets its end and its name
        print(f"{count:,} frames -> {out}" if count else "Nothing was recorded.")
        return
    raise OSError(f"{_GONE} {count:,} frames are in {out}.")
