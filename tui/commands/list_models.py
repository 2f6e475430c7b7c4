"""`--list`: the models that the picker would show."""

from __future__ import annotations

from argparse import ArgumentParser

from tui.commands.command import Command
from tui.commands.options import Options, check_depth
from tui.commands.output import prepare_output, write

_REFUSAL = "--list takes --json and --ascii only"


class ListCommand(Command):
    """Lists the models there are to pick."""

    flag = "--list"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declares `--list`."""
        parser.add_argument(self.flag, action="store_true", help="the models that the picker would show")

    def is_asked(self, options: Options) -> bool:
        """By its flag."""
        return bool(options.list)

    def check(self, options: Options, parser: ArgumentParser) -> None:
        """The list is one of names: whatever is about counts does not go with it."""
        check_depth(options, parser)
        tabular = options.output in {"csv", "markdown"}
        if options.models or options.by or tabular or options.rules:
            parser.error(_REFUSAL)

    def refusal(self, other: Command) -> str:
        """The same: a list is no answer of another command."""
        return _REFUSAL

    def run(self, options: Options) -> int:
        """Writes the list; it has no screen."""
        return write_list(as_json=options.output == "json")


def write_list(as_json: bool) -> int:
    """Writes the list as text or as JSON.

    Returns:
        The exit status.
    """
    from core.locate.catalog import entries
    from core.report.model_list import list_json, list_text

    prepare_output()
    write(list_json(entries()) if as_json else list_text(entries()))
    return 0
