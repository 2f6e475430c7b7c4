"""The keys of the comparison."""

from __future__ import annotations

from tui.keys.action import Action, KeyTable, command, hint, hint_of_range, row
from tui.keys.app import COMMANDS_ROW, HELP, PICK, QUIT, QUIT_ROW

_SHARES = Action("comparison.view-shares", "1", "screen", "show_view(0)", tooltip="Shares")
_TABLE = Action("comparison.view-table", "2", "screen", "show_view(1)", tooltip="Table")
_TREND = Action("comparison.view-trend", "3", "screen", "show_view(2)", tooltip="Trend")
_NORMS = Action("comparison.view-norms", "4", "screen", "show_view(3)", tooltip="Norms")
_CLAIMS = Action("comparison.view-claims", "5", "screen", "show_view(4)", tooltip="Claims")
_WHAT_IF = Action("comparison.view-what-if", "6", "screen", "show_view(5)", tooltip="What if")
_NEXT_VIEW = Action(
    "comparison.next-view", "tab", "screen", "show_view_beside(1)", "views", "The next view", priority=True
)
_VIEW_BEFORE = Action(
    "comparison.view-before", "shift+tab", "screen", "show_view_beside(-1)", tooltip="The view before", priority=True
)
_RIGHT = Action("comparison.right", "right,l", "screen", "move(1, 0)", tooltip="The next model")
_LEFT = Action("comparison.left", "left,h", "screen", "move(-1, 0)", tooltip="The model before")
_DOWN = Action("comparison.down", "down,j", "screen", "move(0, 1)", tooltip="Down")
_UP = Action("comparison.up", "up,k", "screen", "move(0, -1)", tooltip="Up")
_PAGE_DOWN = Action("comparison.page-down", "pagedown", "screen", "page(1)", tooltip="A page down")
_PAGE_UP = Action("comparison.page-up", "pageup", "screen", "page(-1)", tooltip="A page up")
_TOP = Action("comparison.top", "g,home", "screen", "edge(0)", tooltip="First row or claim")
_BOTTOM = Action("comparison.bottom", "G,end", "screen", "edge(-1)", tooltip="Last row or claim")
_BARS = Action("comparison.bars", "b", "screen", "bars", "bars", "Other bars")
_FEWER_LAYERS = Action(
    "what-if.fewer-layers", "left_square_bracket", "screen", "what_if('layers', -1)", tooltip="Fewer layers"
)
_MORE_LAYERS = Action(
    "what-if.more-layers", "right_square_bracket", "screen", "what_if('layers', 1)", tooltip="More layers"
)
_LESS_WIDTH = Action(
    "what-if.less-width", "left_curly_bracket", "screen", "what_if('hidden_size', -1)", tooltip="Less width"
)
_MORE_WIDTH = Action(
    "what-if.more-width", "right_curly_bracket", "screen", "what_if('hidden_size', 1)", tooltip="More width"
)
_PRESET = Action("what-if.preset", "p", "screen", "preset", tooltip="The next published shape")
_ASK = Action("what-if.ask", "w", "screen", "ask", tooltip="Type layers and width")
_OPEN = Action("comparison.open", "enter,space", "screen", "open", "open", "Open the model")
_ADD = Action("comparison.add", "m", "screen", "add", "add", "Add models")
_REMOVE = Action("comparison.remove", "d,delete", "screen", "remove", "leave out", "Leave the model out")
_FIRST = Action("comparison.first", "f", "screen", "first", "first", "Make it the first")
_RELOAD = Action("comparison.reload", "r", "screen", "reload", "reload", "Read again")
_EXPORT = Action("comparison.export", "x", "screen", "export", "export", "Export")
_BACK = Action("comparison.back", "escape", "screen", "back", "back", "Back")
_LEARN = Action("comparison.learn", "question_mark", "screen", "learn", "help", "What the category is")

COMPARISON_KEYS = KeyTable(
    (
        command("view: shares as bars", _SHARES),
        command("view: table", _TABLE),
        command("view: trend along size", _TREND),
        command("view: norms", _NORMS),
        command("view: the study's claims", _CLAIMS),
        command("view: what if", _WHAT_IF),
        row("next view, the one before", _NEXT_VIEW, _VIEW_BEFORE),
        row("choose a model", _LEFT, _RIGHT, named="← →  h l"),
        row(
            "choose a row or a claim; PgUp PgDn, g G, Home End",
            *(_UP, _DOWN, _PAGE_UP, _PAGE_DOWN, _TOP, _BOTTOM),
            named="↑ ↓  j k",
        ),
        command("bars: grouped, stacked, counts on a log axis", _BARS),
        command("what if: fewer, more layers (view 6: Down, Up)", _MORE_LAYERS, _FEWER_LAYERS, named="[ ]"),
        command("what if: less, more width (view 6: Left, Right)", _MORE_WIDTH, _LESS_WIDTH, named="{ }"),
        command("what if: the next published shape, up to GPT-3's", _PRESET),
        command("what if: type layers and width", _ASK),
        command("open the model in the explorer", _OPEN),
        command("add models to the comparison", _ADD),
        command("leave the model out", _REMOVE),
        command("put the model first: differences are from it", _FIRST),
        command("read the model again", _RELOAD),
        command("export tables, charts and claims to a file", _EXPORT),
        command("open a model (the picker)", PICK),
        COMMANDS_ROW,
        row("back", _BACK),
        row("on a category in the table: what it is, with its formula", _LEARN),
        command("elsewhere: this help", HELP),
        QUIT_ROW,
    )
)

COMPARISON_FOOTER = (
    hint(_LEARN),
    hint(QUIT),
    hint_of_range(_SHARES, _WHAT_IF, _NEXT_VIEW),
    hint(_BARS),
    hint(_ADD),
    hint(_REMOVE),
    hint(_FIRST),
    hint(_OPEN),
    hint(_EXPORT),
    hint(_RELOAD),
    hint(_BACK),
)
"""The most needed first: a narrow screen has no room for all."""
