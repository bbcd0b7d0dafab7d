"""Made-up damage for files that are read line by line; drawn by Hypothesis.

Draws are the same in every run, so that a red test stays red. FER_EXAMPLES=25000 draws
that many a test, for hours of fuzzing.
"""

import os
import re

from hypothesis import settings
from hypothesis import strategies as st

few = settings(
    max_examples=int(os.environ.get("FER_EXAMPLES", "80")),
    derandomize=True,
    database=None,
    deadline=None,
)

NUMBERS = "0 1 -1 3 ² ١ 1_0 1e3 1e308 -1e308 nan inf 0x1F 1.5.2".split()
NAMES = "/ // . .. ..jpg a/.jpg ../../a.jpg /a.jpg a/a.jpg C:\\a.jpg a/\0.jpg".split()
MARKS = "{ } \" ' , ; < > & <object> </bndbox> <!DOCTYPE &amp; \ufeff \x1a".split()
LONG = [5_000 * "9", 300 * "x" + "/a.jpg", 300 * "x" + ".jpg", 140_000 * "y"]
_odd = st.text("aZ09éß顔😀\u00a0\u200b\u0301\x7f-_.#@%$|*?=+()[]~^", max_size=9)
tokens = st.sampled_from([*NUMBERS, *NAMES, *MARKS, *LONG, "", " ", "\t"]) | _odd
lines = st.lists(tokens, max_size=12).map(" ".join)
# what begins like a record goes deeper into a reader than what does not
blocks = st.lists(lines, max_size=3) | st.tuples(
    st.sampled_from([*NAMES, *LONG, "b/b.jpg"]),
    st.sampled_from([*NUMBERS, *LONG]),
    lines | st.lists(st.sampled_from(NUMBERS), min_size=5, max_size=10).map(" ".join),
).map(list)
scraps = st.binary(max_size=60) | blocks.map(lambda texts: "\n".join(texts).encode())


@st.composite
def damaged(draw, text):
    """Draw the bytes of a text, one word of it replaced, or a piece of any size."""
    words = [match.span() for match in re.finditer(r"[^\s<>,]+", text)]
    if draw(st.booleans()):
        start, end = draw(st.sampled_from(words))
        return (text[:start] + draw(tokens) + text[end:]).encode()
    data = text.encode()
    start = draw(st.integers(0, len(data)))
    end = start + draw(st.sampled_from([0, 1, 9, len(data)]))
    return data[:start] + draw(scraps) + data[end:]
