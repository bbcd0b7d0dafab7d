"""`demo`: photos, folders and videos in, annotated pictures out.

In go paths, out come pictures and videos with boxes, `faces.json` and, if asked
for, a CSV table. Photos need the demo's three packages, videos also those of
`requirements-video.txt`. Notebook 06 shows the same in a page.
"""

import errno
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import cv2

from fer_course.analysis import report
from fer_course.analysis.analyzer import FaceAnalyzer, PhotoError
from fer_course.analysis.video import stored_length, told_length
from fer_course.analysis.video_writing import usual_ending
from fer_course.files import write_atomically
from fer_course.headers import EXTENSIONS, JPEG_MARK_AT, MARKS
from fer_course.images import JPEG_SIDE, ImageError
from fer_course.inputs import VIDEOS, walk, was_written
from fer_course.settings import SAMPLES

SAY_EVERY_S = 5  # how far a video is
MISSED_S = 1.0  # that a video may lack, and a tenth of it: files tell no exact length
ALL_READ, SOME_UNREAD, NOTHING_DONE = 0, 1, 2


class _Output:
    """Collects results, writes pictures as they come, tables at the end."""

    def __init__(self, folder, say, inputs):
        self.folder = folder
        self.say = say
        self.inputs = {os.path.realpath(path) for path in inputs}
        self.document = {"photos": [], "errors": []}
        self.rows = []
        self.columns = ()
        self.names = set()

    def path_for(self, source, suffix):
        """Return a path in the folder where nothing would be lost."""
        stem, number = _shortened(Path(source).stem), 1
        path = self.folder / f"{stem}_faces{suffix}"
        while self._is_taken(path):
            number += 1
            path = self.folder / f"{stem}_faces_{number}{suffix}"
        self.names.add(path.name.lower())
        return path

    def _is_taken(self, path):
        """Return whether this run reads or writes it, or it is the user's own."""
        if path.name.lower() in self.names or os.path.realpath(path) in self.inputs:
            return True
        return path.exists() and not was_written(path)

    def add_photo(self, result):
        """Keep a photo's faces and write its annotated picture; return the path."""
        self.document["photos"].append(result.to_dict())
        self._add_rows(report.photo_rows(result), report.PHOTO_COLUMNS)
        path = self.path_for(result.photo, ".jpg")
        write_picture(path, result.draw())
        return path

    def add_video(self, video, frames, path):
        """Keep a video's faces, frame by frame; return (frames, the last one's s)."""
        entries, rows = [], []

        def keep():
            self._add_rows(rows, report.VIDEO_COLUMNS)
            entry = {"video": video, "frames": entries}
            self.document.setdefault("videos", []).append(entry)

        try:
            for result in frames:  # one that cannot be read may break off: keep none
                faces = [report.face_to_dict(face) for face in result.faces]
                entries.append(
                    {
                        "frame": result.frame,
                        "time_s": round(result.time_s, 3),
                        "faces": faces,
                    }
                )
                rows += report.frame_rows(video, result)
        except KeyboardInterrupt:
            if entries:
                keep()
                self.say(f"{video}: {len(entries)} frames -> {path}")
            raise
        except OSError as error:  # a full disk costs the copy and no numbers
            if entries and error.errno:
                keep()
            raise
        keep()
        return len(entries), entries[-1]["time_s"]

    def add_error(self, source, message):
        """Keep what could not be read, and say so."""
        self.document["errors"].append({"photo": source, "message": message})
        print(f"Skipped: {message}", file=sys.stderr)

    def _add_rows(self, rows, columns):
        self.rows.extend(rows)
        self.columns = tuple(dict.fromkeys((*self.columns, *columns)))

    def count_read(self):
        """Return how many photos and videos were read."""
        return len(self.document["photos"]) + len(self.document.get("videos", ()))

    def exit_code(self):
        """Return 0 all read, 1 some were not, 2 none was."""
        if not self.document["errors"]:
            return ALL_READ
        return SOME_UNREAD if self.count_read() else NOTHING_DONE


def run_demo(inputs, out, json_target=None, csv_path=None, score_threshold=None):
    """Read the faces of photos, folders and videos, and write what was found.

    Args:
        inputs: paths; none means the sample photos.
        out: folder for annotated pictures, videos and `faces.json`.
        json_target: a file instead of `faces.json`, or "-" for standard output,
            where then nothing else is printed.
        csv_path: a table with a row per face; None writes none.
        score_threshold: None takes the one stored with the detector.

    Returns:
        The exit code: 0 all was done, 1 some inputs could not be read or some pictures
        not be written, 2 nothing could be read.

    Raises:
        ValueError: nothing to read was given.
        OSError: the folder or a table cannot be written.
    """
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # we say it
    messages = sys.stderr if json_target == "-" else sys.stdout
    photos, videos, closed = find_inputs(
        inputs or sorted(SAMPLES.glob("*.jpg")), Path(out)
    )
    if not (photos or videos or closed):
        raise ValueError("There is no picture or video in what was given to read.")
    output = _Output(
        Path(out),
        lambda text: print(text, file=messages, flush=True),
        [*photos, *videos],
    )
    for folder, reason in closed:
        output.add_error(folder, f"{folder} cannot be searched: {reason}.")
    analyzer = FaceAnalyzer(score_threshold=score_threshold)
    output.folder.mkdir(parents=True, exist_ok=True)
    # better now than after a thousand photos: what cannot be written to
    with tempfile.TemporaryFile(dir=output.folder):
        pass
    tables = json_target or output.folder / "faces.json", csv_path
    for path in tables:
        if path is not None and path != "-":
            _check_table(Path(path))
    if csv_path is not None and len({os.path.realpath(path) for path in tables}) == 1:
        raise ValueError(f"{csv_path} cannot be both: name two files (--json, --csv).")
    try:
        _read_photos(analyzer, photos, output)
        _read_videos(analyzer, videos, output)
    except BaseException:  # Ctrl-C after an hour: what was read until then is kept
        if output.count_read():
            _write_tables(output, json_target, csv_path)
        raise
    _write_tables(output, json_target, csv_path)
    return output.exit_code()


def _check_table(path):
    """Raise OSError where a table cannot be written."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not path.exists() or path.is_file():  # else a device, or a pipe
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass


def _read_photos(analyzer, photos, output):
    for result in analyzer.analyze_many(photos):
        if isinstance(result, PhotoError):
            output.add_error(result.photo, result.message)
            continue
        try:
            path = output.add_photo(result)
        except ImageError as error:
            output.add_error(result.photo, str(error))
        except (OSError, cv2.error, MemoryError) as error:
            reason = getattr(error, "strerror", None) or "the memory left is too small"
            told = f"the picture of {result.photo} cannot be written: {reason}."
            output.add_error(result.photo, told)
        else:
            output.say(f"{result.photo}: {_in_words(result.faces)} -> {path}")


def _read_videos(analyzer, videos, output):
    for video in videos:
        path = output.path_for(video, usual_ending())
        try:
            count, told_s = told_length(video)
            frames = analyzer.analyze_video(video, out=path)
            frames = _telling(frames, video, count, output.say)
            read, read_s = output.add_video(video, frames, path)
            cut = told_s is not None and _is_cut(video, read, read_s, told_s)
        except BrokenPipeError:
            raise
        except (ImageError, ValueError, OSError) as error:
            reason = getattr(error, "strerror", None)  # the system's, as of a full disk
            told = f"{path} cannot be written: {reason}." if reason else str(error)
            output.add_error(video, told)
        except (cv2.error, MemoryError):
            told = f"{video} cannot be read: the memory left is too small."
            output.add_error(video, told)
        else:
            output.say(f"{video}: {read} frames -> {path}")
            if cut:
                output.add_error(
                    video,
                    f"the end of {video}, cut short: {read_s:.1f} of {told_s:.1f} s "
                    "can be read. Copy it again.",
                )


def _is_cut(video, read, read_s, told_s):
    """Return whether a video's end is missing: fewer frames or seconds than it says.

    Where its last frame stands long or its sound goes on, the file itself is asked.
    """
    if read_s >= 0.9 * told_s - MISSED_S:
        return False
    frames, stored_s = stored_length(video)
    return read < 0.9 * frames or stored_s < 0.9 * told_s - MISSED_S


def find_inputs(inputs, out):
    """Return the photos and the videos that some paths mean, and what stayed closed.

    Of a folder, pictures and videos are taken, HEIC photos too, so that they are named
    as not to be read; a file that was named is taken as it is, even with an unknown
    suffix: reading it tells what it is.

    Returns:
        paths of photos and of videos, as text, and (folder, reason) of each folder
        that may not be searched.
    """
    photos, videos, closed = [], [], []
    for path, in_folder in walk(inputs, out, closed.append):
        suffix = path.suffix.lower()
        if suffix in VIDEOS:
            videos.append(str(path))
        elif not in_folder or suffix in (*EXTENSIONS, ".heic", ".heif"):
            photos.append(str(path))
    return photos, videos, [(str(e.filename), e.strerror) for e in closed]


def _shortened(name, limit=200):
    """Return a name of at most `limit` bytes: systems allow 255, ending included."""
    while len(name.encode("utf-8", "surrogatepass")) > limit:
        name = name[:-1]
    return name


def _telling(frames, video, count, say):
    """Pass a video's frames on, and say every few seconds how far it is.

    Args:
        frames: iterator of `FrameResult`.
        video: its name.
        count: how many frames there will be; None where the file does not tell.
        say: takes a line of text.
    """
    started = said = time.monotonic()
    for done, result in enumerate(frames, start=1):
        yield result
        now = time.monotonic()
        if now - said < SAY_EVERY_S:
            continue
        said = now
        if count is None or done >= count:  # some files tell too few
            say(f"{video}: {done:,} frames")
            continue
        left_s = (count - done) * (now - started) / done
        say(f"{video}: {done:,} of {count:,} frames, {_in_time(left_s)} left")


def _in_time(seconds):
    """Return a duration in words, as exact as an estimate is."""
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def write_picture(path, image):
    """Write an RGB uint8 picture (H, W, 3) as a JPEG file.

    Raises:
        ImageError: it is too wide or too high for one.
    """
    if max(image.shape[:2]) > JPEG_SIDE:
        raise ImageError(
            f"{path} would have {max(image.shape[:2]):,} px a side, a JPEG file has at "
            f"most {JPEG_SIDE:,}: cut the photo first."
        )
    image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 92])
    data = data.tobytes()
    data = data[:JPEG_MARK_AT] + MARKS[".jpg"] + data[JPEG_MARK_AT:]
    write_atomically(path, data)


def _in_words(faces):
    """Return a line's worth of what was found."""
    if not faces:
        return "no face"
    names = [
        f"{face.expression} {face.probabilities[face.expression]:.0%}"
        if face.sure
        else f"not sure (perhaps {face.expression})"
        for face in faces[:6]
    ]
    more = f" and {len(faces) - 6} more" if len(faces) > 6 else ""
    count = "1 face" if len(faces) == 1 else f"{len(faces)} faces"
    return f"{count}: {', '.join(names)}{more}"


def _write_tables(output, json_target, csv_path):
    document = json.dumps(output.document, ensure_ascii=False, indent=1) + "\n"
    written = []
    try:
        if json_target == "-":
            sys.stdout.write(document)
        else:
            # a name that is not Unicode, as Linux allows, gets question marks
            data = document.encode("utf-8", "replace")
            path = write_atomically(json_target or output.folder / "faces.json", data)
            written.append(f"All numbers -> {path}")
    finally:  # the other table may lie on another disk
        if csv_path is not None:
            columns = _csv_columns(output.columns or report.PHOTO_COLUMNS)
            table = report.rows_to_csv(output.rows, columns)
            write_atomically(csv_path, table.encode("utf-8", "replace"))
            written.append(f"Table -> {csv_path}")
    for line in written:  # last: one who reads no more stops us here
        output.say(line)


def _csv_columns(columns):
    """Return a table's columns with what names the picture first."""
    first = [name for name in columns if name not in report.BOX_COLUMNS]
    return (*first, *report.BOX_COLUMNS)
