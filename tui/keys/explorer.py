"""The keys of the explorer: of the screen, its tree and its right pane."""

from __future__ import annotations

from tui.keys.action import Action, KeyTable, command, hint, hint_of_range, nth_keys, row
from tui.keys.app import COMMANDS_ROW, HELP, PICK, QUIT, QUIT_ROW, SUSPEND_ROW

_DOWN = Action("tree.down", "down,j", "tree", "move(1)", tooltip="Down")
_UP = Action("tree.up", "up,k", "tree", "move(-1)", tooltip="Up")
_EXPAND = Action("tree.expand", "right,l", "tree", "expand", tooltip="Open, or into it")
_COLLAPSE = Action("tree.collapse", "left,h", "tree", "collapse", tooltip="Close, or out of it")
_TOGGLE = Action("tree.toggle", "enter,space", "tree", "toggle_row", tooltip="Open or close")
_PAGE_DOWN = Action("tree.page-down", "pagedown,ctrl+f", "tree", "page(1)", tooltip="A page down")
_PAGE_UP = Action("tree.page-up", "pageup,ctrl+b", "tree", "page(-1)", tooltip="A page up")
_FIRST = Action("tree.first", "g,home", "tree", "edge(0)", tooltip="First row")
_LAST = Action("tree.last", "G,end", "tree", "edge(-1)", tooltip="Last row")
_EXPAND_LEVEL = Action("tree.expand-level", "e", "tree", "expand_level", tooltip="Expand one level")
_EXPAND_ALL = Action("tree.expand-all", "E", "tree", "expand_all", tooltip="Expand all below")
_COLLAPSE_HERE = Action("tree.collapse-here", "c", "tree", "collapse_here", tooltip="Collapse")

_FOLD = Action("explorer.fold", "f", "screen", "fold", "fold", "Fold or unfold runs")
_SORT = Action("explorer.sort", "s", "screen", "sort", "sort", "Sort by size or naturally")
_SHARE_OF = Action(
    "explorer.share-of", "p", "screen", "share_of", "share of", "Shares of the whole or the module above"
)
_FILTER = Action("explorer.filter", "slash", "screen", "filter", "filter", "Filter by name")
NEXT_MATCH = Action("explorer.next-match", "n", "screen", "match(1)", tooltip="Next match")
PREVIOUS_MATCH = Action("explorer.previous-match", "N", "screen", "match(-1)", tooltip="Previous match")
_SHARES = Action("explorer.view-shares", "1", "screen", "show_view(0)", tooltip="Shares")
_LAYERS = Action("explorer.view-layers", "2", "screen", "show_view(1)", tooltip="Layers")
_KINDS = Action("explorer.view-kinds", "3", "screen", "show_view(2)", tooltip="Kinds")
_PARTS = Action("explorer.view-parts", "4", "screen", "show_view(3)", tooltip="Parts")
FACTS = Action("explorer.view-facts", "9", "screen", "show_view(4)", tooltip="Facts")
METADATA = Action("facts.metadata", "enter", "facts", "screen.metadata", "metadata", tooltip="The metadata in full")
_VIEWS = Action("explorer.views", "", "screen", "show_view_beside(1)", "views", "The next view")
_OTHER_PANE = Action(
    "explorer.other-pane", "tab,shift+tab", "screen", "other_pane", "pane", "The other pane", priority=True
)
_LEARN = Action("explorer.learn", "", "screen", "learn", tooltip="What the category is")
NOTES = Action("explorer.notes", "i", "screen", "about", "notes", "Notes")
_COMPARE = Action("explorer.compare", "m", "screen", "compare", "compare", "Compare")
RELOAD = Action("explorer.reload", "r", "screen", "reload", "reload", "Read again")
_COPY = Action("explorer.copy", "y", "screen", "copy", "copy", "Copy the row")
_EXPORT = Action("explorer.export", "x", "screen", "export", "export", "Export")
BACK = Action("explorer.back", "escape", "screen", "back", "back", "Cancel, or back")

_NEXT_VIEW = Action("pane.next-view", "right,l", "right", "screen.show_view_beside(1)", tooltip="The next view")
_VIEW_BEFORE = Action("pane.view-before", "left,h", "right", "screen.show_view_beside(-1)", tooltip="The view before")
_FACTS_NEXT = Action("facts.next-view", "right,l", "facts", "screen.show_view_beside(1)", tooltip="The next view")
_FACTS_BEFORE = Action("facts.view-before", "left,h", "facts", "screen.show_view_beside(-1)", tooltip="The view before")
_NEXT_CATEGORY = Action("pane.next-category", "down,j", "right", "choose(1)", tooltip="The next category")
_CATEGORY_BEFORE = Action("pane.category-before", "up,k", "right", "choose(-1)", tooltip="The category before")
_PANE_LEARN = Action("pane.learn", "question_mark,enter", "right", "learn", tooltip="What the category is")

EXPLORER_KEYS = KeyTable(
    (
        row("move", _UP, _DOWN, named=f"{nth_keys(0, _UP, _DOWN)}  {nth_keys(1, _DOWN, _UP)}"),
        row("open a row, then go into it", _EXPAND),
        row("close a row, then go out of it", _COLLAPSE),
        row("open or close a row", _TOGGLE),
        row(
            f"a page up, down; {nth_keys(1, _PAGE_UP, _PAGE_DOWN)} too",
            *(_PAGE_UP, _PAGE_DOWN),
            named=nth_keys(0, _PAGE_UP, _PAGE_DOWN),
        ),
        row("first, last row", _FIRST, _LAST, named=f"{nth_keys(0, _FIRST, _LAST)}  {nth_keys(1, _FIRST, _LAST)}"),
        command("expand one level", _EXPAND_LEVEL),
        command("expand all below", _EXPAND_ALL),
        command("collapse", _COLLAPSE_HERE),
        command("fold or unfold runs of layers or experts alike", _FOLD),
        command("sort by size, or in natural order", _SORT),
        command("shares of the whole model, or of the module above", _SHARE_OF),
        command(
            "filter by name; next, previous match",
            _FILTER,
            NEXT_MATCH,
            PREVIOUS_MATCH,
            named=f"{_FILTER.key}  {nth_keys(0, NEXT_MATCH, PREVIOUS_MATCH)}",
        ),
        command("view: shares", _SHARES),
        command("view: layers", _LAYERS),
        command("view: weights and biases", _KINDS),
        command("view: parts, and names that no rule knows", _PARTS),
        command("view: facts: types, dimensions, metadata, files", FACTS),
        command("in the facts: all of the metadata, tokens too", METADATA),
        command(
            f"the other pane; {_VIEW_BEFORE.key_in_words} and {_NEXT_VIEW.key_in_words} change its view",
            _OTHER_PANE,
        ),
        command("in the right pane: what a category is, its formula", _LEARN, _PANE_LEARN, named=_PANE_LEARN.key),
        command("all notes on the model, what is not counted", NOTES),
        command("open another model (the picker)", PICK),
        command("compare the model with another (the picker)", _COMPARE),
        command("read the model again", RELOAD),
        command("copy the row to the clipboard (OSC 52)", _COPY),
        command("export the table or the screen to a file", _EXPORT),
        COMMANDS_ROW,
        row("close the filter; cancel the load; back", BACK),
        command("this help", HELP),
        SUSPEND_ROW,
        QUIT_ROW,
    ),
    (_VIEWS, _NEXT_VIEW, _VIEW_BEFORE, _FACTS_NEXT, _FACTS_BEFORE, _NEXT_CATEGORY, _CATEGORY_BEFORE),
)

EXPLORER_VIEWS = (_SHARES, _LAYERS, _KINDS, _PARTS, FACTS)
"""The views of the right pane, from the left; each is called by its tooltip."""

EXPLORER_FOOTER = (
    hint(HELP),
    hint(QUIT),
    hint(_FILTER),
    hint(_FOLD),
    hint(_SORT),
    hint(_SHARE_OF),
    hint_of_range(_SHARES, FACTS, _VIEWS),
    hint(_OTHER_PANE),
    hint(PICK),
    hint(_EXPORT),
    hint(_COPY),
    hint(RELOAD),
    hint(_COMPARE),
    hint(NOTES),
)
"""The most needed first: a narrow screen has no room for all."""

FACTS_FOOTER = (
    hint(HELP),
    hint(QUIT),
    hint(METADATA),
    hint_of_range(_SHARES, FACTS, _VIEWS),
    hint(PICK),
    hint(_EXPORT),
    hint(RELOAD),
    hint(NOTES),
    hint(BACK),
)
"""In the view of facts, which has no tree."""

FAILED_FOOTER = (hint(HELP), hint(QUIT), hint(RELOAD), hint(PICK), hint(_COMPARE), hint(BACK))
"""Where the model could not be read."""
