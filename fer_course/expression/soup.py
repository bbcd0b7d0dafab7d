"""One network out of several: the mean of their weights.

In: FERNets of which one was trained on from another, or all from the same. Out: a
`.keras` file that no training made, as fast as any one of them, for
`release.finish_fernet` to settle and calibrate. Notebook 05, section 3.
"""

import json
import zipfile
from pathlib import Path

import keras
import numpy as np

from fer_course.expression.fernet import build_fernet
from fer_course.expression.training import load_fernet, save_fernet


def average_fernets(paths, out):
    """Write the network whose weights are the mean of those of other networks.

    Networks trained on from the same weights tend to lie in one valley of the loss,
    where what is between them reads as well as either or better: Wortsman et al.,
    "Model soups: averaging weights of multiple fine-tuned models improves accuracy
    without increasing inference time" (2022). Networks of separate trainings do not:
    what is between those reads far worse than either.

    Args:
        paths: two files or more, each a `.keras` file written by `save_fernet` or a
            run's `last.keras`, of which the weights averaged over its steps count.
        out: the `.keras` file to write. It has no temperature, and the averages of
            its batch normalization are to be settled.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: fewer than two files, a damaged one, or one of another network.
    """
    if len(paths) < 2:
        raise ValueError("A mean needs at least two networks' files.")
    network, weights = None, []
    for path in map(Path, paths):
        load = _load_last if path.name == "last.keras" else _load_saved
        arguments, found = load(path)
        network = arguments if network is None else network
        if arguments != network:
            raise ValueError(
                f"{path} holds another network than {paths[0]}: only the weights of "
                "equal networks have a mean."
            )
        weights.append(found)
    model = build_fernet(**network)
    model.set_weights([np.mean(same, axis=0) for same in zip(*weights, strict=True)])
    save_fernet(model, out, network)


def _load_saved(path):
    model, card = load_fernet(path)
    network = {k: v for k, v in card["network"].items() if k != "temperature"}
    return network, model.get_weights()


def _load_last(path):
    """Return a run's network and its weights, averaged if its recipe averages."""
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: name a run's last.keras.")
    try:
        network = json.loads((path.parent / "recipe.json").read_text())["network"]
        model = keras.models.load_model(path)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{path} or the recipe.json beside it is damaged or missing: name another "
            "file."
        ) from error
    model.optimizer.finalize_variable_values(model.trainable_variables)
    return network, model.get_weights()
