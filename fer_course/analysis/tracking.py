"""Which face is which from frame to frame, and readings that do not flicker.

In: the boxes and probabilities of one frame after the other. Out: a number per face
that stays, and its probabilities averaged over the last moments. Matching is by
overlap of widened boxes (after "buffered IoU", C-BIoU tracker, 2023): faces move
little between frames and rarely cross. The kept tracker libraries were left out
here: they bring SciPy, matplotlib or torch to a demo that needs three packages.
Notebook 06 shows a track.
"""

from dataclasses import dataclass

import numpy as np

from fer_course.boxes import iou_matrix, square

WIDEN = 0.5  # share of a box's side added before matching: fast faces overlap again
LEAST_OVERLAP = 0.2  # of the widened boxes
FORGET_S = 1.0  # a face unseen for longer gets a new number
SMOOTH_S = 0.4  # time constant of the average


@dataclass
class _Track:
    """A face being followed: where it was last, and its weighted readings."""

    number: int
    box: np.ndarray
    seen_s: float
    readings: np.ndarray | float = 0.0  # weighted sum of (7,) probabilities
    weight: float = 0.0

    def add(self, box, probabilities, time_s):
        """Take a new reading; the older ones lose weight with time."""
        fade = np.exp(-(time_s - self.seen_s) / SMOOTH_S)
        self.readings = fade * self.readings + probabilities
        self.weight = fade * self.weight + 1
        self.box, self.seen_s = box, time_s


class FaceTracker:
    """Follows the faces of one video."""

    def __init__(self):
        self._tracks = []
        self._last_number = 0

    def update(self, boxes_xyxy, probabilities, time_s):
        """Return the number and the smoothed probabilities of each face of a frame.

        The average is over all readings of the face, each with the weight
        exp(-age / 0.4 s): measured in time, not in frames, and as steady at a face's
        second frame as it can be.

        Args:
            boxes_xyxy: (N, 4) float, pixels; N may be 0.
            probabilities: (N, 7), rows sum to 1.
            time_s: time of the frame; later than the one before.

        Returns:
            (N,) int numbers from 1, and (N, 7) probabilities; rows sum to 1.
        """
        self._tracks = [t for t in self._tracks if time_s - t.seen_s <= FORGET_S]
        matched = self._match(boxes_xyxy)
        numbers = np.zeros(len(boxes_xyxy), int)
        smooth = np.zeros((len(boxes_xyxy), np.shape(probabilities)[1]))
        for i, box in enumerate(boxes_xyxy):
            track = matched.get(i)
            if track is None:
                self._last_number += 1
                track = _Track(self._last_number, box, time_s)
                self._tracks.append(track)
            track.add(box, probabilities[i], time_s)
            numbers[i], smooth[i] = track.number, track.readings / track.weight
        return numbers, smooth

    def _match(self, boxes_xyxy):
        """Return {face: track}, taking the greatest overlaps first."""
        known = np.array([track.box for track in self._tracks]).reshape(-1, 4)
        overlap = iou_matrix(square(boxes_xyxy, WIDEN), square(known, WIDEN))
        pairs = {}
        while overlap.size and overlap.max() >= LEAST_OVERLAP:
            i, j = np.unravel_index(overlap.argmax(), overlap.shape)
            pairs[int(i)] = self._tracks[j]
            overlap[i], overlap[:, j] = 0, 0
        return pairs
