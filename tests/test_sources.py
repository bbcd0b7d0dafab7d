"""Where sets come from, and archives that may not reach outside their folder."""

import io
import os
import sys
import tarfile
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest

from fer_course import sources
from fer_course.detection.records import AnnotatedPhoto, Annotations
from fer_course.teaching.samples import write_samples


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("FER_COURSE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def fetched(monkeypatch):
    """No network: a download writes a small archive."""
    urls = []

    def download(url, path, checksum=None):
        urls.append(url)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".zip":
            with zipfile.ZipFile(path, "w") as file:
                file.writestr(f"{path.stem}/images/a.jpg", b"picture")
        else:
            path.write_bytes(b"table")

    monkeypatch.setattr(sources, "download", download)
    return urls


@pytest.mark.parametrize("name", sources.SOURCES)
def test_every_set_says_where_from_and_under_which_terms(name):
    source = sources.SOURCES[name]
    assert source.page.startswith(("http://", "https://"))
    assert source.terms.endswith(".") and source.layout.endswith(".")
    assert bool(source.files) != ("without asking" in source.layout)


@pytest.mark.parametrize("name", ["rafdb", "affectnet", "fer2013", "lfpw"])
def test_sets_behind_an_agreement_are_not_downloaded(
    data, fetched, capsys, monkeypatch, name
):
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    sources.get_set(name)
    assert fetched == []
    out = capsys.readouterr().out
    assert str(data / sources.SOURCES[name].place) in out and "terms:" in out


def test_an_archive_is_unpacked_once(data, fetched):
    sources.get_set("wider")
    sources.get_set("wider")
    assert [url.rpartition("/")[2] for url in fetched] == [
        "wider_face_split.zip",
        "WIDER_val.zip",
        "WIDER_train.zip",
    ]
    assert (data / "detection/WIDER_train/images/a.jpg").read_bytes() == b"picture"
    assert not list(data.rglob("*.zip"))


def test_a_damaged_archive_is_fetched_anew(data, fetched, monkeypatch):
    def cut(url, path, checksum, whole=sources.download):
        whole(url, path, checksum)
        path.write_bytes(path.read_bytes()[:-30])

    with monkeypatch.context() as patch:
        patch.setattr(sources, "download", cut)
        with pytest.raises(sources.DamagedArchive, match=r"split\.zip cannot be"):
            sources.get_set("wider")
    assert not list(data.rglob("*.zip"))
    sources.get_set("wider")
    assert (data / "detection/WIDER_train/images/a.jpg").read_bytes() == b"picture"


def test_a_plain_file_goes_to_its_place(data, fetched):
    sources.get_set("ferplus")
    assert (data / "expression/fer2013/fer2013new.csv").read_bytes() == b"table"


def test_a_list_without_its_pictures_is_not_whole(data, capsys):
    write_samples(data / "expression", "rafdb", n=3)
    next((data / "expression").rglob("*.jpg")).unlink()
    assert sources.check_set("rafdb") == 0
    assert "  20 of the 15,339 of the published set: a part" in capsys.readouterr().out


def test_a_set_without_a_usable_face_is_not_there(data, capsys):
    write_samples(data / "expression", "rafdb", n=3)
    (listing,) = (data / "expression").rglob("list_patition_label.txt")
    listing.write_text("garbage\n")
    assert sources.check_set("rafdb") == 1
    assert "  0 of the 15,339 of the published set" in capsys.readouterr().out


def test_300_w_is_counted_in_faces(data, capsys, monkeypatch):
    photo = AnnotatedPhoto("afw", None, "afw/1", np.zeros((3, 4)), np.zeros(3), "1")
    found = dict.fromkeys(("lfpw", "helen", "afw"), Annotations((photo,)))
    monkeypatch.setattr("fer_course.detection.dataset.read_packs", lambda _: found)
    monkeypatch.setitem(sources._WHOLE, "afw", 3)
    for name in ("lfpw", "detection"):
        assert sources.check_set(name) == 0
        assert "all of the 3 of the published set\n" in capsys.readouterr().out


def test_a_whole_set_is_called_so(data, capsys, monkeypatch):
    monkeypatch.setitem(sources._WHOLE, "wider", 4)
    write_samples(data / "detection", "wider", n=4)
    assert sources.check_set("wider") == 0
    assert "all of the 4 of the published set\n" in capsys.readouterr().out


class Kaggle:
    """`kagglehub`, for a user with or without a token and accepted rules."""

    def __init__(self, archive, token="token", refused=None):
        self.archive, self.token, self.refused, self.asked = archive, token, refused, []
        self.config = SimpleNamespace(get_kaggle_credentials=lambda: self.token)

    def competition_download(self, handle, path):
        self.asked.append((handle, path))
        if self.refused:
            raise RuntimeError(self.refused)
        return str(self.archive)


@pytest.fixture
def kaggle(tmp_path, monkeypatch):
    """Return a function that installs a `Kaggle`."""
    archive = tmp_path / "cache" / "fer2013.tar.gz"
    archive.parent.mkdir()
    with tarfile.open(archive, "w:gz") as file:
        member = tarfile.TarInfo("fer2013/fer2013.csv")
        member.size = 5
        file.addfile(member, io.BytesIO(b"table"))

    def install(**given):
        package = Kaggle(archive, **given)
        monkeypatch.setitem(sys.modules, "kagglehub", package)
        monkeypatch.setitem(sys.modules, "kagglehub.config", package.config)
        return package

    return install


def test_fer2013_comes_with_a_token_of_kaggles(data, kaggle, capsys):
    package = kaggle()
    for _ in range(2):
        sources.get_set("fer2013")
    assert (data / "expression/fer2013/fer2013.csv").read_bytes() == b"table"
    assert [path for _, path in package.asked] == ["fer2013.tar.gz"]  # once
    assert package.archive.exists()  # Kaggle's cache stays as it is
    assert "there already" in capsys.readouterr().out


def test_kaggle_without_a_token_or_with_rules_not_accepted(data, kaggle, capsys):
    kaggle(token=None)
    sources.get_set("fer2013")
    assert "finds no token" in capsys.readouterr().out
    kaggle(refused="403 Client Error")
    with pytest.raises(ConnectionError, match=r"403 .* accept the contest's rules on"):
        sources.get_set("fer2013")
    assert not (data / "expression" / "fer2013").exists()


def test_an_unknown_set_lists_the_known(data):
    with pytest.raises(ValueError, match=r"'coco' is not a set .* wider, fddb"):
        sources.get_set("coco")


@pytest.mark.parametrize("name", ["wider", "fer2013", "rafdb", "affectnet", "fddb"])
def test_check_of_what_is_not_there(data, capsys, name):
    assert sources.check_set(name) == 1
    assert name in capsys.readouterr().out


def test_what_is_there_is_counted_and_prepared(data, capsys):
    """Drawn scenes in WIDER's and FDDB's layouts, drawn faces in RAF-DB's."""
    for layout in ("wider", "fddb"):
        write_samples(data / "detection", layout, n=4)
    assert sources.check_set("wider") == sources.check_set("fddb") == 0
    out = capsys.readouterr().out
    assert "4 photos" in out and "4 of the 16,106 of the published set: a part" in out
    assert sources.check_set("detection") == 0
    assert sources.check_set("lfpw") == 1
    assert sources.prepare_set("detection") == 0
    out = capsys.readouterr().out
    assert "8 photos written; train with" in out
    yaml = data / "detection-yolo" / "faces.yaml"
    assert str(yaml) in out and yaml.is_file()
    assert len(list((data / "detection-yolo" / "images").rglob("*.jpg"))) == 8

    write_samples(data / "expression", "rafdb", n=3)
    assert sources.check_set("rafdb") == 0
    assert "rafdb: 21 faces" in capsys.readouterr().out


def test_a_damaged_set_does_not_hide_the_others(data, capsys):
    """And what may be trained on one set alone is prepared from it."""
    (data / "expression" / "fer2013").mkdir(parents=True)
    (data / "expression" / "fer2013" / "fer2013.csv").write_text("no,such\n1,2\n")
    write_samples(data / "expression", "rafdb", n=3)
    assert sources.check_set("expression") == 1
    out = capsys.readouterr().out
    assert "fer2013.csv" in out and "rafdb: 21 faces" in out
    assert sources.prepare_set("expression") == 0


def test_what_was_prepared_outlives_all_originals(data, capsys):
    write_samples(data / "detection", "wider", n=4)
    assert sources.prepare_set("detection") == 0
    for photo in (data / "detection").rglob("*.jpg"):
        photo.unlink()
    capsys.readouterr()
    assert sources.prepare_set("detection") == 1
    assert "none of their photos" in capsys.readouterr().out
    assert len(list((data / "detection-yolo" / "images").rglob("*.jpg"))) == 4


def test_only_two_things_are_prepared():
    with pytest.raises(ValueError, match="say detection or expression"):
        sources.prepare_set("wider")


def test_a_zip_cannot_reach_outside(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        for level in (1, 2, 3):
            file.writestr(f"{level * '../'}evil{level}.txt", b"x")
    sources.unpack(tmp_path / "a.zip", tmp_path / "a" / "b")
    found = sorted(path.name for path in tmp_path.rglob("evil*"))
    inside = sorted(path.name for path in (tmp_path / "a" / "b").rglob("evil*"))
    assert found == inside == ["evil1.txt", "evil2.txt", "evil3.txt"]


@pytest.mark.parametrize("name", ["../evil.txt", "/evil.txt"])
def test_a_tar_cannot_reach_outside(tmp_path, name):
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as file:
        member = tarfile.TarInfo(name)
        member.size = 1
        file.addfile(member, io.BytesIO(b"x"))
    folder = tmp_path / "in"
    if name.startswith("/"):  # the leading slash is dropped: lands inside
        sources.unpack(tmp_path / "a.tgz", folder)
        assert (folder / "evil.txt").exists()
    else:
        with pytest.raises(ValueError, match="cannot be unpacked"):
            sources.unpack(tmp_path / "a.tgz", folder)
    assert not (tmp_path / "evil.txt").exists()


def test_a_full_disk_leaves_no_half_file(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        for name in ("one/a.txt", "one/b.txt"):
            file.writestr(name, b"whole")
    folder = tmp_path / "in"
    (folder / "one").mkdir(parents=True)
    (folder / "one" / "a.txt").write_bytes(b"older")

    def full(source, target, *args):
        target.write(source.read(2))
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(zipfile.shutil, "copyfileobj", full)
        with pytest.raises(OSError, match="No space left") as failure:
            sources.unpack(tmp_path / "a.zip", folder)
    assert failure.value.filename == str(tmp_path / "a.zip")
    assert [path.read_bytes() for path in folder.rglob("*.txt")] == [b"older"]
    (folder / ".unpacking a.zip").mkdir()  # a killed run's
    sources.unpack(tmp_path / "a.zip", folder)
    assert [path.read_bytes() for path in folder.rglob("*.txt")] == 2 * [b"whole"]
    assert sorted(path.name for path in folder.iterdir()) == ["one"]


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
@pytest.mark.parametrize("target", ["/etc", "../../outside"])
def test_a_link_in_a_tar_cannot_reach_outside(tmp_path, target):
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as file:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, target
        file.addfile(link)
        member = tarfile.TarInfo("link/evil.txt")
        file.addfile(member, io.BytesIO(b""))
    with pytest.raises(ValueError, match="cannot be unpacked"):
        sources.unpack(tmp_path / "a.tgz", tmp_path / "in")
    assert not list((tmp_path / "in").rglob("*"))


@pytest.mark.parametrize("name", ["a.zip", "a.tgz"])
def test_a_damaged_archive_is_one_sentence(tmp_path, name):
    (tmp_path / name).write_bytes(b"cut off")
    with pytest.raises(ValueError, match=r"cannot be unpacked .*: get it again"):
        sources.unpack(tmp_path / name, tmp_path)


def test_a_tar_is_not_unpacked_unsafely(tmp_path, monkeypatch):
    monkeypatch.delattr(tarfile, "data_filter")  # Python 3.11.0 to 3.11.3
    with pytest.raises(ValueError, match=r"a\.tgz must be unpacked by hand"):
        sources.unpack(tmp_path / "a.tgz", tmp_path)


@pytest.mark.parametrize("place", [0.3, 0.6, 0.99])
def test_a_flipped_bit_in_a_tar_is_one_sentence(tmp_path, place):
    """FDDB has no published checksum; gzip's own stands behind what tar reads."""
    content = np.random.default_rng(0).integers(0, 255, 50_000, np.uint8).tobytes()
    with tarfile.open(tmp_path / "a.tgz", "w:gz", compresslevel=0) as file:
        member = tarfile.TarInfo("a.bin")
        member.size = len(content)
        file.addfile(member, io.BytesIO(content))
    data = bytearray((tmp_path / "a.tgz").read_bytes())
    data[int(place * 50_000)] ^= 1
    (tmp_path / "a.tgz").write_bytes(data)
    with pytest.raises(ValueError, match=r"cannot be unpacked .*: get it again"):
        sources.unpack(tmp_path / "a.tgz", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a.tgz"]


def test_a_zip_with_a_password_is_one_sentence(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("a.txt", "secret")
    data = bytearray((tmp_path / "a.zip").read_bytes())
    data[6] |= 1  # the flag in the file's own header and in the list at the end
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(ValueError, match="password"):
        sources.unpack(tmp_path / "a.zip", tmp_path)


def test_a_flipped_bit_is_one_sentence(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.txt", b"abcabcabc" * 1000)
    data = bytearray((tmp_path / "a.zip").read_bytes())
    data[37] ^= 0xFF
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(ValueError, match=r"cannot be unpacked .*: get it again"):
        sources.unpack(tmp_path / "a.zip", tmp_path)


def test_every_file_that_is_fetched_has_a_checksum_of_its_kind_s_length():
    digits = {"sha256": 64, "sha1": 40, "md5": 32}
    for source in sources.SOURCES.values():
        for _, name, checksum in source.files:
            kind, _, hexadecimal = checksum.rpartition(":")
            assert len(bytes.fromhex(hexadecimal)) * 2 == digits[kind or "sha256"], name
