"""Open a network's ONNX file for serving, the same way for both networks.

In: a path. Out: a function from a batch to the network's output, and what the file
says about itself. Threads are few and never spin while they wait: that would slow
down everything else on a busy machine. Notebook 06 times it.
"""

from pathlib import Path

from fer_course.settings import usable_cores

MOST_THREADS = 2


def open_onnx(path):
    """Return the predicting function and the metadata of an ONNX file.

    Args:
        path: a file with one input and one output.

    Returns:
        function from the input array to the output array, and a dict of text.

    Raises:
        OSError: it is not there, or may not be read.
        ValueError: it is damaged, or no ONNX file.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(MOST_THREADS, usable_cores())
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    data = Path(path).read_bytes()
    try:
        session = onnxruntime.InferenceSession(
            data, options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # ONNX Runtime's own kinds have no common public base
        raise ValueError(
            f"{path} cannot be read as an ONNX network: it is damaged or something "
            "else. Get the file again."
        ) from error
    name = session.get_inputs()[0].name
    metadata = session.get_modelmeta().custom_metadata_map
    return lambda batch: session.run(None, {name: batch})[0], metadata
