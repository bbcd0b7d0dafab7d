"""Every figure of a FERNet file, on every held-back part of the data that is found.

In: a network's file. Out: a `Scorecard`: each part whole and without the faces that
have a near-duplicate anywhere in their set, with and without averaging over the
mirrored face. `python -m fer_course evaluate fernet` prints it and, with `--record`,
writes what notebook 05 and the model card quote.
"""

import json
from dataclasses import dataclass

import numpy as np

from fer_course.expression import datasets
from fer_course.expression.classifier import ExpressionClassifier
from fer_course.expression.evaluation import (
    ExpressionReport,
    McNemar,
    evaluate_classifier,
    mcnemar,
    reliability,
    selective_accuracy,
)
from fer_course.expression.votes import vote_statistics
from fer_course.files import write_atomically
from fer_course.settings import settings
from fer_course.splits import read_manifest

COVERAGES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)


@dataclass(frozen=True, eq=False)
class Score:
    """A network on one part.

    Attributes:
        part: "PrivateTest", "RAF-DB test", …
        flip: whether face and mirrored face were averaged.
        report: the figures.
        sure: share of the faces that the network calls sure.
        sure_accuracy: share right of those.
        reliability: (counts, confidence, accuracy) in 15 bins, for the diagram.
        selective: accuracy at each of `COVERAGES`.
    """

    part: str
    flip: bool
    report: ExpressionReport
    sure: float
    sure_accuracy: float
    reliability: tuple
    selective: dict


@dataclass(frozen=True, eq=False)
class Scorecard:
    """All scores of one network.

    Attributes:
        model: its file's name.
        scores: a `Score` for each part, without and with flip averaging.
        flip_gain: part -> `McNemar` of the averaged against the plain predictions.
        votes: `vote_statistics` of FER+, empty where it is not there.
    """

    model: str
    scores: tuple[Score, ...]
    flip_gain: dict[str, McNemar]
    votes: dict

    def to_frame(self):
        """Return a pandas table, one row for each part and way."""
        import pandas as pd

        rows = []
        for score in self.scores:
            low, high = score.report.interval
            rows.append(
                {
                    "part": score.part,
                    "flip": score.flip,
                    "faces": score.report.n,
                    "accuracy": score.report.accuracy,
                    "low": low,
                    "high": high,
                    "macro_f1": score.report.macro_f1,
                    "ece": score.report.ece,
                    "nll": score.report.nll,
                    "sure": score.sure,
                    "sure_accuracy": score.sure_accuracy,
                }
            )
        return pd.DataFrame(rows)

    def to_dict(self):
        """Return plain numbers, ready for JSON."""
        return {
            "model": self.model,
            "command": "python -m fer_course evaluate fernet --record",
            "scores": [
                {
                    "part": score.part,
                    "flip": score.flip,
                    **score.report.to_dict(),
                    "sure": round(score.sure, 4),
                    "sure_accuracy": _plain(score.sure_accuracy),
                    "reliability": score.reliability,
                    "selective": score.selective,
                }
                for score in self.scores
            ],
            "flip_gain": {
                part: {"only_flip": test.only_a, "only_plain": test.only_b, "p": test.p}
                for part, test in self.flip_gain.items()
            },
            "votes": self.votes,
        }

    def __str__(self):
        lines = [
            f"{'part':<34} {'flip':<4} {'faces':>6} {'accuracy':>9} {'95 %':>14} "
            f"{'macro-F1':>8} {'ECE':>6} {'sure':>6} {'right':>6}"
        ]
        for score in self.scores:
            report = score.report
            low, high = report.interval
            lines.append(
                f"{score.part:<34} {'yes' if score.flip else 'no':<4} {report.n:>6,} "
                f"{report.accuracy:>9.1%} {f'[{low:.1%}, {high:.1%}]':>14} "
                f"{report.macro_f1:>8.3f} {report.ece:>6.1%} {score.sure:>6.0%} "
                f"{score.sure_accuracy:>6.0%}"
            )
        return "\n".join(lines)


def evaluate_fernet(model=None, *, folder=None, record=None):
    """Score a network on every held-back part whose data set is found.

    Args:
        model: a `.onnx` or `.keras` file; None means the shipped one.
        folder: where the data sets lie; None means `data/expression`.
        record: json file to write the figures to, or None.

    Raises:
        FileNotFoundError: the network is missing, or every data set is.
    """
    classifier = ExpressionClassifier(model)
    folder = folder or settings().data / "expression"
    parts = held_back_parts(folder)
    scores, flip_gain = [], {}
    for name, faces in parts.items():
        plain = classifier.classify(list(faces.pixels))
        mirrored = classifier.classify(list(faces.pixels[:, :, ::-1]))
        averaged = (plain + mirrored) / 2
        for flip, probabilities in ((False, plain), (True, averaged)):
            scores.append(
                _score(
                    name, flip, probabilities, faces.labels, classifier.sure_threshold
                )
            )
        flip_gain[name] = mcnemar(
            averaged.argmax(1) == faces.labels, plain.argmax(1) == faces.labels
        )
    listing = folder / "fer2013" / "fer2013new.csv"
    votes = vote_statistics(listing) if listing.exists() else {}
    card = Scorecard(classifier.path.name, tuple(scores), flip_gain, votes)
    if record:
        write_atomically(record, json.dumps(card.to_dict(), indent=1) + "\n")
    return card


def held_back_parts(folder):
    """Return part's name -> `FaceSet`, for the data sets found in a folder.

    PublicTest is there to choose with and the extract's part is not AffectNet's
    official one: neither is a figure to set beside published ones.

    Raises:
        FileNotFoundError: none of FER2013, RAF-DB and AffectNet is there.
    """
    parts = {}
    if (folder / "fer2013" / "fer2013.csv").exists():
        faces = datasets.load_fer2013(folder / "fer2013")
        parts |= _with_and_without_twins("PrivateTest", faces.part("test"), "fer2013")
        parts["PublicTest (for choosing)"] = faces.part("choose")
    if (folder / "RAF-DB" / "basic").is_dir():
        faces = datasets.load_rafdb(folder / "RAF-DB" / "basic").part("test")
        parts |= _with_and_without_twins("RAF-DB test", faces, "rafdb")
    if (folder / "AffectNet").is_dir():
        for source in ("label", "folder"):
            faces = datasets.load_affectnet(folder / "AffectNet", label_source=source)
            faces = faces.part("test")
            parts[f"extract test, {source}"] = faces
            plain = np.char.find(faces.names, "ffhq_") < 0
            parts[f"extract test, {source}, no ffhq"] = faces.select(plain)
    if not parts:
        raise FileNotFoundError(
            f"No faces in {folder}: `python -m fer_course data get fer2013` says where "
            "to get them."
        )
    return {name: faces for name, faces in parts.items() if len(faces)}


def _with_and_without_twins(name, faces, key):
    """Return the part whole, and without faces that the split's list calls twins."""
    rows = read_manifest(datasets.SPLITS / f"{key}.csv")
    column = "row" if key == "fer2013" else "name"
    groups, counts = np.unique([row["group"] for row in rows], return_counts=True)
    shared = set(groups[counts > 1].tolist())
    twins = [row[column] for row in rows if row["group"] in shared]
    alone = ~np.isin(faces.names, twins)
    return {name: faces, f"{name}, no twins": faces.select(alone)}


def _score(part, flip, probabilities, labels, sure_threshold):
    sure = probabilities.max(1) >= sure_threshold
    right = probabilities.argmax(1) == labels
    bins = reliability(probabilities, labels)
    curve = selective_accuracy(probabilities, labels)
    selective = {
        f"{coverage:.0%}": _plain(np.interp(coverage, curve.coverage, curve.accuracy))
        for coverage in COVERAGES
    }
    return Score(
        part=part,
        flip=flip,
        report=evaluate_classifier(probabilities, labels),
        sure=float(sure.mean()),
        sure_accuracy=float(right[sure].mean()) if sure.any() else float("nan"),
        reliability=(
            bins.counts.tolist(),
            [_plain(value) for value in bins.confidence],
            [_plain(value) for value in bins.accuracy],
        ),
        selective=selective,
    )


def _plain(value):
    """Return a number for JSON: None where it is unknown."""
    return None if np.isnan(value) else round(float(value), 4)
