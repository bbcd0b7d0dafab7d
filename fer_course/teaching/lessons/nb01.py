"""Exercises and quiz of notebook 01: annotations, boxes, splits, faults."""

from fer_course.teaching.lessons.nb01_audit import AUDIT
from fer_course.teaching.lessons.nb01_boxes import CONVERT, ELLIPSE
from fer_course.teaching.lessons.nb01_copies import COPIES
from fer_course.teaching.lessons.nb01_quiz import QUIZ
from fer_course.teaching.lessons.nb01_reading import LANDMARKS, PARSE
from fer_course.teaching.lessons.nb01_splits import SPLIT

__all__ = ["EXERCISES", "QUIZ"]
EXERCISES = (CONVERT, ELLIPSE, PARSE, LANDMARKS, SPLIT, COPIES, AUDIT)
