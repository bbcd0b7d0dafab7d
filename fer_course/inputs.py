"""What was given to `demo`: paths in, the files that they mean out.

A folder means all that it contains; whether a video is among it decides which
packages are needed, before any is there. Standard library only. Notebook 00 shows
the command.
"""

import os
import re
from pathlib import Path

from fer_course.headers import is_marked

VIDEOS = set(
    ".mp4 .m4v .mov .avi .mkv .webm .wmv .flv .3gp .mpg .mpeg .mts .m2ts .ogv".split()
)
_WRITTEN = re.compile(r".*_faces(_\d+)?\.(jpg|mp4|webm)")


def walk(inputs, out, unreadable=None):
    """Yield every file that some paths mean, and whether a folder brought it.

    Folders are searched with all they contain, except a folder `out` in them and what
    is hidden (`.venv`, macOS' `._photo.jpg`); where `out` is the folder itself, what
    `demo` wrote there is left out. Links to folders are not followed, so that a circle
    of them ends. What is no folder is passed on as it is.

    Args:
        inputs: paths.
        out: the folder that `demo` writes to.
        unreadable: called with the `OSError` of a folder that may not be searched.
    """
    out = Path(os.path.realpath(out))
    for given in inputs:
        if os.path.isdir(given):
            for path in sorted(_files_below(given, out, unreadable)):
                yield path, True
        else:
            yield Path(given), False


def was_written(path):
    """Return whether `demo` wrote a file: users, too, may name theirs so."""
    path = Path(path)
    return bool(_WRITTEN.fullmatch(path.name)) and is_marked(path)


def _files_below(folder, out, unreadable):
    """Yield what is not hidden."""
    top = Path(os.path.realpath(folder))
    for place, folders, names in os.walk(folder, onerror=unreadable):
        real = Path(os.path.realpath(place))
        if out == real != top:
            folders.clear()
            continue
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(place, name)
            if not (name.startswith(".") or (real == out and was_written(path))):
                yield path


def hold_videos(inputs, out):
    """Return whether some paths mean a video, by the files' endings."""
    return any(path.suffix.lower() in VIDEOS for path, _ in walk(inputs, out))
