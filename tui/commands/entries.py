"""The commands there are. Another one is a file beside this and an entry here."""

from __future__ import annotations

from argparse import ArgumentParser

from tui.commands.command import Command
from tui.commands.count import CountCommand
from tui.commands.list_models import ListCommand
from tui.commands.options import Options
from tui.commands.study import StudyCommand

COMMANDS: tuple[Command, ...] = (CountCommand(), StudyCommand(), ListCommand())
"""In the order of the help. The first is meant where no other is asked for."""


def add_commands(parser: ArgumentParser) -> None:
    """Declares the options of all commands."""
    for command in COMMANDS:
        command.add_arguments(parser)


def asked_command(options: Options, parser: ArgumentParser) -> Command:
    """The command that the options ask for, checked; ends with wrong usage where that, or where they ask for two."""
    default, *others = COMMANDS
    asked = [command for command in others if command.is_asked(options)]
    command = asked[-1] if asked else default
    command.check(options, parser)
    if len(asked) > 1:
        parser.error(command.refusal(asked[-2]))
    return command
