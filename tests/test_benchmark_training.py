"""Speeds of both trainings and of reading a list, on next to nothing."""

from dataclasses import replace

import pytest

from fer_course import benchmark_training as module
from fer_course.expression.recipe import COURSE_RECIPE


def test_a_list_is_read_whole(tmp_path, monkeypatch):
    read = []
    whole = module.read_wider
    monkeypatch.setattr(module, "read_wider", lambda *a: read.append(whole(*a)))
    measure = module.time_reading(tmp_path, entries=30)
    assert len(measure.values) == len(read) == 3
    assert measure.median > 0
    for found in read:
        assert len(found.photos) == 30
        assert {len(photo.boxes_xyxy) for photo in found.photos} == {12}


@pytest.mark.slow
def test_fernet_is_timed_both_ways():
    network = {**COURSE_RECIPE.network, "filters": (4, 8)}
    recipe = replace(COURSE_RECIPE, network=network, batch_size=8)
    ours, plain, ratio = module.time_fernet(recipe, steps=3)
    assert len(ours.values) == len(plain.values) == 3
    assert min(ours.values + plain.values) > 0
    assert ratio.median == pytest.approx(ours.median / plain.median)


@pytest.mark.slow
def test_the_detector_is_timed_after_its_first_epoch(tmp_path):
    measure = module.time_detector(tmp_path, image_size=64)
    assert len(measure.values) == module.EPOCHS - 1
    assert measure.median > 0
