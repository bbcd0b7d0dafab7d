"""Batch normalization: fused for training on TensorFlow, settled for serving.

In: a Keras model. Out: the same model, its batch normalization computed by
TensorFlow's fused operation. Keras writes the layer as a dozen operations, each in
float32 over the whole activation, which is much of a FERNet step on a processor;
torch's is fused already. Saved networks hold Keras' own layer. After training, the
averages are taken anew from faces as they are served. Notebook 05.
"""

import keras
import numpy as np
from keras import layers

from fer_course.settings import SEED

SETTLING_BATCH = 256
SETTLING_BATCHES = 64  # 16,384 faces at most: plenty for a mean


@keras.saving.register_keras_serializable("fer_course")
class FusedBatchNormalization(layers.BatchNormalization):
    """Keras' layer over the last axis of (N, H, W, C), fused while training.

    Statistics are float32 whatever the precision of the activations. The moving
    variance follows the unbiased estimate, N·H·W / (N·H·W - 1) of Keras' own.
    """

    def call(self, inputs, training=None, mask=None):
        """Return the normalized inputs; moves the averages while training."""
        if not training:
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=self.gamma,
            offset=self.beta,
            mean=[],
            variance=[],
            epsilon=self.epsilon,
            is_training=True,
        )
        for average, value in (
            (self.moving_mean, mean),
            (self.moving_variance, variance),
        ):
            average.assign(average * self.momentum + value * (1 - self.momentum))
        return outputs


def fuse_batch_norm(model):
    """Return a model with the same layers and weights, batch normalization fused.

    Other back ends than TensorFlow get the model back as it is.

    Args:
        model: a functional model whose batch normalization is over the last axis.
    """
    if keras.backend.backend() != "tensorflow":
        return model

    def fused(layer):
        kind = type(layer)
        if isinstance(layer, layers.BatchNormalization):
            kind = FusedBatchNormalization
        return kind.from_config(layer.get_config())

    twin = keras.models.clone_model(model, clone_function=fused)
    twin.set_weights(model.get_weights())
    return twin


def settle_averages(model, faces):
    """Set batch normalization's averages to those of unchanged faces, dropout off.

    While training, the averages see augmented faces through dropout, which widens the
    spread of what the next layer gets, and they lag behind averaged weights. After Wu
    and Johnson, "Rethinking 'Batch' in BatchNorm" (2021), section 3, and Li et al.,
    "Understanding the Disharmony between Dropout and Batch Normalization by Variance
    Shift" (2019).

    Args:
        model: a network of `build_fernet`; its other weights stay as they are.
        faces: `FaceSet` that it was trained on; of a large one, some at random.
    """

    def without_dropout(layer):
        config = layer.get_config()
        if isinstance(layer, layers.Dropout):
            config["rate"] = 0.0
        return type(layer).from_config(config)

    twin = keras.models.clone_model(model, clone_function=without_dropout)
    twin.set_weights(model.get_weights())
    norms = [x for x in twin.layers if isinstance(x, layers.BatchNormalization)]
    order = np.random.default_rng(SEED).permutation(len(faces))
    batches = min(max(len(faces) // SETTLING_BATCH, 1), SETTLING_BATCHES)
    for done in range(batches):
        for norm in norms:
            norm.momentum = done / (done + 1)  # so that each batch weighs the same
        rows = order[done * SETTLING_BATCH : (done + 1) * SETTLING_BATCH]
        twin(faces.pixels[rows][..., None].astype(np.float32), training=True)
    model.set_weights(twin.get_weights())
