"""Models along the axis, a group of bars or a stacked bar each: shares, or counts on a log axis."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Literal

from core.profile.profile import ModelProfile
from core.study.comparison import common_label, compared_categories
from core.text.numbers import percent, short
from tui.charts.chart import Canvas
from tui.charts.legend import draw_legend
from tui.charts.visible_range import in_view

Mode = Literal["grouped", "stacked", "counts"]
MODES: dict[Mode, str] = {
    "grouped": "share of each category, in percent",
    "stacked": "share of each category, stacked to 100 %",
    "counts": "parameters of each category, on a log axis",
}
_AXIS_COLUMNS = 7
_MAX_SLOT_COLUMNS = 8
_MIN_STACK_COLUMNS = 5
_MIN_VALUED_COLUMNS = 14


@dataclass(frozen=True)
class ModelBars:
    """Bars of some models.

    Attributes:
        models: each with its name; None for one that is not there (yet).
        mode: what a bar is.
        chosen: the place of the model that is to be in view in any case.
    """

    models: tuple[tuple[str, ModelProfile | None], ...]
    mode: Mode
    chosen: int = 0

    def draw(self, canvas: Canvas) -> None:
        """Draws a title, the bars with their values, marks and names below them, and a legend.

        Every category that any model has is drawn; of the models, those that there is room for, and how many lie
        beyond is told.
        """
        known = [model for _, model in self.models if model]
        canvas.words(f"{MODES[self.mode]}:"[: canvas.width], 0, 0)
        keys = compared_categories(model.totals for model in known)
        if not keys:
            canvas.words("nothing is read yet", _AXIS_COLUMNS, 2)
            return
        top, bottom = 2, canvas.height - 4
        if bottom <= top:
            return
        room = canvas.width - _AXIS_COLUMNS
        least = _MIN_STACK_COLUMNS if self.mode == "stacked" else len(keys) + 1
        view = in_view(len(self.models), max(1, room // least), self.chosen)
        beyond = canvas.palette.beyond(view.start, len(self.models) - view.stop)
        canvas.words(f" {beyond}", canvas.width - len(beyond) - 1, 0)
        group = max(1, room // len(view))
        bars = _Bars(canvas, known, keys, (top, bottom), self.mode)
        bars.axis()
        for number, (name, model) in enumerate(self.models[view.start : view.stop]):
            left = _AXIS_COLUMNS + number * group
            if model and self.mode == "stacked":
                bars.stack(model, left, group)
            elif model:
                bars.group(model, left, group)
            else:
                canvas.words(canvas.palette.shortened("not read", group), left, bottom)
            canvas.words(canvas.palette.shortened(name, max(1, group - 1)), left, bottom + 2)
        totals = [model.totals for model in known]
        draw_legend(canvas, [(key, common_label(key, totals)) for key in bars.keys], bottom + 3)


class _Bars:
    """What all bars of one picture have in common: the scale, the order and the rows.

    Attributes:
        keys: the categories in their order: within a group, or from the bottom of a stack, the largest of all first.
    """

    def __init__(
        self, canvas: Canvas, models: list[ModelProfile], keys: list[str], rows: tuple[int, int], mode: Mode
    ) -> None:
        self._canvas = canvas
        shares = {key: sum(model.percent(key) for model in models) for key in keys}
        self.keys = sorted(keys, key=lambda key: -shares[key]) if mode == "stacked" else keys
        self._top, self._bottom = rows
        self._mode = mode
        counts = [model.tally(key).parameters for model in models for key in keys if model.tally(key).parameters]
        self._low = floor(log10(min(counts)))
        # Room above for the value of the highest.
        self._high = max(self._low + 1, ceil(log10(max(counts))))
        highest = max(model.percent(key) for model in models for key in keys)
        self._most = 100.0 if mode == "stacked" else max(10.0, 10.0 * ceil(highest / 10))

    def _rows(self, part: float) -> int:
        """The length of a bar, in rows, of a part (0 to 1) of the scale."""
        return round(part * (self._bottom - self._top + 1))

    def _height(self, model: ModelProfile, key: str) -> int:
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
                self._canvas.words(text.rjust(_AXIS_COLUMNS - 1), 0, row)

    def group(self, model: ModelProfile, left: int, width: int) -> None:
        """A bar a category, each with its value above and its mark below."""
        palette = self._canvas.palette
        slot = max(1, min(_MAX_SLOT_COLUMNS, (width - 1) // len(self.keys)))
        for rank, key in enumerate(self.keys):
            count = model.tally(key).parameters
            column = left + rank * slot
            if not count:
                continue
            right = column + max(1, slot - (1 if slot > 1 else 0)) - 1
            height = self._height(model, key)
            rows = (self._bottom - height + 1, self._bottom)
            if height:
                self._canvas.rectangle((column, right), rows, palette.rgb(key), palette.marker(key, rank))
            value = _value(model, key, slot, self._mode)
            self._canvas.words(value, column, self._bottom - height)
            self._canvas.words(palette.glyph(key), column, self._bottom + 1, palette.rgb(key))

    def stack(self, model: ModelProfile, left: int, width: int) -> None:
        """One bar, with marks beside it, and values where there is room."""
        palette, valued = self._canvas.palette, width >= _MIN_VALUED_COLUMNS
        bar = max(1, min(16, width - 9 if valued else width - 2))
        below, before = 0.0, self._bottom + 1
        for rank, key in enumerate(self.keys):
            below += model.percent(key)
            after = self._bottom + 1 - self._rows(below / 100)
            if after < before:
                marker, middle = palette.marker(key, rank), (after + before - 1) // 2
                self._canvas.rectangle((left, left + bar - 1), (after, before - 1), palette.rgb(key), marker)
                self._canvas.words(palette.glyph(key), left + bar + (1 if valued else 0), middle, palette.rgb(key))
                if valued:
                    self._canvas.words(percent(model.percent(key)), left + bar + 3, middle)
            before = after


def _value(model: ModelProfile, key: str, slot: int, mode: Mode) -> str:
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
