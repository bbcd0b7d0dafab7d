"""Batches come in an order that seed and epoch give."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("keras")

from fer_course.expression.batches import Batches
from tests.expression.test_training import RECIPE, faces


def test_batches_are_equal_for_equal_epochs_and_change_with_them():
    first, again = Batches(faces(), RECIPE), Batches(faces(), RECIPE, first_epoch=1)
    zero = first[0][0]
    first.on_epoch_end()
    np.testing.assert_array_equal(first[2][0], again[2][0])
    assert (first[0][0] != zero).any()
    seen = np.concatenate([again[i][1] for i in range(len(again))])
    assert len(seen) == 64


def test_an_epoch_can_show_as_many_faces_of_each_set():
    small, large = faces(10), faces(54, 1)
    names = [f"small/{k}" for k in range(10)] + [f"large/{k}" for k in range(54)]
    both = replace(
        large,
        name="joint",
        pixels=np.concatenate([small.pixels, large.pixels]),
        targets=np.concatenate([small.targets, large.targets]),
        names=np.array(names),
    )
    batches = Batches(both, replace(RECIPE, set_faces=25, batch_size=10))
    assert len(batches) == len(batches.order) // 10 == 5
    times = np.bincount(batches.order, minlength=64)
    assert times[:10].sum() == times[10:].sum() == 25
    assert set(times[:10]) == {2, 3} and set(times[10:]) == {0, 1}
    before = batches.order
    batches.on_epoch_end()
    assert (batches.order != before).any()
