"""The commands there are. Another one is a file beside this and an entry here."""

from __future__ import annotations

from argparse import ArgumentParser

from tui.commands.command import Command
from tui.commands.count import CountCommand
from tui.commands.list_models import ListCommand
from tui.commands.options import Options
from tui.commands.study import StudyCommand

COMMANDS: tuple[Command, ...] = (CountCommand(), StudyCommand(), ListCommand())
"""In the order of the help. Of several that are asked for the last is meant, and tells in its check what it refuses."""


def add_commands(parser: ArgumentParser) -> None:
    """Declares the options of all commands."""
    for command in COMMANDS:
        command.add_arguments(parser)


def asked_command(options: Options) -> Command:
    """The command that the options ask for."""
    return next(command for command in reversed(COMMANDS) if command.is_asked(options))
