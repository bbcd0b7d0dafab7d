"""Softer targets from networks that were trained before: distillation.

In: training faces and the files of one or more expression networks. Out: the same
faces, their targets mixed with what the networks say, on average. A label says one
expression; a network says which others a face resembles, and says the same of like
faces, so that single mislabelled ones weigh less. After Hinton, Vinyals and Dean,
"Distilling the Knowledge in a Neural Network" (2015). Notebook 05.
"""

from dataclasses import replace

import numpy as np

from fer_course.expression.classifier import ExpressionClassifier

TEACHERS_SHARE = 0.45  # under a half, so that the label stays the likeliest


def soften_targets(faces, teachers, share=TEACHERS_SHARE):
    """Return the faces with targets that are partly the teachers' probabilities.

    Each teacher reads each face and its mirror image, with the temperature that is
    stored in its file.

    Args:
        faces: `FaceSet` to train on; never one to choose or to score with.
        teachers: one or more `.onnx` or `.keras` files, or objects with
            `classify(crops) -> (N, 7)`, trained on faces that may be trained on.
        share: of the targets that the teachers make, 0 to 1.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a file is no expression network, or no teacher is given.
    """
    if not teachers:
        raise ValueError("No teacher: give at least one network's file.")
    views = faces.pixels, faces.pixels[:, :, ::-1]
    read = [
        network.classify(list(view))
        for network in map(_open, teachers)
        for view in views
    ]
    targets = (1 - share) * faces.targets + share * np.mean(read, axis=0)
    return replace(faces, targets=targets.astype(np.float32))


def _open(teacher):
    return teacher if hasattr(teacher, "classify") else ExpressionClassifier(teacher)
