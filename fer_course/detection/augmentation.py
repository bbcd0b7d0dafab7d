"""Training photos made poor now and then: gray, dark or out of focus.

In: a training picture as Ultralytics has cut, glued and colored it. Out: the same
picture, seldom a poorer one. News photos are gray, stages are dark, backgrounds are
blurred, and faces in them count as much as others. Size, place and sharpness of the
boxes stay. Notebook 02 shows them.
"""

import random
from functools import partial

import cv2
import numpy as np

GRAY_SHARE = 0.1
DARK_SHARE, DARK_GAMMA = 0.1, (1.5, 3.0)
BLUR_SHARE, BLUR_SIGMA_PX = 0.1, (0.5, 1.5)


def make_poor(image, rng=random):
    """Return a training picture, or a gray, dark or blurred copy of it.

    The three are drawn one by one, so that a picture may be all of them.

    Args:
        image: (H, W, 3) uint8, in whatever order of colors.
        rng: source of random numbers, with `random` and `uniform`.

    Returns:
        (H, W, 3) uint8.
    """
    if rng.random() < GRAY_SHARE:
        image = np.repeat(image.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    if rng.random() < DARK_SHARE:
        gamma = rng.uniform(*DARK_GAMMA)
        levels = 255 * (np.arange(256) / 255) ** gamma
        image = cv2.LUT(image, levels.round().astype(np.uint8))
    if rng.random() < BLUR_SHARE:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(*BLUR_SIGMA_PX))
    return image


def train_on_poor_photos(trainer):
    """Let Ultralytics' training pictures pass through `make_poor`, the last step.

    Its own way of adding steps needs another package. Called when the loaders stand.
    """
    photos = trainer.train_loader.dataset
    # rebuilt by Ultralytics too, when it turns the mosaics off
    photos.build_transforms = partial(_with_poor_photos, photos.build_transforms)
    photos.transforms = photos.build_transforms(trainer.args)
    trainer.train_loader.reset()  # its workers hold a copy of the old steps


def _with_poor_photos(build_transforms, hyp):
    transforms = build_transforms(hyp)
    transforms.insert(len(transforms.transforms) - 1, _make_label_poor)
    return transforms


def _make_label_poor(labels):
    return labels | {"img": make_poor(labels["img"])}
