"""Reports for people: text tables and bars on stdout."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import NamedTuple

from core.checkpoint.errors import Failure
from core.classify.category import CATEGORIES
from core.count.counter import Count
from core.naming.template import numbered_name
from core.report.results import By, Result
from core.report.summary import remarks, summary
from core.report.tables import Column, Row, Table, tables_of
from core.text.escape import as_ascii, escaped
from core.text.numbers import share, short
from core.text.width import WIDTH, cells, padded, shortened, wrapped

_MAX_CELL_WIDTH = 18
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


def _lines(table: Table, total: list[Row], style: TextStyle) -> Iterator[str]:
    shown = [(n, column) for n, column in enumerate(table.columns) if column.title]
    rows = chain(table.rows, total)
    head = True
    while window := list(islice(rows, _WINDOW_ROWS)):
        yield from _window_lines(table, shown, window, head, style)
        head = False


def _window_lines(
    table: Table, shown: list[tuple[int, Column]], rows: list[Row], head: bool, style: TextStyle
) -> Iterator[str]:
    """The rows' lines, their columns wide enough for all of them; where that is too wide, counts in short form."""
    lines = [[_cell(table, column, n, row, style) for n, column in shown] for row in rows]
    titles = [column.title for _, column in shown]

    def widths() -> list[int]:
        return [max(map(cells, column)) for column in zip(titles, *lines)]

    def too_wide() -> bool:
        return 2 * len(shown) + sum(widths()) > WIDTH

    if table.optional:
        while too_wide() and titles[-1] in table.optional:
            shown, titles, lines = shown[:-1], titles[:-1], [line[:-1] for line in lines]
    for keep in ("parameters", ""):
        for at, (n, column) in enumerate(shown):
            if too_wide() and column.kind == "count" and column.key != keep:
                for line, row in zip(lines, rows):
                    line[at] = short(int(row.cells[n]))
    left_out: list[str] = []
    while too_wide() and len(shown) > 3:
        left_out.insert(0, titles[-1])
        shown, titles, lines = shown[:-1], titles[:-1], [line[:-1] for line in lines]
    marks = [_mark(row, style) for row in rows]
    if head:
        lines, marks = [titles, *lines], [" ", *marks]
    aligned_to = widths()
    for mark, line in zip(marks, lines):
        aligned = [padded(text, width, column.is_number) for text, width, (_, column) in zip(line, aligned_to, shown)]
        yield style.plain(f"{mark} {'  '.join(aligned)}".rstrip())
    if left_out and head:
        columns = ", ".join(left_out)
        yield from wrapped(f"  (columns left out for want of room: {columns}; {table.output} has all)", "   ")


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
