"""The keys of the comparison."""

from __future__ import annotations

from tui.keys.action import Action, KeyTable, command, hint, hint_of_range, nth_keys, row
from tui.keys.app import COMMANDS_ROW, HELP, PICK, QUIT, QUIT_ROW, SUSPEND_ROW

_SHARES = Action("comparison.view-shares", "1", "screen", "show_view(0)", tooltip="Shares")
_TABLE = Action("comparison.view-table", "2", "screen", "show_view(1)", tooltip="Table")
_TREND = Action("comparison.view-trend", "3", "screen", "show_view(2)", tooltip="Trend")
_NORMS = Action("comparison.view-norms", "4", "screen", "show_view(3)", tooltip="Norms")
CLAIMS = Action("comparison.view-claims", "5", "screen", "show_view(4)", tooltip="Claims")
_WHAT_IF = Action("comparison.view-what-if", "6", "screen", "show_view(5)", tooltip="What if")
_NEXT_VIEW = Action(
    "comparison.next-view", "tab", "screen", "show_view_beside(1)", "views", "The next view", priority=True
)
_VIEW_BEFORE = Action(
    "comparison.view-before", "shift+tab", "screen", "show_view_beside(-1)", tooltip="The view before", priority=True
)
RIGHT = Action("comparison.right", "right,l", "screen", "move(1, 0)", tooltip="The next model")
LEFT = Action("comparison.left", "left,h", "screen", "move(-1, 0)", tooltip="The model before")
DOWN = Action("comparison.down", "down,j", "screen", "move(0, 1)", tooltip="Down")
UP = Action("comparison.up", "up,k", "screen", "move(0, -1)", tooltip="Up")
PAGE_DOWN = Action("comparison.page-down", "pagedown", "screen", "page(1)", tooltip="A page down")
PAGE_UP = Action("comparison.page-up", "pageup", "screen", "page(-1)", tooltip="A page up")
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
PRESET = Action("what-if.preset", "p", "screen", "preset", tooltip="The next published shape")
ASK = Action("what-if.ask", "w", "screen", "ask", tooltip="Type layers and width")
_OPEN = Action("comparison.open", "enter,space", "screen", "open", "open", "Open the model")
ADD = Action("comparison.add", "m", "screen", "add", "add", "Add models")
_REMOVE = Action("comparison.remove", "d,delete", "screen", "remove", "leave out", "Leave the model out")
_FIRST = Action("comparison.first", "f", "screen", "first", "first", "Make it the first")
_RELOAD = Action("comparison.reload", "r", "screen", "reload", "reload", "Read again")
_EXPORT = Action("comparison.export", "x", "screen", "export", "export", "Export")
_BACK = Action("comparison.back", "escape", "screen", "back", "back", "Back")
LEARN = Action("comparison.learn", "question_mark", "screen", "learn", "help", "What the category is")

_EDGE_KEYS = f"{nth_keys(0, _TOP, _BOTTOM)}, {nth_keys(1, _TOP, _BOTTOM)}"

COMPARISON_KEYS = KeyTable(
    (
        command("view: shares as bars", _SHARES),
        command("view: table", _TABLE),
        command("view: trend along size", _TREND),
        command("view: norms", _NORMS),
        command("view: the study's claims", CLAIMS),
        command("view: what if", _WHAT_IF),
        row("next view, the one before", _NEXT_VIEW, _VIEW_BEFORE),
        row("choose a model", LEFT, RIGHT, named=f"{nth_keys(0, LEFT, RIGHT)}  {nth_keys(1, LEFT, RIGHT)}"),
        row(
            f"choose a row or a claim; {nth_keys(0, PAGE_UP, PAGE_DOWN)}, {_EDGE_KEYS}",
            *(UP, DOWN, PAGE_UP, PAGE_DOWN, _TOP, _BOTTOM),
            named=f"{nth_keys(0, UP, DOWN)}  {nth_keys(1, DOWN, UP)}",
        ),
        command("bars: grouped, stacked, counts on a log axis", _BARS),
        command(
            f"what if: fewer, more layers (view {_WHAT_IF.key}: {DOWN.key_in_words}, {UP.key_in_words})",
            _MORE_LAYERS,
            _FEWER_LAYERS,
            named=nth_keys(0, _FEWER_LAYERS, _MORE_LAYERS),
        ),
        command(
            f"what if: less, more width (view {_WHAT_IF.key}: {LEFT.key_in_words}, {RIGHT.key_in_words})",
            _MORE_WIDTH,
            _LESS_WIDTH,
            named=nth_keys(0, _LESS_WIDTH, _MORE_WIDTH),
        ),
        command("what if: the next published shape, up to GPT-3's", PRESET),
        command("what if: type layers and width", ASK),
        command("open the model in the explorer", _OPEN),
        command("add models to the comparison", ADD),
        command("leave the model out", _REMOVE),
        command("put the model first: differences are from it", _FIRST),
        command("read the model again", _RELOAD),
        command("export tables, charts and claims to a file", _EXPORT),
        command("open a model (the picker)", PICK),
        COMMANDS_ROW,
        row("back", _BACK),
        row("on a category in the table: what it is, with its formula", LEARN),
        command("elsewhere: this help", HELP),
        SUSPEND_ROW,
        QUIT_ROW,
    )
)

COMPARISON_VIEWS = (_SHARES, _TABLE, _TREND, _NORMS, CLAIMS, _WHAT_IF)
"""The views, from the left; each is called by its tooltip."""

COMPARISON_FOOTER = (
    hint(LEARN),
    hint(QUIT),
    hint_of_range(_SHARES, _WHAT_IF, _NEXT_VIEW),
    hint(_BARS),
    hint(ADD),
    hint(_REMOVE),
    hint(_FIRST),
    hint(_OPEN),
    hint(_EXPORT),
    hint(_RELOAD),
    hint(_BACK),
)
"""The most needed first: a narrow screen has no room for all."""
