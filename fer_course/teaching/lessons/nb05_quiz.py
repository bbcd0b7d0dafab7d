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
            Option(
                "PublicTest",
                True,
                "The test part is opened once, at the end: section 1.",
            ),
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
            Option("The loss", False, "It is fitted to lower it: section 5."),
            Option(
                "How many faces pass a threshold of 0.8",
                False,
                "Top probabilities move, so the number moves too: section 5.",
            ),
            Option(
                "The most probable class of a face",
                True,
                "All logits are divided by one number, their order stays: section 5.",
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
                "The network needs no training",
                False,
                "The map is at fault, not the network: section 7.",
            ),
            Option(
                "The map is confirmed twice",
                False,
                "The second network knows nothing, so it confirms nothing: section 7.",
            ),
            Option(
                "The map shows the picture's edges, not what was learned",
                True,
                "A map that survives shuffling cannot be evidence: section 7.",
            ),
        ),
    ),
    QuizItem(
        "On a larger machine you take batches of 256 instead of 64 and keep the rate "
        "and the epochs. The training curve now rises far more slowly. Why?",
        (
            Option(
                "A quarter of the steps an epoch: the same rate goes less far",
                True,
                "Count steps before you blame the machine: section 2. Try a higher "
                "rate, below the limit of a range test, or more epochs.",
            ),
            Option(
                "Four times as many faces make the step too large",
                False,
                "The loss is a mean over the batch, not a sum: a larger batch makes "
                "the slope less noisy, not longer. Count the steps: section 2.",
            ),
            Option(
                "The other machine computes other steps",
                False,
                "Possible: section 2's cell tests it on any machine. First count the "
                "steps, of which there are four times fewer.",
            ),
        ),
    ),
    QuizItem(
        "Three runs. A: the training loss falls, the choosing loss turns up. B: both "
        "stay near ln 7. C: both jump to 9 and stay there. What is wrong?",
        (
            Option(
                "A needs more epochs, B over-fits, C has a rate far too low",
                False,
                "More epochs widen A's gap, and who over-fits has learned something: "
                "section 3, Figures 5.3 to 5.6.",
            ),
            Option(
                "A over-fits, B's rate is far too high, C's far too low",
                False,
                "Too high a rate makes the loss explode (Figure 5.1); too low a one "
                "leaves it where it began (section 2).",
            ),
            Option(
                "A over-fits, B's rate may be far too low, C's is far too high",
                True,
                "The gap, the start and the jump are read off the curves: section 3. "
                "Another fault, as in page 04, keeps B there too: memorize 32 faces.",
            ),
        ),
    ),
    QuizItem(
        "You weight disgust 16-fold in the loss. What happens to its probabilities?",
        (
            Option(
                "Nothing, weights act in training only",
                False,
                "What training raises is what the softmax shows later: section 4.",
            ),
            Option(
                "They become too high for how often disgust occurs",
                True,
                "Recall rises and calibration suffers: check both, as section 4 does.",
            ),
            Option(
                "They become calibrated",
                False,
                "The network now believes in a world with more disgust: section 4.",
            ),
        ),
    ),
)
