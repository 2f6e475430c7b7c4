"""Models side by side: a block of bars a category on one scale, or a stacked bar a model."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Literal, NamedTuple

from core.profile.profile import ModelProfile
from core.study.comparison import common_label, compared_categories
from core.text.numbers import percent, short
from core.text.width import cells
from tui.charts.chart import BOLD, DIM, Canvas
from tui.charts.legend import draw_legend
from tui.charts.marks import axis_to
from tui.charts.stacks import ranks_of
from tui.charts.ticks import draw_ticks
from tui.charts.visible_range import in_view

Mode = Literal["grouped", "stacked", "counts"]
MODES: dict[Mode, str] = {
    "grouped": "share of each category, in percent",
    "stacked": "share of each category, stacked to 100 %",
    "counts": "parameters of each category, on a log axis",
}
_MIN_BLOCK_COLUMNS, _ROOMY_BLOCK_COLUMNS = 26, 58
_MAX_BAR_COLUMNS = 60
_MAX_NAME_COLUMNS = 24
_FIGURE_COLUMNS = len(" 100.00 %")
_MARGIN = 2
_MAX_TICKS = 8

Models = tuple[tuple[str, ModelProfile | None], ...]


class _Scale(NamedTuple):
    """What a bar's length stands for: a part of 1 from `low` to `high`, whose labels are at even distances.

    Attributes:
        low: where bars begin; on a log axis its power of ten.
        high: where the room for them ends.
        labels: of the ticks.
        unit: behind the last of them.
    """

    low: float
    high: float
    labels: list[str]
    unit: str


@dataclass(frozen=True)
class ModelBars:
    """Bars of some models.

    Attributes:
        models: each with its name; None for one that is not there (yet).
        mode: what a bar is.
        chosen: the place of the model that is to be in view in any case.
    """

    models: Models
    mode: Mode
    chosen: int = 0

    def lines(self, width: int) -> int:
        """How many lines show all models and categories in a width."""
        keys = compared_categories(model.totals for _, model in self.models if model)
        if self.mode == "stacked":
            return 2 + 2 * len(self.models)
        beside = max(1, width // _ROOMY_BLOCK_COLUMNS, min(2, width // _MIN_BLOCK_COLUMNS))
        return ceil(len(keys) / beside) * (2 + len(self.models)) - 1

    def draw(self, canvas: Canvas) -> None:
        """Draws the bars with names and values; of the models, those that there is room for.

        Every category that any model has is drawn, and how many models lie beyond is told.
        """
        known = [model for _, model in self.models if model]
        keys = compared_categories(model.totals for model in known)
        if not keys:
            canvas.words("nothing is read yet", _MARGIN, 0)
        elif self.mode == "stacked":
            self._stacks(canvas, known, keys)
        else:
            self._blocks(canvas, known, keys)

    # Blocks.

    def _blocks(self, canvas: Canvas, known: list[ModelProfile], keys: list[str]) -> None:
        """A block a category: its name and the scale, and a row a model."""
        beside = self._beside(canvas, len(keys))
        high = ceil(len(keys) / beside)
        room = max(1, canvas.height // high - 1)
        view = in_view(len(self.models), min(room, len(self.models)), self.chosen)
        step = len(view) + 1 + (1 if high * (len(view) + 2) - 1 <= canvas.height else 0)
        scale = self._scale(known, keys)
        wide = canvas.width // ceil(len(keys) / high)
        totals = [model.totals for model in known]
        labels = {key: common_label(key, totals) for key in keys}
        longest = max(map(cells, labels.values()))
        for number, key in enumerate(keys):
            left, top = number // high * wide, number % high * step
            canvas.words(canvas.palette.glyph(key), left, top, canvas.palette.rgb(key))
            self._block(canvas, (left, top), wide, (key, labels[key]), view, scale=scale, labels=longest)
        beyond = canvas.palette.beyond(view.start, len(self.models) - view.stop)
        canvas.words(f" {beyond}" if beyond else "", canvas.width - cells(beyond) - 1, canvas.height - 1)

    def _beside(self, canvas: Canvas, keys: int) -> int:
        """How many blocks stand beside each other: as few as show all models, and bars no longer than they need be."""
        most = max(1, min(keys, canvas.width // _MIN_BLOCK_COLUMNS))
        least = max(1, min(most, canvas.width // _ROOMY_BLOCK_COLUMNS))
        fitting = [n for n in range(least, most + 1) if ceil(keys / n) * (1 + len(self.models)) <= canvas.height]
        return fitting[0] if fitting else most

    def _block(
        self,
        canvas: Canvas,
        place: tuple[int, int],
        wide: int,
        category: tuple[str, str],
        view: range,
        *,
        scale: _Scale,
        labels: int,
    ) -> None:
        """A category's heading, and a row a model in view; bars begin behind the longest of all headings and names."""
        (left, top), (key, label) = place, category
        palette = canvas.palette
        longest = max(cells(name) for name, _ in self.models)
        name_columns = min(longest, _MAX_NAME_COLUMNS, max(6, wide // 3))
        start = left + _MARGIN + max(name_columns, min(labels, wide // 3)) + 1
        bar = max(1, min(_MAX_BAR_COLUMNS, left + wide - start - _FIGURE_COLUMNS - 1))
        bar = max(1, bar - bar % (len(scale.labels) - 1)) if bar >= len(scale.labels) else bar
        canvas.words(palette.shortened(label, start - left - _MARGIN), left + _MARGIN, top, BOLD)
        if top == 0 and bar >= len(scale.labels):
            draw_ticks(canvas, (start, top), bar, scale.labels, scale.unit)
        for row, number in enumerate(view, top + 1):
            name, model = self.models[number]
            canvas.words(palette.cursor if number == self.chosen else "", left, row)
            canvas.words(palette.shortened(name, name_columns), left + _MARGIN, row)
            if not model:
                canvas.words("not read", start, row, DIM)
                continue
            count = model.tally(key).parameters
            value = log10(count) if self.mode == "counts" and count else model.percent(key)
            if count:
                part = max(value - scale.low, 1e-9)
                canvas.bar((start, row), bar, (key, part), scale.high - scale.low)
            figure = self._figure(model, key)
            canvas.words(figure, start + bar + _FIGURE_COLUMNS - len(figure), row, None if count else DIM)

    def _figure(self, model: ModelProfile, key: str) -> str:
        if self.mode == "counts":
            return short(model.tally(key).parameters)
        return f"{percent(model.percent(key))} %"

    def _scale(self, known: list[ModelProfile], keys: list[str]) -> _Scale:
        """The scale of all blocks: from 0 to a round share, or of powers of ten that hold all counts."""
        if self.mode != "counts":
            axis = axis_to(max(model.percent(key) for model in known for key in keys), _MAX_TICKS)
            return _Scale(0, axis.top, [f"{tick:g}" for tick in axis.ticks], " %")
        counts = [model.tally(key).parameters for model in known for key in keys if model.tally(key).parameters]
        low = floor(log10(min(counts)))
        high = max(low + 1, ceil(log10(max(counts))))
        return _Scale(low, high, [short(10**power) for power in range(low, high + 1)], "")

    # Stacks.

    def _stacks(self, canvas: Canvas, known: list[ModelProfile], keys: list[str]) -> None:
        """A stacked bar a model, its figures below it, and a legend."""
        shares = {key: sum(model.percent(key) for model in known) for key in keys}
        keys = sorted(keys, key=lambda key: -shares[key])
        palette = canvas.palette
        room = max(1, (canvas.height - 2) // 2)
        view = in_view(len(self.models), min(room, len(self.models)), self.chosen)
        step = 3 if 1 + 3 * len(view) <= canvas.height else 2
        left = _MARGIN + min(max(cells(name) for name, _ in self.models), _MAX_NAME_COLUMNS, canvas.width // 3) + 1
        bar = max(4, canvas.width - left - 2)
        bar -= bar % 4
        draw_ticks(canvas, (left, 0), bar, ["0", "25", "50", "75", "100"])
        ranks, seen = ranks_of(keys), set()
        for row, number in zip(range(1, canvas.height, step), view):
            name, model = self.models[number]
            canvas.words(palette.cursor if number == self.chosen else "", 0, row)
            canvas.words(palette.shortened(name, left - _MARGIN - 1), _MARGIN, row)
            if not model:
                canvas.words("not read", left, row, DIM)
                continue
            parts = [(key, model.percent(key)) for key in keys]
            seen |= canvas.stack((left, row), bar, parts, sum(part for _, part in parts) or 1, ranks)
            column = left
            for key, part in parts:
                if part:
                    canvas.words(palette.glyph(key), column, row + 1, palette.rgb(key))
                    canvas.words(percent(part), column + 2, row + 1)
                    column += len(percent(part)) + 4
        beyond = palette.beyond(view.start, len(self.models) - view.stop)
        canvas.words(beyond, 0, 0, DIM)
        totals = [model.totals for model in known]
        labels = [(key, common_label(key, totals)) for key in keys]
        draw_legend(canvas, labels, canvas.height - 1, seen=seen)
