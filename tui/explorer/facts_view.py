"""The view "Facts": dtypes, dimensions, metadata and files of the model, on the whole screen below the title."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll

from core.count.counter import Count
from tui.keys.explorer import EXPLORER_KEYS, EXPLORER_VIEWS
from tui.palette import Palette
from tui.widgets.line import Line
from tui.widgets.view_tabs import ViewTabs

_NOTHING_YET = "what the model is stored in and how it is built stands here once all is read"


class _Scroll(VerticalScroll, can_focus=True):
    """What the arrows move, and where Enter opens the metadata."""

    BINDINGS: ClassVar[list[BindingType]] = EXPLORER_KEYS.bindings("facts")


class FactsView(Container):
    """The tabs, and the facts below them; made anew only for another model or another width."""

    def __init__(self, palette: Palette, view: int, *, id: str) -> None:
        """
        Args:
            palette: how things are drawn.
            view: its number among the explorer's.
            id: the widget's.
        """
        super().__init__(id=id)
        self._palette = palette
        self._view = view
        self._count: Count | None = None
        self._shown: tuple[Count | None, int] | None = None

    def compose(self) -> ComposeResult:
        yield ViewTabs(EXPLORER_VIEWS, self._palette, id="facts-tabs")
        with _Scroll(id="facts"):
            text = Line(_NOTHING_YET, id="facts-text")
            text.wrap = True
            yield text

    def show(self, count: Count | None, offered: Sequence[int]) -> None:
        """Shows the facts of a model; what is to come where it is not counted yet. The arrows move it."""
        self._count = count
        tabs = self.query_one(ViewTabs)
        tabs.show_view(self._view, offered=offered)
        tabs.show_focus(True)
        self.query_one("#facts").focus()
        self.call_after_refresh(self._draw)

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        width = self.query_one("#facts").scrollable_content_region.width
        if not width or self._shown == (self._count, width):
            return
        from tui.explorer.facts_text import facts_text

        self._shown = self._count, width
        text = facts_text(self._count, self._palette, width) if self._count else Text(_NOTHING_YET)
        self.query_one("#facts-text", Line).show(Text(text.plain) if self.app.no_color else text)
