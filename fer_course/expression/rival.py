"""Is one network better than another? Both read the same faces, part by part.

In: what a network got right, and its rival. Out: a `Lead` for each part: the
difference of the accuracies, with the interval and the p that a claim needs. The same
faces for both: most are easy or hopeless for either, and such pairs say nothing about
the difference. Notebook 05 derives both tests.
"""

from dataclasses import asdict, dataclass

from fer_course.expression.evaluation import mcnemar, paired_bootstrap


@dataclass(frozen=True)
class Lead:
    """How far a network is ahead of its rival on one part, without averaging.

    Attributes:
        part: "PrivateTest", "RAF-DB test", …
        faces: how many.
        accuracy: the network's share right.
        rival_accuracy: the rival's, on the same faces.
        difference: the first minus the second.
        only_ours: faces that the network alone got right.
        only_rivals: faces that the rival alone got right.
        interval: 95 % of the differences when faces are drawn anew, the same ones for
            both; the network is ahead only where the lower bound is above 0.
        p: McNemar's.
    """

    part: str
    faces: int
    accuracy: float
    rival_accuracy: float
    difference: float
    only_ours: int
    only_rivals: int
    interval: tuple[float, float]
    p: float

    def to_dict(self):
        """Return plain numbers, ready for JSON."""
        names = ("accuracy", "rival_accuracy", "difference")
        shares = {name: round(getattr(self, name), 4) for name in names}
        bounds = [round(bound, 4) for bound in self.interval]
        return asdict(self) | shares | {"interval": bounds}

    def __str__(self):
        low, high = self.interval
        return (
            f"{self.part}: {self.accuracy:.1%} against {self.rival_accuracy:.1%}, "
            f"difference {100 * self.difference:+.1f} [{100 * low:+.1f}, "
            f"{100 * high:+.1f}] points, McNemar's p {self.p:.2g}"
        )


def measure_leads(held, ours, rival):
    """Return a `Lead` for each part of some held-back faces.

    Args:
        held: `HeldBack` of N faces.
        ours: (N,) bool, which of them the network read rightly.
        rival: object with `classify(crops) -> (N, 7)`.
    """
    predicted = rival.classify(list(held.faces.pixels)).argmax(1)
    theirs = predicted == held.faces.labels
    leads = []
    for part, rows in held.parts.items():
        a, b = ours[rows], theirs[rows]
        difference, low, high = paired_bootstrap(a, b)
        shares = float(a.mean()), float(b.mean()), difference
        test = mcnemar(a, b)
        won = test.only_a, test.only_b
        leads.append(Lead(part, len(a), *shares, *won, (low, high), test.p))
    return leads
