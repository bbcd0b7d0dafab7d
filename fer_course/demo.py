"""`demo` and `camera`: photos, folders and videos in, annotated pictures out.

In go paths, out come pictures and videos with boxes, `faces.json` and, if asked
for, a CSV table. Photos need the demo's three packages, videos and the camera also
those of `requirements-video.txt`. Notebook 06 shows the same in a page.
"""

import json
import os
import sys
import time
from pathlib import Path

import cv2

from fer_course.analysis import report
from fer_course.analysis.analyzer import FaceAnalyzer, PhotoError
from fer_course.analysis.drawing import draw_faces
from fer_course.analysis.tracking import FaceTracker
from fer_course.analysis.video import count_frames, read_tracked
from fer_course.files import write_atomically
from fer_course.images import EXTENSIONS, JPEG_SIDE, ImageError
from fer_course.inputs import VIDEOS, walk
from fer_course.settings import settings

SAY_EVERY_S = 5  # how far a video is
ALL_READ, SOME_UNREAD, NOTHING_DONE = 0, 1, 2


class _Output:
    """Collects results, writes pictures as they come, tables at the end."""

    def __init__(self, folder, say):
        self.folder = folder
        self.say = say
        self.document = {"photos": [], "errors": []}
        self.rows = []
        self.columns = ()
        self.names = set()

    def path_for(self, source, suffix):
        """Return a name in the folder that no other input of this run has."""
        stem, number = _shortened(Path(source).stem), 1
        name = f"{stem}_faces{suffix}"
        while name.lower() in self.names:
            number += 1
            name = f"{stem}_faces_{number}{suffix}"
        self.names.add(name.lower())
        return self.folder / name

    def add_photo(self, result):
        """Keep a photo's faces and write its annotated picture."""
        path = self.path_for(result.photo, ".jpg")
        write_picture(path, result.draw())
        self.document["photos"].append(result.to_dict())
        self._add_rows(report.photo_rows(result), report.PHOTO_COLUMNS)
        self.say(f"{result.photo}: {_in_words(result.faces)} -> {path}")

    def add_video(self, video, frames, path):
        """Keep a video's faces, frame by frame."""
        entries, rows = [], []
        for result in frames:  # one that cannot be read may break off: keep none of it
            faces = [report.face_to_dict(face) for face in result.faces]
            entries.append(
                {
                    "frame": result.frame,
                    "time_s": round(result.time_s, 3),
                    "faces": faces,
                }
            )
            rows += report.frame_rows(video, result)
        self._add_rows(rows, report.VIDEO_COLUMNS)
        entry = {"video": video, "frames": entries}
        self.document.setdefault("videos", []).append(entry)
        self.say(f"{video}: {len(entries)} frames -> {path}")

    def add_error(self, source, message):
        """Keep what could not be read, and say so."""
        self.document["errors"].append({"photo": source, "message": message})
        print(f"Skipped: {message}", file=sys.stderr)

    def _add_rows(self, rows, columns):
        self.rows.extend(rows)
        self.columns = tuple(dict.fromkeys((*self.columns, *columns)))

    def exit_code(self):
        """Return 0 all read, 1 some were not, 2 none was."""
        read = len(self.document["photos"]) + len(self.document.get("videos", ()))
        if not self.document["errors"]:
            return ALL_READ
        return SOME_UNREAD if read else NOTHING_DONE


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
        The exit code: 0 all read, 1 some inputs could not be read, 2 none could.
    """
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # we say it
    messages = sys.stderr if json_target == "-" else sys.stdout
    output = _Output(Path(out), lambda text: print(text, file=messages, flush=True))
    photos, videos = find_inputs(inputs or [settings().data / "samples"], Path(out))
    if not photos and not videos:
        raise ValueError("There is no picture or video in what was given to read.")
    analyzer = FaceAnalyzer(score_threshold=score_threshold)
    for result in analyzer.analyze_many(photos):
        if isinstance(result, PhotoError):
            output.add_error(result.photo, result.message)
            continue
        try:
            output.add_photo(result)
        except ImageError as error:
            output.add_error(result.photo, str(error))
    for video in videos:
        path = output.path_for(video, ".mp4")
        try:
            frames = analyzer.analyze_video(video, out=path)
            frames = _telling(frames, video, count_frames(video), output.say)
            output.add_video(video, frames, path)
        except (ImageError, ValueError, OSError) as error:
            reason = getattr(error, "strerror", None)  # the system's, as of a full disk
            told = f"{path} cannot be written: {reason}." if reason else str(error)
            output.add_error(video, told)
    _write_tables(output, json_target, csv_path)
    return output.exit_code()


def find_inputs(inputs, out):
    """Return the photos and the videos that some paths mean, as text.

    Of a folder, pictures and videos are taken; a file that was named is taken as it
    is, even with an unknown suffix: reading it tells what it is.
    """
    photos, videos = [], []
    for path, in_folder in walk(inputs, out):
        suffix = path.suffix.lower()
        if suffix in VIDEOS:
            videos.append(str(path))
        elif not in_folder or suffix in EXTENSIONS:
            photos.append(str(path))
    return photos, videos


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
    _, data = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
    write_atomically(path, data.tobytes())


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
    if json_target == "-":
        sys.stdout.write(document)
    else:
        # a name that is not Unicode, as Linux allows, gets question marks
        data = document.encode("utf-8", "replace")
        path = write_atomically(json_target or output.folder / "faces.json", data)
        output.say(f"All numbers -> {path}")
    if csv_path is not None:
        columns = _csv_columns(output.columns or report.PHOTO_COLUMNS)
        table = report.rows_to_csv(output.rows, columns)
        write_atomically(csv_path, table.encode("utf-8", "replace"))
        output.say(f"Table -> {csv_path}")


def _csv_columns(columns):
    """Return a table's columns with what names the picture first."""
    first = [name for name in columns if name not in report.BOX_COLUMNS]
    return (*first, *report.BOX_COLUMNS)


def run_camera():
    """Show the camera's picture with faces read, until Q, Esc or the window's close.

    Faces are followed and their readings smoothed, as in a video.

    Raises:
        OSError: no camera, or no screen to show it on.
        ValueError: a package of `requirements-video.txt` is missing.
    """
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        raise OSError("There is no screen here to show the camera's picture on.")
    analyzer, tracker = FaceAnalyzer(), FaceTracker()
    camera = cv2.VideoCapture(0)
    try:
        there, frame = camera.read()
        if not there:
            raise OSError(
                "No camera answers: plug one in, close the programs that use it, and "
                "allow the terminal to use it (macOS: Privacy & Security, Camera)."
            )
        title = "fer_course: Q ends"
        while there:
            mirrored = frame[:, ::-1, ::-1].copy()
            faces = read_tracked(analyzer, tracker, mirrored, time.monotonic())
            cv2.imshow(title, draw_faces(mirrored, faces)[:, :, ::-1])
            closed = cv2.waitKey(1) & 0xFF in (ord("q"), 27)
            if closed or cv2.getWindowProperty(title, cv2.WND_PROP_VISIBLE) < 1:
                break
            there, frame = camera.read()
        cv2.destroyAllWindows()
    except cv2.error:
        raise OSError(
            "OpenCV cannot open a window here: opencv-python-headless has none, "
            "pip install opencv-python in its place."
        ) from None
    finally:
        camera.release()
    return ALL_READ
