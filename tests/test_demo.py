"""`demo`: what is read, what is written, what the exit code says."""

import csv
import json
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest

from fer_course import cli, demo
from fer_course.analysis import video_writing
from fer_course.analysis.analyzer import FaceAnalyzer
from fer_course.labels import EXPRESSIONS
from fer_course.settings import ROOT


class OneFace:
    """A detector that finds one face in every picture that is not black."""

    def detect(self, image, tiles=False):
        if not image.any():
            return np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
        return np.float32([[10, 5, 40, 45]]), np.float32([0.9])


class Happy:
    """A classifier that sees happy faces only."""

    crop_margin = 0.2
    sure_threshold = 0.5

    def classify(self, crops):
        shares = np.full(7, 0.05, np.float32)
        shares[EXPRESSIONS.index("happy")] = 0.7
        return np.tile(shares, (len(crops), 1))


@pytest.fixture(autouse=True)
def stub_networks(monkeypatch, tmp_path):
    monkeypatch.setenv("FER_COURSE_SETUP", "0")
    monkeypatch.chdir(tmp_path)
    asked = []

    def analyzer(score_threshold=None):
        asked.append(score_threshold)
        return FaceAnalyzer(OneFace(), Happy())

    monkeypatch.setattr(demo, "FaceAnalyzer", analyzer)
    return asked


def picture(path, value=99, size_wh=(80, 60)):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.full((size_wh[1], size_wh[0], 3), value, np.uint8)
    path.write_bytes(cv2.imencode(path.suffix, image)[1].tobytes())
    return str(path)


def video(path, frames=3):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"VP90"), 10, (80, 60))
    for _ in range(frames):
        writer.write(np.full((60, 80, 3), 99, np.uint8))
    writer.release()
    return str(path)


def test_a_photo(tmp_path, capsys):
    photo = picture(tmp_path / "größe.png")
    assert cli.main(["demo", photo]) == 0
    drawn = cv2.imdecode(np.fromfile("out/größe_faces.jpg", np.uint8), 1)
    assert drawn.shape == (60, 80, 3)
    document = json.loads((tmp_path / "out" / "faces.json").read_text("utf-8"))
    (entry,) = document["photos"]
    assert (entry["photo"], entry["width"], entry["height"]) == (photo, 80, 60)
    assert entry["faces"][0]["box"] == [10, 5, 40, 45]
    assert list(entry["faces"][0]["probabilities"]) == list(EXPRESSIONS)
    assert document["errors"] == []
    out = capsys.readouterr().out
    assert "1 face: happy 70%" in out and "All numbers -> " in out


def test_the_picture_keeps_its_colors(tmp_path):
    photo = np.zeros((300, 400, 3), np.uint8)
    photo[:, :, 0] = 200  # blue, as OpenCV writes it
    cv2.imwrite(str(tmp_path / "a.png"), photo)
    assert cli.main(["demo", "a.png"]) == 0
    drawn = cv2.imread(str(tmp_path / "out" / "a_faces.jpg"))
    np.testing.assert_allclose(drawn[290, 390], (200, 0, 0), atol=5)


def test_the_threshold_reaches_the_detector(tmp_path, stub_networks):
    photo = picture(tmp_path / "a.png")
    assert cli.main(["demo", photo, "--score-threshold", "0.7"]) == 0
    assert stub_networks == [0.7]


def test_json_on_standard_output_stands_alone(tmp_path, capsys):
    photo = picture(tmp_path / "a.jpg")
    assert cli.main(["demo", photo, "--json", "-", "--out", "x"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["photos"][0]["photo"] == photo
    assert "a.jpg: 1 face" in err
    assert not (tmp_path / "x" / "faces.json").exists()


def test_some_unread_gives_1(tmp_path, capsys):
    (tmp_path / "bad.jpg").write_text("<html>not a picture")
    good = picture(tmp_path / "good.jpg")
    code = cli.main(["demo", "bad.jpg", good, "none.jpg", "--json", "all.json"])
    assert code == 1
    document = json.loads((tmp_path / "all.json").read_text())
    assert [entry["photo"] for entry in document["photos"]] == [good]
    assert [entry["photo"] for entry in document["errors"]] == ["bad.jpg", "none.jpg"]
    err = capsys.readouterr().err
    assert err.count("Skipped:") == 2 and "Traceback" not in err


def test_none_read_gives_2(tmp_path, capsys):
    assert cli.main(["demo", "none.jpg"]) == 2
    assert capsys.readouterr().err.startswith("Skipped: none.jpg")


def test_an_empty_folder_gives_2(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert cli.main(["demo", "empty"]) == 2
    assert (
        capsys.readouterr().err == "There is no picture or video in what was given"
        " to read.\n"
    )


def test_a_folder_is_searched_but_not_the_output(tmp_path):
    picture(tmp_path / "in" / "b" / "one.jpg")
    picture(tmp_path / "in" / "a" / "one.JPG")
    picture(tmp_path / "in" / "out" / "old_faces.jpg")
    (tmp_path / "in" / "notes.txt").touch()
    for _ in range(2):  # the second run does not read the first one's pictures
        assert cli.main(["demo", "in", "--out", "in/out"]) == 0
        document = json.loads((tmp_path / "in" / "out" / "faces.json").read_text())
        assert [len(document[key]) for key in ("photos", "errors")] == [2, 0]
    written = {path.name for path in (tmp_path / "in" / "out").glob("*_faces*")}
    assert written == {"one_faces.jpg", "one_faces_2.jpg", "old_faces.jpg"}


def test_the_outputs_videos_and_what_is_hidden_are_not_read(tmp_path, tracked):
    picture(tmp_path / "in" / "one.jpg")
    picture(tmp_path / "in" / "._one.jpg")
    picture(tmp_path / "in" / ".venv" / "logo.png")
    (tmp_path / "in" / "album.jpg").mkdir()
    video(tmp_path / "in" / "clip.webm", frames=1)
    for _ in range(2):  # absolute in, relative out
        assert cli.main(["demo", str(tmp_path / "in"), "--out", "in/out"]) == 0
        document = json.loads((tmp_path / "in" / "out" / "faces.json").read_text())
        assert [len(document[key]) for key in ("photos", "videos")] == [1, 1]


@pytest.mark.parametrize("given", [["in"], ["in/party.jpg", "in/party_faces.jpg"]])
def test_a_photo_with_such_a_name_is_read_and_stays(tmp_path, given):
    picture(tmp_path / "in" / "party.jpg")
    own = picture(tmp_path / "in" / "party_faces.jpg")
    kept = (tmp_path / own).read_bytes()
    for _ in range(2):  # the second run reads none of the first one's pictures
        assert cli.main(["demo", *given, "--out", "in"]) == 0
        document = json.loads((tmp_path / "in" / "faces.json").read_text())
        assert len(document["photos"]) == 2
    assert (tmp_path / own).read_bytes() == kept
    written = {path.name for path in (tmp_path / "in").glob("*.jpg")}
    assert written == {
        "party.jpg",
        "party_faces.jpg",
        "party_faces_2.jpg",
        "party_faces_faces.jpg",
    }


@pytest.mark.parametrize("given", [["."], ["clip.webm", "clip_faces.mp4"]])
def test_a_video_with_such_a_name_stays(tmp_path, tracked, given):
    video(tmp_path / "clip.webm")
    second = tmp_path / "clip_faces.mp4"
    second.write_bytes((tmp_path / "clip.webm").read_bytes())
    for _ in range(2):
        assert cli.main(["demo", *given, "--out", "."]) == 0
        document = json.loads((tmp_path / "faces.json").read_text())
        assert len(document["videos"]) == 2
    assert second.read_bytes() == (tmp_path / "clip.webm").read_bytes()
    assert (tmp_path / "clip_faces_2.mp4").exists()
    assert (tmp_path / "clip_faces_faces.mp4").exists()
    assert len(list(tmp_path.glob("*.mp4"))) == 3


def test_phone_photos_and_closed_folders_are_named(tmp_path, monkeypatch, capsys):
    picture(tmp_path / "in" / "one.jpg")
    (tmp_path / "in" / "two.jfif").write_bytes((tmp_path / "in/one.jpg").read_bytes())
    (tmp_path / "in" / "IMG_3.HEIC").write_bytes(b"\0\0\0\x18ftypheic" + bytes(40))
    (tmp_path / "in" / "closed").mkdir()
    scandir = os.scandir

    def refuse(path):
        if os.path.basename(path) == "closed":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert cli.main(["demo", "in"]) == 1
    closed = os.path.join("in", "closed")
    err = capsys.readouterr().err
    assert f"Skipped: {closed} cannot be searched: Permission denied.\n" in err
    assert "IMG_3.HEIC is an HEIC photo" in err
    document = json.loads((tmp_path / "out" / "faces.json").read_text())
    assert len(document["photos"]) == len(document["errors"]) == 2


def test_a_photo_too_wide_for_jpeg_is_an_error_entry(tmp_path, capsys):
    photo = picture(tmp_path / "strip.png", size_wh=(65_501, 1))
    assert cli.main(["demo", photo, picture(tmp_path / "a.png")]) == 1
    assert "a JPEG file has at most 65,500:" in capsys.readouterr().err
    document = json.loads((tmp_path / "out" / "faces.json").read_text())
    assert len(document["photos"]) == 2  # its numbers are kept


def test_a_full_disk_costs_a_picture_and_no_numbers(tmp_path, monkeypatch, capsys):
    photos = [picture(tmp_path / f"{name}.png") for name in "abc"]

    def write(path, data, full=demo.write_atomically):
        if path.name == "b_faces.jpg":
            raise OSError(28, "No space left on device")
        return full(path, data)

    monkeypatch.setattr(demo, "write_atomically", write)
    assert cli.main(["demo", *photos]) == 1
    assert "b.png cannot be written: No space left on device." in (
        capsys.readouterr().err
    )
    document = json.loads((tmp_path / "out" / "faces.json").read_text())
    assert [len(document[key]) for key in ("photos", "errors")] == [3, 1]
    assert (tmp_path / "out" / "c_faces.jpg").exists()


def test_two_tables_do_not_share_a_file(tmp_path, capsys):
    photo = picture(tmp_path / "a.png")
    for options in ("--json t --csv t", "--csv out/faces.json"):
        assert cli.main(["demo", photo, *options.split()]) == 2
        assert "name two files (--json, --csv)" in capsys.readouterr().err
    assert not (tmp_path / "t").exists()


def test_lines_that_cannot_be_written_are_not_the_pictures_fault(
    tmp_path, monkeypatch, capsys
):
    def say(*_, file, flush):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("builtins.print", say)
    with pytest.raises(OSError, match="No space"):
        demo.run_demo([picture(tmp_path / "a.png")], tmp_path / "out")
    document = json.loads((tmp_path / "out" / "faces.json").read_text())
    assert len(document["photos"]) == 1 and not document["errors"]


def test_a_full_disk_costs_a_video_and_no_numbers(tmp_path, monkeypatch):
    pytest.importorskip("trackers", reason="requirements-video.txt is not installed")
    clip = video(tmp_path / "clip.webm")

    def full_after_two(frames, *_):
        for number, result in enumerate(frames):
            if number == 2:
                raise OSError(28, "No space left on device")
            yield result

    monkeypatch.setattr("fer_course.analysis.video.write_frames", full_after_two)
    assert cli.main(["demo", clip]) == 1
    document = json.loads((tmp_path / "out" / "faces.json").read_text())
    assert len(document["videos"][0]["frames"]) == 2
    assert "No space left on device" in document["errors"][0]["message"]


def test_one_table_that_cannot_be_written_costs_not_the_other(tmp_path, monkeypatch):
    def write(path, data, full=demo.write_atomically):
        if str(path).endswith(".json"):
            raise OSError(28, "No space left on device", str(path))
        return full(path, data)

    monkeypatch.setattr(demo, "write_atomically", write)
    assert cli.main(["demo", picture(tmp_path / "a.png"), "--csv", "t.csv"]) == 2
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("error", "code"), [(KeyboardInterrupt, cli.STOPPED), (RuntimeError, 2)]
)
def test_what_was_read_before_the_end_is_kept(tmp_path, monkeypatch, error, code):
    photos = [picture(tmp_path / f"{name}.png") for name in "ab"]

    def stop_at_b(self, result, add=demo._Output.add_photo):
        if result.photo == photos[1]:
            raise error
        return add(self, result)

    monkeypatch.setattr(demo._Output, "add_photo", stop_at_b)
    assert cli.main(["demo", *photos, "--csv", "faces.csv"]) == code
    document = json.loads((tmp_path / "out" / "faces.json").read_text())
    assert [entry["photo"] for entry in document["photos"]] == photos[:1]
    assert len((tmp_path / "faces.csv").read_text().splitlines()) == 2


def test_a_picture_too_large_to_draw_costs_no_other(tmp_path, monkeypatch, capsys):
    photos = [picture(tmp_path / f"{name}.png") for name in "ab"]

    def no_room(path, image, write=demo.write_picture):
        if path.name.startswith("a"):
            cv2.resize(image, (2**30, 2**30))
        write(path, image)

    monkeypatch.setattr(demo, "write_picture", no_room)
    assert cli.main(["demo", *photos]) == 1
    assert "cannot be written: the memory left is too small." in capsys.readouterr().err
    assert (tmp_path / "out" / "b_faces.jpg").is_file()


def test_nothing_but_our_sentence_is_said_of_a_strange_tiff(tmp_path, capfd):
    pillow = pytest.importorskip("PIL.Image", reason="OpenCV writes no such TIFF")
    pillow.new("F", (9, 9)).save(tmp_path / "a.tif")
    before = cv2.utils.logging.getLogLevel()
    try:
        cli.main(["demo", "a.tif"])
    finally:
        cv2.utils.logging.setLogLevel(before)
    err = capfd.readouterr().err
    assert err.count("\n") == 1 and err.startswith("Skipped: a.tif is a TIFF of a")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux' own names")
def test_a_name_that_is_not_unicode(tmp_path):
    photo = picture(tmp_path / "gr\udcfcn.jpg")
    assert cli.main(["demo", photo, "--csv", "faces.csv"]) == 0
    document = json.loads((tmp_path / "out" / "faces.json").read_text("utf-8"))
    assert document["photos"][0]["photo"].endswith("gr?n.jpg")


@pytest.mark.parametrize("letter, count", [("x", 200), ("顔", 66)])
def test_names_as_long_as_names_may_be(tmp_path, letter, count):
    letters = letter * (251 // len(letter.encode()))
    photos = [picture(tmp_path / part / f"{letters}.png") for part in "ab"]
    assert cli.main(["demo", *photos, "none" * 99 + ".jpg"]) == 1
    written = sorted(path.name for path in (tmp_path / "out").glob("*.jpg"))
    assert written == [letter * count + end for end in ("_faces.jpg", "_faces_2.jpg")]
    (error,) = json.loads((tmp_path / "out" / "faces.json").read_text())["errors"]
    assert error["message"].endswith("cannot be read: File name too long.")


@pytest.mark.slow
def test_a_folder_of_ten_thousand_files(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    for number in range(10_000):
        (tmp_path / "in" / f"{number}.jpg").write_bytes(b"no picture")
    for number in range(0, 10_000, 1000):
        picture(tmp_path / "in" / f"{number}.jpg")
    assert cli.main(["demo", "in"]) == 1
    document = json.loads((tmp_path / "out" / "faces.json").read_text())
    assert [len(document[key]) for key in ("photos", "errors")] == [10, 9990]
    assert len(list((tmp_path / "out").glob("*.jpg"))) == 10


def test_what_was_read_of_a_video_before_ctrl_c_is_kept(tmp_path, monkeypatch, tracked):
    def stop_after_two(frames, *others):
        yield next(frames)
        yield next(frames)
        frames.close()
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "_telling", stop_after_two)
    assert cli.main(["demo", video(tmp_path / "clip.webm")]) == cli.STOPPED
    (entry,) = json.loads((tmp_path / "out" / "faces.json").read_text())["videos"]
    assert len(entry["frames"]) == 2
    assert [path.name for path in (tmp_path / "out").glob("clip*")] == [
        "clip_faces.mp4"
    ]


def test_ctrl_c_in_a_videos_first_frame_leaves_an_older_table(
    tmp_path, monkeypatch, capsys, tracked
):
    assert cli.main(["demo", picture(tmp_path / "a.png")]) == 0
    before = (tmp_path / "out" / "faces.json").read_bytes()
    capsys.readouterr()

    def stop(self, image, tiles=False):
        raise KeyboardInterrupt

    monkeypatch.setattr(OneFace, "detect", stop)
    assert cli.main(["demo", video(tmp_path / "clip.webm")]) == cli.STOPPED
    assert (tmp_path / "out" / "faces.json").read_bytes() == before
    assert "0 frames" not in capsys.readouterr().out


@pytest.mark.parametrize("error", [MemoryError, cv2.error])
def test_a_video_that_memory_does_not_hold_costs_no_other(
    tmp_path, monkeypatch, capsys, tracked, error
):
    videos = [video(tmp_path / f"{name}.webm") for name in "ab"]
    detect, calls = OneFace.detect, []

    def no_room(self, image, tiles=False):
        calls.append(1)
        if len(calls) == 2:
            raise error
        return detect(self, image)

    monkeypatch.setattr(OneFace, "detect", no_room)
    assert cli.main(["demo", *videos]) == 1
    document = json.loads((tmp_path / "out" / "faces.json").read_text())
    assert [entry["video"] for entry in document["videos"]] == videos[1:]
    assert "a.webm cannot be read: the memory left is too small." in (
        capsys.readouterr().err
    )


def test_ctrl_c_at_once_leaves_an_older_table(tmp_path, monkeypatch):
    photo = picture(tmp_path / "a.png")
    assert cli.main(["demo", photo]) == 0
    before = (tmp_path / "out" / "faces.json").read_bytes()

    def stop(self, result):
        raise KeyboardInterrupt

    monkeypatch.setattr(demo._Output, "add_photo", stop)
    assert cli.main(["demo", photo]) == cli.STOPPED
    assert (tmp_path / "out" / "faces.json").read_bytes() == before


def test_a_folder_that_cannot_be_written_to_is_said_at_once(
    tmp_path, monkeypatch, capsys
):
    def refuse(dir):
        raise PermissionError(13, "Permission denied", str(dir))

    monkeypatch.setattr(demo.tempfile, "TemporaryFile", refuse)
    assert cli.main(["demo", picture(tmp_path / "a.png")]) == 2
    assert capsys.readouterr().err == "out cannot be used: Permission denied.\n"


@pytest.mark.parametrize("option", ["--json", "--csv"])
def test_a_table_that_cannot_be_written_is_said_at_once(tmp_path, capsys, option):
    (tmp_path / "folder").mkdir()
    assert cli.main(["demo", picture(tmp_path / "a.png"), option, "folder"]) == 2
    assert capsys.readouterr().err == "folder cannot be used: Is a directory.\n"
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="pipes of Unix")
def test_one_who_reads_no_more_stops_it_and_nothing_is_lost(tmp_path):
    """As `demo ... | head -1` does."""
    photos = [picture(tmp_path / f"{name}.png") for name in "abc"]
    reading, writing = os.pipe()
    os.close(reading)
    code = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from tests.test_demo import FaceAnalyzer, Happy, OneFace, cli, demo
demo.FaceAnalyzer = lambda score_threshold=None: FaceAnalyzer(OneFace(), Happy())
sys.exit(cli.main(["demo", *{photos!r}, "--csv", "table.csv"]))
"""
    found = subprocess.run(
        [sys.executable, "-c", code], stdout=writing, stderr=subprocess.PIPE, text=True
    )
    os.close(writing)
    assert (found.returncode, found.stderr) == (cli.STOPPED, "")
    document = json.loads((tmp_path / "out" / "faces.json").read_text())
    assert document["photos"] and document["errors"] == []
    assert (tmp_path / "table.csv").is_file()


def test_csv_has_a_row_a_face_and_none_without(tmp_path):
    photo = picture(tmp_path / "a.png")
    picture(tmp_path / "black.png", value=0)
    assert cli.main(["demo", photo, "black.png", "--csv", "t/faces.csv"]) == 0
    with open("t/faces.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    assert list(row) == (
        "photo,face,x1,y1,x2,y2,score,expression,sure," + ",".join(EXPRESSIONS)
    ).split(",")
    assert (row["photo"], row["face"], row["x2"]) == (photo, "1", "40.0")


@pytest.fixture
def tracked():
    pytest.importorskip("trackers", reason="requirements-video.txt is not installed")


def test_a_video(tmp_path, tracked):
    source = video(tmp_path / "clip.webm")
    assert cli.main(["demo", source, "--csv", "faces.csv"]) == 0
    document = json.loads((tmp_path / "out" / "faces.json").read_text())
    (entry,) = document["videos"]
    assert entry["video"] == source and len(entry["frames"]) == 3
    assert [frame["faces"][0]["track"] for frame in entry["frames"]] == [0, 1, 1]
    with open("faces.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[:5] == ["video", "frame", "time_s", "track", "x1"]
    assert [row["frame"] for row in rows] == ["0", "1", "2"]
    assert (tmp_path / "out" / "clip_faces.mp4").stat().st_size > 0


def test_without_pyav_the_video_is_webm(tmp_path, tracked, monkeypatch):
    source = video(tmp_path / "clip.webm")
    monkeypatch.setattr(video_writing, "find_spec", lambda name: None)
    for _ in range(2):
        assert cli.main(["demo", source, "--out", "."]) == 0
    assert (tmp_path / "clip_faces.webm").stat().st_size > 0
    assert not list(tmp_path.glob("*.mp4")) + list(tmp_path.glob("*_2.webm"))


@pytest.mark.parametrize(
    ("count", "said"),
    [
        pytest.param(
            4_000,
            {
                6: "clip.mp4: 6 of 4,000 frames, 67 min left",
                12: "clip.mp4: 12 of 4,000 frames, 66 min left",
            },
            id="long",
        ),
        pytest.param(
            15,
            {
                6: "clip.mp4: 6 of 15 frames, 9 s left",
                12: "clip.mp4: 12 of 15 frames, 3 s left",
            },
            id="short",
        ),
        pytest.param(
            None,
            {6: "clip.mp4: 6 frames", 12: "clip.mp4: 12 frames"},
            id="the file does not tell",
        ),
        pytest.param(
            8,
            {6: "clip.mp4: 6 of 8 frames, 2 s left", 12: "clip.mp4: 12 frames"},
            id="the file tells too few",
        ),
    ],
)
def test_how_far_a_video_is(monkeypatch, count, said):
    """A frame takes a second; something is said every six."""
    clock = iter(range(1_000))
    monkeypatch.setattr(demo.time, "monotonic", lambda: float(next(clock)))
    monkeypatch.setattr(demo, "SAY_EVERY_S", 6)
    lines = []
    frames = demo._telling(iter("abcdefghijklm"), "clip.mp4", count, lines.append)
    heard = {}
    for number, _ in enumerate(frames):
        if len(lines) > len(heard):
            heard[number] = lines[-1]
    assert heard == said


def test_a_video_without_the_tracker_is_an_error_entry(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "trackers", None)
    photo, clip = picture(tmp_path / "a.png"), video(tmp_path / "clip.webm")
    assert cli.main(["demo", photo, clip]) == 1
    assert "pip install -r fer_course/requirements-video" in capsys.readouterr().err
    document = json.loads((tmp_path / "out" / "faces.json").read_text())
    assert len(document["photos"]) == 1 and "videos" not in document


def test_a_video_that_ends_early_says_so_and_keeps_its_frames(tmp_path, capsys):
    whole = tmp_path / "whole.webm"
    writer = cv2.VideoWriter(str(whole), cv2.VideoWriter_fourcc(*"VP90"), 10, (80, 60))
    rng = np.random.default_rng(0)
    for _ in range(60):
        writer.write(rng.integers(0, 255, (60, 80, 3), dtype=np.uint8))
    writer.release()
    data = whole.read_bytes()
    (tmp_path / "cut.webm").write_bytes(data[: len(data) // 2])
    assert cli.main(["demo", "whole.webm"]) == 0
    assert cli.main(["demo", "cut.webm"]) == 1
    assert "Skipped: the end of cut.webm, cut short: " in capsys.readouterr().err
    document = json.loads((tmp_path / "out" / "faces.json").read_text())
    assert 20 < len(document["videos"][0]["frames"]) < 40
    assert "of 6.0 s can be read" in document["errors"][0]["message"]


def test_a_slow_show_of_pictures_is_whole(tmp_path, capsys):
    """Its last picture stands for five seconds: reading ends at 15 of 20."""
    writer = cv2.VideoWriter("slow.avi", cv2.VideoWriter_fourcc(*"MJPG"), 0.2, (80, 60))
    for value in (40, 80, 120, 160):
        writer.write(np.full((60, 80, 3), value, np.uint8))
    writer.release()
    assert cli.main(["demo", "slow.avi"]) == 0, capsys.readouterr().err


def test_sound_that_goes_on_is_no_missing_end(tmp_path, capsys):
    av = pytest.importorskip("av", reason="requirements-video.txt is not installed")
    with av.open("sound.mkv", "w") as file:
        pictures = file.add_stream("mpeg4", rate=25)
        pictures.width, pictures.height, pictures.pix_fmt = 80, 60, "yuv420p"
        sound = file.add_stream("pcm_s16le", rate=8000)
        sound.layout = "mono"
        for value in range(50):
            image = np.full((60, 80, 3), 4 * value, np.uint8)
            file.mux(pictures.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        file.mux(pictures.encode())
        silence = np.zeros((1, 8000), np.int16)
        for second in range(6):
            frame = av.AudioFrame.from_ndarray(silence, "s16", "mono")
            frame.sample_rate, frame.pts = 8000, 8000 * second
            file.mux(sound.encode(frame))
        file.mux(sound.encode())
    assert cli.main(["demo", "sound.mkv"]) == 0, capsys.readouterr().err


def test_a_broken_video_is_an_error_entry(tmp_path):
    (tmp_path / "clip.mp4").write_bytes(b"no video")
    photo = picture(tmp_path / "a.png")
    assert cli.main(["demo", photo, "clip.mp4"]) == 1
    document = json.loads((tmp_path / "out" / "faces.json").read_text())
    assert document["errors"][0]["photo"] == "clip.mp4"


def test_samples_without_a_photo(tmp_path, monkeypatch):
    picture(tmp_path / "samples" / "two.jpg")
    picture(tmp_path / "samples" / "read" / "two_faces.jpg")  # what demo once made
    monkeypatch.setattr(demo, "SAMPLES", tmp_path / "samples")
    assert cli.main(["demo"]) == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"two_faces.jpg", "faces.json"}


def test_a_missing_network_is_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(demo, "FaceAnalyzer", FaceAnalyzer)
    monkeypatch.setenv("FER_COURSE_MODELS", str(tmp_path / "models"))
    assert cli.main(["demo", picture(tmp_path / "a.png")]) == 2
    err = capsys.readouterr().err
    assert "There is no face detector at" in err and "Traceback" not in err
