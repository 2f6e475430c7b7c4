"""A drawing in cells of the screen, and the widget that shows one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING, NamedTuple, Protocol

from rich.color import Color
from rich.style import Style
from rich.text import Text
from textual.geometry import Region, Size
from textual.widget import Widget

from core.text.width import in_columns
from tui.charts.stacks import stack_cells
from tui.palette import RGB, Palette

if TYPE_CHECKING:
    from textual_plotext.plot import Plot

MIN_COLUMNS, MIN_LINES = 16, 1
DIM = Style(dim=True)
BOLD = Style(bold=True)
_PLAIN = Style()
_MAX_COLORS = 256


class Drawing(Protocol):
    """Something to draw, equal to another where the picture would be the same."""

    def draw(self, canvas: Canvas) -> None:
        """Draws itself on an empty canvas."""
        ...


class _Cell(NamedTuple):
    text: str
    style: Style


_BLANK = _Cell(" ", _PLAIN)


class Canvas:
    """Cells of the screen, counted from the top left; what is drawn later covers what was drawn before."""

    def __init__(self, width: int, height: int, palette: Palette) -> None:
        """
        Args:
            width: in cells.
            height: in cells.
            palette: how things are drawn.
        """
        self.width = width
        self.height = height
        self.palette = palette
        self._rows: list[list[_Cell]] = [[_BLANK] * width for _ in range(height)]
        self._end = 0

    def words(self, text: str, column: int, row: int, style: Style | RGB | None = None) -> None:
        """Writes from a cell to the right; what lies beyond the edges is left out.

        Args:
            text: escaped, as wide as its columns.
            column: of its first cell.
            row: its line.
            style: how it looks, or its colour; None for plain text.
        """
        if not 0 <= row < self.height:
            return
        self._end = max(self._end, row + 1)
        shown = _in_color(style) if isinstance(style, tuple) else style or _PLAIN
        for at, cluster in enumerate(in_columns(text), column):
            if 0 <= at < self.width:
                self._rows[row][at] = _Cell(cluster, shown)

    def mark(self, mark: str, column: int, row: int, front: RGB, behind: RGB | None = None) -> None:
        """Fills a cell with a mark, on a ground of another colour where a second part lies behind it."""
        if 0 <= row < self.height and 0 <= column < self.width:
            self._end = max(self._end, row + 1)
            self._rows[row][column] = _Cell(mark, _in_color(front, behind))

    def bar(self, place: tuple[int, int], room: int, part: tuple[str, float], whole: float) -> None:
        """A bar of one category.

        Args:
            place: column and row of its first cell.
            room: cells of a bar that stands for `whole`.
            part: the category, and what the bar stands for.
            whole: the value of the longest bar there could be.
        """
        self.stack(place, room, [part], whole, {})

    def stack(
        self,
        place: tuple[int, int],
        room: int,
        parts: Sequence[tuple[str, float]],
        whole: float,
        ranks: dict[str, int],
    ) -> set[str]:
        """A horizontal bar of several parts, one after the other.

        Args:
            place: column and row of its first cell.
            room: cells of a bar that stands for `whole`.
            parts: categories, and what each part stands for.
            whole: the value of the longest bar there could be.
            ranks: of the categories, by which they are told apart without colours; none where there is one only.

        Returns:
            The categories that can be seen.
        """
        column, row = place
        seen = set()
        for at, cell in enumerate(stack_cells(parts, whole, room, self.palette, ranks), column):
            behind = self.palette.rgb(cell.behind) if cell.behind else None
            self.mark(cell.mark, at, row, self.palette.rgb(cell.front), behind)
            seen |= {cell.front, cell.behind or cell.front}
        return seen

    def plot(self, place: tuple[int, int], size: tuple[int, int], draw: Callable[[Plot], None]) -> None:
        """Has plotext draw a part of the canvas.

        Args:
            place: column and row of its first cell.
            size: its columns and rows.
            draw: draws on an empty figure of that size.
        """
        from textual_plotext.plot import Plot

        from tui.textual_fixes.plot_size import set_plot_size

        figure = Plot()
        figure.theme("clear")
        set_plot_size(figure, *size)
        draw(figure)
        picture = Text.from_ansi(figure.build(), no_wrap=True)
        for row, line in enumerate(picture.split("\n")[: size[1]], place[1]):
            self._take(line, place[0], row)

    def _take(self, line: Text, column: int, row: int) -> None:
        """Takes over a line of a picture, as far as it is not blank."""
        styles: list[Style] = [_PLAIN] * len(line.plain)
        for start, end, style in line.spans:
            if isinstance(style, Style):
                styles[start:end] = [style] * (end - start)
        for at, (mark, style) in enumerate(zip(line.plain, styles), column):
            if mark != " " and 0 <= row < self.height and 0 <= at < self.width:
                self._end = max(self._end, row + 1)
                self._rows[row][at] = _Cell(self.palette.ruled(mark), style)

    def text(self) -> Text:
        """The picture as drawn so far, down to the last row that has anything."""
        text = Text(no_wrap=True, overflow="crop", end="")
        for number, row in enumerate(self._rows[: self._end]):
            text.append("\n" if number else "")
            for style, cells in groupby(_with_blanks_joined(row), key=lambda cell: cell.style):
                text.append("".join(cell.text for cell in cells), style)
        return text


def _with_blanks_joined(row: Sequence[_Cell]) -> list[_Cell]:
    """Cells whose blanks look as what stands before them, so that fewer codes of colours are sent."""
    joined: list[_Cell] = []
    style = _PLAIN
    for cell in row:
        if cell.text == " " and cell.style == _PLAIN and not style.bgcolor:
            joined.append(_Cell(" ", style))
        else:
            joined.append(cell)
            style = cell.style
    return joined


@lru_cache(_MAX_COLORS)
def _in_color(front: RGB, behind: RGB | None = None) -> Style:
    return Style(color=Color.from_rgb(*front), bgcolor=Color.from_rgb(*behind) if behind else None)


class DrawingWidget(Widget):
    """Shows one drawing; drawn anew only for another one, another size or another ground, and sent where it differs."""

    def __init__(self, palette: Palette, *, id: str) -> None:
        super().__init__(id=id)
        self._palette = palette
        self._drawing: Drawing | None = None
        self._picture = Text("")
        self._drawn_for: tuple[Drawing | None, Size, bool] | None = None

    def show_drawing(self, drawing: Drawing) -> None:
        """Shows another drawing; only the rows that differ are painted."""
        if drawing == self._drawing:
            return
        before = self.render().split("\n", allow_blank=True)
        self._drawing = drawing
        after = self.render().split("\n", allow_blank=True)
        pairs = enumerate(zip_longest(before, after))
        changed = [Region(0, row, self.size.width, 1) for row, (old, new) in pairs if old != new]
        if changed or not self.size:
            self.refresh(*changed)

    def render(self) -> Text:
        wanted = (self._drawing, self.size, self._palette.light)
        if wanted != self._drawn_for:
            self._picture = _picture_of(self._drawing, self.size, self._palette)
            self._drawn_for = wanted
        return self._picture


class Chart(DrawingWidget):
    """A drawing below the facts, as high as there is room."""

    def show(self, drawing: Drawing) -> None:
        """Shows another drawing."""
        self.show_drawing(drawing)


def _picture_of(drawing: Drawing | None, size: Size, palette: Palette) -> Text:
    """A drawing in some size."""
    width, height = size
    if not drawing or width < MIN_COLUMNS or height < MIN_LINES:
        return Text("")
    canvas = Canvas(width, height, palette)
    drawing.draw(canvas)
    return canvas.text()
