"""Annotated photos made up for the tests that compare and choose detectors."""

import numpy as np
import pytest

from fer_course.detection.records import AnnotatedPhoto


@pytest.fixture
def photos():
    """Six photos of one set and one each of two others, a face each; two without."""
    box = np.array([[10.0, 20, 50, 80]])
    sets = ["wider"] * 6 + ["afw", "lfpw"] + ["negatives"] * 2
    return [
        AnnotatedPhoto(
            name,
            f"{index}.jpg",
            f"{name}/{index}",
            box if name != "negatives" else box[:0],
            np.zeros(int(name != "negatives"), bool),
            str(index),
        )
        for index, name in enumerate(sets)
    ]
