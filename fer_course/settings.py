"""Where things lie, how much to do, and from which seed: read once, used everywhere.

`FER_MODE=quick` (the default) keeps every cell short and needs no download;
`FER_MODE=full` uses the real data. Folders follow the clone unless
`FER_COURSE_DATA`, `FER_COURSE_MODELS` or `FER_COURSE_RUNS` say otherwise.
Notebook 00 prints the set-up line.
"""

import os
import platform
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "data" / "samples"  # with the course, wherever the user's data lies
SEED = 2026
REPOSITORY = "https://github.com/fer-course/fer-course"  # see tests/repository.py


@dataclass(frozen=True)
class Settings:
    """What this run does and where it reads and writes.

    Attributes:
        mode: "quick" (samples, short cells) or "full" (real data).
        seed: start of every random number generator.
        data: downloaded and prepared data sets.
        models: the shipped networks, their card and their records; read only.
        runs: what a learner's own runs write.
    """

    mode: str
    seed: int
    data: Path
    models: Path
    runs: Path

    @property
    def quick(self):
        """Whether cells should stay short."""
        return self.mode == "quick"


def settings():
    """Return the settings of this process, from the environment.

    Raises:
        ValueError: `FER_MODE` is neither "quick" nor "full".
    """
    mode = os.environ.get("FER_MODE", "quick").strip().lower() or "quick"
    if mode not in ("quick", "full"):
        raise ValueError(f"FER_MODE is {mode!r}: set it to 'quick' or 'full'.")
    data = Path(os.environ.get("FER_COURSE_DATA") or ROOT / "data").expanduser()
    return Settings(
        mode=mode,
        seed=SEED,
        data=data,
        models=Path(
            os.environ.get("FER_COURSE_MODELS") or ROOT / "models"
        ).expanduser(),
        runs=Path(os.environ.get("FER_COURSE_RUNS") or data / "runs").expanduser(),
    )


def seed_everything(seed=SEED):
    """Seed Python, NumPy, and Keras and torch where they are already loaded.

    Returns a NumPy `Generator` with the same seed: pass it on instead of using
    the global state.
    """
    import numpy as np

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002, for libraries that still use it
    if "keras" in sys.modules:  # seeds its back end too, and no other
        sys.modules["keras"].utils.set_random_seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)
    return np.random.default_rng(seed)


def on_colab():
    """Return whether this runs in Google Colab."""
    return "google.colab" in sys.modules or "COLAB_RELEASE_TAG" in os.environ


def usable_cores():
    """Return how many processor cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows
        return os.cpu_count() or 1


def processor_favors_bfloat16():
    """Return whether the processor multiplies bfloat16 faster than float32.

    True on Linux with AMX, or with AVX512-BF16 on AMD's processors, where it doubles
    the speed. Intel's with AVX512-BF16 alone (AMX switched off, as some clouds do)
    take about twice as long as in float32: `models/EXPERIMENTS.md` has the times.
    """
    try:
        told = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "amx_bf16" in told or ("avx512_bf16" in told and "AuthenticAMD" in told)


def graphics_cards():
    """Return the names of NVIDIA's cards that this process may use, often none.

    Whether a library uses one is the library's business; nothing is imported.
    """
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1")
    tool = None if hidden else shutil.which("nvidia-smi")
    if tool is None:
        return []
    try:
        run = subprocess.run(
            [tool, "--query-gpu=name", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):  # a tool without a card
        return []
    return [line.strip() for line in run.stdout.splitlines() if line.strip()]


def setup_line():
    """Return one line on device, versions, mode and the data that was found."""
    config = settings()
    versions = [f"Python {platform.python_version()}"]
    for package in (
        "numpy",
        "opencv-python",
        "onnxruntime",
        "tensorflow",
        "ultralytics",
    ):
        try:
            versions.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            continue
    places = (
        ("detection photos", config.data / "detection"),
        ("expression faces", config.data / "expression"),
    )
    found = [name for name, folder in places if folder.is_dir()]
    data = " and ".join(found) if found else "samples only"
    place = "Colab" if on_colab() else platform.system()
    cores = usable_cores()
    device = ", ".join(graphics_cards() or ["CPU"])
    parts = [
        f"fer_course on {place}",
        f"{device}, {cores} core{'s' * (cores != 1)} usable",
        f"{config.mode} mode",
        f"data: {data}",
    ]
    return " | ".join([*parts, ", ".join(versions)])
