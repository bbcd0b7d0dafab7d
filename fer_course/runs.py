"""What `train` and `evaluate` do: data and settings in, a run's folder out.

Joins data sets, trainings and scores with the course's folders. A run lies under
`data/runs/` (or `--out`); `models/records/`, which the prose quotes, is written
only with `--record`. Notebooks 02 and 05 do the same step by step.
"""

import contextlib
import hashlib
import json
from dataclasses import replace
from pathlib import Path

from fer_course.files import write_atomically
from fer_course.settings import settings

QUICK_FACES = 4000
_COMMON = {"quick", "resume", "epochs", "weights", "learning_rate", "gpus"}
_SETTINGS = {
    "detector": _COMMON | {"refine", "image_size", "hours"},
    "fernet": _COMMON | {"faces", "recipe", "seed", "teachers", "average"},
    "ablation": set(),
}


def train(network, *, out=None, record=False, **given):
    """Train a network on the real data; return the exit code 0.

    Args:
        network: "detector", "fernet", or "ablation" for many small FERNets.
        out: the run's folder; None means `data/runs/NETWORK`.
        record: copy the history, or the ablation's table, into `models/records`; a
            name other than the network's for a run that gave no shipped network. A
            detector that went on from `weights` (named again to resume it) and a FERNet
            by the recipe "even" add their epochs to what is there.
        **given: for both: quick (minutes instead of hours), resume (the run in `out`),
            epochs, weights (to start from), learning_rate (the peak) and gpus (numbers
            of those that share each batch; for FERNet on JAX alone); for the detector:
            refine (weights that know faces), image_size and hours; for FERNet: faces
            ("fer2013", "affectnet" or "joint"), recipe, one of
            `expression.recipe.RECIPES`, seed, teachers, files of networks to be
            distilled into this one, and average, files of networks whose weights are
            averaged in place of a training. None and False mean the default. An
            ablation takes none of them.

    Raises:
        ValueError: a setting that is another network's, or a training's beside
            average, a GPU that is not there, or a quick run, or another than the
            shipped one, to be recorded.
        FileExistsError: `out` holds a run that is not to be resumed.
        FileNotFoundError: data or start weights are missing; says how to get them.
    """
    out = Path(out) if out else settings().runs / network
    given = {k: v for k, v in given.items() if v is not None and v is not False}
    if wrong := sorted(given.keys() - _SETTINGS[network]):
        raise ValueError(f"{', '.join(wrong)}: not for the {network}.")
    if record and "quick" in given:
        raise ValueError("record keeps what we quote: leave out quick, or record.")
    if "average" in given and (record or given.keys() - {"average", "faces"}):
        raise ValueError(
            "average trains nothing and leaves no history: give it faces and out alone."
        )
    recipe = given.get("recipe")
    if record is True and network == "fernet":
        if given.get("faces") != "joint" or recipe not in ("wide", "even"):
            raise ValueError(
                "models/records/fernet_history.csv is the shipped network's (--faces "
                "joint, --recipe wide, then even): give the record of another run a "
                "name (--record NAME)."
            )
    run = {
        "detector": _train_detector,
        "fernet": _train_fernet,
        "ablation": _train_ablation,
    }[network]
    history = (_average if "average" in given else run)(out, **given)
    if record:
        name = network if record is True else record
        name = name if network == "ablation" else f"{name}_history"
        target = settings().models / "records" / f"{name}.csv"
        text = Path(history).read_text(encoding="utf-8")
        before = target.read_text(encoding="utf-8") if target.is_file() else ""
        goes_on = recipe == "even" if network == "fernet" else "weights" in given
        if before and goes_on:
            text = _joined(before, text)
        write_atomically(target, text)
        print(f"History recorded in {target}")
    return 0


def _joined(before, after):
    """Return one history of two stages; csv that begins with the epoch's number.

    Where the second is the first one's end already, nothing is added.
    """
    heading, *rows = after.splitlines()
    done = before.splitlines()
    if done[0] != heading:
        raise ValueError(
            "The recorded history has other columns than this run's: record it under a "
            "name of its own (--record NAME)."
        )
    figures = [row.partition(",")[2] for row in rows]
    if [row.partition(",")[2] for row in done[-len(rows) :]] == figures:
        return before
    start = int(done[-1].partition(",")[0])
    for row in rows:
        epoch, comma, rest = row.partition(",")
        done.append(f"{start + int(epoch)}{comma}{rest}")
    return "\n".join(done) + "\n"


def _train_detector(out, **arguments):
    from fer_course.detection.release import INPUT_SIZES, finish_detector
    from fer_course.detection.training import train_detector

    _check_folder(out, arguments)
    if arguments.get("resume"):  # the run knows what it began with
        arguments.pop("weights", None)
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


def _check_folder(out, arguments):
    """Refuse a folder in which Ultralytics would write over a run, or delete it."""
    held = (out / "weights" / "last.pt").exists()
    if "gpus" in arguments:  # the processes that share them begin with an empty one
        held = out.is_dir() and any(out.iterdir())
    if held and not arguments.get("resume"):
        raise FileExistsError(
            f"{out} holds a run already: go on with it (--resume), choose another "
            "folder (--out), or remove it."
        )


def _train_fernet(
    out,
    *,
    faces="fer2013",
    recipe="course",
    quick=False,
    epochs=None,
    learning_rate=None,
    seed=None,
    weights=None,
    teachers=(),
    resume=False,
    gpus=(),
):
    from fer_course.expression.distillation import soften_targets
    from fer_course.expression.recipe import RECIPES
    from fer_course.expression.training import train_fernet

    sharing = _sharing(gpus, RECIPES[recipe].batch_size)
    if resume and not (out / "last.keras").exists():
        raise FileNotFoundError(
            f"{out} holds no run to go on with: look at --out, or leave --resume out."
        )
    known = _load_faces(faces)
    learn, choose = known.part("train"), known.part("choose")
    if quick:
        learn, choose = _every(learn, QUICK_FACES), _every(choose, 1000)
        epochs = epochs or 2
    if teachers:
        kept = out / "teachers.npz"
        learn = soften_targets(learn, choose, teachers, kept=kept)
    given = {"epochs": epochs, "learning_rate": learning_rate, "seed": seed}
    recipe = replace(RECIPES[recipe], **{k: v for k, v in given.items() if v})
    parts = len(gpus) or 1
    whole = len(choose) // parts * parts  # else the last batch has no equal parts
    with sharing:
        trained = train_fernet(
            learn,
            choose.select(slice(whole)),
            out,
            recipe,
            weights=weights,
            resume=resume,
        )
    _finish(trained.best, learn, choose, out)
    return trained.history


def _average(out, *, average, faces="fer2013"):
    from fer_course.expression.soup import average_fernets

    if (out / "last.keras").exists():
        raise FileExistsError(f"{out} holds a run already: choose another (--out).")
    known = _load_faces(faces)
    average_fernets(average, out / "best.keras")
    _finish(out / "best.keras", known.part("train"), known.part("choose"), out)


def _finish(best, learn, choose, out):
    from fer_course.expression.release import finish_fernet

    files = out / "fernet.keras", out / "fernet.onnx"
    finished = finish_fernet(best, learn, choose, *files)
    print(
        f"{finished.accuracy:.1%} right on the {len(choose):,} choosing faces: "
        f"{files[0]}, {files[1]}"
    )


def _sharing(gpus, batch_size):
    """Return a context in which Keras splits every batch evenly among some GPUs."""
    if not gpus:
        return contextlib.nullcontext()
    import keras

    if keras.backend.backend() != "jax":
        raise ValueError(
            "Keras shares batches among GPUs on JAX alone: install jax[cuda13], set "
            "KERAS_BACKEND=jax and start again, or leave --gpus out."
        )
    there = keras.distribution.list_devices()  # "gpu:0", "gpu:1"; else the processor
    if max(gpus) >= len(there):
        raise ValueError(
            f"There is no GPU {max(gpus)}: JAX sees {', '.join(there)}. Name others, "
            "or leave --gpus out."
        )
    if batch_size % len(gpus):
        raise ValueError(
            f"{len(gpus)} GPUs cannot share {batch_size} faces evenly: name 2, 4 or 8."
        )
    chosen = [there[number] for number in gpus]
    return keras.distribution.DataParallel(devices=chosen).scope()


def _train_ablation(out):
    from fer_course.expression.ablation import SHARE, run_ablation

    faces = _load_faces("fer2013")
    learn = faces.part("train").select(slice(None, None, SHARE))
    return run_ablation(learn, faces.part("choose"), out)


def _load_faces(name):
    from fer_course.expression import datasets, joint

    folder = settings().data / "expression"
    if name == "joint":
        return joint.load_joint(folder)
    if name == "affectnet":
        return datasets.load_affectnet(folder / "AffectNet")
    return datasets.load_fer2013(folder / "fer2013")


def _every(faces, count):
    """Return about `count` faces from all over the set."""
    return faces.select(slice(None, None, max(1, len(faces) // count)))


def evaluate(network, *, model=None, out=None, record=None, against=None, split="test"):
    """Measure the detector or FERNet on the real data; return the exit code 0.

    Args:
        network: "detector" or "fernet".
        model: its file; None means the shipped one.
        out: folder for the figures; None means `data/runs/NETWORK`.
        record: write the figures into `models/records` instead; a name other than
            the network's for a network that is not shipped.
        against: "yunet" to measure YuNet beside the detector; another FERNet's file.
        split: "test" to report, into `evaluation.json`; "choose" to choose with,
            into `choosing.json`.

    Raises:
        ValueError: a rival of the other network, a record of the choosing part, or a
            record of a file of one's own without a name.
        FileNotFoundError: data or a network is missing.
    """
    if record and split != "test":
        raise ValueError(
            "models/records holds what the test parts say: --record goes without "
            f"--split {split}."
        )
    if record is True and model:
        raise ValueError(
            f"models/records/{network}.json is the shipped network's: give the record "
            "of another file a name (--record NAME)."
        )
    name = "evaluation.json" if split == "test" else "choosing.json"
    target = (Path(out) if out else settings().runs / network) / name
    if record:
        name = network if record is True else record
        target = settings().models / "records" / f"{name}.json"
    options = {"against": against, "record": target}
    models = settings().models
    measured = [models / "face_detector.onnx"]  # serves FERNet too
    if network == "detector":
        measured = [model or measured[0]]
        from fer_course.detection.comparison import evaluate_on_packs

        split = "val" if split == "test" else split
        print(evaluate_on_packs(model, split=split, **options))
    elif against == "yunet":
        raise ValueError(
            "YuNet finds faces and reads none: --against yunet goes with the detector; "
            "FERNet is set against another network's .keras or .onnx file."
        )
    else:
        from fer_course.detection.detector import FaceDetector
        from fer_course.expression.scorecard import evaluate_fernet

        measured += [model or models / "fernet.onnx", *([against] if against else [])]
        detector = FaceDetector(measured[0])
        print(evaluate_fernet(model, split=split, detector=detector, **options))
    if record:
        _note_measured(name, measured)
    print(f"All figures -> {target}")
    return 0


def _note_measured(record, files):
    """Keep which files a record tells of, so that a later one is not taken for them."""
    target = settings().models / "records" / "measured_files.json"
    noted = json.loads(target.read_text("utf-8")) if target.is_file() else {}
    noted[record] = {}
    files = [Path(file) for file in files]
    names = [file.name for file in files]
    for file in files:  # runs call their files the same
        alone = names.count(file.name) == 1
        name = file.name if alone else f"{file.parent.name}/{file.name}"
        noted[record][name] = hashlib.sha256(file.read_bytes()).hexdigest()
    write_atomically(target, json.dumps(noted, indent=1, sort_keys=True) + "\n")
