import json
from pathlib import Path

import numpy as np
import pytest

from fer_course.expression import datasets, scorecard
from fer_course.expression.preprocessing import face_to_input
from fer_course.expression.scorecard import evaluate_fernet
from fer_course.labels import EXPRESSIONS, FER2013_IDS
from fer_course.settings import ROOT
from fer_course.splits import write_manifest

PARTS = ["PrivateTest", "PrivateTest, no twins", "PublicTest (for choosing)"]
WAYS = ["none", "flip", "ten crops"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A tiny fer2013.csv: 14 training, 14 public, 21 private rows, bright to a side."""
    monkeypatch.setenv("FER_COURSE_DATA", str(tmp_path))
    monkeypatch.setattr(datasets, "SPLITS", tmp_path / "splits")
    monkeypatch.setattr(datasets, "FER2013_ROWS", 49)
    write_manifest(
        tmp_path / "splits" / "fer2013.csv",
        [(30, 30, ""), (31, 30, ""), (40, 40, "")],
        ("row", "group", "dropped"),
    )
    ids = {name: number for number, name in FER2013_IDS.items()}
    rng = np.random.default_rng(0)
    usage = ["Training"] * 14 + ["PublicTest"] * 14 + ["PrivateTest"] * 21
    lines = ["emotion,pixels,Usage"]
    for row, part in enumerate(usage):
        pixels = rng.integers(0, 200, (48, 48))
        pixels[:, :24] += 50 * (row % 2)
        numbers = " ".join(map(str, pixels.ravel()))
        lines.append(f"{ids[EXPRESSIONS[row % 2]]},{numbers},{part}")
    (tmp_path / "expression" / "fer2013").mkdir(parents=True)
    (tmp_path / "expression" / "fer2013" / "fer2013.csv").write_text("\n".join(lines))
    return tmp_path / "expression"


class LeftSide:
    """Reads happy where a face's left half is the brighter one, else anger.

    It is surer of anger, so that a happy face averaged with its mirror image, which
    reads anger, becomes anger.
    """

    sure_threshold, crop_margin = 0.8, 0.0

    def __init__(self, path):
        self.path = Path(path)

    def classify(self, crops):
        faces = face_to_input(crops)[..., 0]
        more = faces[:, :, :24].mean((1, 2)) - faces[:, :, 24:].mean((1, 2))
        happy = more > (25 if self.path.name == "left.onnx" else 1e9)
        trust = np.where(happy, 0.6, 0.9)[:, None]
        return trust * np.eye(7)[happy.astype(int)] + (1 - trust) / 7


@pytest.fixture
def left_side(monkeypatch):
    monkeypatch.setattr(scorecard, "ExpressionClassifier", LeftSide)


def test_every_part_in_every_way(folder, left_side, tmp_path):
    record = tmp_path / "records" / "fernet.json"
    card = evaluate_fernet("left.onnx", folder=folder, record=record)
    table = card.to_frame()
    assert table["part"].tolist() == [part for part in PARTS for _ in WAYS]
    assert table["averaging"].tolist() == WAYS * 3
    assert table["faces"].tolist() == [21] * 3 + [19] * 3 + [14] * 3
    plain = table[table["averaging"] == "none"]
    assert plain["accuracy"].tolist() == [1, 1, 1]
    saved = json.loads(record.read_text())
    assert saved["model"] == "left.onnx"
    command = "python -m fer_course evaluate fernet"
    assert saved["command"] == f"{command} --model left.onnx --record"
    assert saved["scores"][0]["selective"]["100%"] == saved["scores"][0]["accuracy"]
    assert sum(saved["scores"][0]["reliability"][0]) == 21
    assert {row["part"] for row in saved["robustness"]} == {PARTS[2], "together"}
    assert (saved["rival"], saved["leads"]) == (None, [])


def test_what_averaging_gains_and_loses(folder, left_side):
    card = evaluate_fernet("left.onnx", folder=folder)
    happy = {PARTS[0]: 10, PARTS[1]: 9, PARTS[2]: 7}  # every second face
    for part, count in happy.items():
        assert list(card.gain[part]) == WAYS[1:]
        for test in card.gain[part].values():
            assert (test.only_a, test.only_b) == (0, count)
            assert test.p == pytest.approx(2 * 0.5**count)
    table = card.to_frame().set_index(["part", "averaging"])
    assert table.loc[(PARTS[0], "none"), "accuracy"] == 1
    assert table.loc[(PARTS[0], "flip"), "accuracy"] == pytest.approx(11 / 21)
    saved = card.to_dict()["gain"][PARTS[2]]["ten crops"]
    assert saved == {"only_averaged": 0, "only_plain": 7, "p": 0.015625}


def test_choosing_reads_no_test_face(folder, left_side, tmp_path, monkeypatch):
    read = []
    classify = LeftSide.classify
    monkeypatch.setattr(
        LeftSide, "classify", lambda self, c: read.append(len(c)) or classify(self, c)
    )
    record = tmp_path / "choosing.json"
    card = evaluate_fernet("left.onnx", folder=folder, split="choose", record=record)
    assert card.to_frame()["part"].unique().tolist() == PARTS[2:]
    assert set(read) == {14}
    saved = json.loads(record.read_text())
    command = "python -m fer_course evaluate fernet"
    assert saved["command"] == f"{command} --model left.onnx --split choose"


def test_beside_a_rival(folder, left_side):
    card = evaluate_fernet(
        "left.onnx", folder=folder, split="choose", against="runs/always_anger.onnx"
    )
    (lead,) = card.leads
    assert (lead.part, lead.faces) == (PARTS[2], 14)
    assert (lead.accuracy, lead.rival_accuracy, lead.difference) == (1, 0.5, 0.5)
    assert lead.p == pytest.approx(2 * 0.5**7)
    assert card.to_dict()["rival"] == "always_anger.onnx"
    assert card.to_dict()["command"].endswith(
        "--model left.onnx --against runs/always_anger.onnx --split choose"
    )
    text = str(card)
    assert f"against always_anger.onnx, {PARTS[2]}: 100.0% against 50.0%" in text
    assert "ten crops" in text
    assert "shift 8 px, 17% of the face" in text


def test_with_a_detector_it_says_how_faces_are_read_when_served(folder, left_side):
    class SeesTheWhole:
        def detect(self, image):
            return np.array([[120.0, 120, 360, 360]]), np.array([0.9])

    given = {"folder": folder, "split": "choose"}
    card = evaluate_fernet("left.onnx", detector=SeesTheWhole(), **given)
    (row,) = card.to_dict()["serving"]
    assert (row["part"], row["found"], row["margin"]) == (PARTS[2], 14, 0.0)
    assert (row["stored"], row["served"], row["interval"]) == (1.0, 1.0, [0.0, 0.0])
    assert "14 of 14" in str(card)
    assert evaluate_fernet("left.onnx", **given).serving == ()


def test_a_face_at_the_threshold_is_sure(folder, monkeypatch):
    monkeypatch.setattr(LeftSide, "sure_threshold", 0.6 + (1 - 0.6) / 7)
    monkeypatch.setattr(scorecard, "ExpressionClassifier", LeftSide)
    card = evaluate_fernet("left.onnx", folder=folder, split="choose")
    assert {score.sure for score in card.scores if score.averaging == "none"} == {1.0}


def test_a_network_that_is_never_sure_has_no_share_right(folder, monkeypatch):
    monkeypatch.setattr(LeftSide, "sure_threshold", 0.95)
    monkeypatch.setattr(scorecard, "ExpressionClassifier", LeftSide)
    card = evaluate_fernet("left.onnx", folder=folder, split="choose")
    assert str(card).splitlines()[1].split()[-2:] == ["0%", "-"]
    assert card.to_dict()["scores"][0]["sure_accuracy"] is None


def test_the_shipped_network_against_no_network(folder, tmp_path):
    shipped = ROOT / "models" / "fernet.onnx"
    card = evaluate_fernet(shipped, folder=folder, split="choose", against=shipped)
    assert card.leads[0].difference == 0
    wrong = tmp_path / "notes.onnx"
    wrong.write_text("no network")
    with pytest.raises(ValueError, match=r"notes.onnx cannot be read"):
        evaluate_fernet(shipped, folder=folder, against=wrong)
    detector = ROOT / "models" / "face_detector.onnx"
    with pytest.raises(ValueError, match=r"face_detector.onnx does not say how"):
        evaluate_fernet(shipped, folder=folder, against=detector)
    with pytest.raises(FileNotFoundError, match=r"no.keras is not there"):
        evaluate_fernet(shipped, folder=folder, against=tmp_path / "no.keras")


def test_no_data_is_one_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match="data get fer2013"):
        evaluate_fernet(ROOT / "models" / "fernet.onnx", folder=tmp_path / "nowhere")
