"""The line below a drawing that tells what its marks stand for."""

from __future__ import annotations

from collections.abc import Iterable

from core.text.escape import ELLIPSIS
from core.text.width import cells
from tui.charts.chart import Canvas


def draw_legend(canvas: Canvas, labels: Iterable[tuple[str, str]], row: int, bars: bool = True) -> None:
    """Draws a mark and a word a category, closer together where the line is short, and an ellipsis for those left out.

    Args:
        canvas: where to.
        labels: categories with their words, in the drawing's order.
        row: the line.
        bars: whether the drawing has bars, which without colours are told apart by what they are made of.
    """
    palette = canvas.palette
    filled = bars and palette.monochrome and not palette.ascii
    marks = [
        (key, palette.glyph(key) + (palette.marker(key, rank) if filled else ""), label)
        for rank, (key, label) in enumerate(labels)
    ]
    widths = [len(mark) + 1 + cells(label) for _, mark, label in marks]
    gap = 2 if sum(widths) + 2 * (len(widths) - 1) <= canvas.width else 1
    column, left = 0, sum(widths) + gap * (len(widths) - 1)
    for (key, mark, label), width in zip(marks, widths):
        beyond = canvas.width - column
        if left > beyond and width + gap + 1 > beyond:
            canvas.words(palette.plain(ELLIPSIS), column, row)
            break
        canvas.words(mark, column, row, palette.rgb(key))
        canvas.words(label, column + len(mark) + 1, row)
        column += width + gap
        left -= width + gap
