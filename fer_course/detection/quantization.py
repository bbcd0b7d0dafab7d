"""A detector in 8-bit integers: which layers must stay float32, and calibration photos.

In: the file that `export_detector` wrote, and training photos. Out: its int8 twin,
smaller and faster. `models/EXPERIMENTS.md` has the measurements.
"""

import numpy as np

from fer_course.images import letterbox, read_image
from fer_course.quantization import quantize

CALIBRATION_PHOTOS = 32
# Measured one by one (models/EXPERIMENTS.md): the first layers see fine contrasts, the
# fourth and the twelfth gather and join them (their first and last convolutions, not
# those between), the last ones give the sides of the smallest faces in fractions of a
# pixel.
_FINE_LAYERS = tuple(f"/model.{layer}" for layer in ("0/", "1/", "2/", "4/cv", "12/cv"))
_HEAD, _BRANCHES = "/model.22/", ("/cv2.", "/cv3.")


def quantize_detector(onnx_path, int8_path, photos, input_size=640):
    """Write the int8 twin of a detector and return its path.

    Args:
        onnx_path: written by `export_detector`.
        int8_path: the file to write.
        photos: paths of training photos to calibrate with.
        input_size: side of the letterboxed calibration pictures, px.
    """
    batches = [{"images": _pixels(photo, input_size)} for photo in photos]
    return quantize(onnx_path, int8_path, batches, _stay_float)


def _stay_float(nodes):
    return [node.name for node in nodes if _stays_float(node.name)]


def _stays_float(name):
    if name.startswith(_FINE_LAYERS):
        return True
    if not name.startswith(_HEAD):
        return False
    in_branch = any(branch in name for branch in _BRANCHES)
    last = name.endswith("/Conv") and name.count("/") == 4
    return last or not in_branch


def _pixels(photo, input_size):
    picture, _ = letterbox(read_image(photo), (input_size, input_size))
    pixels = np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32)
    return pixels / 255
