"""The line of keys at the bottom; each can be clicked."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text

from tui.widgets.line import Line


class KeyHints(Line):
    """`? help  / filter …`, as many as there is room for."""

    def __init__(self, hints: list[tuple[str, str, str]], *, id: str) -> None:
        """
        Args:
            hints: a key, what it does, and the action of a click on it, the most needed first.
            id: the widget's.
        """
        super().__init__(id=id)
        self._hints = hints

    def on_resize(self) -> None:
        text = Text()
        for key, does, action in self._hints:
            if text.cell_len + len(key) + len(does) + 3 > self.size.width:
                break
            click = Style(meta={"@click": action})
            text.append(f" {key}", Style(bold=True) + click)
            text.append(f" {does} ", Style(dim=True) + click)
        self.show(text)
