"""The shares of categories along the models' sizes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import ceil

from core.profile.profile import ModelProfile
from core.report.text_charts import log_columns
from core.study.comparison import by_size, common_label, compared_categories
from core.text.numbers import short
from core.text.width import cells
from tui.charts.chart import Canvas
from tui.charts.legend import draw_legend
from tui.keys.comparison import ADD

_AXIS_COLUMNS = 6
_MIN_NAME_COLUMNS = 5


@dataclass(frozen=True)
class TrendLines:
    """A line a category over parameters on a log axis, a mark a model.

    Attributes:
        models: in any order.
        apart: one of them that is marked as no real one, or None.
    """

    models: tuple[ModelProfile, ...]
    apart: ModelProfile | None = None

    def draw(self, canvas: Canvas) -> None:
        """Draws a title, the lines, sizes and names below them, and a legend."""
        models = [model for model in by_size(self.models) if model.parameters]
        canvas.words("share of each category in percent, along the model's size (log axis):"[: canvas.width], 0, 0)
        top, bottom = 1, canvas.height - 4
        if len(models) < 2 or bottom - top < 2:
            canvas.words("" if len(models) > 1 else f"a trend takes two models or more: {ADD.key} adds some", 0, 2)
            return
        keys = compared_categories(model.totals for model in models)
        most = max(10.0, 10.0 * ceil(max(model.percent(key) for model in models for key in keys) / 10))
        columns = [
            _AXIS_COLUMNS + 1 + c for c in log_columns([m.parameters for m in models], canvas.width - _AXIS_COLUMNS - 8)
        ]

        def row(value: float) -> int:
            return bottom - round((bottom - top) * value / most)

        self._axis(canvas, most, (top, bottom))
        # The smallest first, so that what is large stays in sight where lines cross.
        for key in sorted(keys, key=lambda key: max(model.percent(key) for model in models)):
            self._line(
                canvas, key, [(c, row(m.percent(key))) for c, m in zip(columns, models) if m.tally(key).parameters]
            )
        self._names(canvas, models, columns, bottom + 1)
        totals = [model.totals for model in models]
        draw_legend(canvas, [(key, common_label(key, totals)) for key in keys], bottom + 3, bars=False)

    @staticmethod
    def _axis(canvas: Canvas, most: float, rows: tuple[int, int]) -> None:
        top, bottom = rows
        step = 10 if most <= 40 else 20
        for value in range(0, int(most) + 1, step):
            canvas.words(str(value).rjust(_AXIS_COLUMNS - 1), 0, bottom - round((bottom - top) * value / most))

    @staticmethod
    def _line(canvas: Canvas, key: str, points: list[tuple[int, int]]) -> None:
        palette = canvas.palette
        dot = "." if palette.ascii else "·"
        for (left, above), (right, below) in pairwise(points):
            for column in range(left + 1, right):
                height = above + (below - above) * (column - left) / (right - left)
                canvas.words(dot, column, round(height), palette.rgb(key))
        for column, height in points:
            canvas.words(palette.glyph(key), column, height, palette.rgb(key))

    def _names(self, canvas: Canvas, models: list[ModelProfile], columns: list[int], row: int) -> None:
        """The sizes, and below each its model's name; a model that has no room for both has neither."""
        plain = canvas.palette.plain
        sizes = [short(model.parameters) for model in models]
        names = [plain(f"({model.name})" if model is self.apart else model.name) for model in models]
        least = [max(len(size), min(cells(name), _MIN_NAME_COLUMNS)) for size, name in zip(sizes, names)]
        starts = [min(column, canvas.width - width) for column, width in zip(columns, least)]
        shown: list[int] = []
        # The one apart goes first, then the smallest and the largest: they tell the axis.
        for n in sorted(range(len(models)), key=lambda n: (models[n] is not self.apart, 0 < n < len(models) - 1)):
            if all(starts[n] > starts[m] + least[m] or starts[m] > starts[n] + least[n] for m in shown):
                shown.append(n)
        shown.sort()
        free = 0
        for n, end in zip(shown, [*(starts[n] - 1 for n in shown[1:]), canvas.width]):
            start = starts[n] if n != shown[-1] else max(free, min(starts[n], end - cells(names[n])))
            name = canvas.palette.shortened(names[n], end - start)
            canvas.words(sizes[n], min(columns[n], canvas.width - len(sizes[n])), row)
            canvas.words(name, start, row + 1)
            free = starts[n] + max(len(sizes[n]), cells(name)) + 1
