import numpy as np
import pytest

from fer_course.expression.classifier import BATCH_SIZE, ExpressionClassifier
from fer_course.labels import EXPRESSIONS

CARD = {
    "labels": ",".join(EXPRESSIONS),
    "crop_margin": "0.2",
    "input_size": "48",
    "temperature": "1.3",
    "sure_threshold": "0.45",
}


def write_network(path, card=CARD, weights=None):
    """A network that sees only how bright a face is: mean pool, product, softmax."""
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper, numpy_helper

    if weights is None:
        weights = np.linspace(-0.03, 0.04, 7).reshape(1, 7)
    graph = helper.make_graph(
        [
            helper.make_node("Transpose", ["faces"], ["nchw"], perm=[0, 3, 1, 2]),
            helper.make_node("GlobalAveragePool", ["nchw"], ["mean"]),
            helper.make_node("Flatten", ["mean"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
            helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
        ],
        "brightness",
        [helper.make_tensor_value_info("faces", TensorProto.FLOAT, ["n", 48, 48, 1])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 7])],
        [numpy_helper.from_array(weights.astype(np.float32), "weights")],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9
    )
    helper.set_model_props(model, card)
    onnx.save(model, path)
    return path


def by_hand(brightness, weights=None):
    """The network's answer to a plain face, in the file's order."""
    weights = np.linspace(-0.03, 0.04, 7) if weights is None else weights
    odds = np.exp(brightness * weights)
    return odds / odds.sum()


def plain(brightness, shape=(60, 60, 3)):
    return np.full(shape, brightness, np.uint8)


def test_probabilities_equal_the_hand_worked_ones(tmp_path):
    classifier = ExpressionClassifier(write_network(tmp_path / "net.onnx"))
    crops = [plain(10), plain(200, (48, 48)), plain(90, (31, 31, 3))]
    found = classifier.classify(crops)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [by_hand(b) for b in (10, 200, 90)], atol=1e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


def test_card_is_read_from_the_file(tmp_path):
    classifier = ExpressionClassifier(write_network(tmp_path / "net.onnx"))
    assert (classifier.crop_margin, classifier.sure_threshold) == (0.2, 0.45)


def test_no_faces_give_no_rows(tmp_path):
    classifier = ExpressionClassifier(write_network(tmp_path / "net.onnx"))
    assert classifier.classify([]).shape == (0, 7)


@pytest.mark.parametrize(
    "n",
    [
        pytest.param(1, id="one"),
        pytest.param(BATCH_SIZE, id="a full batch"),
        pytest.param(2 * BATCH_SIZE + 1, id="one more than two batches"),
    ],
)
def test_batches_change_nothing(tmp_path, n):
    classifier = ExpressionClassifier(write_network(tmp_path / "net.onnx"))
    sizes = []
    predict = classifier._predict
    classifier._predict = lambda faces: sizes.append(len(faces)) or predict(faces)
    crops = [plain(i % 256, (20, 20, 3)) for i in range(n)]
    found = classifier.classify(crops)
    assert max(sizes) <= BATCH_SIZE and sum(sizes) == n
    expected = [by_hand(i % 256) for i in range(n)]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_another_order_of_labels_is_put_right(tmp_path):
    order = EXPRESSIONS[2:] + EXPRESSIONS[:2]  # there and back are not the same
    card = CARD | {"labels": ", ".join(order)}
    classifier = ExpressionClassifier(write_network(tmp_path / "net.onnx", card))
    np.testing.assert_allclose(
        classifier.classify([plain(120)])[0], np.roll(by_hand(120), 2), atol=1e-5
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"labels": "cat,dog"}, "classes cat, dog", id="other classes"),
        pytest.param({"labels": None}, "'labels'", id="no labels"),
        pytest.param({"crop_margin": None}, "'crop_margin'", id="no margin"),
        pytest.param({"sure_threshold": "often"}, "often", id="threshold no number"),
        pytest.param({"sure_threshold": "nan"}, "no shares", id="threshold not there"),
        pytest.param({"crop_margin": "-1"}, "no shares", id="margin takes it all"),
        pytest.param({"input_size": "64"}, "64 x 64", id="another input size"),
    ],
)
def test_a_card_that_does_not_fit_is_refused(tmp_path, change, message):
    card = {key: value for key, value in (CARD | change).items() if value is not None}
    path = write_network(tmp_path / "net.onnx", card)
    with pytest.raises(ValueError, match=message) as caught:
        ExpressionClassifier(path)
    assert "net.onnx" in str(caught.value)


def test_a_missing_file_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="notebook 05"):
        ExpressionClassifier(tmp_path / "none.onnx")


def test_the_shipped_network_is_the_default(tmp_path, monkeypatch):
    monkeypatch.setenv("FER_COURSE_MODELS", str(tmp_path))
    write_network(tmp_path / "fernet.onnx")
    assert ExpressionClassifier().path == tmp_path / "fernet.onnx"


def test_a_damaged_file_is_one_sentence(tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"<html>not a network</html>")
    with pytest.raises(ValueError, match=r"net\.onnx cannot be read as an ONNX"):
        ExpressionClassifier(tmp_path / "net.onnx")


def test_a_float_crop_is_refused(tmp_path):
    classifier = ExpressionClassifier(write_network(tmp_path / "net.onnx"))
    with pytest.raises(TypeError, match="uint8"):
        classifier.classify([plain(100).astype(float) / 255])


@pytest.mark.slow
def test_keras_and_onnx_twins_agree(tmp_path):
    pytest.importorskip("keras")
    from fer_course.expression.fernet import build_fernet
    from fer_course.expression.training import export_fernet, save_fernet

    network = {"filters": (4, 4, 8, 8)}
    save_fernet(
        build_fernet(**network),
        tmp_path / "tiny.keras",
        network,
        crop_margin=0.25,
        sure_threshold=0.5,
    )
    export_fernet(tmp_path / "tiny.keras", tmp_path / "tiny.onnx")
    rng = np.random.default_rng(5)
    crops = [rng.integers(0, 256, (s, s, 3), np.uint8) for s in (30, 48, 90)]
    twins = [
        ExpressionClassifier(tmp_path / f"tiny.{kind}") for kind in ("keras", "onnx")
    ]
    assert [twin.crop_margin for twin in twins] == [0.25, 0.25]
    np.testing.assert_allclose(*(twin.classify(crops) for twin in twins), atol=1e-4)
