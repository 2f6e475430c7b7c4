"""A plotext figure in cells of the screen, and what can be drawn in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from rich.text import Text
from textual.widget import Widget

from core.text.width import in_columns
from tui.palette import RGB, Palette
from tui.textual_fixes.plot_size import set_plot_size

if TYPE_CHECKING:
    from textual_plotext.plot import Plot

MIN_COLUMNS, MIN_LINES = 16, 2
_FIRST_STAND_IN = 0xE000


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
        self._clusters: dict[str, str] = {}
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
            # textual-plotext declares one number for each side, plotext takes and draws two.
            self._figure.rectangle(xs, ys, fill=True, color=color, marker=marker)  # type: ignore[arg-type]

    def words(self, text: str, column: int, row: int, color: RGB | None = None) -> None:
        """Writes from a cell to the right."""
        self._figure.text(self._stand_ins(text), column, self.height - 1 - row, alignment="left", color=color)

    def text(self) -> Text:
        """The figure as drawn so far."""
        drawn = self._figure.build()
        for stand_in, cluster in self._clusters.items():
            drawn = drawn.replace(stand_in, cluster)
        return Text.from_ansi(drawn, no_wrap=True)

    def _stand_ins(self, text: str) -> str:
        """The text with a character a column, as plotext places one in each cell.

        A cluster of several characters, and each cell that a wide one covers besides its first, is stood in for by a
        character for private use: no escaped text has any.
        """
        if text.isascii():
            return text
        placed = ""
        for cluster in in_columns(text):
            if len(cluster) == 1:
                placed += cluster
            else:
                stand_in = chr(_FIRST_STAND_IN + len(self._clusters))
                self._clusters[stand_in] = cluster
                placed += stand_in
        return placed


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
