"""The line of views, the present one marked; a click opens another."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from rich.text import Text
from textual import events
from textual.message import Message

from core.text.width import cells
from tui.keys.action import Action
from tui.widgets.line import Line


class ViewTabs(Line):
    """` 1 Shares  2 Table …`."""

    class Chosen(Message):
        """Another view was clicked."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, views: Sequence[Action], *, id: str) -> None:
        """
        Args:
            views: what opens each, from the left.
            id: the widget's.
        """
        super().__init__(id=id)
        self._views = views

    def show(self, view: str | Text | int) -> None:
        """Marks a view as the present one."""
        text = Text()
        for number, label in enumerate(self._labels()):
            chosen = number == view
            text.append(label, Style(bold=chosen, reverse=chosen))
        super().show(text)

    def on_click(self, event: events.Click) -> None:
        end = 0
        for number, label in enumerate(self._labels()):
            end += cells(label)
            if event.x < end:
                self.post_message(self.Chosen(number))
                return

    def _labels(self) -> list[str]:
        return [tab_label(view) for view in self._views]


def tab_label(view: Action) -> str:
    """A view's key and name as a tab: ` 1 Shares `."""
    return f" {view.key} {view.tooltip} "
