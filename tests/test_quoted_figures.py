"""The figures in README and model card are those of the records, no others."""

import hashlib
import json

import pytest

from fer_course.settings import ROOT
from tests.quoted_figures import CARD, README, read_table, tables

RECORDS = ROOT / "models" / "records"


@pytest.mark.parametrize("page", [CARD, README], ids=lambda page: page.name)
def test_every_table_is_the_records(page):
    text = page.read_text(encoding="utf-8")
    for name, lines in tables(page).items():
        assert len(lines) > 2, f"{name} has no rows"
        assert read_table(text, name) == lines, (
            f"{page.name}, {name}: run `python -m tests.quoted_figures`"
        )


@pytest.mark.parametrize(
    "record, files",
    [
        ("detector", {"face_detector.onnx"}),
        ("fernet", {"face_detector.onnx", "fernet.onnx"}),
        (
            "fernet_fer2013",
            {"face_detector.onnx", "fernet.onnx", "fernet_fer2013.onnx"},
        ),
    ],
)
def test_the_records_are_of_the_files_that_are_shipped(record, files):
    noted = json.loads((RECORDS / "measured_files.json").read_text(encoding="utf-8"))
    assert noted[record].keys() == files
    for name, digest in noted[record].items():
        content = (ROOT / "models" / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest, (
            f"{name} is not the file that models/records/{record}.json tells of: "
            "evaluate it anew with --record"
        )


def test_a_row_by_hand():
    """What stands in the card, read off the record without the code that wrote it."""
    record = json.loads((RECORDS / "fernet.json").read_text(encoding="utf-8"))
    first = record["scores"][0]
    row = read_table(CARD.read_text(encoding="utf-8"), "fernet")[2]
    _, part, averaging, faces, accuracy, *_ = (cell.strip() for cell in row.split("|"))
    assert (part, averaging) == (first["part"], first["averaging"])
    assert int(faces.replace(",", "")) == first["n"]
    assert float(accuracy) == pytest.approx(100 * first["accuracy"], abs=0.051)
