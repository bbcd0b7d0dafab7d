"""The first cell of every page: packages, seeds, and one line on what is there.

`prepare()` installs only on Google Colab, and there only what is missing and
without changing what is installed. Anywhere else it says in one sentence what is
missing. Notebook 00 explains the line that it prints.
"""

import contextlib
import importlib
import os
import subprocess
import sys
import tempfile
from importlib import metadata, util
from pathlib import Path

from fer_course import settings

# import name -> name of the package that brings it
NEEDED = {
    "numpy": "numpy",
    "cv2": "opencv-python",
    "PIL": "pillow",
    "onnxruntime": "onnxruntime",
    "matplotlib": "matplotlib",
    "seaborn": "seaborn",
    "pandas": "pandas",
    "sklearn": "scikit-learn",
    "ipywidgets": "ipywidgets",
    "anywidget": "anywidget",
    "keras": "keras",
    "tensorflow": "tensorflow",
    "ultralytics": "ultralytics",
    "onnx": "onnx",
    "tf2onnx": "tf2onnx",
}
OPENCVS = {
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
}


def prepare():
    """Make the page ready to run and print the set-up line.

    On Colab missing packages are installed (network, a minute); anywhere else
    nothing is. Python, NumPy and what is already imported of Keras and torch are
    seeded. Running it again changes nothing.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's chatter
    missing = missing_packages()
    if missing and settings.on_colab():
        install(missing)
        missing = missing_packages()
    if missing:
        print(
            f"Missing: {', '.join(missing)}. Close this page and run "
            f"`python -m fer_course lab` in the course's folder: it installs them."
        )
    settings.seed_everything()
    print(settings.setup_line())


def missing_packages():
    """Return the packages that the pages need and this Python lacks."""
    return [
        package for module, package in NEEDED.items() if util.find_spec(module) is None
    ]


def install(packages):
    """Install packages with pip, keeping every installed version as it is.

    Raises:
        RuntimeError: pip could not; the message holds pip's last error.
    """
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder) / "installed.txt"
        constraints.write_text(installed_versions(), encoding="utf-8")
        command = [sys.executable, "-m", "pip", "install", "--quiet"]
        run = subprocess.run(
            [*command, "--constraint", str(constraints), *packages],
            capture_output=True,
            text=True,
            check=False,
        )
    if run.returncode:
        lines = (run.stderr or run.stdout).strip().splitlines()
        errors = [line for line in lines if line.startswith("ERROR")] or lines
        raise RuntimeError(
            f"Could not install {', '.join(packages)}: {' '.join(errors[-1:])} "
            f"Run this cell again, or use Runtime > Disconnect and start anew."
        )
    importlib.invalidate_caches()  # so that this Python sees what came


def installed_versions():
    """Return a constraints file's text: what is installed, at its version.

    Of two of a name (Colab's and the system's) the first counts, as for an import.
    One with a version that pip cannot read would make pip fail: it is left out.
    Where OpenCV came under another name, Ultralytics gets its own of the same version.
    """
    from packaging.utils import canonicalize_name
    from packaging.version import InvalidVersion, Version

    versions = {}
    for found in metadata.distributions():
        if found.metadata["Name"]:
            name = canonicalize_name(found.metadata["Name"])
            versions.setdefault(name, found.version)
    for name in OPENCVS & versions.keys():  # they write to the same folder
        versions.setdefault("opencv-python", versions[name])
    lines = []
    for name, version in sorted(versions.items()):
        with contextlib.suppress(InvalidVersion, TypeError):  # TypeError: none at all
            lines.append(f"{name}=={Version(version)}\n")
    return "".join(lines)
