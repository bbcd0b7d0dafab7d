"""The tables of README and model card, made from `models/records`.

`python -m tests.quoted_figures` writes them anew between the marks `<!-- name -->` and
`<!-- /name -->`; `test_quoted_figures.py` tells when a page has other figures.
"""

import json
import re

from fer_course.settings import ROOT

CARD = ROOT / "models" / "MODEL_CARD.md"
README = ROOT / "README.md"  # shows only what is asked for below
FEW = 10  # faces; a recall of fewer says nothing
_FERNET = (
    "PrivateTest",
    "PrivateTest, no twins",
    "RAF-DB test",
    "extract test, label",
)
SHOWN = {
    "detector": (("wider", "fddb", "facemask"), ("ours", "yunet_n")),
    "fernet": (_FERNET, ("none",)),
    "fer2013": (("PrivateTest",), ("none", "flip", "ten crops")),
    "lead_extract": (("extract test, label",), None),  # whatever stands second
}
_FER2013 = ("PrivateTest", "PrivateTest, no twins", "PublicTest (for choosing)")
_ALL = (*_FER2013, "RAF-DB test", "extract test, label")
_LABELS = ("extract test, label", "extract test, folder")
_EXTRACT = tuple(part + more for part in _LABELS for more in ("", ", no ffhq"))
_SEEDS = {
    2026: "fernet_extract",
    2027: "fernet_extract_2027",
    2028: "fernet_extract_2028",
}
_DIFFERENCE = ("points", "95 %", "McNemar's p")


def tables(page):
    """Return {name: lines} of the tables that belong into a page."""
    made = {
        "detector": _detector(),
        "attributes": _attributes(),
        "fernet": _scores("fernet"),
        "fer2013": _scores("fernet_fer2013", _FER2013),
        "lead_fer2013": _leads("fernet_fer2013", _ALL, "FER2013 alone", "shipped"),
        "lead_extract": _leads_by_seed(),
        "recall": _recall(),
        "robustness": _robustness(),
        "serving": _serving(),
    }
    if page == CARD:
        return made
    return {name: _only(made[name], *wanted) for name, wanted in SHOWN.items()}


def read_table(text, name):
    """Return the lines between a page's marks, None where it has no such marks."""
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", text, re.DOTALL)
    return None if found is None else found[1].splitlines()


def write_tables(page):
    """Put the records' figures between the marks of a page."""
    text = page.read_text(encoding="utf-8")
    for name, lines in tables(page).items():
        table = "".join(f"{line}\n" for line in lines)
        text = re.sub(
            rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)",
            lambda marks, table=table: marks[1] + table + marks[2],
            text,
            flags=re.DOTALL,
        )
    page.write_text(text, encoding="utf-8")


def _only(lines, first, second):
    cells = [line.strip("| ").split(" | ") for line in lines]
    return lines[:2] + [
        line
        for line, cell in list(zip(lines, cells, strict=True))[2:]
        if cell[0] in first and (second is None or cell[1] in second)
    ]


_ALARMS = ("false alarms", "recall at 1 alarm in 10 photos")


def _detector():
    record = _record("detector")
    reports = [r for r in record["reports"] + record["tiles"] if r["ap50"] is not None]
    sizes = [f"recall {size} px" for size in reports[0]["recall_by_size"]]
    return _table(
        ("set", "detector", "photos", "faces", "AP, %", "95 %", *sizes, *_ALARMS),
        [
            (
                report["photo_set"],
                report["detector"],
                f"{report['photos']:,}",
                f"{report['faces']:,}",
                _percent(report["ap50"]),
                _interval(report["ap50_interval"]),
                *(
                    _percent(share if report["faces_by_size"][size] >= FEW else None)
                    for size, share in report["recall_by_size"].items()
                ),
                f"{report['false_alarms']:,}",
                _percent(report["recall_one_in_ten"]),
            )
            for report in reports
        ],
    )


def _attributes():
    rows = _record("detector")["attributes"]
    detectors = list(rows[0]["recall"])
    return _table(
        ("WIDER's attribute", "level", "faces", "median px", *detectors),
        [
            (
                row["attribute"],
                row["level"],
                f"{row['faces']:,}",
                f"{row['median_size_px']:.0f}",
                *(_percent(row["recall"][name]) for name in detectors),
            )
            for row in rows
        ],
    )


def _scores(name, parts=None):
    return _table(
        ("part", "averaging", "faces", "accuracy, %", "95 %", "macro-F1", "ECE, %"),
        [
            (
                score["part"],
                score["averaging"],
                f"{score['n']:,}",
                _percent(score["accuracy"]),
                _interval(score["interval"]),
                f"{score['macro_f1']:.3f}",
                _percent(score["ece"]),
            )
            for score in _record(name)["scores"]
            if parts is None or score["part"] in parts
        ],
    )


def _leads(name, parts, ours, rival):
    return _table(
        ("part", "faces", f"{ours}, %", f"{rival}, %", *_DIFFERENCE),
        [_lead(lead) for lead in _record(name)["leads"] if lead["part"] in parts],
    )


def _leads_by_seed():
    rows = [
        (part, f"{seed}", *_lead(lead)[1:])
        for part in _EXTRACT
        for seed, name in _SEEDS.items()
        for lead in _record(name)["leads"]
        if lead["part"] == part
    ]
    networks = "course's, %", "reference's, %"
    return _table(("part", "seed", "faces", *networks, *_DIFFERENCE), rows)


def _lead(lead):
    return (
        lead["part"],
        f"{lead['faces']:,}",
        _percent(lead["accuracy"]),
        _percent(lead["rival_accuracy"]),
        f"{100 * lead['difference']:+.1f}",
        " to ".join(f"{100 * bound:+.1f}" for bound in lead["interval"]),
        f"{lead['p']:.1g}" if lead["p"] >= 1e-6 else "< 1e-6",
    )


def _recall():
    parts = ("PrivateTest", "RAF-DB test", "extract test, label")
    recalls = {
        score["part"]: score["recall"]
        for score in _record("fernet")["scores"]
        if score["averaging"] == "none" and score["part"] in parts
    }
    return _table(
        ("recall, %", *parts),
        [
            (expression, *(_percent(recalls[part][expression]) for part in parts))
            for expression in recalls[parts[0]]
        ],
    )


def _robustness():
    rows = _record("fernet")["robustness"]
    parts = list(dict.fromkeys(row["part"] for row in rows))
    shares = {}
    for row in rows:
        change = (row["condition"], row["value"])
        shares.setdefault(change, {})[row["part"]] = _percent(row["accuracy"])
    return _table(
        ("change", "by", *parts),
        [
            (
                condition,
                f"{value}°" if condition == "rotation" else f"{value} px",
                *(found[part] for part in parts),
            )
            for (condition, value), found in shares.items()
        ],
    )


def _serving():
    rows = _record("fernet")["serving"]
    heading = "part", "faces", "found", "margin", "quartiles", "down"
    return _table(
        (*heading, "stored, %", "served, %", "95 % of the difference"),
        [
            (
                row["part"],
                str(row["faces"]),
                str(row["found"]),
                f"{row['margin']:+.2f}",
                " to ".join(f"{bound:+.2f}" for bound in row["margin_quartiles"]),
                f"{row['offset_xy'][1]:+.2f}",
                _percent(row["stored"]),
                _percent(row["served"]),
                " to ".join(f"{100 * bound:+.1f}" for bound in row["interval"]),
            )
            for row in rows
        ],
    )


def _record(name):
    path = ROOT / "models" / "records" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def _table(heading, rows):
    lines = ["| " + " | ".join(cells) + " |" for cells in (heading, *rows)]
    return [lines[0], "|---" * len(heading) + "|", *lines[1:]]


def _percent(share):
    return "–" if share is None else f"{100 * share:.1f}"


def _interval(low_high):
    return "–".join(_percent(share) for share in low_high)


if __name__ == "__main__":
    for page in (CARD, README):
        write_tables(page)
