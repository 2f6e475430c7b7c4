"""The norms of models on an axis of their own, weights against biases."""

from __future__ import annotations

from dataclasses import dataclass

from core.profile.profile import ModelProfile
from core.text.numbers import decimals, short
from tui.charts.chart import Canvas
from tui.charts.two_kinds import bias_color, bias_mark, draw_two_kinds
from tui.charts.visible_range import in_view

_TITLE = "the norms' share of the parameters, on an axis of its own:"
_NAME_COLUMNS = 18
_VALUE_COLUMNS = 28
_MAX_BAR_COLUMNS = 60


@dataclass(frozen=True)
class NormBars:
    """A bar a model, as long as the norms' share of it: the weights, then the biases in grey.

    Attributes:
        models: from above.
        chosen: the place of the one that is to be in view in any case.
    """

    models: tuple[ModelProfile, ...]
    chosen: int = 0

    def draw(self, canvas: Canvas) -> None:
        """Draws the bars, with share, weights and biases behind each, and how many models have no room."""
        canvas.words(_TITLE[: canvas.width], 0, 0)
        most = max((model.percent("norm") for model in self.models), default=0.0)
        if not most:
            canvas.words("no norms", 0, 2)
            return
        beside = len(_TITLE) + len(" █ weights █ biases") <= canvas.width
        self._legend(canvas, *((len(_TITLE) + 1, 0) if beside else (0, 1)))
        # The blank line below the title goes first where lines are few.
        top = 1 if beside and len(self.models) > canvas.height - 2 else 2
        rows = max(1, canvas.height - top)
        view = in_view(len(self.models), rows if len(self.models) <= rows else max(1, rows - 1), self.chosen)
        step = 2 if top + 2 * len(self.models) - 1 <= canvas.height else 1
        for number, model in enumerate(self.models[view.start : view.stop]):
            self._bar(canvas, model, top + number * step, most)
        canvas.words(canvas.palette.beyond(view.start, len(self.models) - view.stop), 0, canvas.height - 1)

    @staticmethod
    def _bar(canvas: Canvas, model: ModelProfile, row: int, most: float) -> None:
        palette, tally, part = canvas.palette, model.tally("norm"), model.percent("norm")
        room = max(4, min(_MAX_BAR_COLUMNS, canvas.width - _NAME_COLUMNS - _VALUE_COLUMNS))
        canvas.words(palette.shortened(model.name, _NAME_COLUMNS - 1), 0, row)
        held = (tally.weights, tally.biases)
        length = draw_two_kinds(canvas, (_NAME_COLUMNS, row), room, "norm", held, part=part / most)
        figures = f"{decimals(part, 4)} %  {short(tally.weights)} + {short(tally.biases)}"
        canvas.words(figures, _NAME_COLUMNS + length + 1, row)

    @staticmethod
    def _legend(canvas: Canvas, column: int, row: int) -> None:
        palette = canvas.palette
        canvas.words(palette.block, column, row, palette.rgb("norm"))
        canvas.words("weights", column + 2, row)
        canvas.words(bias_mark(palette), column + 10, row, bias_color(palette))
        canvas.words("biases", column + 12, row)
