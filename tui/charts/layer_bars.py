"""Layers as stacked bars of their categories."""

from __future__ import annotations

from dataclasses import dataclass

from core.count.labels import category_label
from core.count.totals import Totals, summed
from core.text.escape import escaped
from core.text.numbers import percent, share, short
from core.text.width import cells
from tui.charts.chart import Canvas
from tui.charts.legend import draw_legend

_AXIS_COLUMNS = 7
_MIN_NAME_COLUMNS = 9


@dataclass(frozen=True)
class LayerBars:
    """A vertical bar a layer, its largest category at the bottom.

    Attributes:
        layers: their names and totals.
        named_by: the whole model's totals, by which categories have their names.
        parameters: of all that is shown beside the bars, layers or not.
    """

    layers: list[tuple[str, Totals]]
    named_by: Totals
    parameters: int

    def draw(self, canvas: Canvas) -> None:
        """Draws what the bars are, the bars, the names of the first and the last, and a legend."""
        if not self.layers:
            canvas.words("No layers lie below this row.", 0, 0)
            return
        held = summed(totals.whole for _, totals in self.layers).parameters
        outside = f"; {short(self.parameters - held)} outside layers not drawn" if self.parameters > held else ""
        canvas.words(f"Parameters a layer{outside}", 0, 0)
        room, top, bottom = canvas.width - _AXIS_COLUMNS, 1, canvas.height - 3
        # Where there are more layers than columns, each column stands for the layer at its place.
        columns = min(len(self.layers), room)
        wide = max(1, min(12, room // columns))
        largest = max(totals.parameters for _, totals in self.layers) or 1
        order = self._order()
        rows = bottom - top + 1
        for column in range(columns):
            _, totals = self.layers[column * len(self.layers) // columns]
            left = _AXIS_COLUMNS + column * wide
            right = left + wide - (2 if wide > 2 else 1)
            below = 0
            for rank, key in enumerate(order):
                low = round(below * rows / largest)
                below += totals.categories[key].parameters if key in totals.categories else 0
                high = round(below * rows / largest)
                if high > low:
                    marker = canvas.palette.marker(key, rank)
                    cells = (bottom - high + 1, bottom - low)
                    canvas.rectangle((left, right), cells, canvas.palette.rgb(key), marker)
        canvas.words(short(largest).rjust(_AXIS_COLUMNS - 1), 0, top)
        canvas.words("0".rjust(_AXIS_COLUMNS - 1), 0, bottom)
        self._names(canvas, _AXIS_COLUMNS + columns * wide, bottom + 1)
        self._legend(canvas, order, held, bottom + 2)

    def _order(self) -> list[str]:
        sums: dict[str, int] = {}
        for _, totals in self.layers:
            for key, tally in totals.categories.items():
                sums[key] = sums.get(key, 0) + tally.parameters
        return sorted((key for key in sums if sums[key]), key=lambda key: -sums[key])

    def _names(self, canvas: Canvas, end: int, row: int) -> None:
        """The first layer's name and the last one's; of several lists, the first one's of each."""
        columns = min(len(self.layers), canvas.width - _AXIS_COLUMNS)
        shown = [self.layers[column * len(self.layers) // columns][0] for column in range(columns)]
        wide = (end - _AXIS_COLUMNS) // columns
        starts = [n for n, name in enumerate(shown) if n == 0 or _list_of(name) != _list_of(shown[n - 1])]
        free = 0
        for n, following in zip(starts, [*starts[1:], (canvas.width - _AXIS_COLUMNS) // wide + 1]):
            left = _AXIS_COLUMNS + n * wide
            room = min(canvas.width - left, (following - n) * wide - 1)
            if n == 0 or room >= _MIN_NAME_COLUMNS:
                name = canvas.palette.shortened(escaped(shown[n]), max(room, 1))
                canvas.words(name, left, row)
                free = left + cells(name) + 1
        last = canvas.palette.shortened(escaped(self.layers[-1][0]), canvas.width - _AXIS_COLUMNS)
        if len(self.layers) > 1 and len(starts) == 1 and end - cells(last) >= free:
            canvas.words(last, end - cells(last), row)

    def _legend(self, canvas: Canvas, order: list[str], held: int, row: int) -> None:
        """Categories with their shares of the layers, so that one too thin to be drawn is told too."""
        labels = []
        for key in order:
            part = share(sum(t.categories[key].parameters for _, t in self.layers if key in t.categories), held)
            labels.append((key, f"{category_label(key, self.named_by)} {percent(part)} %"))
        draw_legend(canvas, labels, row)


def _list_of(layer: str) -> str:
    return layer.rstrip("0123456789")
