"""Layers as stacked bars of their categories."""

from __future__ import annotations

from dataclasses import dataclass

from core.escape import escaped, shortened
from core.formats import short
from core.labels import category_label
from core.totals import Totals
from tui.widgets.chart import Canvas

_AXIS = 7


@dataclass(frozen=True)
class LayerBars:
    """A vertical bar a layer, its largest category at the bottom.

    Attributes:
        layers: their names and totals.
        named_by: the whole model's totals, by which categories have their names.
    """

    layers: list[tuple[str, Totals]]
    named_by: Totals

    def draw(self, canvas: Canvas) -> None:
        """Draws the bars, the names of the first and the last, and a legend."""
        if not self.layers:
            canvas.words("No layers lie below this row.", 0, 0)
            return
        room, rows = canvas.width - _AXIS, canvas.height - 2
        # Where there are more layers than columns, each column stands for the layer at its place.
        columns = min(len(self.layers), room)
        wide = max(1, min(8, room // columns))
        largest = max(totals.parameters for _, totals in self.layers) or 1
        order = self._order()
        for column in range(columns):
            _, totals = self.layers[column * len(self.layers) // columns]
            left = _AXIS + column * wide
            right = left + wide - (2 if wide > 2 else 1)
            below = 0
            for rank, key in enumerate(order):
                low = round(below * rows / largest)
                below += totals.categories[key].parameters if key in totals.categories else 0
                high = round(below * rows / largest)
                if high > low:
                    marker = canvas.look.marker(key, rank)
                    cells = (rows - high, rows - 1 - low)
                    canvas.rectangle((left, right), cells, canvas.look.rgb(key), marker)
        canvas.words(short(largest).rjust(_AXIS - 1), 0, 0)
        canvas.words("0".rjust(_AXIS - 1), 0, rows - 1)
        self._names(canvas, _AXIS + columns * wide, rows)
        self._legend(canvas, order, rows + 1)

    def _order(self) -> list[str]:
        sums: dict[str, int] = {}
        for _, totals in self.layers:
            for key, tally in totals.categories.items():
                sums[key] = sums.get(key, 0) + tally.parameters
        return sorted((key for key in sums if sums[key]), key=lambda key: -sums[key])

    def _names(self, canvas: Canvas, end: int, row: int) -> None:
        room = canvas.width - _AXIS
        first, last = (
            shortened(canvas.look.plain(escaped(name)), room) for name in (self.layers[0][0], self.layers[-1][0])
        )
        canvas.words(first, _AXIS, row)
        start = end - len(last)
        if len(self.layers) > 1 and start > _AXIS + len(first):
            canvas.words(last, start, row)

    def _legend(self, canvas: Canvas, order: list[str], row: int) -> None:
        column = 0
        for rank, key in enumerate(order):
            marker = canvas.look.marker(key, rank)
            label = category_label(key, self.named_by)
            if column + 2 + len(label) > canvas.width:
                break
            canvas.rectangle((column, column), (row, row), canvas.look.rgb(key), marker)
            canvas.words(label, column + 2, row)
            column += len(label) + 4
