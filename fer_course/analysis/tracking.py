"""Which face is which from frame to frame, and readings that do not flicker.

In: the boxes and probabilities of one frame after the other. Out: a number per face
that stays, and its probabilities averaged over the last moments. SORT, of the
package `trackers`, finds which box is which: it foresees each box by a Kalman filter
and pairs the foreseen with the found so that the overlaps sum to the most. Both are
widened first (buffered IoU, Yang et al., 2023), since a fast face may lie beside
where it was. A face is not known by its looks, so after a cut all are new. Notebook
06 joins the two networks that are read here.
"""

from dataclasses import dataclass

import cv2
import numpy as np

WIDEN = 0.5  # share of a box's side added on each side before matching
LEAST_OVERLAP = 0.2  # of the widened boxes
FORGET_S = 1.0  # a face unseen for longer gets a new number
SMOOTH_S = 0.4  # time constant of the average
NEW = 0  # the number of a face in its first frame
# Mean change from frame to frame in CIELAB, each of its three in 0..255, that makes a
# cut; hue, saturation and value, PySceneDetect's ContentDetector's measure, would leap
# in gray film, whose hue is noise. In a trial with 80 photos of WIDER it was 23.1 and
# more from one to the next; where a photo moves by a 30th of its width a frame, a fast
# pan, at most 20.0.
CUT = 21.5
_CUT_WIDTH = 128  # px to which frames are shrunk for that
_STEPS = 10  # a second, in which SORT reckons motion: as well at 5 frames as at 25


@dataclass
class _Readings:
    """The weighted readings of one face."""

    seen_s: float
    total: np.ndarray | float = 0.0  # weighted sum of (7,) probabilities
    weight: float = 0.0

    def add(self, probabilities, time_s):
        """Take a new reading, the older ones lose weight with time; return the mean."""
        fade = np.exp(-(time_s - self.seen_s) / SMOOTH_S)
        self.total = fade * self.total + probabilities
        self.weight = fade * self.weight + 1
        self.seen_s = time_s
        return self.total / self.weight


class FaceTracker:
    """Follows the faces of one video."""

    def __init__(self):
        """Start with no face known.

        Raises:
            ValueError: the package `trackers` is not installed.
        """
        try:
            from trackers import BIoU, SORTTracker
        except ImportError:
            raise ValueError(
                "Following faces from frame to frame needs the package trackers: "
                "pip install -r fer_course/requirements-video.txt"
            ) from None
        self._sort = SORTTracker(
            frame_rate=_STEPS,
            lost_track_buffer=round(30 * FORGET_S),  # in 30ths of a second, always
            minimum_consecutive_frames=1,
            minimum_iou_threshold=LEAST_OVERLAP,
            iou=BIoU(buffer_ratio=WIDEN),
        )
        self._readings = {}
        self._frame = None
        self._given = 0  # numbers of the scenes before

    def forget_at_cut(self, image):
        """Know nobody any more where another scene begins.

        Args:
            image: (H, W, 3) RGB uint8, the frame whose faces come next.
        """
        size = _CUT_WIDTH, max(round(_CUT_WIDTH * image.shape[0] / image.shape[1]), 1)
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        frame = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.int16)
        before, self._frame = self._frame, frame
        if before is None:
            return
        # of another shape where a phone was turned while it recorded
        if frame.shape != before.shape or np.abs(frame - before).mean() > CUT:
            self._given = max(self._readings, default=self._given)
            self._sort.reset()

    def update(self, boxes_xyxy, probabilities, time_s):
        """Return the number and the smoothed probabilities of each face of a frame.

        The average is over the readings of the face since it has a number, each with
        the weight exp(-age / 0.4 s): measured in time, not in frames.

        Args:
            boxes_xyxy: (N, 4) float, pixels; N may be 0.
            probabilities: (N, 7), rows sum to 1.
            time_s: time of the frame; later than the one before.

        Returns:
            (N,) int numbers, 0 in a face's first frame, then 1 or more; and (N, 7)
            probabilities; rows sum to 1.
        """
        from supervision import Detections

        boxes_xyxy = np.asarray(boxes_xyxy, float).reshape(-1, 4)
        found = self._sort.update(Detections(xyxy=boxes_xyxy), timestamp=time_s)
        # the library counts each scene's from 0, -1 is none yet
        numbers = np.where(
            found.tracker_id < 0, NEW, found.tracker_id + 1 + self._given
        )
        smooth = np.array(probabilities, float)
        for i, number in enumerate(numbers):
            if number != NEW:
                readings = self._readings.setdefault(number, _Readings(time_s))
                smooth[i] = readings.add(smooth[i], time_s)
        return numbers, smooth
