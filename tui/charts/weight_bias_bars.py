"""Weights against biases in each category."""

from __future__ import annotations

from dataclasses import dataclass

from core.count.labels import category_label, ordered_categories
from core.count.totals import Totals
from core.text.numbers import percent, share, short
from tui.charts.chart import Canvas

_VALUE_COLUMNS = 16
_BIAS_COLOR = (150, 150, 150)


@dataclass(frozen=True)
class KindBars:
    """A bar a category, all of one length: the weights in the category's colour, then the biases in grey.

    Attributes:
        totals: what is drawn.
        named_by: the whole model's, by which categories have their names.
        beside_table: whether the table of categories stands left of it, whose rows then name the bars.
    """

    totals: Totals
    named_by: Totals
    beside_table: bool = False

    def draw(self, canvas: Canvas) -> None:
        """Draws the bars below a line of titles."""
        palette = canvas.palette
        categories = ordered_categories(self.totals)[: max(1, canvas.height - 1)]
        if not categories:
            canvas.words("no parameters", 0, 0)
            return
        labels = [palette.glyph(key) for key, _ in categories]
        if not self.beside_table:
            labels = [f"{palette.glyph(key)} {category_label(key, self.named_by)}" for key, _ in categories]
        left = max(map(len, labels)) + 1
        room = max(4, canvas.width - left - _VALUE_COLUMNS)
        step = 2 if not self.beside_table and 2 * len(categories) < canvas.height else 1
        light = "." if palette.ascii else "░"
        canvas.words("weights" if room > 8 else "", left, 0)
        canvas.words("biases", left + room + 1, 0)
        for number, (label, (key, tally)) in enumerate(zip(labels, categories)):
            row = 1 + number * step
            biases = share(tally.biases, tally.parameters)
            length = max(1, round(room * biases / 100)) if tally.biases else 0
            end = left + room
            canvas.words(label[0], 0, row, canvas.palette.rgb(key))
            canvas.words(label[1:], 1, row)
            canvas.rectangle((left, end - length - 1), (row, row), canvas.palette.rgb(key), palette.block)
            canvas.rectangle((end - length, end - 1), (row, row), _BIAS_COLOR, light)
            canvas.words(f"{percent(biases)} % {short(tally.biases)}", end + 1, row)
