"""Exercises and quiz of notebook 05: train FERNet, and know how good it is."""

from fer_course.teaching.lessons.nb05_calibration import CALIBRATION
from fer_course.teaching.lessons.nb05_quiz import QUIZ
from fer_course.teaching.lessons.nb05_scores import INTERVAL, RARE_CLASSES
from fer_course.teaching.lessons.nb05_training import CAM, CEILING, RATE

__all__ = ["EXERCISES", "QUIZ"]

EXERCISES = (INTERVAL, RATE, RARE_CLASSES, CALIBRATION, CEILING, CAM)
