"""Notebook 03, the quiz."""

from fer_course.teaching.exercises import Option, QuizItem

QUIZ = (
    QuizItem(
        "64 channels in, 64 out. Two 3x3 layers, or one 5x5 layer?",
        (
            Option(
                "The 5x5 has fewer weights, since it is one layer.",
                False,
                "Count: 25 weights a pair of channels against 18. Section 3.",
            ),
            Option(
                "Both see 5 px; the two 3x3 have fewer weights and a ReLU more.",
                True,
                "73,856 weights against 102,464, and the same field.",
            ),
            Option(
                "The two 3x3 see 6 px, so they see more.",
                False,
                "The middle pixel is shared: 3 + 2 = 5. Section 4.",
            ),
        ),
    ),
    QuizItem(
        "Why does a gradient check use float64?",
        (
            Option(
                "Float32 overflows for small steps.",
                False,
                "Nothing overflows; look at the right end of the U-curve in section 5.",
            ),
            Option(
                "Gradients are only defined for float64.",
                False,
                "Networks train in float32. It is the difference quotient that needs "
                "digits: section 5.",
            ),
            Option(
                "The quotient subtracts two nearly equal numbers, and float32 keeps "
                "too few digits of the difference.",
                True,
                "That is the right arm of the U-curve, many times higher in float32.",
            ),
        ),
    ),
    QuizItem(
        "48 px, kernel 3, stride 2, Keras 'same'. Where are the zeros?",
        (
            Option(
                "One at the end only.",
                True,
                "24 windows need 49 px: one zero, and Keras puts the odd one last.",
            ),
            Option(
                "One at each end.",
                False,
                "That is Torch's padding=1. Its windows stand one pixel further left: "
                "section 7.",
            ),
            Option(
                "None: 48 divides by 2.",
                False,
                "Without padding 23 windows fit, and 'same' promises 24. Section 7.",
            ),
        ),
    ),
    QuizItem(
        "Where do FERNet's multiplications sit, and where its weights?",
        (
            Option(
                "Both mostly in the dense layers.",
                False,
                "A dense weight is used once an image. Look at the bars in section 3.",
            ),
            Option(
                "Both mostly in the first conv layer.",
                False,
                "It has many places but 1,088 weights, and 2.4 of the 833 million "
                "multiplications. Section 3.",
            ),
            Option(
                "Multiplications in the conv layers, weights in the wide ones near "
                "the end.",
                True,
                "A conv weight is used at every place, a dense weight once.",
            ),
        ),
    ),
    QuizItem(
        "Max pooling over 2x2: where does the gradient of one output go?",
        (
            Option(
                "A quarter to each of the four.",
                False,
                "That is average pooling. Nudge a smaller pixel: the maximum does not "
                "move. Section 5.",
            ),
            Option(
                "All of it to the largest pixel.",
                True,
                "The other three could move a little without changing the maximum.",
            ),
            Option(
                "Nowhere: the maximum has no slope.",
                False,
                "It has one wherever a single pixel is the largest. Section 5.",
            ),
        ),
    ),
    QuizItem(
        "A 3x3 kernel with dilation 4 sees how much of its 9x9 field?",
        (
            Option(
                "Nine pixels, with gaps between them.",
                True,
                "The field is wide, but 72 of its 81 pixels do not count.",
            ),
            Option(
                "All 81 pixels.",
                False,
                "It has nine weights, so it reads nine pixels. Section 4.",
            ),
            Option(
                "The four corners.",
                False,
                "That would be a 2x2 kernel. Section 4.",
            ),
        ),
    ),
    QuizItem(
        "What is a 1x1 convolution good for?",
        (
            Option(
                "Nothing: it only scales the image.",
                False,
                "With one channel, yes. With many it mixes them. Section 3.",
            ),
            Option(
                "It widens the receptive field cheaply.",
                False,
                "(k - 1) is 0: the field stays as it is. Section 4.",
            ),
            Option(
                "It mixes channels at each place and changes their number.",
                True,
                "It is a dense layer applied at every pixel.",
            ),
        ),
    ),
)
