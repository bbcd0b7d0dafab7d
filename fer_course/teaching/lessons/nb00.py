"""Exercises and quiz of notebook 00: pixels, boxes, and a photo's way."""

from fer_course.teaching.lessons.nb00_pixels import COLORS, CROP, PIXEL
from fer_course.teaching.lessons.nb00_quiz import QUIZ
from fer_course.teaching.lessons.nb00_stages import COMPOSE, KEEP

__all__ = ["EXERCISES", "QUIZ"]

EXERCISES = (PIXEL, CROP, COLORS, KEEP, COMPOSE)
