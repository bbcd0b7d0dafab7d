"""Files are whole or not there; downloads survive cuts (local server only)."""

import hashlib
import http.server
import os
import stat
import threading

import pytest

from fer_course import files

BODY = bytes(range(256)) * 400  # 102,400 bytes
SUM = hashlib.sha256(BODY).hexdigest()


class _Server(http.server.ThreadingHTTPServer):
    """Serves BODY at /whole, cuts it at /cut, ignores Range at /norange."""

    ranges = ()


class _Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        start = 0
        wanted = self.headers.get("Range")
        self.server.ranges += (wanted,)
        if self.path.strip("/").isdigit():  # /404, /429, ...
            return self.send_error(int(self.path.strip("/")))
        if self.path == "/busy" and len(self.server.ranges) < 3:
            return self.send_error(503)
        if self.path == "/stall" and len(self.server.ranges) < 3:
            start = len(BODY) if wanted else 0
            self.send_response(206 if wanted else 200)
            self.send_header("Content-Length", str(len(BODY)))
            self.end_headers()
            self.wfile.write(BODY[start : start + 40_000])
            return self.server.over.wait(20)  # neither a byte nor an end
        if self.path == "/page":
            page = b"\n<!DOCTYPE html><html>Please sign in</html>"
            self.send_response(200)
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            return self.wfile.write(page)
        if wanted and self.path != "/norange":
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= len(BODY):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(BODY)}")
                self.send_header("Content-Length", "0")
                return self.end_headers()
        length = len(BODY) - start
        if self.path == "/other" and len(self.server.ranges) == 1:
            start = 0  # says so, and begins anew
        self.send_response(206 if wanted and self.path != "/norange" else 200)
        if self.path == "/other":
            self.send_header("Content-Range", f"bytes {start}-{len(BODY)}/{len(BODY)}")
        lies = {"/more": length + 9, "/less": length - 9, "/word": "many"}
        self.send_header("Content-Length", str(lies.get(self.path, length)))
        self.end_headers()
        end = start + 30_000 if self.path == "/cut" else None
        self.wfile.write(BODY[start:end])


def test_a_failed_draft_leaves_what_was_there(tmp_path):
    path = tmp_path / "new" / "net.keras"
    with files.draft_of(path) as draft:
        assert draft.parent == path.parent and draft.suffix == ".keras"
        draft.write_bytes(b"first")
    with pytest.raises(KeyError), files.draft_of(path) as draft:
        draft.write_bytes(b"sec")
        raise KeyError
    assert path.read_bytes() == b"first"
    assert list(path.parent.iterdir()) == [path]


def test_a_table_without_a_column_is_named(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("\ufeffname, label\né, 1\n", encoding="utf-8")
    assert files.read_table(path, ["label"]) == [{"name": "é", "label": " 1"}]
    with pytest.raises(ValueError, match=r"a\.csv has no column 'votes'"):
        files.read_table(path, ["name", "votes"])
    path.write_text("")
    with pytest.raises(ValueError, match="no column 'name'"):
        files.read_table(path, ["name"])
    assert files.read_table(path) == []


@pytest.fixture
def server():
    with _Server(("127.0.0.1", 0), _Handler) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        running.over = threading.Event()
        running.url = f"http://127.0.0.1:{running.server_address[1]}"
        yield running
        running.over.set()
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(files.time, "sleep", lambda seconds: None)


def test_write_atomically_makes_folders_and_leaves_no_draft(tmp_path):
    path = files.write_atomically(tmp_path / "new" / "ü.txt", "größe\n")
    assert path.read_bytes() == "größe\n".encode()
    files.write_atomically(path, b"\x00\x01")
    assert path.read_bytes() == b"\x00\x01"
    assert [p.name for p in path.parent.iterdir()] == ["ü.txt"]


@pytest.mark.skipif(os.name == "nt", reason="links and modes of Unix")
def test_links_modes_and_pipes_stay_what_they_are(tmp_path):
    real, link, pipe = (tmp_path / name for name in ("real.json", "link.json", "pipe"))
    real.write_text("old")
    real.chmod(0o600)
    link.symlink_to(real)
    files.write_atomically(link, "new")
    assert link.is_symlink() and real.read_text() == "new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o600

    os.mkfifo(pipe)
    heard = []
    reader = threading.Thread(target=lambda: heard.append(pipe.read_text()))
    reader.start()
    files.write_atomically(pipe, "through")
    reader.join(10)
    assert heard == ["through"] and pipe.is_fifo()


def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    path = files.write_atomically(tmp_path / "a.json", "old")

    def full_disk(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space") as failure:
        files.write_atomically(path, "new")
    assert failure.value.filename == str(path)  # the draft's name says nothing
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_a_place_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    def refused(path, *args, **options):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(files.Path, "write_bytes", refused)
    monkeypatch.setattr(files.Path, "unlink", refused)
    with pytest.raises(PermissionError) as failure:
        files.write_atomically(tmp_path / "a.jpg", b"")
    assert failure.value.filename == str(tmp_path / "a.jpg")


def test_an_error_of_another_file_keeps_its_name(tmp_path):
    for error in (FileNotFoundError(2, "none", "other"), OSError("no number")):
        said = str(error)
        with pytest.raises(OSError) as failure, files.draft_of(tmp_path / "a.keras"):
            raise error
        assert str(failure.value) == said


def test_a_name_as_long_as_names_may_be(tmp_path):
    path = files.write_atomically(tmp_path / (251 * "x" + ".jpg"), b"whole")
    assert path.read_bytes() == b"whole"


def test_two_drafts_of_one_file_do_not_meet(tmp_path):
    path = tmp_path / "a.json"
    with files.draft_of(path) as first, files.draft_of(path) as second:
        first.write_text("first, long")
        second.write_text("second")
    assert path.read_text() == "first, long"  # it was finished last


def test_one_after_the_other_in_a_folder(tmp_path):
    order, said, inside = [], [], threading.Event()

    def second():
        inside.wait()
        with files.alone_in(
            tmp_path / "new", lambda text: (said.append(text), go.set())
        ):
            order.append("second")

    go, thread = threading.Event(), threading.Thread(target=second)
    thread.start()
    with files.alone_in(tmp_path / "new", said.append):
        inside.set()
        assert go.wait(30)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert said == [f"Another process works on {tmp_path / 'new'}: waiting for it."]


def test_download_whole(server, tmp_path):
    path = files.download(f"{server.url}/whole", tmp_path / "in" / "a.bin", SUM)
    assert path.read_bytes() == BODY
    assert [p.name for p in path.parent.iterdir()] == ["a.bin"]


def test_a_file_that_is_there_is_not_fetched_again(server, tmp_path):
    (tmp_path / "a.bin").write_bytes(BODY)
    said = []
    files.download(f"{server.url}/whole", tmp_path / "a.bin", SUM, progress=said.append)
    assert server.ranges == ()
    assert said == ["a.bin is there already."]


@pytest.mark.parametrize("already", [1, 50_000, len(BODY) - 1, len(BODY)])
def test_download_goes_on_where_it_stopped(server, tmp_path, already):
    (tmp_path / "a.bin.part").write_bytes(BODY[:already])
    path = files.download(f"{server.url}/whole", tmp_path / "a.bin", SUM)
    assert path.read_bytes() == BODY
    assert server.ranges == (f"bytes={already}-",)


def test_a_connection_that_is_cut_again_and_again(server, tmp_path):
    said = []
    path = files.download(f"{server.url}/cut", tmp_path / "a", SUM, said.append)
    assert path.read_bytes() == BODY
    assert server.ranges == (None, "bytes=30000-", "bytes=60000-", "bytes=90000-")
    assert len(said) == 3 and "trying again" in said[0]


def test_a_server_without_ranges_starts_over(server, tmp_path):
    (tmp_path / "a.part").write_bytes(b"other bytes")
    path = files.download(f"{server.url}/norange", tmp_path / "a", SUM)
    assert path.read_bytes() == BODY


def test_a_part_longer_than_the_file_starts_over(server, tmp_path):
    (tmp_path / "a.part").write_bytes(BODY + b"too much")
    path = files.download(f"{server.url}/whole", tmp_path / "a", SUM)
    assert path.read_bytes() == BODY


@pytest.mark.parametrize("checksum", [None, SUM], ids=["no checksum", "checksum"])
def test_an_html_page_is_recognized(server, tmp_path, checksum):
    with pytest.raises(ValueError, match=r"HTML page instead of a\.zip"):
        files.download(f"{server.url}/page", tmp_path / "a.zip", checksum)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["md5", "sha1"])
def test_a_checksum_of_another_kind_has_its_name_before_it(server, tmp_path, name):
    right = f"{name}:{hashlib.new(name, BODY).hexdigest().upper()}"
    path = files.download(f"{server.url}/whole", tmp_path / "a", right)
    assert path.read_bytes() == BODY
    with pytest.raises(ValueError, match="wrong checksum"):
        files.download(f"{server.url}/whole", tmp_path / "b", f"{name}:{SUM}")


@pytest.mark.parametrize("checksum", ["0" * 64, SUM[:-1]])
def test_a_wrong_checksum_is_removed(server, tmp_path, checksum):
    with pytest.raises(ValueError, match="wrong checksum"):
        files.download(f"{server.url}/whole", tmp_path / "a.zip", checksum)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "message", "tries"),
    [
        pytest.param(403, r"answered 403 \(Forbidden\): open .* browser", 1, id="no"),
        pytest.param(404, r"answered 404 \(Not Found\): open .* browser", 1, id="none"),
        pytest.param(429, r"answered 429 .*: wait some minutes and", 4, id="too many"),
        pytest.param(503, r"answered 503 .*: wait some minutes and", 4, id="busy"),
    ],
)
def test_an_answer_without_the_file_says_what_to_do(
    server, tmp_path, code, message, tries
):
    with pytest.raises(ConnectionError, match=message):
        files.download(f"{server.url}/{code}", tmp_path / "a.zip")
    assert len(server.ranges) == tries
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["busy", "stall"])
def test_another_try_may_better_it(server, tmp_path, path, monkeypatch):
    monkeypatch.setattr(files, "_TIMEOUT_S", 0.2)
    said = []
    files.download(f"{server.url}/{path}", tmp_path / "a", SUM, said.append)
    assert (tmp_path / "a").read_bytes() == BODY
    assert len(said) == 2 and all("trying again" in text for text in said)


def test_a_server_that_promises_too_much(server, tmp_path):
    said = []
    files.download(f"{server.url}/more", tmp_path / "a", SUM, said.append)
    assert "cut after 102400 of 102409 bytes" in said[0]
    assert (tmp_path / "a").read_bytes() == BODY  # asked again, it has no more


def test_a_server_that_promises_too_little(server, tmp_path):
    with pytest.raises(ValueError, match="wrong checksum"):
        files.download(f"{server.url}/less", tmp_path / "a", SUM)
    assert list(tmp_path.iterdir()) == []


def test_a_length_that_is_no_number_is_ignored(server, tmp_path):
    files.download(f"{server.url}/word", tmp_path / "a", SUM)
    assert (tmp_path / "a").read_bytes() == BODY


def test_a_part_of_another_place_is_not_appended(server, tmp_path):
    (tmp_path / "a.part").write_bytes(BODY[:100])
    files.download(f"{server.url}/other", tmp_path / "a", SUM, lambda text: None)
    assert (tmp_path / "a").read_bytes() == BODY
    assert server.ranges == ("bytes=100-", None)


def test_a_full_disk_is_not_taken_for_a_cut(server, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "_copy", full)
    with pytest.raises(OSError, match="No space left") as failure:
        files.download(f"{server.url}/whole", tmp_path / "a", SUM)
    assert failure.value.filename == str(tmp_path / "a.part")
    assert len(server.ranges) == 1 and not (tmp_path / "a").exists()


def test_a_fault_of_ones_own_disk_is_not_the_servers(server, tmp_path):
    (tmp_path / "x.zip.part").mkdir()
    with pytest.raises(IsADirectoryError, match=r"x\.zip\.part"):
        files.download(f"{server.url}/whole", tmp_path / "x.zip")


def test_no_server_is_one_sentence(tmp_path):
    with pytest.raises(ConnectionError, match="cannot be read"):
        files.download("http://127.0.0.1:9/x", tmp_path / "a", progress=lambda s: None)


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://a/b", "a.zip"])
def test_an_address_of_another_kind_is_refused(tmp_path, url):
    with pytest.raises(ValueError, match="is no address to fetch from"):
        files.download(url, tmp_path / "a")
    assert not list(tmp_path.iterdir())
