"""The widgets as Colab has them: the same tests, beside ipywidgets 7.7.1."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fer_course.settings import ROOT

FOLDER = os.environ.get("FER_IPYWIDGETS_7")


@pytest.mark.slow
@pytest.mark.skipif(
    FOLDER is None,
    reason="pip install --no-deps --target DIR ipywidgets==7.7.1 ipython_genutils, "
    "then set FER_IPYWIDGETS_7=DIR",
)
def test_every_widget_works_with_ipywidgets_7():
    environment = {**os.environ, "PYTHONPATH": str(Path(FOLDER).resolve())}
    version = "import ipywidgets; print(ipywidgets.__version__)"
    pages = ["test_uploads.py", "test_classify.py", "explorers"]
    paths = [f"tests/teaching/{page}" for page in pages]
    told, tests = (
        subprocess.run(
            [sys.executable, *line],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        for line in (
            ["-c", version],
            ["-m", "pytest", "-q", "-p", "no:cacheprovider", *paths],
        )
    )
    assert told.stdout == "7.7.1\n"
    assert tests.returncode == 0, tests.stdout[-2000:]
