"""The int8 twin: what is in integers, what is not, and that it still answers alike."""

from importlib.util import find_spec

import numpy as np
import pytest

from fer_course.detection.detector import FaceDetector
from fer_course.detection.quantization import quantize_detector
from fer_course.settings import settings

onnx = pytest.importorskip("onnx")
SHIPPED = settings().models / "face_detector.pt"


@pytest.fixture(scope="module")
def twins(tmp_path_factory):
    """The shipped network as float32 and as int8, calibrated on two drawings."""
    training = pytest.importorskip("fer_course.detection.training")
    if not SHIPPED.is_file() or find_spec("ultralytics") is None:
        pytest.skip("the shipped detector or Ultralytics is not there")
    folder = tmp_path_factory.mktemp("twins")
    photos = sorted((settings().data / "samples").glob("drawn_*.jpg"))[:2]
    assert len(photos) == 2
    full = training.export_detector(SHIPPED, folder / "full.onnx", score_threshold=0.3)
    return full, quantize_detector(full, folder / "int8.onnx", photos, 320)


def test_fine_and_last_layers_stay_float(twins):
    fine_layers = ("/model.0/", "/model.1/", "/model.2/", "/model.4/cv", "/model.12/cv")
    graph = onnx.load(twins[1]).graph
    makers = {name: node.op_type for node in graph.node for name in node.output}
    in_integers = {
        node.name
        for node in graph.node
        if node.op_type == "Conv" and makers.get(node.input[1]) == "DequantizeLinear"
    }
    convolutions = {node.name for node in graph.node if node.op_type == "Conv"}
    stay = convolutions - in_integers
    fine = {name for name in convolutions if name.startswith(fine_layers)}
    assert len(fine) == 1 + 1 + 4 + 2 + 2 and fine <= stay
    assert len(stay - fine) == 6  # the head's last ones
    assert len(in_integers) == 47


def test_the_twin_is_smaller_and_says_the_same(twins):
    full, small = twins
    assert small.stat().st_size < 0.35 * full.stat().st_size
    detectors = [FaceDetector(path) for path in twins]
    assert detectors[0].card == detectors[1].card
    photo = settings().data / "samples" / "two_portraits.jpg"
    (boxes, scores), (others, other_scores) = (d.detect(photo) for d in detectors)
    assert len(boxes) == len(others) == 2
    np.testing.assert_allclose(boxes, others, atol=6)
    np.testing.assert_allclose(scores, other_scores, atol=0.1)
