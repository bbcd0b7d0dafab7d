"""Matching, curves and intervals against hand-worked cases, a loop and Ultralytics."""

import numpy as np
import pytest

from fer_course.boxes import iou_matrix
from fer_course.detection import evaluation
from fer_course.detection.evaluation import (
    area_under_curve,
    average_precision,
    bootstrap_interval,
    evaluate_detector,
    match_detections,
    paired_bootstrap,
    precision_recall,
    recall_at_false_alarms,
    recall_by_size,
    report_on,
    score_photos,
    score_set,
    scored_precision,
    threshold_at_false_alarms,
)
from fer_course.detection.records import AnnotatedPhoto

FACE, OTHER = [10, 10, 30, 40], [100, 20, 140, 60]
AWAY = [200, 200, 220, 230]


def random_photos(seed, n=30):
    """Photos with faces, jittered and doubled detections and false alarms."""
    rng = np.random.default_rng(seed)
    detections, truths, ignore = [], [], []
    for _ in range(n):
        corner = rng.uniform(0, 500, (rng.integers(0, 8), 2))
        truth = np.hstack([corner, corner + rng.uniform(5, 90, corner.shape)])
        jitter = rng.normal(0, 3, (2, *truth.shape))
        near = np.concatenate([truth + jitter[0], truth + jitter[1]])
        far = rng.uniform(0, 500, (3, 2))
        far = np.hstack([far, far + rng.uniform(5, 90, far.shape)])
        found = np.concatenate([near, far])
        found[:, 2:] = np.maximum(found[:, 2:], found[:, :2])
        found = found[rng.random(len(found)) < 0.7]
        detections.append((found, rng.random(len(found))))
        truths.append(truth)
        ignore.append(rng.random(len(truth)) < 0.2)
    return detections, truths, ignore


def loop_match(boxes, scores, truths, ignore, iou_threshold):
    """The rule as one would say it, a detection at a time."""
    taken, hits, counted = set(), [], []
    for i in np.argsort(-scores, kind="stable"):
        best, best_iou = None, 0
        on_ignored = False
        for j in range(len(truths)):
            iou = iou_matrix(boxes[i], truths[j])[0, 0]
            if iou < iou_threshold or iou == 0:
                continue
            if ignore[j]:
                on_ignored = True
            elif j not in taken and iou > best_iou:
                best, best_iou = j, iou
        if best is not None:
            taken.add(best)
        hits.append(best is not None)
        counted.append(best is not None or not on_ignored)
    return hits, counted


@pytest.mark.parametrize(
    ("boxes", "scores", "truths", "ignore", "hit", "counted"),
    [
        pytest.param([], [], [], None, [], [], id="nothing at all"),
        pytest.param([], [], [FACE], None, [], [], id="no detection"),
        pytest.param([FACE], [0.5], [], None, [0], [1], id="no face"),
        pytest.param([FACE], [0.5], [FACE], None, [1], [1], id="exact"),
        pytest.param(
            [FACE, FACE], [0.5, 0.9], [FACE], None, [1, 0], [1, 1], id="duplicate"
        ),
        pytest.param([FACE], [0.5], [FACE], [True], [0], [0], id="ignored face"),
        pytest.param(
            [AWAY, OTHER, FACE],
            [0.2, 0.9, 0.4],
            [FACE, OTHER],
            None,
            [1, 1, 0],
            [1, 1, 1],
            id="order by score",
        ),
    ],
)
def test_match_by_hand(boxes, scores, truths, ignore, hit, counted):
    found = match_detections(boxes, scores, truths, ignore)
    assert found.hit.tolist() == [bool(value) for value in hit]
    assert found.counted.tolist() == [bool(value) for value in counted]


def test_match_takes_the_best_free_face():
    # The first detection overlaps both faces, the left one more; the second one's
    # best is taken, so it gets the right one.
    truths = [[0, 0, 10, 10], [4, 0, 14, 10]]
    found = match_detections(
        [[1, 0, 11, 10], [2, 0, 12, 10]], [0.9, 0.8], truths, iou_threshold=0.5
    )
    assert found.hit.all()
    assert found.found_by.tolist() == [0.9, 0.8]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("iou_threshold", [0.3, 0.5, 0.75])
def test_match_agrees_with_the_loop(seed, iou_threshold):
    for (boxes, scores), truth, ignore in zip(*random_photos(seed), strict=True):
        found = match_detections(boxes, scores, truth, ignore, iou_threshold)
        hits, counted = loop_match(boxes, scores, truth, ignore, iou_threshold)
        assert found.hit.tolist() == hits
        assert found.counted.tolist() == counted


def test_match_says_what_does_not_fit():
    with pytest.raises(ValueError, match="1 boxes but 2 scores: give one each"):
        match_detections([FACE], [0.1, 0.2], [])
    with pytest.raises(ValueError, match="1 boxes but 0 ignore"):
        match_detections([], [], [FACE], [])


def test_average_precision_by_hand():
    # Six detections, best first: hit, hit, miss, hit, duplicate, hit; five faces.
    faces = [[50 * i, 0, 50 * i + 20, 30] for i in range(5)]
    boxes = [faces[0], faces[1], AWAY, faces[2], faces[0], faces[3]]
    found = [(boxes, [0.9, 0.8, 0.7, 0.6, 0.5, 0.4])]
    # recalls 1/5 2/5 3/5 4/5 at precisions 1, 1, 3/4, 4/6
    expected = (1 + 1 + 3 / 4 + 4 / 6) / 5
    assert average_precision(found, [faces]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("detections", "truths", "expected"),
    [
        pytest.param([([FACE], [0.9])], [[FACE]], 1.0, id="perfect"),
        pytest.param([([], [])], [[FACE]], 0.0, id="nothing found"),
        pytest.param([([AWAY], [0.9])], [[FACE]], 0.0, id="elsewhere"),
        pytest.param([([FACE, AWAY], [0.5, 0.9])], [[FACE]], 0.5, id="alarm first"),
        pytest.param([([FACE, AWAY], [0.9, 0.5])], [[FACE]], 1.0, id="alarm last"),
        pytest.param(
            [([FACE], [0.5]), ([AWAY], [0.9])], [[FACE], []], 0.5, id="empty photo"
        ),
    ],
)
def test_average_precision_cases(detections, truths, expected):
    assert average_precision(detections, truths) == pytest.approx(expected)


def test_no_face_has_no_average_precision():
    assert np.isnan(average_precision([([AWAY], [0.9])], [[]]))
    assert np.isnan(average_precision([([FACE], [0.9])], [[FACE]], ignore=[[True]]))


def test_order_of_photos_and_detections_does_not_matter():
    detections, truths, ignore = random_photos(7)
    detections = [(boxes, np.round(scores, 1)) for boxes, scores in detections]  # ties
    expected = average_precision(detections, truths, ignore=ignore)
    rng = np.random.default_rng(1)
    order = rng.permutation(len(truths))
    orders = [rng.permutation(len(scores)) for _, scores in detections]
    detections = [
        (boxes[rows], scores[rows])
        for (boxes, scores), rows in zip(detections, orders, strict=True)
    ]
    shuffled = [[part[i] for i in order] for part in (detections, truths, ignore)]
    got = average_precision(shuffled[0], shuffled[1], ignore=shuffled[2])
    assert got == pytest.approx(expected, abs=1e-12)


def test_small_faces_and_small_alarms_do_not_count():
    speck, far_speck = [5, 5, 11, 11], [300, 300, 306, 306]
    found = [([FACE, speck, far_speck, AWAY], [0.4, 0.9, 0.8, 0.3])]
    scored = score_photos(found, [[FACE, speck]], min_size_px=8)
    assert scored.scores.tolist() == [0.4, 0.3]
    assert scored.hit.tolist() == [True, False]
    assert scored.face_sizes == pytest.approx([np.sqrt(600)])


def test_a_face_and_an_alarm_of_the_smallest_size_count():
    found = [([[300, 300, 308, 308]], [0.8])]
    scored = score_photos(found, [[[5, 5, 13, 13]]], min_size_px=8)
    assert (scored.hit.tolist(), scored.face_sizes.tolist()) == ([False], [8.0])


def test_sizes_are_those_of_a_photo_of_640_px():
    """What a photo twice as large says is the same, false alarms included."""
    speck, far_speck = np.array([5, 5, 12, 12]), np.array([300, 300, 307, 307])
    truth = np.array([FACE, speck])
    found = np.array([FACE, speck, far_speck, AWAY]), np.array([0.4, 0.9, 0.8, 0.3])
    same = []
    for factor in (1, 2):
        image_hw = (480 * factor, 640 * factor)
        photo = AnnotatedPhoto(
            "set", None, "a", truth * factor, np.zeros(2, bool), "g", {}, image_hw
        )
        same.append(score_set([(found[0] * factor, found[1])], [photo]))
    for scored in same:
        assert scored.scores.tolist() == [0.4, 0.3]
        assert scored.face_sizes == pytest.approx([np.sqrt(600)])


def test_each_counted_face_is_known_by_photo_and_row():
    truths = [[AWAY, [0, 0, 5, 5], FACE], [], [OTHER, FACE]]
    ignore = [[True, False, False], [], [False, False]]
    nothing = [([], [])] * 3
    scored = score_photos(nothing, truths, ignore, min_size_px=8)
    assert scored.face_photo.tolist() == [0, 2, 2]
    assert scored.face_row.tolist() == [2, 0, 1]
    values = [np.array([10, 11, 12]), np.zeros(0, int), np.array([20, 21])]
    assert scored.of_faces(values).tolist() == [12, 20, 21]
    none = score_photos([([], [])], [[]]).of_faces([[]])
    assert none.shape == (0,) and none.dtype == int


@pytest.mark.parametrize("seed", range(4))
def test_agrees_with_ultralytics(seed):
    training = pytest.importorskip("fer_course.detection.training")
    training.import_ultralytics()
    from ultralytics.utils.metrics import ap_per_class

    detections, truths, _ = random_photos(seed, n=60)
    scored = score_photos(detections, truths)
    classes = np.zeros(len(scored.scores))
    result = ap_per_class(
        scored.hit[:, None], scored.scores, classes, np.zeros(len(scored.face_sizes))
    )
    assert scored_precision(scored, points=101) == pytest.approx(
        result[5][0, 0], abs=1e-9
    )
    exact = scored_precision(scored)
    assert exact == pytest.approx(result[5][0, 0], abs=0.02)
    assert exact != result[5][0, 0]


def test_agrees_with_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(3)
    scores, hit = np.sort(rng.random(200))[::-1], rng.random(200) < 0.6
    precision, recall, thresholds = metrics.precision_recall_curve(hit, scores)
    scored = evaluation.ScoredPhotos(
        scores,
        hit,
        np.zeros(200, int),
        np.full(hit.sum(), 20.0),
        scores[hit],
        np.zeros(hit.sum(), int),
        np.arange(hit.sum()),
        1,
    )
    ours = precision_recall(scored)
    np.testing.assert_allclose(ours[0], thresholds[::-1])
    np.testing.assert_allclose(ours[1], precision[:-1][::-1])
    np.testing.assert_allclose(ours[2], recall[:-1][::-1])


def test_area_under_curve_by_hand():
    precision, recall = np.array([1.0, 0.5, 2 / 3]), np.array([0.5, 0.5, 1.0])
    assert area_under_curve(precision, recall) == pytest.approx(0.5 + 0.5 * 2 / 3)
    assert area_under_curve(np.zeros(0), np.zeros(0)) == 0
    assert area_under_curve(np.ones(1), np.array([0.5]), points=101) == pytest.approx(
        0.5, abs=0.01
    )


def test_false_alarm_rate_by_hand():
    # Ten photos; alarms at 0.9 and 0.3, hits at 0.8, 0.5 and 0.2, one face missed.
    detections = [([FACE], [0.8]), ([FACE], [0.5]), ([FACE], [0.2])]
    detections += [([AWAY], [0.9]), ([AWAY], [0.3])] + [([], [])] * 5
    truths = [[FACE]] * 3 + [[OTHER], []] + [[]] * 5
    scored = score_photos(detections, truths)
    assert threshold_at_false_alarms(scored, per_photo=0.1) == 0.5
    assert recall_at_false_alarms(scored, per_photo=0.1) == 0.5
    assert recall_at_false_alarms(scored, per_photo=0.2) == 0.75
    assert threshold_at_false_alarms(scored, per_photo=0.0) == np.inf
    many = score_photos([([AWAY], [0.5])] * 29 + [([], [])] * 71, [[]] * 100)
    assert threshold_at_false_alarms(many, per_photo=0.29) == 0.5  # 28.999… alarms
    assert recall_at_false_alarms(scored, per_photo=0.0) == 0


def test_recall_by_size():
    truths = [[[0, 0, 8, 8], [20, 0, 36, 16], [60, 0, 80, 20], [100, 0, 200, 100]]]
    detections = [([truths[0][1], truths[0][3]], [0.9, 0.4])]
    recall, faces = recall_by_size(score_photos(detections, truths), 0.5)
    np.testing.assert_array_equal(recall, [0, 0.5, np.nan, 0])
    assert faces.tolist() == [1, 2, 0, 1]


def test_weights_repeat_photos():
    detections, truths, ignore = random_photos(11, n=6)
    weights = np.array([2, 0, 1, 3, 0, 1])
    rows = np.repeat(np.arange(6), weights)
    once = score_photos(detections, truths, ignore)
    repeated = score_photos(*([part[i] for i in rows] for part in (detections, truths)))
    plain = score_photos(detections, truths)
    for statistic in (scored_precision, recall_at_false_alarms):
        assert statistic(plain, weights) == pytest.approx(statistic(repeated))
    assert once.n_photos == 6


def test_bootstrap_of_a_share():
    found = np.arange(400) % 4 == 0  # a quarter: standard error 0.0217
    low, high = bootstrap_interval(lambda w: (w * found).sum() / w.sum(), 400)
    assert low == pytest.approx(0.25 - 1.96 * 0.02165, abs=0.006)
    assert high == pytest.approx(0.25 + 1.96 * 0.02165, abs=0.006)


def test_bootstrap_without_a_value():
    assert np.isnan(bootstrap_interval(lambda _: np.nan, 5, draws=10)).all()


def test_paired_bootstrap_is_tighter_than_two_intervals():
    detections, truths, _ = random_photos(5, n=80)
    better = score_photos(detections, truths)
    worse = [(boxes[1:], scores[1:]) for boxes, scores in detections]
    worse = score_photos(worse, truths)
    difference, low, high = paired_bootstrap(better, worse, draws=300)
    assert difference == pytest.approx(
        scored_precision(better) - scored_precision(worse)
    )
    assert low < difference < high
    single = bootstrap_interval(lambda w: scored_precision(better, w), 80, draws=300)
    assert high - low < single[1] - single[0]
    same = paired_bootstrap(better, better, draws=20)
    assert same == (0, 0, 0)


def test_paired_bootstrap_needs_the_same_photos():
    a = score_photos([([], [])], [[FACE]])
    b = score_photos([([], [])] * 2, [[FACE]] * 2)
    with pytest.raises(ValueError, match="1 photos, the other 2"):
        paired_bootstrap(a, b)


def test_photos_must_match_in_number():
    with pytest.raises(ValueError, match="1 photos with detections, 2 with true"):
        score_photos([([], [])], [[], []])


class OneBox:
    """A detector that sees the same box everywhere."""

    def detect(self, picture):
        return np.array([FACE], np.float32), np.array([0.5], np.float32)


def test_evaluate_detector_reports():
    boxes = [np.array([FACE]), np.zeros((0, 4))]
    photos = [
        AnnotatedPhoto("set", None, f"set/{i}", box, np.zeros(len(box), bool), str(i))
        for i, box in enumerate(boxes)
    ]
    report = evaluate_detector(OneBox(), photos, score_threshold=0.4, photo_set="set")
    assert (report.photos, report.faces, report.missed) == (2, 1, 0)
    assert report.false_alarms == 1
    assert report.clean_share == 0.5
    assert report.ap50 == 0.5
    assert report.recall_by_size["16-32"] == 1
    assert report.recall_by_size[">64"] is None
    assert report.to_dict()["photo_set"] == "set"
    _, scores = OneBox().detect(None)
    exact = evaluate_detector(OneBox(), photos, score_threshold=float(scores[0]))
    assert (exact.missed, exact.false_alarms) == (0, 1)


def test_no_photo_is_one_sentence():
    with pytest.raises(ValueError, match="no photo to measure"):
        evaluate_detector(OneBox(), [], score_threshold=0.4)


def test_report_on_photos_without_a_face():
    report = report_on(score_photos([([AWAY], [0.2])], [[]]), 0.3, draws=20)
    assert report.ap50 is None
    assert report.ap50_interval == (None, None)
    assert report.clean_share == 1
