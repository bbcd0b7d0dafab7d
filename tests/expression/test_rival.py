import json
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import binomtest

from fer_course.expression.datasets import FaceSet
from fer_course.expression.held_back import HeldBack
from fer_course.expression.rival import measure_leads

FACES = 200


@pytest.fixture
def held():
    labels = np.arange(FACES) % 7
    faces = FaceSet(
        "toy",
        np.zeros((FACES, 48, 48), np.uint8),
        np.eye(7, dtype=np.float32)[labels],
        np.full(FACES, "choose"),
        np.arange(FACES),
        np.arange(FACES).astype(str),
        {},
    )
    whole = np.ones(FACES, bool)
    return HeldBack(faces, {"whole": whole, "first half": np.arange(FACES) < 100})


def rival_right_on(held, right):
    """A network that reads these faces rightly and gives the others the next label."""
    answers = np.where(right, held.faces.labels, (held.faces.labels + 1) % 7)
    return SimpleNamespace(classify=lambda crops: np.eye(7)[answers])


def test_leads_worked_out_by_hand(held):
    ours, theirs = np.arange(FACES) < 150, np.arange(FACES) >= 60
    whole, half = measure_leads(held, ours, rival_right_on(held, theirs))
    assert (whole.part, half.part) == ("whole", "first half")
    assert (whole.faces, half.faces) == (200, 100)
    assert (whole.accuracy, whole.rival_accuracy) == (0.75, 0.7)
    assert whole.difference == pytest.approx(0.05)
    assert (whole.only_ours, whole.only_rivals) == (60, 50)
    # 60 faces only we read, 50 only the rival: the difference of the accuracies has
    # the standard error sqrt(110 - 10² / 200) / 200.
    spread = 1.96 * np.sqrt(110 - 100 / 200) / 200
    assert whole.interval == pytest.approx((0.05 - spread, 0.05 + spread), abs=0.01)
    assert whole.p == pytest.approx(binomtest(60, 110).pvalue)
    assert half.difference == pytest.approx(0.6)
    assert half.interval[0] > 0.4
    assert half.p == pytest.approx(2 * 0.5**60, abs=1e-12)


def test_a_network_is_not_ahead_of_itself(held):
    ours = np.arange(FACES) % 3 == 0
    lead = measure_leads(held, ours, rival_right_on(held, ours))[0]
    assert (lead.difference, lead.interval, lead.p) == (0, (0, 0), 1)


def test_in_words_and_as_json(held):
    ours, theirs = np.arange(FACES) < 150, np.arange(FACES) < 140
    lead = measure_leads(held, ours, rival_right_on(held, theirs))[0]
    assert str(lead).startswith("whole: 75.0% against 70.0%, difference +5.0 [+2.")
    assert str(lead).endswith("points, McNemar's p 0.002")
    saved = json.loads(json.dumps(lead.to_dict()))
    assert saved["difference"] == 0.05
    assert saved["p"] == pytest.approx(2 * 0.5**10)
    assert len(saved["interval"]) == 2
