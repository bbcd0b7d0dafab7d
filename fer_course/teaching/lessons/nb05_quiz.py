"""The quiz of notebook 05."""

from fer_course.teaching.exercises import Option, QuizItem

QUIZ = (
    QuizItem(
        "Network A has 70.1 % on 3,589 faces, network B 69.1 %, one run each. What "
        "may you say?",
        (
            Option(
                "A is better by one point",
                False,
                "Each interval is ± 1.5 points wide: section 1. Read it again.",
            ),
            Option(
                "Nothing yet: test them on the same faces, and train more seeds",
                True,
                "McNemar's test counts the faces on which they differ (section 4), "
                "and the luck of the seed comes on top (section 1).",
            ),
            Option(
                "They are equal",
                False,
                "Not proven to differ is not equal: section 4 tests the same faces.",
            ),
        ),
    ),
    QuizItem(
        "On which part do you choose the epoch, the rate and the temperature?",
        (
            Option(
                "PrivateTest, since it is the one that counts",
                False,
                "Then its figure is the best of many tries: section 1.",
            ),
            Option("PublicTest", True, "The test part is opened once, at the end."),
            Option(
                "Training, since it is the largest",
                False,
                "A network that knows its faces by heart looks perfect: section 3.",
            ),
        ),
    ),
    QuizItem(
        "What can temperature scaling not change?",
        (
            Option(
                "The most probable class of a face",
                True,
                "All logits are divided by one number, their order stays: section 5.",
            ),
            Option("The loss", False, "It is fitted to lower it: section 5."),
            Option(
                "How many faces pass a threshold of 0.8",
                False,
                "Top probabilities move, so the number moves too: section 5.",
            ),
        ),
    ),
    QuizItem(
        "Why do targets made of votes (0.6 sad, 0.4 neutral) help?",
        (
            Option(
                "They say which faces people disagree on",
                True,
                "A hard label calls a 6-to-4 face as certain as a 10-to-0 one: "
                "section 6.",
            ),
            Option(
                "They make the set larger",
                False,
                "It has the same faces: section 6 changes the targets only.",
            ),
            Option(
                "They remove wrong labels",
                False,
                "No face is removed; doubt is written into the target: section 6.",
            ),
        ),
    ),
    QuizItem(
        "A heat map of a network with shuffled weights looks like the trained one's. "
        "What follows?",
        (
            Option(
                "The map shows the picture's edges, not what was learned",
                True,
                "A map that survives shuffling cannot be evidence: section 7.",
            ),
            Option(
                "The network needs no training",
                False,
                "The map is at fault, not the network: section 7.",
            ),
            Option(
                "The map is confirmed twice",
                False,
                "The second network knows nothing, so it confirms nothing: section 7.",
            ),
        ),
    ),
    QuizItem(
        "Without batch norm, a network trains with SGD at a rate of 0.03, inputs of 0 "
        "to 1. Rescaling is lost, inputs are 0 to 255. Where is the rate now?",
        (
            Option(
                "Far lower, by orders of magnitude",
                True,
                "Slopes grow with the inputs, and so does what a step does: section 2.",
            ),
            Option("The same", False, "Only behind batch norm: Figure 5.1, section 2."),
            Option(
                "255 times higher",
                False,
                "Larger slopes need smaller steps: section 2.",
            ),
        ),
    ),
    QuizItem(
        "You weight disgust 16-fold in the loss. What happens to its probabilities?",
        (
            Option(
                "They become too high for how often disgust occurs",
                True,
                "Recall rises and calibration suffers: check both, as section 4 does.",
            ),
            Option(
                "Nothing, weights act in training only",
                False,
                "What training raises is what the softmax shows later: section 4.",
            ),
            Option(
                "They become calibrated",
                False,
                "The network now believes in a world with more disgust: section 4.",
            ),
        ),
    ),
)
