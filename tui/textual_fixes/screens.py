"""What every screen here needs so that fast keys, clicks and changes of the terminal's size cannot upset it."""

from __future__ import annotations

from asyncio import Future
from typing import TYPE_CHECKING, Any

from textual.await_complete import AwaitComplete

if TYPE_CHECKING:
    from textual.geometry import Size
    from textual.screen import Screen

    class _Base(Screen[Any]):
        """What type checkers take the work-arounds below for: parts of a screen."""
else:
    # At run time these classes are no screens: Textual takes a class's style names from its first base that is one.
    _Base = object


class _LeftOnce(_Base):
    """A screen that can be left once only, and takes no keys after that.

    For Textual 8.2, where a second dismissal pops the screen below, or raises ScreenStackError where there is none: a
    second click or key may wait in the queue while the screen is being left.
    Needed while `test_textual_fails_at_a_second_dismissal` passes.
    """

    _dismissed = False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return False if self._dismissed else super().check_action(action, parameters)

    def dismiss(self, result: Any = None) -> AwaitComplete:
        if self._dismissed or self.app.screen is not self:
            nothing: Future[None] = Future()
            nothing.set_result(None)
            return AwaitComplete(nothing)
        self._dismissed = True
        return super().dismiss(result)


class _KeysOnceMounted(_Base):
    """A screen that takes no keys before it is mounted.

    For Textual 8.2, which runs actions of a screen whose widgets are not made yet: what they ask for is not found.
    Needed while a key that comes with the one that opens a screen is answered by that screen before `on_mount`.
    """

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return super().check_action(action, parameters) if self.is_mounted else False


class _SizeOfTerminal(_Base):
    """A screen that takes its size from the app and not from the message that tells of it.

    For Textual 8.2, where a screen that is laid out anew tells itself its size: two sizes that are on their way at
    once, or one that Textual guesses in two ways as the terminal says 0x0, would follow each other for ever, and no
    signal be heard.
    Needed while `test_a_terminal_that_does_not_know_its_size_gets_a_screen_that_rests_and_ends` fails without it.
    """

    def _screen_resized(self, size: Size) -> None:
        super()._screen_resized(self.app.size)  # which is the last that the terminal told


class _NoToastsAtFirst(_Base):
    """A screen whose place for toasts is hidden before it is first painted.

    For Textual 8.2, which hides it after that, and for it lays out and sends all of the screen once more.
    Needed while the start of the explorer sends a third less with it.
    """

    def on_mount(self) -> None:
        for rack in self.query("ToastRack"):
            rack.display = False


class SafeScreen(_KeysOnceMounted, _LeftOnce, _SizeOfTerminal, _NoToastsAtFirst):
    """A screen with all the work-arounds above; to be named first among a screen's bases."""
