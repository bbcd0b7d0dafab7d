"""Memory stays flat, however many photos and frames are read."""

import gc
import itertools

import cv2
import numpy as np
import pytest

from fer_course.analysis.analyzer import FaceAnalyzer
from fer_course.images import read_image
from fer_course.settings import settings

psutil = pytest.importorskip("psutil")
PHOTOS, FRAMES, EVERY = 5_000, 10_000, 100
GROWTH_MB = 8  # less than two kilobytes a photo, one a frame


@pytest.fixture(scope="module")
def gallery():
    """Nine prints of two portraits on a wall, (720, 1280, 3) RGB uint8."""
    return read_image(settings().data / "samples" / "gallery.jpg")


def memory_mb(results, count):
    """Read all results; return this process's memory in MB at every hundredth."""
    gc.collect()
    process = psutil.Process()
    memory, read = [], 0
    for read, _ in enumerate(results, start=1):
        if read % EVERY == 0:
            memory.append(process.memory_info().rss / 1e6)
    assert read == count
    steps = range(0, len(memory), len(memory) // 10)
    print("".join(f"\n{EVERY * (i + 1):7,} read {memory[i]:7.1f} MB" for i in steps))
    print(f"{count:7,} read {memory[-1]:7.1f} MB")
    return memory


def growth_mb(memory):
    """Return by how much the second half rises above the first tenth."""
    return max(memory[len(memory) // 2 :]) - max(memory[: len(memory) // 10])


@pytest.mark.slow
def test_memory_stays_flat_over_five_thousand_photos(gallery, tmp_path):
    paths = []
    for number, share in enumerate(np.linspace(0.05, 0.3, 12)):  # strips: quickly read
        part = gallery[: int(720 * share)]
        part = part if number % 2 else part.transpose(1, 0, 2)
        part = cv2.resize(part, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
        paths.append(tmp_path / f"{number}.jpg")
        paths[-1].write_bytes(cv2.imencode(".jpg", part[:, :, ::-1])[1].tobytes())
    paths.append(tmp_path / "missing.jpg")
    photos = itertools.islice(itertools.cycle(paths), PHOTOS)
    memory = memory_mb(FaceAnalyzer().analyze_many(photos), PHOTOS)
    assert growth_mb(memory) < GROWTH_MB


@pytest.mark.slow
def test_memory_stays_flat_over_ten_thousand_frames(gallery, tmp_path):
    pytest.importorskip("trackers")
    pytest.importorskip("av")
    wall = cv2.resize(gallery, (320, 180), interpolation=cv2.INTER_AREA)[:, :, ::-1]
    video = tmp_path / "walk.avi"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter_fourcc(*"MJPG"), 25, (320, 64))
    for number in range(FRAMES):  # the camera goes up and down the wall
        top = abs(number % 232 - 116)
        writer.write(np.ascontiguousarray(wall[top : top + 64]))
    writer.release()
    results = FaceAnalyzer().analyze_video(video, tmp_path / "read.mp4")
    assert growth_mb(memory_mb(results, FRAMES)) < GROWTH_MB
