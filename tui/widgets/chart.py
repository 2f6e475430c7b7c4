"""A plotext figure drawn in cells of the screen."""

from __future__ import annotations

from abc import abstractmethod

from rich.text import Text
from textual_plotext import PlotextPlot

from tui.look import Look

RGB = tuple[int, int, int]


class Chart(PlotextPlot):
    """A figure whose axes count the widget's cells, so that a bar's edges fall where they are meant to.

    plotext rounds what it is given to cells; in units of its own cells there is nothing to round.
    """

    def __init__(self, look: Look, *, id: str) -> None:
        super().__init__(id=id)
        self.look = look

    def on_mount(self) -> None:
        # Its own on_mount gives plotext the theme's ground; none at all leaves the widget's.
        self.theme = "clear"

    @abstractmethod
    def draw(self, width: int, height: int) -> None:
        """Draws the figure with `self.rectangle` and `self.words`, on a clear one of this many cells."""

    def render(self) -> Text:
        width, height = self.size
        figure = self.plt
        figure.clear_figure()
        figure.frame(False)
        figure.xticks([], [])
        figure.yticks([], [])
        figure.xlim(0, max(1, width - 1))
        figure.ylim(0, max(1, height - 1))
        if width < 8 or height < 2:
            return Text("")
        self.draw(width, height)
        drawn = super().render()
        assert isinstance(drawn, Text)
        if self.app.no_color:
            drawn = Text(drawn.plain)
        drawn.no_wrap = True
        return drawn

    def rectangle(self, columns: tuple[int, int], rows: tuple[int, int], color: RGB, marker: str) -> None:
        """Fills the cells from the first to the last of some columns and rows, counted from the top left."""
        (left, right), (top, bottom) = columns, rows
        height = self.size.height
        low, high = height - 1 - bottom, height - 1 - top
        if right < left:
            return
        self.plt.bar(
            [(left + right) / 2],
            [high],
            minimum=low,
            width=max(right - left, 0.01),
            color=color,
            marker=marker,
            reset_ticks=False,
        )

    def words(self, text: str, column: int, row: int) -> None:
        """Writes from a cell to the right."""
        self.plt.text(text, column, self.size.height - 1 - row, alignment="left")
