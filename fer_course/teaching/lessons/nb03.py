"""Exercises and quiz of notebook 03: convolution by hand, backward and counted."""

from fer_course.teaching.lessons.nb03_backward import BACKWARD
from fer_course.teaching.lessons.nb03_counts import COUNT, FIELD
from fer_course.teaching.lessons.nb03_forward import CORR2D, OUT_SIZE
from fer_course.teaching.lessons.nb03_network import NETWORK, ZEROS
from fer_course.teaching.lessons.nb03_quiz import QUIZ
from fer_course.teaching.lessons.nb03_wide import WIDE

__all__ = ["EXERCISES", "QUIZ"]

EXERCISES = (OUT_SIZE, CORR2D, COUNT, FIELD, BACKWARD, NETWORK, ZEROS, WIDE)
