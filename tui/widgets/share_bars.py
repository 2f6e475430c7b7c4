"""The shares of the categories as bars, each with its value."""

from __future__ import annotations

from core.categories import CATEGORIES
from core.formats import percent, share
from core.rows import category_label, ordered_categories
from core.totals import Totals
from tui.widgets.chart import Chart

_VALUE = 8


class ShareBars(Chart):
    """A horizontal bar a category, the longest as long as there is room."""

    _totals = Totals()
    _named_by = Totals()

    def show(self, totals: Totals, named_by: Totals) -> None:
        """Shows other totals; drawn anew only when the shares differ."""
        if totals != self._totals or named_by is not self._named_by:
            self._totals, self._named_by = totals, named_by
            self.refresh()

    def draw(self, width: int, height: int) -> None:
        categories = ordered_categories(self._totals)[:height]
        whole = self._totals.parameters
        if not whole:
            return
        labels = [f"{self.look.glyph(key)} {category_label(key, self._named_by)}" for key, _ in categories]
        left = max(map(len, labels)) + 1
        room = max(1, width - left - _VALUE)
        largest = max(share(tally.parameters, whole) for _, tally in categories)
        step = min(3, max(1, height // len(categories)))
        for number, (label, (key, tally)) in enumerate(zip(labels, categories)):
            part = share(tally.parameters, whole)
            top = number * step
            length = round(room * part / largest) if part else 0
            self.words(label, 0, top)
            if length:
                bottom = top + max(0, step - 2)
                self.rectangle((left, left + length - 1), (top, bottom), CATEGORIES[key].color, self.look.block)
            self.words(f"{percent(part)} %", left + length + 1, top)
