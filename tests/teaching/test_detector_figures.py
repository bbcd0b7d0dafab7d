"""The detector's record drawn: what is in it is in the figure."""

import json

import numpy as np
import pytest

from fer_course.detection.evaluation import report_on, score_photos
from fer_course.teaching import detector_figures


@pytest.fixture
def record(monkeypatch):
    """Two sets and one without faces, two detectors, as `evaluate --record` writes."""
    monkeypatch.setattr(detector_figures, "_FEWEST_FACES", 2)
    face = np.array([[0.0, 0.0, 20.0, 20.0]])
    found = score_photos([(face, [0.9]), (face + 90, [0.4])], [face, face])
    empty = score_photos([(face, [0.6])], [np.zeros((0, 4))])
    reports = [
        report_on(scored, 0.5, detector=name, photo_set=photo_set, draws=5).to_dict()
        for photo_set, scored in (("wider", found), ("fddb", found), ("none", empty))
        for name in ("ours", "yunet")
    ]
    curve = [1.0] * 51 + [None] * 50
    curves = {name: {"ours": curve, "yunet": curve} for name in ("wider", "fddb")}
    return json.loads(json.dumps({"reports": reports, "curves": curves}))


@pytest.fixture
def models(tmp_path, monkeypatch):
    monkeypatch.setenv("FER_COURSE_MODELS", str(tmp_path))
    (tmp_path / "records").mkdir()
    return tmp_path / "records"


def test_no_record_is_none(models):
    assert detector_figures.read_record() is None
    assert detector_figures.read_recorded_history() is None


def test_record_is_read_and_drawn(models, record):
    (models / "detector.json").write_text(json.dumps(record))
    read = detector_figures.read_record()
    bars = detector_figures.plot_precision_by_set(read).axes[0]
    heights = [patch.get_height() for patch in bars.patches]
    assert heights == [row["ap50"] for row in record["reports"][:4:2]] * 2
    curves = detector_figures.plot_recorded_curves(read).axes[0]
    assert [line.get_label() for line in curves.lines] == ["wider", "fddb"]
    assert np.nanmax(curves.lines[0].get_xdata()) == 1.0
    sizes = detector_figures.plot_recall_by_size(read).axes[0]
    assert [line.get_label() for line in sizes.lines] == ["wider", "fddb"]
    np.testing.assert_equal(sizes.lines[0].get_ydata(), [np.nan, 0.5, np.nan, np.nan])


def test_portraits_are_drawn_once(record):
    for name in ("afw", "portraits"):
        record["curves"][name] = record["curves"]["fddb"]
    axes = detector_figures.plot_recorded_curves(record).axes[0]
    labels = [line.get_label() for line in axes.lines]
    assert labels == ["wider", "fddb", "portraits"]


def test_history_is_read_and_drawn(models):
    names = [f"{part}/{loss}_loss" for part in ("train", "val") for loss in "bcd"]
    names = [name.replace("/b_", "/box_").replace("/c_", "/cls_") for name in names]
    names = [name.replace("/d_", "/dfl_") for name in names]
    measures = [f"metrics/{m}(B)" for m in ("precision", "recall", "mAP50", "mAP50-95")]
    header = ",".join(["epoch", "time", *names, *measures])
    row = ",".join("0.5" for _ in [*names, *measures])
    text = f"{header}\n1,10,{row}\n2,20,{row}\n"
    (models / "detector_history.csv").write_text(text)
    history = detector_figures.read_recorded_history()
    left, right = detector_figures.plot_detector_history(history).axes
    assert [line.get_label() for line in left.lines] == ["box", "cls", "dfl"]
    assert right.lines[0].get_ydata().tolist() == [0.5, 0.5]
    plain = history.drop(columns=[name for name in history if "val" in name])
    axes = detector_figures.plot_detector_history(plain).axes[0]
    assert axes.get_ylabel() == "loss in training"


def test_an_error_is_drawn_over_the_labels():
    picture, box = np.zeros((20, 40, 3), np.uint8), np.array([3.0, 2, 9, 10])
    labels = np.array([[2.0, 2, 8, 10], [20, 2, 26, 10]])
    drawn = detector_figures.plot_errors(
        {"double": (picture, box, labels), "no face": (picture, box, labels[:0])}
    )
    assert [axes.get_title() for axes in drawn.axes] == ["double", "no face"]
    assert [len(axes.patches) for axes in drawn.axes] == [4, 2]
    assert drawn.axes[0].patches[-1].get_xy() == (3, 2)
    alone = detector_figures.plot_errors({"double": (picture, box, labels)})
    assert len(alone.axes) == 1
