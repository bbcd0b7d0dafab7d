"""Batches come in an order that seed and epoch give."""

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
