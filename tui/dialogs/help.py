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
from tui.keys.action import KeyTable
from tui.keys.dialogs import CLOSE_HELP, DIALOG_KEYS
from tui.palette import Palette
from tui.textual_fixes.screens import SafeScreen


class HelpScreen(SafeScreen, ModalScreen[None]):
    """A box over the screen; any of its keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = DIALOG_KEYS.bindings("help")

    def __init__(self, keys: KeyTable, palette: Palette) -> None:
        super().__init__()
        self._keys = keys
        self._palette = palette

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="box") as box:
            box.border_title = "Keys"
            box.border_subtitle = f"arrows scroll, {CLOSE_HELP.key} closes"
            yield Static(self._text(), id="help-text")

    def _text(self) -> Text:
        text, palette = Text(end=""), self._palette
        arrows = {"↑": "Up", "↓": "Down", "→": "Right", "←": "Left"} if palette.ascii else {}
        for row in self._keys.rows:
            named = row.keys
            for arrow, word in arrows.items():
                named = named.replace(arrow, word)
            text.append(f"{named:18}", "bold")
            text.append(f"{row.does}\n")
        for number, (key, category) in enumerate(CATEGORIES.items()):
            text.append("" if number % 5 else "\n")
            text.append(palette.glyph(key), "" if self.app.no_color else palette.color(key))
            text.append(f" {category.label:12}")
        text.append("\n\nShares are of the parameters: trained values, tied ones once,\nbuffers not at all.")
        return text
