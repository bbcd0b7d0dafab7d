"""The floors of the house: nobody imports upwards, nothing heavy on import."""

import ast
import subprocess
import sys

import pytest

from fer_course.settings import ROOT

PACKAGE = ROOT / "fer_course"
HEAVY = ("tensorflow", "keras", "torch", "ultralytics", "matplotlib", "pandas", "onnx")
VIDEO = ("trackers", "supervision", "scipy", "av")  # photos do without
BASE = {"labels", "settings", "files", "headers", "images", "boxes"}
BASE |= {"splits", "onnx_files", "quantization"}
FOLDERS = {"detection": 1, "expression": 1, "analysis": 2, "teaching": 3}
ATTIC = 4  # the doors: command line, bootstrap, benchmark


def modules():
    return sorted(PACKAGE.rglob("*.py"))


def name_of(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def floor(name):
    if not name:
        return 0  # fer_course/__init__.py: its names load on first use
    first = name.partition(".")[0]
    return 0 if first in BASE else FOLDERS.get(first, ATTIC)


def imports(path, top_level_only=False):
    """Yield the full names that a module imports; of ours also `from x import y`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_level_only else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: import from fer_course, not from '.'"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def ours(path):
    known = {name_of(module) for module in modules()}
    for name in imports(path):
        if name.startswith("fer_course."):
            inner = name.removeprefix("fer_course.")
            if inner in known:
                yield inner


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_no_module_imports_from_a_higher_floor(path):
    here = floor(name_of(path))
    higher = {name for name in ours(path) if floor(name) > here}
    assert not higher, f"{name_of(path)} (floor {here}) imports {sorted(higher)}"


def test_detection_and_expression_do_not_know_each_other():
    for path in modules():
        first = name_of(path).partition(".")[0]
        other = {"detection": "expression", "expression": "detection"}.get(first)
        assert not [name for name in ours(path) if name.partition(".")[0] == other]


def test_only_the_detectors_training_imports_ultralytics():
    users = {
        name_of(path)
        for path in modules()
        if any(name.partition(".")[0] == "ultralytics" for name in imports(path))
    }
    assert users == {"detection.training"}


@pytest.mark.parametrize(
    "name", ["", "__main__", "cli", "environment", "inputs", "venv"]
)
def test_the_doors_are_standard_library_only(name):
    path = PACKAGE / f"{name or '__init__'}.py"
    others = {
        imported.partition(".")[0]
        for imported in imports(path, top_level_only=True)
        if imported.partition(".")[0] not in sys.stdlib_module_names
    }
    assert others <= {"fer_course"}


@pytest.mark.parametrize(
    "name", ["__init__", "__main__", "cli", "environment", "inputs", "venv"]
)
def test_the_doors_can_be_read_by_an_old_python(name):
    source = (PACKAGE / f"{name}.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 8))


@pytest.mark.parametrize(
    "module, allowed",
    [
        pytest.param("fer_course", (), id="the package"),
        pytest.param("fer_course.cli", (), id="the command line"),
        pytest.param("fer_course.demo", ("numpy", "cv2"), id="the demo"),
        pytest.param("fer_course.analysis.analyzer", ("numpy", "cv2"), id="analyzer"),
        pytest.param("fer_course.analysis.video", ("numpy", "cv2"), id="video"),
    ],
)
def test_nothing_heavy_on_import(module, allowed):
    watched = [*HEAVY, *VIDEO, "numpy", "cv2"]
    code = f"import sys, {module}; print(*(m for m in {watched!r} if m in sys.modules))"
    answer = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(answer.stdout.split()) <= set(allowed)


def test_every_module_says_what_it_does_and_fits_one_reading():
    for path in modules():
        text = path.read_text(encoding="utf-8")
        assert ast.get_docstring(ast.parse(text)), f"{path} has no docstring"
        assert text.count("\n") <= 400, f"{path} is over 400 lines: split it"


def test_at_most_ten_public_names_that_all_load():
    import fer_course

    assert len(fer_course.__all__) <= 10
    assert all(getattr(fer_course, name) is not None for name in fer_course.__all__)
    assert set(fer_course.__all__) <= set(dir(fer_course))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = fer_course.nothing
