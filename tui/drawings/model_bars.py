"""Models along the axis, a group of bars or a stacked bar each: shares, or counts on a log axis."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Literal

from core.comparison import common_label, compared_categories
from core.escape import shortened
from core.formats import percent, short
from core.study import Measured
from tui.widgets.chart import Canvas

Mode = Literal["grouped", "stacked", "counts"]
MODES: dict[Mode, str] = {
    "grouped": "share of each category, in percent",
    "stacked": "share of each category, stacked to 100 %",
    "counts": "parameters of each category, on a log axis",
}
_AXIS = 7
_WIDEST_SLOT = 8


@dataclass(frozen=True)
class ModelBars:
    """Bars of some models.

    Attributes:
        models: each with its name; None for one that is not there (yet).
        mode: what a bar is.
    """

    models: tuple[tuple[str, Measured | None], ...]
    mode: Mode

    def draw(self, canvas: Canvas) -> None:
        """Draws a title, the bars with their values, marks and names below them, and a legend."""
        known = [model for _, model in self.models if model]
        canvas.words(f"{MODES[self.mode]}:"[: canvas.width], 0, 0)
        keys = compared_categories(model.totals for model in known)
        if not keys:
            canvas.words("nothing is read yet", _AXIS, 2)
            return
        top, bottom = 2, canvas.height - 4
        if bottom <= top:
            return
        group = max(1, (canvas.width - _AXIS) // len(self.models))
        bars = _Bars(canvas, known, keys, (top, bottom), self.mode)
        bars.axis()
        for number, (name, model) in enumerate(self.models):
            left = _AXIS + number * group
            if model and self.mode == "stacked":
                bars.stack(model, left, group)
            elif model:
                bars.group(model, left, group)
            else:
                canvas.words(shortened(canvas.look.plain("not read"), group), left, bottom)
            shown = shortened(canvas.look.plain(name), max(1, group - 1))
            canvas.words(canvas.look.plain(shown), left, bottom + 2)
        bars.legend(bottom + 3)


class _Bars:
    """What all bars of one picture have in common: the scale, the order and the rows."""

    def __init__(
        self, canvas: Canvas, models: list[Measured], keys: list[str], rows: tuple[int, int], mode: Mode
    ) -> None:
        self._canvas = canvas
        self._keys = keys
        self._top, self._bottom = rows
        self._mode = mode
        self._models = models
        counts = [model.tally(key).parameters for model in models for key in keys if model.tally(key).parameters]
        self._low = floor(log10(min(counts)))
        # Room above for the value of the highest.
        self._high = max(self._low + 1, ceil(log10(max(counts))))
        highest = max(model.percent(key) for model in models for key in keys)
        self._most = 100.0 if mode == "stacked" else max(10.0, 10.0 * ceil(highest / 10))

    def _rows(self, part: float) -> int:
        """The length of a bar, in rows, of a part (0 to 1) of the scale."""
        return round(part * (self._bottom - self._top + 1))

    def _height(self, model: Measured, key: str) -> int:
        count = model.tally(key).parameters
        if self._mode != "counts":
            return self._rows(model.percent(key) / self._most)
        return max(1, self._rows((log10(count) - self._low) / (self._high - self._low))) if count else 0

    def axis(self) -> None:
        """Values at the left."""
        if self._mode == "counts":
            steps = self._high - self._low
            marks = [(n / steps, short(10 ** (self._low + n))) for n in range(steps + 1)]
        else:
            step = 10 if self._most <= 40 else 20
            marks = [(value / self._most, str(value)) for value in range(0, int(self._most) + 1, step)]
        taken = set()
        for part, text in marks:
            row = self._bottom + 1 - self._rows(part)
            if row not in taken and row - 1 not in taken and row + 1 not in taken:
                taken.add(row)
                self._canvas.words(text.rjust(_AXIS - 1), 0, row)

    def group(self, model: Measured, left: int, width: int) -> None:
        """A bar a category, each with its value above and its mark below."""
        look = self._canvas.look
        slot = max(1, min(_WIDEST_SLOT, (width - 1) // len(self._keys)))
        for rank, key in enumerate(self._keys[: max(1, width // slot)]):
            count = model.tally(key).parameters
            column = left + rank * slot
            if not count:
                continue
            right = column + max(1, slot - (1 if slot > 1 else 0)) - 1
            height = self._height(model, key)
            rows = (self._bottom - height + 1, self._bottom)
            if height:
                self._canvas.rectangle((column, right), rows, look.rgb(key), look.marker(key, rank))
            value = _value(model, key, slot, self._mode)
            self._canvas.words(value, column, self._bottom - height)
            self._canvas.words(look.glyph(key), column, self._bottom + 1, look.rgb(key))

    def stack(self, model: Measured, left: int, width: int) -> None:
        """One bar, the largest category at the bottom, with values beside it where there is room."""
        look = self._canvas.look
        bar = max(1, min(16, width - 1 if width < 14 else width - 9))
        below, before = 0.0, self._bottom + 1
        for key in sorted(self._keys, key=lambda key: -model.percent(key)):
            below += model.percent(key)
            after = self._bottom + 1 - self._rows(below / 100)
            if after < before:
                marker = look.marker(key, self._keys.index(key))
                self._canvas.rectangle((left, left + bar - 1), (after, before - 1), look.rgb(key), marker)
                if width >= 14:
                    middle = (after + before - 1) // 2
                    self._canvas.words(look.glyph(key), left + bar + 1, middle, look.rgb(key))
                    self._canvas.words(percent(model.percent(key)), left + bar + 3, middle)
            before = after

    def legend(self, row: int) -> None:
        """The marks and what they stand for."""
        look, column = self._canvas.look, 0
        totals = [model.totals for model in self._models]
        for rank, key in enumerate(self._keys):
            label = common_label(key, totals)
            mark = look.glyph(key)
            if look.monochrome and not look.ascii:
                mark += look.marker(key, rank)
            if column + len(mark) + 1 + len(label) > self._canvas.width:
                break
            self._canvas.words(mark, column, row, look.rgb(key))
            self._canvas.words(label, column + len(mark) + 1, row)
            column += len(mark) + len(label) + 3


def _value(model: Measured, key: str, slot: int, mode: Mode) -> str:
    """A bar's value in so many columns, one of them left free."""
    value = model.percent(key)
    if mode == "counts":
        text = short(model.tally(key).parameters)
        return text if len(text) < slot else ""
    if slot >= 6:
        return percent(value)
    if slot == 5:
        return "<0.1" if 0 < value < 0.05 else f"{value:.1f}"
    return "" if slot < 3 else "<1" if value < 0.5 else f"{value:.0f}"
