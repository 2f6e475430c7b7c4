"""The titled rule above a pane: heavy where the pane has the focus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from core.text.width import cells
from tui.palette import Palette

LIGHT, HEAVY = "─", "━"


class Title(NamedTuple):
    """One title in a rule, and whether it is the chosen one of several."""

    text: str
    chosen: bool = False


class PaneRule(Widget):
    """`━ Tree ━━━━ natural order ━`; where the pane has no focus `─ Tree ───`."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"pane-rule--focused"}
    FIRST_COLUMN: ClassVar[int] = 2
    """Where the first title begins."""

    def __init__(self, palette: Palette, *, id: str) -> None:
        super().__init__(id=id)
        self._palette = palette
        self._titles: Sequence[Title] = ()
        self._right = ""
        self._focused = False

    def show_titles(self, titles: Sequence[Title], right: str = "") -> None:
        """Shows other titles, and other words at the right end, where there is room for them."""
        if (titles, right) != (self._titles, self._right):
            self._titles, self._right = titles, right
            self.refresh()

    def show_focus(self, focused: bool) -> None:
        """Shows whether the pane has the focus."""
        if focused != self._focused:
            self._focused = focused
            self.refresh()

    def render(self) -> Text:
        palette, width = self._palette, self.size.width
        line = palette.ruled(HEAVY if self._focused else LIGHT)
        rule = self.get_component_rich_style("pane-rule--focused", partial=True) if self._focused else Style()
        text = Text(no_wrap=True, overflow="crop", end="")
        text.append(f"{line} ", rule)
        for number, title in enumerate(self._titles):
            text.append(palette.ruled(LIGHT) if number else "", rule)
            text.append(palette.plain(title.text), Style(bold=True, reverse=title.chosen))
        text.append(" ")
        right = f" {palette.plain(self._right)} "
        room = width - text.cell_len - 1
        if not self._right or cells(right) > room:
            right = ""
        text.append(line * max(0, room - cells(right)), rule)
        text.append(right, Style(dim=True))
        return text.append(line, rule)
