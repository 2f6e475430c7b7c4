"""The keys of the boxes over a screen; each box tells them in its lower edge."""

from __future__ import annotations

from tui.keys.action import Action, KeyTable, row

CLOSE_HELP = Action("help.close", "escape,question_mark,q,f1,enter", "help", "dismiss", tooltip="Close")
CLOSE_NOTES = Action("notes.close", "escape,i,question_mark,q,f1,enter", "notes", "dismiss", tooltip="Close")
CLOSE_PAGE = Action("category.close", "escape,question_mark,q,f1,enter", "category", "dismiss", tooltip="Close")
# Before the box, which scrolls up and down alone.
NEXT_PAGE = Action("category.next", "right,l", "category", "turn(1)", tooltip="The next category", priority=True)
PAGE_BEFORE = Action("category.before", "left,h", "category", "turn(-1)", tooltip="The one before", priority=True)
CLOSE_EXPORT = Action("export.close", "escape", "export", "dismiss", tooltip="Close")
_DOWN = Action("commands.down", "down", "commands", "list('cursor_down')", tooltip="Down", priority=True)
_UP = Action("commands.up", "up", "commands", "list('cursor_up')", tooltip="Up", priority=True)
_PAGE_DOWN = Action(
    "commands.page-down", "pagedown", "commands", "list('page_down')", tooltip="A page down", priority=True
)
_PAGE_UP = Action("commands.page-up", "pageup", "commands", "list('page_up')", tooltip="A page up", priority=True)
CLOSE_COMMANDS = Action("commands.close", "escape,ctrl+p", "commands", "dismiss", tooltip="Close", priority=True)

DIALOG_KEYS = KeyTable(
    (
        row("close the help", CLOSE_HELP),
        row("close the notes", CLOSE_NOTES),
        row("close the page on a category", CLOSE_PAGE),
        row("turn to another category's page", PAGE_BEFORE, NEXT_PAGE),
        row("close the export", CLOSE_EXPORT),
        row("choose a command", _UP, _DOWN, _PAGE_UP, _PAGE_DOWN),
        row("close the commands", CLOSE_COMMANDS),
    )
)
