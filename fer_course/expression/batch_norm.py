"""Batch normalization in one pass over memory, for training on TensorFlow.

In: a Keras model. Out: the same model, its batch normalization computed by
TensorFlow's fused operation. Keras writes the layer as a dozen operations, each in
float32 over the whole activation, which is 45 % of a FERNet step on a processor;
torch's is fused already. Saved networks hold Keras' own layer. Notebook 05.
"""

import keras
from keras import layers


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
