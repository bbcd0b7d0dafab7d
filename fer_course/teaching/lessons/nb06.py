"""Exercises and quiz of notebook 06: both networks joined under one contract."""

from fer_course.teaching.lessons.nb06_app import UPLOADS
from fer_course.teaching.lessons.nb06_cutting import SQUARE
from fer_course.teaching.lessons.nb06_input import PREPROCESS
from fer_course.teaching.lessons.nb06_quiz import QUIZ
from fer_course.teaching.lessons.nb06_scoring import END_TO_END
from fer_course.teaching.lessons.nb06_silence import SILENCE
from fer_course.teaching.lessons.nb06_skew import DETECTIVE

__all__ = ["EXERCISES", "QUIZ"]

EXERCISES = (SQUARE, PREPROCESS, UPLOADS, DETECTIVE, END_TO_END, SILENCE)
