"""Boxes and labels on a photo: a picture and its faces in, an annotated copy out.

Each face gets a box in its expression's color and a label "number expression
percent". A reading that is not sure has a dashed box and a question mark. Sizes
follow picture and face; labels stay inside the picture and off each other where
there is room. Notebook 06 shows the pictures.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from fer_course.boxes import area, clip
from fer_course.labels import COLORS

FONT = cv2.FONT_HERSHEY_SIMPLEX
SMALLEST_TEXT_PX = 9  # height of capitals; smaller is not read
WHITE, BLACK = (255, 255, 255), (0, 0, 0)


@dataclass(frozen=True)
class _Style:
    """Sizes in pixels for one face in one picture."""

    line: int
    text_height: int

    @property
    def text_line(self):
        return max(1, round(self.text_height / 9))

    @property
    def padding(self):
        return max(2, round(0.4 * self.text_height))

    @property
    def font_scale(self):
        return cv2.getFontScaleFromHeight(FONT, self.text_height, self.text_line)


def draw_faces(image, faces):
    """Return a copy of the picture with a box and a label per face.

    Args:
        image: (H, W, 3) RGB uint8.
        faces: sequence of `analyzer.Face`, boxes in the picture's pixels; a face's
            number is its track ("new" for 0), or its place counted from 1.

    Returns:
        (H, W, 3) RGB uint8.
    """
    canvas = np.array(image, order="C")
    if not len(faces):
        return canvas
    image_hw = canvas.shape[:2]
    boxes = clip(np.array([face.box for face in faces], float), image_hw)
    styles = [_style(image_hw, box) for box in boxes]
    by_size = np.argsort(-area(boxes), kind="stable")  # big faces first, small on top
    for i in by_size:
        _draw_box(canvas, boxes[i], _rgb(faces[i]), styles[i].line, not faces[i].sure)
    taken = []
    for i in by_size:
        number = i + 1 if faces[i].track is None else faces[i].track or "new"
        text, size_wh = _fit_text(number, faces[i], styles[i], boxes[i], image_hw)
        spot = _place(size_wh, boxes[i], np.delete(boxes, i, 0), taken, image_hw)
        taken.append(spot)
        _draw_label(canvas, text, spot, _rgb(faces[i]), styles[i])
    return canvas


def _style(image_hw, box):
    """Return sizes that suit a face of a picture."""
    picture = (image_hw[0] * image_hw[1]) ** 0.5
    face = min(box[2] - box[0], box[3] - box[1])
    line = round(min(picture / 300, max(2, face / 25)))
    text = round(min(picture / 45, max(picture / 130, face / 7)))
    return _Style(line=max(2, line), text_height=max(SMALLEST_TEXT_PX, text))


def _rgb(face):
    """Return a face's color as integers."""
    code = COLORS[face.expression]
    return tuple(int(code[i : i + 2], 16) for i in (1, 3, 5))


def _text_color(rgb):
    """Return white or black, whichever is read better on a color."""
    linear = (np.array(rgb) / 255) ** 2.2
    luminance = linear @ (0.2126, 0.7152, 0.0722)
    return BLACK if (luminance + 0.05) ** 2 > 1.05 * 0.05 else WHITE


def _draw_box(canvas, box, color, line, dashed):
    """Draw a box with a thin white edge, seen on dark and light alike."""
    height, width = canvas.shape[:2]
    inset = line // 2 + 1
    x1, y1 = (max(inset, round(float(edge))) for edge in box[:2])
    x2 = max(x1, min(width - 1 - inset, round(float(box[2]))))
    y2 = max(y1, min(height - 1 - inset, round(float(box[3]))))
    corners = [(x1, y1), (x2, y1), (x2, y2), (x1, y2)]
    cv2.rectangle(canvas, corners[0], corners[2], WHITE, line + 2)
    for start, end in zip(corners, corners[1:] + corners[:1], strict=True):
        pieces = _dashes(start, end, 5 * line + 3) if dashed else [(start, end)]
        for a, b in pieces:
            cv2.line(canvas, a, b, color, line)


def _dashes(start, end, length):
    """Return the dashes of an edge; it begins and ends with one."""
    start, end = np.array(start), np.array(end)
    count = 2 * round((np.abs(end - start).max() / length - 1) / 2) + 1
    if count < 3:
        return [(tuple(map(int, start)), tuple(map(int, end)))]
    points = np.linspace(start, end, count + 1).round().astype(int).tolist()
    return [(tuple(points[i]), tuple(points[i + 1])) for i in range(0, count, 2)]


def _fit_text(number, face, style, box, image_hw):
    """Return the longest label that suits face and picture, and its size (w, h)."""
    percent = round(100 * face.probabilities[face.expression])
    doubt = "" if face.sure else "?"
    texts = [f"{number} {face.expression}{doubt} {percent}%", f"{number}{doubt}"]
    if box[2] - box[0] < 3 * style.text_height:  # tiny: a word would hide its face
        texts = texts[1:]
    sizes = [_label_size(text, style) for text in texts]
    fitting = [
        pair for pair in zip(texts, sizes, strict=True) if pair[1][0] <= image_hw[1]
    ]
    return fitting[0] if fitting else (texts[-1], sizes[-1])


def _label_size(text, style):
    """Return width and height of a label in pixels."""
    (width, _), _ = cv2.getTextSize(text, FONT, style.font_scale, style.text_line)
    return width + 2 * style.padding, style.text_height + 2 * style.padding


def _place(size_wh, box, others, taken, image_hw):
    """Return the label's place x1 y1 x2 y2: near its box, over as little as can be."""
    (w, h), (x1, y1, x2, y2) = size_wh, box
    corners = [
        (x1, y1 - h),  # above, left and right
        (x2 - w, y1 - h),
        (x1, y2),  # below
        (x2 - w, y2),
        (x2, y1),  # beside
        (x1 - w, y1),
        (x1, y1),  # inside, where the picture ends
        (x1, y2 - h),
    ]
    best, least = None, np.inf
    for rank, (left, top) in enumerate(corners):
        left = int(np.clip(round(float(left)), 0, max(0, image_hw[1] - w)))
        top = int(np.clip(round(float(top)), 0, max(0, image_hw[0] - h)))
        spot = (left, top, left + w, top + h)
        cost = (
            20 * _overlap(spot, np.array(taken).reshape(-1, 4))
            + 3 * _overlap(spot, np.array([box]))
            + 2 * _overlap(spot, others)
            + 0.05 * rank * w * h
        )
        if cost < least:
            best, least = spot, cost
    return best


def _overlap(spot, boxes):
    """Return the pixels of a rectangle that lie under some boxes, summed."""
    low = np.maximum(boxes[:, :2], spot[:2])
    high = np.minimum(boxes[:, 2:], spot[2:])
    return float(np.prod(np.clip(high - low, 0, None), axis=1).sum())


def _draw_label(canvas, text, spot, color, style):
    """Draw a filled, rounded label and its text."""
    x1, y1, x2, y2 = spot
    radius = max(1, style.padding // 2)
    for grow, fill in ((1, WHITE), (0, color)):
        a, b = (x1 - grow, y1 - grow), (x2 - 1 + grow, y2 - 1 + grow)
        cv2.rectangle(canvas, (a[0] + radius, a[1]), (b[0] - radius, b[1]), fill, -1)
        cv2.rectangle(canvas, (a[0], a[1] + radius), (b[0], b[1] - radius), fill, -1)
        for x in (a[0] + radius, b[0] - radius):
            for y in (a[1] + radius, b[1] - radius):
                cv2.circle(canvas, (x, y), radius, fill, -1, cv2.LINE_AA)
    cv2.putText(
        canvas,
        text,
        (x1 + style.padding, y2 - style.padding),
        FONT,
        style.font_scale,
        _text_color(color),
        style.text_line,
        cv2.LINE_AA,
    )
