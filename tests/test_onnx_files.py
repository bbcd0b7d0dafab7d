"""One way to open an ONNX file: what it computes, what it says, what it refuses."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from fer_course.onnx_files import open_onnx


def test_predicts_and_tells_its_metadata(tmp_path):
    shape = ["n", 3]
    graph = helper.make_graph(
        [helper.make_node("Neg", ["x"], ["y"])],
        "negative",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
    )
    opset = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=9)
    helper.set_model_props(model, {"labels": "face"})
    path = tmp_path / "négatif net.onnx"
    onnx.save(model, path)
    predict, metadata = open_onnx(path)
    batch = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(predict(batch), -batch)
    assert metadata == {"labels": "face"}


def test_threads_are_few_and_do_not_spin(monkeypatch, tmp_path):
    import onnxruntime

    seen = []
    monkeypatch.setattr(
        onnxruntime,
        "InferenceSession",
        lambda data, options, providers: seen.append(options) or 1 / 0,
    )
    (tmp_path / "net.onnx").touch()
    with pytest.raises(ValueError, match=r"net\.onnx"):
        open_onnx(tmp_path / "net.onnx")
    (options,) = seen
    assert 1 <= options.intra_op_num_threads <= 2
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


def test_a_missing_file_is_not_called_damaged(tmp_path):
    with pytest.raises(FileNotFoundError):
        open_onnx(tmp_path / "none.onnx")


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", bytes(200)])
def test_another_file_is_one_sentence_that_names_it(tmp_path, content):
    path = tmp_path / "net.onnx"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"net\.onnx cannot be read as an ONNX") as why:
        open_onnx(path)
    assert "\n" not in str(why.value)
