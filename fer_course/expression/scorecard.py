"""Every figure of a FERNet file, on every held-back part of the data that is found.

In: a network's file. Out: a `Scorecard`: each part whole and without the faces that
have a near-duplicate anywhere in their set, with and without averaging over views of
the face; what small, turned and shifted faces cost; and, if wanted, how far it is ahead
of another network. `python -m fer_course evaluate fernet` prints it and, with
`--record`, writes what notebook 05 and the model card quote.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_course.expression.averaging import averaged_predictions
from fer_course.expression.classifier import ExpressionClassifier
from fer_course.expression.evaluation import (
    ExpressionReport,
    McNemar,
    evaluate_classifier,
    mcnemar,
    reliability,
    selective_accuracy,
)
from fer_course.expression.held_back import held_back_parts
from fer_course.expression.rival import Lead, measure_leads
from fer_course.expression.robustness import (
    Condition,
    measure_robustness,
    robustness_table,
)
from fer_course.expression.serving import Served, measure_serving, serving_table
from fer_course.expression.votes import vote_statistics
from fer_course.files import write_atomically
from fer_course.settings import settings

COVERAGES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)


@dataclass(frozen=True, eq=False)
class Score:
    """A network on one part.

    Attributes:
        part: "PrivateTest", "RAF-DB test", …
        averaging: over which views of a face, one of `averaging.AVERAGINGS`.
        report: the figures.
        sure: share of the faces that the network calls sure.
        sure_accuracy: share right of those.
        reliability: (counts, confidence, accuracy) in 15 bins, for the diagram.
        selective: accuracy at each of `COVERAGES`.
    """

    part: str
    averaging: str
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
        command: what makes the same figures.
        scores: a `Score` for each part and way of averaging.
        gain: part -> way of averaging -> `McNemar` of the averaged against the plain
            predictions.
        robustness: `Condition`s, measured on the choosing faces.
        serving: `Served`s, likewise; none without a detector.
        votes: `vote_statistics` of FER+, empty where it is not there.
        rival: the other network's file name, None without one.
        leads: a `Lead` for each part, none without a rival.
    """

    model: str
    command: str
    scores: tuple[Score, ...]
    gain: dict[str, dict[str, McNemar]]
    robustness: tuple[Condition, ...]
    serving: tuple[Served, ...]
    votes: dict
    rival: str | None = None
    leads: tuple[Lead, ...] = ()

    def to_frame(self):
        """Return a pandas table, one row for each part and way of averaging."""
        import pandas as pd

        rows = []
        for score in self.scores:
            low, high = score.report.interval
            rows.append(
                {
                    "part": score.part,
                    "averaging": score.averaging,
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
            "command": self.command,
            "scores": [
                {
                    "part": score.part,
                    "averaging": score.averaging,
                    **score.report.to_dict(),
                    "sure": round(score.sure, 4),
                    "sure_accuracy": _plain(score.sure_accuracy),
                    "reliability": score.reliability,
                    "selective": score.selective,
                }
                for score in self.scores
            ],
            "gain": {
                part: {
                    way: {
                        "only_averaged": test.only_a,
                        "only_plain": test.only_b,
                        "p": test.p,
                    }
                    for way, test in tests.items()
                }
                for part, tests in self.gain.items()
            },
            "robustness": [row.to_dict() for row in self.robustness],
            "serving": [row.to_dict() for row in self.serving],
            "votes": self.votes,
            "rival": self.rival,
            "leads": [lead.to_dict() for lead in self.leads],
        }

    def __str__(self):
        lines = [
            f"{'part':<30} {'averaging':<9} {'faces':>6} {'accuracy':>9} {'95 %':>14} "
            f"{'macro-F1':>8} {'ECE':>6} {'sure':>6} {'right':>6}"
        ]
        for score in self.scores:
            report = score.report
            low, high = report.interval
            right = "-" if score.sure == 0 else f"{score.sure_accuracy:.0%}"
            lines.append(
                f"{score.part:<30} {score.averaging:<9} {report.n:>6,} "
                f"{report.accuracy:>9.1%} {f'[{low:.1%}, {high:.1%}]':>14} "
                f"{report.macro_f1:>8.3f} {report.ece:>6.1%} {score.sure:>6.0%} "
                f"{right:>6}"
            )
        lines += [f"against {self.rival}, {lead}" for lead in self.leads]
        lines += robustness_table(self.robustness) + serving_table(self.serving)
        return "\n".join(lines)


def evaluate_fernet(
    model=None,
    *,
    folder=None,
    split="test",
    against=None,
    record=None,
    detector=None,
    progress=print,
):
    """Score a network on every held-back part whose data set is found.

    Args:
        model: a `.onnx` or `.keras` file; None means the shipped one.
        folder: where the data sets lie; None means `data/expression`.
        split: "test" to report, "choose" to choose with: no test face is read then.
        against: another network's file, to be scored on the same faces, or None.
        record: json file to write the figures to, or None.
        detector: what finds faces for the network when it serves, or None, which
            leaves out how they are read then.
        progress: called with a line for each set, and each kind of change.

    Raises:
        ValueError: another split, or a file that is no expression network.
        FileNotFoundError: a network is missing, or every data set is.
    """
    classifier = ExpressionClassifier(model)
    rival = ExpressionClassifier(against) if against else None
    folder = Path(folder or settings().data / "expression")
    scores, gain, leads = [], {}, []
    for held in held_back_parts(folder, split):
        found = averaged_predictions(classifier, held.faces.pixels)
        progress(f"{next(iter(held.parts))}: {len(held.faces):,} faces read")
        right = {way: p.argmax(1) == held.faces.labels for way, p in found.items()}
        scores += _scores(held, found, classifier.sure_threshold)
        gain |= _gains(held, right)
        if rival:
            leads += measure_leads(held, right["none"], rival)
    listing = folder / "fer2013" / "fer2013new.csv"
    choosing = held_back_parts(folder, "choose")
    card = Scorecard(
        model=classifier.path.name,
        command=_command(model, split, against, record),
        scores=tuple(scores),
        gain=gain,
        robustness=measure_robustness(classifier, choosing, progress),
        serving=measure_serving(classifier, detector, choosing, folder, progress)
        if detector
        else (),
        votes=vote_statistics(listing) if listing.exists() else {},
        rival=rival.path.name if rival else None,
        leads=tuple(leads),
    )
    if record:
        write_atomically(record, json.dumps(card.to_dict(), indent=1) + "\n")
    return card


def _command(model, split, against, record):
    """Return the command line of these arguments."""
    words = ["python -m fer_course evaluate fernet"]
    if model:
        words += ["--model", str(model)]
    if against:
        words += ["--against", str(against)]
    if split != "test":
        words += ["--split", split]
    if record and Path(record).parent.name == "records":
        words += ["--record"] + [Path(record).stem] * (Path(record).stem != "fernet")
    return " ".join(words)


def _scores(held, found, sure_threshold):
    labels = held.faces.labels
    return [
        _score(name, way, probabilities[rows], labels[rows], sure_threshold)
        for name, rows in held.parts.items()
        for way, probabilities in found.items()
    ]


def _gains(held, right):
    """Return part -> way of averaging -> `McNemar` against no averaging."""
    return {
        name: {
            way: mcnemar(hits[rows], right["none"][rows])
            for way, hits in right.items()
            if way != "none"
        }
        for name, rows in held.parts.items()
    }


def _score(part, averaging, probabilities, labels, sure_threshold):
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
        averaging=averaging,
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
