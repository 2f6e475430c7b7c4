"""The line of views, the present one marked; a click opens another."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from rich.text import Text
from textual import events
from textual.message import Message

from tui.widgets.line import Line


class ViewTabs(Line):
    """` 1 Shares  2 Table …`."""

    class Chosen(Message):
        """Another view was clicked."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, views: Sequence[str], *, id: str) -> None:
        super().__init__(id=id)
        self._views = views

    def show(self, view: str | Text | int) -> None:
        """Marks a view as the present one."""
        text = Text()
        for number, name in enumerate(self._views):
            chosen = number == view
            text.append(f" {number + 1} {name} ", Style(bold=chosen, reverse=chosen))
        super().show(text)

    def on_click(self, event: events.Click) -> None:
        end = 0
        for number, name in enumerate(self._views):
            end += len(name) + 4
            if event.x < end:
                self.post_message(self.Chosen(number))
                return
