"""What a drawing looks like."""

from __future__ import annotations

from textual_plotext.plot import Plot

from tui.look import Look
from tui.widgets.chart import Canvas, Drawing


def drawn(drawing: Drawing, width: int, height: int, look: Look | None = None) -> list[str]:
    """What a drawing looks like, line by line."""
    canvas = Canvas(Plot(), width, height, look or Look())
    drawing.draw(canvas)
    lines = canvas.text().plain.split("\n")
    while lines and not lines[-1]:
        lines.pop()
    assert len(lines) <= height
    assert all(len(line) <= width for line in lines)
    return [line.rstrip() for line in lines]
