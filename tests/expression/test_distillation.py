"""Targets mixed with teachers' readings: by hand, face by face."""

from dataclasses import replace

import numpy as np
import pytest

from fer_course.expression import distillation
from fer_course.expression.datasets import FaceSet
from fer_course.expression.distillation import TEACHERS_SHARE, soften_targets


class Teacher:
    """Sure of `first` where the left half is lighter, of `second` elsewhere."""

    def __init__(self, first, second):
        self.first, self.second = first, second

    def classify(self, crops):
        lighter = [c[:, :24].mean() > c[:, 24:].mean() for c in crops]
        return np.eye(7)[[self.first if left else self.second for left in lighter]]


@pytest.fixture
def faces():
    pixels = np.zeros((2, 48, 48), np.uint8)
    pixels[0, :, :24] = 200
    pixels[1, :, 24:] = 200
    rows = np.arange(2)
    targets = np.eye(7, dtype=np.float32)[[3, 6]]
    return FaceSet("two", pixels, targets, np.array(["train"] * 2), rows, rows, {})


def test_one_teacher_reads_each_face_and_its_mirror_image(faces):
    soft = soften_targets(faces, faces, [Teacher(0, 1)], share=0.4)
    for row, label in zip(soft.targets, (3, 6), strict=True):
        expected = np.zeros(7)
        expected[label], expected[0], expected[1] = 0.6, 0.2, 0.2
        np.testing.assert_allclose(row, expected, atol=1e-6)
    assert soft.targets.dtype == np.float32
    assert soft.pixels is faces.pixels
    np.testing.assert_array_equal(faces.targets.sum(1), [1, 1])  # as they were


def test_two_teachers_count_the_same(faces):
    said = []
    soft = soften_targets(
        faces, faces, [Teacher(0, 0), Teacher(1, 1)], share=1.0, progress=said.append
    )
    np.testing.assert_allclose(soft.targets[:, :2], 0.5)
    assert [line[:22] for line in said] == [f"teacher {k} of 2 reads 4" for k in (1, 2)]


def test_the_label_stays_the_likeliest(faces):
    soft = soften_targets(faces, faces, [Teacher(5, 5)])
    assert TEACHERS_SHARE < 0.5
    np.testing.assert_array_equal(soft.labels, faces.labels)


def test_a_teacher_that_reads_a_set_worse_is_not_asked_about_it():
    pixels = np.zeros((4, 48, 48), np.uint8)
    targets = np.eye(7, dtype=np.float32)[[3, 3, 6, 6]]
    names = np.array(["FER2013/7", "FER2013/8", "RAF-DB/7", "RAF-DB/8"])
    split, rows = np.array(["train"] * 4), np.arange(4)
    both = FaceSet("joint", pixels, targets, split, rows, names, {})
    always_3, always_6 = Teacher(3, 3), Teacher(6, 6)
    soft = soften_targets(both, both, [always_3, always_6], share=1.0)
    np.testing.assert_allclose(soft.targets, targets)
    # of one set, each teacher reads half rightly, and so both are asked
    one = replace(both, name="FER2013")
    soft = soften_targets(one, one, [always_3, always_6], share=1.0)
    np.testing.assert_allclose(soft.targets[:, [3, 6]], 0.5)


def test_teachers_are_judged_by_faces_they_have_not_learned(faces):
    class Dark:
        """Says one thing of dark faces, another of light ones."""

        def __init__(self, dark, light):
            self.says = np.eye(7)[[dark, light]]

        def classify(self, crops):
            return self.says[[int(crop.mean() > 100) for crop in crops]]

    pixels = np.zeros((2, 48, 48), np.uint8)
    pixels[1] = 200
    learned = replace(faces, pixels=pixels)  # labels 3 and 6
    unseen = replace(faces, pixels=pixels[::-1])
    by_heart, able = Dark(3, 6), Dark(6, 3)
    soft = soften_targets(learned, unseen, [by_heart, able], share=1.0)
    np.testing.assert_array_equal(soft.labels, [6, 3])


def test_what_teachers_said_is_kept_for_the_same_question(faces, tmp_path, monkeypatch):
    read = []

    class FromFile(Teacher):
        def __init__(self, path):
            super().__init__(*map(int, path.read_text().split()))

        def classify(self, crops):
            read.append(len(crops))
            return super().classify(crops)

    monkeypatch.setattr(distillation, "ExpressionClassifier", FromFile)
    file, kept = tmp_path / "t.onnx", tmp_path / "run" / "teachers.npz"
    file.write_text("0 0")

    def soften(known=faces):
        before = len(read)
        soft = soften_targets(known, known, [file], share=1.0, kept=kept)
        return soft.labels.tolist(), len(read) > before

    assert soften() == ([0, 0], True)
    assert soften() == ([0, 0], False)
    assert soften(replace(faces, pixels=faces.pixels // 2)) == ([0, 0], True)
    assert soften(replace(faces, targets=faces.targets[:, ::-1])) == ([0, 0], True)
    file.write_text("1 1 ")  # another teacher of the same name
    assert soften() == ([1, 1], True)
    kept.write_bytes(kept.read_bytes()[:-9])
    assert soften() == ([1, 1], True)
    assert soften() == ([1, 1], False)


def test_bad_teachers(faces, tmp_path):
    with pytest.raises(ValueError, match="No teacher"):
        soften_targets(faces, faces, [])
    with pytest.raises(ValueError, match="none of two"):
        soften_targets(faces, replace(faces, name="other"), [Teacher(3, 6)])
    with pytest.raises(FileNotFoundError, match=r"none\.onnx"):
        soften_targets(faces, faces, [tmp_path / "none.onnx"])
