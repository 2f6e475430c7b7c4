"""How a row of the tree is drawn: its name, its parameters and share, a bar."""

from __future__ import annotations

from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style

from core.classify.category import ROLES
from core.count.labels import ordered_categories
from core.text.numbers import percent, share, short
from tui.explorer.outline import OutlineRow
from tui.palette import Palette

_COUNT_COLUMNS = 7
_SHARE_COLUMNS = 7
_FIGURE_COLUMNS = _COUNT_COLUMNS + 1 + _SHARE_COLUMNS
_MIN_NAME_COLUMNS = 24
_ROOMY_NAME_COLUMNS = 40
_MIN_INDENTED_NAME_COLUMNS = 14
_MAX_BAR_COLUMNS = 16


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
        bar = max(0, min(_MAX_BAR_COLUMNS, (width - fixed - _MIN_NAME_COLUMNS - 1) // 2))
        name = max(8, width - fixed - (bar + 1 if bar else 0))
        return cls(name, bar, 2 if name >= _ROOMY_NAME_COLUMNS else 1)

    def indent(self, depth: int) -> int:
        """How far a row of some depth is set in."""
        return min(self.step * depth, max(0, self.name - _MIN_INDENTED_NAME_COLUMNS))


class RowStyles(NamedTuple):
    """How the parts of one row look.

    Attributes:
        base: its figures.
        dim: its arrow, and what it is aside from parameters.
        name: its name.
        colored: whether the mark of its category is in colour.
        bar_colored: whether its bar is in the colours of its categories.
    """

    base: Style
    dim: Style
    name: Style
    colored: bool
    bar_colored: bool


def header_line(columns: TreeColumns, of_parent: bool, palette: Palette) -> str:
    """The titles above the rows."""
    share_of = "% above" if of_parent else "% whole"
    title = palette.fit("    Name", columns.name)
    return title + "Params".rjust(_COUNT_COLUMNS) + " " + share_of.rjust(_SHARE_COLUMNS)


def name_segments(row: OutlineRow, columns: TreeColumns, styles: RowStyles, palette: Palette) -> list[Segment]:
    """The mark of a row's category, an arrow, its name."""
    arrow = " "
    if row.opens:
        arrow = palette.opened if row.opened else palette.closed
    indent = columns.indent(row.depth)
    text = palette.fit(row.label, columns.name - indent - 4)
    categories = [key for key, _ in ordered_categories(row.item.totals())]
    mark = Segment("  ", styles.base)
    if len(categories) == 1:
        color = Style(color=palette.color(categories[0])) if styles.colored else Style()
        mark = Segment(palette.glyph(categories[0]) + " ", styles.base + color)
    return [mark, Segment(" " * indent + arrow + " ", styles.dim), Segment(text, styles.name)]


def figure_segments(
    row: OutlineRow, whole: int, columns: TreeColumns, styles: RowStyles, palette: Palette
) -> list[Segment]:
    """A row's parameters, their share of `whole` parameters, and a bar; or what it is instead.

    Args:
        row: the row.
        whole: parameters that are 100 %.
        columns: how they share the width.
        styles: how they look.
        palette: how things are drawn.
    """
    if not row.item.parameters:
        return [Segment(f"{_aside(row):>{_FIGURE_COLUMNS}}", styles.dim)]
    part = share(row.item.parameters, whole)
    figures = f"{short(row.item.parameters):>{_COUNT_COLUMNS}} {percent(part):>{_SHARE_COLUMNS}}"
    segments = [Segment(figures, styles.base)]
    if columns.bar:
        bar = palette.bar(part / 100, columns.bar)
        bars = _colored_bar(row, bar, styles.base, palette) if styles.bar_colored else [Segment(bar, styles.base)]
        segments += [Segment(" ", styles.base), *bars]
    return segments


def _colored_bar(row: OutlineRow, bar: str, base: Style, palette: Palette) -> list[Segment]:
    """A bar in the colours of the categories, each as long as its part."""
    segments, start, sum_before = [], 0, 0
    for key, tally in ordered_categories(row.item.totals()):
        sum_before += tally.parameters
        end = round(len(bar) * sum_before / row.item.parameters)
        if end > start:
            segments.append(Segment(bar[start:end], base + Style(color=palette.color(key))))
            start = end
    return segments


def _aside(row: OutlineRow) -> str:
    """What a row without parameters is instead."""
    roles = list(row.item.totals().not_counted)
    return ROLES[roles[0]].short if len(roles) == 1 else "no parameters"
