"""Reports for people: text tables and bars on stdout."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import NamedTuple

from core.checkpoint.errors import Failure
from core.classify.category import CATEGORIES
from core.count.counter import Count
from core.naming.template import numbered_name
from core.report.facts import dimensions_text, dtypes_text
from core.report.results import By, Result
from core.report.summary import remarks, summary
from core.report.tables import Column, Row, Table, tables_of
from core.text.escape import as_ascii, escaped
from core.text.numbers import share, short
from core.text.width import WIDTH, cells, padded, shortened, wrapped

_MAX_CELL_WIDTH = 18
_MIN_NAME_WIDTH = 24
_KEPT = "\N{NO-BREAK SPACE}"
_WINDOW_ROWS = 500
"""Rows whose widths are found together, so that a table of a million rows begins at once."""


class TextStyle(NamedTuple):
    """How text is written on the output at hand.

    Attributes:
        ascii: no character outside ASCII.
        paint: gives a text the colour of a category.
    """

    ascii: bool
    paint: Callable[[str, str], str]

    def plain(self, text: str) -> str:
        """Text with what ASCII lacks written otherwise, where that is wanted."""
        if not self.ascii:
            return text
        return as_ascii(text)

    def shortened(self, text: str, width: int) -> str:
        """Text of at most `width` columns, the middle left out where it is longer."""
        # What ASCII lacks takes more room there, so it is written otherwise first; then the sign for what is left out.
        return self.plain(shortened(self.plain(text), width))


def text_report(results: Iterable[Result], by: By, depth: int | None, style: TextStyle) -> Iterator[str]:
    """A table and remarks for each model; of those that failed standard error tells."""
    first = True
    for result in results:
        if isinstance(result, Failure):
            continue
        if not first:
            yield "\n"
        first = False
        for line in summary_lines(result, f"{escaped(result.source.model)}: ", style.plain):
            yield line + "\n"
        for line in fact_lines(result, style.plain):
            yield line + "\n"
        yield "\n"
        for n, table in enumerate(tables_of(result, by, depth)):
            yield "\n" if n else ""
            for line in _lines(table, _total(result) if by == "category" and not n else [], style):
                yield line + "\n"
        for number, remark in enumerate(remarks(result)):
            yield "\n" if number == 0 else ""
            yield "\n".join(wrapped(style.plain(escaped(remark)), "  ")) + "\n"


def _total(count: Count) -> list[Row]:
    whole = count.totals.whole
    percent = share(whole.parameters, whole.parameters)
    cells = ("Total", whole.parameters, percent, whole.weights, whole.biases, whole.tensor_count, whole.bytes)
    return [Row(cells)]


def summary_lines(count: Count, lead: str, plain: Callable[[str], str], width: int = WIDTH) -> list[str]:
    """A model's summary in lines, all but the first set in; a figure, its unit and the dot behind stay in one line."""
    kept = summary(count, "·").replace(" ", _KEPT).replace(f"·{_KEPT}", "· ")
    return [plain(line.replace(_KEPT, " ")) for line in wrapped(plain(lead) + kept, "  ", width)]


def fact_lines(count: Count, plain: Callable[[str], str], width: int = WIDTH) -> list[str]:
    """How a model is built and stored, in lines that are set in; none where nothing of that is known."""
    text = " · ".join(filter(None, (dimensions_text(count), dtypes_text(count))))
    kept = text.replace(" ", _KEPT).replace(f"{_KEPT}·{_KEPT}", f"{_KEPT}· ")
    return [plain(f"  {line.replace(_KEPT, ' ')}") for line in wrapped(kept, "", width - 2)]


def _lines(table: Table, total: list[Row], style: TextStyle) -> Iterator[str]:
    rows = chain(table.rows, total)
    first = True
    while window := list(islice(rows, _WINDOW_ROWS)):
        texts = _Texts(table, window, style)
        texts.fit()
        yield from texts.lines(with_titles=first)
        if texts.left_out and first:
            columns = ", ".join(texts.left_out)
            yield from wrapped(f"  (columns left out for want of room: {columns}; {table.output} has all)", "   ")
        first = False


class _Texts:
    """Rows as texts, in columns that are wide enough for all of them.

    Attributes:
        left_out: titles of the columns that there was no room for, but for those that the table calls optional.
    """

    def __init__(self, table: Table, rows: list[Row], style: TextStyle) -> None:
        self.left_out: list[str] = []
        self._table = table
        self._rows = rows
        self._style = style
        self._shown = [(n, column) for n, column in enumerate(table.columns) if column.title]
        self._cells = [[_cell(table, column, n, row, style) for n, column in self._shown] for row in rows]

    def fit(self) -> None:
        """Where the lines are too wide, leaves optional columns out, shortens counts, then names, leaves others out."""
        for title in self._table.optional:
            if self._are_too_wide():
                self._leave_out([column.title for _, column in self._shown].index(title))
        # The models' parameters are what is asked for: they stay exact the longest.
        self._shorten_counts([column.key for _, column in self._shown if column.key != "parameters"])
        self._shorten_counts(["parameters"])
        if self._table.optional:
            self._shorten_names()
        while len(self._shown) > 3 and self._are_too_wide():
            self.left_out.insert(0, self._leave_out(len(self._shown) - 1))

    def lines(self, with_titles: bool) -> Iterator[str]:
        """The lines, below the columns' titles where those are wanted."""
        widths = self._widths()
        if with_titles:
            yield self._line(" ", self._titles(), widths)
        for row, texts in zip(self._rows, self._cells):
            yield self._line(_mark(row, self._style), texts, widths)

    def _line(self, mark: str, texts: list[str], widths: list[int]) -> str:
        columns = [column for _, column in self._shown]
        aligned = [padded(text, width, column.is_number) for text, width, column in zip(texts, widths, columns)]
        return self._style.plain(f"{mark} {'  '.join(aligned)}".rstrip())

    def _titles(self) -> list[str]:
        return [column.title for _, column in self._shown]

    def _widths(self) -> list[int]:
        return [max(map(cells, column)) for column in zip(self._titles(), *self._cells)]

    def _are_too_wide(self) -> bool:
        return self._width() > WIDTH

    def _width(self) -> int:
        return 2 * len(self._shown) + sum(self._widths())

    def _leave_out(self, at: int) -> str:
        """Leaves a column out; gives its title."""
        _, column = self._shown.pop(at)
        for texts in self._cells:
            texts.pop(at)
        return column.title

    def _shorten_names(self) -> None:
        """Cuts the names in the first column until the lines fit, but not below what tells anything."""
        room = max(_MIN_NAME_WIDTH, self._widths()[0] - max(0, self._width() - WIDTH))
        for texts in self._cells:
            texts[0] = self._style.shortened(texts[0], room)

    def _shorten_counts(self, keys: list[str]) -> None:
        """Writes counts in short form, a column after the other from the left until the lines fit."""
        for at, (n, column) in enumerate(self._shown):
            if column.kind == "count" and column.key in keys and self._are_too_wide():
                for texts, row in zip(self._cells, self._rows):
                    texts[at] = short(int(row.cells[n]))


def _cell(table: Table, column: Column, n: int, row: Row, style: TextStyle) -> str:
    if n:
        return shortened(table.show(column, row.cells[n]), _MAX_CELL_WIDTH)
    name = str(row.cells[0])
    if column.key == "category":
        return name if name not in CATEGORIES else table.show(column, name)
    if column.key == "module":
        name = "  " * row.depth + (numbered_name(name) or name)
    return shortened(style.plain(escaped(name)), table.name_width)


def _mark(row: Row, style: TextStyle) -> str:
    if not row.category:
        return " "
    category = CATEGORIES[row.category]
    return style.paint(category.letter if style.ascii else category.glyph, row.category)
