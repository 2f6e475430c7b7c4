"""The shares of the categories as bars, each with its value."""

from __future__ import annotations

from dataclasses import dataclass

from core.count.labels import category_label, ordered_categories
from core.count.totals import Totals
from core.text.numbers import percent, share
from tui.charts.chart import Canvas

_VALUE_COLUMNS = len(" 100.00 %")


@dataclass(frozen=True)
class ShareBars:
    """A horizontal bar a category, on a scale from 0 to 100 %.

    Attributes:
        totals: what is drawn.
        named_by: the whole model's, by which categories have their names.
        beside_table: whether the table of categories stands left of it, whose rows then name the bars.
    """

    totals: Totals
    named_by: Totals
    beside_table: bool = False

    def draw(self, canvas: Canvas) -> None:
        """Draws the bars from the top, as thick as there is room, two rows at most, then the scale."""
        palette = canvas.palette
        categories = ordered_categories(self.totals)[: canvas.height]
        whole = self.totals.parameters
        if not whole:
            canvas.words("no parameters", 0, 0)
            return
        labels = [palette.glyph(key) for key, _ in categories]
        if not self.beside_table:
            labels = [f"{palette.glyph(key)} {category_label(key, self.named_by)}" for key, _ in categories]
        left = max(map(len, labels)) + 1
        room = max(1, canvas.width - left - _VALUE_COLUMNS)
        first, step = 1, 1
        if not self.beside_table:
            first, step = 0, min(3, max(1, canvas.height // len(categories)))
        for number, (label, (key, tally)) in enumerate(zip(labels, categories)):
            part = share(tally.parameters, whole)
            top = first + number * step
            length = round(room * part / 100)
            bottom = top + max(0, step - 2)
            canvas.words(label[0], 0, top, palette.rgb(key))
            canvas.words(label[1:], 1, top)
            canvas.rectangle((left, left + length - 1), (top, bottom), palette.rgb(key), palette.block)
            canvas.words(f"{percent(part)} %", left + length + (1 if length else 0), top)
        below = first + len(categories) * step
        if below < canvas.height and room > 24:
            canvas.words("0", left, below)
            canvas.words("50", left + room // 2 - 1, below)
            canvas.words("100 %", left + room - 3, below)
