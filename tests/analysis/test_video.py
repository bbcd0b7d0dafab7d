import os
import subprocess
import sys
from fractions import Fraction

import cv2
import numpy as np
import pytest

from fer_course.analysis.analyzer import FaceAnalyzer
from fer_course.analysis.tracking import FaceTracker
from fer_course.analysis.video import (
    FrameResult,
    read_tracked,
    told_length,
    write_frames,
)
from fer_course.analysis.video_writing import writer_for
from fer_course.headers import is_marked
from fer_course.images import ImageError
from fer_course.labels import EXPRESSIONS
from fer_course.settings import ROOT

pytest.importorskip("trackers", reason="requirements-video.txt is not installed")

RATE = 20
FRAMES = 20
RED, GREEN = (230, 40, 40), (40, 210, 60)


class Discs:
    """Finds the red and the green disc of the drawn clip."""

    def detect(self, image, tiles=False):
        boxes, image = [], image.astype(int)
        for channel in (0, 1):
            others = [c for c in range(3) if c != channel]
            there = image[..., channel] > 60 + image[..., others].max(axis=2)
            rows, columns = np.nonzero(there)
            if len(rows) > 30:
                corner = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
                boxes.append(corner)
        boxes = np.array(boxes, np.float32).reshape(-1, 4)
        return boxes, np.full(len(boxes), 0.8, np.float32)


class RedIsAngry:
    """Red faces are angry, green ones happy; every eleventh reading is a slip."""

    crop_margin = 0.0
    sure_threshold = 0.5

    def __init__(self):
        self.count = 0

    def classify(self, crops):
        found = np.full((len(crops), 7), 0.02, np.float32)
        for row, face in zip(found, crops, strict=True):
            self.count += 1
            truth = int(face[..., 1].mean() > face[..., 0].mean())
            row[2 if self.count % 11 == 0 else truth] = 0.88
        return found


def analyzer():
    return FaceAnalyzer(Discs(), RedIsAngry())


def scene(i, height=120, width=160):
    """Two discs that move toward each other and pass, one above the other."""
    image = np.full((height, width, 3), 235, np.uint8)
    cv2.circle(image, (30 + 5 * i, 32), 18, RED, -1)
    if i >= 5:  # the second one comes later
        cv2.circle(image, (130 - 5 * i, 88), 18, GREEN, -1)
    return image


def write_clip(path, images, code="MJPG", backend=cv2.CAP_FFMPEG):
    height, width = images[0].shape[:2]
    fourcc = cv2.VideoWriter_fourcc(*code)
    writer = cv2.VideoWriter(str(path), backend, fourcc, RATE, (width, height))
    assert writer.isOpened()
    for image in images:
        writer.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    writer.release()
    return path


@pytest.fixture
def clip(tmp_path):
    return write_clip(tmp_path / "clip.avi", [scene(i) for i in range(FRAMES)])


def read(path):
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    images = []
    while (pair := capture.read())[0]:
        images.append(cv2.cvtColor(pair[1], cv2.COLOR_BGR2RGB))
    rate = capture.get(cv2.CAP_PROP_FPS)
    fourcc = int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little").decode()
    return images, rate, fourcc


def test_frames_have_numbers_times_and_followed_faces(clip):
    results = list(analyzer().analyze_video(clip))
    assert [result.frame for result in results] == list(range(FRAMES))
    times = [result.time_s for result in results]
    np.testing.assert_allclose(times, np.arange(FRAMES) / RATE, atol=1e-3)
    tracks = [sorted(face.track for face in result.faces) for result in results]
    assert tracks == [[0], *[[1]] * 4, [0, 1], *[[1, 2]] * (FRAMES - 6)]
    for result in results[1:]:
        by_track = {face.track: face for face in result.faces}
        assert abs(by_track[1].box[0] - (12 + 5 * result.frame)) <= 2
        assert result.image.shape == (120, 160, 3)


def test_smoothed_labels_do_not_flicker(clip):
    results = list(analyzer().analyze_video(clip))
    for result in results[8:]:  # from three readings a face on
        assert len(result.faces) == 2
        for face in result.faces:
            assert face.expression == {1: "anger", 2: "happy"}[face.track]
            assert tuple(face.probabilities) == EXPRESSIONS
            assert sum(face.probabilities.values()) == pytest.approx(1, abs=1e-5)


def test_nothing_is_carried_over_a_cut(tmp_path):
    images = [scene(0)] * 6 + [np.full((120, 160, 3), (40, 40, 90), np.uint8)] * 6
    for image in images[6:]:
        cv2.circle(image, (30, 32), 18, GREEN, -1)
    clip = write_clip(tmp_path / "cut.avi", images)
    faces = [result.faces[0] for result in analyzer().analyze_video(clip)]
    assert [face.track for face in faces] == [0, *[1] * 5, 0, *[2] * 5]
    assert [face.expression for face in faces] == ["anger"] * 6 + ["happy"] * 6


def test_annotated_webm_is_vp9_with_the_same_frames(clip, tmp_path):
    out = tmp_path / "new" / "out.webm"
    results = list(analyzer().analyze_video(clip, out))
    images, rate, fourcc = read(out)
    assert (len(images), rate, fourcc) == (FRAMES, RATE, "VP90")
    gap = np.abs(images[10].astype(int) - results[10].draw()).mean()
    assert gap < 12  # what compression changes
    assert [path.name for path in out.parent.iterdir()] == ["out.webm"]


def test_annotated_mp4_is_h264(clip, tmp_path):
    out = tmp_path / "out.mp4"
    list(analyzer().analyze_video(clip, out))
    images, rate, fourcc = read(out)
    assert (len(images), rate, fourcc) == (FRAMES, RATE, "h264")


def test_mp4_without_pyav_says_what_to_do(clip, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ValueError, match=r"out\.webm.*requirements-video"):
        analyzer().analyze_video(clip, tmp_path / "out.mp4")


def test_odd_sizes_are_padded(tmp_path):
    images = [scene(i, 121, 161) for i in range(4)]
    clip = write_clip(tmp_path / "odd.avi", images, backend=cv2.CAP_OPENCV_MJPEG)
    results = list(analyzer().analyze_video(clip, tmp_path / "out.webm"))
    assert results[0].image.shape == (121, 161, 3)
    assert read(tmp_path / "out.webm")[0][0].shape == (122, 162, 3)


def test_a_phones_rotation_is_applied(tmp_path):
    path = write_clip(tmp_path / "phone.mp4", [scene(i) for i in range(6)], code="mp4v")
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 4 + 40  # version 0: the matrix follows 40 bytes
    assert data[matrix : matrix + 4] == (1 << 16).to_bytes(4, "big")
    quarter = (0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    data[matrix : matrix + 36] = b"".join(
        number.to_bytes(4, "big", signed=True) for number in quarter
    )
    path.write_bytes(data)
    first = next(analyzer().analyze_video(path))
    assert first.image.shape == (160, 120, 3)
    assert abs(first.faces[0].box[1] - 12) <= 2  # left became up


def test_stopping_early_keeps_what_was_written(clip, tmp_path):
    out = tmp_path / "out.webm"
    frames = analyzer().analyze_video(clip, out)
    for _ in range(5):
        next(frames)
    frames.close()
    assert len(read(out)[0]) == 5


def test_an_error_on_closing_too_leaves_no_half_video(tmp_path):
    class Full:
        def write(self, frame, time_s):
            raise OSError(28, "No space left on device")

        def release(self):
            raise OSError(28, "No space left on device, again")

    def open_writer(path, rate, size):
        path.write_bytes(b"half")
        return Full()

    frames = [FrameResult(0, 0.0, (), scene(0))]
    with pytest.raises(OSError, match=r"device: '.*out\.mp4'$"):
        list(write_frames(frames, 25, tmp_path / "out.mp4", open_writer))
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_noticed_however_late(tmp_path):
    class Full:
        def write(self, frame, time_s):
            pass

        def release(self):
            raise OSError(28, "No space left on device")

    def open_writer(path, rate, size):
        path.write_bytes(b"half")
        return Full()

    frames = [FrameResult(0, 0.0, (), scene(0))]
    with pytest.raises(OSError, match="No space"):
        list(write_frames(frames, 25, tmp_path / "out.mp4", open_writer))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", [".webm", ".mp4"])
def test_a_full_disk_leaves_no_half_video(tmp_path, ending):
    resource = pytest.importorskip("resource", reason="limits a file's size")
    if ending == ".mp4":
        pytest.importorskip("av", reason="requirements-video.txt is not installed")
    noise = np.random.default_rng(0).integers(0, 255, (8, 240, 320, 3), np.uint8)
    frames = [FrameResult(i, i / RATE, (), image) for i, image in enumerate(noise)]
    out = tmp_path / f"out{ending}"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(OSError) as caught:
            list(write_frames(frames, RATE, out, writer_for("clip", out)))
        assert caught.value.filename == str(out)  # not the hidden file's name
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.iterdir())


def test_a_size_that_no_encoder_takes_is_an_os_error(tmp_path):
    pytest.importorskip("av", reason="requirements-video.txt is not installed")
    frames = [FrameResult(0, 0.0, (), np.zeros((16, 17_000, 3), np.uint8))]
    out = tmp_path / "out.mp4"
    with pytest.raises(OSError):
        list(write_frames(frames, RATE, out, writer_for("clip", out)))
    assert not list(tmp_path.iterdir())


class Counted:
    """A writer that notes its frames' shapes and times."""

    def __init__(self):
        self.shapes, self.times = [], []

    def __call__(self, path, rate, size):
        path.touch()
        return self

    def write(self, frame, time_s):
        self.shapes.append(frame.shape)
        self.times.append(round(time_s, 3))

    def release(self):
        pass


def test_a_gap_between_frames_is_drawn_out_a_few_seconds(tmp_path):
    times = [0.0, 0.1, 3600.0, 3600.1]
    frames = [FrameResult(i, t, (), scene(0)) for i, t in enumerate(times)]
    writer = Counted()
    list(write_frames(frames, 10, tmp_path / "out.webm", writer))
    assert writer.times == [0.0, 0.1, 5.1, 5.2]


def test_mp4_shows_each_frame_once_at_its_time(tmp_path):
    pytest.importorskip("av", reason="requirements-video.txt is not installed")
    times = [0.0, 0.04, 1.04, 1.05]
    frames = [FrameResult(i, t, (), scene(i)) for i, t in enumerate(times)]
    out = tmp_path / "out.mp4"
    list(write_frames(frames, RATE, out, writer_for("clip", out)))
    capture, seen = cv2.VideoCapture(str(out), cv2.CAP_FFMPEG), []
    while capture.read()[0]:
        seen.append(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
    assert seen == pytest.approx(times, abs=1e-3)


def test_a_gap_shows_the_frame_before_it(tmp_path):
    """WebM's frames are evenly spaced: what lies between two is the earlier one."""
    grays, times = (40, 100, 160, 220), (0.0, 0.1, 2.1, 2.2)
    frames = [
        FrameResult(i, t, (), np.full((32, 32, 3), gray, np.uint8))
        for i, (gray, t) in enumerate(zip(grays, times, strict=True))
    ]
    out = tmp_path / "out.webm"
    list(write_frames(frames, 10, out, writer_for("clip", out)))
    seen = [image.mean() for image in read(out)[0]]
    assert seen == pytest.approx([40] + 20 * [100] + [160, 220], abs=8)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize("ending", [".webm", ".mp4"])
def test_a_colon_in_a_name_is_no_address(tmp_path, monkeypatch, ending):
    if ending == ".mp4":
        pytest.importorskip("av", reason="requirements-video.txt is not installed")
    monkeypatch.chdir(tmp_path)
    write_clip("x.avi", [scene(0), scene(1)])
    os.replace("x.avi", "at 12:30.avi")
    out = f"12:31{ending}"
    assert len(list(analyzer().analyze_video("at 12:30.avi", out))) == 2
    assert len(read(tmp_path / out)[0]) == 2


@pytest.mark.parametrize("ending", [".webm", ".mp4"])
def test_a_written_video_has_the_courses_mark_and_plays(tmp_path, ending):
    if ending == ".mp4":
        pytest.importorskip("av", reason="requirements-video.txt is not installed")
    frames = [FrameResult(i, i / RATE, (), scene(i)) for i in range(5)]
    out = tmp_path / f"out{ending}"
    list(write_frames(frames, RATE, out, writer_for("clip", out)))
    assert is_marked(out) and len(read(out)[0]) == 5


def test_a_phone_that_is_turned_while_it_records(tmp_path):
    tracker, reader = FaceTracker(), analyzer()
    upright, flat = scene(3), scene(3, height=160, width=120)
    frames, numbers = [], []
    for i, image in enumerate([upright, upright, flat, flat]):
        faces = read_tracked(reader, tracker, image, i / RATE)
        numbers.append(faces[0].track)
        frames.append(FrameResult(i, i / RATE, faces, image))
    assert numbers[:2] == [0, 1] and numbers[2] == 0 and numbers[3] > 1
    writer = Counted()
    list(write_frames(frames, RATE, tmp_path / "out.webm", writer))
    assert writer.shapes == 4 * [upright.shape]


def test_an_error_leaves_no_half_video(clip, tmp_path):
    reader = analyzer()
    frames = reader.analyze_video(clip, tmp_path / "out.webm")
    next(frames)
    reader.classifier.classify = lambda crops: 1 / 0
    with pytest.raises(ZeroDivisionError):
        next(frames)
    assert [path.name for path in tmp_path.iterdir()] == ["clip.avi"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"hello " * 999, "not a video", id="text"),
        pytest.param(b"", "not a video", id="empty"),
    ],
)
def test_what_is_no_video_is_named(tmp_path, capfd, data, message):
    (tmp_path / "no.mp4").write_bytes(data)
    with pytest.raises(ImageError, match=message) as caught:
        analyzer().analyze_video(tmp_path / "no.mp4")
    assert "no.mp4" in str(caught.value)
    assert capfd.readouterr().err == ""


def test_a_video_that_breaks_off_gives_its_frames(clip):
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) // 2])
    results = list(analyzer().analyze_video(clip))
    assert 5 < len(results) < FRAMES


def test_a_video_without_frames_is_named(clip):
    data = clip.read_bytes()
    clip.write_bytes(data[: data.index(b"movi") + 4])
    with pytest.raises(ImageError, match=r"clip\.avi"):
        list(analyzer().analyze_video(clip))


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX' own words")
def test_a_name_that_no_file_can_have_is_named():
    with pytest.raises(ImageError, match="cannot be read: File name too long"):
        analyzer().analyze_video(300 * "n" + ".webm")


def test_a_missing_video_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.mp4"):
        analyzer().analyze_video(tmp_path / "none.mp4")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("out.gif", "unknown ending", id="ending"),
        pytest.param("clip.avi", "the video itself", id="onto itself"),
        pytest.param("folder.mp4", "is a folder", id="a folder"),
    ],
)
def test_where_a_video_cannot_go(clip, name, message):
    (clip.parent / "folder.mp4").mkdir()
    with pytest.raises(ValueError, match=message):
        analyzer().analyze_video(clip, clip.parent / name)


def test_a_missing_tracker_is_named_at_once(clip, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "trackers", None)
    with pytest.raises(ValueError, match=r"requirements-video"):
        analyzer().analyze_video(clip, tmp_path / "out.webm")
    assert [path.name for path in tmp_path.iterdir()] == ["clip.avi"]


def test_a_folder_is_no_video(tmp_path):
    with pytest.raises(ImageError, match="is a folder: name a video in it"):
        analyzer().analyze_video(tmp_path)


def test_a_files_frames_are_counted(clip):
    assert told_length(clip) == (FRAMES, FRAMES / RATE)


@pytest.mark.parametrize("ending", [".mkv", ".webm", ".mp4"])
def test_times_that_begin_late_make_no_video_longer(tmp_path, ending):
    av = pytest.importorskip("av", reason="requirements-video.txt is not installed")
    path = tmp_path / f"late{ending}"
    with av.open(str(path), "w") as file:
        name = "libvpx-vp9" if ending == ".webm" else "mpeg4"
        stream = file.add_stream(name, rate=10)
        stream.height, stream.width = 32, 48
        for i in range(20):
            image = np.full((32, 48, 3), 10 * i, np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = 50 + i, Fraction(1, 10)  # from 5 s on
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    assert told_length(path) == (20, pytest.approx(2.0, abs=0.11))


def test_standard_error_survives_two_at_once():
    """One enters while the other is inside: both leave it as it was."""
    program = """
import sys, threading
from fer_course.analysis.video_writing import quiet
inside = threading.Event()
def first():
    with quiet():
        inside.set()
        threading.Event().wait(0.2)
thread = threading.Thread(target=first)
thread.start()
inside.wait()
with quiet():
    thread.join(1)
thread.join()
print("still heard", file=sys.stderr)
"""
    run = [sys.executable, "-c", program]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stderr == "still heard\n"


@pytest.mark.skipif(os.name == "nt", reason="there, 2 is closed otherwise")
def test_a_program_without_a_console_reads_videos():
    program = """
import os
from fer_course.analysis.video_writing import quiet
os.close(2)
with quiet():
    print("read")
"""
    run = [sys.executable, "-c", program]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout == "read\n" and done.returncode == 0


@pytest.mark.parametrize(
    ("rate", "count", "seconds"),
    [
        pytest.param(1000, 60_000, 60, id="a browser's recording: ticks, not frames"),
        pytest.param(25, -9.2e18, None, id="no length"),
        pytest.param(25, 0, None, id="none"),
        pytest.param(float("nan"), 100, None, id="no rate"),
    ],
)
def test_a_file_that_does_not_tell_its_frames(clip, monkeypatch, rate, count, seconds):
    told = {cv2.CAP_PROP_FPS: rate, cv2.CAP_PROP_FRAME_COUNT: count}

    class Capture:
        isOpened = staticmethod(lambda: True)
        get = staticmethod(told.get)
        release = staticmethod(lambda: None)

    monkeypatch.setattr(cv2, "VideoCapture", lambda path, backend: Capture())
    assert told_length(clip) == (None, seconds)


def test_a_frames_rows_have_the_videos_columns(clip):
    from fer_course.analysis.report import VIDEO_COLUMNS, frame_rows, rows_to_csv

    *_, last = analyzer().analyze_video(clip)
    rows = frame_rows("clip.avi", last)
    header, first, _ = rows_to_csv(rows, VIDEO_COLUMNS).splitlines()
    assert header.startswith("video,frame,time_s,track,x1,y1,x2,y2,score,expression")
    assert first.startswith("clip.avi,19,0.95,1,")
