"""The table of categories: parameters, share, weights, biases, bytes."""

from __future__ import annotations

from rich.text import Text
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from core.classify.category import ROLES
from core.count.labels import category_label, ordered_categories
from core.count.totals import NOT_COUNTED, Tally, Totals
from core.text.numbers import exact, percent, share, short, size
from core.text.width import cells
from tui.palette import Palette

_LABEL_COLUMNS = 12
_SHORT_COLUMNS = 11


class TotalsTable(Widget):
    """Shows totals; drawn anew only when they differ."""

    class Asked(Message):
        """The page on the category under the cursor is wanted."""

    def __init__(self, palette: Palette, *, id: str) -> None:
        super().__init__(id=id)
        self._palette = palette
        self._totals = Totals()
        self._named_by = Totals()
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
        self.refresh()

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
        self.refresh()

    def show(self, totals: Totals, named_by: Totals) -> None:
        """Shows other totals.

        Args:
            totals: what to show.
            named_by: the whole model's, by which categories have their names.
        """
        if totals != self._totals or named_by is not self._named_by:
            higher = self.lines_of(totals) != self.lines_of(self._totals)
            self._totals, self._named_by = totals, named_by
            self.refresh(layout=higher)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return self.lines_of(self._totals)

    @staticmethod
    def lines_of(totals: Totals) -> int:
        """How many lines the table of some totals has."""
        return 2 + len(ordered_categories(totals)) + sum(role in totals.not_counted for role in NOT_COUNTED)

    def render(self) -> Text:
        totals, palette = self._totals, self._palette
        whole = totals.whole
        width = self.size.width
        columns = self._columns(width, len(exact(self._named_by.parameters)) + 2)
        counts_exact = columns[0][1] != _SHORT_COLUMNS
        text = Text(no_wrap=True, overflow="crop", end="")
        head = "".join(title.rjust(wide) for title, wide in columns)
        text.append(f"  {'Category':{_LABEL_COLUMNS}}{head}\n", "dim")
        for key, tally in ordered_categories(totals):
            color = "" if self.app.no_color else palette.color(key)
            text.append(palette.glyph(key) + " ", color)
            chosen = "reverse" if self._cursor and key == self.category else ""
            text.append(f"{category_label(key, self._named_by):{_LABEL_COLUMNS}}", chosen)
            text.append(self._cells(tally, whole, columns, counts_exact) + "\n")
        text.append(f"  {'Total':{_LABEL_COLUMNS}}{self._cells(whole, whole, columns, counts_exact)}", "bold")
        for role in NOT_COUNTED:
            left = totals.not_counted.get(role)
            if left:
                held = f"of {ROLES[role].plural}, {size(left.bytes)}"
                line = f"not counted: {exact(left.elements)} {held}"
                if cells(line) + 2 > width:
                    line = f"not counted: {short(left.elements)} {held}"
                text.append(f"\n  {palette.plain(line)}", "dim")
        return text

    @staticmethod
    def _columns(width: int, exact_width: int) -> list[tuple[str, int]]:
        """Titles and widths: parameters in full where all columns have room beside them, else the last give way."""
        columns = [("Parameters", max(exact_width, _SHORT_COLUMNS + 1)), ("Share %", 9)]
        columns += [("Weights", 8), ("Biases", 8), ("Size", 10)]
        room = width - 2 - _LABEL_COLUMNS
        if sum(wide for _, wide in columns) > room:
            columns[0] = ("Parameters", _SHORT_COLUMNS)
        while len(columns) > 2 and sum(wide for _, wide in columns) > room:
            columns.pop()
        return columns

    @staticmethod
    def _cells(tally: Tally, whole: Tally, columns: list[tuple[str, int]], counts_exact: bool) -> str:
        shown = {
            "Parameters": exact(tally.parameters) if counts_exact else short(tally.parameters),
            "Share %": percent(share(tally.parameters, whole.parameters)),
            "Weights": short(tally.weights),
            "Biases": short(tally.biases),
            "Size": size(tally.bytes),
        }
        return "".join(shown[title].rjust(wide) for title, wide in columns)
