"""The course's address: into the README, the pages' badges and their first cells.

    python -m tests.repository https://github.com/YOU/NAME    in a fork
    python -m tests.repository                                after editing settings.py

The address stands in `fer_course.settings.REPOSITORY`; everywhere else it is written
by this command. Only the address changes: a page keeps its outputs, byte for byte.
"""

import argparse
import re
import sys

from fer_course.files import write_atomically
from fer_course.settings import REPOSITORY, ROOT

SETTINGS = "fer_course/settings.py"
_URL = r"https://github\.com/[\w.-]+/[\w.-]+"
# what stands around the address -> how it is written
PLACES = {
    rf'^REPOSITORY = "{_URL}"': 'REPOSITORY = "https://github.com/{owner}/{name}"',
    rf"git clone {_URL}\ncd [\w.-]+": (
        "git clone https://github.com/{owner}/{name}\ncd {name}"
    ),
    rf"git clone -q --depth 1 {_URL} /content/": (
        "git clone -q --depth 1 https://github.com/{owner}/{name} /content/"
    ),
    r"colab\.research\.google\.com/github/[\w.-]+/[\w.-]+/blob/": (
        "colab.research.google.com/github/{owner}/{name}/blob/"
    ),
}


def files(root=ROOT):
    """Return the files that hold the address: settings, README, the pages."""
    pages = sorted((root / "notebooks").glob("0*.ipynb"))
    return [root / SETTINGS, root / "README.md", *pages]


def owner_and_name(address):
    """Return who owns the repository at an address, and its name.

    Raises:
        ValueError: it is no address of a repository on GitHub.

    >>> owner_and_name("https://github.com/ada/faces.git")
    ('ada', 'faces')
    """
    form = r"https://github\.com/([\w.-]+)/([\w.-]+?)(?:\.git)?/?"
    found = re.fullmatch(form, address.strip())
    if found is None:
        raise ValueError(
            f"{address!r} is not the address of a repository on GitHub, from where "
            "Colab reads: write it as https://github.com/OWNER/NAME."
        )
    return found.groups()


def with_address(text, address):
    """Return a file's text with this address in all its places."""
    owner, name = owner_and_name(address)
    for place, form in PLACES.items():
        written = form.format(owner=owner, name=name)
        text = re.sub(place, lambda _, new=written: new, text, flags=re.MULTILINE)
    return text


def main(arguments=None, root=ROOT):
    """Write the address everywhere and say where it changed; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.repository")
    parser.add_argument(
        "address", nargs="?", default=REPOSITORY, help="as https://github.com/YOU/NAME"
    )
    address = parser.parse_args(arguments).address
    try:
        for path in files(root):
            before = path.read_bytes().decode("utf-8")
            after = with_address(before, address)
            if after != before:
                write_atomically(path, after.encode("utf-8"))
                print(f"{path.relative_to(root)}: written")
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
