"""Readings as a small page: photo, a row per face, what to download.

In: `PhotoResult`s of the analyzer. Out: HTML text without scripts; pictures and
downloads lie inside it as data URIs, every text is escaped. `classify` shows it;
notebook 06 explains what the bars do and do not say.
"""

import base64
import json
from dataclasses import replace
from html import escape
from pathlib import Path

import cv2

from fer_course.analysis.report import photo_rows, results_to_dict, rows_to_csv
from fer_course.boxes import square
from fer_course.images import JPEG_SIDE, face_crop
from fer_course.labels import COLORS

SHOWN_PX = 1280
CROP_PX = 96
_CROP_MARGIN = 0.2
_STYLE = Path(__file__).parent / "static" / "result.css"


def at_threshold(result, score_threshold):
    """Return the result with the faces of at least this detector score."""
    faces = tuple(face for face in result.faces if face.score >= score_threshold)
    return replace(result, faces=faces)


def page(entries):
    """Return the page for some photos.

    Args:
        entries: `PhotoResult`s, already cut at the threshold, and `PhotoError`s.

    Returns:
        HTML text, its style sheet included.
    """
    parts = [f"<style>{_STYLE.read_text(encoding='utf-8')}</style>"]
    parts += [
        error_note(entry) if is_error(entry) else photo_section(entry)
        for entry in entries
    ]
    if not all(is_error(entry) for entry in entries):
        parts.append(downloads(entries))
        parts.append(
            '<p class="fer-small">A label says how a face looks to strangers who '
            "label photos, not what the person feels.</p>"
        )
    return f'<div class="fer-result">{"".join(parts)}</div>'


def is_error(entry):
    """Return whether an entry is a `PhotoError` instead of a `PhotoResult`."""
    return hasattr(entry, "message")


def error_note(error):
    """Return one sentence on a photo that could not be read."""
    named = error.photo in error.message
    text = error.message if named else f"{error.photo}: {error.message}"
    return f'<p class="fer-error" role="alert">{escape(text)}</p>'


def photo_section(result):
    """Return the annotated photo, a note where one is due, and a row per face."""
    rows = "".join(
        face_row(result.image, face, number)
        for number, face in enumerate(result.faces, 1)
    )
    picture = _shrink(result.draw(), SHOWN_PX)
    height, width = picture.shape[:2]  # said, so that nothing jumps while it loads
    return (
        f"<section><h3>{escape(result.photo)}</h3>"
        f'<img class="fer-photo" width="{width}" height="{height}" '
        f'src="{jpeg_uri(picture)}" alt="{escape(summary(result))}">'
        f"<p>{escape(_headline(result))}</p>{_notes(result)}"
        f"<ol>{rows}</ol></section>"
    )


def summary(result):
    """Return the photo in words: its name, how many faces, their labels in order."""
    labels = ", ".join(
        f"{number} {_label(face)}" for number, face in enumerate(result.faces, 1)
    )
    text = f"{result.photo}: {_headline(result)}"
    return f"{text} {labels}." if labels else text


def _headline(result):
    count = len(result.faces)
    return "No face." if not count else f"{count} face{'s' if count > 1 else ''}."


def _label(face):
    return face.expression if face.sure else f"not sure (perhaps {face.expression})"


def _notes(result):
    if not result.faces:
        return (
            '<p class="fer-note">Nobody was found at this threshold. Lower it, or '
            "try a photo in which faces are larger, brighter and turned to the "
            "camera.</p>"
        )
    unsure = [str(n) for n, face in enumerate(result.faces, 1) if not face.sure]
    if not unsure:
        return ""
    which = f"face{'s' if len(unsure) > 1 else ''} {', '.join(unsure)}"
    return (
        f'<p class="fer-note">Not sure about {which}: the highest bar is too low '
        "to name an expression.</p>"
    )


def face_row(image, face, number):
    """Return one list item: the face's crop and its seven bars."""
    box = square([face.box], margin=_CROP_MARGIN)[0]
    picture = cv2.resize(
        face_crop(image, box), (CROP_PX, CROP_PX), interpolation=cv2.INTER_AREA
    )
    return (
        f'<li><img src="{jpeg_uri(picture)}" alt="face {number}"><div>'
        f"<h4>{number} · {escape(_label(face))}</h4>"
        f'<div class="fer-small">detector score {face.score:.2f}</div>'
        f"{probability_bars(face.probabilities)}</div></li>"
    )


def probability_bars(probabilities):
    """Return a bar per expression, its length the probability, with the number."""
    best = max(probabilities, key=probabilities.get)
    rows = []
    for name, probability in probabilities.items():
        mark = " fer-best" if name == best else ""
        rows.append(
            f'<dt class="{mark.strip()}">{escape(name)}</dt>'
            f'<dd class="fer-track" aria-hidden="true"><span style="width:'
            f'{100 * probability:.1f}%;background:{COLORS[name]}"></span></dd>'
            f'<dd class="fer-share{mark}">{probability:.0%}</dd>'
        )
    return f'<dl class="fer-bars">{"".join(rows)}</dl>'


def downloads(entries):
    """Return links to the annotated pictures, the JSON and the CSV.

    They hold what `python -m fer_course demo --json` and `--csv` write.

    Args:
        entries: `PhotoResult`s and `PhotoError`s.
    """
    results = [entry for entry in entries if not is_error(entry)]
    links = []
    for result in results:
        name = f"{Path(result.photo).stem}-faces.jpg"
        links.append(_link(name, jpeg_uri(result.draw()), f"annotated {result.photo}"))
    document = json.dumps(results_to_dict(entries), indent=2, ensure_ascii=False)
    table = rows_to_csv(row for result in results for row in photo_rows(result))
    links.append(_link("faces.json", _text_uri(document, "application/json"), "JSON"))
    links.append(_link("faces.csv", _text_uri(table, "text/csv"), "CSV"))
    return f'<p class="fer-downloads"><span>Download</span>{"".join(links)}</p>'


def jpeg_uri(image, quality=90):
    """Return an RGB uint8 image as a JPEG data URI, shrunk where JPEG has no room."""
    _, data = cv2.imencode(
        ".jpg",
        cv2.cvtColor(_shrink(image, JPEG_SIDE), cv2.COLOR_RGB2BGR),
        [cv2.IMWRITE_JPEG_QUALITY, quality],
    )
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"


def _text_uri(text, mime):
    data = base64.b64encode(text.encode("utf-8", "replace")).decode()
    return f"data:{mime};charset=utf-8;base64,{data}"


def _link(name, uri, text):
    return f'<a download="{escape(name)}" href="{uri}">{escape(text)}</a>'


def _shrink(image, longest_px):
    height, width = image.shape[:2]
    scale = longest_px / max(height, width)
    if scale >= 1:
        return image
    size_wh = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA)
