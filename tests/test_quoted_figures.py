"""The figures in README and model card are those of the records, no others."""

import json
import re

import pytest

from fer_course.settings import ROOT

RECORDS = ROOT / "models" / "records"
PAGES = ("README.md", "models/MODEL_CARD.md")


def percent(share):
    return "–" if share is None else f"{100 * share:.1f}"


def interval(low_high):
    return "–".join(percent(share) for share in low_high)


def fernet_rows():
    for score in json.loads((RECORDS / "fernet.json").read_text())["scores"]:
        yield (
            score["part"],
            score["averaging"],
            f"{score['n']:,}",
            percent(score["accuracy"]),
            interval(score["interval"]),
            f"{score['macro_f1']:.3f}",
            percent(score["ece"]),
        )


def detector_rows():
    record = json.loads((RECORDS / "detector.json").read_text())
    for report in record["reports"] + record["tiles"]:
        if report["ap50"] is not None:
            yield (
                report["photo_set"],
                report["detector"],
                f"{report['photos']:,}",
                f"{report['faces']:,}",
                percent(report["ap50"]),
                interval(report["ap50_interval"]),
                *map(percent, report["recall_by_size"].values()),
            )


def recall_rows():
    first = json.loads((RECORDS / "fernet.json").read_text())["scores"][0]
    for expression, recall in first["recall"].items():
        yield expression, percent(recall)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("name", "rows"),
    [
        pytest.param("fernet", fernet_rows, id="fernet"),
        pytest.param("detector", detector_rows, id="detector"),
        pytest.param("recall", recall_rows, id="recall"),
    ],
)
def test_every_row_is_the_records(page, name, rows):
    text = (ROOT / page).read_text(encoding="utf-8")
    table = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", text, re.DOTALL)
    if table is None:
        assert page != "models/MODEL_CARD.md", f"the card lacks its {name} table"
        return
    known = {"| " + " | ".join(row) + " |" for row in rows()}
    quoted = set(table[1].strip().splitlines()[2:])
    assert quoted
    assert quoted <= known
    if page == "models/MODEL_CARD.md":
        assert quoted == known
