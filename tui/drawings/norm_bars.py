"""The norms of models on an axis of their own, weights against biases."""

from __future__ import annotations

from dataclasses import dataclass

from core.escape import shortened
from core.formats import decimals, short
from core.study import Measured
from tui.widgets.chart import Canvas

_NAME = 18
_VALUES = 28
_BIAS_COLOR = (150, 150, 150)


@dataclass(frozen=True)
class NormBars:
    """A bar a model, as long as the norms' share of it: the weights, then the biases in grey.

    Attributes:
        models: from above.
    """

    models: tuple[Measured, ...]

    def draw(self, canvas: Canvas) -> None:
        """Draws the bars, with share, weights and biases behind each."""
        look = canvas.look
        models = self.models[: max(1, canvas.height - 2)]
        canvas.words("the norms' share of the parameters, on an axis of its own:"[: canvas.width], 0, 0)
        most = max((model.percent("norm") for model in models), default=0.0)
        if not most:
            canvas.words("no norms", 0, 2)
            return
        room = max(4, canvas.width - _NAME - _VALUES)
        step = 2 if 2 * len(models) + 2 <= canvas.height else 1
        light = "." if look.ascii else "░"
        for number, model in enumerate(models):
            row = 2 + number * step
            tally, part = model.tally("norm"), model.percent("norm")
            length = max(1, round(room * part / most)) if tally.parameters else 0
            biases = round(length * tally.biases / tally.parameters) if tally.parameters else 0
            canvas.words(look.plain(shortened(look.plain(model.name), _NAME - 1)), 0, row)
            end = _NAME + length
            canvas.rectangle((_NAME, end - biases - 1), (row, row), look.rgb("norm"), look.block)
            canvas.rectangle((end - biases, end - 1), (row, row), _BIAS_COLOR, light)
            canvas.words(f"{decimals(part, 4)} %  {short(tally.weights)} + {short(tally.biases)}", end + 1, row)
        below = 2 + len(models) * step
        if below < canvas.height:
            canvas.words(look.block, _NAME, below, look.rgb("norm"))
            canvas.words("weights", _NAME + 2, below)
            canvas.words(light, _NAME + 11, below, _BIAS_COLOR)
            canvas.words("biases", _NAME + 13, below)
