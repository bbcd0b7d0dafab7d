"""Non-maximum suppression step by step ends where `boxes.nms` ends."""

import numpy as np
import pytest

from fer_course import boxes
from fer_course.teaching.explorers import nms


@pytest.mark.parametrize("iou_threshold", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_the_last_step_keeps_what_nms_keeps(iou_threshold):
    last = nms.steps(nms.BOXES_XYXY, nms.SCORES, iou_threshold)[-1]
    kept = boxes.nms(nms.BOXES_XYXY, nms.SCORES, iou_threshold)
    assert list(last.kept) == list(kept)
    assert sorted(last.kept + last.removed) == list(range(len(nms.SCORES)))


@pytest.mark.parametrize("seed", range(5))
def test_random_boxes_agree_with_nms(seed):
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, 50, (20, 2))
    found = np.hstack([corners, corners + rng.uniform(10, 40, (20, 2))])
    scores = rng.random(20)
    last = nms.steps(found, scores, 0.4)[-1]
    assert list(last.kept) == list(boxes.nms(found, scores, 0.4)), f"seed {seed}"


def test_no_boxes_have_only_the_start():
    assert nms.steps(np.zeros((0, 4)), np.zeros(0), 0.5) == [nms.Step()]


def test_letters_follow_the_scores_and_the_alt_text_is_true():
    assert list(nms.SCORES) == sorted(nms.SCORES, reverse=True)
    said = [nms.describe(step).split(". ")[-1] for step in range(4)]
    assert said == [
        "All boxes wait.",
        "Keep A, remove C and F.",
        "Keep B, remove D and E.",
        "Keep G, remove none.",
    ]


def test_a_step_past_the_end_stays_at_the_end():
    assert nms.describe(99) == nms.describe(3)
