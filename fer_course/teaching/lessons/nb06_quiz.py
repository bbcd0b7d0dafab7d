"""Notebook 06, the quiz."""

from fer_course.teaching.exercises import Option, QuizItem

QUIZ = (
    QuizItem(
        "Where is a face divided by 255 on its way into FERNet?",
        (
            Option(
                "In face_to_input, in training and in serving.",
                False,
                "It hands over 0..255: the contract in section 1 says so.",
            ),
            Option(
                "In the network's first layer, and nowhere else.",
                True,
                "So that no code can do it twice or forget it.",
            ),
            Option(
                "In the training loop only, since serving is faster without.",
                False,
                "Then the app would feed numbers 255 times too large. Section 2.",
            ),
        ),
    ),
    QuizItem(
        "An app cuts faces with a far smaller margin than training did. What shows?",
        (
            Option(
                "An error about the shape of the crops.",
                False,
                "Every crop becomes 48 x 48: nothing complains. Section 2.",
            ),
            Option(
                "Lower top probabilities, so that the threshold catches it.",
                False,
                "The dashed curve of section 2 falls by some ten points, accuracy by "
                "seventy: no threshold catches that.",
            ),
            Option(
                "Ordinary pictures, no error, fewer right labels.",
                True,
                "That is why skew is looked for in the inputs, not in the outputs.",
            ),
        ),
    ),
    QuizItem(
        "The detector finds 90 % of the faces, the classifier reads 90 % of those "
        "right. How many of all faces are read right?",
        (
            Option(
                "81 %",
                True,
                "0.9 times 0.9; a face that was not found was not read.",
            ),
            Option(
                "90 %",
                False,
                "That counts only one of the two stages. Section 4.",
            ),
            Option(
                "80 %, as the errors add up",
                False,
                "The shares right multiply, 0.9 × 0.9; adding errors is close for "
                "small ones only. Section 4.",
            ),
        ),
    ),
    QuizItem(
        "FERNet is given a brick wall. Its seven outputs sum to",
        (
            Option(
                "0: it sees no face.",
                False,
                "It has no eighth output to say so. Section 1.",
            ),
            Option(
                "1: softmax always does.",
                True,
                "Whether there is a face is the detector's question.",
            ),
            Option(
                "less than 1, by how unsure it is.",
                False,
                "The sum never tells; the largest of the seven may. Section 1.",
            ),
        ),
    ),
    QuizItem(
        "A face 12 px high is enlarged to 48 px. What has it gained?",
        (
            Option(
                "Four times the detail.",
                False,
                "Count the rank in section 3: it stays 12.",
            ),
            Option(
                "Nothing but the size that the network asks for.",
                True,
                "Interpolation only mixes the pixels that are there.",
            ),
            Option(
                "Accuracy, since training faces had 48 px.",
                False,
                "Read the curve of section 3 from right to left.",
            ),
        ),
    ),
    QuizItem(
        "What does the EU's AI Act, Article 5(1)(f), ban since 2 February 2025?",
        (
            Option(
                "All networks that classify expressions.",
                False,
                "It names places and purposes, not the technique. Section 7.",
            ),
            Option(
                "Such systems without a disclaimer.",
                False,
                "A disclaimer does not lift the ban, and is not consent. Section 7.",
            ),
            Option(
                "Inferring emotions at work and in education, medical or safety "
                "reasons aside.",
                True,
                "A class or an office is where this course's demo must not run.",
            ),
        ),
    ),
    QuizItem(
        "You read a photo with section 6's widget, anywidget installed, and save the "
        "notebook. What of the photo is in the file?",
        (
            Option(
                "Nothing: it came as a message and lived in memory.",
                True,
                "Close the kernel and it is gone, unless you downloaded the result.",
            ),
            Option(
                "Its content, in the widget's state.",
                False,
                "That is what a FileUpload would do; see E06.3, section 1.",
            ),
            Option(
                "A small copy without names.",
                False,
                "Neither a copy nor a crop is kept. Section 6.",
            ),
        ),
    ),
)
