"""What every screen here needs so that fast keys, clicks and changes of the terminal's size cannot upset it."""

from __future__ import annotations

from asyncio import Future
from typing import TYPE_CHECKING, Any

from textual.await_complete import AwaitComplete

if TYPE_CHECKING:
    from textual.geometry import Size
    from textual.screen import Screen

    class _Base(Screen[Any]):
        """What type checkers take it for."""
else:
    # No screen itself: Textual takes a class's style names from its first base that is one.
    _Base = object


class Steady(_Base):
    """Put before a screen's class: it takes no keys before it is mounted, and can be left once only.

    In Textual 8.2 a second dismissal pops the screen below, or raises ScreenStackError where there is none: a second
    click or key may wait in the queue while the screen is being left.
    There, too, a screen that is laid out anew tells itself its size: two sizes that are on their way at once, or one
    that Textual guesses in two ways as the terminal says 0x0, would follow each other for ever, and no signal be heard.
    """

    _dismissed = False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_mounted or self._dismissed:
            return False
        return super().check_action(action, parameters)

    def _screen_resized(self, size: Size) -> None:
        super()._screen_resized(self.app.size)  # which is the last that the terminal told

    def dismiss(self, result: Any = None) -> AwaitComplete:
        if self._dismissed or self.app.screen is not self:
            nothing: Future[None] = Future()
            nothing.set_result(None)
            return AwaitComplete(nothing)
        self._dismissed = True
        return super().dismiss(result)
