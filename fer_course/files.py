"""Files that are whole or not there: atomic writes, tables, checksums, downloads.

In go bytes and addresses, out come finished files: everything is written beside
its place and renamed, so that a stopped run never leaves half a file that looks
whole, and two runs can keep out of each other's way. Downloads go on where they
were cut. Used by notebooks 01 and 05.
"""

import csv
import errno
import hashlib
import http.client
import os
import re
import secrets
import shutil
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath

_CHUNK = 1 << 20
_TRIES = 4
_TIMEOUT_S = 30
_BUSY = (408, 429, 500, 502, 503, 504)  # answers that another try may better
_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def draft_of(path):
    """Give a place beside `path` to write to; what lies there then takes its name.

    Where the block fails, the draft is removed and `path` is left as it was. Each
    draft has a name of its own, so that of two processes the later one wins whole. A
    link stays one, and a file keeps its permissions; a device or a pipe is written to
    as it is.

    Args:
        path: where the finished file belongs; missing folders are made.

    Yields:
        The draft's path, with the same ending.

    Raises:
        OSError: it cannot be written, the disk is full for one; names `path`.
    """
    path = Path(path)
    target = Path(os.path.realpath(path))
    if target.exists() and not (target.is_file() or target.is_dir()):
        yield target
        return
    draft = target.with_name(f".{secrets.token_hex(6)}{path.suffix}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield draft
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            shutil.copymode(target, draft)
        os.replace(draft, target)
    except OSError as error:
        if error.errno and error.filename in (None, str(draft)):
            error.filename = str(path)
        raise
    finally:
        with suppress(OSError):  # where nothing may be written, no draft is left
            draft.unlink(missing_ok=True)


@contextmanager
def alone_in(folder, say=print):
    """Let no other process into the block for the same folder until it ends.

    The system frees the folder when the process ends, killed or not. Where a disk
    knows no locks, the block runs all the same.

    Args:
        folder: made if it is missing; an empty file `.lock` stays in it.
        say: called with a line of text if another process has to be waited for.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("ab") as file:
        if not _lock(file, wait=False):
            say(f"Another process works on {folder}: waiting for it.")
            _lock(file, wait=True)
        yield


def _lock(file, wait):
    """Return whether the file is ours now; closing it gives it back."""
    if os.name == "nt":
        import msvcrt

        while True:
            file.seek(0)
            with suppress(OSError):
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
                return True
            if not wait:
                return False
            time.sleep(0.5)
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:  # some network disks
        return True
    return True


def write_atomically(path, data):
    """Write a whole file, or leave what was there.

    Args:
        path: where; missing folders are made.
        data: bytes, or text to be written as UTF-8.

    Returns:
        The path.
    """
    with draft_of(path) as draft:
        draft.write_bytes(data.encode("utf-8") if isinstance(data, str) else data)
    return Path(path)


def stays_inside(name):
    """Return whether a name read from a list leads below any folder it is added to.

    >>> stays_inside("a/b.jpg"), stays_inside("/etc/b.jpg"), stays_inside("a/../../b")
    (True, False, False)
    """
    path = PurePath(name)
    outside = path.anchor or ".." in path.parts or "\0" in str(path)
    return bool(path.name) and not outside


def read_table(path, columns=()):
    """Return the rows of a CSV file as dictionaries of text, column -> value.

    Each line is a row for itself, so that a stray quote costs no other; where values
    are missing they are "", and what is no UTF-8 is replaced.

    Args:
        path: a UTF-8 file with the columns' names in its first line.
        columns: names that must be among them.

    Raises:
        ValueError: one of them is not there.
    """
    with Path(path).open(encoding="utf-8-sig", errors="replace", newline="") as file:
        lines = [_split(line) for line in file if line.strip()]
    names = [name.strip() for name in lines[0]] if lines else []
    missing = [name for name in columns if name not in names]
    if missing:
        raise ValueError(
            f"{path} has no column {missing[0]!r} in its first line: it is another "
            "file than it should be, get it again."
        )
    empty = [""] * len(names)
    return [dict(zip(names, line + empty, strict=False)) for line in lines[1:]]


def _split(line):
    """Return the values of a line of CSV; none if it is longer than any row."""
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return []


def download(url, path, checksum=None, progress=print):
    """Fetch a file, going on where an earlier attempt was cut.

    What has arrived lies in `<path>.part` until it is complete and checked; a
    file that is there already (and has the checksum, if one is given) is kept.

    Args:
        url: an http or https address.
        path: where the file goes.
        checksum: expected SHA-256 in hexadecimal, or another with its name before
            it, as in "md5:0cc1…"; None takes any file that is not an HTML page.
        progress: called with a line of text every few seconds.

    Returns:
        The path.

    Raises:
        ConnectionError: the file cannot be had; the message says why.
        ValueError: something else came: an HTML page, or the wrong checksum; or the
            address has another scheme.
        OSError: the disk is full; what has arrived stays in `<path>.part`.
    """
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"{url} is no address to fetch from: use http or https.")
    path = Path(path)
    if path.is_file() and (checksum is None or _matches(path, checksum)):
        progress(f"{path.name} is there already.")
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    for attempt in range(_TRIES):
        try:
            _fetch(url, part, progress)
            break
        except urllib.error.HTTPError as error:
            answer = f"{url} answered {error.code} ({error.reason})"
            if error.code not in _BUSY:
                raise ConnectionError(
                    f"{answer}: open the address in a browser and put the file at "
                    f"{path}."
                ) from None
            problem = f"{answer}: wait some minutes and run the same again"
        except (OSError, EOFError, http.client.HTTPException) as error:
            if getattr(error, "filename", None) == str(part):  # not the server's fault
                raise
            if getattr(error, "errno", None) in _FULL:
                error.filename = str(part)
                raise
            problem = f"{url} cannot be read ({_reason(error)}): run the same again"
        if attempt == _TRIES - 1:
            raise ConnectionError(f"{problem}, it goes on where it stopped.")
        progress(f"{path.name}: {problem.partition(': ')[0]}, trying again.")
        time.sleep(0.2 * 4**attempt)
    _check(part, path, url, checksum)
    os.replace(part, path)
    return path


def _matches(path, expected):
    name, _, digits = expected.rpartition(":")
    with path.open("rb") as file:
        return hashlib.file_digest(file, name or "sha256").hexdigest() == digits.lower()


def _reason(error):
    return getattr(error, "reason", None) or error or type(error).__name__


def _fetch(url, part, progress):
    """Append to `part` what is missing of it."""
    done = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"User-Agent": "fer-course"})
    if done:
        request.add_header("Range", f"bytes={done}-")
    try:
        answer = urllib.request.urlopen(request, timeout=_TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if error.code == 416 and done:  # nothing is missing, or the file changed
            if _length_of_416(error) == done:
                return
            part.unlink()
            return _fetch(url, part, progress)
        raise
    with answer:
        resumed = answer.status == 206
        if resumed and not _goes_on(answer, done):
            part.unlink()
            raise EOFError(f"another part came than that from byte {done} on")
        done = done if resumed else 0
        length = answer.headers.get("Content-Length") or ""
        total = done + int(length) if _is_number(length) else None
        with part.open("ab" if resumed else "wb") as file:
            _copy(answer, file, done, total, part.stem, progress)


def _length_of_416(error):
    length = (error.headers.get("Content-Range") or "").rpartition("/")[2]
    return int(length) if _is_number(length) else None


def _goes_on(answer, done):
    """Return whether a part of a file begins where ours ends, as far as it is told."""
    told = re.match(r"bytes ([0-9]+)-", answer.headers.get("Content-Range") or "")
    return told is None or told[1] == str(done)


def _is_number(text):
    return re.fullmatch("[0-9]{1,15}", text) is not None


def _copy(answer, file, done, total, name, progress):
    """Copy the answer's body, saying every few seconds how far it is."""
    said = time.monotonic()
    while block := answer.read1(_CHUNK):
        file.write(block)
        done += len(block)
        if time.monotonic() - said > 3:
            said = time.monotonic()
            of_all = (
                f" of {total / 1e6:.0f} MB ({done / total:.0%})" if total else " MB"
            )
            progress(f"{name}: {done / 1e6:.0f}{of_all}")
    if total is not None and done < total:
        raise EOFError(f"cut after {done} of {total} bytes")


def _check(part, path, url, expected):
    """Raise, and remove the file, if what came is not what was asked for."""
    if expected is not None and _matches(part, expected):
        return
    with part.open("rb") as file:
        start = file.read(512).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    page = start.startswith((b"<!doctype html", b"<html"))
    if page and (expected is not None or path.suffix.lower() not in (".html", ".htm")):
        part.unlink()
        raise ValueError(
            f"{url} answered with an HTML page instead of {path.name}: open the "
            f"address in a browser, accept its terms and put the file at {path}."
        )
    if expected is not None:
        part.unlink()
        raise ValueError(
            f"{path.name} from {url} has the wrong checksum and was removed: run the "
            "same again, or download it by hand from the set's own page."
        )
