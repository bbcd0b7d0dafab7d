"""What all explorers share: size, controls that redraw, slips and real errors."""

import importlib

import ipywidgets
import matplotlib.pyplot as plt
import pytest

from fer_course.teaching import figures
from fer_course.teaching.explorers.live import InputMistake, live

NAMES = (
    "augmentation",
    "convolution",
    "ellipse",
    "iou",
    "learning_rate",
    "nms",
    "threshold",
)


def _explorer(name):
    return importlib.import_module(f"fer_course.teaching.explorers.{name}")


@pytest.mark.parametrize("name", NAMES)
def test_the_static_twin_fits_the_page_and_has_alt_text(name):
    module = _explorer(name)
    width, height = module.static().get_size_inches()
    assert width == 6.4 and height <= 4
    assert len(module.STATIC_ALT) > 80
    assert not plt.get_fignums(), "figures must not pile up in pyplot"


@pytest.mark.parametrize("name", NAMES)
def test_moving_each_control_draws_again(name, monkeypatch):
    alts = []
    monkeypatch.setattr(figures, "show", lambda figure, alt: alts.append(alt))
    widget = _explorer(name).explore()
    assert len(alts) == 1
    for control in _sliders(widget):
        before = len(alts)
        control.value = _another(control)
        assert len(alts) == before + 1, control.description
    assert all(len(alt) > 20 for alt in alts)


def _sliders(widget):
    if hasattr(widget, "children"):
        return [s for child in widget.children for s in _sliders(child)]
    kinds = (ipywidgets.Dropdown, ipywidgets.Output)
    return [] if isinstance(widget, kinds) else [widget]


def _another(control):
    if isinstance(control, ipywidgets.Checkbox):
        return not control.value
    if isinstance(control, ipywidgets.Text):
        return "1 0; 0 1"
    if isinstance(control, ipywidgets.FloatLogSlider):
        return 0.01
    if isinstance(control.value, tuple):
        return (1, 2)
    return control.max if control.value != control.max else control.min


def test_a_slip_is_one_sentence_and_a_real_error_surfaces(monkeypatch, capsys):
    monkeypatch.setattr(figures, "show", lambda figure, alt: None)
    text = ipywidgets.Text(value="fine")

    def draw(text):
        if text == "slip":
            raise InputMistake("write it so.")
        if text == "bug":
            raise ZeroDivisionError("a bug")

    live(draw, lambda text: "", {"text": text})
    text.value = "slip"
    assert capsys.readouterr().out.endswith("write it so.\n")
    with pytest.raises(ZeroDivisionError, match="a bug"):
        text.value = "bug"
