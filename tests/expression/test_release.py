from dataclasses import replace

import keras
import numpy as np
import onnx
import pytest

from fer_course.expression import release
from fer_course.expression.batch_norm import settle_averages
from fer_course.expression.classifier import ExpressionClassifier
from fer_course.expression.datasets import FaceSet
from fer_course.expression.evaluation import apply_temperature
from fer_course.expression.fernet import build_fernet
from fer_course.expression.release import finish_fernet
from fer_course.expression.training import save_fernet

NETWORK = {"filters": (2, 3), "kernel_size": 3, "head": "average", "dropout": 0}


def face_set(n=70, seed=0):
    """Noise of different contrast, with labels that have nothing to do with it."""
    labels = np.arange(n) % 7
    rng = np.random.default_rng(seed)
    contrast = rng.uniform(20, 256, (n, 1, 1))
    pixels = (rng.random((n, 48, 48)) * contrast).astype(np.uint8)
    names = np.arange(n).astype(str)
    targets = np.eye(7, dtype=np.float32)[labels]
    split = np.full(n, "choose")
    return FaceSet("toy", pixels, targets, split, np.arange(n), names, {})


@pytest.fixture
def best(tmp_path):
    """A network with random weights whose logits lie far apart."""
    rng = np.random.default_rng(1)
    model = build_fernet(**NETWORK)
    model.set_weights([abs(rng.normal(0, 0.6, w.shape)) for w in model.get_weights()])
    settle_averages(model, face_set(700))
    average = keras.Model(model.input, model.get_layer("average").output)
    features = average.predict(face_set(700).pixels[..., None], verbose=0)
    weights = rng.normal(0, 4, (3, 7)) / features.std(0)[:, None]
    model.get_layer("logits").set_weights([weights, -features.mean(0) @ weights])
    save_fernet(
        model, tmp_path / "best.keras", NETWORK, crop_margin=0, sure_threshold=0
    )
    return tmp_path / "best.keras"


def test_both_files_carry_the_same_calibrated_network(best, tmp_path, monkeypatch):
    """Labels drawn from the network at temperature 2: it is too certain by that."""
    monkeypatch.setattr(release, "MOST_LOST", -1.0)  # never int8
    plain = face_set(700)
    before = ExpressionClassifier(best).classify(list(plain.pixels))
    rng = np.random.default_rng(4)
    drawn = [rng.choice(7, p=row) for row in apply_temperature(before, 2.0)]
    choose = replace(plain, targets=np.eye(7, dtype=np.float32)[drawn])
    keras_path, onnx_path = tmp_path / "out" / "f.keras", tmp_path / "out" / "f.onnx"
    released = finish_fernet(
        best, plain, choose, keras_path, onnx_path, crop_margin=0.2
    )
    assert released.temperature == pytest.approx(2, rel=0.1)
    assert released.onnx_gap <= 1e-4
    assert released.precision == "float32"
    assert sorted(p.name for p in onnx_path.parent.iterdir()) == ["f.keras", "f.onnx"]

    one, other = ExpressionClassifier(keras_path), ExpressionClassifier(onnx_path)
    assert one.crop_margin == other.crop_margin == 0.2
    assert one.sure_threshold == other.sure_threshold < 1
    after = one.classify(list(plain.pixels))
    np.testing.assert_allclose(
        after, other.classify(list(plain.pixels)), rtol=0, atol=1e-4
    )
    assert (before.argmax(1) == after.argmax(1)).all()
    assert released.accuracy == pytest.approx((after.argmax(1) == choose.labels).mean())
    sure = after.max(1) >= released.sure_threshold
    assert sure.mean() == pytest.approx(released.coverage, abs=0.01)
    # the face that the threshold was read off is sure by the file's rounded one too
    assert (after.max(1) >= one.sure_threshold).mean() >= released.coverage
    assert (after.argmax(1) == choose.labels)[sure].mean() == pytest.approx(
        0.85, abs=0.01
    )

    again = finish_fernet(keras_path, plain, choose, keras_path, onnx_path)
    assert again.temperature == pytest.approx(released.temperature, rel=0.01)


@pytest.mark.parametrize(
    "most_lost, precision",
    [
        pytest.param(1.0, "int8", id="worth it"),
        pytest.param(-1.0, "float32", id="not worth it"),
    ],
)
def test_int8_where_it_costs_next_to_nothing(
    best, tmp_path, monkeypatch, most_lost, precision
):
    monkeypatch.setattr(release, "MOST_LOST", most_lost)
    onnx_path = tmp_path / "f.onnx"
    released = finish_fernet(
        best, face_set(700), face_set(), tmp_path / "f.keras", onnx_path
    )
    graph = onnx.load(onnx_path).graph
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    makers = {name: node.op_type for node in graph.node for name in node.output}
    in_integers = [makers.get(n.input[1]) == "DequantizeLinear" for n in convolutions]
    assert released.precision == precision
    assert in_integers == [False] + [precision == "int8"] * 3  # the first never
    faces = list(face_set(50, seed=1).pixels)
    one, other = (
        ExpressionClassifier(tmp_path / name) for name in ("f.keras", "f.onnx")
    )
    assert one.sure_threshold == other.sure_threshold  # the card went along
    gap = abs(one.classify(faces) - other.classify(faces)).mean()
    assert gap < (0.05 if precision == "int8" else 1e-6)


@pytest.mark.parametrize("read_well_settled", [True, False])
def test_averages_are_settled_unless_that_costs_accuracy(
    best, tmp_path, monkeypatch, read_well_settled
):
    """Labels are what the network says after, or before, its averages are settled."""
    learn, choose = (
        replace(face_set(700, 1), pixels=face_set(700).pixels // 4),
        face_set(),
    )
    model = keras.models.load_model(best, compile=False)
    before = model.predict(choose.pixels[..., None], verbose=0).argmax(1)
    settle_averages(model, learn)
    after = model.predict(choose.pixels[..., None], verbose=0).argmax(1)
    assert (before != after).any()
    said = after if read_well_settled else before
    choose = replace(choose, targets=np.eye(7, dtype=np.float32)[said])
    files = tmp_path / "f.keras", tmp_path / "f.onnx"
    assert finish_fernet(best, learn, choose, *files).accuracy == 1.0
    finished = ExpressionClassifier(files[0]).classify(list(choose.pixels))
    np.testing.assert_array_equal(finished.argmax(1), said)
