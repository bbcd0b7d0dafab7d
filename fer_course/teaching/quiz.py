"""A page's quiz: questions in, letters in, feedback out; no network, no score.

`quiz("03")` prints the questions of notebook 03, `answer("03.q2", "b")` says
whether b is right and why, and where on the page to read again.
"""

import re
import textwrap
from dataclasses import dataclass

from fer_course.teaching.lessons import load_lesson

WIDTH = 78


@dataclass(frozen=True)
class Option:
    """One option of a quiz item: its text, whether it is right, and why."""

    text: str
    right: bool
    feedback: str


@dataclass(frozen=True)
class QuizItem:
    """A question with its options; exactly one of them is right."""

    question: str
    options: tuple[Option, ...]


def quiz(notebook):
    """Print the questions of a notebook.

    Args:
        notebook: its number, "03".
    """
    items = load_lesson(notebook).QUIZ
    blocks = []
    for number, item in enumerate(items, start=1):
        lines = _wrapped(f"{notebook}.q{number}  ", item.question)
        for letter, option in zip("abcdefgh", item.options, strict=False):
            lines += _wrapped(f"    {letter})  ", option.text)
        blocks.append("\n".join(lines))
    print("\n\n".join(blocks))


def answer(item_id, letter):
    """Print what an option is worth.

    Args:
        item_id: notebook and question, "03.q2".
        letter: the option, "b".

    Raises:
        ValueError: there is no such question; the message says which there are.
    """
    match = re.fullmatch(r"(\d\d)\.[qQ](\d+)", str(item_id).strip())
    if match is None:
        raise ValueError(f"{item_id!r} is not a question: write it as '03.q2'.")
    items = load_lesson(match[1]).QUIZ
    number = int(match[2])
    if not 1 <= number <= len(items):
        raise ValueError(f"Quiz {match[1]} has the questions q1 to q{len(items)}.")
    options = items[number - 1].options
    letter = str(letter).strip().lower()
    place = "abcdefgh".find(letter) if len(letter) == 1 else -1
    if not 0 <= place < len(options):
        last = "abcdefgh"[len(options) - 1]
        print(f"{item_id}: choose one letter from a to {last}.")
        return
    option = options[place]
    start = f"{item_id} {'abcdefgh'[place]}: {'right' if option.right else 'not yet'}. "
    print("\n".join(textwrap.wrap(start + option.feedback, WIDTH)))


def _wrapped(start, text):
    """Return the text in lines, indented under where it starts."""
    return textwrap.wrap(
        text, WIDTH, initial_indent=start, subsequent_indent=" " * len(start)
    )
