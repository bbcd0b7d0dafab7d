"""What was given to `demo`: paths in, the files that they mean out.

A folder means all that it contains; whether a video is among it decides which
packages are needed, before any is there. Standard library only. Notebook 00 shows
the command.
"""

import os
import re
from pathlib import Path

_WRITTEN = re.compile(r".*_faces(_\d+)?\.(jpg|mp4)")  # by `demo` itself
VIDEOS = {".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v"}


def walk(inputs, out):
    """Yield every file that some paths mean, and whether a folder brought it.

    Folders are searched with all they contain, except a folder `out` in them and what
    is hidden (`.venv`, macOS' `._photo.jpg`); where `out` is the folder itself, what
    `demo` wrote there is left out by its name. Links to folders are not followed, so
    that a circle of them ends. What is no folder is passed on as it is.
    """
    out = Path(os.path.realpath(out))
    for given in inputs:
        if os.path.isdir(given):
            for path in sorted(_files_below(given, out)):
                yield path, True
        else:
            yield Path(given), False


def _files_below(folder, out):
    """Yield what is not hidden; what may not be searched holds nothing."""
    top = Path(os.path.realpath(folder))
    for place, folders, names in os.walk(folder):
        real = Path(os.path.realpath(place))
        if out == real != top:
            folders.clear()
            continue
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            written = real == out and _WRITTEN.fullmatch(name)
            if not (name.startswith(".") or written):
                yield Path(place, name)


def hold_videos(inputs, out):
    """Return whether some paths mean a video, by the files' endings."""
    return any(path.suffix.lower() in VIDEOS for path, _ in walk(inputs, out))
