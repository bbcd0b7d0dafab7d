"""The seven expressions: one order, names, colors, and every data set's ids.

Everything in the course that holds seven numbers holds them in the order of
`EXPRESSIONS`. Data sets number their classes each in their own way; their ids
are translated here, once, and nowhere else. Notebook 05 opens with the table.
"""

EXPRESSIONS = ("anger", "happy", "sad", "fear", "neutral", "disgust", "surprise")

# Okabe and Ito's palette without yellow: told apart by color-blind readers.
# Bars double it with a hatch, so that gray print works too.
COLORS = {
    "anger": "#D55E00",
    "happy": "#E69F00",
    "sad": "#0072B2",
    "fear": "#CC79A7",
    "neutral": "#000000",
    "disgust": "#009E73",
    "surprise": "#56B4E9",
}
HATCHES = dict(
    zip(EXPRESSIONS, ("//", "", "\\\\", "xx", "..", "--", "oo"), strict=True)
)

# id in the data set -> expression. None: a class the course does not teach
# (contempt) or no face at all; loaders count those instead of hiding them.
FER2013_IDS = {
    0: "anger",
    1: "disgust",
    2: "fear",
    3: "happy",
    4: "sad",
    5: "surprise",
    6: "neutral",
}
# column of fer2013new.csv (FER+) -> expression
FERPLUS_COLUMNS = {
    "neutral": "neutral",
    "happiness": "happy",
    "surprise": "surprise",
    "sadness": "sad",
    "anger": "anger",
    "disgust": "disgust",
    "fear": "fear",
    "contempt": None,
    "unknown": None,
    "NF": None,
}
RAFDB_IDS = {
    1: "surprise",
    2: "fear",
    3: "disgust",
    4: "happy",
    5: "sad",
    6: "anger",
    7: "neutral",
}
AFFECTNET_IDS = {
    0: "neutral",
    1: "happy",
    2: "sad",
    3: "surprise",
    4: "fear",
    5: "disgust",
    6: "anger",
    7: None,  # contempt
    8: None,  # none of these
    9: None,  # uncertain
    10: None,  # not a face
}
# folder and label names met in copies of AffectNet, RAF-DB and FER2013
NAME_TO_EXPRESSION = {
    "anger": "anger",
    "angry": "anger",
    "happy": "happy",
    "happiness": "happy",
    "sad": "sad",
    "sadness": "sad",
    "fear": "fear",
    "neutral": "neutral",
    "disgust": "disgust",
    "surprise": "surprise",
    "surprised": "surprise",
    "contempt": None,
    "none": None,
    "uncertain": None,
    "non-face": None,
}


def index(expression):
    """Return the position of an expression in `EXPRESSIONS`.

    Raises:
        ValueError: it is not one of the seven; the message lists them.

    >>> index("happy")
    1
    """
    try:
        return EXPRESSIONS.index(expression)
    except ValueError:
        known = ", ".join(EXPRESSIONS)
        raise ValueError(
            f"{expression!r} is not an expression of this course: use one of {known}."
        ) from None
