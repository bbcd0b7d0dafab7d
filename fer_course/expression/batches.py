"""Augmented training batches, drawn alike in a resumed run.

In: a `FaceSet` and a `Recipe`. Out: batches for Keras' `fit`, in the order that seed
and epoch give. Notebook 05.
"""

import keras
import numpy as np

from fer_course.expression.joint import sets_of


class Batches(keras.utils.PyDataset):
    """Augmented training batches; equal for equal (seed, epoch, batch)."""

    def __init__(self, faces, recipe, first_epoch=0):
        super().__init__()
        self.faces, self.recipe, self.epoch = faces, recipe, first_epoch
        sets = sets_of(faces)
        self._sets = [np.flatnonzero(sets == name) for name in np.unique(sets)]
        self._shuffle()

    def _shuffle(self):
        rng = np.random.default_rng((self.recipe.seed, self.epoch))
        shown = np.arange(len(self.faces))
        if count := self.recipe.set_faces:
            shown = np.concatenate([_draw(rows, count, rng) for rows in self._sets])
        self.order = rng.permutation(shown)

    def __len__(self):
        return max(len(self.order) // self.recipe.batch_size, 1)

    def __getitem__(self, i):
        size = self.recipe.batch_size
        rows = self.order[i * size : (i + 1) * size]
        rng = np.random.default_rng((self.recipe.seed, self.epoch, i))
        faces = self.recipe.augmentation(self.faces.pixels[rows], rng)
        return faces[..., None], self.faces.targets[rows]

    def on_epoch_end(self):
        """Shuffle anew for the next epoch."""
        self.epoch += 1
        self._shuffle()


def _draw(rows, count, rng):
    """Return `count` of the rows, each as often as any other but for one."""
    passes, rest = divmod(count, len(rows))
    return np.concatenate([*[rows] * passes, rng.choice(rows, rest, replace=False)])
