"""The shares of categories along the models' sizes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log10
from typing import TYPE_CHECKING

from core.profile.profile import ModelProfile
from core.study.comparison import by_size, common_label, compared_categories
from core.text.numbers import percent, short
from core.text.width import cells
from tui.charts.axes import DOTS_ACROSS, DOTS_UP, Area, draw_in_axes
from tui.charts.chart import DIM, Canvas
from tui.charts.legend import draw_legend
from tui.charts.marks import axis_to
from tui.keys.comparison import ADD

if TYPE_CHECKING:
    from textual_plotext.plot import Plot

_END_COLUMNS = len(" ■ 100.00")
_MIN_COLUMNS_WITH_ENDS = 44
_TICK_COLUMNS = 5
_MIN_NAME_COLUMNS = 5
_MIN_ROWS = 2
_ROWS_A_TICK, _MAX_TICKS = 2, 5
_BRAILLE = 0x2800
_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))

Dot = tuple[int, int]
"""A dot of a drawing, from its lower left corner; where there are no braille dots, a cell."""


@dataclass(frozen=True)
class TrendLines:
    """A line a category over parameters on a log axis.

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
        rows = canvas.height - 5
        if len(models) < 2 or rows < _MIN_ROWS:
            canvas.words("" if len(models) > 1 else f"a trend takes two models or more: {ADD.key} adds some", 0, 2)
            return
        keys = compared_categories(model.totals for model in models)
        axis = axis_to(
            max(model.percent(key) for model in models for key in keys), max(1, min(_MAX_TICKS, rows // _ROWS_A_TICK))
        )
        rows = max(_MIN_ROWS, rows - rows % (len(axis.ticks) - 1))
        ends = _END_COLUMNS if canvas.width >= _MIN_COLUMNS_WITH_ENDS else 0
        left = ends + _TICK_COLUMNS
        area = Area(left, canvas.height - 4 - rows, max(2, canvas.width - left - max(ends, 2)), rows)
        dots = (1, 1) if canvas.palette.ascii else (DOTS_ACROSS, DOTS_UP)
        columns = _log_places([model.parameters for model in models], area.columns * dots[0])
        lines = {
            key: [
                (column, _dot_at(model.percent(key) / axis.top, rows * dots[1]))
                for column, model in zip(columns, models)
                if model.tally(key).parameters
            ]
            # The smallest first, so that what is large stays in sight where lines cross.
            for key in sorted(keys, key=lambda key: max(model.percent(key) for model in models))
        }
        marked = sorted({column // dots[0] for column in columns})
        labels = [f"{tick:g}" for tick in axis.ticks]
        draw_in_axes(canvas, area, labels, marked, lambda plot: _plot(plot, canvas, lines, dots), dots=dots)
        _join_crossings(canvas, area, lines, dots)
        if ends:
            _tell_ends(canvas, area, lines, models)
        self._names(canvas, models, [left + column // dots[0] for column in columns], canvas.height - 3)
        totals = [model.totals for model in models]
        draw_legend(canvas, [(key, common_label(key, totals)) for key in keys], canvas.height - 1, bars=False)

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


def _log_places(values: Sequence[int], room: int) -> list[int]:
    """The dots, 0 to `room` - 1, of values along a log axis that the first and last of them, sorted, span."""
    low, high = log10(values[0]), log10(values[-1])
    if high == low:
        return [room // 2 for _ in values]
    return [round((room - 1) * (log10(value) - low) / (high - low)) for value in values]


def _dot_at(part: float, dots: int) -> int:
    """The dot, from below, in which a part (0 to 1) of a scale lies."""
    return min(dots - 1, max(0, round(part * dots - 0.5)))


def _dots_of(points: Sequence[Dot], every: int = 1) -> Iterator[Dot]:
    """The dots of lines from point to point, the points among them; of those between, every so many."""
    for (x0, y0), (x1, y1) in pairwise(points):
        steps = max(1, abs(x1 - x0), abs(y1 - y0))
        for step in range(0, steps + 1, every):
            yield round(x0 + (x1 - x0) * step / steps), round(y0 + (y1 - y0) * step / steps)
    yield from points


def _pattern(canvas: Canvas, number: int) -> int:
    """Of how many dots of a line one is drawn: without colours lines are told apart by that."""
    return 1 + number % 3 if canvas.palette.monochrome else 1


def _plot(plot: Plot, canvas: Canvas, lines: dict[str, list[Dot]], dots: tuple[int, int]) -> None:
    """Has plotext draw the lines, each in its category's colour."""
    palette = canvas.palette
    for number, (key, points) in enumerate(lines.items()):
        marker = "braille" if dots[1] > 1 else "."
        places = list(_dots_of(points, _pattern(canvas, number)))
        plot.scatter([x for x, _ in places], [y for _, y in places], marker=marker, color=palette.rgb(key))
        if dots[1] == 1:
            plot.scatter([x for x, _ in points], [y for _, y in points], marker=palette.glyph(key))


def _join_crossings(canvas: Canvas, area: Area, lines: dict[str, list[Dot]], dots: tuple[int, int]) -> None:
    """Where lines meet in a cell, draws the dots of all of them: plotext shows the last line's alone."""
    if dots[1] == 1:
        return
    found: dict[tuple[int, int], dict[str, int]] = {}
    for number, (key, points) in enumerate(lines.items()):
        for x, y in _dots_of(points, _pattern(canvas, number)):
            up = area.rows * DOTS_UP - 1 - y
            held = found.setdefault((x // DOTS_ACROSS, up // DOTS_UP), {})
            held[key] = held.get(key, 0) | _BITS[up % DOTS_UP][x % DOTS_ACROSS]
    for (column, row), held in found.items():
        if len(held) > 1:
            bits = 0
            for each in held.values():
                bits |= each
            last = list(held)[-1]
            canvas.mark(chr(_BRAILLE + bits), area.left + column, area.top + row, canvas.palette.rgb(last))


def _tell_ends(canvas: Canvas, area: Area, lines: dict[str, list[Dot]], models: list[ModelProfile]) -> None:
    """The mark and the figure of each line's first and last model, beside its end or in the nearest free row."""
    up = 1 if canvas.palette.ascii else DOTS_UP
    for end, column in ((0, 0), (-1, area.left + area.columns)):
        taken: set[int] = set()
        for key, points in sorted(lines.items(), key=lambda line: -line[1][end][1]):
            row = area.top + area.rows - 1 - points[end][1] // up
            rows = [near for near in (row, row + 1, row - 1) if near not in taken and 0 < near <= area.top + area.rows]
            if not rows:
                continue
            taken.add(rows[0])
            held = [model for model in models if model.tally(key).parameters][end]
            canvas.words(canvas.palette.glyph(key), column + 1, rows[0], canvas.palette.rgb(key))
            canvas.words(f"{percent(held.percent(key)):>6}", column + 3, rows[0], DIM)
