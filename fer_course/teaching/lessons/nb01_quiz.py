"""Notebook 01, the quiz."""

from fer_course.teaching.exercises import Option, QuizItem

QUIZ = (
    QuizItem(
        "A photo is 1024 px wide and 683 px high. By what is the y of a YOLO label "
        "divided?",
        (
            Option(
                "By 1024, the longer side.",
                False,
                "That is how letterbox scales. A label takes each axis by its own "
                "side: section 1.",
            ),
            Option(
                "By 683, the height.",
                True,
                "x and width go by the width, y and height by the height.",
            ),
            Option(
                "By 640, the network's input.",
                False,
                "A label knows nothing of the network: it holds shares of the photo. "
                "Section 3.",
            ),
        ),
    ),
    QuizItem(
        "An FDDB row reads 123.58 85.55 1.2658 269.69 161.78 1. What is 1.2658?",
        (
            Option(
                "The angle of the major axis, in radians: about 73 degrees.",
                True,
                "As degrees it would be almost 0, and the face would lie on its side.",
            ),
            Option(
                "The angle in degrees.",
                False,
                "Faces do not lie on their side: draw one and look. Section 2.",
            ),
            Option(
                "Height divided by width.",
                False,
                "That would be 1.35 here. Read the columns in section 1.",
            ),
        ),
    ),
    QuizItem(
        "Why does the course divide WIDER FACE by event, and not photo by photo?",
        (
            Option(
                "So that both sides hold as many photos as asked.",
                False,
                "A random split does that better. Section 5.",
            ),
            Option(
                "Because events are sorted by difficulty.",
                False,
                "They are sorted by theme. What counts is what photos of one event "
                "share: section 5.",
            ),
            Option(
                "Photos of one event share places, people and light; the test should "
                "meet what is new.",
                True,
                "The number should tell about events that nobody trained on.",
            ),
        ),
    ),
    QuizItem(
        "What does an empty label file teach a detector?",
        (
            Option(
                "Nothing: the photo is skipped.",
                False,
                "It is trained on, as background; so is a photo whose file is missing. "
                "Section 6.",
            ),
            Option(
                "That this photo holds no face, so that every box on it is wrong.",
                True,
                "264 of our photos say so: animals, things, places.",
            ),
            Option(
                "One face of size 0.",
                False,
                "That is WIDER's row of zeros if a parser takes it for a face. "
                "Section 3.",
            ),
        ),
    ),
    QuizItem(
        "A face is 6 px high after letterbox to 640 px. The finest grid of YOLOv8 has "
        "a stride of 8 px. What follows?",
        (
            Option(
                "It lies between grid points and cannot be labeled.",
                False,
                "It can be labeled; the question is what can be learned. Section 4.",
            ),
            Option(
                "Training crops it larger, so nothing follows.",
                False,
                "6 px hold what 6 px hold. Section 4.",
            ),
            Option(
                "It covers less than one grid cell: leave it out of scoring by a "
                "stated rule, which names its size.",
                True,
                "Finding it is no error, and missing it neither. Learned are faces "
                "from 5 px on, scored those from 8 px on. Section 4.",
            ),
        ),
    ),
    QuizItem(
        "A data set's link is dead. A stranger's copy has the same name. What first?",
        (
            Option(
                "Use it: the photos are public anyway.",
                False,
                "Public is not free to use: nobody in them was asked, and the terms "
                "bind you too. Section 6.",
            ),
            Option(
                "Read the set's terms, count photos and faces against the paper, and "
                "write down where the copy came from.",
                True,
                "A copy may lack photos, hold re-saved ones, or be forbidden to use.",
            ),
            Option(
                "Train first; if the figures fit, the copy is right.",
                False,
                "Leaked or missing photos make figures fit. Section 5.",
            ),
        ),
    ),
    QuizItem(
        "One set's boxes start at the brows, another's at the crown. You merge them "
        "as they are. What does the detector learn?",
        (
            Option(
                "A box between the two, right for neither set.",
                True,
                "It is scored against both, and loses IoU on both.",
            ),
            Option(
                "A box that is right for both sets.",
                False,
                "One face cannot have two right boxes. Section 1.",
            ),
            Option(
                "Nothing worse: more labels only help.",
                False,
                "Labels that disagree pull apart. Section 4 shows medians before and "
                "after.",
            ),
        ),
    ),
)
