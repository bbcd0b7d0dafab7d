"""Gradient descent on the valley agrees with its closed form."""

import numpy as np
import pytest

from fer_course.teaching.explorers import learning_rate


@pytest.mark.parametrize("rate", [0.001, 0.08, 0.15, 0.2])
def test_the_path_follows_the_closed_form(rate):
    path = learning_rate.descend(rate, steps=7)
    steps = np.arange(8)[:, None]
    shrink = (1 - rate * learning_rate.CURVATURES) ** steps
    assert np.allclose(path, learning_rate.START * shrink)


def test_below_the_limit_the_loss_falls_and_above_it_rises():
    start = learning_rate.loss(learning_rate.START)
    below, above = learning_rate.LIMIT * 0.98, learning_rate.LIMIT * 1.02
    assert learning_rate.loss(learning_rate.descend(below, 500)[-1]) < start / 100
    assert learning_rate.loss(learning_rate.descend(above, 500)[-1]) > start


def test_the_alt_text_of_the_static_twin_is_true():
    losses = [
        float(learning_rate.loss(learning_rate.descend(rate)[-1]))
        for rate in learning_rate.RATES
    ]
    slow, arrives, zigzag, away = losses
    assert slow > 1 > 0.1 > arrives > zigzag
    assert away > learning_rate.loss(learning_rate.START)
    assert round(learning_rate.LIMIT, 3) == 0.167


def test_the_words_tell_on_which_side_of_the_limit_the_rate_lies():
    assert ", below the limit" in learning_rate.describe(0.1)
    assert ", not below the limit" in learning_rate.describe(0.2)
