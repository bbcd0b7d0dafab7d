"""Are faces read as well when served: found by the detector, cut out by its box?

In: both networks, and the pictures of faces to choose with. Out: for each data set how
the detector frames its faces, and how many are read rightly as they are stored and
as an app would cut them. FER2013's and RAF-DB's pictures end where the stored square
does, so that a box that reaches farther brings in their drawn-out edge, which no photo
has; the extract's show what is around. Notebook 06.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from fer_course.boxes import square
from fer_course.expression import datasets
from fer_course.expression.evaluation import paired_bootstrap
from fer_course.expression.framing import measure_framing
from fer_course.images import face_crop, read_image
from fer_course.settings import SEED

FACES = 600  # of a set: enough to tell a few points, read in a minute or two
MARGINS = (-0.4, -0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.4)


@dataclass(frozen=True)
class Served:
    """A network on one part's faces, as stored and as served.

    Attributes:
        part: "RAF-DB choose", …
        faces: how many were drawn of it.
        found: of how many the detector found the face.
        margin: median of `framing.Framing.margins`.
        margin_quartiles: their quartiles.
        offset_xy: median of `framing.Framing.offsets`.
        stored: share right of the faces found, cut as the data set is loaded.
        served: share right of the same, cut by the detector's box and the network's
            margin.
        interval: 95 % of the second minus the first when faces are drawn anew.
        by_margin: share right of the same faces, cut with each of `MARGINS`.
    """

    part: str
    faces: int
    found: int
    margin: float
    margin_quartiles: list[float]
    offset_xy: list[float]
    stored: float
    served: float
    interval: tuple[float, float]
    by_margin: list[float]

    def to_dict(self):
        """Return plain numbers, ready for JSON."""
        bounds = [round(bound, 4) for bound in self.interval]
        shares = {name: round(getattr(self, name), 4) for name in ("stored", "served")}
        by_margin = [round(share, 4) for share in self.by_margin]
        return asdict(self) | shares | {"interval": bounds, "by_margin": by_margin}


def measure_serving(classifier, detector, held_back, folder, progress=print):
    """Return how a network reads faces as stored and as served, set by set.

    Args:
        classifier: object with `classify(crops) -> (N, 7)` and `crop_margin`.
        detector: object with `detect(image) -> boxes_xyxy, scores`, best first.
        held_back: list of `HeldBack`; for choosing, not testing. Up to `FACES` of each
            are drawn, the same ones every time. AffectNet in other layouts than
            Kaggle's extract is left out.
        folder: holds `RAF-DB/basic` and `AffectNet`, where their pictures are.
        progress: called with a line for each set.

    Returns:
        Tuple of `Served`.

    Raises:
        ValueError: the detector finds no face at all, or a picture is damaged.
    """
    rng = np.random.default_rng(SEED)
    rows = []
    for held in held_back:
        count = min(FACES, len(held.faces))
        drawn = np.sort(rng.choice(len(held.faces), count, replace=False))
        faces = held.faces.select(drawn)
        pictures, share = _pictures(faces, Path(folder))
        if pictures:
            part = next(iter(held.parts))
            progress(f"{part}: the detector looks for {count:,} faces")
            rows.append(_served(part, faces, pictures, share, classifier, detector))
    return tuple(rows)


def serving_table(rows):
    """Return the lines of two tables, a line for each part; none without a part."""
    if not rows:
        return []
    lines = [
        f"{'served by the detector':<30} {'found':>11} {'margin':>7} {'stored':>7} "
        f"{'served':>7} {'95 % of the difference':>24}"
    ]
    for row in rows:
        low, high = (100 * bound for bound in row.interval)
        lines.append(
            f"{row.part:<30} {f'{row.found} of {row.faces}':>11} {row.margin:>+7.2f} "
            f"{row.stored:>7.1%} {row.served:>7.1%} "
            f"{f'[{low:+.1f}, {high:+.1f}] points':>24}"
        )
    lines.append(
        f"{'cut with another margin':<30}" + "".join(f"{m:>+8.0%}" for m in MARGINS)
    )
    lines += [
        f"{row.part:<30}" + "".join(f"{share:>8.1%}" for share in row.by_margin)
        for row in rows
    ]
    return lines


def _served(part, faces, pictures, share, classifier, detector):
    framing = measure_framing(pictures, detector, share)
    rows = np.flatnonzero(framing.found)
    labels = faces.labels[rows]

    def right_at(margin):
        cut = [
            face_crop(pictures[row], square(framing.boxes_xyxy[row], margin)[0])
            for row in rows
        ]
        return classifier.classify(cut).argmax(1) == labels

    stored = classifier.classify(list(faces.pixels[rows])).argmax(1) == labels
    served = right_at(classifier.crop_margin)
    _, low, high = paired_bootstrap(served, stored)
    return Served(
        part,
        **framing.to_dict(),
        stored=float(stored.mean()),
        served=float(served.mean()),
        interval=(low, high),
        by_margin=[float(right_at(margin).mean()) for margin in MARGINS],
    )


def _pictures(faces, folder):
    """Return the faces' pictures and the stored share of their sides; ([], 1) if none.

    FER2013 has no other pictures than the stored ones.
    """
    if faces.name == "FER2013":
        return list(faces.pixels), 1.0
    if faces.name == "RAF-DB":
        paths = datasets.rafdb_paths(folder / "RAF-DB" / "basic", faces.names.tolist())
        return [read_image(path) for path in paths], 1.0
    if (folder / "AffectNet" / "labels.csv").is_file():
        paths = [folder / "AffectNet" / name for name in faces.names.tolist()]
        return [read_image(path) for path in paths], datasets.EXTRACT_SHARE
    return [], 1.0
