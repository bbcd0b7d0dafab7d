"""The data sets: where they come from, under which terms, where they belong.

`data get SET` prints it and downloads what may be had without asking, `data check
SET` reports what is there, `data prepare` makes what the trainings read.
`data/README.md` says the same at length; notebooks 01 and 05 use it.
"""

import gzip
import os
import shutil
import sys
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from fer_course.files import alone_in, download
from fer_course.settings import ROOT, settings

_WIDER = "https://huggingface.co/datasets/CUHK-CSE/wider_face/resolve/main/data"
_FDDB = "http://vis-www.cs.umass.edu/fddb"
_WEIGHTS = "https://github.com/ultralytics/assets/releases/download/v8.3.0/yolov8n.pt"
_FERPLUS = "https://raw.githubusercontent.com/microsoft/FERPlus/master/fer2013new.csv"
_YOLOV8N_SHA256 = "f59b3d833e2ff32e194b5bb8e08d211dc7c5bdf144b90d2c8412c47ccfc83b36"
_WIDER_SHA256 = {  # as Hugging Face lists them
    "wider_face_split": (
        "c7561e4f5e7a118c249e0a5c5c902b0de90bbf120d7da9fa28d99041f68a8a5c"
    ),
    "WIDER_val": "f9efbd09f28c5d2d884be8c0eaef3967158c866a593fc36ab0413e4b2a58a17a",
    "WIDER_train": "e23b76129c825cafae8be944f65310b2e1ba1c76885afe732f179c41e5ed6d59",
}
_FERPLUS_SHA256 = "9206e20d62f56475939f516847d61753e4860caeac9718b560129541b776fc2c"
# others' scripts hold them: FDDB's page has none (vipy; penolove's loader)
_FDDB_FOLDS_SHA1 = "94ce19ba3348425dfbb8bcbe55802490f8f152f8"
_FDDB_PHOTOS_MD5 = "cf414253ac596cd858daae0cc321d793"
_ASK = "Not to be downloaded without asking"
_KAGGLE_CONTEST = (
    "challenges-in-representation-learning-facial-expression-recognition-challenge"
)
_KAGGLE_FILE = "fer2013.tar.gz"  # holds fer2013/fer2013.csv


@dataclass(frozen=True)
class Source:
    """A data set as its authors offer it.

    Attributes:
        title: its name and size.
        page: its official page.
        terms: what one may do with it.
        place: its folder, below the data folder.
        layout: what lies there once all is right, or what to ask for.
        files: (address, file below `place`, checksum as `download` takes it), to
            be fetched directly; archives are unpacked into `place`. Empty: ask first.
    """

    title: str
    page: str
    terms: str
    place: str
    layout: str
    files: tuple = ()


SOURCES = {
    "wider": Source(
        "WIDER FACE, 16,106 photos with boxes (1.8 GB)",
        "http://shuoyang1213.me/WIDERFACE/",
        "CC BY-NC-ND 4.0: non-commercial, no changed copies; the photos are others'.",
        "detection",
        "WIDER_train/images, WIDER_val/images and wider_face_split in it.",
        tuple(
            (f"{_WIDER}/{name}.zip", f"{name}.zip", checksum)
            for name, checksum in _WIDER_SHA256.items()
        ),
    ),
    "fddb": Source(
        "FDDB, 2,845 news photos with ellipses (0.6 GB)",
        f"{_FDDB}/",
        "Research; the photos belong to news agencies: show none of them.",
        "detection",
        "FDDB-folds and originalPics/2002, originalPics/2003 in it.",
        (
            (f"{_FDDB}/FDDB-folds.tgz", "FDDB-folds.tgz", f"sha1:{_FDDB_FOLDS_SHA1}"),
            (
                f"{_FDDB}/originalPics.tar.gz",
                "originalPics/originalPics.tar.gz",
                f"md5:{_FDDB_PHOTOS_MD5}",
            ),
        ),
    ),
    "lfpw": Source(
        "300-W: LFPW, HELEN and AFW, about 3,700 faces with 68 points",
        "https://ibug.doc.ic.ac.uk/resources/facial-point-annotations/",
        "Research only, no commercial use.",
        "detection",
        f"{_ASK}: fill in the form on the page, then put the folders lfpw, helen "
        "(each with trainset and testset) and afw in it.",
    ),
    "fer2013": Source(
        "FER2013, 35,887 gray faces of 48 px (0.1 GB)",
        f"https://www.kaggle.com/c/{_KAGGLE_CONTEST}",
        "Research; Kaggle's rules of the contest, accepted with an account there.",
        "expression/fer2013",
        f"{_ASK}: sign in on the page, accept the rules, and put fer2013.csv (from "
        "fer2013.tar.gz) in it.",
    ),
    "ferplus": Source(
        "FER+, ten people's votes for each face of FER2013 (2 MB)",
        "https://github.com/microsoft/FERPlus",
        "MIT licence.",
        "expression/fer2013",
        "fer2013new.csv in it, beside fer2013.csv.",
        ((_FERPLUS, "fer2013new.csv", _FERPLUS_SHA256),),
    ),
    "rafdb": Source(
        "RAF-DB, basic part, 15,339 aligned faces of 100 px",
        "http://www.whdeng.cn/RAF/model1.html",
        "Non-commercial research; no redistribution.",
        "expression/RAF-DB/basic",
        f"{_ASK}: a teacher or researcher writes to the authors as the page says; "
        "then Image/aligned and EmoLabel/list_patition_label.txt in it.",
    ),
    "affectnet": Source(
        "AffectNet, about 290,000 labeled faces",
        "https://mohammadmahoor.com/pages/databases/affectnet/",
        "Research only, by signed agreement; no redistribution.",
        "expression/AffectNet",
        f"{_ASK}: a researcher signs the form on the page; then training.csv and "
        "validation.csv with their pictures, or train and val with a folder a class, "
        "in it.",
    ),
    "yolov8n": Source(
        "YOLOv8n, the weights that the detector's training starts from (6 MB)",
        "https://github.com/ultralytics/assets",
        "AGPL-3.0.",
        "",
        "yolov8n.pt in the course's folder.",
        ((_WEIGHTS, "yolov8n.pt", _YOLOV8N_SHA256),),
    ),
}
_WHOLE = {  # photos or faces of the sets as published, where all of them are labeled
    "wider": 16_106,
    "fddb": 2_845,
    "lfpw": 1_035,
    "helen": 2_330,
    "afw": 337,
    "fer2013": 35_887,
    "ferplus": 35_887,
    "rafdb": 15_339,
}
_EXPRESSION = ("fer2013", "rafdb", "affectnet")
_DETECTION = {"wider": ("wider",), "fddb": ("fddb",), "lfpw": ("lfpw", "helen", "afw")}


def get_set(name):
    """Print a set's terms and place, and download what may be had directly.

    Raises:
        ValueError: an unknown set, or a download that is not what it should be.
        ConnectionError: a file cannot be had.
    """
    source = _known(name)
    # the start weights belong beside the package, where the training looks
    folder = settings().data / source.place if source.place else ROOT
    print(f"{source.title}\n  page:  {source.page}\n  terms: {source.terms}")
    print(f"  place: {folder}\n  {source.layout}")
    if source.files:
        with alone_in(settings().data):  # two at once would write to one part
            for url, file, checksum in source.files:
                _fetch(url, folder / file, checksum)
    if name == "fer2013":
        _fetch_from_kaggle(folder, source.page)


def check_set(name):
    """Print what is there of a set (or of "detection", "expression") and is wrong.

    Returns:
        0 if every part was found, else 1.
    """
    if name == "expression":
        return max(map(check_set, _EXPRESSION))
    _known("wider" if name == "detection" else name)
    try:
        if name == "detection" or name in _DETECTION:
            return _check_detection(name)
        return _check_other(name)
    except (FileNotFoundError, ValueError) as error:
        print(f"{name}: {error}")
        return 1


def prepare_set(name):
    """Make what the trainings read from all the sets that are there.

    Args:
        name: "detection" writes `data/detection-yolo`; "expression" decodes every
            face once into `data/cache`.

    Returns:
        0 if there is something to train on, else 1.

    Raises:
        FileNotFoundError: "detection", and no set is there.
        ValueError: another name.
    """
    if name == "expression":
        return min(map(check_set, _EXPRESSION))
    if name != "detection":
        raise ValueError(f"{name!r} cannot be prepared: say detection or expression.")
    from fer_course.detection.dataset import prepare_yolo, read_packs

    data = settings().data
    packs = read_packs(data / "detection")
    if not any(found.photos for found in packs.values()):  # what was prepared stays
        print("detection: lists, but none of their photos: `data check detection`.")
        return 1
    prepared = prepare_yolo(packs, data / "detection-yolo")
    print(prepared.report(limit=5))
    print(f"{prepared.written:,} photos written; train with {prepared.yaml}")
    return 0


def _known(name):
    try:
        return SOURCES[name]
    except KeyError:
        raise ValueError(
            f"{name!r} is not a set of the course: use one of {', '.join(SOURCES)}."
        ) from None


def _fetch(url, path, checksum):
    """Download a file; unpack an archive and leave a note that it was done."""
    archive = path.name.endswith((".zip", ".tgz", ".tar.gz"))
    done = path.with_name(path.name + ".unpacked")
    if archive and done.exists():
        print(f"{path.name} was unpacked already ({done} says so).")
        return
    download(url, path, checksum)
    if archive:
        print(f"Unpacking {path.name}.")
        try:
            unpack(path, path.parent)
        except DamagedArchive:
            path.unlink()  # or it would be "there already" next time
            raise
        done.touch()
        path.unlink()


def _fetch_from_kaggle(folder, page):
    """Get FER2013's table for a user who has a token of Kaggle's, or say how."""
    if (folder / "fer2013.csv").is_file():
        print("fer2013.csv is there already.")
        return
    try:
        import kagglehub
        from kagglehub.config import get_kaggle_credentials
    except ImportError:
        print(
            "  Or by a token of Kaggle's: "
            f"{sys.executable} -m pip install 'kagglehub>=1', then run this again."
        )
        return
    if get_kaggle_credentials() is None:
        print(
            "  kagglehub finds no token of yours: make one in Kaggle's settings, set "
            "KAGGLE_API_TOKEN to it, then run the same again."
        )
        return
    try:
        archive = kagglehub.competition_download(_KAGGLE_CONTEST, _KAGGLE_FILE)
    except Exception as error:  # requests', kagglesdk's and its own kinds
        raise ConnectionError(
            f"Kaggle did not give {_KAGGLE_FILE} ({error}): accept the contest's rules "
            f"on {page}, then run the same again."
        ) from error
    with alone_in(settings().data):
        unpack(Path(archive), folder.parent)


class DamagedArchive(ValueError):
    """An archive that is cut short, flipped a bit, or is something else."""


def unpack(archive, folder):
    """Unpack a zip or tar archive; nothing in it can reach outside the folder.

    All of it is unpacked beside its place first, so that a full disk or a stopped run
    leaves no half file where whole ones are read.

    Raises:
        DamagedArchive: it is no archive, is damaged, or names a place outside.
        ValueError: this Python cannot unpack a tar archive safely.
        OSError: the disk is full; names the archive.
    """
    if archive.suffix != ".zip" and not hasattr(tarfile, "data_filter"):
        raise ValueError(
            f"{archive} must be unpacked by hand in {folder}: only from Python 3.11.4 "
            "on can this be done safely here."
        )
    aside = folder / f".unpacking {archive.name}"
    shutil.rmtree(aside, ignore_errors=True)  # of a run that was killed
    try:
        _extract(archive, aside)
        _move(aside, folder)
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        gzip.BadGzipFile,
        zlib.error,
        EOFError,
        RuntimeError,  # a zip with a password, or packed in an unknown way
    ) as error:
        raise DamagedArchive(
            f"{archive} cannot be unpacked ({error}): get it again."
        ) from None
    except OSError as error:
        error.filename = error.filename or str(archive)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _extract(archive, folder):
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as file:
            file.extractall(folder)  # drops drives and ".." by itself
    else:
        with gzip.open(archive) as whole:
            with tarfile.open(fileobj=whole) as file:
                file.extractall(folder, filter="data")
            while whole.read(1 << 20):  # gzip's checksum stands at its very end
                pass


def _move(aside, folder):
    """Move files into the folders of the same names, in the place of older ones."""
    for place, _, names in os.walk(aside):
        target = folder / Path(place).relative_to(aside)
        target.mkdir(parents=True, exist_ok=True)
        for name in names:
            os.replace(Path(place, name), target / name)


def _check_detection(name):
    from fer_course.detection.dataset import read_packs

    packs = read_packs(settings().data / "detection")
    wanted = packs if name == "detection" else _DETECTION[name]
    for part in wanted:
        if part in packs:
            print(f"{part}: {packs[part].report(limit=5)}")
            # 300-W counts faces: of a photo with several it has several copies
            photos = packs[part].photos
            count = len(photos)
            if part in _DETECTION["lfpw"]:
                count = sum(len(photo.boxes_xyxy) for photo in photos)
            _say_whether_whole(part, count)
        else:
            print(f"{part}: not there. `data get {name}` says where to get it.")
    return 0 if all(part in packs and packs[part].photos for part in wanted) else 1


def _check_other(name):
    from fer_course.expression import datasets

    folder = settings().data / _known(name).place
    loaders = {
        "fer2013": datasets.load_fer2013,
        "ferplus": lambda folder: datasets.load_fer2013(folder, votes=1),
        "rafdb": datasets.load_rafdb,
        "affectnet": datasets.load_affectnet,
    }
    if name not in loaders:
        there = (ROOT / Path(_known(name).files[0][1])).is_file()
        print(f"{name}: {'there' if there else f'missing: `data get {name}`'}.")
        return 0 if there else 1
    faces = loaders[name](folder)
    print(f"{name}: {len(faces):,} faces\n{faces.counts().to_string()}")
    for reason, count in faces.dropped.items():
        print(f"  left out: {count:,} ({reason})")
    listed = len(faces) + sum(faces.dropped.values())
    no_faces = ("unreadable picture", datasets.NOT_UNDERSTOOD)
    _say_whether_whole(name, listed - sum(faces.dropped.get(x, 0) for x in no_faces))
    return 0 if len(faces) else 1


def _say_whether_whole(name, count):
    whole = _WHOLE.get(name)
    if whole is not None:
        missing = "all" if count == whole else f"{count:,}"
        note = "" if count == whole else ": a part of it, or something is missing"
        print(f"  {missing} of the {whole:,} of the published set{note}")
