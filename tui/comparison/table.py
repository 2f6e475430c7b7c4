"""Models as columns, figures as rows, with a cursor on both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.style import Style
from rich.text import Text
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from core.study.comparison import ComparisonRow
from core.text.apart import cut_apart
from core.text.width import beginning, cells, leading, padded, wrapped
from tui.palette import Palette

_LABEL_COLUMNS = 18
_MIN_MODEL_COLUMNS = 15


class Head(NamedTuple):
    """What stands above a column, and in it while it has no figures.

    Attributes:
        name: the model's.
        known: its place among the rows' cells; None where it is not read.
        instead: what is said in place of figures.
    """

    name: str
    known: int | None
    instead: str = ""


class ComparisonTable(Widget):
    """Rows of figures; as many columns as there is room for, the one chosen among them."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"comparison-table--cursor"}

    class Chosen(Message):
        """Another column was clicked."""

        def __init__(self, column: int) -> None:
            super().__init__()
            self.column = column

    def __init__(self, palette: Palette, *, id: str) -> None:
        super().__init__(id=id)
        self._palette = palette
        self._heads: Sequence[Head] = ()
        self._rows: Sequence[ComparisonRow] = ()
        self._texts: list[list[str]] = []
        self._column = 0
        self._row: int | None = None
        self._left = 0
        self._top = 0

    @property
    def row(self) -> ComparisonRow | None:
        """The row under the cursor; None where there is none."""
        return self._rows[self._row] if self._row is not None and self._row < len(self._rows) else None

    def show(self, heads: Sequence[Head], rows: Sequence[ComparisonRow], column: int, row: int | None) -> None:
        """Shows a table.

        Args:
            heads: of all columns.
            rows: their cells are of the columns that are known, in their order.
            column: the one chosen.
            row: the one chosen; None where rows are not to be chosen.
        """
        texts = [[self._palette.plain(each.show(n)) for n in range(len(each.cells))] for each in rows]
        labels = [each.label for each in rows]
        before = (self._heads, [each.label for each in self._rows], self._texts, self._column, self._row)
        if before != (heads, labels, texts, column, row):
            higher = len(rows) != len(self._rows)
            self._heads, self._rows, self._texts, self._column, self._row = heads, rows, texts, column, row
            self.refresh(layout=higher)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return 1 + max(len(self._rows), 1)

    @property
    def _width(self) -> int:
        """Of a column: figures are in view in full, names and words where that leaves all columns in view."""
        names = [cells(self._palette.plain(head.name)) for head in self._heads]
        figures, words = _MIN_MODEL_COLUMNS, max(names, default=0) + 2
        for row, texts in zip(self._rows, self._texts):
            longest = max(map(len, texts), default=0) + 1
            if row.kind == "text":
                words = max(words, longest)
            else:
                figures = max(figures, longest)
        return max(figures, min(words, (self.size.width - _LABEL_COLUMNS) // max(1, len(self._heads))))

    def _columns(self) -> range:
        """Those in view."""
        beside = max(1, (self.size.width - _LABEL_COLUMNS) // self._width)
        self._left = max(0, min(self._left, len(self._heads) - beside))
        if self._column < self._left:
            self._left = self._column
        elif self._column >= self._left + beside:
            self._left = self._column - beside + 1
        return range(self._left, min(self._left + beside, len(self._heads)))

    def _lines(self) -> range:
        """The rows in view."""
        height = max(1, self.size.height - 1)
        self._top = max(0, min(self._top, len(self._rows) - height))
        if self._row is not None:
            if self._row < self._top:
                self._top = self._row
            elif self._row >= self._top + height:
                self._top = self._row - height + 1
        return range(self._top, min(self._top + height, len(self._rows)))

    def render(self) -> Text:
        palette, width, columns, lines = self._palette, self._width, self._columns(), self._lines()
        text = Text(no_wrap=True, overflow="crop", end="")
        text.append(self._beyond(columns, lines).ljust(_LABEL_COLUMNS)[:_LABEL_COLUMNS], "dim")
        names = cut_apart([palette.plain(head.name) for head in self._heads], width - 2)
        for n in columns:
            name = palette.plain(names[n])
            text.append(" " * (width - cells(name)))
            text.append(name, "bold reverse" if n == self._column else "bold")
        instead = {n: self._instead(n, width, self.size.height - 1) for n in columns if self._heads[n].known is None}
        height = max(len(lines), max(map(len, instead.values()), default=0))
        for at in range(min(height, max(1, self.size.height - 1))):
            text.append("\n")
            number = lines[at] if at < len(lines) else None
            chosen = number is not None and number == self._row
            self._label(text, number, chosen)
            for n in columns:
                known = self._heads[n].known
                if known is None:
                    lines_of = instead[n]
                    cell, dim = (lines_of[at] if at < len(lines_of) else ""), "dim"
                    text.append(" " + padded(cell, width - 1), dim)
                    continue
                cell = palette.plain(beginning(self._texts[number][known], width - 1)) if number is not None else ""
                style = Style(bold=number is not None and self._rows[number].head)
                text.append(cell.rjust(width), self._cursor() if chosen and n == self._column else style)
        return text

    def _cursor(self) -> Style:
        if self.app.no_color:
            return Style(reverse=True)
        return self.get_component_rich_style("comparison-table--cursor")

    def _label(self, text: Text, number: int | None, chosen: bool) -> None:
        if number is None:
            text.append(" " * _LABEL_COLUMNS)
            return
        row, palette = self._rows[number], self._palette
        mark, color = " ", ""
        if row.category and row.head:
            mark, color = palette.glyph(row.category), "" if self.app.no_color else palette.color(row.category)
        label = palette.plain(row.label if row.head or not row.category else f"  {row.label}")
        text.append(mark, color)
        text.append(f" {label:{_LABEL_COLUMNS - 2}}", self._cursor() if chosen else Style(bold=row.head))

    def _beyond(self, columns: range, lines: range) -> str:
        """How many columns are out of view, and rows, where one may be chosen."""
        up, down = ("^", "v") if self._palette.ascii else ("↑", "↓")
        below = len(self._rows) - lines.stop
        beside = self._palette.beyond(columns.start, len(self._heads) - columns.stop)
        told = [beside] if beside else []
        if self._row is not None:
            told += [f"{up} {lines.start}"] if lines.start else []
            told += [f"{below} {down}"] if below else []
        line = self._palette.dot.join(told)
        return line if len(line) < _LABEL_COLUMNS else line.replace(" more ", " ")

    def _instead(self, column: int, width: int, height: int) -> list[str]:
        """What is said in a column without figures, in its width."""
        lines = wrapped(self._palette.plain(self._heads[column].instead), "", width - 1)
        if len(lines) > height > 0:
            end = self._palette.plain("…")
            lines = [*lines[: height - 1], leading(lines[height - 1], width - 2).rstrip() + end]
        return lines

    def on_click(self, event: events.Click) -> None:
        column = self._left + (event.x - _LABEL_COLUMNS) // self._width if event.x >= _LABEL_COLUMNS else -1
        if 0 <= column < len(self._heads):
            self.post_message(self.Chosen(column))
