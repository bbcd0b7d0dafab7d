"""Notebook 02, the quiz."""

from fer_course.teaching.exercises import Option, QuizItem

QUIZ = (
    QuizItem(
        "A detector reports each of its boxes twice, with the same scores. Its AP ...",
        (
            Option(
                "rises: more boxes lie on faces.",
                False,
                "A face can be found once. Run the doubled detections of section 5 "
                "again.",
            ),
            Option(
                "stays: the boxes are the same.",
                False,
                "The second copy hits a face that is taken. Section 5 prints both.",
            ),
            Option(
                "falls: every second box on a face is a false alarm.",
                True,
                "Recall stays, precision falls. This is why NMS comes before AP.",
            ),
        ),
    ),
    QuizItem(
        "A detector reports two boxes alone; they overlap with IoU 0.7, and NMS works "
        "with 0.6. What decides whether the weaker one stays?",
        (
            Option(
                "The IoU threshold: 0.7 is above 0.6, so it goes.",
                True,
                "The scores only say which of the two is the weaker.",
            ),
            Option(
                "The score threshold: it stays if its score is above it.",
                False,
                "That one worked before NMS. Two thresholds, two jobs: sections 4, 7.",
            ),
            Option(
                "The network: it learned which boxes are doubles.",
                False,
                "NMS has no weights at all. Step through it in section 4.",
            ),
        ),
    ),
    QuizItem(
        "Why does a picture of 640 x 640 px give 8400 candidate boxes?",
        (
            Option(
                "The network was told to look for at most 8400 faces.",
                False,
                "Nobody chose 8400. Add up the three grids of section 2.",
            ),
            Option(
                "Every eighth pixel of each row and column gives one.",
                False,
                "That is the finest of three grids, 80 x 80: section 2.",
            ),
            Option(
                "Grids of 80 x 80, 40 x 40 and 20 x 20 points, one box each.",
                True,
                "6400 + 1600 + 400, at strides of 8, 16 and 32 px.",
            ),
        ),
    ),
    QuizItem(
        "At stride 32, how far from its point can a box's side lie?",
        (
            Option(
                "480 px.",
                True,
                "15 steps of 32 px: a side 500 px away cannot be said.",
            ),
            Option(
                "32 px.",
                False,
                "That is one step, and a side may be 15 away. Section 3.",
            ),
            Option(
                "640 px: the whole picture.",
                False,
                "The last of 16 bins stands for 15 steps, and a mean cannot leave the "
                "bins: section 3.",
            ),
        ),
    ),
    QuizItem(
        "What does mosaic change about the training pictures?",
        (
            Option(
                "The colors, so that light matters less.",
                False,
                "That is another augmentation. Look at the mosaics of section 6.",
            ),
            Option(
                "Four photos are glued into one: new neighbors, and some cut faces.",
                True,
                "Also the borders are unreal, so the last epochs go without it.",
            ),
            Option(
                "Nothing that matters: the labels stay as they are.",
                False,
                "Boxes move, shrink and are cut with their photo: section 6.",
            ),
        ),
    ),
    QuizItem(
        "Run A ends with a choosing loss of 2.9, run B with 3.1. Which detector is "
        "better?",
        (
            Option(
                "A: its loss is lower.",
                False,
                "Only if the loss's gains, the sizes and the labels are the same. "
                "Section 6 lists what it adds up.",
            ),
            Option(
                "B: it has learned more.",
                False,
                "A higher loss is no sign of that either. Section 6.",
            ),
            Option(
                "Unknown: score both with AP on the same photos.",
                True,
                "The loss depends on gains, input size and number of faces; AP asks "
                "what you want to know.",
            ),
        ),
    ),
    QuizItem(
        "A detector finds a face that nobody labeled. How is it scored?",
        (
            Option(
                "As a false alarm: scoring knows only the labels.",
                True,
                "So high-scored false alarms are the first ones to look at by eye.",
            ),
            Option(
                "As a hit: it is a face.",
                False,
                "Scoring never sees the photo, only boxes. Section 7 hides one label.",
            ),
            Option(
                "It is left out: no label, no verdict.",
                False,
                "Only faces marked to be ignored are left out; this one has no mark. "
                "Section 7.",
            ),
        ),
    ),
)
