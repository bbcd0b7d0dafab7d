"""Notebook 04, the quiz."""

from fer_course.teaching.exercises import Option, QuizItem

QUIZ = (
    QuizItem(
        "Seven classes, nothing trained yet, and in evaluation mode the loss is 20. "
        "What does it mean?",
        (
            Option(
                "Bad luck with the random weights.",
                False,
                "Both starts in section 4 give about 2: the dice do not make 20.",
            ),
            Option(
                "It is sure of wrong answers: look at the input's scale and at how "
                "the weights start.",
                True,
                "An even guess costs 1.946; more means confidence that nothing earned.",
            ),
            Option(
                "The classes are out of balance.",
                False,
                "An even guess costs ln 7 whatever the shares are. Section 4.",
            ),
        ),
    ),
    QuizItem(
        "Where do most of the reference network's weights lie?",
        (
            Option(
                "In the last convolution.",
                True,
                "4 × 4 × 512 × 512: half of all of them.",
            ),
            Option(
                "In the dense layer, as it reads 4,608 numbers.",
                False,
                "It has 7 outputs only: 32,263 weights, 0.4 %. Section 3.",
            ),
            Option(
                "In the first block, where the maps are large.",
                False,
                "Large maps cost multiplications; weights depend on channels. "
                "Section 3.",
            ),
        ),
    ),
    QuizItem(
        "Why does a convolution right before batch norm need no bias?",
        (
            Option(
                "Because ReLU cuts it off anyway.",
                False,
                "ReLU cuts what is below 0, and a bias decides what that is. "
                "Section 5.",
            ),
            Option(
                "Because batch norm's gamma replaces it.",
                False,
                "Gamma multiplies. Which of the others adds? Section 5.",
            ),
            Option(
                "Because batch norm subtracts the mean, and the bias with it; beta "
                "adds a new one.",
                True,
                "The bias would get no gradient at all.",
            ),
        ),
    ),
    QuizItem(
        "What does dropout do when the network answers for a user's photo?",
        (
            Option(
                "Nothing: it only acts in training.",
                True,
                "What is kept in training is scaled up at once, so nothing is left "
                "to do.",
            ),
            Option(
                "It drops fewer activations.",
                False,
                "Two calls on the same face agree to the last digit in section 7.",
            ),
            Option(
                "It runs several random networks and averages them.",
                False,
                "That needs many calls in training mode; a plain call drops nothing. "
                "Section 7.",
            ),
        ),
    ),
    QuizItem(
        "Labels are whole numbers 0 to 6. Which loss fits, and what would change "
        "with one-hot rows?",
        (
            Option(
                "Categorical cross-entropy; whole numbers train worse.",
                False,
                "Both compute the same number: log of the label's probability. "
                "Section 4.",
            ),
            Option(
                "Sparse categorical cross-entropy; one-hot rows need the other name "
                "and give the same loss.",
                True,
                "Rows are needed only where a face has shares of several labels.",
            ),
            Option(
                "Mean squared error, as the labels are numbers.",
                False,
                "That would say that disgust, 5, is nearer to surprise, 6, than to "
                "anger, 0. Section 4.",
            ),
        ),
    ),
    QuizItem(
        "Training loss 0.03; the same faces in evaluation mode: 2.8, after 70 steps. "
        "What now?",
        (
            Option(
                "Add dropout, it is over-fitting.",
                False,
                "These are the training faces: over-fitting cannot show on them. "
                "Section 5.",
            ),
            Option(
                "Nothing is wrong with the weights: let batch norm's averages catch "
                "up.",
                True,
                "Half of each average is still its start: 0.99 to the 70th is 0.495.",
            ),
            Option(
                "Lower the learning rate.",
                False,
                "The weights fit their faces already. Section 5 repairs it without "
                "touching one.",
            ),
        ),
    ),
    QuizItem(
        "What can no network, however large, read from a face of 48 px?",
        (
            Option(
                "Where the mouth is.",
                False,
                "Look at the happy mouth in Figure 4.1: it is many px wide.",
            ),
            Option(
                "Whether brows are up.",
                False,
                "A few px of movement are left, and the drawn faces show it. "
                "Section 2.",
            ),
            Option(
                "Fine wrinkles beside the eyes: they are thinner than a pixel.",
                True,
                "What resizing averaged away, no layer brings back.",
            ),
        ),
    ),
    QuizItem(
        "The paper states 2.3 million weights and a figure. What do you report?",
        (
            Option(
                "What a build of the figure counts, 10.4 million, and that the two "
                "do not agree.",
                True,
                "A description that builds can be checked; a number cannot.",
            ),
            Option(
                "2.3 million: the authors know best.",
                False,
                "No network that the paper describes has it. Section 3.",
            ),
            Option(
                "The mean of the two.",
                False,
                "No network has that many either. Section 3.",
            ),
        ),
    ),
)
