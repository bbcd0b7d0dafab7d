"""Exercises and quiz of notebook 01: annotations, boxes, splits."""

from fer_course.teaching.lessons.nb01_boxes import CONVERT, ELLIPSE
from fer_course.teaching.lessons.nb01_quiz import QUIZ
from fer_course.teaching.lessons.nb01_reading import LANDMARKS, PARSE
from fer_course.teaching.lessons.nb01_splits import COPIES, SPLIT

__all__ = ["EXERCISES", "QUIZ"]
EXERCISES = (CONVERT, ELLIPSE, PARSE, LANDMARKS, SPLIT, COPIES)
