"""What makes a face hard to find: recall by WIDER FACE's own attributes.

In: matched detections (`ScoredPhotos`) and annotated photos whose faces have
attributes: blur, illumination, occlusion, pose. Out: how many faces of each level are
found, and how large they are, because the hard ones are often small too. Part of
`python -m fer_course evaluate detector`; notebook 01 reads the attributes' columns.
"""

from dataclasses import dataclass

import numpy as np

from fer_course.detection.annotations import WIDER_LEVELS


@dataclass(frozen=True)
class LevelRecall:
    """How detectors do on the faces of one level of an attribute.

    Attributes:
        attribute: "blur", "illumination", "occlusion" or "pose".
        level: its name, such as "heavy".
        faces: number of faces that count.
        median_size_px: their median sqrt(width x height), px.
        recall: detector -> share of them found at its own score threshold.
    """

    attribute: str
    level: str
    faces: int
    median_size_px: float
    recall: dict[str, float]


def recall_by_attribute(scored, levels, score_threshold):
    """Return recall, number and median size of the faces of each level.

    Args:
        scored: `ScoredPhotos`.
        levels: an (M,) int array a photo: the level of one attribute of all its true
            faces, those that do not count included.
        score_threshold: the score from which a face is found.

    Returns:
        level -> recall, number of faces, median size in px, for each that occurs.

    Raises:
        ValueError: the levels are of more or fewer photos.
    """
    if len(levels) != scored.n_photos:
        raise ValueError(
            f"There are {scored.n_photos} photos but levels for {len(levels)}: give "
            "one array a photo."
        )
    of_face = scored.of_faces(levels)
    found = scored.found_by >= score_threshold
    result = {}
    for level in np.unique(of_face):
        there = of_face == level
        median_px = float(np.median(scored.face_sizes[there]))
        result[int(level)] = float(found[there].mean()), int(there.sum()), median_px
    return result


def attribute_table(scored, thresholds, photos):
    """Return a `LevelRecall` for each level that occurs, in the order of WIDER's.

    Args:
        scored: detector's name -> its `ScoredPhotos` of these photos.
        thresholds: detector's name -> the score from which it finds a face.
        photos: `AnnotatedPhoto`s; where one has no attributes the table is empty.
    """
    if not all(photo.attributes for photo in photos):
        return ()
    table = []
    for attribute, names in WIDER_LEVELS.items():
        levels = [photo.attributes[attribute] for photo in photos]
        of_detectors = {
            name: recall_by_attribute(scored[name], levels, thresholds[name])
            for name in scored
        }
        for level, level_name in enumerate(names):
            found = {
                n: rows[level] for n, rows in of_detectors.items() if level in rows
            }
            if not found:
                continue
            _, faces, median_px = next(iter(found.values()))
            recall = {name: round(row[0], 4) for name, row in found.items()}
            table.append(
                LevelRecall(attribute, level_name, faces, round(median_px, 1), recall)
            )
    return tuple(table)


def attribute_lines(table):
    """Return the rows of `attribute_table` as lines of text under a heading."""
    if not table:
        return []
    detectors = "".join(f" {name:>13}" for name in table[0].recall)
    lines = [f"{'recall by attribute':<22} {'faces':>6} {'median px':>9}{detectors}"]
    for row in table:
        shares = "".join(f" {100 * share:>13.1f}" for share in row.recall.values())
        name = f"{row.attribute}: {row.level}"
        lines.append(f"{name:<22} {row.faces:>6} {row.median_size_px:>9.1f}{shares}")
    return lines
