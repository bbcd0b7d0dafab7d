"""How fast other packages find and read the same faces, where they are installed.

In: names of packages and paths of photos. Out: `Measure`s for `benchmark --against`:
each package in a process of its own, from its start to the first result, and then
photo by photo. Each is called as its own page shows, with what it does by default:
other detectors and other networks, so faces may be missed; how many were found stands
beside each time. Nothing is installed.
"""

import json
import subprocess
import sys
import time
from importlib.util import find_spec

from fer_course.benchmark import Measure

# package -> lines that define read(path) -> how many faces it found and read
PEERS = {
    "fer": """
import cv2
from fer.fer import FER
reader = FER()
def read(path):
    return len(reader.detect_emotions(cv2.imread(path)))
""",
    # without a face it reads the whole photo, and says so by a confidence of 0
    "deepface": """
from deepface import DeepFace
def read(path):
    found = DeepFace.analyze(
        path, actions=["emotion"], enforce_detection=False, silent=True
    )
    return sum(face["face_confidence"] > 0 for face in found)
""",
}
_RUN = """
import json
import sys
import time
peer, repeats, *paths = sys.argv[1:]
exec(peer)
read(paths[0])
first = time.time()
rows = []
for path in paths:
    read(path)
    times = []
    for _ in range(int(repeats)):
        started = time.perf_counter()
        faces = read(path)
        times.append(1000 * (time.perf_counter() - started))
    rows.append([faces, times])
print()
print(json.dumps([first, rows]))
"""


def check_peers(names):
    """Refuse a package that is not in `PEERS`.

    Raises:
        ValueError: there is one.
    """
    if unknown := sorted(set(names) - set(PEERS)):
        raise ValueError(
            f"--against knows {', '.join(PEERS)}, not {', '.join(unknown)}."
        )


def time_peers(names, photos, repeats=7):
    """Return how long each package takes: to a first result, and for each photo.

    A package that is not installed, or fails, is left out with a sentence.

    Args:
        names: of `PEERS`.
        photos: paths.
        repeats: how often each photo is read, after a first time that does not count.
    """
    return [m for name in names for m in _time_peer(name, photos, repeats)]


def _time_peer(name, photos, repeats):
    if find_spec(name) is None:
        print(f"{name} is left out: it is not installed (pip install {name}).")
        return []
    print(f"{name}: reading {len(photos)} photos", flush=True)
    command = [sys.executable, "-c", _RUN, PEERS[name], str(repeats)]
    started = time.time()
    command += map(str, photos)
    run = subprocess.run(command, capture_output=True, encoding="utf-8")
    if run.returncode:
        reason = (run.stderr.strip().splitlines() or ["it says nothing"])[-1]
        print(f"{name} is left out: it does not run here ({reason}).")
        return []
    first, rows = json.loads(run.stdout.splitlines()[-1])
    start = Measure(f"{name}, one photo, from a cold start", "s", (first - started,))
    return [start] + [
        Measure(f"{name}, {photo.name}: {faces} found", "ms", tuple(times))
        for photo, (faces, times) in zip(photos, rows, strict=True)
    ]
