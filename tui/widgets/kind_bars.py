"""Weights against biases in each category."""

from __future__ import annotations

from core.categories import CATEGORIES
from core.formats import percent, share, short
from core.rows import category_label, ordered_categories
from core.totals import Totals
from tui.widgets.chart import Chart

_VALUES = 20
_BIAS_COLOR = (150, 150, 150)


class KindBars(Chart):
    """A bar a category, all of one length: the weights' part in the category's colour, then the biases' in grey."""

    _totals = Totals()
    _named_by = Totals()

    def show(self, totals: Totals, named_by: Totals) -> None:
        """Shows other totals; drawn anew only when they differ."""
        if totals != self._totals or named_by is not self._named_by:
            self._totals, self._named_by = totals, named_by
            self.refresh()

    def draw(self, width: int, height: int) -> None:
        categories = ordered_categories(self._totals)[: max(1, height - 1)]
        if not categories:
            return
        labels = [f"{self.look.glyph(key)} {category_label(key, self._named_by)}" for key, _ in categories]
        left = max(map(len, labels)) + 1
        room = max(4, width - left - _VALUES)
        step = min(2, max(1, (height - 1) // len(categories)))
        light = "." if self.look.ascii else "░"
        self.words("weights, then biases".ljust(room + 1) + "biases", left, 0)
        for number, (label, (key, tally)) in enumerate(zip(labels, categories)):
            row = 1 + number * step
            biases = share(tally.biases, tally.parameters)
            length = round(room * biases / 100)
            if tally.biases and not length:
                length = 1
            self.words(label, 0, row)
            self.rectangle((left, left + room - length - 1), (row, row), CATEGORIES[key].color, self.look.block)
            self.rectangle((left + room - length, left + room - 1), (row, row), _BIAS_COLOR, light)
            self.words(f"{percent(biases)} % ({short(tally.biases)})", left + room + 1, row)
