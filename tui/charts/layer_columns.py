"""Layers as upright stacked bars in axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.text.escape import escaped
from core.text.numbers import short
from core.text.width import cells
from tui.charts.axes import Area, draw_in_axes
from tui.charts.chart import Canvas
from tui.charts.marks import UPWARDS, axis_to
from tui.charts.stacks import StackCell, ranks_of, stack_cells

if TYPE_CHECKING:
    from textual_plotext.plot import Plot

_AXIS_COLUMNS = 7
_MIN_NAME_COLUMNS = 9
_MAX_WIDE, _ROWS_A_TICK = 12, 3
_PARTLY = UPWARDS[1:-1] + "."

Layers = tuple[Sequence[str], Sequence[Sequence[tuple[str, float]]]]
"""Names, and of each layer its categories with their parameters, from below."""


def draw_columns(canvas: Canvas, top: int, end: int, layers: Layers, order: Sequence[str]) -> tuple[set[str], int]:
    """Draws a column a layer; where there are more layers than columns, each stands for the layer at its place.

    Args:
        canvas: where to.
        top: the first row.
        end: the row below the last one, that of the names.
        layers: what is drawn.
        order: the categories, by which they are told apart without colours.

    Returns:
        The categories that are seen, and the first row below.
    """
    names, stacks = layers
    room = canvas.width - _AXIS_COLUMNS
    columns = min(len(names), room)
    shown = [number * len(names) // columns for number in range(columns)]
    wide = max(1, min(_MAX_WIDE, room // columns))
    rows = max(2, end - top - 1)
    axis = axis_to(max(sum(value for _, value in parts) for parts in stacks) or 1, max(1, rows // _ROWS_A_TICK))
    steps = len(axis.ticks) - 1
    rows = max(2, rows - rows % steps)
    area = Area(_AXIS_COLUMNS, top, columns * wide, rows)
    ranks = ranks_of(order)
    bars = [stack_cells(stacks[number], axis.top, rows, canvas.palette, ranks, upright=True) for number in shown]
    thick = wide - (1 if wide > 2 else 0)
    starts = [n for n in range(columns) if n == 0 or _list_of(names[shown[n]]) != _list_of(names[shown[n - 1]])]
    marked = sorted({*(n * wide for n in starts), (columns - 1) * wide})
    draw_in_axes(
        canvas,
        area,
        [short(round(tick)) for tick in axis.ticks],
        marked,
        lambda plot: _whole_cells(plot, bars, (wide, thick), canvas),
    )
    for number, bar in enumerate(bars):
        for row, cell in enumerate(bar):
            if _is_partly(cell):
                for column in range(area.left + number * wide, area.left + number * wide + thick):
                    behind = canvas.palette.rgb(cell.behind) if cell.behind else None
                    canvas.mark(cell.mark, column, top + rows - 1 - row, canvas.palette.rgb(cell.front), behind)
    _names(canvas, [names[number] for number in shown], names[-1], wide, top + rows + 1)
    seen = {key for bar in bars for cell in bar for key in (cell.front, cell.behind) if key}
    return seen, top + rows + 2


def _is_partly(cell: StackCell) -> bool:
    """Whether plotext, which fills whole cells in one colour, cannot draw a cell."""
    return bool(cell.behind) or cell.mark in _PARTLY


def _whole_cells(plot: Plot, bars: Sequence[Sequence[StackCell]], wide: tuple[int, int], canvas: Canvas) -> None:
    """Has plotext fill the cells that are of one category."""
    places: dict[tuple[str, str], tuple[list[int], list[int]]] = {}
    for number, bar in enumerate(bars):
        for row, cell in enumerate(bar):
            if not _is_partly(cell):
                xs, ys = places.setdefault((cell.front, cell.mark), ([], []))
                for column in range(number * wide[0], number * wide[0] + wide[1]):
                    xs.append(column)
                    ys.append(row)
    for (key, mark), (xs, ys) in places.items():
        plot.scatter(xs, ys, marker=mark, color=canvas.palette.rgb(key))


def _names(canvas: Canvas, shown: Sequence[str], last: str, wide: int, row: int) -> None:
    """The first layer's name and the last one's; of several lists, the first one's of each."""
    starts = [n for n, name in enumerate(shown) if n == 0 or _list_of(name) != _list_of(shown[n - 1])]
    end = _AXIS_COLUMNS + len(shown) * wide
    free = 0
    for n, following in zip(starts, [*starts[1:], (canvas.width - _AXIS_COLUMNS) // wide + 1]):
        left = _AXIS_COLUMNS + n * wide
        room = min(canvas.width - left, (following - n) * wide - 1)
        if n == 0 or room >= _MIN_NAME_COLUMNS:
            name = canvas.palette.shortened(escaped(shown[n]), max(room, 1))
            canvas.words(name, left, row)
            free = left + cells(name) + 1
    name = canvas.palette.shortened(escaped(last), canvas.width - _AXIS_COLUMNS)
    if len(shown) > 1 and len(starts) == 1 and end - cells(name) >= free:
        canvas.words(name, end - cells(name), row)


def _list_of(layer: str) -> str:
    return layer.rstrip("0123456789")
