"""How fast the course reads faces on this machine: what `benchmark` prints.

In go the shipped networks and the sample photos, out comes a table of medians:
milliseconds a photo for each stage, the cold start of a new process, the sizes of
the networks' files, and the line on the machine without which no time means much.
Notebook 06 quotes it.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from itertools import pairwise

from fer_course.analysis.analyzer import FaceAnalyzer
from fer_course.analysis.drawing import draw_faces
from fer_course.boxes import square
from fer_course.demo import find_inputs
from fer_course.files import write_atomically
from fer_course.images import crop, read_image
from fer_course.settings import ROOT, settings, setup_line

STAGES = ("read", "detect", "classify", "draw")
_COLD_START = "from fer_course import FaceAnalyzer; FaceAnalyzer().analyze({photo!r})"


def benchmark(json_path=None, repeats=7):
    """Measure, print a table, and return the figures.

    Args:
        json_path: also write the figures here; None writes nothing.
        repeats: how often each photo is read; the medians are reported.

    Returns:
        dict: "machine", "networks_mb", "cold_start_s", and "photos" with a row of
        milliseconds for each sample photo.
    """
    photos, _ = find_inputs([settings().data / "samples"], ROOT / "out")
    if not photos:
        raise FileNotFoundError(
            f"No sample photo in {settings().data / 'samples'}: restore that folder "
            "from the course's repository."
        )
    rows = stage_times(photos, repeats)  # first: it names a missing network
    figures = {
        "machine": machine_line(),
        "networks_mb": {
            path.name: round(path.stat().st_size / 1e6, 2)
            for path in sorted(settings().models.glob("*.onnx"))
        },
        "cold_start_s": round(cold_start_s(photos[0], repeats=3), 2),
        "photos": rows,
    }
    print(_table(figures))
    if json_path:
        write_atomically(json_path, json.dumps(figures, indent=1) + "\n")
    return figures


def stage_times(photos, repeats=7):
    """Return a row for each photo: its size, its faces and each stage's median, ms.

    Args:
        photos: paths.
        repeats: how often each is read, after a first time that does not count.
    """
    analyzer = FaceAnalyzer()
    rows = []
    for photo in photos:
        runs = [_one_pass(analyzer, photo) for _ in range(repeats + 1)][1:]
        (height, width), faces = runs[0][1]
        row = {"photo": os.path.basename(photo), "width": width, "height": height}
        row["faces"] = faces
        for stage, name in enumerate(STAGES):
            median = statistics.median(times[stage] for times, _ in runs)
            row[f"{name}_ms"] = round(median, 1)
        rows.append(row)
    return rows


def cold_start_s(photo, repeats=3):
    """Return the median seconds from starting a Python to the faces of a photo."""
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    command = [sys.executable, "-c", _COLD_START.format(photo=str(photo))]
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        subprocess.run(command, env=environment, check=True)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def machine_line():
    """Return one line on processor, cores and versions."""
    try:
        usable = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows
        usable = os.cpu_count()
    return f"{_processor()}, {usable} cores usable | {setup_line()}"


def _one_pass(analyzer, photo):
    """Return the stages' milliseconds, and the photo's height, width and faces."""
    marks = [time.perf_counter()]
    image = read_image(photo)
    marks.append(time.perf_counter())
    boxes_xyxy, scores = analyzer.detector.detect(image)
    marks.append(time.perf_counter())
    margin = analyzer.classifier.crop_margin
    crops = [crop(image, box) for box in square(boxes_xyxy, margin)]
    probabilities = analyzer.classifier.classify(crops)
    marks.append(time.perf_counter())
    faces = map(analyzer.make_face, boxes_xyxy, scores, probabilities)
    draw_faces(image, tuple(faces))
    marks.append(time.perf_counter())
    times = [1000 * (b - a) for a, b in pairwise(marks)]
    return times, (image.shape[:2], len(boxes_xyxy))


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


def _table(figures):
    """Return the figures as text."""
    heading = f"{'photo':<28}{'size':>12}{'faces':>7}"
    lines = [figures["machine"], heading + "".join(f"{s:>11}" for s in STAGES)]
    for row in figures["photos"]:
        size = f"{row['width']}x{row['height']}"
        times = "".join(f"{row[f'{stage}_ms']:>8} ms" for stage in STAGES)
        lines.append(f"{row['photo'][:27]:<28}{size:>12}{row['faces']:>7}{times}")
    sizes = ", ".join(f"{name} {mb} MB" for name, mb in figures["networks_mb"].items())
    lines.append(f"networks: {sizes}")
    lines.append(f"cold start to the first photo's faces: {figures['cold_start_s']} s")
    return "\n".join(lines)
