"""Exercises and quiz of notebook 00: pixels, boxes, a photo's way, a word."""

from fer_course.teaching.lessons.nb00_change import CHANGE
from fer_course.teaching.lessons.nb00_colors import COLORS
from fer_course.teaching.lessons.nb00_pixels import CROP, PIXEL
from fer_course.teaching.lessons.nb00_quiz import QUIZ
from fer_course.teaching.lessons.nb00_stages import COMPOSE, KEEP

__all__ = ["EXERCISES", "QUIZ"]

EXERCISES = (PIXEL, CROP, COLORS, KEEP, COMPOSE, CHANGE)
