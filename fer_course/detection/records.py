"""What the readers of every set hand over: photos, and what had to be skipped.

In: one photo after the other from a reader in `annotations.py`. Out: `Annotations`,
which `dataset.py` cleans and writes for YOLO. Notebook 01 shows a report.
"""

import os
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from fer_course.files import stays_inside


@dataclass(frozen=True, eq=False)
class AnnotatedPhoto:
    """A photo and its faces.

    Attributes:
        dataset: "wider", "fddb", "lfpw", ...
        path: the picture.
        name: "<dataset>/<path without extension>": no two photos share one.
        boxes_xyxy: (N, 4) float, pixels, in the set's own convention; N may be 0.
        ignore: (N,) bool, faces neither to be learned nor to count as misses.
        group: photos of one group stay in one split (event, fold, photo).
        attributes: name -> (N,) int, each face's level; empty where a set has none.
        image_hw: height and width of the picture, px; None until it was opened.
    """

    dataset: str
    path: Path
    name: str
    boxes_xyxy: np.ndarray
    ignore: np.ndarray
    group: str
    attributes: dict[str, np.ndarray] = field(default_factory=dict)
    image_hw: tuple[int, int] | None = None


@dataclass(frozen=True)
class Problem:
    """Something that was skipped: "kind: detail" in `message`, line 0 for all of it."""

    file: Path
    line: int
    message: str

    def __str__(self):
        place = f"{self.file}:{self.line}" if self.line else f"{self.file}"
        return f"{place}: {self.message}"


@dataclass(frozen=True)
class Annotations:
    """What a reader found, and what it had to skip."""

    photos: tuple[AnnotatedPhoto, ...] = ()
    problems: tuple[Problem, ...] = ()

    def report(self, limit=None):
        """Return the counts and every problem in lines; `limit` of each kind."""
        faces = sum(len(photo.boxes_xyxy) for photo in self.photos)
        ignored = sum(int(photo.ignore.sum()) for photo in self.photos)
        lines = [f"{len(self.photos):,} photos, {faces:,} faces, {ignored:,} ignored"]
        return "\n".join(lines + report_problems(self.problems, limit))

    def __add__(self, other):
        return Annotations(self.photos + other.photos, self.problems + other.problems)


def report_problems(problems, limit=None):
    """Return lines: each kind of problem with its count, then the cases."""
    lines = []
    for kind, count in Counter(p.message.partition(":")[0] for p in problems).items():
        lines.append(f"{kind}: {count:,} skipped")
        cases = [p for p in problems if p.message.partition(":")[0] == kind]
        lines += [f"  {case}" for case in cases[:limit]]
        if limit is not None and count > limit:
            lines.append(f"  and {count - limit:,} more")
    return lines


class Collector:
    """Gathers the photos of one set; lists each folder once, however many it holds."""

    def __init__(self, dataset, images):
        self.dataset, self.images = dataset, Path(images)
        self.photos, self.problems, self._names = [], [], set()
        self._listing = cache(_file_names)
        self.check = self.images.is_dir()
        if not self.check:
            self.skip(
                self.images, 0, "photo folder missing: none of its photos is there"
            )

    def skip(self, file, line, message):
        """Note what was skipped; `message` is "kind: detail"."""
        self.problems.append(Problem(Path(file), line, message))

    def add(
        self,
        file,
        line,
        relative,
        boxes,
        ignore=None,
        attributes=None,
        *,
        name=None,
        group=None,
    ):
        """Add a photo unless its file is missing or its name was there before.

        A file outside the folder of the photos is never named.
        """
        inner = Path(relative)
        path = self.images / inner
        if not stays_inside(inner):
            return self.skip(file, line, f"name not understood: {relative[:60]!r}")
        short = name or inner.as_posix().removesuffix(inner.suffix)
        name = f"{self.dataset}/{short}"
        if self.check and path.name not in self._listing(path.parent):
            return self.skip(file, line, f"photo missing: {relative}")
        if name in self._names:
            return self.skip(file, line, f"photo listed twice: {relative}")
        self._names.add(name)
        boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
        ignore = np.zeros(len(boxes), bool) if ignore is None else ignore
        group = group or path.stem
        self.photos.append(
            AnnotatedPhoto(
                self.dataset, path, name, boxes, ignore, group, attributes or {}
            )
        )

    def done(self):
        """Return what was gathered."""
        return Annotations(tuple(self.photos), tuple(self.problems))


def _file_names(folder):
    try:
        return frozenset(os.listdir(folder))
    except (OSError, ValueError):  # missing, no folder, or a name that none can have
        return frozenset()
