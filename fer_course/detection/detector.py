"""Find the faces in a photo with a trained detector.

In: a photo of any size and a detector's file (.onnx, or .pt through Ultralytics).
Out: boxes in the photo's pixels and their scores, best first. NumPy, OpenCV and
ONNX Runtime are all it needs. Notebook 02 builds each step, notebook 06 uses it.
"""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from fer_course import boxes
from fer_course.images import letterbox, letterbox_shape, read_image
from fer_course.onnx_files import open_onnx
from fer_course.settings import settings

_TILE_OVERLAP = 0.2  # share of a tile that its neighbor sees too
_MOST_CANDIDATES = 3000  # overlapping boxes considered in one picture, best first


@dataclass(frozen=True)
class DetectorCard:
    """What a detector's file says about itself, so that no code has to know it.

    Attributes:
        labels: the classes, comma separated.
        score_threshold: detections below it are not reported.
        iou_threshold: of two boxes that overlap more, the better one stays.
        input_size: longer side of the letterboxed photo, px.
        stride: both sides of the letterboxed photo are multiples of it, px.
    """

    labels: str = "face"
    score_threshold: float = 0.35
    iou_threshold: float = 0.6
    input_size: int = 640
    stride: int = 32


class FaceDetector:
    """A trained face detector, ready for photos.

    Attributes:
        card: what the network's file says about itself.
        score_threshold: boxes with a lower score are left out.
    """

    def __init__(self, model=None, score_threshold=None):
        """Load a detector.

        Args:
            model: path of an .onnx or .pt file; None means the shipped one.
            score_threshold: 0 to 1; None means the one stored in the file. An .onnx
                file reports nothing under `training.LEAST_SCORE`, 0.001.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: it holds no face detector, or the threshold is no share.
        """
        path = Path(model) if model is not None else _shipped()
        if not path.is_file():
            raise FileNotFoundError(
                f"There is no face detector at {path}. Name an .onnx or .pt file, or "
                "restore the course's models folder."
            )
        if path.suffix == ".pt":
            from fer_course.detection.training import load_network

            self._network, self.card = load_network(path)
        else:
            self._network, self.card = _load_onnx(path)
        if score_threshold is None:
            score_threshold = self.card.score_threshold
        if not 0 <= score_threshold <= 1:
            raise ValueError(
                f"score_threshold is {score_threshold}: it must lie between 0 and 1."
            )
        self.score_threshold = score_threshold

    def detect(self, image, tiles=False):
        """Return where the faces in a photo are, best first.

        The photo is scaled until its longer side has the network's input size,
        small photos too: that is how the network saw photos in training, and it
        brings the faces of small photos into its reach.

        Args:
            image: (H, W, 3) uint8 RGB, or a path or bytes of a picture.
            tiles: also look at overlapping pieces in full size: finds more small
                faces in large photos, and takes as much longer as there are
                pieces.

        Returns:
            boxes_xyxy: (N, 4) float32, pixels of the upright photo, inside it.
            scores: (N,) float32, highest first; N may be 0.
        """
        image = read_image(image)
        height, width = image.shape[:2]
        found = [self._candidates(image)]
        if tiles:
            found += [
                self._candidates_in_tile(image, corner)
                for corner in _tile_corners((height, width), self.card.input_size)
            ]
        boxes_xyxy = np.concatenate([pair[0] for pair in found])
        scores = np.concatenate([pair[1] for pair in found])
        boxes_xyxy = boxes.clip(boxes_xyxy, (height, width))
        visible = boxes.area(boxes_xyxy) > 0
        boxes_xyxy, scores = boxes_xyxy[visible], scores[visible]
        kept = boxes.nms(boxes_xyxy, scores, self.card.iou_threshold)
        return boxes_xyxy[kept].astype(np.float32), scores[kept].astype(np.float32)

    def _candidates(self, image):
        """Return boxes above the threshold, not yet thinned, in the image's pixels."""
        size_hw = letterbox_shape(
            image.shape[:2], self.card.input_size, self.card.stride
        )
        picture, placed = letterbox(image, size_hw)
        pixels = np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32)
        pixels /= 255
        center_x, center_y, width, height, scores = self._network(pixels)[0]
        kept = np.flatnonzero(scores >= self.score_threshold)
        if len(kept) > _MOST_CANDIDATES:
            kept = kept[np.argsort(-scores[kept], kind="stable")[:_MOST_CANDIDATES]]
        half_width, half_height = width[kept] / 2, height[kept] / 2
        boxes_xyxy = np.stack(
            (
                center_x[kept] - half_width,
                center_y[kept] - half_height,
                center_x[kept] + half_width,
                center_y[kept] + half_height,
            ),
            axis=1,
        )
        return placed.inverse(boxes_xyxy), scores[kept]

    def _candidates_in_tile(self, image, corner):
        """Return the boxes of one tile that no inner edge of it cuts."""
        left, top = corner
        size = self.card.input_size
        tile = image[top : top + size, left : left + size]
        boxes_xyxy, scores = self._candidates(tile)
        height, width = tile.shape[:2]
        # A face on the edge is cut: the neighbor or the whole photo shows it whole.
        # The photo's own edges are no cuts.
        margin = 2
        whole = (boxes_xyxy[:, 0] >= margin) | (left == 0)
        whole &= (boxes_xyxy[:, 1] >= margin) | (top == 0)
        whole &= (boxes_xyxy[:, 2] <= width - margin) | (left + width == image.shape[1])
        whole &= (boxes_xyxy[:, 3] <= height - margin) | (
            top + height == image.shape[0]
        )
        return boxes_xyxy[whole] + np.array([left, top, left, top]), scores[whole]


def _tile_corners(image_hw, size):
    """Return (left, top) of tiles of `size` px that cover a photo larger than one."""
    if max(image_hw) <= size:
        return []
    starts = []
    for length in image_hw:
        count = 1 + max(0, np.ceil((length - size) / (size * (1 - _TILE_OVERLAP))))
        starts.append(np.linspace(0, max(0, length - size), int(count)).astype(int))
    return [(int(left), int(top)) for top in starts[0] for left in starts[1]]


def _shipped():
    return settings().models / "face_detector.onnx"


def _load_onnx(path):
    network, stored = open_onnx(path)
    if stored.get("labels") != DetectorCard.labels:
        raise ValueError(
            f"{path} is no face detector of this course: its metadata has no "
            "labels = 'face'. Make one with `export_detector`."
        )
    told = {field.name: field.type for field in fields(DetectorCard)}
    if missing := [name for name in told if name not in stored]:
        raise ValueError(
            f"{path} does not say its {', '.join(missing)}: get the file again, or "
            "make it with `export_detector`."
        )
    try:
        card = DetectorCard(**{name: kind(stored[name]) for name, kind in told.items()})
    except ValueError as error:
        raise ValueError(
            f"{path} says no number where its metadata should hold one ({error}): get "
            "the file again."
        ) from None
    shares = card.score_threshold, card.iou_threshold
    if card.stride < 1 or card.input_size < 1 or not all(0 <= s <= 1 for s in shares):
        raise ValueError(f"{path} says {card}, which cannot be: get the file again.")
    return network, card
