"""What was given to `demo`: paths in, the files that they mean out.

A folder means all that it contains; whether a video is among it decides which
packages are needed, before any is there. Standard library only. Notebook 00 shows
the command.
"""

from pathlib import Path

VIDEOS = {".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v"}


def walk(inputs, out):
    """Yield every file that some paths mean, and whether a folder brought it.

    Folders are searched with all they contain, except `out` and what is hidden
    (`.venv`, macOS' `._photo.jpg`). What is no folder is passed on as it is.
    """
    out = Path(out).resolve()
    for given in map(Path, inputs):
        if not given.is_dir():
            yield given, False
            continue
        for path in sorted(given.rglob("*")):
            inner = path.relative_to(given).parts
            hidden = any(part.startswith(".") for part in inner)
            real = path.resolve()
            if not (hidden or path.is_dir() or out == real or out in real.parents):
                yield path, True


def hold_videos(inputs, out):
    """Return whether some paths mean a video, by the files' endings."""
    return any(path.suffix.lower() in VIDEOS for path, _ in walk(inputs, out))
