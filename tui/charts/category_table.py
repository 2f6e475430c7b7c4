"""The table of categories, each with a bar: shares, or weights against biases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from rich.style import Style

from core.classify.category import ROLES
from core.count.labels import category_label, ordered_categories
from core.count.totals import NOT_COUNTED, Tally, Totals
from core.text.numbers import exact, percent, share, short, size
from core.text.width import cells
from tui.charts.chart import BOLD, DIM, Canvas
from tui.charts.marks import Axis, axis_to
from tui.charts.ticks import draw_ticks
from tui.charts.two_kinds import draw_two_kinds, kinds_legend

LABEL_COLUMNS = 12
_MARK_COLUMNS = 2
_MIN_BAR_COLUMNS, _SHORT_BAR_COLUMNS, MAX_BAR_COLUMNS = 12, 6, 60
_SHORT_COLUMNS = 11
_TICKS = (2, 3, 4)
# Behind the last label of the scale, which is written over the bars' end.
_SHARE_COLUMNS = 12
_REVERSE = Style(reverse=True)


class _Column(NamedTuple):
    """A column of figures: its title, its width, and what it shows of a tally and of the whole."""

    title: str
    width: int
    text: Callable[[Tally, Tally], str]


@dataclass(frozen=True)
class CategoryTable:
    """A row a category, with a bar in it; then the total, and what is not counted.

    Attributes:
        totals: what is shown.
        named_by: the whole model's, by which categories have their names.
        kinds: whether bars are all of one length and part weights from biases, and not as long as the shares.
        chosen: the category under the cursor; "" for none.
    """

    totals: Totals
    named_by: Totals
    kinds: bool = False
    chosen: str = ""

    @property
    def lines(self) -> int:
        """How many lines it takes."""
        categories = len(ordered_categories(self.totals))
        return 2 + categories + sum(role in self.totals.not_counted for role in NOT_COUNTED)

    def draw(self, canvas: Canvas) -> None:
        """Draws the titles with the bars' scale, a row a category, and the sums."""
        whole, palette = self.totals.whole, canvas.palette
        categories = ordered_categories(self.totals)
        columns, bar = self._arranged(canvas.width)
        left = _MARK_COLUMNS + LABEL_COLUMNS
        largest = max((share(tally.parameters, whole.parameters) for _, tally in categories), default=100.0)
        axis = min((axis_to(largest, ticks) for ticks in _TICKS), key=lambda axis: axis.top)
        bar -= bar % (len(axis.ticks) - 1)
        self._heads(canvas, columns, axis, (left, bar))
        for row, (key, tally) in enumerate(categories, 1):
            canvas.words(palette.glyph(key), 0, row, palette.rgb(key))
            label = category_label(key, self.named_by)
            canvas.words(label, _MARK_COLUMNS, row, _REVERSE if key == self.chosen else None)
            if self.kinds:
                draw_two_kinds(canvas, (left, row), bar, key, (tally.weights, tally.biases))
            else:
                canvas.bar((left, row), bar, (key, share(tally.parameters, whole.parameters)), axis.top)
            self._figures(canvas, columns, row, (tally, whole))
        below = 1 + len(categories)
        canvas.words("Total", _MARK_COLUMNS, below, BOLD)
        self._figures(canvas, columns, below, (whole, whole), BOLD)
        for row, line in enumerate(self._not_counted(canvas.width), below + 1):
            canvas.words(palette.plain(line), _MARK_COLUMNS, row, DIM)

    def _heads(self, canvas: Canvas, columns: list[_Column], axis: Axis, bar: tuple[int, int]) -> None:
        """The titles of the columns, and above the bars their scale, or what their parts are."""
        right = canvas.width
        for column in reversed(columns):
            canvas.words(column.title, right - len(column.title), 0, DIM)
            right -= column.width
        if self.kinds:
            kinds_legend(canvas, (bar[0], 0), bar[1])
        elif self.totals.parameters:
            draw_ticks(canvas, (bar[0], 0), bar[1], [f"{tick:g}" for tick in axis.ticks], " %")
        else:
            canvas.words("no parameters", bar[0], 0, DIM)

    def _figures(
        self, canvas: Canvas, columns: list[_Column], row: int, of: tuple[Tally, Tally], style: Style | None = None
    ) -> None:
        right = canvas.width
        for column in reversed(columns):
            text = column.text(*of)
            canvas.words(text, right - len(text), row, style)
            right -= column.width

    def _arranged(self, width: int) -> tuple[list[_Column], int]:
        """The columns of figures that there is room for beside a bar, and the bar's columns; the first come first."""
        room = width - _MARK_COLUMNS - LABEL_COLUMNS
        shown: list[tuple[int, _Column]] = []
        for place, column in self._columns(room):
            if room - column.width >= (_MIN_BAR_COLUMNS if len(shown) > 1 else _SHORT_BAR_COLUMNS):
                shown.append((place, column))
                room -= column.width
        shown.sort(key=lambda each: each[0])
        return [column for _, column in shown], max(1, min(MAX_BAR_COLUMNS, room))

    def _columns(self, room: int) -> list[tuple[int, _Column]]:
        """All columns with their places, in the order in which they get room."""
        named = self.named_by.whole
        counts = max(len(exact(named.parameters)) + 2, _SHORT_COLUMNS + 1)
        full = room - counts - _SHARE_COLUMNS >= _SHORT_BAR_COLUMNS
        biases = max(len(exact(named.biases)) + 2, 8)
        count = _Column(
            "Parameters",
            counts if full else _SHORT_COLUMNS,
            lambda tally, _: exact(tally.parameters) if full else short(tally.parameters),
        )
        weights = _Column("Weights", counts, lambda tally, _: exact(tally.weights))
        bias = _Column("Biases", biases, lambda tally, _: exact(tally.biases))
        if self.kinds:
            part = _Column("Biases %", 10, lambda tally, _: percent(share(tally.biases, tally.parameters)))
            return [(0, part), (2, bias), (1, weights), (3, count)]
        part = _Column(
            "Share %", _SHARE_COLUMNS, lambda tally, whole: percent(share(tally.parameters, whole.parameters))
        )
        nbytes = _Column("Size", 10, lambda tally, _: size(tally.bytes))
        tensors = _Column("Tensors", 9, lambda tally, _: exact(tally.tensor_count))
        return [(0, part), (1, count), (5, nbytes), (3, bias), (2, weights), (4, tensors)]

    def _not_counted(self, width: int) -> list[str]:
        """A line for each role of what is stored beside the parameters."""
        lines = []
        for role in NOT_COUNTED:
            left = self.totals.not_counted.get(role)
            if left:
                held = f"of {ROLES[role].plural}, {size(left.bytes)}"
                line = f"not counted: {exact(left.elements)} {held}"
                if cells(line) + _MARK_COLUMNS > width:
                    line = f"not counted: {short(left.elements)} {held}"
                lines.append(line)
        return lines
