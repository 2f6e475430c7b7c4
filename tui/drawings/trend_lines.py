"""The shares of categories along the models' sizes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import ceil

from core.comparison import by_size, common_label, compared_categories
from core.escape import shortened
from core.formats import short
from core.study import Measured
from core.text_charts import log_columns
from core.totals import Totals
from tui.widgets.chart import Canvas

_AXIS = 6


@dataclass(frozen=True)
class TrendLines:
    """A line a category over parameters on a log axis, a mark a model.

    Attributes:
        models: in any order.
        apart: one of them that is marked as no real one, or None.
    """

    models: tuple[Measured, ...]
    apart: Measured | None = None

    def draw(self, canvas: Canvas) -> None:
        """Draws a title, the lines, sizes and names below them, and a legend."""
        models = [model for model in by_size(self.models) if model.parameters]
        canvas.words("share of each category in percent, along the model's size (log axis):"[: canvas.width], 0, 0)
        top, bottom = 1, canvas.height - 4
        if len(models) < 2 or bottom - top < 2:
            canvas.words("" if len(models) > 1 else "a trend takes two models or more: m adds some", 0, 2)
            return
        keys = compared_categories(model.totals for model in models)
        most = max(10.0, 10.0 * ceil(max(model.percent(key) for model in models for key in keys) / 10))
        columns = [_AXIS + 1 + c for c in log_columns([m.parameters for m in models], canvas.width - _AXIS - 8)]

        def row(value: float) -> int:
            return bottom - round((bottom - top) * value / most)

        self._axis(canvas, most, (top, bottom))
        # The smallest first, so that what is large stays in sight where lines cross.
        for key in sorted(keys, key=lambda key: max(model.percent(key) for model in models)):
            self._line(
                canvas, key, [(c, row(m.percent(key))) for c, m in zip(columns, models) if m.tally(key).parameters]
            )
        self._names(canvas, models, columns, bottom)
        self._legend(canvas, keys, [model.totals for model in models], bottom + 3)

    @staticmethod
    def _axis(canvas: Canvas, most: float, rows: tuple[int, int]) -> None:
        top, bottom = rows
        step = 10 if most <= 40 else 20
        for value in range(0, int(most) + 1, step):
            canvas.words(str(value).rjust(_AXIS - 1), 0, bottom - round((bottom - top) * value / most))

    @staticmethod
    def _line(canvas: Canvas, key: str, points: list[tuple[int, int]]) -> None:
        look = canvas.look
        dot = "." if look.ascii else "·"
        for (left, above), (right, below) in pairwise(points):
            for column in range(left + 1, right):
                height = above + (below - above) * (column - left) / (right - left)
                canvas.words(dot, column, round(height), look.rgb(key))
        for column, height in points:
            canvas.words(look.glyph(key), column, height, look.rgb(key))

    def _names(self, canvas: Canvas, models: list[Measured], columns: list[int], bottom: int) -> None:
        """Sizes, and names where they have room."""
        free = [0, 0]
        for number, (column, model) in enumerate(zip(columns, models)):
            beyond = columns[number + 1] if number + 1 < len(columns) else canvas.width + 1
            name = f"({model.name})" if model is self.apart else model.name
            last = number + 1 == len(columns)
            start = max(free[1], min(column, canvas.width - len(name))) if last else column
            room = min(canvas.width - start, beyond - start - 1)
            fitting = shortened(canvas.look.plain(name), room) if len(name) <= room or room >= 5 else ""
            for line, text in enumerate((short(model.parameters), canvas.look.plain(fitting))):
                at = start if line else min(column, canvas.width - len(text))
                if at >= free[line] and text:
                    canvas.words(text, at, bottom + 1 + line)
                    free[line] = at + len(text) + 1

    @staticmethod
    def _legend(canvas: Canvas, keys: list[str], totals: list[Totals], row: int) -> None:
        column = 0
        for key in keys:
            label = common_label(key, totals)
            if column + 2 + len(label) > canvas.width:
                break
            canvas.words(canvas.look.glyph(key), column, row, canvas.look.rgb(key))
            canvas.words(label, column + 2, row)
            column += len(label) + 4
