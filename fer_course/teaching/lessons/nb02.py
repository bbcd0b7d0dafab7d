"""Exercises and quiz of notebook 02: letterbox, head, overlap, score, threshold."""

from fer_course.teaching.lessons.nb02_boxes import IOU
from fer_course.teaching.lessons.nb02_head import DFL, WEIGHTS
from fer_course.teaching.lessons.nb02_letterbox import UNLETTERBOX
from fer_course.teaching.lessons.nb02_nms import NMS
from fer_course.teaching.lessons.nb02_quiz import QUIZ
from fer_course.teaching.lessons.nb02_report import REPORT
from fer_course.teaching.lessons.nb02_scores import PRECISION
from fer_course.teaching.lessons.nb02_threshold import THRESHOLD

__all__ = ["EXERCISES", "QUIZ"]

EXERCISES = (UNLETTERBOX, WEIGHTS, DFL, IOU, NMS, PRECISION, THRESHOLD, REPORT)
