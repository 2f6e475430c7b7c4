"""The keys of the picker, where letters filter."""

from __future__ import annotations

from tui.keys.action import Action, KeyTable, command, hint, nth_keys, row
from tui.keys.app import COMMANDS_ROW, INTERRUPT, QUIT_ALWAYS, SUSPEND_ROW

_DOWN = Action("picker.down", "down", "screen", "list('cursor_down')", tooltip="Down", priority=True)
_UP = Action("picker.up", "up", "screen", "list('cursor_up')", tooltip="Up", priority=True)
_PAGE_DOWN = Action("picker.page-down", "pagedown", "screen", "list('page_down')", tooltip="A page down", priority=True)
_PAGE_UP = Action("picker.page-up", "pageup", "screen", "list('page_up')", tooltip="A page up", priority=True)
MARK = Action("picker.mark", "tab", "screen", "mark", "mark", "Mark to compare", priority=True)
_SORT = Action("picker.sort", "ctrl+o", "screen", "sort", "sort", "Sort by the next of the orders", priority=True)
COMPARE = Action("picker.compare", "f2", "screen", "compare", "compare", "Compare those marked", priority=True)
# The field takes Enter itself and says so.
OPEN = Action("picker.open", "enter", "", "screen.open", "open", "Open the model")
_ADD = Action("picker.add", "enter", "", "screen.open", "add", "Add the models")
_LEAVE = Action("picker.leave", "escape", "screen", "leave", "back", "Back, or quit", priority=True)
_HELP = Action("picker.help", "f1", "screen", "app.help", "help", "All keys")

PICKER_KEYS = KeyTable(
    (
        row("filter the list: words or globs; or a path, a hub id", named="any letter"),
        row(
            "choose",
            _UP,
            _DOWN,
            _PAGE_UP,
            _PAGE_DOWN,
            named=f"{nth_keys(0, _UP, _DOWN)}  {nth_keys(0, _PAGE_UP, _PAGE_DOWN)}",
        ),
        command("mark the model; complete a path while it is typed", MARK),
        command("compare those marked, or the one marked with this", COMPARE),
        command("sort: natural, name, size, date, parameters", _SORT),
        command("open the model", OPEN),
        command("clear the filter; back, or quit", _LEAVE),
        COMMANDS_ROW,
        command("this help", _HELP),
        SUSPEND_ROW,
        command("quit", QUIT_ALWAYS, INTERRUPT),
    ),
    (_ADD,),
)

MARK_HINT = hint(MARK)
COMPLETE_HINT = MARK_HINT._replace(word="complete the path")
SORT_HINT = hint(_SORT)

PICKER_FOOTER = (hint(OPEN), MARK_HINT, SORT_HINT, hint(COMPARE), hint(_HELP), hint(_LEAVE), hint(QUIT_ALWAYS))

ADDING_FOOTER = (hint(_ADD), *PICKER_FOOTER[1:])
"""Where what is picked joins a comparison."""
