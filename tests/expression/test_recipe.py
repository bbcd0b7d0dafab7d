import pytest

from fer_course.expression import recipe


@pytest.mark.parametrize(
    "capability, processor, wanted",
    [
        pytest.param((7, 5), True, False, id="T4"),
        pytest.param((8, 0), False, True, id="A100"),
        pytest.param((0, 0), True, False, id="GPU that tells nothing"),
        pytest.param(None, True, True, id="processor that is faster so"),
        pytest.param(None, False, False, id="processor that is not"),
    ],
)
def test_bfloat16_where_it_is_fast(monkeypatch, capability, processor, wanted):
    monkeypatch.setattr(recipe, "_gpu_capability", lambda: capability)
    monkeypatch.setattr(recipe, "processor_favors_bfloat16", lambda: processor)
    assert recipe.has_bfloat16() is wanted


def test_a_machine_without_a_gpu_has_no_capability(monkeypatch):
    monkeypatch.setattr(recipe.keras.backend, "backend", lambda: "tensorflow")
    tensorflow = pytest.importorskip("tensorflow")
    monkeypatch.setattr(tensorflow.config, "list_physical_devices", lambda kind: [])
    assert recipe._gpu_capability() is None
    monkeypatch.setattr(tensorflow.config, "list_physical_devices", lambda kind: ["0"])
    details = {"compute_capability": (7, 5)}
    monkeypatch.setattr(
        tensorflow.config.experimental, "get_device_details", lambda gpu: details
    )
    assert recipe._gpu_capability() == (7, 5)
