"""What a picture file says of itself, read before anything is decoded.

In: the bytes of a file. Out: height and width as stored, and whether it is whole: a
file of a few kilobytes may promise a picture that no memory holds, and `images.py`
refuses it by these numbers. No picture is decoded here.
"""

import os
import re
import struct

EXTENSIONS = (
    ".jpg",
    ".jpeg",
    ".jfif",
    ".png",
    ".webp",
    ".bmp",
    ".tif",
    ".tiff",
    ".gif",
    ".avif",
)
JPEG, PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# What ends as these bytes, or as a JPEG has them behind its first segment, `demo` has
# written: a comment, and boxes that players step over.
_NAME = b"fer_course"
MARKS = {
    ".jpg": b"\xff\xfe\x00\x0c" + _NAME,
    ".mp4": b"\0\0\0\x12free" + _NAME,
    ".webm": b"\xec\x8a" + _NAME,
}
JPEG_MARK_AT = 20
MAX_SCANS = 200  # of a JPEG; cameras and programs write about ten
_BMP_HEADERS = (12, 16, 40, 52, 56, 64, 108, 124)  # lengths of all kinds there are
# A marker, after which its segment's length stands; not stuffed or restart bytes.
_MARKER = re.compile(rb"\xff([^\x00\x01\xd0-\xd7\xff])", re.DOTALL)


def is_marked(path):
    """Return whether a JPEG, MP4 or WebM file has the course's mark (`MARKS`)."""
    mark = MARKS.get(path.suffix)
    if mark is None or not path.is_file():
        return False
    try:
        with open(path, "rb") as file:
            if path.suffix == ".jpg":
                file.seek(JPEG_MARK_AT)
            else:
                file.seek(-min(len(mark), path.stat().st_size), os.SEEK_END)
            return file.read(len(mark)) == mark
    except OSError:  # not to be read: nothing of ours
        return False


def stored_size(data):
    """Return height and width in a picture file's header; None if it has none.

    Known are JPEG, PNG, GIF, BMP, WebP, TIFF and AVIF. A turn that EXIF asks for is
    not applied.

    >>> stored_size(b"GIF89a" + bytes([80, 0, 60, 0]))
    (60, 80)
    """
    readers = [read for start, read in _READERS.items() if data.startswith(start)]
    if data[4:8] == b"ftyp":
        readers = [_avif_size]
    try:
        size = readers[0](data) if readers else None
    except (struct.error, OverflowError):  # it ends before, or points beyond its end
        return None
    return size if size and min(size) > 0 else None


def begins_as_picture(data):
    """Return whether the first bytes are a picture's, whatever becomes of the rest.

    Films and sounds begin with RIFF as WebP does, and a text may begin with BM: what
    follows tells them apart. TIFF and AVIF are not looked for.
    """
    if data.startswith(b"RIFF"):
        return _is_webp(data)
    if data.startswith(b"BM"):
        return int.from_bytes(data[14:18], "little") in _BMP_HEADERS
    return data.startswith((JPEG, PNG[:4], b"GIF8"))


def jpeg_scans(data):
    """Return how many scans a JPEG has and whether its end is there.

    A thumbnail, which has an end of its own, lies in a segment that is stepped over.
    """
    scans = 0
    for marker, _ in _jpeg_segments(data):
        scans += marker == 0xDA
        if marker == 0xD9:
            return scans, True
    return scans, False


def png_is_whole(data):
    """Return whether all chunks of a PNG are there, the last of them its end.

    Of a chunk that is not, OpenCV first takes the memory: up to 2 GB.
    """
    at = len(PNG)
    while at + 12 <= len(data):
        kind = data[at + 4 : at + 8]
        at += 12 + int.from_bytes(data[at : at + 4], "big")
        if kind == b"IEND":
            return at <= len(data)
    return False


def _jpeg_segments(data):
    """Yield each marker of a JPEG and where its segment's length stands."""
    at = 2
    while found := _MARKER.search(data, at):
        marker, at = found[1][0], found.end()
        yield marker, at
        at += int.from_bytes(data[at : at + 2], "big")


def _jpeg_size(data):
    for marker, at in _jpeg_segments(data):
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return struct.unpack_from(">HH", data, at + 3)
        if marker in (0xD9, 0xDA):
            return None
    return None


def _png_size(data):
    if data[12:16] != b"IHDR":
        return None
    return struct.unpack_from(">II", data, 16)[::-1]


def _gif_size(data):
    return struct.unpack_from("<HH", data, 6)[::-1]


def _bmp_size(data):
    (length,) = struct.unpack_from("<I", data, 14)
    if length not in _BMP_HEADERS:
        return None
    width, height = struct.unpack_from("<HH" if length == 12 else "<ii", data, 18)
    return abs(height), abs(width)  # a height below 0: stored from the top on


def _is_webp(data):
    return data[8:12] == b"WEBP"


def _webp_size(data):
    if not _is_webp(data):
        return None
    kind = data[12:16]
    if kind == b"VP8X":
        low_w, high_w, low_h, high_h = struct.unpack_from("<HBHB", data, 24)
        width, height = (high_w << 16 | low_w) + 1, (high_h << 16 | low_h) + 1
    elif kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    return height, width


def _tiff_size(data):
    """Read the first directory: tag 256 is the width, 257 the height."""
    order = "<" if data[:2] == b"II" else ">"
    big = b"+" in data[2:4]  # BigTIFF: 8 bytes for what has 4 or 2 otherwise
    (start,) = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)
    (count,) = struct.unpack_from(order + ("Q" if big else "H"), data, start)
    first, step, value = (start + 8, 20, 12) if big else (start + 2, 12, 8)
    sides = {}
    for at in range(first, first + min(count, 65_535) * step, step):
        tag, kind = struct.unpack_from(order + "HH", data, at)
        if tag in (256, 257):
            form = {3: "H", 4: "I", 16: "Q"}.get(kind, "I")
            (sides[tag],) = struct.unpack_from(order + form, data, at + value)
        if len(sides) == 2:
            return sides[257], sides[256]
    return None


def _avif_size(data):
    """Take the largest picture in it: the others are its tiles and thumbnails."""
    boxes = [found.end() for found in re.finditer(b"ispe....", data, re.DOTALL)]
    sizes = [struct.unpack_from(">II", data, at)[::-1] for at in boxes]
    return max(sizes, key=lambda size: size[0] * size[1], default=None)


def avif_orientation(data):
    """Return 1..8, EXIF's number for how AVIF's own boxes turn a picture; 1 if not.

    `irot` turns it a quarter counter-clockwise some times, then `imir` mirrors it:
    from top to bottom (0) or from left to right (1); ISO/IEC 23008-12.
    """
    about = data.partition(b"mdat")[0]
    turn, flip = (
        re.search(rb"\0\0\0\x09" + kind + rb"(.)", about, re.DOTALL)
        for kind in (b"irot", b"imir")
    )
    turned = (
        {0: 1, 1: 8, 2: 3, 3: 6},
        {0: 4, 1: 5, 2: 2, 3: 7},
        {0: 2, 1: 7, 2: 4, 3: 5},
    )
    kind = 0 if flip is None else 1 + (flip[1][0] & 1)
    return turned[kind][turn[1][0] & 3 if turn else 0]


_READERS = {
    JPEG: _jpeg_size,
    PNG: _png_size,
    b"GIF8": _gif_size,
    b"BM": _bmp_size,
    b"RIFF": _webp_size,
    **dict.fromkeys(TIFF, _tiff_size),
}
