"""A sentence in place of a drawing."""

from __future__ import annotations

from dataclasses import dataclass

from tui.charts.chart import DIM, Canvas


@dataclass(frozen=True)
class Sentence:
    """What is said where there is nothing to draw (yet)."""

    text: str

    def draw(self, canvas: Canvas) -> None:
        """Writes it into the first line."""
        canvas.words(canvas.palette.plain(self.text), 0, 0, DIM)
