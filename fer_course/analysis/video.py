"""Videos: frames in, tracked faces out, and an annotated video that browsers play.

In: the path of a video. Out: an iterator of `FrameResult`; where a path is given, a
copy with boxes and labels: VP9 in `.webm` by OpenCV, H.264 in `.mp4` by PyAV. Sound
is left out. Needs `requirements-video.txt`; the camera takes its steps one by one.
Notebook 06 joins the two networks that are read here.
"""

import contextlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from fer_course.analysis.drawing import draw_faces
from fer_course.analysis.tracking import FaceTracker
from fer_course.analysis.video_writing import even, quiet, writer_for
from fer_course.headers import MARKS
from fer_course.images import ImageError, letterbox

USUAL_RATE = 30.0  # frames per second, where a file does not say
_FROM_ZERO = (".mkv", ".webm")  # their length counts from 0, whatever they begin with
LONGEST_REST_S = 5.0  # a gap between two frames is drawn out no longer than this
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # our sentences say it


@dataclass(frozen=True, eq=False)
class FrameResult:
    """The faces of one frame of a video.

    Attributes:
        frame: its number, from 0.
        time_s: its time from the start of the video, seconds.
        faces: `Face`s with a track (0 in a face's first frame), their probabilities
            smoothed over time.
        image: (H, W, 3) RGB uint8, upright, without drawing.
    """

    frame: int
    time_s: float
    faces: tuple
    image: np.ndarray

    def draw(self):
        """Return the frame with labeled boxes, RGB uint8 (H, W, 3)."""
        return draw_faces(self.image, self.faces)


def analyze_video(analyzer, source, out=None):
    """Return an iterator over the frames of a video with their faces.

    Work is done as the iterator is read. Where reading stops early, the annotated
    video ends there; on an error it is removed.

    Args:
        analyzer: a `FaceAnalyzer`.
        source: path of a video.
        out: path of the annotated video, `.webm` or `.mp4`; None writes none.

    Returns:
        an iterator of `FrameResult`.

    Raises:
        FileNotFoundError: there is no such file.
        ImageError: it is not a video that can be read.
        ValueError: `out` has another ending, is the source itself, or a package of
            `requirements-video.txt` is missing.
    """
    open_writer = None if out is None else writer_for(source, out)
    capture = _open(source)
    frames = _read_frames(analyzer, FaceTracker(), capture, source)
    if open_writer is None:
        return frames
    return write_frames(frames, _rate(capture), Path(out), open_writer)


def told_length(source):
    """Return (frames, seconds) that a video's file says it has, None for what it hides.

    Raises:
        FileNotFoundError: there is no such file.
        ImageError: it is not a video that can be read.
    """
    capture = _open(source)
    count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
    ticks = capture.get(cv2.CAP_PROP_FPS)  # a second; not always its frames
    if Path(source).suffix.lower() in _FROM_ZERO and capture.grab():
        count -= max(capture.get(cv2.CAP_PROP_PTS), 0)
    told = count >= 1 and ticks > 0
    frames = int(count) if told and _told_rate(capture) is not None else None
    capture.release()
    return frames, count / ticks if told else None


def stored_length(source):
    """Return (frames, seconds) that lie in a video's file, decoded or not.

    The seconds are those of its longest stream, the sound's for one.

    Args:
        source: path of a video that OpenCV has opened.
    """
    import av

    frames, start_s, end_s = 0, None, 0.0
    with (
        contextlib.suppress(av.FFmpegError),  # cut in a packet: what lies before it
        av.open(os.path.abspath(source)) as file,
    ):
        for packet in file.demux():
            if packet.pts is None:
                continue
            frames += packet.stream.type == "video"
            begin_s = float(packet.pts * packet.time_base)
            start_s = begin_s if start_s is None else min(start_s, begin_s)
            long_s = float((packet.duration or 0) * packet.time_base)  # not always told
            end_s = max(end_s, begin_s + long_s)
    return frames, end_s - (start_s or 0.0)


def read_tracked(analyzer, tracker, image, time_s):
    """Return the faces of one frame, numbered and smoothed.

    Args:
        analyzer: a `FaceAnalyzer`.
        tracker: a `FaceTracker` that has seen the frames before this one.
        image: (H, W, 3) RGB uint8.
        time_s: the frame's time, later than the one before.
    """
    tracker.forget_at_cut(image)
    (faces,) = analyzer.read_faces([image])
    boxes_xyxy = np.array([face.box for face in faces]).reshape(-1, 4)
    raw = np.array([list(face.probabilities.values()) for face in faces]).reshape(-1, 7)
    numbers, smooth = tracker.update(boxes_xyxy, raw, time_s)
    return tuple(
        analyzer.make_face(face.box, face.score, row, int(number))
        for face, row, number in zip(faces, smooth, numbers, strict=True)
    )


def _open(source):
    """Return an open capture of a video file."""
    path = Path(source)
    try:
        there = path.is_file()
    except OSError as error:  # a name too long, a folder that may not be entered
        raise ImageError(f"{path} cannot be read: {error.strerror}.") from None
    if not there and path.is_dir():
        raise ImageError(f"{path} is a folder: name a video in it.")
    if not there:
        raise FileNotFoundError(
            f"{path} does not exist: check the name and the folder."
        )
    with quiet():  # absolute: FFmpeg takes "a:b.mp4" for an address
        capture = cv2.VideoCapture(os.path.abspath(path), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise ImageError(
            f"{path} is not a video the course can read: use MP4, MOV, AVI or WebM."
        )
    return capture


def _told_rate(capture):
    """Return the frames per second that a file tells; None for what is no real rate."""
    rate = capture.get(cv2.CAP_PROP_FPS)
    return rate if 0.1 < rate <= 120 else None  # recorded WebM says 1000


def _rate(capture):
    """Return frames per second, a usual rate where the file tells none."""
    return _told_rate(capture) or USUAL_RATE


def _read_frames(analyzer, tracker, capture, source):
    """Yield the frames' results and close the capture."""
    rate = _rate(capture)
    number, time_s, start_s = 0, 0.0, 0.0
    try:
        while True:
            there, image = capture.read()
            if not there:
                break
            told_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            start_s = told_s if number == 0 else start_s
            if number:  # where a file tells no times, frames are counted
                told_s -= start_s
                time_s = told_s if told_s > time_s else time_s + 1 / rate
            image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
            faces = read_tracked(analyzer, tracker, image, time_s)
            yield FrameResult(number, time_s, faces, image)
            number += 1
    finally:
        capture.release()
    if not number:
        raise ImageError(f"{source} holds no frame that can be read: copy it again.")


def write_frames(frames, rate, out, open_writer):
    """Yield the frames' results and write each, drawn, at its time.

    A gap between two frames is drawn out `LONGEST_REST_S` at most; from there on the
    video is ahead of the results' times. Where reading stops early, it ends there; on
    an error there is none.

    Args:
        frames: iterable of `FrameResult`.
        rate: frames per second of the video.
        out: its path.
        open_writer: what `writer_for` returned.

    Raises:
        OSError: it cannot be written, the disk is full for one.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    # hidden: no input of demo; absolute: FFmpeg takes "a:b.mp4" for an address
    # random: of two processes the later one wins whole
    name = f".{secrets.token_hex(8)}{out.suffix}"
    partial = Path(os.path.abspath(out)).with_name(name)
    writer, shown_s, before_s = None, 0.0, 0.0
    try:
        for result in frames:
            drawn = even(result.draw())
            if writer is None:
                size = drawn.shape[:2]
                writer = open_writer(partial, rate, size)
            if drawn.shape[:2] != size:  # a phone was turned while it recorded
                drawn, _ = letterbox(drawn, size, fill=0)
            shown_s += min(result.time_s - before_s, LONGEST_REST_S)
            before_s = result.time_s
            writer.write(drawn, shown_s)
            yield result
    except Exception as error:
        if writer is not None:
            with contextlib.suppress(Exception):  # what went wrong before is raised
                writer.release()
        partial.unlink(missing_ok=True)
        _name_in(error, partial, out)
        raise
    except BaseException:  # the reader stopped: keep what there is
        _close(writer, partial, out)
        raise
    _close(writer, partial, out)


def _close(writer, partial, out):
    """Close the video and give it its name, or remove it where that goes wrong."""
    if writer is None:
        return
    try:
        writer.release()
        with open(partial, "r+b") as file:
            file.seek(0, os.SEEK_END)
            file.write(MARKS[partial.suffix.lower()])
        os.replace(partial, out)
    except Exception as error:
        partial.unlink(missing_ok=True)
        _name_in(error, partial, out)
        raise


def _name_in(error, partial, out):
    """Let an error of the system name the video, not the hidden file that is gone."""
    if isinstance(error, OSError) and error.errno:
        if error.filename in (None, str(partial)):
            error.filename = str(out)
