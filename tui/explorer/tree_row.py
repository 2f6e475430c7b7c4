"""How a row of the tree is drawn: its name, its parameters and share, a bar."""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style

from core.classify.category import ROLES
from core.count.labels import ordered_categories
from core.text.numbers import percent, share, short
from tui.charts.stacks import stack_cells
from tui.explorer.outline import OutlineRow
from tui.palette import Palette

# The cursor, and the mark of a category with a blank.
_COLUMNS_BEFORE_INDENT = 3
_COUNT_COLUMNS = 7
_SHARE_COLUMNS = 7
_FIGURE_COLUMNS = _COUNT_COLUMNS + 1 + _SHARE_COLUMNS
_MIN_NAME_COLUMNS = 24
_ROOMY_NAME_COLUMNS = 40
_MIN_INDENTED_NAME_COLUMNS = 14
_MAX_BAR_COLUMNS, _SHORT_BAR_COLUMNS = 16, 8


class TreeColumns(NamedTuple):
    """How the columns of a row share its width.

    Attributes:
        name: columns of the name, with all before it.
        bar: columns of the bar; 0 where there is no room for one.
        step: by how many columns each depth is set in.
    """

    name: int = 0
    bar: int = 0
    step: int = 2

    @classmethod
    def fitting(cls, width: int) -> TreeColumns:
        """Those of rows of some width."""
        fixed = _FIGURE_COLUMNS + 1
        beside = width - fixed - _MIN_NAME_COLUMNS - 1
        bar = max(0, min(_MAX_BAR_COLUMNS, max(beside // 2, min(_SHORT_BAR_COLUMNS, beside))))
        name = max(8, width - fixed - (bar + 1 if bar else 0))
        return cls(name, bar, 2 if name >= _ROOMY_NAME_COLUMNS else 1)

    def indent(self, depth: int) -> int:
        """How far a row of some depth is set in."""
        return min(self.step * depth, max(0, self.name - _MIN_INDENTED_NAME_COLUMNS))

    def arrow(self, depth: int) -> int:
        """The column of the arrow of a row of some depth."""
        return _COLUMNS_BEFORE_INDENT + self.indent(depth)

    @property
    def before_bar(self) -> int:
        """The columns that the cursor changes: all but the bar's."""
        return self.name + _FIGURE_COLUMNS


class RowStyles(NamedTuple):
    """How the parts of one row look.

    Attributes:
        base: its figures.
        dim: its arrow, and what it is aside from parameters.
        name: its name.
        bar: its bar's ground, which the cursor does not change.
        cursor: what stands before it.
        colored: whether the mark of its category and its bar are in colour.
    """

    base: Style
    dim: Style
    name: Style
    bar: Style
    cursor: str
    colored: bool


def header_line(columns: TreeColumns, of_parent: bool, palette: Palette) -> str:
    """The titles above the rows."""
    share_of = "% above" if of_parent else "% whole"
    title = palette.fit("   Name", columns.name)
    return title + "Params".rjust(_COUNT_COLUMNS) + " " + share_of.rjust(_SHARE_COLUMNS)


def name_segments(row: OutlineRow, columns: TreeColumns, styles: RowStyles, palette: Palette) -> list[Segment]:
    """The mark of a row's category, an arrow, its name."""
    arrow, cursor = " ", Segment(styles.cursor, styles.base)
    if row.opens:
        arrow = palette.opened if row.opened else palette.closed
    indent = columns.indent(row.depth)
    text = palette.fit(row.label, columns.name - indent - _COLUMNS_BEFORE_INDENT - 2)
    categories = [key for key, _ in ordered_categories(row.item.totals())]
    mark = Segment("  ", styles.base)
    if len(categories) == 1:
        color = Style(color=palette.color(categories[0])) if styles.colored else Style()
        mark = Segment(palette.glyph(categories[0]) + " ", styles.base + color)
    return [cursor, mark, Segment(" " * indent + arrow + " ", styles.dim), Segment(text, styles.name)]


def figure_segments(
    row: OutlineRow, whole: int, columns: TreeColumns, styles: RowStyles, palette: Palette, *, ranks: dict[str, int]
) -> list[Segment]:
    """A row's parameters, their share of `whole` parameters, and a bar; or what it is instead.

    Args:
        row: the row.
        whole: parameters that are 100 %.
        columns: how they share the width.
        styles: how they look.
        palette: how things are drawn.
        ranks: of the model's categories, by which they are told apart without colours.
    """
    if not row.item.parameters:
        return [Segment(f"{_aside(row):>{_FIGURE_COLUMNS}}", styles.dim)]
    part = share(row.item.parameters, whole)
    figures = f"{short(row.item.parameters):>{_COUNT_COLUMNS}} {percent(part):>{_SHARE_COLUMNS}}"
    segments = [Segment(figures, styles.base)]
    if columns.bar:
        segments += [Segment(" ", styles.bar), *_bar(row, whole, columns.bar, styles, palette, ranks=ranks)]
    return segments


def _bar(
    row: OutlineRow, whole: int, room: int, styles: RowStyles, palette: Palette, *, ranks: dict[str, int]
) -> list[Segment]:
    """A bar in the colours of the categories, each as long as its part."""
    parts: list[tuple[str, float]] = [(key, tally.parameters) for key, tally in ordered_categories(row.item.totals())]
    cells = stack_cells(parts, whole, room, palette, ranks)
    segments = []
    for (front, behind), alike in groupby(cells, key=lambda cell: (cell.front, cell.behind)):
        style = styles.bar
        if styles.colored:
            style += Style(color=palette.color(front), bgcolor=palette.color(behind) if behind else None)
        segments.append(Segment("".join(cell.mark for cell in alike), style))
    return segments


def _aside(row: OutlineRow) -> str:
    """What a row without parameters is instead."""
    roles = list(row.item.totals().not_counted)
    return ROLES[roles[0]].short if len(roles) == 1 else "no parameters"
