"""Results as JSON and CSV: analysed photos in, the documents of `demo` out.

Nothing here needs pandas; `PhotoResult.to_frame` makes its table from the same rows.
The forms are those of `python -m fer_course demo --json` and `--csv`. Notebook 06
reads both.
"""

import csv
import io

from fer_course.labels import EXPRESSIONS

BOX_COLUMNS = ("x1", "y1", "x2", "y2", "score", "expression", "sure", *EXPRESSIONS)
PHOTO_COLUMNS = ("photo", "face", *BOX_COLUMNS)
VIDEO_COLUMNS = ("video", "frame", "time_s", "track", *BOX_COLUMNS)


def face_to_dict(face):
    """Return a face, JSON-ready: boxes to 0.1 px, probabilities to 0.0001.

    Args:
        face: an `analyzer.Face`; its track is told where it has one.
    """
    entry = {
        "box": [round(float(edge), 1) for edge in face.box],
        "score": round(float(face.score), 4),
        "sure": bool(face.sure),
        "expression": face.expression,
        "probabilities": {
            name: round(float(face.probabilities[name]), 4) for name in EXPRESSIONS
        },
    }
    return entry if face.track is None else {"track": face.track, **entry}


def face_to_row(face):
    """Return a face as one flat row, with the keys `BOX_COLUMNS`."""
    entry = face_to_dict(face)
    row = dict(zip(("x1", "y1", "x2", "y2"), entry["box"], strict=True))
    row.update({key: entry[key] for key in ("score", "expression", "sure")})
    return row | entry["probabilities"]


def photo_rows(result):
    """Return one row per face of a photo, numbered from 1 as in the drawing.

    Args:
        result: a `PhotoResult`; one without faces has no row.

    Returns:
        list of dicts with the keys `PHOTO_COLUMNS`.
    """
    return [
        {"photo": result.photo, "face": number} | face_to_row(face)
        for number, face in enumerate(result.faces, start=1)
    ]


def frame_rows(video, result):
    """Return one row per face of a video frame.

    Args:
        video: the video's name.
        result: a `video.FrameResult`.

    Returns:
        list of dicts with the keys `VIDEO_COLUMNS`.
    """
    place = {"video": video, "frame": result.frame, "time_s": round(result.time_s, 3)}
    return [place | {"track": face.track} | face_to_row(face) for face in result.faces]


def results_to_dict(results):
    """Return the document that `demo --json` prints.

    Args:
        results: what `FaceAnalyzer.analyze_many` yields: `PhotoResult` and
            `PhotoError` in any order.
    """
    document = {"photos": [], "errors": []}
    for result in results:
        kind = "errors" if hasattr(result, "message") else "photos"
        document[kind].append(result.to_dict())
    return document


def rows_to_csv(rows, columns=PHOTO_COLUMNS):
    """Return rows as CSV text with a header line.

    Args:
        rows: dicts with the keys `columns`; may be empty.
        columns: `PHOTO_COLUMNS` or `VIDEO_COLUMNS`.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row | {"sure": "true" if row["sure"] else "false"} for row in rows)
    return text.getvalue()
