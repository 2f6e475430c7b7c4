"""A list of options that keys and clicks cannot upset while it is being changed."""

from __future__ import annotations

from typing import Any

from textual import events
from textual.widgets import OptionList


class SteadyOptionList(OptionList):
    """An option list that bears a page key and a click at any time.

    In Textual 8.2 a page key in a list whose lines are not laid out yet raises KeyError (so does its own command
    palette, by Ctrl+P and PageUp), and a click on an option that has just gone raises IndexError.
    """

    def _move_page(self, direction: Any) -> None:
        if self.options and (self.highlighted or 0) in self._index_to_line:
            super()._move_page(direction)

    async def _on_click(self, event: events.Click) -> None:
        option = event.style.meta.get("option")
        if option is not None and option >= self.option_count:
            # Textual calls every class's own handler, unless told not to.
            event.prevent_default()
