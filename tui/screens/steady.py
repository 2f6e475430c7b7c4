"""What every screen here needs so that fast keys and clicks cannot upset it."""

from __future__ import annotations

from asyncio import Future
from typing import TYPE_CHECKING, Any

from textual.await_complete import AwaitComplete

if TYPE_CHECKING:
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
    """

    _dismissed = False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_mounted or self._dismissed:
            return False
        return super().check_action(action, parameters)

    def dismiss(self, result: Any = None) -> AwaitComplete:
        if self._dismissed or self.app.screen is not self:
            nothing: Future[None] = Future()
            nothing.set_result(None)
            return AwaitComplete(nothing)
        self._dismissed = True
        return super().dismiss(result)
