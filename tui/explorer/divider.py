"""The rule between two panes that stand side by side."""

from __future__ import annotations

from rich.text import Text
from textual.widget import Widget

from tui.palette import Palette


class Divider(Widget):
    """A vertical rule that meets the panes' titled rules at its top, the heavy one of the pane with the focus."""

    def __init__(self, palette: Palette, *, id: str) -> None:
        super().__init__(id=id)
        self._palette = palette
        self._to_right = False

    def show_focus(self, to_right: bool) -> None:
        """Shows which pane has the focus: the right one or the left."""
        if to_right != self._to_right:
            self._to_right = to_right
            self.refresh()

    def render(self) -> Text:
        palette = self._palette
        rows = [palette.ruled("┮" if self._to_right else "┭")]
        rows += [palette.ruled("│")] * max(0, self.size.height - 1)
        return Text("\n".join(rows), no_wrap=True, end="")
