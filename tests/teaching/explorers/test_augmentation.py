"""The copies come from the augmentation that training uses."""

import numpy as np

from fer_course.teaching.explorers import augmentation


def _pictures(figure):
    return [np.asarray(axes.images[0].get_array()) for axes in figure.axes]


def test_without_any_change_all_pictures_are_the_original():
    face = augmentation.sample_face()
    first, *copies = _pictures(augmentation.draw(face, 0, **augmentation.OFF))
    assert len(copies) == augmentation.COPIES
    assert all(np.abs(copy - first.astype(float)).max() < 1e-3 for copy in copies)


def test_the_same_seed_gives_the_same_copies_and_another_others():
    face = augmentation.sample_face()
    amounts = augmentation.OFF | {"rotation_deg": 20.0}
    first, again, other = (
        _pictures(augmentation.draw(face, seed, **amounts)) for seed in (3, 3, 4)
    )
    assert all(map(np.array_equal, first, again))
    assert not np.array_equal(first[1], other[1])


def test_each_picture_of_the_static_twin_differs_from_the_original():
    first, *changed = _pictures(augmentation.static())
    assert all(np.abs(copy - first.astype(float)).mean() > 2 for copy in changed)


def test_the_words_name_what_is_on():
    face = augmentation.sample_face()
    said = augmentation.describe(face, 0, **augmentation.OFF | {"flip": True})
    assert "flip True" in said and "zoom" not in said
