"""The record of the sets: counts by hand, on drawn sets and on numbers."""

import json

import numpy as np
import pytest

from fer_course.detection import survey
from fer_course.settings import ROOT
from fer_course.teaching.samples import write_samples


def test_drawn_sets_are_counted(tmp_path):
    for layout in ("wider", "fddb"):
        write_samples(tmp_path / "sets", layout, n=4)
    path = survey.write_survey(tmp_path / "sets", tmp_path / "record.json")
    record = json.loads(path.read_text())
    assert list(record["sets"]) == ["wider", "fddb"]
    assert record["sets"]["wider"]["photos"] == 4
    assert record["sets"]["wider"]["without_face"] == 1
    drawn = record["histograms"]["wider"]
    faces = record["sets"]["wider"]["faces"]
    for name in ("height_before", "height_640", "aspect", "aspect_harmonized"):
        assert sum(drawn[name]) == faces, name
    assert np.sum(drawn["centers"]) == faces
    assert drawn["faces_per_photo"][0] == 1
    assert record["near_duplicates"]["photos"] == 8
    assert record["official"] == {}
    assert record["audit"]["wider"] == {"skipped": {}, "double": 0}


def test_a_photo_that_cannot_be_opened_costs_itself_alone(tmp_path):
    write_samples(tmp_path / "sets", "wider", n=4)
    photos = sorted((tmp_path / "sets").rglob("*.jpg"))
    photos[0].write_bytes(photos[0].read_bytes()[:400])
    record = survey.survey(tmp_path / "sets")
    assert record["sets"]["wider"]["photos"] == 3
    assert record["audit"]["wider"]["skipped"] == {"picture not readable": 1}


def test_sizes_before_are_those_of_the_original(tmp_path):
    write_samples(tmp_path, "lfpw", n=1)
    plain = survey.survey(tmp_path)["histograms"]["lfpw"]["height_before"]
    (tmp_path / "boxes.csv").write_text(
        "file,scale\nlfpw/trainset/image_0001.jpg,0.5\n"
    )
    halved = survey.survey(tmp_path)["histograms"]["lfpw"]["height_before"]
    assert np.argmax(halved) == np.argmax(plain) + 2, "two bins for each doubling"


def test_boxes_are_measured_as_they_are_learned_too(tmp_path, monkeypatch):
    """Half a height is added above and below, and half a width to the right."""
    write_samples(tmp_path, "wider", n=4)
    medians = []
    for shifts in ({}, {"wider": (0.0, -0.5, 0.5, 0.5)}):
        monkeypatch.setattr(survey, "SHIFTS", shifts)
        drawn = survey.survey(tmp_path)["histograms"]["wider"]
        medians.append(drawn["median_aspect_harmonized"])
    assert medians[1] / medians[0] == pytest.approx(2 / 1.5, abs=1e-3)


def test_a_group_that_tells_all_and_one_that_tells_nothing():
    rng = np.random.default_rng(0)
    groups = np.repeat(["a", "b", "c"], 40)
    telling = np.repeat([1.0, 5.0, 9.0], 40) + rng.normal(0, 0.1, 120)
    assert survey._explained(groups, telling)["r2"] > 0.99
    assert survey._explained(groups, rng.normal(size=120))["r2"] < 0.1


def test_values_outside_the_edges_are_counted_at_the_ends():
    assert survey._count([-5, 1.5, 99, 3], [1, 2, 3]) == [2, 2]


def test_the_shipped_record_holds_no_names():
    path = ROOT / "models" / "records" / survey.RECORD
    text = path.read_text(encoding="utf-8")
    assert len(text) < 100_000 and ".jpg" not in text
    assert json.loads(text)["near_duplicates"]["across_groups"] == 2


def test_without_the_record_it_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("FER_COURSE_MODELS", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="git checkout models/records"):
        survey.read_survey()


def test_events_on_both_sides_of_the_official_lists_are_counted(tmp_path):
    write_samples(tmp_path, "wider", n=2)
    lists = tmp_path / "official" / "wider_face_split"
    lists.mkdir(parents=True)
    for part, events in (
        ("train", ("0--A", "1--B", "2--C")),
        ("val", ("1--B", "3--D")),
    ):
        entries = (f"{event}/x.jpg\n1\n5 5 20 20 0 0 0 0 0 0 \n" for event in events)
        (lists / f"wider_face_{part}_bbx_gt.txt").write_text("".join(entries))
    official = survey.survey(tmp_path)["official"]
    assert (official["train"]["events"], official["val"]["events"]) == (3, 2)
    assert official["shared_events"] == 1
    (lists / "wider_face_val_bbx_gt.txt").write_text("")
    assert survey.survey(tmp_path)["official"]["val"]["faces"] == 0
