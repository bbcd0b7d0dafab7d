"""Notebook 06, exercise 3: what an upload widget hands over."""

from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    Property,
    Slip,
    judge_function,
)


def read_uploads(value):
    """Return (name, bytes) of each file in a `FileUpload` widget's value."""
    if isinstance(value, dict):  # ipywidgets 7: name -> entry
        pairs = [(name, bytes(entry["content"])) for name, entry in value.items()]
    else:  # ipywidgets 8: a tuple of entries
        pairs = [(entry["name"], bytes(entry["content"])) for entry in value]
    empty = [name for name, content in pairs if not content]
    if empty or not pairs:
        raise ValueError(f"No content: {', '.join(empty) or 'choose a file first'}.")
    return pairs


def _only_version_8(value):
    return [(entry["name"], bytes(entry["content"])) for entry in value]


def _only_version_7(value):
    return [(name, bytes(entry["content"])) for name, entry in value.items()]


def _first_file_only(value):
    return read_uploads(value)[:1]


def _keeps_the_view(value):
    read_uploads(value)
    entries = value.values() if isinstance(value, dict) else value
    names = list(value) if isinstance(value, dict) else [e["name"] for e in value]
    return [(n, e["content"]) for n, e in zip(names, entries, strict=True)]


def _silent_on_nothing(value):
    return read_uploads(value) if value else []


def _skips_empty_files(value):
    if isinstance(value, dict):
        value = tuple({"name": name, **entry} for name, entry in value.items())
    pairs = [(e["name"], bytes(e["content"])) for e in value if len(e["content"])]
    if not pairs:
        raise ValueError("no file")
    return pairs


def _says_nothing(value):
    if not value:
        raise ValueError
    return read_uploads(value)


def _names_all_files(value):
    try:
        return read_uploads(value)
    except ValueError:
        names = value if isinstance(value, dict) else [e["name"] for e in value]
        raise ValueError(f"An empty file: {', '.join(names)}.") from None


def _with_dictionary(value):
    if isinstance(value, dict):
        value = [{"name": name, **entry} for name, entry in value.items()]
    if not value:
        raise ValueError("Choose a photo.")
    for entry in value:
        if len(entry["content"]) == 0:
            raise ValueError(f"{entry['name']} arrived empty.")
    return [(entry["name"], bytes(entry["content"])) for entry in value]


def _by_each_versions_fields(value):
    """A memoryview's own method, and the name as version 7 repeats it."""
    if isinstance(value, dict):
        files = [(e["metadata"]["name"], e["content"]) for e in value.values()]
    else:
        files = [(e["name"], e["content"].tobytes()) for e in value]
    if not files:
        raise ValueError("Choose a photo.")
    for name, content in files:
        if content == b"":
            raise ValueError(f"{name} is empty.")
    return files


def _refuses(value, word, without="\n"):
    def holds(function):
        try:
            result = function(value)
        except ValueError as error:
            said = str(error)
            told = said.strip() and word in said and without not in said
            return bool(told) or f"The message was: {said or 'empty'}"
        return f"It returned {result!r} instead."

    return holds


class _Entry(dict):
    """What version 8 hands over for a file; a memoryview cannot be copied deeply."""

    def __deepcopy__(self, memo):
        return _Entry(self)


def _version_8(name, content):
    size = len(content)
    return _Entry(name=name, type="image", size=size, content=memoryview(content))


def _version_7(name, content):
    return {"metadata": {"name": name, "size": len(content)}, "content": content}


_V8, _V7 = _version_8("me.jpg", b"abc"), _version_7("me.jpg", b"abc")

UPLOADS = Exercise(
    id="06.3",
    title="read_uploads",
    stars=2,
    reference=read_uploads,
    judge=judge_function(
        (
            Case(
                "one file, ipywidgets 8",
                ((_V8,),),
                expected=[("me.jpg", b"abc")],
                rule="a list of pairs (name, bytes), in the widget's order",
            ),
            Case(
                "one file, ipywidgets 7",
                ({"me.jpg": _V7},),
                expected=[("me.jpg", b"abc")],
                rule="version 7 gives a dict from name to entry",
            ),
            Case(
                "two files, ipywidgets 8",
                ((_V8, _version_8("you.png", b"12")),),
                expected=[("me.jpg", b"abc"), ("you.png", b"12")],
                rule="every file, in the widget's order",
            ),
            Case(
                "two files, ipywidgets 7",
                ({"me.jpg": _V7, "you.png": _version_7("you.png", b"12")},),
                expected=[("me.jpg", b"abc"), ("you.png", b"12")],
                rule="every file, in the widget's order",
            ),
        ),
        read_uploads,
        properties=(
            Property("an empty tuple raises a ValueError", _refuses((), "")),
            Property("an empty dict raises a ValueError", _refuses({}, "")),
            Property(
                "a file without content raises a ValueError that names it",
                _refuses((_V8, _version_8("big.jpg", b"")), "big.jpg", "me.jpg"),
            ),
            Property(
                "in version 7, too, an empty file raises a ValueError that names it",
                _refuses({"big.jpg": _version_7("big.jpg", b"")}, "big.jpg"),
            ),
        ),
        slips=(Slip("That leaves out all files but one.", _first_file_only),),
    ),
    hints=(
        "What type has the value in version 7, what type in version 8, and where does "
        "the name stand in each?",
        "Ask isinstance(value, dict), make pairs of name and bytes either way, then "
        "look for what is empty.",
        "Two list comprehensions in an if and an else; then one raise ValueError "
        "whose sentence names the empty files.",
    ),
    why=(
        "Colab has version 7, a new JupyterLab version 8: the same page meets both.",
        "bytes() copies the content out of the widget's memory, so that the widget can "
        "forget it.",
        "An empty value gets a sentence, because the browser drops large files "
        "without a word.",
    ),
    wrong_turn="Returning an empty list for an empty upload: the page shows nothing, "
    "and nobody knows why.",
    mutants=(
        Mutant("version 8 only", _only_version_8, "raised", "TypeError"),
        Mutant("version 7 only", _only_version_7, "raised", "AttributeError"),
        Mutant("first file", _first_file_only, "wrong value", "all files but one"),
        Mutant("a view", _keeps_the_view, "wrong type", "a value of type bytes"),
        Mutant("a dict", lambda v: dict(read_uploads(v)), "wrong type", "a list of"),
        Mutant("silent", _silent_on_nothing, "wrong value", "an empty tuple raises"),
        Mutant("skips", _skips_empty_files, "wrong value", "without content raises"),
        Mutant("no sentence", _says_nothing, "wrong value", "message was: empty"),
        Mutant("names all", _names_all_files, "wrong value", "without content raises"),
    ),
    alternatives=(_with_dictionary, _by_each_versions_fields),
)
