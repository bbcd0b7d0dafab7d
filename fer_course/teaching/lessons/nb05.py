"""Exercises and quiz of notebook 05: train FERNet, and know how good it is."""

from fer_course.teaching.lessons.nb05_calibration import CALIBRATION
from fer_course.teaching.lessons.nb05_interval import INTERVAL
from fer_course.teaching.lessons.nb05_maps import CAM
from fer_course.teaching.lessons.nb05_quiz import QUIZ
from fer_course.teaching.lessons.nb05_scores import RARE_CLASSES
from fer_course.teaching.lessons.nb05_training import RATE
from fer_course.teaching.lessons.nb05_votes import ONE_VOTER

__all__ = ["EXERCISES", "QUIZ"]

EXERCISES = (INTERVAL, RATE, RARE_CLASSES, CALIBRATION, ONE_VOTER, CAM)
