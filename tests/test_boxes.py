import numpy as np
import pytest

from fer_course import boxes as bx

FORMS = [
    pytest.param([], id="empty"),
    pytest.param([[10, 20, 50, 80]], id="one"),
    pytest.param([[0, 0, 1, 1], [3.5, 2.25, 9, 40], [-4, -2, 7, 3]], id="many"),
    pytest.param([[5, 5, 5, 9]], id="no width"),
]


def random_boxes(rng, n, reach=100):
    low = rng.uniform(-10, reach, (n, 2))
    return np.hstack([low, low + rng.uniform(0, reach / 3, (n, 2))])


def slow_iou(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / union if union > 0 else 0.0


def slow_nms(boxes, scores, threshold):
    left = sorted(range(len(boxes)), key=lambda i: (-scores[i], i))
    kept = []
    while left:
        best = left.pop(0)
        kept.append(best)
        left = [i for i in left if slow_iou(boxes[best], boxes[i]) <= threshold]
    return kept


@pytest.mark.parametrize("boxes", FORMS)
def test_conversions_come_back(boxes):
    boxes = bx.as_boxes(boxes)
    assert boxes.shape == (len(boxes), 4)
    assert boxes.dtype == np.float64
    np.testing.assert_allclose(bx.xywh_to_xyxy(bx.xyxy_to_xywh(boxes)), boxes)
    there = bx.xyxy_to_cxcywhn(boxes, (37, 91))
    np.testing.assert_allclose(bx.cxcywhn_to_xyxy(there, (37, 91)), boxes, atol=1e-12)


def test_yolo_form_divides_x_by_the_width():
    np.testing.assert_allclose(
        bx.xyxy_to_cxcywhn([10, 20, 50, 80], (100, 200)), [[0.15, 0.5, 0.2, 0.6]]
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        pytest.param(lambda: bx.as_boxes([[1, 2, 3]]), r"\(1, 3\)", id="three numbers"),
        pytest.param(lambda: bx.as_boxes([50, 80, 10, 20]), "xywh_to_xyxy", id="xywh"),
        pytest.param(lambda: bx.as_boxes([0, 0, np.nan, 1]), "NaN", id="nan"),
        pytest.param(lambda: bx.clip([0, 0, 1, 1], (0, 5)), "above 0", id="no photo"),
        pytest.param(lambda: bx.nms([[0, 0, 1, 1]], [], 0.5), "scores", id="scores"),
        pytest.param(lambda: bx.square([0, 0, 1, 1], -1), "margin", id="margin"),
        pytest.param(lambda: bx.landmarks_to_box([[1, 2]]), "K >= 2", id="one point"),
    ],
)
def test_errors_say_what_to_do(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [
        pytest.param([0, 0, 4, 2], [4, 0, 6, 2], 0, id="touching"),
        pytest.param([0, 0, 4, 4], [1, 1, 3, 3], 0.25, id="nested"),
        pytest.param([0, 0, 4, 2], [2, 0, 6, 2], 1 / 3, id="half"),
        pytest.param([1, 1, 1, 5], [1, 1, 1, 5], 0, id="no area"),
        pytest.param([1, 2, 3, 9], [1, 2, 3, 9], 1, id="equal"),
    ],
)
def test_iou_by_hand(a, b, wanted):
    assert bx.iou_matrix(a, b).item() == pytest.approx(wanted)


def test_iou_equals_a_loop_and_torchvision():
    rng = np.random.default_rng(3)
    a, b = random_boxes(rng, 17), random_boxes(rng, 29)
    got = bx.iou_matrix(a, b)
    assert got.shape == (17, 29)
    np.testing.assert_allclose(got, [[slow_iou(x, y) for y in b] for x in a])
    np.testing.assert_allclose(got, bx.iou_matrix(b, a).T)
    np.testing.assert_allclose(got, bx.iou_matrix(a * 3 + 7, b * 3 + 7))
    assert bx.iou_matrix([], b).shape == (0, 29)
    torch = pytest.importorskip("torch")
    ops = pytest.importorskip("torchvision.ops")
    theirs = ops.box_iou(torch.from_numpy(a), torch.from_numpy(b)).numpy()
    np.testing.assert_allclose(got, theirs, atol=1e-12)


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("n", [0, 1, 60])
def test_nms_equals_a_loop_and_torchvision(n, threshold):
    rng = np.random.default_rng(n)
    boxes, scores = random_boxes(rng, n, reach=40), rng.random(n)
    kept = bx.nms(boxes, scores, threshold).tolist()
    assert kept == slow_nms(boxes, scores, threshold)
    torch = pytest.importorskip("torch")
    ops = pytest.importorskip("torchvision.ops")
    theirs = ops.nms(torch.from_numpy(boxes), torch.from_numpy(scores), threshold)
    assert kept == theirs.tolist()


def test_nms_keeps_the_order_of_equal_scores():
    boxes = [[0, 0, 4, 4], [9, 9, 12, 12], [0, 0, 4, 4]]
    assert bx.nms(boxes, [0.5, 0.5, 0.5], 0.5).tolist() == [0, 1]
    apart = [[9 * i, 0, 9 * i + 4, 4] for i in range(200)]  # too many for luck
    order = [*range(1, 200, 2), *range(0, 200, 2)]
    assert bx.nms(apart, np.tile([0.5, 0.9], 100), 0.5).tolist() == order


def test_clip_and_square():
    assert bx.clip([-5, 20, 50, 300], (100, 200)).tolist() == [[0, 20, 50, 100]]
    assert bx.area(bx.clip([300, 0, 320, 10], (100, 200))).item() == 0
    assert bx.square([10, 20, 50, 80]).tolist() == [[0, 20, 60, 80]]
    assert bx.square([]).shape == (0, 4)
    tall = bx.square([10, 20, 50, 80], margin=0.5)[0]
    assert tall[2] - tall[0] == tall[3] - tall[1] == 90


@pytest.mark.parametrize("angle", [0, 0.4, 1.2658, np.pi / 2, 2.5, -1.1, np.pi])
def test_ellipse_box_holds_sampled_points_and_no_more(angle):
    a, b, x, y = 123.5833, 85.5495, 269.6934, 161.7812
    t = np.linspace(0, 2 * np.pi, 400_000)
    points_x = x + a * np.cos(t) * np.cos(angle) - b * np.sin(t) * np.sin(angle)
    points_y = y + a * np.cos(t) * np.sin(angle) + b * np.sin(t) * np.cos(angle)
    sampled = [points_x.min(), points_y.min(), points_x.max(), points_y.max()]
    np.testing.assert_allclose(
        bx.ellipse_to_box(a, b, angle, x, y)[0], sampled, atol=1e-6
    )


def test_the_first_row_of_fddb():
    a, b, angle, x, y = 123.5833, 85.5495, 1.265839, 269.6934, 161.7812
    box = bx.ellipse_to_box(a, b, angle, x, y)
    np.testing.assert_allclose(box, [[180.05, 41.13, 359.34, 282.43]], atol=0.01)
    # what looks right and is wrong: notebook 01, section 2
    half_w = a * abs(np.cos(angle)) + b * abs(np.sin(angle))
    half_h = a * abs(np.sin(angle)) + b * abs(np.cos(angle))
    wrong = [
        [x - a, y - b, x + a, y + b],  # angle ignored
        [x - half_w, y - half_h, x + half_w, y + half_h],  # rotated rectangle's box
        [x - b, y - a, x + b, y + a],  # axes swapped, angle ignored
    ]
    np.testing.assert_allclose(
        bx.iou_matrix(box, wrong)[0], [0.56, 0.63, 0.93], atol=0.01
    )


def test_ellipse_broadcasts_and_warns_of_degrees():
    assert bx.ellipse_to_box([5, 6, 7], 3, 0, 0, 0).shape == (3, 4)
    assert bx.ellipse_to_box([], [], [], [], []).shape == (0, 4)
    with pytest.warns(UserWarning, match="radians"):
        bx.ellipse_to_box(5, 3, 72.5, 0, 0)


def test_landmark_box_holds_all_points_and_a_forehead():
    rng = np.random.default_rng(1)
    points = rng.uniform(20, 90, (68, 2))
    left, top, right, bottom = bx.landmarks_to_box(points, raise_top=0.33)
    assert left == points[:, 0].min() and right == points[:, 0].max()
    assert bottom == points[:, 1].max()
    assert points[:, 1].min() - top == pytest.approx(0.33 * np.ptp(points[:, 1]))
