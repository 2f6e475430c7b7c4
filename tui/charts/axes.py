"""Axes that plotext draws around a part of a canvas, in units of its cells or of braille dots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tui.charts.chart import DIM, Canvas

if TYPE_CHECKING:
    from textual_plotext.plot import Plot

DOTS_ACROSS, DOTS_UP = 2, 4
"""Braille dots in a cell."""


class Area(NamedTuple):
    """Where things are plotted, without the axes.

    Attributes:
        left: its first column.
        top: its first row.
        columns: how wide it is; 2 at least.
        rows: how high it is; 2 at least. The axis is the row below.
    """

    left: int
    top: int
    columns: int
    rows: int


def draw_in_axes(
    canvas: Canvas,
    area: Area,
    labels: Sequence[str],
    marked: Sequence[int],
    draw: Callable[[Plot], None],
    *,
    dots: tuple[int, int] = (1, 1),
) -> None:
    """Has plotext draw axes and what lies in them.

    Args:
        canvas: where to.
        area: of it; the labels stand left of it.
        labels: of even ticks from 0 on; each stands on the row whose upper edge it is, that of 0 on the axis.
        marked: columns of the area that have a tick below.
        draw: what lies in them, in cells of the area, or dots, from its lower left corner.
        dots: how many of its units a cell has, across and up.
    """
    left = max(map(len, labels)) + 1
    across, up = area.columns * dots[0] - 1, area.rows * dots[1] - 1
    step = area.rows // (len(labels) - 1)
    # plotext rounds what it is given to cells or dots; in their own units there is nothing to round.
    ticks = [(step * n - 1) * up / (area.rows - 1) for n in range(1, len(labels))]

    def figure(plot: Plot) -> None:
        plot.frame(False)
        plot.xaxes(True, False)
        plot.yticks(ticks, [f"{label:>{left - 1}} " for label in labels[1:]])
        plot.xticks([column * across / (area.columns - 1) for column in marked], [""] * len(marked))
        plot.xlim(0, across)
        plot.ylim(0, up)
        # Without any mark plotext draws no ticks.
        plot.scatter([0], [0], marker=" ")
        draw(plot)

    # The axis, and the row of the ticks' labels that plotext keeps free.
    canvas.plot((area.left - left, area.top), (left + area.columns, area.rows + 2), figure)
    canvas.words(labels[0], area.left - 1 - len(labels[0]), area.top + area.rows, DIM)
