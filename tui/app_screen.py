"""What the screens that the app shows have in common, and what they ask of the app."""

from __future__ import annotations

from typing import ClassVar, Protocol, TypeVar, runtime_checkable

from textual.screen import Screen

from tui.keys.action import KeyTable
from tui.textual_fixes.screens import SafeScreen

Result = TypeVar("Result")


@runtime_checkable
class Shell(Protocol):
    """The app, as its screens know it."""

    def pick(self, adding: bool = False) -> None:
        """Opens the picker.

        Args:
            adding: whether what is picked is for the comparison, be it one model.
        """
        ...

    def compare(self, model: str) -> None:
        """Puts a model into the comparison that it was opened from, or asks for a second one to compare it with."""
        ...

    def show_compared(self, models: list[str], study: bool) -> None:
        """Opens a comparison over the present screen.

        Args:
            models: those to compare.
            study: whether the study's four are compared with them.
        """
        ...

    def explore(self, model: str) -> None:
        """Opens a model over the present screen."""
        ...

    def leave(self) -> None:
        """Goes back to the screen below, and leaves the program where there is none."""
        ...

    def show_help(self) -> None:
        """Shows all keys of the screen at hand."""
        ...


class AppScreen(SafeScreen, Screen[Result]):
    """A screen of its own, no box over another: the picker, the explorer, the comparison.

    Attributes:
        KEYS: its keys, for the help and the list of commands.
    """

    KEYS: ClassVar[KeyTable]

    @property
    def shell(self) -> Shell:
        """The app."""
        app = self.app
        assert isinstance(app, Shell)
        return app
