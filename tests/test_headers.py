"""What a file says of itself is what a decoder finds, for every kind and cut."""

import io
import struct
import time
import zlib

import numpy as np
import pytest

from fer_course.headers import (
    avif_orientation,
    begins_as_picture,
    jpeg_scans,
    png_is_whole,
    stored_size,
)
from fer_course.images import _upright

Image = pytest.importorskip("PIL.Image", reason="Pillow writes the test pictures")


def encoded(kind, size_wh=(80, 60), mode="RGB", **options):
    file = io.BytesIO()
    Image.new(mode, size_wh).save(file, kind, **options)
    return file.getvalue()


def old_bmp(width, height):
    """The header of OS/2, with sides of two bytes."""
    return b"BM" + bytes(12) + struct.pack("<IHHHH", 12, width, height, 1, 24)


def jpeg_with_garbage():
    """Bytes between two segments, which decoders step over."""
    data = encoded("JPEG")
    at = data.index(b"\xff\xdb")
    return data[:at] + b"\x12\xff\x00\x34\xff\xd0" + data[at:]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(encoded("JPEG"), id="JPEG"),
        pytest.param(encoded("JPEG", progressive=True), id="progressive JPEG"),
        pytest.param(jpeg_with_garbage(), id="JPEG with garbage between"),
        pytest.param(encoded("PNG"), id="PNG"),
        pytest.param(encoded("GIF"), id="GIF"),
        pytest.param(encoded("BMP"), id="BMP"),
        pytest.param(old_bmp(80, 60), id="old BMP"),
        pytest.param(encoded("WEBP"), id="WebP"),
        pytest.param(encoded("WEBP", lossless=True), id="lossless WebP"),
        pytest.param(encoded("WEBP", mode="RGBA", exif=b"Exif\0\0II"), id="WebP, more"),
        pytest.param(encoded("TIFF"), id="TIFF"),
        pytest.param(encoded("TIFF", big_tiff=True), id="BigTIFF"),
        pytest.param(encoded("TIFF", mode="I;16B"), id="TIFF, big end first"),
    ],
)
def test_the_header_is_read_and_may_be_cut_anywhere(data):
    assert stored_size(data) == (60, 80)
    found = {stored_size(data[:end]) for end in range(min(len(data), 400))}
    assert found <= {None, (60, 80)}


def test_erased_memory_is_searched_once():
    """A photo from a broken card may end in megabytes of 0xFF."""
    started = time.perf_counter()
    assert stored_size(encoded("JPEG")[:20] + 1_000_000 * b"\xff") is None
    assert jpeg_scans(encoded("JPEG")[:-2] + 1_000_000 * b"\xff") == (1, False)
    assert time.perf_counter() - started < 2  # step by step it would take hours


@pytest.mark.parametrize("start", [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"])
@pytest.mark.parametrize("fill", [b"\0", b"\x7f", b"\xff"])
def test_a_tiff_may_point_anywhere(start, fill):
    assert stored_size(start + 400 * fill) is None


def test_a_tiff_of_a_camera_with_short_numbers_the_large_end_first():
    sides = [(256, 3, 1, 80, 0), (257, 3, 1, 60, 0)]  # tag, SHORT, one, left-justified
    rows = b"".join(struct.pack(">HHIHH", *row) for row in sides)
    assert stored_size(b"MM\0*" + struct.pack(">IH", 8, 2) + rows) == (60, 80)


@pytest.mark.parametrize("marker", [0xC4, 0xC8, 0xCC])
def test_not_each_marker_of_that_row_is_a_frame(marker):
    data = encoded("JPEG")
    table = bytes([0xFF, marker, 0, 9, 8, 0, 7, 0, 7, 1, 1])
    assert stored_size(data[:2] + table + data[2:]) == (60, 80)


def test_avif_is_as_large_as_its_largest_part():
    data = b"\0\0\0\x18ftypavif" + bytes(8)
    for width, height in ((8, 8), (80, 60), (8, 70), (90, 8), (40, 30)):
        data += b"\0\0\0\x14ispe" + struct.pack(">III", 0, width, height)
    assert stored_size(data) == (60, 80)
    assert stored_size(data[:24]) is None


@pytest.mark.parametrize("turns", [None, 0, 1, 2, 3])
@pytest.mark.parametrize("flip", [None, 0, 1])
def test_avif_is_turned_then_mirrored_as_its_boxes_say(turns, flip):
    image = np.arange(6, dtype=np.uint8).reshape(2, 3)
    wanted = np.rot90(image, turns or 0)  # counter-clockwise, as irot counts
    if flip is not None:  # 0: top to bottom, 1: left to right
        wanted = np.flip(wanted, axis=flip)
    data = b"\0\0\0\x18ftypavif" + bytes(8)
    for kind, value in ((b"irot", turns), (b"imir", flip)):
        if value is not None:
            data += b"\0\0\0\x09" + kind + bytes([value])
    turned = _upright(image[..., None], avif_orientation(data + b"\0\0\0\x08mdat"))
    assert turned[..., 0].tolist() == wanted.tolist()


@pytest.mark.parametrize("data", [b"", b"hello", b"P6 80 60 255\n", b"GIF89a\0\0\0\0"])
def test_what_has_no_header_has_no_size(data):
    assert stored_size(data) is None


def riff(kind):
    return b"RIFF" + (64).to_bytes(4, "little") + kind + 60 * b"\x01"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(riff(b"AVI LIST"), id="film"),
        pytest.param(riff(b"WAVEfmt "), id="sound"),
        pytest.param(b"BMI,age,expression\n" + 9 * b"21.5,30,happy\n", id="text"),
        pytest.param(encoded("BMP")[:14] + b"\x29" + encoded("BMP")[15:], id="no BMP"),
    ],
)
def test_what_begins_like_a_picture_alone_has_no_size(data):
    assert stored_size(data) is None
    assert not begins_as_picture(data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "WEBP"])
def test_a_picture_is_known_by_its_first_bytes(kind):
    data = encoded(kind)
    assert begins_as_picture(data) and begins_as_picture(data[:18])
    assert not begins_as_picture(b"")


@pytest.mark.parametrize("length", [16, 40, 52, 56, 64, 108, 124])
def test_a_bmp_has_one_of_several_headers(length):
    data = b"BM" + bytes(12) + struct.pack("<Iii", length, 80, -60)
    assert stored_size(data) == (60, 80)


@pytest.mark.parametrize("many", [0, 300])
def test_scans_are_counted_and_an_end_inside_a_segment_is_none(many):
    data = encoded("JPEG", progressive=True)
    table = b"\xff\xfe\x00\x06\xff\xd9\xff\xda"  # a comment with markers in it
    at = data.rindex(b"\xff\xda")
    data = data[:at] + table + data[at:-2] + many * data[at:-2] + data[-2:]
    assert jpeg_scans(data) == (10 + many, True)
    assert jpeg_scans(data[:-2]) == (10 + many, False)


def test_a_png_is_whole_with_all_its_chunks():
    data = encoded("PNG")
    assert png_is_whole(data) and png_is_whole(data + b"more")
    assert not any(png_is_whole(data[:end]) for end in range(len(data)))
    at = data.index(b"IDAT")
    assert not png_is_whole(data[: at - 4] + b"\x7f" + data[at - 3 :])


def test_a_png_of_any_size_is_a_few_bytes():
    head = struct.pack(">II5B", 60_000, 50_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + head
    data = b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", zlib.crc32(chunk[4:]))
    assert stored_size(data) == (50_000, 60_000)
