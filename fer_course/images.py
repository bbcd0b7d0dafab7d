"""Pictures: read any photo the same way, fit it to a network, cut a face out.

In: a path, bytes or an array. Out: an upright RGB uint8 array (H, W, 3); or one
`ImageError` whose sentence names the file and says what to do. Notebook 00 looks at
the array, notebook 02 at the letterbox, notebook 06 at the crop.
"""

import stat
import struct
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import cv2
import numpy as np

from fer_course.boxes import as_boxes
from fer_course.headers import (
    JPEG,
    MAX_SCANS,
    PNG,
    TIFF,
    avif_orientation,
    begins_as_picture,
    jpeg_scans,
    png_is_whole,
    stored_size,
)

MAX_PIXELS = 100_000_000
JPEG_SIDE = 65_500  # px, what OpenCV writes at most
MAX_BYTES = 500_000_000  # of a file; no picture of MAX_PIXELS needs more
_NO_MEMORY = cv2.Error.StsNoMem
_TOO_LARGE = "is larger than the memory left here: make it smaller first."
_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


class ImageError(ValueError):
    """A picture that cannot be read; the message is one a learner can act on."""


def read_image(source):
    """Return a photo as RGB uint8, upright, whatever it was stored as.

    The orientation that a phone notes in EXIF is applied; gray, palette, CMYK and
    16-bit pictures become RGB, see-through pixels are laid over white; of an
    animation the first frame is taken.

    Args:
        source: path, bytes of a picture file, or an array: (H, W), (H, W, 1),
            (H, W, 3) RGB or (H, W, 4) RGBA, uint8 or uint16.

    Returns:
        (H, W, 3) uint8 RGB, contiguous; at most `MAX_PIXELS`, which is seen before
        anything is decoded, from a file of at most `MAX_BYTES`.

    Raises:
        ImageError: not a picture, damaged, empty, too large or not to be read.
        FileNotFoundError: there is no such file.
        TypeError: it is none of these, a PIL image for one.

    >>> read_image(np.zeros((2, 3), np.uint8)).shape
    (2, 3, 3)
    """
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if isinstance(source, bytes | bytearray | memoryview):
        return _decode(bytes(source), "The picture")
    if not isinstance(source, str | PathLike):
        raise TypeError(
            f"A photo is a path, the bytes of a picture file or a NumPy array, not a "
            f"{type(source).__name__}: turn a PIL image into "
            "np.asarray(image.convert('RGB'))."
        )
    return _decode(_read_file(path := Path(source)), str(path))


def image_hw(path):
    """Return height and width of a picture file, upright, mostly from its header.

    Raises:
        ImageError: as `read_image`, but for what the header does not tell: damage
            further on.
        FileNotFoundError: there is no such file.
    """
    data = _read_file(Path(path))
    turned = not data.startswith((JPEG, PNG)) or b"Exif" in data or b"eXIf" in data
    size = None if turned else stored_size(data)
    if size is None:
        return _decode(data, str(path)).shape[:2]
    _check_size(*size, str(path))
    return size


def _read_file(path):
    try:
        found = path.stat()
        plain = stat.S_ISREG(found.st_mode)
        data = path.read_bytes() if plain and found.st_size <= MAX_BYTES else b""
    except (FileNotFoundError, NotADirectoryError, ValueError):  # no name at all
        raise FileNotFoundError(
            f"{path} does not exist: check the name and the folder."
        ) from None
    except OSError as error:
        raise ImageError(
            f"{path} cannot be read: {error.strerror or error}."
        ) from error
    except MemoryError:
        raise ImageError(f"{path} {_TOO_LARGE}") from None
    if stat.S_ISDIR(found.st_mode):
        raise ImageError(f"{path} is a folder: name one of the pictures in it.")
    if not plain:  # reading it might never end
        raise ImageError(f"{path} is a device or a pipe: name the file of a picture.")
    if found.st_size > MAX_BYTES:
        raise ImageError(
            f"{path} has {found.st_size / 1e6:,.0f} MB, the limit is "
            f"{MAX_BYTES / 1e6:.0f}: make it smaller first."
        )
    return data


def _from_array(array):
    if array.dtype not in (np.uint8, np.uint16):
        raise ImageError(
            f"The array is {array.dtype}, expected uint8 with values 0 to 255: "
            "multiply fractions by 255 and call .astype('uint8')."
        )
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.ndim not in (2, 3) or channels not in (1, 3, 4) or not array.size:
        raise ImageError(
            f"The array has the shape {array.shape}, expected (height, width, 3)."
        )
    _check_size(*array.shape[:2], "The array")
    array = array.reshape(*array.shape[:2], channels)
    if channels == 4:
        return _over_white(array)
    if array.dtype == np.uint16:
        array = (array >> 8).astype(np.uint8)
    # a copy: a camera may fill the same array with its next frame
    return np.array(np.broadcast_to(array, (*array.shape[:2], 3)), order="C")


def _decode(data, name):
    if not data:
        raise ImageError(f"{name} is empty (0 bytes): download or save it again.")
    size = stored_size(data)
    if size is None:
        raise ImageError(f"{name} {_what_is_wrong(data)}")
    _check_size(*size, name)
    if _is_cut_short(data, name):
        raise ImageError(f"{name} is cut short: copy or download it again.")
    buffer = np.frombuffer(data, np.uint8)
    try:
        image = _decode_stored(buffer, data) if _may_have_alpha(data) else None
        if image is None:  # OpenCV turns the photo upright, and converts CMYK
            image = cv2.imdecode(buffer, cv2.IMREAD_COLOR)
            image = None if image is None else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    except (cv2.error, MemoryError) as error:
        if getattr(error, "code", _NO_MEMORY) == _NO_MEMORY:
            raise ImageError(f"{name} {_TOO_LARGE}") from None
        image = None
    if image is None:
        raise ImageError(f"{name} {_what_is_wrong(data)}")
    _check_size(*image.shape[:2], name)
    if data[4:8] == b"ftyp":  # OpenCV leaves AVIF as it is stored
        return _upright(image, avif_orientation(data))
    return image


def _check_size(height, width, name):
    if height * width > MAX_PIXELS:
        raise ImageError(
            f"{name} has {height * width / 1e6:,.0f} megapixels, the limit is "
            f"{MAX_PIXELS / 1e6:.0f}: make it smaller first."
        )


def _is_cut_short(data, name):
    """Return whether the end is missing: decoders may fill the rest with gray."""
    if data.startswith(JPEG):
        scans, whole = jpeg_scans(data)
        if scans > MAX_SCANS:  # each costs the time of the whole picture
            raise ImageError(
                f"{name} has {scans:,} scans, a JPEG has about ten: save it again."
            )
        return not whole
    if data.startswith(b"RIFF"):
        return int.from_bytes(data[4:8], "little") + 8 > len(data)
    return data.startswith(PNG) and not png_is_whole(data)


def _may_have_alpha(data):
    if data.startswith(PNG):
        return data[25:26] not in b"\x00\x02\x03" or b"tRNS" in data
    if data.startswith(b"BM"):  # older headers have no mask for alpha: the byte is 0
        return int.from_bytes(data[14:18], "little") >= 56
    return not data.startswith(JPEG)


def _decode_stored(buffer, data):
    """Return the picture over white, upright; None where OpenCV must convert it."""
    tiff = data.startswith(TIFF)
    image, _, blobs = cv2.imdecodeWithMetadata(buffer, flags=cv2.IMREAD_UNCHANGED)
    kind = None if image is None else (image.shape[2:], image.dtype.name)
    if kind in (((4,), "uint8"), ((4,), "uint16")):
        image = cv2.cvtColor(image, cv2.COLOR_BGRA2RGBA)
        image = _over_white(image, multiplied=tiff)  # TIFF's OpenCV has multiplied
    elif kind == ((3,), "uint8"):
        image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    else:
        return None
    if tiff or data[4:8] == b"ftyp":  # upright already; AVIF has boxes for it
        return image
    exif = next((b.tobytes() for b in blobs if b.size > 12), b"")
    return _upright(image, _exif_orientation(exif))


def _over_white(rgba, multiplied=False):
    full = np.float32(np.iinfo(rgba.dtype).max)
    mixed = np.empty((*rgba.shape[:2], 3), np.uint8)
    for top in range(0, len(rgba), 64):  # rows: floats of a whole photo take gigabytes
        rows = rgba[top : top + 64].astype(np.float32) / full
        alpha = rows[..., 3:]
        color = rows[..., :3] * (255 if multiplied else 255 * alpha)
        mixed[top : top + 64] = np.clip(color + 255 * (1 - alpha) + 0.5, 0, 255)
    return mixed


def _exif_orientation(exif):
    """Return 1..8 from a TIFF header and its first directory; 1 if not noted."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None or len(exif) < 10:
        return 1
    (start,) = struct.unpack(order + "I", exif[4:8])
    count = int.from_bytes(exif[start : start + 2], "little" if order == "<" else "big")
    for at in range(start + 2, min(start + 2 + 12 * count, len(exif) - 11), 12):
        tag, _, _, value = struct.unpack(order + "HHIH", exif[at : at + 10])
        if tag == 0x0112:
            return value if 1 <= value <= 8 else 1
    return 1


def _upright(image, orientation):
    if orientation in (5, 6, 7, 8):
        image = image.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    return np.ascontiguousarray(image)


def _what_is_wrong(data):
    head = data[:512].lstrip().lower()
    if head.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        return (
            "is a web page, not a picture: the download gave an error or login page; "
            "open the address in a browser and save the picture itself."
        )
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC:
        return (
            "is an HEIC photo, which the course cannot read: export it as JPEG first."
        )
    if head.startswith(b"version https://git-lfs"):
        return "is a Git LFS pointer, not the picture itself: run `git lfs pull`."
    if data.startswith(TIFF):
        return (
            "is a TIFF of a kind that the course cannot read, or damaged: save it as "
            "PNG or JPEG."
        )
    if begins_as_picture(data):
        return "is damaged or cut short: copy or download it again."
    return (
        "is not a picture, whatever its name says: use a JPEG, PNG or WebP file that "
        "a picture viewer opens."
    )


@dataclass(frozen=True)
class Letterbox:
    """Where a photo lies inside its letterbox.

    Attributes:
        scale: letterboxed pixels per photo pixel.
        pad_x: empty columns left of the photo.
        pad_y: empty rows above it.
    """

    scale: float
    pad_x: int
    pad_y: int

    def forward(self, boxes_xyxy):
        """Return (N, 4) boxes of the photo in letterboxed pixels."""
        return as_boxes(boxes_xyxy) * self.scale + self._pad

    def inverse(self, boxes_xyxy):
        """Return (N, 4) letterboxed boxes in pixels of the photo, not clipped."""
        return (as_boxes(boxes_xyxy) - self._pad) / self.scale

    @property
    def _pad(self):
        return np.array([self.pad_x, self.pad_y, self.pad_x, self.pad_y])


def letterbox(image, size_hw, fill=114):
    """Return the photo scaled to fit, centered on a plain ground, undistorted.

    Args:
        image: (H, W, 3) or (H, W) uint8.
        size_hw: height and width to fill, pixels.
        fill: gray value around it; 114 is what YOLO networks are trained with.

    Returns:
        The letterboxed picture of `size_hw`, and the `Letterbox` that takes boxes
        there and back.

    >>> fitted, place = letterbox(np.zeros((50, 100, 3), np.uint8), (64, 64))
    >>> fitted.shape, place
    ((64, 64, 3), Letterbox(scale=0.64, pad_x=0, pad_y=16))
    """
    height, width = image.shape[:2]
    scale = min(size_hw[0] / height, size_hw[1] / width)
    new_h, new_w = max(round(height * scale), 1), max(round(width * scale), 1)
    # far below half size, plain bilinear would skip pixels
    method = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
    if (new_h, new_w) != (height, width):
        image = cv2.resize(image, (new_w, new_h), interpolation=method)
    pad_y, pad_x = (size_hw[0] - new_h) // 2, (size_hw[1] - new_w) // 2
    fitted = np.full((*size_hw, *image.shape[2:]), fill, dtype=np.uint8)
    fitted[pad_y : pad_y + new_h, pad_x : pad_x + new_w] = image
    return fitted, Letterbox(scale, pad_x, pad_y)


def letterbox_shape(image_hw, size=640, stride=32):
    """Return the smallest height and width that hold the photo at `size`.

    Args:
        image_hw: height and width of the photo, pixels.
        size: length of the longer side after scaling.
        stride: both numbers are multiples of it (YOLOv8's coarsest grid is 32).

    >>> letterbox_shape((720, 1280))
    (384, 640)
    """
    scale = size / max(image_hw[:2])
    height, width = (max(round(side * scale), 1) for side in image_hw[:2])
    return -(-height // stride) * stride, -(-width // stride) * stride


def face_crop(image, box_xyxy):
    """Return the face in a box for a network to read, or to be shown small.

    As `crop`; of a face of 2,000 px and more only every second, third ... row and
    column, so that no face takes more memory than its photo.
    """
    side = (as_boxes(box_xyxy)[0, 2:] - as_boxes(box_xyxy)[0, :2]).max()
    step = max(int(side // 1000), 1)
    return crop(image[::step, ::step], np.asarray(box_xyxy) / step)


def crop(image, box_xyxy):
    """Return the part of the photo inside a box, the photo's edge drawn out.

    Args:
        image: (H, W, 3) or (H, W).
        box_xyxy: four numbers in pixels, its sides rounded, then its place, so that a
            square box gives a square; may reach outside the photo, whose nearest
            edge pixels are then repeated.

    Raises:
        ValueError: the box is less than a pixel wide or high, or larger than
            `MAX_PIXELS`.

    >>> crop(np.arange(6).reshape(2, 3), [1, 0, 4, 2])
    array([[1, 2, 2],
           [4, 5, 5]])
    """
    low, high = as_boxes(box_xyxy)[0].reshape(2, 2)
    # to 1e-6 first: equal sides that end in a half may differ in their last bit
    sides = np.round((high - low).round(6))
    if sides.prod() > MAX_PIXELS:
        raise ValueError(
            f"The box {np.round(box_xyxy, 2).tolist()} is larger than any photo: look "
            "for a wrong number in the annotations."
        )
    if (sides < 1).any():
        raise ValueError(
            f"The box {np.round(box_xyxy, 2).tolist()} is less than a pixel wide or "
            "high: leave such boxes out."
        )
    left, top = np.floor((low + high - sides + 1) / 2).astype(int)
    width, height = sides.astype(int)
    rows = np.clip(np.arange(top, top + height), 0, image.shape[0] - 1)
    columns = np.clip(np.arange(left, left + width), 0, image.shape[1] - 1)
    # rows whole, then columns: pixel by pixel takes five times as long
    part = image[rows, columns[0] : columns[-1] + 1]
    return part.take(columns - columns[0], axis=1)
