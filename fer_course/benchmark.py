"""How fast the course is on this machine: what `benchmark` prints.

In go the shipped networks and a portrait, out come two tables: milliseconds a photo,
stage by stage, beside what the two networks take alone; and single figures, from a
cold start to frames a second. Every figure is a median with its spread, under a line on
the machine, without which no time means much. The photos: `benchmark_photos.py`. With
`--memory` the memory over thousands of photos and frames is measured too
(`benchmark_memory.py`); with `--training` both trainings and the reading of a list of
photos are timed (`benchmark_training.py`); with `--against` other packages on the same
photos (`benchmark_peers.py`). Notebook 06.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from fer_course.analysis.analyzer import FaceAnalyzer
from fer_course.analysis.drawing import draw_faces
from fer_course.benchmark_photos import find_zidane, make_photos, read_portrait
from fer_course.boxes import square
from fer_course.expression.preprocessing import INPUT_SIZE
from fer_course.files import write_atomically
from fer_course.images import face_crop, letterbox_shape, read_image
from fer_course.onnx_files import MOST_THREADS, open_onnx
from fer_course.settings import ROOT, settings, setup_line, usable_cores

STAGES = ("read", "detect", "classify", "draw")
_IMPORT = """
import time
start = time.perf_counter()
import fer_course
print(time.perf_counter() - start)
"""
# Linux alone tells a process's own highest memory, in KiB.
_DEMO = """
import sys
from pathlib import Path
from fer_course.cli import main
code = main(["demo", *sys.argv[1:]])
status = Path("/proc/self/status")
lines = status.read_text().splitlines() if status.exists() else []
print("\\n", *(line.split()[1] for line in lines if line.startswith("VmHWM")))
sys.exit(code)
"""


@dataclass(frozen=True)
class Measure:
    """One figure, measured several times.

    Attributes:
        what: what was measured.
        unit: "s", "ms", "MB", "frames/s", …
        values: one number a repeat, at least one.
    """

    what: str
    unit: str
    values: tuple[float, ...]

    @property
    def median(self):
        """The middle of the values."""
        return statistics.median(self.values)

    def to_dict(self):
        """Return plain numbers, ready for JSON."""
        return {
            "what": self.what,
            "unit": self.unit,
            "median": _short(self.median),
            "lowest": _short(min(self.values)),
            "highest": _short(max(self.values)),
            "repeats": len(self.values),
        }

    def __str__(self):
        low, high = _short(min(self.values)), _short(max(self.values))
        spread = f"{low} to {high}"
        return f"{self.what:<52}{_short(self.median):>9}  {spread:<18}{self.unit}"


def benchmark(
    json_path=None, *, memory_path=None, training=False, against=(), repeats=7
):
    """Measure, print the tables, and return the figures.

    Args:
        json_path: also write the figures here; None writes nothing.
        memory_path: also measure memory, in minutes, and write its curve, a CSV, here.
        training: time the trainings too: needs their packages and a minute or two.
        against: names of other packages (`benchmark_peers.PEERS`), timed where they are
            installed.
        repeats: how often each photo is read; less for what takes seconds.

    Returns:
        dict: "machine", "networks_mb", "photos" with a row of milliseconds for each
        photo, "measures", a list of `Measure.to_dict`, and "memory", a list of
        `benchmark_memory.Memory` as dicts, empty where it was not asked for.

    Raises:
        FileNotFoundError: a network or the portrait is missing.
        ValueError: `against` names a package that the course does not know, or one
            that `memory_path` needs is missing.
    """
    if against:
        from fer_course.benchmark_peers import check_peers, time_peers

        check_peers(against)
    if memory_path:
        from fer_course.benchmark_memory import (
            check_packages,
            measure_memory,
            rows_to_csv,
        )

        check_packages()
    analyzer = FaceAnalyzer()  # early: it names a missing network
    portrait = read_portrait()
    with tempfile.TemporaryDirectory() as folder:
        memory = []
        if memory_path:  # first: in what timings leave free, growth would not be seen
            memory = measure_memory(analyzer, Path(folder))
            write_atomically(memory_path, rows_to_csv(memory))
        photos = make_photos(portrait, Path(folder)) + find_zidane()
        rows = [time_photo(analyzer, photo, repeats) for photo in photos]
        measures = [
            *cold_starts(photos[0], Path(folder), min(3, repeats)),
            *time_faces(analyzer, portrait, repeats),
            *time_video(analyzer, Path(folder)),
        ]
        if training:
            from fer_course.benchmark_training import time_training

            measures += time_training(Path(folder))
        if against:
            measures += time_peers(against, photos, repeats)
    figures = {
        "machine": machine_line(),
        "networks_mb": {
            path.name: round(path.stat().st_size / 1e6, 2)
            for path in sorted(settings().models.glob("*.onnx"))
        },
        "photos": rows,
        "measures": [measure.to_dict() for measure in measures],
        "memory": [row._asdict() for row in memory],
    }
    print("\n".join([_table(figures), "", *map(str, measures)]))
    if json_path:
        write_atomically(json_path, json.dumps(figures, indent=1) + "\n")
    return figures


def time_photo(analyzer, photo, repeats=7):
    """Return a photo's size, its faces, and medians in ms: each stage, all, the nets.

    "all_ms" is what `analyze` takes, measured for itself, with "spread_ms"; "nets_ms"
    is what the two networks take alone for this photo: its letterboxed size and as many
    faces as were found, from arrays that lie ready.

    Args:
        analyzer: a `FaceAnalyzer` of two ONNX files.
        photo: path.
        repeats: how often it is read, after a first time that does not count.
    """
    (height, width), faces = _one_pass(analyzer, photo)[1]
    nets = _bare_nets(analyzer, (height, width), faces)
    nets()
    runs, totals, bare = [], [], []
    for _ in range(repeats):  # one after the other: a busy moment hits all
        runs.append(_one_pass(analyzer, photo)[0])
        totals += _milliseconds(lambda: analyzer.analyze(photo))
        bare += _milliseconds(nets)
    row = {"photo": os.path.basename(photo), "width": width, "height": height}
    row["faces"] = faces
    for stage, name in enumerate(STAGES):
        row[f"{name}_ms"] = _short(statistics.median(times[stage] for times in runs))
    row["all_ms"] = _short(statistics.median(totals))
    row["spread_ms"] = [_short(min(totals)), _short(max(totals))]
    row["nets_ms"] = _short(statistics.median(bare))
    return row


def _bare_nets(analyzer, image_hw, faces):
    """Return a function that runs both networks on arrays of the photo's sizes."""
    card = analyzer.detector.card
    size_hw = letterbox_shape(image_hw, card.input_size, card.stride)
    rng = np.random.default_rng(0)
    picture = rng.random((1, 3, *size_hw), np.float32)
    crops = 255 * rng.random((faces, INPUT_SIZE, INPUT_SIZE, 1), np.float32)
    detect, _ = open_onnx(settings().models / "face_detector.onnx")
    classify, _ = open_onnx(settings().models / "fernet.onnx")

    def run():
        detect(picture)
        if faces:
            classify(crops)

    return run


def cold_starts(photo, folder, repeats=3):
    """Return what a new process costs: to import, and to read a first photo.

    Args:
        photo: its path.
        folder: where the command writes its result.
        repeats: how many processes.
    """
    out = str(folder / "out")
    imports, seconds, peaks = [], [], []
    for _ in range(repeats):
        imports.append(float(_run("-c", _IMPORT)))
        started = time.perf_counter()
        printed = _run("-c", _DEMO, str(photo), "--out", out)
        seconds.append(time.perf_counter() - started)
        peaks += [int(kib) * 1024 / 1e6 for kib in printed.splitlines()[-1].split()]
    found = [
        Measure("import fer_course", "s", tuple(imports)),
        Measure("demo, one photo, from a cold start", "s", tuple(seconds)),
    ]
    if not peaks:
        print("The demo's highest memory is left out: Linux alone tells it.")
    else:
        found.append(Measure("  its highest memory", "MB", tuple(peaks)))
    return found


def _run(*arguments):
    """Run this Python with the course on its path and return what it printed."""
    environment = dict(os.environ, PYTHONPATH=str(ROOT), FER_COURSE_SETUP="0")
    run = subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    return run.stdout


def time_faces(analyzer, face, repeats=7):
    """Return how long the classifier takes for 1, 32 and 120 faces, crops included.

    Args:
        analyzer: a `FaceAnalyzer`.
        face: (H, W, 3) RGB uint8 of one face, to be read over and over.
        repeats: how often.
    """
    small = cv2.resize(face, (100, 100), interpolation=cv2.INTER_AREA)
    found = []
    for count in (1, 32, 120):
        crops = [small] * count
        analyzer.classifier.classify(crops)  # the first time does not count
        times = _milliseconds(lambda c=crops: analyzer.classifier.classify(c), repeats)
        found.append(Measure(f"expressions of {count}, at 100 px", "ms", times))
    return found


def time_video(analyzer, folder):
    """Return the frames a second of a film of two portraits, found, read and tracked.

    Nothing where the packages for videos are not installed.

    Args:
        analyzer: a `FaceAnalyzer`.
        folder: where the film is written.
    """
    if find_spec("trackers") is None:
        print("Video is left out: pip install -r fer_course/requirements-video.txt")
        return []
    from fer_course.analysis.video import analyze_video
    from fer_course.teaching.moving_portraits import write_portrait_video

    film = folder / "film.avi"
    write_portrait_video(film, stop_s=4.0)
    rates = []
    sum(1 for _ in analyze_video(analyzer, film))  # the first time does not count
    for _ in range(3):
        started = time.perf_counter()
        count = sum(1 for _ in analyze_video(analyzer, film))
        rates.append(count / (time.perf_counter() - started))
    return [Measure("video of two faces, 50 frames", "frames/s", tuple(rates))]


def machine_line():
    """Return one line on processor, threads, cores and versions."""
    threads = min(MOST_THREADS, usable_cores())
    return f"{_processor()}, {threads} threads a network | {setup_line()}"


def _one_pass(analyzer, photo):
    """Return the stages' milliseconds, and the photo's height, width and faces."""
    marks = [time.perf_counter()]
    image = read_image(photo)
    marks.append(time.perf_counter())
    boxes_xyxy, scores = analyzer.detector.detect(image)
    marks.append(time.perf_counter())
    margin = analyzer.classifier.crop_margin
    crops = [face_crop(image, box) for box in square(boxes_xyxy, margin)]
    probabilities = analyzer.classifier.classify(crops)
    marks.append(time.perf_counter())
    faces = map(analyzer.make_face, boxes_xyxy, scores, probabilities)
    draw_faces(image, tuple(faces))
    marks.append(time.perf_counter())
    times = [1000 * (b - a) for a, b in pairwise(marks)]
    return times, (image.shape[:2], len(boxes_xyxy))


def _milliseconds(work, repeats=1):
    """Return how long some work took, each time."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - started))
    return tuple(times)


def _processor():
    """Return the processor's name, as well as this system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _short(value):
    """Return a number with three figures, or whole."""
    return round(value) if value >= 100 else float(f"{value:.3g}")


def _table(figures):
    """Return machine, photos and networks as text."""
    columns = (*STAGES, "all", "nets")
    heading = f"{'photo, ms':<18}{'size':>11}{'faces':>7}"
    heading += "".join(f"{name:>10}" for name in columns) + "  spread of all"
    lines = [figures["machine"], heading]
    for row in figures["photos"]:
        size = f"{row['width']}x{row['height']}"
        times = "".join(f"{row[f'{name}_ms']:>10}" for name in columns)
        low, high = row["spread_ms"]
        times += f"  {low} to {high}"
        lines.append(f"{row['photo'][:17]:<18}{size:>11}{row['faces']:>7}{times}")
    lines.append("all: `analyze`, from the file to the readings; nets: both alone")
    sizes = ", ".join(f"{name} {mb} MB" for name, mb in figures["networks_mb"].items())
    lines.append(f"networks: {sizes}")
    return "\n".join(lines)
