"""Textual's command palette, without its fault."""

from __future__ import annotations

from textual.command import CommandList, CommandPalette
from textual.css.query import NoMatches


class SafeCommandPalette(CommandPalette):
    """Leaves keys alone that move in a list which is not there yet, or is empty.

    In Textual 8.2 PageUp right after the palette opened raises KeyError from the option list.
    """

    def _action_command_list(self, action: str) -> None:
        try:
            commands = self.query_one(CommandList)
        except NoMatches:
            return
        if commands.option_count and self._list_visible and commands.size.height:
            super()._action_command_list(action)
