"""Layers as stacked bars of their categories."""

from __future__ import annotations

from core.categories import CATEGORIES
from core.formats import short
from core.totals import Totals
from tui.widgets.chart import Chart

_AXIS = 7


class LayerBars(Chart):
    """A vertical bar a layer, from its largest category at the bottom to its smallest at the top."""

    _layers: tuple[tuple[str, Totals], ...] = ()

    def show(self, layers: list[tuple[str, Totals]]) -> None:
        """Shows other layers, by name and totals; drawn anew only when they differ."""
        if tuple(layers) != self._layers:
            self._layers = tuple(layers)
            self.refresh()

    def draw(self, width: int, height: int) -> None:
        layers = self._layers
        if not layers:
            self.words("no layers lie below this row", 0, 0)
            return
        room = width - _AXIS
        # Where there are more layers than columns, each column stands for the layer at its place.
        columns = min(len(layers), room)
        wide = max(1, min(8, room // columns))
        largest = max(totals.parameters for _, totals in layers) or 1
        sums: dict[str, int] = {}
        for _, totals in layers:
            for key, tally in totals.categories.items():
                sums[key] = sums.get(key, 0) + tally.parameters
        order = sorted((key for key in sums if sums[key]), key=lambda key: -sums[key])
        rows = height - 2
        for column in range(columns):
            _, totals = layers[column * len(layers) // columns]
            left = _AXIS + column * wide
            right = left + wide - (2 if wide > 2 else 1)
            below = 0
            for rank, key in enumerate(order):
                low = round(below * rows / largest)
                below += totals.categories[key].parameters if key in totals.categories else 0
                high = round(below * rows / largest)
                if high > low:
                    marker = self.look.marker(key, rank)
                    self.rectangle((left, right), (rows - high, rows - 1 - low), CATEGORIES[key].color, marker)
        self.words(short(largest).rjust(_AXIS - 1), 0, 0)
        self.words("0".rjust(_AXIS - 1), 0, rows - 1)
        first, last = layers[0][0], layers[-1][0]
        self.words(first[: room // 2], _AXIS, rows)
        end = _AXIS + columns * wide - len(last)
        if len(layers) > 1 and end > _AXIS + len(first):
            self.words(last, end, rows)
        column = 0
        for rank, key in enumerate(order):
            entry = f"{self.look.marker(key, rank)} {CATEGORIES[key].label}"
            if column + len(entry) > width:
                break
            self.rectangle((column, column), (rows + 1, rows + 1), CATEGORIES[key].color, self.look.marker(key, rank))
            self.words(entry[1:], column + 1, rows + 1)
            column += len(entry) + 2
