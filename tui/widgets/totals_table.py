"""The table of categories: parameters, share, weights, biases, bytes."""

from __future__ import annotations

from rich.text import Text
from textual.geometry import Size
from textual.widget import Widget

from core.formats import exact, percent, share, short, size
from core.rows import category_label, ordered_categories
from core.totals import NOT_COUNTED, Tally, Totals
from tui.look import Look

_LABEL = 12
_ASIDE = {"buffer": "buffers", "tied": "tied copies", "quantization": "quantisation data", "optimizer": "optimizer"}


class TotalsTable(Widget):
    """Shows totals; drawn anew only when they differ."""

    def __init__(self, look: Look, *, id: str) -> None:
        super().__init__(id=id)
        self._look = look
        self._totals = Totals()
        self._named_by = Totals()

    def show(self, totals: Totals, named_by: Totals) -> None:
        """Shows other totals.

        Args:
            totals: what to show.
            named_by: the whole model's, by which categories have their names.
        """
        if totals != self._totals or named_by is not self._named_by:
            higher = len(self._lines_of(totals)) != len(self._lines_of(self._totals))
            self._totals, self._named_by = totals, named_by
            self.refresh(layout=higher)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return 2 + len(self._lines_of(self._totals))

    @staticmethod
    def _lines_of(totals: Totals) -> list[str]:
        return [key for key, _ in ordered_categories(totals)] + [
            role for role in NOT_COUNTED if role in totals.not_counted
        ]

    def render(self) -> Text:
        totals, look = self._totals, self._look
        whole = totals.whole
        width = self.size.width
        counts_exact = width >= 2 + _LABEL + 16 + 7 + 8 + 8 + 9
        columns = self._columns(width, counts_exact)
        text = Text(no_wrap=True, overflow="crop", end="")
        head = "".join(title.rjust(wide) for title, wide in columns)
        text.append(f"  {'Category':{_LABEL}}{head}\n", "dim")
        for key, tally in ordered_categories(totals):
            color = "" if self.app.no_color else look.color(key)
            text.append(look.glyph(key) + " ", color)
            text.append(f"{category_label(key, self._named_by):{_LABEL}}")
            text.append(self._cells(tally, whole, columns, counts_exact) + "\n")
        text.append(f"  {'Total':{_LABEL}}{self._cells(whole, whole, columns, counts_exact)}", "bold")
        for role in NOT_COUNTED:
            if left := totals.not_counted.get(role):
                line = f"not counted: {short(left.elements)} of {_ASIDE[role]}, {size(left.bytes)}"
                text.append(f"\n  {look.plain(line)}", "dim")
        return text

    @staticmethod
    def _columns(width: int, counts_exact: bool) -> list[tuple[str, int]]:
        columns = [("Parameters", 16 if counts_exact else 11), ("Share %", 9)]
        columns += [("Weights", 9), ("Biases", 8), ("Size", 10)]
        while len(columns) > 2 and 2 + _LABEL + sum(wide for _, wide in columns) > width:
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
