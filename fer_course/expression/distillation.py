"""Softer targets from networks that were trained before: distillation.

In: training faces and the files of one or more expression networks. Out: the same
faces, their targets mixed with what the networks say, on average. A label says one
expression; a network says which others a face resembles, and says the same of like
faces, so that single mislabeled ones weigh less. After Hinton, Vinyals and Dean,
"Distilling the Knowledge in a Neural Network" (2015). Notebook 05.
"""

import io
import json
import os
import zipfile
import zlib
from dataclasses import replace

import numpy as np

from fer_course.expression.classifier import ExpressionClassifier
from fer_course.expression.joint import sets_of
from fer_course.files import write_atomically

# Under a half, so that a plain label stays the likeliest; together with votes in the
# target the teachers may outweigh it.
TEACHERS_SHARE = 0.45
# A teacher is asked about the data sets that it reads nearly as well as the best.
NEARLY = 0.05


def soften_targets(
    faces, choose, teachers, share=TEACHERS_SHARE, kept=None, progress=print
):
    """Return the faces with targets that are partly the teachers' probabilities.

    Each teacher reads each face and its mirror image, with the temperature that is
    stored in its file. Of several, a data set's targets come from those alone that read
    its choosing faces at most 5 points worse than the best: a network of one set knows
    little of another's. Training faces would not tell, since a teacher may know them
    by heart.

    Args:
        faces: `FaceSet` to train on; never one to choose or to score with.
        choose: `FaceSet` of the same data sets, which no teacher has learned.
        teachers: one or more `.onnx` or `.keras` files, or objects with
            `classify(crops) -> (N, 7)`, trained on faces that may be trained on.
        share: of the targets that the teachers make, 0 to 1.
        kept: .npz file for what the teachers, all of them files, said: written once,
            then read as long as files and faces are the same, since a run that goes on
            would wait minutes for it. None keeps nothing.
        progress: called with a line before each teacher reads, which takes minutes.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a file is no expression network, no teacher is given, or `choose`
            has no face of a set.
    """
    if not teachers:
        raise ValueError("No teacher: give at least one network's file.")
    opened = [_open(teacher) for teacher in teachers]
    asked = _described(faces, choose, teachers) if kept else None
    said = _read_kept(kept, asked) if kept else None
    if said is None:
        said = _ask(faces, choose, opened, progress)
        if kept:
            buffer = io.BytesIO()
            np.savez(buffer, said=said, asked=asked)
            write_atomically(kept, buffer.getvalue())
    targets = (1 - share) * faces.targets + share * said
    return replace(faces, targets=targets.astype(np.float32))


def _ask(faces, choose, teachers, progress):
    """Return (N, 7): for each data set the mean of the teachers that read it best."""
    right, read = [], []
    for number, teacher in enumerate(teachers, 1):
        progress(
            f"teacher {number} of {len(teachers)} reads {len(choose) + len(faces):,} "
            "faces and their mirror images"
        )
        right.append(_read(choose, teacher).argmax(1) == choose.labels)
        read.append(_read(faces, teacher))
    right, read = np.array(right), np.array(read)
    said = np.empty_like(faces.targets)
    chosen_sets = sets_of(choose)
    for name in np.unique(sets := sets_of(faces)):
        if name not in chosen_sets:
            raise ValueError(
                f"The choosing faces have none of {name}: nothing says which teacher "
                "reads it well."
            )
        accuracy = right[:, chosen_sets == name].mean(1)
        best = accuracy >= accuracy.max() - NEARLY
        here = sets == name
        said[here] = read[best][:, here].mean(0)
    return said


def _described(faces, choose, teachers):
    """Return a text that tells these faces and files from others."""
    files = [
        [str(path), os.stat(path).st_size, os.stat(path).st_mtime_ns]
        for path in teachers
    ]
    pixels = [zlib.crc32(some.pixels.tobytes()) for some in (faces, choose)]
    labels = zlib.crc32(choose.labels.tobytes())  # who reads them best is asked
    return json.dumps([len(faces), len(choose), pixels, labels, files])


def _read_kept(path, asked):
    """Return what is kept for the same question, else None."""
    try:
        with np.load(path) as kept:
            return kept["said"] if str(kept["asked"]) == asked else None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None  # nothing there, or damaged: ask again


def _read(faces, teacher):
    """Return (N, 7): what a teacher says of each face, its mirror image too."""
    views = faces.pixels, faces.pixels[:, :, ::-1]
    return np.mean([teacher.classify(list(view)) for view in views], axis=0)


def _open(teacher):
    return teacher if hasattr(teacher, "classify") else ExpressionClassifier(teacher)
