"""The line below a drawing that tells what its marks stand for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from core.text.escape import ELLIPSIS
from core.text.width import cells
from tui.charts.chart import Canvas

_TOO_SMALL = "too small to draw:"


class _Entry(NamedTuple):
    """A mark with its label, of a category; or words of their own, of none."""

    category: str
    mark: str
    label: str

    @property
    def width(self) -> int:
        return cells(self.label) + len(self.mark) + (1 if self.mark and self.label else 0)


def draw_legend(
    canvas: Canvas, labels: Iterable[tuple[str, str]], row: int, bars: bool = True, seen: set[str] | None = None
) -> None:
    """Draws a mark and a word a category, closer together where the line is short, and an ellipsis for those left out.

    Args:
        canvas: where to.
        labels: categories with their words, in the drawing's order.
        row: the line.
        bars: whether the drawing has bars, which without colours are told apart by what they are made of.
        seen: the categories that are drawn, where some may be too small for it: these come last; None for all.
    """
    palette = canvas.palette
    filled = bars and palette.monochrome and not palette.ascii
    entries = [
        _Entry(key, palette.glyph(key) + (palette.marker(key, rank) if filled else ""), label)
        for rank, (key, label) in enumerate(labels)
    ]
    lost = [entry for entry in entries if seen is not None and entry.category not in seen]
    if lost:
        entries = [*(entry for entry in entries if entry not in lost), _Entry("", "", _TOO_SMALL), *lost]
        if sum(entry.width + 1 for entry in entries) > canvas.width + 1:
            entries = [entry._replace(label="") if entry in lost else entry for entry in entries]
    widths = [entry.width for entry in entries]
    gap = 2 if sum(widths) + 2 * (len(widths) - 1) <= canvas.width else 1
    column, left = 0, sum(widths) + gap * (len(widths) - 1)
    for entry, width in zip(entries, widths):
        beyond = canvas.width - column
        if left > beyond and width + gap + 1 > beyond:
            canvas.words(palette.plain(ELLIPSIS), column, row)
            break
        if entry.category:
            canvas.words(entry.mark, column, row, palette.rgb(entry.category))
        canvas.words(entry.label, column + width - cells(entry.label), row)
        column += width + gap
        left -= width + gap
