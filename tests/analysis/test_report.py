import json
from dataclasses import replace

import numpy as np
import pytest

from fer_course.analysis.analyzer import Face, PhotoError, PhotoResult
from fer_course.analysis.report import (
    PHOTO_COLUMNS,
    VIDEO_COLUMNS,
    frame_rows,
    photo_rows,
    results_to_dict,
    rows_to_csv,
)
from fer_course.analysis.video import FrameResult
from fer_course.labels import EXPRESSIONS


def example():
    shares = dict(
        zip(EXPRESSIONS, (0.01, 0.9, 0.01, 0.02, 0.03, 0.01, 0.02), strict=True)
    )
    face = Face((747.12, 41.84, 1142.0, 712.29), 0.91004, "happy", shares, True)
    return PhotoResult("a.jpg", np.zeros((720, 1280, 3), np.uint8), (face,))


def test_json_has_the_documented_form():
    document = results_to_dict([example(), PhotoError("b.jpg", "b.jpg is broken.")])
    assert json.loads(json.dumps(document)) == {
        "photos": [
            {
                "photo": "a.jpg",
                "width": 1280,
                "height": 720,
                "faces": [
                    {
                        "box": [747.1, 41.8, 1142.0, 712.3],
                        "score": 0.91,
                        "sure": True,
                        "expression": "happy",
                        "probabilities": {
                            "anger": 0.01,
                            "happy": 0.9,
                            "sad": 0.01,
                            "fear": 0.02,
                            "neutral": 0.03,
                            "disgust": 0.01,
                            "surprise": 0.02,
                        },
                    }
                ],
            }
        ],
        "errors": [{"photo": "b.jpg", "message": "b.jpg is broken."}],
    }


def test_csv_has_one_row_per_face():
    text = rows_to_csv(photo_rows(example()))
    assert text.splitlines() == [
        "photo,face,x1,y1,x2,y2,score,expression,sure,"
        "anger,happy,sad,fear,neutral,disgust,surprise",
        "a.jpg,1,747.1,41.8,1142.0,712.3,0.91,happy,true,"
        "0.01,0.9,0.01,0.02,0.03,0.01,0.02",
    ]


def test_a_frame_has_one_row_per_face_with_its_time_in_milliseconds():
    face = replace(example().faces[0], track=4)
    frame = FrameResult(7, 7 / 30, (face,), np.zeros((9, 9, 3), np.uint8))
    (row,) = frame_rows("film.mp4", frame)
    assert tuple(row) == VIDEO_COLUMNS
    assert list(row.values())[:5] == ["film.mp4", 7, 0.233, 4, 747.1]


def test_csv_quotes_names_with_commas_and_quotes():
    result = PhotoResult('a, "b".jpg', example().image, example().faces)
    assert rows_to_csv(photo_rows(result)).splitlines()[1].startswith('"a, ""b"".jpg",')


def test_frame_has_the_rows_of_the_csv():
    pytest.importorskip("pandas")
    table = example().to_frame()
    assert list(table.columns) == list(PHOTO_COLUMNS)
    assert table.loc[0, ["face", "expression", "x2"]].tolist() == [1, "happy", 1142.0]
    assert bool(table.loc[0, "sure"]) is True
