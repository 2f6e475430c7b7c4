"""A box over the screen with a page of text, which fits itself to the terminal's width."""

from __future__ import annotations

from abc import abstractmethod

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from tui.palette import Palette
from tui.textual_fixes.screens import SafeScreen
from tui.widgets.line import Line

_MARGIN_COLUMNS = 6
_MAX_COLUMNS = 92


class PageScreen(SafeScreen, ModalScreen[None]):
    """What pages of text have in common; each says how it is left.

    Attributes:
        palette: how things are drawn.
    """

    def __init__(self, palette: Palette, keys: str) -> None:
        """
        Args:
            palette: how things are drawn.
            keys: what the box says below of its keys.
        """
        super().__init__()
        self.palette = palette
        self._keys = keys

    @abstractmethod
    def page(self, width: int) -> tuple[str, Text]:
        """The title of the box, and its text in lines of at most `width` characters."""

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="box") as box:
            box.border_subtitle = self.palette.plain(self._keys)
            line = Line("", id="page")
            line.wrap = True
            yield line

    def on_mount(self) -> None:
        self.show_page()

    def on_resize(self) -> None:
        self.show_page()

    def show_page(self) -> None:
        """Writes the page anew."""
        title, text = self.page(max(24, min(self.app.size.width, _MAX_COLUMNS) - _MARGIN_COLUMNS))
        self.query_one("#box").border_title = self.palette.plain(title).replace("[", r"\[")
        self.query_one("#page", Line).show(text)
