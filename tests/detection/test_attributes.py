"""Recall by attribute against faces counted by hand."""

import numpy as np
import pytest

from fer_course.detection.attributes import (
    attribute_lines,
    attribute_table,
    recall_by_attribute,
)
from fer_course.detection.matching import score_photos
from fer_course.detection.records import AnnotatedPhoto

SMALL, LARGE = [0, 0, 10, 10], [20, 20, 60, 60]
FAR, IGNORED = [100, 0, 120, 20], [200, 200, 240, 240]
TRUTHS = [[IGNORED, SMALL, LARGE], [FAR], []]
IGNORE = [[True, False, False], [False], []]
#            0.9 finds the large face, 0.4 the far one; nothing finds the small one
FOUND = [([LARGE, IGNORED], [0.9, 0.8]), ([FAR], [0.4]), ([], [])]
LEVELS = [np.array([0, 2, 2]), np.array([1]), np.zeros(0, int)]


def photos_with(levels):
    return [
        AnnotatedPhoto(
            dataset="wider",
            path=None,
            name=f"wider/{number}",
            boxes_xyxy=np.array(boxes, float).reshape(-1, 4),
            ignore=np.array(ignore, bool),
            group="",
            attributes=dict.fromkeys(
                ("blur", "illumination", "occlusion", "pose"), level
            ),
        )
        for number, (boxes, ignore, level) in enumerate(
            zip(TRUTHS, IGNORE, levels, strict=True)
        )
    ]


@pytest.mark.parametrize(
    ("threshold", "recalls"),
    [
        pytest.param(0.4, {1: 1.0, 2: 0.5}, id="low"),
        pytest.param(0.5, {1: 0.0, 2: 0.5}, id="high"),
        pytest.param(0.95, {1: 0.0, 2: 0.0}, id="nothing found"),
    ],
)
def test_recall_by_hand(threshold, recalls):
    found = recall_by_attribute(score_photos(FOUND, TRUTHS, IGNORE), LEVELS, threshold)
    assert {level: row[0] for level, row in found.items()} == recalls
    assert found[1][1:] == (1, 20.0)
    assert found[2][1:] == (2, 25.0)  # faces of 10 and 40 px


def test_agrees_with_counting_face_by_face():
    rng = np.random.default_rng(5)
    corners = rng.uniform(0, 400, (40, 6, 2))
    truths = np.concatenate([corners, corners + rng.uniform(4, 60, (40, 6, 2))], axis=2)
    ignore, levels = rng.random((40, 6)) < 0.3, rng.integers(0, 3, (40, 6))
    kept = [boxes[rng.random(6) < 0.6] for boxes in truths]
    found = [(boxes, rng.random(len(boxes))) for boxes in kept]
    scored = score_photos(found, truths, ignore, min_size_px=10)
    counts = np.zeros((3, 2), int)
    for (boxes, scores), photo, skip, level in zip(
        found, truths, ignore, levels, strict=True
    ):
        sizes = np.sqrt((photo[:, 2:] - photo[:, :2]).prod(axis=1))
        for row in np.flatnonzero(~skip & (sizes >= 10)):
            hits = scores[(boxes == photo[row]).all(axis=1)]
            counts[level[row]] += 1, int((hits >= 0.5).any())
    result = recall_by_attribute(scored, levels, 0.5)
    assert [result[level][1] for level in range(3)] == counts[:, 0].tolist()
    recalls = [result[level][0] for level in range(3)]
    assert recalls == pytest.approx(counts[:, 1] / counts[:, 0])


def test_levels_of_other_photos_are_refused():
    scored = score_photos(FOUND, TRUTHS, IGNORE)
    with pytest.raises(ValueError, match="3 photos but levels for 2"):
        recall_by_attribute(scored, LEVELS[:2], 0.5)


def test_table_names_levels_and_leaves_out_the_rest():
    scored = {
        "ours": score_photos(FOUND, TRUTHS, IGNORE),
        "theirs": score_photos([([], [])] * 3, TRUTHS, IGNORE),
    }
    photos = photos_with(LEVELS)
    table = attribute_table(scored, {"ours": 0.3, "theirs": 0.3}, photos)
    assert [(row.attribute, row.level, row.faces) for row in table] == [
        ("blur", "normal", 1),
        ("blur", "heavy", 2),
        ("illumination", "extreme", 1),  # it has no level 2
        ("occlusion", "partial", 1),
        ("occlusion", "heavy", 2),
        ("pose", "atypical", 1),
    ]
    assert table[1].recall == {"ours": 0.5, "theirs": 0.0}
    assert table[1].median_size_px == 25.0
    heading, _, heavy, *_ = attribute_lines(table)
    assert heading.split()[-2:] == ["ours", "theirs"]
    assert heavy.split() == ["blur:", "heavy", "2", "25.0", "50.0", "0.0"]
    assert len(heading) == len(heavy)


def test_no_table_without_attributes():
    scored = {"ours": score_photos(FOUND, TRUTHS, IGNORE)}
    photos = photos_with(LEVELS)
    photos[1].attributes.clear()
    assert attribute_table(scored, {"ours": 0.3}, photos) == ()
    assert attribute_lines(()) == []
