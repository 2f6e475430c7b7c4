"""A list of options that keys and clicks cannot upset while it is being changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import events
from textual.widgets import OptionList

if TYPE_CHECKING:
    _Base = OptionList
else:
    # No widgets themselves: Textual takes a class's style names from its first base that is one.
    _Base = object


class _PageKeysBeforeLayout(_Base):
    """A page key in a list whose lines are not laid out yet does nothing.

    For Textual 8.2, where it raises KeyError (so does Textual's own command palette, by Ctrl+P and PageUp).
    Needed while `test_textual_fails_at_a_page_key_before_the_lines_are_laid_out` passes.
    """

    def _move_page(self, direction: Any) -> None:
        if self.options and (self.highlighted or 0) in self._index_to_line:
            super()._move_page(direction)


class _ClickOnGoneOption(_Base):
    """A click on an option that has just gone does nothing.

    For Textual 8.2, where it raises IndexError.
    Needed while `test_textual_fails_at_a_click_on_an_option_that_has_just_gone` passes.
    """

    async def _on_click(self, event: events.Click) -> None:
        option = event.style.meta.get("option")
        if option is not None and option >= self.option_count:
            # Textual calls every class's own handler, unless told not to.
            event.prevent_default()


class SafeOptionList(_PageKeysBeforeLayout, _ClickOnGoneOption, OptionList):
    """An option list that bears a page key, a click and a size at any time.

    The least width is for Textual 8.2, which fails where a list as high as its lines has no width to fold them in.
    Needed while the program with the export's dialogue open ends at a terminal of one column without it.
    """

    DEFAULT_CSS = "SafeOptionList { min-width: 12; }"
