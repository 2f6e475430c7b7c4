"""Weights against biases in each category."""

from __future__ import annotations

from dataclasses import dataclass

from core.formats import percent, share, short
from core.labels import category_label, ordered_categories
from core.totals import Totals
from tui.widgets.chart import Canvas

_VALUES = 16
_BIAS_COLOR = (150, 150, 150)


@dataclass(frozen=True)
class KindBars:
    """A bar a category, all of one length: the weights in the category's colour, then the biases in grey.

    Attributes:
        totals: what is drawn.
        named_by: the whole model's, by which categories have their names.
    """

    totals: Totals
    named_by: Totals

    def draw(self, canvas: Canvas) -> None:
        """Draws the bars below a line of titles."""
        look = canvas.look
        categories = ordered_categories(self.totals)[: max(1, canvas.height - 1)]
        if not categories:
            canvas.words("no parameters", 0, 0)
            return
        labels = [f"{look.glyph(key)} {category_label(key, self.named_by)}" for key, _ in categories]
        left = max(map(len, labels)) + 1
        room = max(4, canvas.width - left - _VALUES)
        step = 2 if 2 * len(categories) < canvas.height else 1
        light = "." if look.ascii else "░"
        canvas.words("weights" + "biases".rjust(room - 7) if room > 16 else "biases", left, 0)
        for number, (label, (key, tally)) in enumerate(zip(labels, categories)):
            row = 1 + number * step
            biases = share(tally.biases, tally.parameters)
            length = max(1, round(room * biases / 100)) if tally.biases else 0
            end = left + room
            canvas.words(label[0], 0, row, canvas.look.rgb(key))
            canvas.words(label[1:], 1, row)
            canvas.rectangle((left, end - length - 1), (row, row), canvas.look.rgb(key), look.block)
            canvas.rectangle((end - length, end - 1), (row, row), _BIAS_COLOR, light)
            canvas.words(f"{percent(biases)} % {short(tally.biases)}", end + 1, row)
