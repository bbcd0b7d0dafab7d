import json

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix, f1_score, log_loss, recall_score

from fer_course.expression.evaluation import (
    apply_temperature,
    evaluate_classifier,
    fit_temperature,
    mcnemar,
    paired_bootstrap,
    reliability,
    selective_accuracy,
    wilson_interval,
)
from fer_course.labels import EXPRESSIONS


def softmax(logits):
    weights = np.exp(logits - logits.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True)


def random_case(seed, n=400, classes=7):
    """Faces whose labels are drawn from the probabilities: perfectly calibrated."""
    rng = np.random.default_rng(seed)
    probabilities = np.zeros((n, 7))
    probabilities[:, :classes] = softmax(2 * rng.normal(size=(n, classes)))
    labels = np.array([rng.choice(7, p=row) for row in probabilities])
    return probabilities, labels


@pytest.mark.parametrize(
    ("successes", "n", "expected"),
    [
        pytest.param(0, 10, (0.0, 0.27755), id="none"),
        pytest.param(10, 10, (0.72245, 1.0), id="all"),
        pytest.param(8, 10, (0.49015, 0.94334), id="eight of ten"),
        pytest.param(2497, 3589, (0.68047, 0.71057), id="the paper's figure"),
        pytest.param(0, 0, (0.0, 1.0), id="nothing looked at"),
    ],
)
def test_wilson_interval(successes, n, expected):
    assert wilson_interval(successes, n) == pytest.approx(expected, abs=2e-4)


@pytest.mark.parametrize(("k", "n"), [(3, 17), (40, 41), (1, 200)])
def test_wilson_equals_scipy(k, n):
    found = binomtest(k, n).proportion_ci(0.95, method="wilson")
    assert wilson_interval(k, n, z=1.959964) == pytest.approx(found, abs=1e-6)


@pytest.mark.parametrize(("k", "n"), [(-1, 5), (6, 5)])
def test_wilson_refuses_an_impossible_count(k, n):
    with pytest.raises(ValueError, match="expected a count in 0"):
        wilson_interval(k, n)


@pytest.mark.parametrize("classes", [7, 5])
def test_report_equals_sklearn(classes):
    probabilities, labels = random_case(1, classes=classes)
    predicted = probabilities.argmax(1)
    report = evaluate_classifier(probabilities, labels)
    present = np.unique(labels)
    assert report.accuracy == pytest.approx((predicted == labels).mean())
    expected = f1_score(
        labels, predicted, labels=present, average="macro", zero_division=0
    )
    assert report.macro_f1 == pytest.approx(expected)
    recall = recall_score(labels, predicted, labels=present, average=None)
    np.testing.assert_allclose(report.recall[present], recall)
    matrix = confusion_matrix(labels, predicted, labels=range(7))
    np.testing.assert_array_equal(report.confusion, matrix)
    expected = log_loss(labels, probabilities[:, :classes], labels=range(classes))
    assert report.nll == pytest.approx(expected)


def test_absent_class_has_no_recall_and_is_left_out_of_the_mean():
    probabilities = np.eye(7)[[0, 0, 1, 5]]
    report = evaluate_classifier(probabilities, np.array([0, 0, 1, 1]))
    assert np.isnan(report.recall[2:]).all()
    # anger 1; happy 2 * 1 / (2 + 1); disgust is predicted but does not occur
    assert report.macro_f1 == pytest.approx((1 + 2 / 3) / 2)


def test_report_travels_as_json_and_table():
    report = evaluate_classifier(np.eye(7)[[0, 1]], np.array([0, 2]))
    saved = json.loads(json.dumps(report.to_dict()))
    assert saved["accuracy"] == 0.5
    assert saved["recall"]["fear"] is None
    table = report.to_frame()
    assert list(table.index) == list(EXPRESSIONS)
    assert table.loc["sad", "recall"] == 0
    assert "2 faces: accuracy 50.0%" in str(report)


@pytest.mark.parametrize(
    ("probabilities", "labels", "message"),
    [
        pytest.param(np.ones((2, 3)) / 3, [0, 1], r"shape \(2, 3\)", id="classes"),
        pytest.param(np.zeros((0, 7)), np.zeros(0, int), "no face", id="empty"),
        pytest.param(np.eye(7)[[0]], [7], "0 to 6", id="label too large"),
        pytest.param(np.eye(7)[[0]], [0.0], "whole numbers", id="label a float"),
        pytest.param(np.full((1, 7), 2.0), [0], "logits", id="logits"),
        pytest.param(np.full((1, 7), np.nan), [0], "logits", id="not a number"),
        pytest.param([[2, -1, 0, 0, 0, 0, 0]], [0], "below 0", id="below 0"),
    ],
)
def test_refuses_in_words(probabilities, labels, message):
    with pytest.raises(ValueError, match=message):
        evaluate_classifier(probabilities, np.array(labels))


@pytest.mark.parametrize("seed", range(5))
def test_mcnemar_equals_the_binomial_test(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.random((2, 900)) < [[0.7], [0.66]]
    found = mcnemar(a, b)
    n = found.only_a + found.only_b
    assert found.p == pytest.approx(binomtest(found.only_a, n).pvalue, abs=1e-9)


def test_mcnemar_of_equal_networks():
    assert mcnemar([1, 0], [1, 0]).p == 1


def test_a_tiny_p_is_not_zero():
    assert mcnemar(100 * [1], 100 * [0]).p == pytest.approx(2.0**-99, rel=1e-6)


def test_paired_bootstrap_agrees_with_drawing_faces():
    rng = np.random.default_rng(3)
    a, b = rng.random((2, 500)) < [[0.75], [0.65]]
    difference, low, high = paired_bootstrap(a, b)
    rows = rng.integers(0, 500, (4000, 500))
    drawn = (a[rows].mean(1)) - (b[rows].mean(1))
    assert difference == pytest.approx(a.mean() - b.mean())
    assert (low, high) == pytest.approx(np.quantile(drawn, (0.025, 0.975)), abs=0.006)
    assert paired_bootstrap(a, a) == (0, 0, 0)


def test_networks_scored_on_different_faces_are_refused():
    with pytest.raises(ValueError, match="same faces"):
        mcnemar([1, 0], [1])


def test_reliability_by_hand():
    top = np.array([0.95, 0.85, 0.55, 0.55])
    probabilities = np.zeros((4, 7))
    probabilities[:, 0], probabilities[:, 1] = top, 1 - top
    found = reliability(probabilities, np.array([0, 1, 0, 1]), bins=10)
    assert found.counts.tolist() == [0, 0, 0, 0, 0, 2, 0, 0, 1, 1]
    assert found.accuracy[5] == 0.5
    assert np.isnan(found.accuracy[0])
    assert found.ece == pytest.approx((2 * 0.05 + 0.85 + 0.05) / 4)


def test_a_bin_holds_its_upper_bound():
    found = reliability(np.full((1, 7), 1 / 7), np.array([0]), bins=7)
    assert found.counts.tolist() == [1, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("planted", [0.4, 1.0, 2.5])
def test_fit_temperature_finds_what_was_planted(planted):
    calibrated, labels = random_case(5, n=6000)
    shown = apply_temperature(calibrated, 1 / planted)
    found = fit_temperature(shown, labels)
    assert found == pytest.approx(planted, rel=0.05)
    after = apply_temperature(shown, found)
    assert (after.argmax(1) == shown.argmax(1)).all()
    before, now = (evaluate_classifier(p, labels) for p in (shown, after))
    assert now.nll <= before.nll + 1e-9
    assert now.ece < 0.03


def test_a_temperature_near_zero_leaves_one_class():
    sharp = apply_temperature(np.array([[0.5, 0.3, 0.2]]), 1e-4)
    np.testing.assert_allclose(sharp, [[1, 0, 0]])


def test_temperature_is_above_zero():
    with pytest.raises(ValueError, match="above 0"):
        apply_temperature(np.eye(7), 0)


def test_selective_accuracy_by_hand():
    top = np.array([0.9, 0.8, 0.8, 0.6])
    probabilities = np.zeros((4, 7))
    probabilities[:, 0], probabilities[:, 1] = top, 1 - top
    curve = selective_accuracy(probabilities, np.array([0, 0, 1, 1]))
    np.testing.assert_allclose(curve.thresholds, [0.9, 0.8, 0.6])
    np.testing.assert_allclose(curve.coverage, [0.25, 0.75, 1])
    np.testing.assert_allclose(curve.accuracy, [1, 2 / 3, 0.5])
    assert curve.threshold_for(0.6) == pytest.approx(0.8)
    assert curve.threshold_for(0.5) == pytest.approx(0.6)


def test_a_target_out_of_reach_leaves_nothing_sure():
    curve = selective_accuracy(np.eye(7)[[0]] * 0.9 + 0.1 / 7, np.array([1]))
    assert curve.threshold_for(0.85) == 1.0
