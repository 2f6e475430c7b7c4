"""The keys of the picker, where letters filter."""

from __future__ import annotations

from tui.keys.action import Action, KeyTable, command, hint, nth_keys, row
from tui.keys.app import COMMANDS_ROW, INTERRUPT, QUIT_ALWAYS

_DOWN = Action("picker.down", "down", "screen", "list('cursor_down')", tooltip="Down", priority=True)
_UP = Action("picker.up", "up", "screen", "list('cursor_up')", tooltip="Up", priority=True)
_PAGE_DOWN = Action("picker.page-down", "pagedown", "screen", "list('page_down')", tooltip="A page down", priority=True)
_PAGE_UP = Action("picker.page-up", "pageup", "screen", "list('page_up')", tooltip="A page up", priority=True)
_MARK = Action("picker.mark", "tab", "screen", "mark", "mark to compare", "Mark to compare", priority=True)
_MARK_CHOSEN = Action("picker.mark-chosen", "m", "find", "screen.mark_chosen", tooltip="Mark", priority=True)
# The field takes Enter itself and says so.
OPEN = Action("picker.open", "enter", "", "screen.open", "open", "Open the model")
_ADD = Action("picker.add", "enter", "", "screen.open", "add", "Add the model")
_LEAVE = Action("picker.leave", "escape", "screen", "leave", "back or quit", "Back, or quit", priority=True)
_HELP = Action("picker.help", "f1", "screen", "app.help", "help", "All keys")

PICKER_KEYS = KeyTable(
    (
        row("filter the list", named="any letter"),
        row(
            "choose",
            _UP,
            _DOWN,
            _PAGE_UP,
            _PAGE_DOWN,
            named=f"{nth_keys(0, _UP, _DOWN)}  {nth_keys(0, _PAGE_UP, _PAGE_DOWN)}",
        ),
        command(
            f"mark the model for comparison; {_MARK_CHOSEN.key} too, after {nth_keys(0, _UP, _DOWN)}",
            _MARK,
            _MARK_CHOSEN,
            named=_MARK.key,
        ),
        command("open the model, or compare those marked", OPEN),
        command("clear the filter; back, or quit", _LEAVE),
        COMMANDS_ROW,
        command("this help", _HELP),
        command("quit", QUIT_ALWAYS, INTERRUPT),
    ),
    (_ADD,),
)

PICKER_FOOTER = (hint(OPEN), hint(_MARK), hint(_LEAVE), hint(_HELP), hint(QUIT_ALWAYS))

ADDING_FOOTER = (hint(_ADD), *PICKER_FOOTER[1:])
"""Where what is picked joins a comparison."""
