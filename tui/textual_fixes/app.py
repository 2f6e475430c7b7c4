"""What the app needs of Textual otherwise than it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual.filter import LineFilter, Monochrome, NoColor
from textual.scrollbar import ScrollBar

if TYPE_CHECKING:
    from textual.app import App

    class _Base(App[Any]):
        """What type checkers take the work-arounds below for: parts of an app."""
else:
    _Base = object

_BAR_ENDS = ScrollBar.renderer.VERTICAL_BARS


def without_greys(filters: Sequence[LineFilter]) -> list[LineFilter]:
    """Filters that leave out all colours where `NO_COLOR` is set.

    For Textual 8.2, which turns colours into greys, which are colours too.
    Needed while `test_textual_turns_colours_into_greys` passes.
    """
    return [NoColor() if isinstance(each, Monochrome) else each for each in filters]


def draw_scrollbar_ends(ascii_only: bool) -> None:
    """Draws the ends of scroll bars in whole cells where there is nothing but ASCII.

    For Textual 8.2, which draws them in eighths of a cell, which ASCII lacks, and takes them from the class.
    Needed while `test_textual_draws_the_ends_of_scroll_bars_outside_ascii` passes.
    """
    ScrollBar.renderer.VERTICAL_BARS = [" "] * 8 if ascii_only else _BAR_ENDS


class NoSelection(_Base):
    """An app in which the mouse selects no text; terminals select with Shift held.

    For Textual 8.2, where a click that falls beside all widgets fails while selecting (AttributeError).
    Needed while clicking a screen whose widgets are all hidden raises with `ALLOW_SELECT`.
    """

    ALLOW_SELECT = False


class FailureKept(_Base):
    """An app that keeps the error which ends it, for who started it to tell of.

    For Textual 8.2, which prints a traceback, and has no other place to say what is done with an error.
    Needed while `App._handle_exception` is what Textual calls.

    Attributes:
        failure: the error that ended the app.
    """

    failure: Exception | None = None

    def _handle_exception(self, error: Exception) -> None:
        # What is being left may miss what is gone already, or was never made: that is no failure.
        if not self._exit:
            self.failure = self.failure or error
            self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()
