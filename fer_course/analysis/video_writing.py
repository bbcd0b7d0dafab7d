"""Video files: drawn frames in, a file that browsers play out.

VP9 in `.webm` by OpenCV; H.264 in `.mp4` by PyAV, of `requirements-video.txt`, as
OpenCV's packages cannot write it. Sound is not written. Notebook 06 plays one.
"""

import errno
import os
import sys
import threading
from contextlib import contextmanager
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

_TICK = Fraction(1, 90_000)  # seconds, as MPEG counts
_ONE_AT_A_TIME = threading.Lock()


def usual_ending():
    """Return ".mp4", which every player knows; ".webm" where PyAV is missing."""
    return ".mp4" if find_spec("av") else ".webm"


def writer_for(source, out):
    """Return what opens a writer for a file name: (path, rate, (h, w)) -> writer."""
    out = Path(out)
    if out.is_dir():
        raise ValueError(f"{out} is a folder: name the video to write.")
    if out.resolve() == Path(source).resolve():
        raise ValueError(f"{out} is the video itself: give the new one another name.")
    if out.suffix.lower() == ".webm":
        return _WebmWriter
    if out.suffix.lower() != ".mp4":
        raise ValueError(f"{out} has an unknown ending: write .webm or .mp4.")
    try:
        import av  # noqa: F401
    except ImportError:
        raise ValueError(
            f"{out} needs H.264, which OpenCV cannot write. Name it "
            f"{out.with_suffix('.webm').name}, or install PyAV: "
            "pip install -r fer_course/requirements-video.txt"
        ) from None
    return _Mp4Writer


def even(image):
    """Return the frame with even sides, its last row or column repeated."""
    height, width = image.shape[:2]
    return np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


class _WebmWriter:
    """Writes VP9 through OpenCV, whose frames are evenly spaced: some are repeated."""

    def __init__(self, path, rate, image_hw):
        with quiet():
            self._video = cv2.VideoWriter(
                str(path),
                cv2.CAP_FFMPEG,
                cv2.VideoWriter_fourcc(*"VP90"),
                rate,
                image_hw[::-1],
            )
        if not self._video.isOpened():
            reason = "check the folder and the space"
            raise OSError(errno.EIO, reason, str(path))
        self._path, self._rate, self._written = path, rate, 0
        self._before = None

    def write(self, image, time_s):
        """Show an RGB frame from a time on, the one before up to it."""
        image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
        place = round(time_s * self._rate)
        while self._written <= place:
            early = self._before is not None and self._written < place
            self._video.write(self._before if early else image)
            self._written += 1
        self._before = image

    def release(self):
        """Close the file; OpenCV keeps silent about a full disk, so count."""
        self._video.release()
        with quiet():
            kept = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG)
        count = kept.get(cv2.CAP_PROP_FRAME_COUNT)
        kept.release()  # Windows removes no open file
        if count < self._written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))


class _Mp4Writer:
    """Writes H.264 through PyAV, each frame with its own time."""

    def __init__(self, path, rate, image_hw):
        import av

        self._path, self._last = path, -1
        self._file = av.open(str(path), "w", options={"movflags": "faststart"})
        self._stream = self._file.add_stream(
            "libx264", rate=Fraction(rate).limit_denominator(1001)
        )
        self._stream.height, self._stream.width = image_hw
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = _TICK

    def write(self, image, time_s):
        """Write an RGB frame that is to be shown from a time on."""
        import av

        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        self._last = max(round(time_s / _TICK), self._last + 1)
        frame.pts, frame.time_base = self._last, _TICK
        self._encode(frame)

    def release(self):
        """Write the frames that were held back, and close the file."""
        try:
            self._encode(None)
        finally:
            self._told(self._file.close)

    def _encode(self, frame):
        self._told(lambda: self._file.mux(self._stream.encode(frame)))

    def _told(self, work):
        import av

        try:
            work()
        except av.FFmpegError as error:  # not every one of them is an OSError
            raise OSError(error.errno, error.strerror, str(self._path)) from error


@contextmanager
def quiet():
    """Keep FFmpeg's own messages off standard error; ours say what matters."""
    if sys.stderr is not None:
        sys.stderr.flush()
    with _ONE_AT_A_TIME:  # else one would take the other's nowhere for the console
        try:
            kept = os.dup(2)
        except OSError:  # a program without a console has none
            yield
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)
