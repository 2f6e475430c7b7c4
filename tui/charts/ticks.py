"""The ticks of a horizontal axis, as labels above the bars."""

from __future__ import annotations

from collections.abc import Sequence

from tui.charts.chart import DIM, Canvas


def draw_ticks(canvas: Canvas, place: tuple[int, int], room: int, labels: Sequence[str], unit: str = "") -> None:
    """Writes each label over the edge between two cells that is its tick; the first begins at the axis.

    Where labels have no room beside each other, every second one is written, or every third and so on.

    Args:
        canvas: where to.
        place: column of the axis' first cell, and the line of the labels.
        room: cells of the axis, a multiple of its steps.
        labels: of ticks at even distances from the first edge to the last.
        unit: what follows the last one that is written.
    """
    column, row = place
    steps = len(labels) - 1
    longest = max(map(len, labels)) + 1
    every = next((n for n in range(1, steps) if room // steps * n > longest), steps)
    for number in range(0, steps + 1, every):
        edge = column + room // steps * number
        label = labels[number] + (unit if number + every > steps else "")
        canvas.words(label, edge - (len(labels[number]) // 2 if number else 0), row, DIM)
