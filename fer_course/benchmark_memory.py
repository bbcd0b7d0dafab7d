"""How much memory this process takes, photo after photo and frame after frame.

In: a `FaceAnalyzer` and a folder to write to. Out: a row at every hundredth photo and
frame, for `benchmark --memory` and for the slow tests, which bound the growth. All are
cut from `samples/gallery.jpg`: narrow, so that thousands are read in minutes. Needs
psutil and the packages for videos.
"""

import gc
import sys
from importlib.util import find_spec
from itertools import cycle, islice
from typing import NamedTuple

import cv2
import numpy as np

from fer_course.files import write_atomically
from fer_course.images import read_image
from fer_course.settings import SAMPLES

PHOTOS, FRAMES, EVERY = 5_000, 10_000, 100
_MB_A_MARK = 10


class Memory(NamedTuple):
    """One point of the curve.

    Attributes:
        what: "photos" or "frames".
        count: how many have been read.
        memory_mb: what the process takes of this machine's memory, MB.
    """

    what: str
    count: int
    memory_mb: float


def check_packages():
    """Refuse to measure without the packages for it.

    Raises:
        ValueError: one is missing.
    """
    needed = ("psutil", "trackers", "av")
    if missing := [name for name in needed if find_spec(name) is None]:
        raise ValueError(
            f"--memory needs {' and '.join(missing)}, not installed here: "
            f"{sys.executable} -m pip install {' '.join(missing)}"
        )


def measure_memory(analyzer, folder, progress=print):
    """Return the memory over thousands of photos, then of frames, as one table.

    Args:
        analyzer: a `FaceAnalyzer`.
        folder: where photos and films are written.
        progress: called with a line at each tenth of both, and with their growth.

    Returns:
        list of `Memory`.
    """
    table = []
    for measure in (memory_of_photos, memory_of_frames):
        rows = measure(analyzer, folder, progress=progress)
        growth = growth_mb(rows)
        progress(f"from the first tenth to the second half: {growth:+.1f} MB")
        table += rows
    return table


def memory_of_photos(analyzer, folder, count=PHOTOS, progress=print):
    """Return the memory over a list of photos: 12 shapes, and one that is missing.

    Args:
        analyzer: a `FaceAnalyzer`.
        folder: where the photos are written.
        count: how often one is read.
        progress: called with a line at each tenth.

    Returns:
        list of `Memory`.
    """
    gallery = _gallery()
    height = len(gallery)
    paths = []
    for number, share in enumerate(np.linspace(0.05, 0.3, 12)):
        part = gallery[: int(height * share)]
        part = part if number % 2 else part.transpose(1, 0, 2)
        part = cv2.resize(part, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
        jpeg = cv2.imencode(".jpg", part[:, :, ::-1])[1]
        paths.append(write_atomically(folder / f"strip_{number}.jpg", jpeg.tobytes()))
    photos = islice(cycle([*paths, folder / "missing.jpg"]), count)
    return watch("photos", analyzer.analyze_many(photos), count, progress)


def memory_of_frames(analyzer, folder, count=FRAMES, progress=print):
    """Return the memory over a film, which is read, tracked, drawn and written.

    Args:
        analyzer: a `FaceAnalyzer`.
        folder: where both films are written.
        count: frames.
        progress: called with a line at each tenth.

    Returns:
        list of `Memory`.
    """
    size_wh = 320, 64
    wall = cv2.resize(_gallery(), (320, 180), interpolation=cv2.INTER_AREA)
    film = folder / "walk.avi"
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter_fourcc(*"MJPG"), 25, size_wh)
    for number in range(count):  # the camera goes up and down the wall
        top = abs(number % 232 - 116)
        writer.write(np.ascontiguousarray(wall[top : top + 64, :, ::-1]))
    writer.release()
    results = analyzer.analyze_video(film, folder / "read.mp4")
    return watch("frames", results, count, progress)


def _gallery():
    """Return nine prints of two portraits on a wall, (720, 1280, 3) RGB uint8."""
    return read_image(SAMPLES / "gallery.jpg")


def watch(what, results, count, progress=print):
    """Read results, keep none, and return the memory at every hundredth.

    Args:
        what: "photos" or "frames".
        results: iterable of theirs.
        count: how many will come.
        progress: called with a line at each tenth of them.

    Returns:
        list of `Memory`.
    """
    import psutil

    gc.collect()
    process = psutil.Process()
    rows = []
    for read, _ in enumerate(results, start=1):
        if read % EVERY == 0:
            memory_mb = round(process.memory_info().rss / 1e6, 1)
            rows.append(Memory(what, read, memory_mb))
            if read % (count // 10) == 0:
                progress(_line(rows[-1]))
    return rows


def growth_mb(rows):
    """Return by how much the second half of a curve rises above its first tenth.

    >>> growth_mb([Memory("photos", 100 * i, 300 + i) for i in range(1, 21)])
    18
    """
    memory = [row.memory_mb for row in rows]
    return max(memory[len(memory) // 2 :]) - max(memory[: -(-len(memory) // 10)])


def rows_to_csv(rows):
    """Return a table of `Memory` as CSV text with a header line."""
    lines = [",".join(Memory._fields)]
    lines += [f"{row.what},{row.count},{row.memory_mb}" for row in rows]
    return "\n".join(lines) + "\n"


def _line(row):
    """Return one line of the curve, a mark for `_MB_A_MARK` megabytes."""
    marks = "#" * round(row.memory_mb / _MB_A_MARK)
    return f"{row.count:>7,} {row.what} read {row.memory_mb:>8.1f} MB  {marks}"
