"""`camera`: a window or a video, and one sentence for all that may be missing."""

import sys
from itertools import count

import cv2
import numpy as np
import pytest

from fer_course import camera, cli
from fer_course.analysis.analyzer import FaceAnalyzer
from tests.test_demo import Happy, OneFace

pytest.importorskip("trackers", reason="requirements-video.txt is not installed")


class Camera:
    """Gives some gray pictures, then what `after` does; None: no picture."""

    def __init__(self, pictures, after=lambda: None):
        self.left, self.after, self.released = pictures, after, False

    def read(self):
        if not self.left:
            self.after()
            return False, None
        self.left -= 1
        return True, np.full((60, 80, 3), 99, np.uint8)

    def release(self):
        self.released = True


class Colored(Camera):
    """Blue on the left, red on the right, in OpenCV's order: blue first."""

    def read(self):
        there, image = super().read()
        if there:
            image[:, :40], image[:, 40:] = (200, 0, 0), (0, 0, 200)
        return there, image


@pytest.fixture(autouse=True)
def no_installing(monkeypatch):
    monkeypatch.setenv("FER_COURSE_SETUP", "0")


@pytest.fixture
def plug_in(monkeypatch, tmp_path):
    """Return a function that makes a `Camera` the machine's."""
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        camera, "FaceAnalyzer", lambda: FaceAnalyzer(OneFace(), Happy())
    )
    monkeypatch.setattr(cv2, "destroyAllWindows", lambda: None)
    clock = count(step=0.1)
    monkeypatch.setattr(camera.time, "monotonic", lambda: next(clock))
    capture = cv2.VideoCapture

    def plug(device):
        monkeypatch.setattr(
            cv2, "VideoCapture", lambda *at: device if at == (0,) else capture(*at)
        )
        return device

    return plug


@pytest.fixture
def window(monkeypatch):
    """Return the labels of what is shown; the window is closed after six pictures."""
    shown = []
    monkeypatch.setattr(cv2, "imshow", lambda title, image: shown.append(image))
    monkeypatch.setattr(cv2, "waitKey", lambda wait: ord("q") if len(shown) > 5 else -1)
    monkeypatch.setattr(cv2, "getWindowProperty", lambda title, which: 1)
    return shown


def test_a_window_is_a_mirror_and_keeps_the_colors(plug_in, window, monkeypatch):
    """OpenCV's order, blue first, comes from the camera and goes to the window."""
    monkeypatch.setattr(
        "fer_course.analysis.video.draw_faces", lambda image, faces: image
    )
    plug_in(Colored(99))
    assert cli.main(["camera"]) == 0
    np.testing.assert_array_equal(window[0][30, [10, 70]], [(0, 0, 200), (200, 0, 0)])


def test_a_window_shows_faces_that_are_followed(plug_in, window, monkeypatch):
    tracks = []

    def draw(image, faces):
        tracks.append(faces[0].track)
        return image

    monkeypatch.setattr("fer_course.analysis.video.draw_faces", draw)
    device = plug_in(Camera(99))
    assert cli.main(["camera"]) == 0
    assert tracks == [0, 1, 1, 1, 1, 1] and device.released


def stop():
    raise KeyboardInterrupt


def test_without_a_screen_a_video_is_written(plug_in, monkeypatch, tmp_path, capsys):
    pytest.importorskip("av", reason="requirements-video.txt is not installed")
    monkeypatch.delenv("DISPLAY")
    plug_in(Camera(7, after=stop))
    assert cli.main(["camera", "--out", "seen.mp4"]) == 0
    assert "7 frames -> seen.mp4" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["seen.mp4"]
    seen = cv2.VideoCapture(str(tmp_path / "seen.mp4"), cv2.CAP_FFMPEG)
    assert seen.get(cv2.CAP_PROP_FRAME_COUNT) == 7  # each once, however slow it was
    there, image = seen.read()
    assert there and np.ptp(image[5:45, 10:40]) > 60  # a box was drawn


def test_a_video_is_no_mirror_and_keeps_the_colors(plug_in, monkeypatch, tmp_path):
    pytest.importorskip("av", reason="requirements-video.txt is not installed")
    monkeypatch.setattr(
        "fer_course.analysis.video.draw_faces", lambda image, faces: image
    )
    plug_in(Colored(3, after=stop))
    assert cli.main(["camera", "--out", "seen.mp4"]) == 0
    seen = cv2.VideoCapture(str(tmp_path / "seen.mp4"), cv2.CAP_FFMPEG)
    there, image = seen.read()
    assert there
    colors = image[30, [10, 70]]
    np.testing.assert_allclose(colors, [(200, 0, 0), (0, 0, 200)], atol=20)


def test_ctrl_c_before_the_first_picture_leaves_nothing(plug_in, tmp_path, capsys):
    device = plug_in(Camera(0))
    device.read = stop
    assert cli.main(["camera", "--out", "seen.mp4"]) == 0
    assert "Nothing was recorded." in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_the_camera_writes_mp4_alone(plug_in, capsys):
    plug_in(Camera(3))
    assert cli.main(["camera", "--out", "seen.webm"]) == 2
    assert "another ending than .mp4" in capsys.readouterr().err


def test_a_camera_that_is_unplugged_leaves_its_video(plug_in, tmp_path, capsys):
    pytest.importorskip("av", reason="requirements-video.txt is not installed")
    plug_in(Camera(3))
    assert cli.main(["camera", "--out", "seen.mp4"]) == 2
    assert "no more pictures" in capsys.readouterr().err
    assert (tmp_path / "seen.mp4").stat().st_size


def test_a_camera_that_is_unplugged_is_one_sentence(plug_in, window, capsys):
    plug_in(Camera(3))
    assert cli.main(["camera"]) == 2
    assert capsys.readouterr().err.startswith("The camera sends no more pictures")


def test_no_camera_is_one_sentence(plug_in, capsys):
    plug_in(Camera(0))
    assert cli.main(["camera"]) == 2
    assert capsys.readouterr().err.startswith("No camera answers: plug one in")


def test_opencv_without_windows_is_one_sentence(plug_in, capsys, monkeypatch):
    def imshow(title, image):
        raise cv2.error("The function is not implemented.")

    monkeypatch.setattr(cv2, "imshow", imshow)
    plug_in(Camera(3))
    assert cli.main(["camera"]) == 2
    assert capsys.readouterr().err.startswith("OpenCV cannot open a window here")


def test_no_screen_is_one_sentence(monkeypatch, capsys):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert cli.main(["camera"]) == 2
    assert capsys.readouterr().err.startswith("There is no screen here")
