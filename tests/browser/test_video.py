"""Annotated videos play in a browser: it opens the file and shows the right frames."""

import base64

import numpy as np
import pytest

from fer_course.analysis.video import FrameResult, write_frames
from fer_course.analysis.video_writing import writer_for

RATE = 10
FRAMES = 20
# "seeked" may come while the old frame is still shown: the frame's own time is asked.
PIXEL_AT = """async ([time, rate]) => {
    const video = document.querySelector('video');
    await new Promise((resolve, reject) => {
        video.onerror = () => reject(new Error(video.error.message));
        setTimeout(() => reject(new Error(`no frame of ${time} s was shown`)), 20000);
        const shown = (_, frame) => {
            if (Math.abs(frame.mediaTime - time) <= 1.01 / rate) resolve();
            else video.requestVideoFrameCallback(shown);
        };
        video.requestVideoFrameCallback(shown);
        video.currentTime = time;
    });
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    const context = canvas.getContext('2d');
    context.drawImage(video, 0, 0);
    const pixel = context.getImageData(canvas.width / 2, canvas.height / 2, 1, 1);
    return [video.duration, canvas.width, canvas.height, ...pixel.data.slice(0, 3)];
}"""


@pytest.mark.parametrize("suffix", [".webm", ".mp4"])
def test_a_video_plays(browser, tmp_path, suffix):
    if suffix == ".mp4":
        pytest.importorskip("av", reason="requirements-video.txt is not installed")
    path = tmp_path / f"annotated{suffix}"
    frames = []
    for number in range(FRAMES):  # red first, blue from the middle on
        color = (200, 30, 30) if number < FRAMES // 2 else (30, 30, 200)
        image = np.full((120, 160, 3), color, np.uint8)
        frames.append(FrameResult(number, number / RATE, (), image))
    list(write_frames(frames, RATE, path, writer_for("photo", path)))
    page = browser.new_page()
    data = base64.b64encode(path.read_bytes()).decode()
    page.set_content(f"<video src='data:video/{suffix[1:]};base64,{data}'></video>")
    for time_s, color in ((0.5, (200, 30, 30)), (1.5, (30, 30, 200))):
        duration, width, height, *pixel = page.evaluate(PIXEL_AT, [time_s, RATE])
        assert duration == pytest.approx(FRAMES / RATE, abs=0.11)
        assert (width, height) == (160, 120)
        assert pixel == pytest.approx(color, abs=25)
    page.close()
