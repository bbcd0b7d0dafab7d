"""How the detector is trained: the choices that notebook 02 makes, as one record.

In: numbers in the field's terms. Out: the same under Ultralytics' names, with the
settings that keep its defaults from harming a fine-tuning. `models/EXPERIMENTS.md` has
the runs behind them.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class DetectorRecipe:
    """How a detector is trained; every field is one of notebook 02's choices.

    Attributes:
        epochs: passes over the training photos.
        image_size: longer side of a training picture in px, a multiple of 32.
        batch_size: photos a step; the weights move after every step.
        optimizer: "AdamW" or "SGD".
        learning_rate: the peak, reached after the warm-up.
        final_share: the rate as a share of the peak where the cosine ends, an epoch
            after the last: of 6 epochs the last has 0.09 for 0.02, a single one 1.
        warmup_epochs: epochs over which the rate climbs from 0; all but the last one
            at most, so that a single epoch has none.
        mosaic: share of pictures glued together from four photos.
        plain_share: share of the epochs, the last ones, without mosaic.
        mixup: share of pictures blended with another.
        scale: photos are resized by 1 - scale to 1 + scale.
        frozen_layers: how many of YOLOv8's 23 layers, from the first on, stay as they
            are; 10 are its backbone.
    """

    epochs: int = 100
    image_size: int = 640
    batch_size: int = 16
    optimizer: str = "AdamW"
    learning_rate: float = 1e-3
    final_share: float = 0.02
    warmup_epochs: float = 1.0
    mosaic: float = 1.0
    plain_share: float = 0.2
    mixup: float = 0.0
    scale: float = 0.5
    frozen_layers: int = 0

    def to_ultralytics(self):
        """Return these choices under Ultralytics' names."""
        return {
            "epochs": self.epochs,
            "imgsz": self.image_size,
            "batch": self.batch_size,
            "nbs": self.batch_size,  # no gradient accumulation: few steps, all used
            "optimizer": self.optimizer,
            "lr0": self.learning_rate,
            "lrf": self.final_share,
            "momentum": 0.9,
            "cos_lr": True,
            "warmup_epochs": self.warmup_epochs,
            "warmup_momentum": 0.9,
            "warmup_bias_lr": 0.0,  # 0.1 is meant for SGD and wrecks AdamW's start
            "mosaic": self.mosaic,
            "close_mosaic": round(self.plain_share * self.epochs),
            "mixup": self.mixup,
            "scale": self.scale,
            "freeze": self.frozen_layers or None,
        }


FULL = DetectorRecipe()
QUICK = DetectorRecipe(epochs=1, image_size=320, batch_size=8, warmup_epochs=0.2)
# To go on from weights that know faces: what they see in a picture stays, what they
# make of it is learned on.
REFINE = DetectorRecipe(
    epochs=6, optimizer="SGD", learning_rate=3e-3, mixup=0.15, frozen_layers=10
)
