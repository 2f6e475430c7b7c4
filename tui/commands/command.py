"""What a command is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from argparse import ArgumentParser

from tui.commands.options import Options


class Command(ABC):
    """One answer of the program: the options that are its alone, what it takes of the shared ones, and its outputs.

    Attributes:
        flag: the option that asks for it; "" for the one that is meant without any.
    """

    flag = ""

    def add_arguments(self, parser: ArgumentParser) -> None:  # noqa: B027  # what needs no option of its own adds none
        """Declares the options that are the command's alone, first the one that asks for it."""

    @abstractmethod
    def is_asked(self, options: Options) -> bool:
        """Whether the options ask for this command."""

    @abstractmethod
    def check(self, options: Options, parser: ArgumentParser) -> None:
        """Reads what the options name, such as rules; ends with wrong usage where they do not go together."""

    def refusal(self, other: Command) -> str:
        """What is said where an earlier command is asked for too."""
        return f"{self.flag} takes no {other.flag}"

    @abstractmethod
    def run(self, options: Options) -> int:
        """Answers, on the screen or on standard output.

        Args:
            options: those that `check` let pass.

        Returns:
            The exit status.
        """
