"""The study's charts in characters, for reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import log10

from core.classify.category import CATEGORIES
from core.profile.profile import ModelProfile
from core.report.as_text import TextStyle
from core.study.comparison import by_size, common_label, compared_categories
from core.text.numbers import percent, short
from core.text.width import padded

_NAME_CELLS = 16
_VALUE_CELLS = len(" 100.00")
_STEP_PERCENT = 5
_AXIS_CELLS = 5


def grouped_bars(models: Sequence[ModelProfile], width: int, style: TextStyle) -> Iterator[str]:
    """A group of bars a model, a bar a category, on one scale from 0 to 100 %."""
    keys = compared_categories(model.totals for model in models)
    room = width - _NAME_CELLS - 3 - _VALUE_CELLS
    for number, model in enumerate(models):
        if number:
            yield ""
        for place, key in enumerate(key for key in keys if model.tally(key).parameters):
            part = model.percent(key)
            name = style.shortened(model.name, _NAME_CELLS - 1) if not place else ""
            bar = ("#" if style.ascii else "█") * round(room * part / 100)
            yield f"{padded(name, _NAME_CELLS)}{_mark(key, style)} {bar}{' ' if bar else ''}{percent(part)}"
    yield ""
    yield from _legend(models, keys, style)


def trend_lines(models: Sequence[ModelProfile], width: int, style: TextStyle) -> Iterator[str]:
    """The shares of categories along the models' sizes on a log scale; a mark a model."""
    models = [model for model in by_size(models) if model.parameters]
    if not models:
        return
    keys = compared_categories(model.totals for model in models)
    columns = log_columns([model.parameters for model in models], width - _AXIS_CELLS - 8)
    top = max(10.0, *(10 * -(-model.percent(key) // 10) for model in models for key in keys))
    height = round(top / _STEP_PERCENT) + 1
    grid = [[" "] * (width - _AXIS_CELLS) for _ in range(height)]
    for key in keys:
        for column, model in zip(columns, models):
            if not model.tally(key).parameters:
                continue
            row = round((top - model.percent(key)) / _STEP_PERCENT)
            shown = CATEGORIES[key]
            grid[row][column] = shown.letter if style.ascii else shown.glyph
    for row, line in enumerate(grid):
        label = f"{top - row * _STEP_PERCENT:3.0f} " if not row % 2 else "    "
        yield f"{label}|{''.join(line).rstrip()}"
    yield "    +" + "-" * (width - _AXIS_CELLS)
    names = [" "] * (width - _AXIS_CELLS)
    for column, model in zip(columns, models):
        text = short(model.parameters)
        if all(c == " " for c in names[max(0, column - 1) : column + len(text) + 1]):
            names[column : column + len(text)] = text
    yield " " * _AXIS_CELLS + "".join(names).rstrip()
    yield " " * _AXIS_CELLS + "parameters, on a log scale"
    yield ""
    yield from _legend(models, keys, style)


def log_columns(values: Sequence[int], width: int) -> list[int]:
    """The columns, 0 to `width` - 1, of values along a log axis that the first and last of them, sorted, span."""
    low, high = log10(values[0]), log10(values[-1])
    if high == low:
        return [width // 2 for _ in values]
    return [round((width - 1) * (log10(value) - low) / (high - low)) for value in values]


def _mark(key: str, style: TextStyle) -> str:
    shown = CATEGORIES[key]
    return style.paint(shown.letter if style.ascii else shown.glyph, key)


def _legend(models: Sequence[ModelProfile], keys: Sequence[str], style: TextStyle) -> Iterator[str]:
    totals = [model.totals for model in models]
    yield "   ".join(f"{_mark(key, style)} {common_label(key, totals)}" for key in keys)
