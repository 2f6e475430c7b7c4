"""The table of categories with a cursor: parameters, share, weights, biases, bytes, and a bar in each row."""

from __future__ import annotations

from textual.events import Click
from textual.message import Message

from core.count.labels import ordered_categories
from core.count.totals import Totals
from tui.charts.category_table import CategoryTable
from tui.charts.chart import DrawingWidget
from tui.palette import Palette


class TotalsTable(DrawingWidget):
    """Shows totals, with a cursor on the categories while the pane has the focus."""

    class Asked(Message):
        """The page on the category under the cursor is wanted."""

    def __init__(self, palette: Palette, *, id: str) -> None:
        super().__init__(palette, id=id)
        self._totals = Totals()
        self._named_by = Totals()
        self._kinds = False
        self._chosen = 0
        self._cursor = False

    @property
    def category(self) -> str:
        """The category under the cursor; "" where there is none."""
        categories = ordered_categories(self._totals)
        return categories[min(self._chosen, len(categories) - 1)][0] if categories else ""

    def choose(self, step: int) -> None:
        """Moves the cursor."""
        last = len(ordered_categories(self._totals)) - 1
        self._chosen = max(0, min(min(self._chosen, last) + step, last))
        self._draw()

    def on_click(self, event: Click) -> None:
        """A click puts the cursor on a category, another opens its page."""
        number = event.y - 1
        if 0 <= number < len(ordered_categories(self._totals)):
            again = self._cursor and number == self._chosen
            self.choose(number - min(self._chosen, len(ordered_categories(self._totals)) - 1))
            if again:
                self.post_message(self.Asked())

    def show_cursor(self, shown: bool) -> None:
        """Shows or hides the cursor."""
        self._cursor = shown
        self._draw()

    def show(self, totals: Totals, named_by: Totals, kinds: bool = False) -> None:
        """Shows other totals.

        Args:
            totals: what to show.
            named_by: the whole model's, by which categories have their names.
            kinds: whether bars part weights from biases.
        """
        if totals != self._totals or named_by is not self._named_by or kinds != self._kinds:
            self._totals, self._named_by, self._kinds = totals, named_by, kinds
            self._draw()

    @staticmethod
    def lines_of(totals: Totals) -> int:
        """How many lines the table of some totals has."""
        return CategoryTable(totals, totals).lines

    def _draw(self) -> None:
        chosen = self.category if self._cursor else ""
        self.show_drawing(CategoryTable(self._totals, self._named_by, self._kinds, chosen))
