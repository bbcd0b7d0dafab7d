"""A detector's float32 ONNX file becomes one of 8-bit integers: smaller and faster.

In: the file that `export_detector` wrote, and training photos that show how large the
numbers inside become. Out: a file with the same input, output and card. Method: static
quantization of ONNX Runtime, https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html.
"""

import tempfile
from pathlib import Path

import numpy as np

from fer_course.files import draft_of
from fer_course.images import letterbox, read_image

CALIBRATION_PHOTOS = 32
# The largest numbers are rare, and a range that holds them all is too coarse for the
# rest: the top 0.001 % is cut off.
_PERCENTILE = 99.999
# Measured one by one (models/EXPERIMENTS.md): the first two layers see fine contrasts,
# the last ones give the sides of the smallest faces in fractions of a pixel.
_FIRST_LAYERS = ("/model.0/", "/model.1/")
_HEAD, _BRANCHES = "/model.22/", ("/cv2.", "/cv3.")


def quantize_detector(onnx_path, int8_path, photos, input_size=640):
    """Write the int8 twin of a detector and return its path.

    Weights keep 7 of 8 bits: processors without VNNI would overflow otherwise.

    Args:
        onnx_path: written by `export_detector`.
        int8_path: the file to write.
        photos: paths of training photos to calibrate with.
        input_size: side of the letterboxed calibration pictures, px.
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
        graph = onnx.load(prepared)
        names = [node.name for node in graph.graph.node]
        quantize_static(
            str(prepared),
            str(draft),
            _Photos(photos, input_size),
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=[name for name in names if _stays_float(name)],
            calibrate_method=CalibrationMethod.Percentile,
            extra_options={"CalibPercentile": _PERCENTILE},
        )
        small = onnx.load(draft)
        card = {p.key: p.value for p in onnx.load(onnx_path).metadata_props}
        onnx.helper.set_model_props(small, card)
        onnx.save(small, draft)
    return Path(int8_path)


def _stays_float(name):
    if name.startswith(_FIRST_LAYERS):
        return True
    if not name.startswith(_HEAD):
        return False
    in_branch = any(branch in name for branch in _BRANCHES)
    last = name.endswith("/Conv") and name.count("/") == 4
    return last or not in_branch


class _Photos:
    """Calibration photos as ONNX Runtime asks for them, one by one."""

    def __init__(self, photos, input_size):
        self._photos, self._input_size = iter(photos), input_size

    def get_next(self):
        """Return the next photo as the network's input, None after the last."""
        photo = next(self._photos, None)
        if photo is None:
            return None
        picture, _ = letterbox(read_image(photo), (self._input_size, self._input_size))
        pixels = np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32)
        return {"images": pixels / 255}
