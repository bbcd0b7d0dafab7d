"""What was given to `demo`: paths in, the files that they mean out.

A folder means all that it contains; whether a video is among it decides which
packages are needed, before any is there. Standard library only. Notebook 00 shows
the command.
"""

import os
from pathlib import Path

VIDEOS = {".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v"}


def walk(inputs, out):
    """Yield every file that some paths mean, and whether a folder brought it.

    Folders are searched with all they contain, except `out` and what is hidden
    (`.venv`, macOS' `._photo.jpg`); links to folders are not followed, so that a
    circle of them ends. What is no folder is passed on as it is.
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
    for place, folders, names in os.walk(folder):
        real = Path(os.path.realpath(place))
        if out == real or out in real.parents:
            folders.clear()
            continue
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if not name.startswith("."):
                yield Path(place, name)


def hold_videos(inputs, out):
    """Return whether some paths mean a video, by the files' endings."""
    return any(path.suffix.lower() in VIDEOS for path, _ in walk(inputs, out))
