"""What each choice of the course's FERNet is worth: one thing changed at a time.

In: training and choosing faces. Out: a csv, a row for each variant and seed: how large
it is and what it got right. Small on purpose (half of the faces, few epochs), so that
all of them fit into two hours on two cores; with a fifth of the faces, 850 steps are
over before batch norm's averages have settled. The seeds of the unchanged network show
which differences are noise. `python -m fer_course train ablation`; notebooks 04 and 05
discuss the table.
"""

import csv
from dataclasses import replace
from pathlib import Path

from fer_course.expression.augmentation import Augmentation
from fer_course.expression.fernet import build_fernet
from fer_course.expression.recipe import COURSE_RECIPE
from fer_course.expression.training import read_history, train_fernet
from fer_course.files import draft_of
from fer_course.settings import SEED

EPOCHS = 10
SHARE = 2  # every second training face
SEEDS = 3  # of the unchanged network
_BASE = replace(COURSE_RECIPE, ema=0.99)  # the weights' average fits the short runs
_STILL = Augmentation(flip=False, rotation_deg=0, shift_px=0, zoom=0)
COLUMNS = (
    "variant",
    "seed",
    "faces",
    "epochs",
    "parameters",
    "train_accuracy",
    "choose_accuracy",
)


def variants(base=_BASE):
    """Return variant's name -> recipe: the base, and the base with one thing changed.

    Among them are the reference's kernels, dropout, head and optimizer, and the block
    that it left out of the paper's five. What belongs together changes together:
    another place of batch norm, or none, brings Glorot's start and biases
    (`build_fernet`), and Adam goes without weight decay.
    """
    filters = base.network["filters"]
    networks = {
        "kernel 4": {"kernel_size": 4},
        "batch norm after first ReLU": {"batch_norm": "after_first_relu"},
        "no batch norm": {"batch_norm": "none"},
        "flatten": {"head": "flatten"},
        "flatten, two dense layers": {"head": "flatten", "dense": (512, 512)},
        "no dropout": {"dropout": 0.0, "head_dropout": 0.0},
        "dropout 0.4": {"dropout": 0.4},
        "fifth block": {"filters": (*filters[:3], filters[2], filters[3])},
        "half width": {"filters": tuple(f // 2 for f in filters)},
    }
    adam = {"optimizer": "adam", "learning_rate": 5e-4, "weight_decay": 0.0}
    recipes = {
        "no augmentation": {"augmentation": _STILL},
        "flip only": {"augmentation": replace(_STILL, flip=True)},
        "Adam 5e-4": adam,
        "Adam 5e-6": adam | {"learning_rate": 5e-6},  # the reference's rate on Colab
        "no weight average": {"ema": 0.0},
        "no label smoothing": {"label_smoothing": 0.0},
    }
    return (
        {"course": base}
        | {
            name: replace(base, network=base.network | change)
            for name, change in networks.items()
        }
        | {name: replace(base, **change) for name, change in recipes.items()}
    )


def run_ablation(train, choose, out, *, recipes=None, epochs=EPOCHS, seeds=SEEDS):
    """Train every variant and return the path of the table.

    Each run has a folder of its own: a complete one is not made again, one that
    stopped is resumed, and one of another recipe or other faces is refused.

    Args:
        train: `FaceSet` to learn from, already as small as it is to be.
        choose: `FaceSet` to score on; never a test part.
        out: folder of the runs and of `ablation.csv`.
        recipes: variant's name -> recipe, the unchanged one first; None means
            `variants()`.
        epochs: of each run.
        seeds: how often the unchanged network is trained.
    """
    out = Path(out)
    table = out / "ablation.csv"
    rows = []
    for number, (name, recipe) in enumerate((recipes or variants()).items()):
        for seed in range(SEED, SEED + (seeds if number == 0 else 1)):
            print(f"{name}, seed {seed}")
            recipe = replace(recipe, epochs=epochs, seed=seed)
            rows.append(_run(name, train, choose, out, recipe))
            with draft_of(table) as draft, open(draft, "w", newline="") as file:
                writer = csv.DictWriter(file, COLUMNS)
                writer.writeheader()
                writer.writerows(rows)
    return table


def _run(name, train, choose, out, recipe):
    folder = out / f"{name.replace(' ', '-').replace(',', '')}-{recipe.seed}"
    trained = train_fernet(train, choose, folder, recipe, resume=True)
    last = read_history(trained.history)[-1]
    return {
        "variant": name,
        "seed": recipe.seed,
        "faces": len(train),
        "epochs": recipe.epochs,
        "parameters": build_fernet(**recipe.network).count_params(),
        "train_accuracy": last["accuracy"],
        "choose_accuracy": last["choose_accuracy"],
    }
