"""From photos to faces with a name for their expression: both networks joined.

In: a path, bytes or an RGB array. Out: a `PhotoResult` with one `Face` per face.
detect -> square crops with the classifier's margin -> all faces in one batch ->
probabilities. Runs on NumPy, OpenCV and ONNX Runtime alone. Notebook 06 builds the
same path by hand.
"""

from dataclasses import dataclass
from os import PathLike, fspath

import cv2
import numpy as np

from fer_course.analysis import report
from fer_course.analysis.drawing import draw_faces
from fer_course.boxes import square
from fer_course.detection.detector import FaceDetector
from fer_course.expression.classifier import ExpressionClassifier
from fer_course.images import ImageError, face_crop, read_image
from fer_course.labels import EXPRESSIONS

PHOTOS_AT_ONCE = 4  # their faces share a batch; few, as each is held in memory
BYTES_AT_ONCE = 100_000_000  # of pixels; a batch ends early with large photos


@dataclass(frozen=True)
class Face:
    """One face of a photo.

    Attributes:
        box: x1, y1, x2, y2 in pixels of the upright photo.
        score: how sure the detector is that this is a face, 0..1.
        expression: the most probable of `EXPRESSIONS`.
        probabilities: each expression's share, in their order; they sum to 1.
        sure: False where the best expression is a toss-up.
        track: in videos, the number that stays with the face, 0 in its first frame;
            else None.
    """

    box: tuple[float, float, float, float]
    score: float
    expression: str
    probabilities: dict[str, float]
    sure: bool
    track: int | None = None


@dataclass(frozen=True, eq=False)
class PhotoResult:
    """The faces of one photo, best detection first.

    Attributes:
        photo: the path as it was given; None for bytes and arrays.
        image: (H, W, 3) RGB uint8, the photo upright.
        faces: as the detector ranks them; empty where nobody was found.
    """

    photo: str | None
    image: np.ndarray
    faces: tuple[Face, ...]

    def draw(self):
        """Return the photo with numbered, labeled boxes, RGB uint8 (H, W, 3)."""
        return draw_faces(self.image, self.faces)

    def to_dict(self):
        """Return the photo's entry of the JSON document."""
        height, width = self.image.shape[:2]
        faces = [report.face_to_dict(face) for face in self.faces]
        return {"photo": self.photo, "width": width, "height": height, "faces": faces}

    def to_frame(self):
        """Return a pandas table with one row per face and the CSV's columns."""
        import pandas as pd

        return pd.DataFrame(report.photo_rows(self), columns=list(report.PHOTO_COLUMNS))


@dataclass(frozen=True)
class PhotoError:
    """A photo that could not be read.

    Attributes:
        photo: the path as it was given; None for bytes.
        message: one sentence that says why.
    """

    photo: str | None
    message: str

    def to_dict(self):
        """Return the error's entry of the JSON document."""
        return {"photo": self.photo, "message": self.message}


class FaceAnalyzer:
    """Finds every face in a photo and reads its expression.

    Attributes:
        detector: has `detect(image) -> boxes_xyxy (N, 4), scores (N,)`.
        classifier: has `classify(crops) -> (N, 7)`, `crop_margin`, `sure_threshold`.
    """

    def __init__(self, detector=None, classifier=None, score_threshold=None):
        """Open both networks.

        Args:
            detector: path of an `.onnx` or `.pt` file, or an object like
                `FaceDetector`; None opens the shipped one.
            classifier: path of an `.onnx` or `.keras` file, or an object like
                `ExpressionClassifier`; None opens the shipped one.
            score_threshold: keep faces from this score on; None takes the one
                stored in the detector's file.

        Raises:
            FileNotFoundError: a network is not there.
            ValueError: a file is no such network, or a threshold came with a
                detector object, which has its own.
        """
        if hasattr(detector, "detect"):
            if score_threshold is not None:
                raise ValueError(
                    "score_threshold was given together with a detector object, which "
                    "has its own. Give it to the object: "
                    "FaceDetector(score_threshold=...)."
                )
            self.detector = detector
        else:
            self.detector = FaceDetector(detector, score_threshold)
        self.classifier = (
            classifier
            if hasattr(classifier, "classify")
            else ExpressionClassifier(classifier)
        )

    def analyze(self, photo):
        """Return the faces of one photo.

        Args:
            photo: a path, the bytes of a picture file, or an RGB uint8 array
                (H, W, 3). OpenCV reads BGR: turn such an array round first with
                `image[:, :, ::-1]`.

        Raises:
            ImageError: it is not a picture that can be read, or an array is not
                uint8 of that shape.
            FileNotFoundError: there is no such file.
        """
        image = read_image(photo)
        return PhotoResult(_name(photo), image, self.read_faces([image])[0])

    def analyze_many(self, photos):
        """Yield a result per photo, in order; faces are read in shared batches.

        Args:
            photos: iterable of what `analyze` takes; read a few at a time.

        Yields:
            `PhotoResult`, or `PhotoError` for a photo that cannot be read.
        """
        if isinstance(
            photos, (str, bytes, bytearray, memoryview, PathLike, np.ndarray)
        ):
            raise TypeError(
                "analyze_many takes a list of photos, not one photo. Write "
                "analyze(photo), or analyze_many([photo])."
            )
        return self._analyze_in_batches(iter(photos))

    def analyze_video(self, source, out=None):
        """Return an iterator of `FrameResult`; see `video.analyze_video`.

        Args:
            source: path of a video.
            out: path of the annotated video, `.webm` or `.mp4`; None writes none.
        """
        from fer_course.analysis.video import analyze_video

        return analyze_video(self, source, out)

    def read_faces(self, images):
        """Return the faces of some upright pictures, all classified in one batch.

        Args:
            images: list of (H, W, 3) RGB uint8 arrays.

        Returns:
            a tuple of `Face` per picture, best detection first.
        """
        found = [self._detect(image) for image in images]
        margin = self.classifier.crop_margin
        crops = [
            face_crop(image, box)
            for image, (boxes_xyxy, _) in zip(images, found, strict=True)
            for box in square(boxes_xyxy, margin)
        ]
        probabilities = iter(self.classifier.classify(crops))
        return [
            tuple(
                self.make_face(box, score, next(probabilities))
                for box, score in zip(boxes_xyxy, scores, strict=True)
            )
            for boxes_xyxy, scores in found
        ]

    def make_face(self, box, score, probabilities, track=None):
        """Return a `Face`; whether it is sure is the classifier's rule.

        Args:
            box: (4,) x1, y1, x2, y2 in pixels.
            score: the detector's, 0..1.
            probabilities: (7,) in the order of `EXPRESSIONS`.
            track: the face's number in a video.
        """
        best = int(np.argmax(probabilities))
        return Face(
            box=tuple(float(edge) for edge in box),
            score=float(score),
            expression=EXPRESSIONS[best],
            probabilities={
                name: float(share)
                for name, share in zip(EXPRESSIONS, probabilities, strict=True)
            },
            sure=bool(probabilities[best] >= self.classifier.sure_threshold),
            track=track,
        )

    def _detect(self, image):
        """Return boxes and scores, without slivers that hold no whole pixel."""
        boxes_xyxy, scores = self.detector.detect(image)
        sides = boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]
        whole = (sides >= 1).all(axis=1)
        return boxes_xyxy[whole], scores[whole]

    def _analyze_in_batches(self, photos):
        """Yield results of a few photos at a time."""
        for batch in _batches(photos):
            images = [entry for _, entry in batch if not isinstance(entry, PhotoError)]
            read = iter(self._read_or_none(images))
            for photo, entry in batch:
                if isinstance(entry, PhotoError):
                    yield entry
                elif (faces := next(read)) is not None:
                    yield PhotoResult(_name(photo), entry, faces)
                else:
                    name = _name(photo) or "The picture"
                    message = f"{name} is larger than the memory left here: make it "
                    yield PhotoError(_name(photo), message + "smaller first.")

    def _read_or_none(self, images):
        """Return each picture's faces, None for one that memory does not hold."""
        try:
            return self.read_faces(images) if images else []
        except (MemoryError, cv2.error):
            if len(images) == 1:
                return [None]
            return [faces for one in images for faces in self._read_or_none([one])]


def _batches(photos):
    """Yield lists of (photo, its picture or `PhotoError`) that memory holds at once."""
    batch = []
    for photo in photos:
        batch.append((photo, _read_or_error(photo)))
        held = sum(getattr(entry, "nbytes", 0) for _, entry in batch)
        if len(batch) == PHOTOS_AT_ONCE or held >= BYTES_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _name(photo):
    """Return the path of a photo as text; None where it has none."""
    return fspath(photo) if isinstance(photo, (str, PathLike)) else None


def _read_or_error(photo):
    """Return the picture, or a `PhotoError` where it cannot be read."""
    try:
        return read_image(photo)
    except (ImageError, OSError, TypeError) as error:
        return PhotoError(_name(photo), str(error))
