import io
import os
import struct
from itertools import product

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_course import images
from fer_course.boxes import square
from fer_course.images import (
    ImageError,
    Letterbox,
    crop,
    face_crop,
    image_hw,
    letterbox,
    letterbox_shape,
    read_image,
)
from tests.garbage import few

Image = pytest.importorskip("PIL.Image", reason="Pillow writes the test pictures")


@pytest.fixture
def photo():
    """(60, 80, 3) RGB, four quarters of different colors: no turn goes unseen."""
    picture = np.zeros((60, 80, 3), np.uint8)
    picture[:30, :40], picture[:30, 40:] = (200, 30, 40), (30, 180, 60)
    picture[30:, :40], picture[30:, 40:] = (40, 60, 220), (230, 220, 40)
    return picture


def encoded(picture, kind, **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def exif(orientation):
    block = Image.Exif()
    block[0x0112] = orientation
    return block


def close(a, b, within=6.0):
    assert a.shape == b.shape
    assert a.dtype == np.uint8
    assert np.abs(a.astype(float) - b).mean() < within


KINDS = ["JPEG", "PNG", "WEBP", "BMP", "TIFF"]


@pytest.mark.parametrize("kind", KINDS)
def test_color_comes_back_as_rgb(photo, kind):
    close(read_image(encoded(Image.fromarray(photo), kind)), photo)


MODES = ["L", "1", "P", "LA", "RGBA", "I;16"]


@pytest.mark.parametrize(
    ("mode", "kind"),
    [*product(MODES, ["PNG", "TIFF"]), ("CMYK", "JPEG"), ("CMYK", "TIFF")],
)
def test_every_color_mode(photo, mode, kind):
    gray = np.array(Image.fromarray(photo).convert("L"))
    if mode == "I;16":
        picture = Image.fromarray(gray.astype(np.uint16) * 257)
    elif mode == "P":
        picture = Image.fromarray(photo).quantize(16)
    else:
        picture = Image.fromarray(photo).convert(mode)
    found = read_image(encoded(picture, kind))
    if mode in ("P", "CMYK", "RGBA"):
        close(found, photo)
    elif mode == "1":
        assert set(np.unique(found)) <= {0, 255}
    else:
        close(found, np.repeat(gray[..., None], 3, axis=2))


@pytest.mark.parametrize("kind", [".png", ".tiff"])
@pytest.mark.parametrize("channels", [3, 4])
def test_color_of_16_bits(photo, kind, channels):
    deep = photo[:, :, ::-1].astype(np.uint16) * 257
    opaque = np.full((*photo.shape[:2], channels - 3), 65535, np.uint16)
    _, data = cv2.imencode(kind, np.dstack([deep, opaque]))
    close(read_image(data.tobytes()), photo)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_see_through_pixels_lie_over_white(photo, kind):
    picture = Image.fromarray(photo)
    picture.putalpha(128)
    wanted = photo * (128 / 255) + 255 * (127 / 255)
    close(read_image(encoded(picture, kind)), wanted)


def test_a_screenshots_bmp_has_no_alpha(photo):
    """Bit fields behind a header of 40 bytes: the fourth byte of a pixel is 0."""
    height, width = photo.shape[:2]
    pixels = np.dstack([photo[::-1, :, ::-1], np.zeros((height, width), np.uint8)])
    masks = struct.pack("<III", 0xFF0000, 0xFF00, 0xFF)
    size = (40, width, height, 1, 32, 3, pixels.size, 0, 0, 0, 0)
    header = struct.pack("<IiiHHIIiiII", *size) + masks
    start = 14 + len(header)
    data = struct.pack("<2sIHHI", b"BM", start + pixels.size, 0, 0, start)
    close(read_image(data + header + pixels.tobytes()), photo)


def test_a_see_through_palette_color_is_white(photo):
    picture = Image.fromarray(photo).quantize(4)
    index = picture.getpixel((5, 5))
    found = read_image(encoded(picture, "PNG", transparency=index))
    assert (found[5, 5] == 255).all()
    assert (found[55, 75] < 255).any()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("alpha", [False, True])
def test_photos_stand_upright(photo, orientation, kind, alpha, tmp_path):
    if kind == "JPEG" and alpha:
        pytest.skip("JPEG has no alpha")
    picture = Image.fromarray(photo)
    if alpha:
        picture.putalpha(255)
    data = encoded(picture, kind, exif=exif(orientation))
    turns = {
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, -1),
        7: lambda a: a.transpose(1, 0, 2)[::-1, ::-1],
        8: lambda a: np.rot90(a),
    }
    wanted = turns.get(orientation, lambda a: a)(photo)
    close(read_image(data), wanted)
    file = tmp_path / "photo"
    file.write_bytes(data)
    assert image_hw(file) == wanted.shape[:2]


@pytest.mark.parametrize("orientation, turns", [(1, 0), (3, 2), (6, -1), (8, 1)])
def test_an_avif_that_says_twice_how_it_lies_is_turned_once(photo, orientation, turns):
    """OpenCV writes both EXIF and AVIF's own boxes; the boxes count."""
    block = exif(orientation).tobytes().removeprefix(b"Exif\0\0")
    stored, data = cv2.imencodeWithMetadata(
        ".avif",
        photo[..., ::-1].copy(),
        [cv2.IMAGE_METADATA_EXIF],
        [np.frombuffer(block, np.uint8)],
    )
    assert stored
    close(read_image(data.tobytes()), np.rot90(photo, turns))


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_of_an_animation_the_first_frame(photo, kind):
    first, second = Image.fromarray(photo), Image.fromarray(255 - photo)
    data = encoded(first, kind, save_all=True, append_images=[second])
    close(read_image(data), photo)


def test_paths_with_any_letters(photo, tmp_path):
    path = tmp_path / "Gesicht ä 顔 'x'.jpg"
    path.write_bytes(encoded(Image.fromarray(photo), "JPEG", quality=95))
    close(read_image(path), photo)
    close(read_image(str(path)), photo)
    assert image_hw(path) == (60, 80)


@pytest.mark.parametrize(
    "array",
    [
        pytest.param(np.full((4, 6), 7, np.uint8), id="gray"),
        pytest.param(np.full((4, 6, 1), 7, np.uint8), id="one channel"),
        pytest.param(np.full((4, 6, 3), 7, np.uint8), id="rgb"),
        pytest.param(np.full((4, 6), 7 * 257, np.uint16), id="16 bit"),
    ],
)
def test_arrays(array):
    found = read_image(array)
    assert found.shape == (4, 6, 3)
    assert found.dtype == np.uint8
    assert found.flags.c_contiguous
    assert (found == 7).all()


def test_an_array_that_is_filled_anew_changes_no_photo():
    frame = np.full((4, 5, 3), 7, np.uint8)
    photo = read_image(frame)
    frame[:] = 9
    assert (photo == 7).all() and photo.flags.writeable


def test_rgba_array_over_white():
    array = np.zeros((2, 3, 4), np.uint8)
    assert (read_image(array) == 255).all()


@pytest.mark.parametrize(
    ("array", "message"),
    [
        pytest.param(np.zeros((4, 6, 3)), "multiply fractions by 255", id="float"),
        pytest.param(np.zeros((2, 4, 6, 3), np.uint8), "shape", id="batch"),
        pytest.param(np.zeros((4, 6, 2), np.uint8), "shape", id="two channels"),
        pytest.param(np.zeros((0, 6, 3), np.uint8), "shape", id="empty"),
    ],
)
def test_arrays_that_are_no_photos(array, message):
    with pytest.raises(ImageError, match=message):
        read_image(array)


def noisy(height=400, width=600):
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 255, (height // 10, width // 10, 3), dtype=np.uint8)
    return Image.fromarray(cv2.resize(coarse, (width, height)))


HEIC = b"\0\0\0\x18ftypheic" + bytes(40)
HEIC_SEQUENCE = b"\0\0\0\x18ftypmsf1" + bytes(40)


def riff(kind):
    """Return a whole file of the kind that films, sounds and WebP are."""
    return b"RIFF" + (64).to_bytes(4, "little") + kind + 60 * b"\x01"


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b"<!DOCTYPE html><html>", "web page", id="html"),
        pytest.param(b"\n  <html lang='en'>", "web page", id="html with blanks"),
        pytest.param(HEIC, "HEIC", id="heic"),
        pytest.param(HEIC_SEQUENCE, "HEIC", id="heic of several pictures"),
        pytest.param(b"P6 2 2 255\n" + bytes(12), "not a picture", id="other kinds"),
        pytest.param(
            encoded(Image.new("F", (9, 9)), "TIFF"), "kind that the", id="float TIFF"
        ),
        pytest.param(
            cv2.imencode(".tiff", np.ones((9, 9, 4), np.float32))[1].tobytes(),
            "kind that the",
            id="float TIFF with alpha",
        ),
        pytest.param(LFS, "git lfs pull", id="git lfs pointer"),
        pytest.param(b"hello, I am text" * 9, "not a picture", id="text"),
        pytest.param(
            b"BMI,age,expression\n" + 9 * b"21.5,30,happy\n",
            "is not a picture",
            id="text that begins as BMP does",
        ),
        pytest.param(riff(b"AVI LIST"), "is not a picture", id="film"),
        pytest.param(riff(b"WAVEfmt "), "is not a picture", id="sound"),
        pytest.param(riff(b"WEBPVP8 "), "damaged", id="WebP without a picture"),
        pytest.param(encoded(noisy(), "WEBP")[:20], "damaged", id="WebP's header cut"),
        pytest.param(encoded(noisy(), "BMP")[:20], "damaged", id="BMP's header cut"),
        pytest.param(b"\xff\xd8\xff", "damaged", id="three bytes of JPEG"),
        pytest.param(b"\x89PNG\r\n\x1a\n", "damaged", id="PNG signature alone"),
        *[
            pytest.param(
                encoded(noisy(), kind)[:-cut], "cut short", id=f"{kind} -{cut}"
            )
            for kind in ("JPEG", "PNG", "WEBP")
            for cut in (30, 2000, 20_000)
        ],
        pytest.param(
            encoded(noisy(), "JPEG", progressive=True)[:-9000], "cut short", id="progr."
        ),
    ],
)
def test_what_is_no_picture_is_named(data, message, tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    with pytest.raises(ImageError, match=message) as error:
        read_image(path)
    assert str(path) in str(error.value)
    with pytest.raises(ImageError, match=message):
        read_image(data)


ENCODED = [
    encoded(noisy(30, 40).convert(mode), kind, **options)
    for kind, mode, options in (
        ("JPEG", "RGB", {"exif": exif(6)}),
        ("JPEG", "CMYK", {"progressive": True}),
        ("PNG", "RGBA", {}),
        ("PNG", "P", {}),
        ("WEBP", "RGBA", {"exif": exif(6)}),
        ("GIF", "P", {}),
        ("BMP", "RGB", {}),
        ("TIFF", "RGBA", {"exif": exif(6)}),
        ("TIFF", "CMYK", {"compression": "tiff_lzw"}),
    )
]


@few
@given(
    st.sampled_from(ENCODED),
    st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=9)), min_size=1, max_size=6),
    st.booleans(),
)
def test_any_bytes_are_a_picture_or_one_sentence(data, changes, start_alone):
    """Random bytes, behind a picture's first ones, or put over some of a picture's."""
    if start_alone:
        data = data[:12] + b"".join(piece for _, piece in changes)
    for place, piece in changes:
        at = int(place * min(len(data), 300 if place < 0.5 else len(data)))
        data = data[:at] + piece + data[at + len(piece) :]
    try:
        found = read_image(data)
    except ImageError as error:
        assert str(error).startswith("The picture ")
    else:
        assert found.dtype == np.uint8 and found.ndim == 3 and found.shape[2] == 3


def test_a_jpeg_cut_behind_its_thumbnail():
    # the thumbnail has an end marker of its own, long before the pixels
    thumbnail = encoded(noisy(40, 60), "JPEG")
    jpeg = encoded(noisy(), "JPEG")
    block = b"Exif\0\0" + thumbnail
    segment = b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block
    data = jpeg[:2] + segment + jpeg[2:]
    assert read_image(data).shape == (400, 600, 3)
    with pytest.raises(ImageError, match="cut short"):
        read_image(data[:-3000])


def test_folders_and_missing_files(tmp_path):
    with pytest.raises(ImageError, match="folder"):
        read_image(tmp_path)
    for name in ("none.jpg", "none/none.jpg", "no\0ne.jpg"):
        with pytest.raises(FileNotFoundError, match=r"ne\.jpg does not exist"):
            read_image(tmp_path / name)


def test_a_header_of_a_bomb_is_no_size(tmp_path):
    path = tmp_path / "bomb.jpg"
    header = b"\xff\xd8\xff\xc0\x00\x11\x08\xea\x60\xea\x60\x03"
    path.write_bytes(header + bytes(40))
    with pytest.raises(ImageError, match="3,600 megapixels"):
        image_hw(path)


@pytest.mark.parametrize("read", [read_image, image_hw])
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_what_is_no_plain_file_is_not_waited_for(read, tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    os.symlink("circle.jpg", tmp_path / "circle.jpg")
    for name, message in {
        "pipe.jpg": "pipe: name the file",
        "circle.jpg": "cannot be read: Too many levels",
        300 * "x" + ".jpg": "cannot be read: File name too long",
    }.items():
        with pytest.raises(ImageError, match=message):
            read(tmp_path / name)


@pytest.mark.skipif(
    os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0,
    reason="needs a user whom file permissions bind",
)
def test_a_file_that_may_not_be_read(tmp_path):
    path = tmp_path / "locked.jpg"
    path.write_bytes(b"x")
    path.chmod(0)
    with pytest.raises(ImageError, match="cannot be read"):
        read_image(path)


def test_a_file_that_the_system_refuses(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    path = tmp_path / "locked.jpg"
    path.write_bytes(b"x")
    monkeypatch.setattr(images.Path, "read_bytes", refuse)
    with pytest.raises(ImageError, match=r"locked\.jpg cannot be read: Permission de"):
        read_image(path)


@pytest.fixture
def never_decoded(monkeypatch):
    def never(*_, **__):
        raise AssertionError("decoded")

    for name in ("imdecode", "imdecodeWithMetadata"):
        monkeypatch.setattr(images.cv2, name, never)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "GIF"])
def test_a_bomb_is_refused_before_it_is_decoded(never_decoded, kind):
    options = {"compression": "group4"} if kind == "TIFF" else {}
    data = encoded(Image.new("1", (20_000, 6_000)), kind, **options)
    with pytest.raises(ImageError, match="120 megapixels, the limit is 100"):
        read_image(data)


def test_a_jpeg_of_endless_scans_is_refused(never_decoded):
    jpeg = encoded(noisy(40, 60), "JPEG", progressive=True)
    scan = jpeg[jpeg.rindex(b"\xff\xda") : -2]
    with pytest.raises(ImageError, match="410 scans, a JPEG has about ten"):
        read_image(jpeg[:-2] + 400 * scan + jpeg[-2:])


def test_a_chunk_that_promises_2_gigabytes_is_refused(never_decoded, photo):
    data = bytearray(encoded(Image.fromarray(photo), "PNG"))
    at = data.index(b"IDAT") - 4
    data[at : at + 4] = b"\x7f\xff\xff\xff"
    with pytest.raises(ImageError, match="cut short"):
        read_image(bytes(data))


def test_a_huge_file_is_not_even_read(tmp_path, monkeypatch):
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"\xff\xd8\xff")
    os.truncate(path, 20_000_000_000)  # takes no room on most disks
    with pytest.raises(ImageError, match=r"photo\.jpg has 20,000 MB, the limit is 500"):
        read_image(path)


def no_room_in_opencv():
    # OpenCV's own error: a picture of 10^18 bytes
    cv2.resize(np.zeros((9, 9), np.uint8), (2**30, 2**30))


def no_room_in_python():
    raise MemoryError


def test_a_file_larger_than_the_memory_is_one_sentence(tmp_path, monkeypatch):
    (tmp_path / "a.jpg").touch()
    monkeypatch.setattr(images.Path, "read_bytes", lambda path: no_room_in_python())
    with pytest.raises(ImageError, match=r"a\.jpg is larger than the memory left"):
        read_image(tmp_path / "a.jpg")


@pytest.mark.parametrize("fail", [no_room_in_opencv, no_room_in_python])
def test_a_memory_that_is_full_is_one_sentence(photo, monkeypatch, fail):
    def full(*_):
        fail()

    monkeypatch.setattr(images.cv2, "imdecode", full)
    with pytest.raises(ImageError, match="larger than the memory left"):
        read_image(encoded(Image.fromarray(photo), "JPEG"))


def test_the_limit_holds_for_headers_it_cannot_read(monkeypatch, photo):
    monkeypatch.setattr(images, "MAX_PIXELS", 4000)
    for kind in KINDS:
        with pytest.raises(ImageError, match="megapixels"):
            read_image(encoded(Image.fromarray(photo), kind))
    with pytest.raises(ImageError, match="megapixels"):
        read_image(photo)
    assert read_image(np.zeros((40, 100), np.uint8)).shape == (40, 100, 3)


SIZES = [(480, 640), (720, 1280), (683, 1024), (37, 911), (911, 37), (1, 1), (1, 3000)]


@pytest.mark.parametrize("image_size", SIZES)
@pytest.mark.parametrize("size", [(640, 640), (384, 640), (64, 96)])
def test_letterbox_comes_back_within_half_a_pixel(image_size, size):
    image = np.zeros((*image_size, 3), np.uint8)
    fitted, place = letterbox(image, size)
    assert fitted.shape == (*size, 3)
    height, width = image_size
    boxes = np.array([[0, 0, width, height], [0.2 * width, 0, width / 2, height / 3]])
    there = place.forward(boxes)
    assert np.abs(place.inverse(there) - boxes).max() < 0.5
    assert there.min() > -0.5
    assert (there[:, 2:] < np.array(size[::-1]) + 0.5).all()
    assert place.inverse([]).shape == (0, 4)


def test_letterbox_puts_the_photo_where_it_says():
    image = np.full((90, 200, 3), 250, np.uint8)
    fitted, place = letterbox(image, (64, 64), fill=114)
    left, top, right, bottom = place.forward([0, 0, 200, 90])[0].round().astype(int)
    assert (fitted[top:bottom, left:right] == 250).all()
    assert (fitted[:top] == 114).all() and (fitted[bottom:] == 114).all()
    assert place == Letterbox(0.32, 0, 17)
    same, place = letterbox(image, (90, 200))
    assert (same == image).all() and place == Letterbox(1.0, 0, 0)
    gray, _ = letterbox(image[..., 0], (64, 32))
    assert gray.shape == (64, 32)


def test_a_shrunk_photo_skips_no_pixel():
    """Of a checkerboard, fine as the pixels, each square becomes the mean."""
    board = np.indices((320, 320)).sum(0) % 2 * 200
    fitted, _ = letterbox(board.astype(np.uint8), (64, 64))
    assert np.abs(fitted.astype(int) - 100).max() <= 10


@pytest.mark.parametrize(
    ("image_size", "wanted"),
    [
        ((720, 1280), (384, 640)),
        ((1280, 720), (640, 384)),
        ((640, 640), (640, 640)),
        ((10, 4000), (32, 640)),
        ((480, 640), (480, 640)),
    ],
)
def test_letterbox_shape_wastes_no_stride(image_size, wanted):
    assert letterbox_shape(image_size) == wanted
    assert letterbox_shape((*image_size, 3)) == wanted


def test_crop_repeats_the_edge():
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert crop(image, [1.2, 0.6, 2.9, 2.4]).tolist() == [[5, 6], [9, 10]]
    assert crop(image, [-1, -1, 1, 1]).tolist() == [[0, 0], [0, 0]]
    assert crop(image, [3, 2, 6, 4]).tolist() == [[11, 11, 11], [11, 11, 11]]
    assert crop(image, [50, 50, 52, 51]).tolist() == [[11, 11]]
    assert crop(np.zeros((5, 7, 3), np.uint8), [0, 0, 4, 2]).shape == (2, 4, 3)
    part = crop(image, [0, 0, 4, 3])
    part[:] = 0
    assert image.max() == 11  # the photo stays as it was
    with pytest.raises(ValueError, match="less than a pixel"):
        crop(image, [1, 1, 1.2, 3])
    with pytest.raises(ValueError, match="larger than any photo"):
        crop(image, [0, 0, 1e5, 1e5])  # 30 GB of repeated edge


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(np.arange(7 * 9).reshape(7, 9), id="gray"),
        pytest.param(np.arange(7 * 9 * 3).reshape(7, 9, 3), id="color"),
        pytest.param(np.arange(20 * 18 * 3).reshape(20, 18, 3)[::3, ::2], id="steps"),
    ],
)
def test_crop_takes_each_pixel_or_its_nearest(image):
    height, width = image.shape[:2]
    for x1, y1 in np.random.default_rng(11).integers(-8, 12, (60, 2)):
        part = crop(image, [x1, y1, x1 + 5, y1 + 4])
        assert part.shape == (4, 5, *image.shape[2:]) and part.dtype == image.dtype
        assert not np.shares_memory(part, image)
        for y, x in np.ndindex(4, 5):
            nearest = np.clip([y1 + y, x1 + x], 0, [height - 1, width - 1])
            assert np.array_equal(part[y, x], image[tuple(nearest)])


def test_a_large_face_is_thinned_out():
    image = np.random.default_rng(3).integers(0, 255, (700, 900, 3), np.uint8)
    box = [100.4, 50, 700.4, 650]
    assert np.array_equal(face_crop(image, box), crop(image, box))
    large = np.broadcast_to(np.uint8(9), (6000, 50_000, 3))
    found = face_crop(large, [-4000, -7000, 16_000, 13_000])
    assert found.shape == (1000, 1000, 3) and (found == 9).all()
    corner = np.zeros((4000, 4000), np.uint8)
    corner[1000:3000, 1000:3000] = 200  # the face itself: nothing around it
    assert (face_crop(corner, [1000, 1000, 3000, 3000]) == 200).all()


def test_a_square_box_gives_a_square_crop():
    image = np.zeros((90, 120), np.uint8)
    low = np.random.default_rng(8).uniform(-20, 80, (500, 2))
    sides = np.random.default_rng(9).uniform(1, 60, (500, 2))
    sides[:20] = 44.5  # a half, once away from 0 and once toward it
    squares = square(np.hstack([low, low + sides]), margin=-0.11)
    squares[:20] = square(np.hstack([low, low + sides])[:20])
    for box in squares:
        height, width = crop(image, box).shape
        assert height == width == pytest.approx(box[2] - box[0], abs=0.5 + 1e-6)


@pytest.mark.parametrize(
    "source, kind",
    [
        pytest.param(Image.new("RGB", (4, 3)), "Image", id="a PIL image"),
        pytest.param(None, "NoneType", id="nothing"),
        pytest.param([[0, 0], [0, 0]], "list", id="a list of numbers"),
    ],
)
def test_what_is_no_photo_gets_one_clear_sentence(source, kind):
    with pytest.raises(TypeError, match=f"not a {kind}: turn a PIL image into"):
        read_image(source)
