"""Exercises and quiz of notebook 04: FERNet, counted, built and tested untrained."""

from fer_course.teaching.lessons.nb04_block import CONV_BLOCK
from fer_course.teaching.lessons.nb04_counts import COUNT, FIRST_LOSS
from fer_course.teaching.lessons.nb04_design import MEMORIZER
from fer_course.teaching.lessons.nb04_loss import CROSS_ENTROPY
from fer_course.teaching.lessons.nb04_norm import BATCH_NORM
from fer_course.teaching.lessons.nb04_quiz import QUIZ

__all__ = ["EXERCISES", "QUIZ"]

EXERCISES = (COUNT, FIRST_LOSS, CROSS_ENTROPY, CONV_BLOCK, BATCH_NORM, MEMORIZER)
