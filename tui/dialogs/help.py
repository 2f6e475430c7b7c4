"""Every key, and what the marks mean."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from core.classify.category import CATEGORIES
from tui.keys import Key
from tui.palette import Palette
from tui.textual_fixes.screens import Steady


class HelpScreen(Steady, ModalScreen[None]):
    """A box over the screen; any of its keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,question_mark,q,f1,enter", "dismiss", "Close")]

    def __init__(self, keys: list[Key], palette: Palette) -> None:
        super().__init__()
        self._keys = keys
        self._look = palette

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="box") as box:
            box.border_title = "Keys"
            box.border_subtitle = "arrows scroll, Esc closes"
            yield Static(self._text(), id="help-text")

    def _text(self) -> Text:
        text, palette = Text(end=""), self._look
        arrows = {"↑": "Up", "↓": "Down", "→": "Right", "←": "Left"} if palette.ascii else {}
        for key, does, _ in self._keys:
            named = key
            for arrow, word in arrows.items():
                named = named.replace(arrow, word)
            text.append(f"{named:18}", "bold")
            text.append(f"{does}\n")
        for number, (key, category) in enumerate(CATEGORIES.items()):
            text.append("" if number % 5 else "\n")
            text.append(palette.glyph(key), "" if self.app.no_color else palette.color(key))
            text.append(f" {category.label:12}")
        text.append("\n\nShares are of the parameters: trained values, tied ones once,\nbuffers not at all.")
        return text
