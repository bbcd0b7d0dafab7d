"""What `train` and `evaluate` do: data and settings in, a run's folder out.

Joins data sets, trainings and scores with the course's folders. A run lies under
`data/runs/` (or `--out`); `models/records/`, which the prose quotes, is written
only with `--record`. Notebooks 02 and 05 do the same step by step.
"""

import shutil
from dataclasses import replace
from pathlib import Path

from fer_course.settings import settings

QUICK_FACES = 4000
_OF_DETECTOR = {"image_size", "learning_rate", "hours"}
_OF_FERNET = {"faces", "recipe"}


def train(network, *, out=None, record=False, **given):
    """Train the detector or FERNet on the real data; return the exit code 0.

    Args:
        network: "detector" or "fernet".
        out: the run's folder; None means `data/runs/NETWORK`.
        record: copy the history into `models/records`.
        **given: for both: quick (minutes instead of hours), resume (the run in `out`),
            epochs and weights (to start from); for the detector: image_size,
            learning_rate and hours; for FERNet: faces ("fer2013" or "joint") and
            recipe, one of `expression.recipe.RECIPES`. None means the default.

    Raises:
        ValueError: a setting of the other network.
        FileNotFoundError: data or start weights are missing; says how to get them.
    """
    out = Path(out) if out else settings().runs / network
    given = {name: value for name, value in given.items() if value is not None}
    other = _OF_FERNET if network == "detector" else _OF_DETECTOR
    if wrong := sorted(given.keys() & other):
        raise ValueError(f"{', '.join(wrong)}: not for the {network}.")
    run = _train_detector if network == "detector" else _train_fernet
    history = run(out, **given)
    if record:
        target = settings().models / "records" / f"{network}_history.csv"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(history, target)
        print(f"History recorded in {target}")
    return 0


def _train_detector(out, **arguments):
    from fer_course.detection.release import INPUT_SIZES, finish_detector
    from fer_course.detection.training import train_detector

    prepared = settings().data / "detection-yolo"
    trained = train_detector(prepared / "faces.yaml", out, **arguments)
    print(f"Trained in {trained.duration_s:.0f} s; choosing input size and threshold")
    files = out / "face_detector.pt", out / "face_detector.onnx"
    sizes = INPUT_SIZES[:1] if arguments.get("quick") else INPUT_SIZES
    release = finish_detector(
        trained.weights, *files, input_sizes=sizes, prepared=prepared
    )
    size = release.point.input_size
    print(
        f"Mean AP {release.point.mean_ap50[size]:.3f} on the choosing photos at "
        f"{size} px; int8 loses {release.lost:.4f}: {files[0]}, "
        f"{files[1]} ({release.precision})"
    )
    return trained.history


def _train_fernet(
    out,
    *,
    faces="fer2013",
    recipe="course",
    quick=False,
    epochs=None,
    weights=None,
    resume=False,
):
    from fer_course.expression.datasets import load_fer2013
    from fer_course.expression.joint import load_joint
    from fer_course.expression.recipe import RECIPES
    from fer_course.expression.release import finish_fernet
    from fer_course.expression.training import train_fernet

    folder = settings().data / "expression"
    if faces == "joint":
        known = load_joint(folder)
    else:
        known = load_fer2013(folder / "fer2013")
    learn, choose = known.part("train"), known.part("choose")
    if quick:
        learn, choose = _every(learn, QUICK_FACES), _every(choose, 1000)
        epochs = epochs or 2
    recipe = RECIPES[recipe]
    if epochs:
        recipe = replace(recipe, epochs=epochs)
    trained = train_fernet(learn, choose, out, recipe, weights=weights, resume=resume)
    files = out / "fernet.keras", out / "fernet.onnx"
    finish_fernet(trained.best, choose, *files)
    print(
        f"{trained.choose_accuracy:.1%} right on the {len(choose):,} choosing faces: "
        f"{files[0]}, {files[1]}"
    )
    return trained.history


def _every(faces, count):
    """Return about `count` faces from all over the set."""
    return faces.select(slice(None, None, max(1, len(faces) // count)))


def evaluate(network, *, model=None, out=None, record=False, against=None):
    """Measure the detector or FERNet on the real data; return the exit code 0.

    Args:
        network: "detector" or "fernet".
        model: its file; None means the shipped one.
        out: folder for `evaluation.json`; None means `data/runs/NETWORK`.
        record: write the figures into `models/records` instead.
        against: "yunet" to measure YuNet beside the detector.

    Raises:
        ValueError: `against` with FERNet.
        FileNotFoundError: data or a network is missing.
    """
    target = (Path(out) if out else settings().runs / network) / "evaluation.json"
    if record:
        target = settings().models / "records" / f"{network}.json"
    if network == "detector":
        from fer_course.detection.comparison import evaluate_on_packs

        print(evaluate_on_packs(model, against=against, record=target))
    elif against:
        raise ValueError(f"--against {against} goes with the detector, not FERNet.")
    else:
        from fer_course.expression.scorecard import evaluate_fernet

        print(evaluate_fernet(model, record=target))
    print(f"All figures -> {target}")
    return 0
