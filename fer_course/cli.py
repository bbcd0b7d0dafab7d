"""The command line: arguments in, calls of the package's functions out.

`python -m fer_course COMMAND`. Standard library only: each command's packages are
seen to by `environment.py` before its function is imported. Errors are one
sentence on standard error. Notebook 00 shows the commands.
"""

import argparse
import contextlib
import math
import os
import sys

from fer_course import environment
from fer_course.headers import EXTENSIONS
from fer_course.inputs import VIDEOS, hold_videos
from fer_course.venv import SetupError

WRONG_USAGE = 2
STOPPED = 130


def main(arguments=None):
    """Run one command and return its exit code: 0 well, 1 partly, 2 not at all."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # Windows writes in its code page otherwise
            stream.reconfigure(encoding="utf-8", errors="replace")
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = build_parser()
    if not arguments:
        parser.print_help()
        return WRONG_USAGE
    options, rest = parser.parse_known_args(arguments)
    if rest and not options.passes_on:
        files = " ".join(f"./{text}" for text in rest if os.path.exists(text))
        hint = f" (if you mean the file, write {files})" if files else ""
        parser.error("unknown: " + " ".join(rest) + hint)
    options.rest = rest
    try:
        code = environment.enter(_need(options), arguments)
        code = options.run(options) if code is None else code
        _write_out()
        return code
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:  # whoever read our lines has gone, as `head` does
        _drop_output()
        return STOPPED
    except MemoryError:
        print("The memory of this machine is too small for it.", file=sys.stderr)
    except ImportError as error:
        print(environment.missing_package(error), file=sys.stderr)
    except (SetupError, ValueError, OSError) as error:
        print(_sentence(error), file=sys.stderr)
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        print(
            f"The course went wrong ({type(error).__name__}: {error}). With "
            "PYTHONDEVMODE=1 set, the same command shows where: please report that.",
            file=sys.stderr,
        )
    return WRONG_USAGE


def _write_out():
    """Write what is still buffered, while its failure gets a sentence."""
    try:
        sys.stdout.flush()
    except OSError as error:
        _drop_output()
        raise type(error)(error.errno, error.strerror, "standard output") from error


def _drop_output():
    """Let nobody read standard output, so that Python's own end writes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _need(options):
    """Return which requirements a command runs on: videos and trainings need more."""
    if options.command == "demo" and hold_videos(options.inputs, options.out):
        return "video"
    if options.command == "benchmark" and options.training:
        return "course"
    if options.command == "benchmark" and options.memory:
        return "video"
    return options.need


def _sentence(error):
    """Return an error's message; the system's own becomes one: file, then reason."""
    reason = getattr(error, "strerror", None)
    file = getattr(error, "filename2", None) or getattr(error, "filename", None)
    return f"{file} cannot be used: {reason}." if file and reason else str(error)


def build_parser():
    """Return the parser of all commands; each knows its function and its needs."""
    parser = argparse.ArgumentParser(
        prog="python -m fer_course",
        description="Find every face in a photo and read its expression.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_demo(commands)
    _add(commands, "lab", _lab, "open the course in JupyterLab", passes_on=True)
    _add(commands, "app", _app, "the classify page alone, in a browser", passes_on=True)
    camera = _add(
        commands, "camera", _camera, "read the faces the camera sees", need="video"
    )
    text = "write a video, .mp4, until Ctrl-C, in place of a window"
    camera.add_argument("--out", metavar="FILE", help=text)
    _add_data(commands)
    _add_training(commands)
    benchmark = _add(commands, "benchmark", _benchmark, "how fast it is", need="demo")
    text = "also write the figures here"
    benchmark.add_argument("--json", type=_table, metavar="FILE", help=text)
    text = "the memory too, over 5,000 photos and 10,000 frames: its curve, a CSV"
    benchmark.add_argument("--memory", type=_table, metavar="FILE", help=text)
    text = "time the trainings too, in a minute or two"
    benchmark.add_argument("--training", action="store_true", help=text)
    text = "time these packages too, where they are installed: fer,deepface"
    benchmark.add_argument(
        "--against", type=_names, default=(), metavar="NAMES", help=text
    )
    test = _add(commands, "test", _test, "unit tests and notebooks", passes_on=True)
    test.add_argument("--all", action="store_true", help="the slow tests too")
    return parser


def _add(commands, name, run, text, need="course", passes_on=False):
    parser = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
    parser.set_defaults(run=run, need=need, passes_on=passes_on)
    return parser


def _add_demo(commands):
    text = "read the faces in photos, folders and videos"
    demo = _add(commands, "demo", _demo, text, need="demo")
    demo.add_argument(
        "inputs", nargs="*", metavar="PHOTO | FOLDER | VIDEO", help="none: the samples"
    )
    demo.add_argument("--out", default="out", metavar="DIR", help="default: out")
    text = "in place of DIR/faces.json; - prints it and nothing else"
    demo.add_argument("--json", type=_table_or_dash, metavar="FILE", help=text)
    text = "a table, one row per face"
    demo.add_argument("--csv", type=_table, metavar="FILE", help=text)
    text = "0 to 1, fewer boxes the higher; default: the detector's own"
    demo.add_argument("--score-threshold", type=_share, metavar="S", help=text)


def _add_data(commands):
    text = "get, check and prepare data sets"
    steps = _add(commands, "data", None, text).add_subparsers(
        dest="step", metavar="get|check|prepare", required=True
    )
    for name, run, help_text in (
        ("get", _data_get, "terms, and what may be downloaded directly"),
        ("check", _data_check, "what is there, and what is wrong with it"),
        ("prepare", _data_prepare, "make what the trainings read"),
    ):
        step = _add(steps, name, run, help_text)
        step.add_argument("sets", nargs="+", metavar="SET")
    steps.choices["get"].set_defaults(need="demo")
    steps.choices["check"].add_argument(
        "--record", action="store_true", help="write models/records, which we quote"
    )


def _add_training(commands):
    networks = ("detector", "fernet")
    train = _add(commands, "train", _train, "train a network")
    train.add_argument("network", choices=(*networks, "ablation"))
    train.add_argument("--quick", action="store_true", help="minutes, not hours")
    text = "detector: a few epochs from --weights that know faces"
    train.add_argument("--refine", action="store_true", help=text)
    train.add_argument("--resume", action="store_true", help="go on where it stopped")
    train.add_argument("--epochs", type=_count, metavar="N")
    text = "start here; default: the detector's yolov8n.pt, FERNet from scratch"
    train.add_argument("--weights", metavar="FILE", help=text)
    for option, choices in (
        ("--faces", ("fer2013", "affectnet", "joint")),
        ("--recipe", ("course", "even", "long", "reference", "wide")),
    ):
        text = f"fernet: default {choices[0]}"
        train.add_argument(option, choices=choices, help=text)
    text = "fernet: networks whose readings make 45 %% of the training targets"
    train.add_argument("--teachers", nargs="+", metavar="FILE", help=text)
    text = "fernet: no training, the mean of these networks' weights"
    train.add_argument("--average", nargs="+", metavar="FILE", help=text)
    for option, kind, metavar, text in (
        ("--image-size", _count, "PX", "detector: default 640"),
        (
            "--learning-rate",
            _positive,
            "R",
            "the peak; default: 0.001, for FERNet the recipe's",
        ),
        ("--hours", _positive, "H", "detector: fit the schedule into this time"),
        ("--seed", _count, "N", "fernet: of all that is random; default: 2026"),
    ):
        train.add_argument(option, type=kind, metavar=metavar, help=text)
    text = "share each batch among these GPUs; fernet: on JAX alone"
    train.add_argument("--gpus", type=_numbers, metavar="0,1", help=text)
    evaluate = _add(commands, "evaluate", _evaluate, "measure a network")
    evaluate.add_argument("network", choices=networks)
    evaluate.add_argument("--model", metavar="FILE", help="default: the shipped one")
    text = "side by side with it: yunet for the detector, another FERNet's file"
    evaluate.add_argument("--against", metavar="yunet | FILE", help=text)
    text = "choose: the faces for choosing, no test part is opened; default: test"
    evaluate.add_argument(
        "--split", choices=("test", "choose"), default="test", help=text
    )
    for parser in (train, evaluate):
        parser.add_argument("--out", metavar="DIR", help="default: data/runs/NETWORK")
    text = "write models/records, which we quote"
    train.add_argument(
        "--record",
        nargs="?",
        const=True,
        metavar="NAME",
        help=f"{text}; as NAME_history.csv; last on the line",
    )
    evaluate.add_argument(
        "--record",
        nargs="?",
        const=True,
        metavar="NAME",
        help=f"{text}; as NAME.json; last on the line",
    )


def _names(text):
    return text.split(",")


def _share(text):
    with contextlib.suppress(ValueError):
        if 0 <= float(text) <= 1:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text} is not a number from 0 to 1")


def _table_or_dash(text):
    return text if text == "-" else _table(text)


def _table(text):
    """A file to write; a picture after `--csv` was meant to be read."""
    if text == "-":
        raise argparse.ArgumentTypeError("a file's name is expected, not -")
    if text.lower().endswith((*EXTENSIONS, *VIDEOS, ".heic", ".heif")):
        raise argparse.ArgumentTypeError(
            f"{text} is a picture's or a video's name and would be written over: name "
            "the file to write, then what to read"
        )
    return text


def _count(text):
    with contextlib.suppress(ValueError):
        if int(text) >= 1:
            return int(text)
    raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1 on")


def _positive(text):
    with contextlib.suppress(ValueError):
        if 0 < float(text) < math.inf:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text} is not a number above 0")


def _numbers(text):
    numbers = text.split(",")
    if all(number.isdecimal() for number in numbers):
        if len(set(map(int, numbers))) == len(numbers):
            return tuple(map(int, numbers))
    raise argparse.ArgumentTypeError(f"{text} is not a list of numbers like 0,1")


def _demo(options):
    from fer_course.demo import run_demo

    return run_demo(
        options.inputs,
        options.out,
        json_target=options.json,
        csv_path=options.csv,
        score_threshold=options.score_threshold,
    )


def _camera(options):
    from fer_course.camera import run_camera

    return run_camera(options.out)


def _lab(options):
    from fer_course.programs import open_lab

    return open_lab(options.rest)


def _app(options):
    from fer_course.programs import open_app

    return open_app(options.rest)


def _test(options):
    from fer_course.programs import run_tests

    return run_tests(options.rest, slow=options.all)


def _benchmark(options):
    from fer_course.benchmark import benchmark

    benchmark(
        options.json,
        memory_path=options.memory,
        training=options.training,
        against=options.against,
    )
    return 0


def _data_get(options):
    from fer_course.sources import get_set

    for name in options.sets:
        get_set(name)
    return 0


def _data_check(options):
    from fer_course.sources import check_set

    if options.record and options.sets != ["detection"]:
        raise ValueError("--record is for `data check detection` alone.")
    code = max(check_set(name) for name in options.sets)
    if options.record:
        from fer_course.detection.survey import write_survey

        print(f"Detection sets recorded in {write_survey()}")
    return code


def _data_prepare(options):
    from fer_course.sources import prepare_set

    return max(prepare_set(name) for name in options.sets)


def _train(options):
    from fer_course.runs import train

    return train(
        options.network,
        quick=options.quick,
        refine=options.refine,
        resume=options.resume,
        epochs=options.epochs,
        out=options.out,
        record=options.record,
        weights=options.weights,
        image_size=options.image_size,
        learning_rate=options.learning_rate,
        hours=options.hours,
        gpus=options.gpus,
        faces=options.faces,
        recipe=options.recipe,
        seed=options.seed,
        teachers=options.teachers,
        average=options.average,
    )


def _evaluate(options):
    from fer_course.runs import evaluate

    return evaluate(
        options.network,
        model=options.model,
        out=options.out,
        record=options.record,
        against=options.against,
        split=options.split,
    )
