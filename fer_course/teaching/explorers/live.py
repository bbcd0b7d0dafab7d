"""A figure that follows its controls: what all explorers share.

In: a function that draws a state, and widgets. Out: a widget that redraws when
one of them moves. A learner's slip (a mistyped kernel) is one sentence under the
controls; any other exception is shown in full, and fails the cell if it comes before
a control was moved.
"""

import logging

from fer_course.teaching import figures

_log = logging.getLogger(__name__)


class InputMistake(ValueError):
    """What a learner typed cannot be used; the message says what can."""


def live(draw, describe, controls):
    """Return the controls with the figure under them.

    Args:
        draw: makes a matplotlib Figure from the controls' values.
        describe: makes its alt text from the same values.
        controls: name of the value -> ipywidgets widget.
    """
    import ipywidgets

    def redraw(**state):
        try:
            figure = draw(**state)
        except InputMistake as mistake:
            _log.info("%s", mistake)
            print(mistake)
            return
        figures.show(figure, alt=describe(**state))

    # ours to fail the cell: an Output widget, as below, would swallow the exception
    draw(**{name: widget.value for name, widget in controls.items()})
    for widget in controls.values():
        widget.style.description_width = "initial"
    panel = ipywidgets.Box(
        list(controls.values()), layout=ipywidgets.Layout(flex_flow="row wrap")
    )
    return ipywidgets.VBox([panel, ipywidgets.interactive_output(redraw, controls)])
