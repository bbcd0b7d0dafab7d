"""Notebook 00, the quiz."""

from fer_course.teaching.exercises import Option, QuizItem

QUIZ = (
    QuizItem(
        "A photo is an array of shape (480, 640, 3). Where is the pixel 600 px from "
        "the left and 10 px from the top?",
        (
            Option(
                "image[600, 10]",
                False,
                "That asks for row 600 of 480: an error, here luckily. Section 3.",
            ),
            Option(
                "image[10, 600]",
                True,
                "Row first, then column; points are written the other way round.",
            ),
            Option(
                "image[479 - 10, 600]",
                False,
                "The origin is at the top: y grows downward. Section 3.",
            ),
        ),
    ),
    QuizItem(
        "Two uint8 pixels are 200 and 100. What is their sum, as uint8?",
        (
            Option(
                "44",
                True,
                "300 - 256: there is no room for more than 255, and arrays do not even "
                "warn.",
            ),
            Option("300", False, "uint8 ends at 255. Section 3 shows the sum."),
            Option(
                "255",
                False,
                "OpenCV's add stops there; NumPy's + starts again. Section 3.",
            ),
        ),
    ),
    QuizItem(
        "FERNet reads a crop of an empty wall. Its seven probabilities",
        (
            Option(
                "are all near 0.",
                False,
                "Then they could not sum to 1. Section 1.",
            ),
            Option(
                "sum to less than 1, the rest being 'no face'.",
                False,
                "There is no eighth number. Section 2 lists what comes out.",
            ),
            Option(
                "sum to 1, as always.",
                True,
                "Which is why only what the detector found goes into FERNet.",
            ),
        ),
    ),
    QuizItem(
        "Skin looks blue in your plot. What happened?",
        (
            Option(
                "The photo was read as BGR and shown as RGB.",
                True,
                "OpenCV's imread gives BGR; the course's read_image gives RGB.",
            ),
            Option(
                "The photo is too dark.",
                False,
                "Dark skin stays brown. Compare the two photos in section 3.",
            ),
            Option(
                "x and y were swapped.",
                False,
                "That turns a photo on its side; colors stay. Section 3.",
            ),
        ),
    ),
    QuizItem(
        "The threshold goes from 0.5 to 0.25. What can happen to the boxes?",
        (
            Option(
                "Some of them vanish.",
                False,
                "A lower threshold keeps all that a higher one kept. Section 4.",
            ),
            Option(
                "More boxes, among them perhaps false ones.",
                True,
                "Recall cannot fall, precision may.",
            ),
            Option(
                "The same boxes with lower scores.",
                False,
                "Scores come from the network; the threshold changes none. Section 4.",
            ),
        ),
    ),
    QuizItem(
        "The detector finds 9 of 10 faces, the classifier reads 8 of 10 right. What "
        "does a user get?",
        (
            Option(
                "About 72 of 100 faces right",
                True,
                "0.9 times 0.8: the stages multiply.",
            ),
            Option(
                "80 of 100, the weaker stage",
                False,
                "Missed faces are not read at all. Section 5.",
            ),
            Option(
                "85 of 100, the mean",
                False,
                "A face has to pass both stages. Section 5.",
            ),
        ),
    ),
    QuizItem(
        "You uploaded a photo with an upload widget and saved the notebook. What may "
        "the file hold?",
        (
            Option(
                "Nothing of it: widgets live in the browser.",
                False,
                "Widget state is saved into the file by many front ends. Section 6.",
            ),
            Option(
                "Only its name.",
                False,
                "A plain FileUpload keeps the content too. Section 6.",
            ),
            Option(
                "The whole photo, in the widget's state.",
                True,
                "The course's own widget sends it as a message, to avoid that.",
            ),
        ),
    ),
)
