"""The line of keys at the bottom; each can be clicked."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from rich.text import Text

from core.text.width import cells
from tui.keys.action import Hint
from tui.widgets.line import Line


class KeyHints(Line):
    """`? help  / filter …`, as many as there is room for."""

    def __init__(self, hints: Sequence[Hint], *, id: str) -> None:
        """
        Args:
            hints: the most needed first.
            id: the widget's.
        """
        super().__init__(id=id)
        self._hints = hints

    def use(self, hints: Sequence[Hint]) -> None:
        """Shows other hints."""
        if tuple(hints) != tuple(self._hints):
            self._hints = hints
            self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        text = Text()
        for key, word, target in self._hints:
            if text.cell_len + cells(key) + cells(word) + 3 > self.size.width:
                break
            click = Style(meta={"@click": target})
            text.append(f" {key}", Style(bold=True) + click)
            text.append(f" {word} ", Style(dim=True) + click)
        self.show(text)
