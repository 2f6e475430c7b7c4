"""The what-if model: two sliders, and what they come to."""

from __future__ import annotations

from typing import Literal

from rich.text import Text
from textual.geometry import Size
from textual.widget import Widget

from core.checkpoint.gpt2 import Gpt2Shape
from core.count.labels import ordered_categories
from core.profile.profile import ModelProfile
from core.study.what_if import place, preset_name, rule_of_thumb
from core.text.numbers import exact, percent, share
from tui.palette import Palette

_SLIDER_COLUMNS, _COLUMNS_BESIDE_SLIDER = 33, 21
_PANEL_LINES = 9


class WhatIfPanel(Widget):
    """A GPT-2 of any layers and width: exact counts, and the rule of thumb beside them."""

    def __init__(self, palette: Palette, *, id: str) -> None:
        super().__init__(id=id)
        self._palette = palette
        self._shape: Gpt2Shape | None = None
        self._model: ModelProfile | None = None

    def show(self, shape: Gpt2Shape, model: ModelProfile) -> None:
        """Shows another one."""
        if shape != self._shape:
            self._shape, self._model = shape, model
            self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return _PANEL_LINES

    def render(self) -> Text:
        shape, model, palette = self._shape, self._model, self._palette
        text = Text(no_wrap=True, overflow="crop", end="")
        if not shape or not model:
            return text
        text.append(f"What would {exact(shape.layers)} layers of {exact(shape.hidden_size)} be?", "bold")
        text.append(_first_that_fits(self.size.width - text.cell_len, self._told(shape)) + "\n")
        self._slider(text, "[ ]", "layers", shape)
        self._slider(text, "{ }", "hidden_size", shape)
        exactly, rule = model.parameters, rule_of_thumb(shape)
        text.append(f"    {'exactly':12}{exact(exactly):>19}  parameters\n", "bold")
        text.append(palette.plain(f"    {'12 × L × d²':12}").ljust(16) + f"{exact(rule):>19}")
        near = f"  {percent(share(rule, exactly)):>5} %"
        text.append(_first_that_fits(self.size.width - 35, [f"{near} of that, the rule of thumb", near]))
        for key, tally in ordered_categories(model.totals):
            formula = model.formula(key)
            text.append("\n  ")
            text.append(palette.glyph(key), "" if self.app.no_color else palette.color(key))
            text.append(f" {model.label(key):12}{exact(tally.parameters):>19}  {percent(model.percent(key)):>5} %")
            text.append(f"   {palette.plain(formula.text()) if formula else ''}", "dim")
        return text

    def _told(self, shape: Gpt2Shape) -> list[str]:
        """What else is known of a shape, as it is said where there is much room, less, and little."""
        name, dot = preset_name(shape), self._palette.dot
        vocabulary, positions = exact(shape.vocabulary), exact(shape.positions)
        wordings = (
            f"vocabulary V = {vocabulary}{dot}context n = {positions}",
            f"vocabulary {vocabulary}{dot}context {positions}",
            f"V = {vocabulary}{dot}n = {positions}",
        )
        return [f"  {name + dot if name else ''}{wording}" for wording in wordings] + [f"  {name}"]

    def _slider(self, text: Text, keys: str, what: Literal["layers", "hidden_size"], shape: Gpt2Shape) -> None:
        palette = self._palette
        line, knob, ends = ("-", "O", "||") if palette.ascii else ("─", "●", "├┤")
        length = max(8, min(_SLIDER_COLUMNS, self.size.width - _COLUMNS_BESIDE_SLIDER))
        at = round(place(shape, what) * (length - 1))
        value = shape.layers if what == "layers" else shape.hidden_size
        text.append(f"{keys} ", "bold")
        text.append(f"{'layers' if what == 'layers' else 'width':7}")
        text.append(f"{ends[0]}{line * at}{knob}{line * (length - 1 - at)}{ends[1]} {exact(value)}\n")


def _first_that_fits(width: int, wordings: list[str]) -> str:
    return next((wording for wording in wordings if len(wording) <= width), "")
