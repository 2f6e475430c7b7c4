"""The keys of the boxes over a screen; each box tells them in its lower edge."""

from __future__ import annotations

from tui.keys.action import Action, KeyTable, hint, row

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

_METADATA_DOWN = Action("metadata.down", "down,j", "metadata", "move(1)", tooltip="Down")
_METADATA_UP = Action("metadata.up", "up,k", "metadata", "move(-1)", tooltip="Up")
_METADATA_PAGE_DOWN = Action(
    "metadata.page-down", "pagedown,ctrl+d,ctrl+f", "metadata", "page(1)", tooltip="A page down"
)
_METADATA_PAGE_UP = Action("metadata.page-up", "pageup,ctrl+u,ctrl+b", "metadata", "page(-1)", tooltip="A page up")
_METADATA_FIRST = Action("metadata.first", "g,home", "metadata", "edge(0)", tooltip="First row")
_METADATA_LAST = Action("metadata.last", "G,end", "metadata", "screen.edge(-1)", "last", "Last row")
_METADATA_OPEN = Action("metadata.open", "enter,right,l", "metadata", "screen.open", "whole value", "The whole value")
_METADATA_FIND = Action("metadata.find", "slash", "metadata", "screen.find", "find", "Find a text")
_METADATA_NEXT = Action("metadata.next", "n", "metadata", "screen.match(1)", "next", "The next that has it")
_METADATA_BEFORE = Action("metadata.before", "N", "metadata", "screen.match(-1)", "before", "The one before")
_METADATA_BACK = Action("metadata.back", "escape,left,h,q", "metadata", "screen.back", "back", "Back")

DIALOG_KEYS = KeyTable(
    (
        row("close the help", CLOSE_HELP),
        row("close the notes", CLOSE_NOTES),
        row("close the page on a category", CLOSE_PAGE),
        row("turn to another category's page", PAGE_BEFORE, NEXT_PAGE),
        row("close the export", CLOSE_EXPORT),
        row("choose a command", _UP, _DOWN, _PAGE_UP, _PAGE_DOWN),
        row("close the commands", CLOSE_COMMANDS),
        row(
            "choose a row of the metadata",
            *(_METADATA_UP, _METADATA_DOWN, _METADATA_PAGE_UP, _METADATA_PAGE_DOWN, _METADATA_FIRST, _METADATA_LAST),
        ),
        row("the whole value, such as all tokens", _METADATA_OPEN),
        row("find a text in it; the next, the one before", _METADATA_FIND, _METADATA_NEXT, _METADATA_BEFORE),
        row("from a value to the keys; close the metadata", _METADATA_BACK),
    )
)

VALUE_FOOTER = (
    hint(_METADATA_FIND),
    hint(_METADATA_NEXT),
    hint(_METADATA_BEFORE),
    hint(_METADATA_LAST),
    hint(_METADATA_BACK),
)
METADATA_FOOTER = (hint(_METADATA_OPEN), *VALUE_FOOTER)
"""Below the list of keys."""
