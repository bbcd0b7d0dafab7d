"""A float32 ONNX file becomes one of 8-bit integers: smaller and faster.

In: a file, and inputs that show how large the numbers inside become. Out: a file with
the same input, output and metadata. Method: static quantization of ONNX Runtime,
https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html. Which
layers stay float32 is each network's own matter.
"""

import contextlib
import io
import tempfile
from pathlib import Path

from fer_course.files import draft_of

# The largest numbers are rare, and a range that holds them all is too coarse for the
# rest: the top 0.001 % is cut off.
_PERCENTILE = 99.999


def quantize(onnx_path, int8_path, batches, stay_float):
    """Write the int8 twin of a network and return its path.

    Weights keep 7 of 8 bits: processors without VNNI would overflow otherwise.

    Args:
        onnx_path: the float32 file.
        int8_path: the file to write.
        batches: list of {input's name: array}, to calibrate with; read one by one,
            since the numbers inside of all together fill a memory.
        stay_float: function from the graph's nodes to the names of those that are
            left in float32.
    """
    import onnx
    from onnxruntime.quantization import (
        CalibrationMethod,
        QuantType,
        quantize_static,
    )
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as folder, draft_of(int8_path) as draft:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(onnx_path), str(prepared), skip_symbolic_shape=True)
        with contextlib.redirect_stdout(io.StringIO()):  # it tells of its histograms
            quantize_static(
                str(prepared),
                str(draft),
                _Reader(batches),
                per_channel=True,
                reduce_range=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                nodes_to_exclude=stay_float(onnx.load(prepared).graph.node),
                calibrate_method=CalibrationMethod.Percentile,
                extra_options={
                    "CalibPercentile": _PERCENTILE,
                    "CalibStridedMinMax": 1,  # one input at a time, of any size
                },
            )
        small = onnx.load(draft)
        card = {p.key: p.value for p in onnx.load(onnx_path).metadata_props}
        onnx.helper.set_model_props(small, card)
        onnx.save(small, draft)
    return Path(int8_path)


class _Reader:
    """Calibration inputs as ONNX Runtime asks for them: a range, then one by one."""

    def __init__(self, batches):
        self._batches = batches

    def __len__(self):
        return len(self._batches)

    def set_range(self, start_index, end_index):
        """Hand out these inputs next."""
        self._range = iter(self._batches[start_index:end_index])

    def get_next(self):
        """Return the next input, None after the last."""
        return next(self._range, None)
