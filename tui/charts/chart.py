"""A plotext figure in cells of the screen, and what can be drawn in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from rich.text import Text
from textual.widget import Widget

from tui.palette import RGB, Palette
from tui.textual_fixes.plot_size import set_plot_size

if TYPE_CHECKING:
    from textual_plotext.plot import Plot

MIN_COLUMNS, MIN_LINES = 16, 2


class Drawing(Protocol):
    """Something to draw, equal to another where the picture would be the same."""

    def draw(self, canvas: Canvas) -> None:
        """Draws itself on an empty canvas."""
        ...


class Canvas:
    """A plotext figure whose axes count cells, so that a bar's edges fall where they are meant to.

    plotext rounds what it is given to cells; in units of its own cells there is nothing to round.
    """

    def __init__(self, figure: Plot, width: int, height: int, palette: Palette) -> None:
        """
        Args:
            figure: an empty one.
            width: in cells.
            height: in cells.
            palette: how things are drawn.
        """
        self.width = width
        self.height = height
        self.palette = palette
        self._figure = figure
        figure.theme("clear")
        set_plot_size(figure, width, height)
        figure.frame(False)
        figure.xticks([], [])
        figure.yticks([], [])
        figure.xlim(0, width - 1)
        figure.ylim(0, height - 1)

    def rectangle(self, columns: tuple[int, int], rows: tuple[int, int], color: RGB, marker: str) -> None:
        """Fills the cells from the first to the last of some columns and rows, counted from the top left."""
        (left, right), (top, bottom) = columns, rows
        if right >= left:
            last = self.height - 1
            xs, ys = [left, right], [last - bottom, last - top]
            self._figure.rectangle(xs, ys, fill=True, color=color, marker=marker)  # type: ignore[arg-type]

    def words(self, text: str, column: int, row: int, color: RGB | None = None) -> None:
        """Writes from a cell to the right."""
        self._figure.text(text, column, self.height - 1 - row, alignment="left", color=color)

    def text(self) -> Text:
        """The figure as drawn so far."""
        return Text.from_ansi(self._figure.build(), no_wrap=True)


class Chart(Widget):
    """Shows one drawing; drawn anew only for another one, another size or another theme."""

    def __init__(self, palette: Palette, *, id: str) -> None:
        super().__init__(id=id)
        self._palette = palette
        self._drawing: Drawing | None = None
        self._awake = False

    def wake(self) -> None:
        """Begins to draw: from here on plotext is needed, which takes some 35 ms to import."""
        self._awake = True
        self.refresh()

    def show(self, drawing: Drawing) -> None:
        """Shows another drawing."""
        if drawing != self._drawing:
            self._drawing = drawing
            self.refresh()

    def render(self) -> Text:
        width, height = self.size
        if not self._awake or not self._drawing or width < MIN_COLUMNS or height < MIN_LINES:
            return Text("")
        from textual_plotext.plot import Plot

        canvas = Canvas(Plot(), width, height, self._palette)
        self._drawing.draw(canvas)
        picture = canvas.text()
        return Text(picture.plain, no_wrap=True) if self.app.no_color else picture
