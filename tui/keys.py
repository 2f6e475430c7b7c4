"""All keys with what they do: one list for the help and for the list of commands."""

from __future__ import annotations

from typing import NamedTuple


class Key(NamedTuple):
    """Some keys of one meaning.

    Attributes:
        keys: as people name them.
        does: what they do.
        action: what a command of that name runs; "" where a command would make no sense.
    """

    keys: str
    does: str
    action: str = ""


EXPLORER_KEYS = [
    Key("↑ ↓  j k", "move"),
    Key("→  l", "open a row, then go into it"),
    Key("←  h", "close a row, then go out of it"),
    Key("Enter  Space", "open or close a row"),
    Key("PgUp PgDn", "a page up, down; Ctrl+B Ctrl+F too"),
    Key("g G  Home End", "first, last row"),
    Key("e", "expand one level", "tree.expand_level"),
    Key("E", "expand all below", "tree.expand_all"),
    Key("c", "collapse", "tree.collapse_here"),
    Key("f", "fold or unfold runs of layers or experts alike", "screen.fold"),
    Key("s", "sort by size, or in natural order", "screen.sort"),
    Key("p", "shares of the whole model, or of the module above", "screen.share_of"),
    Key("/  n N", "filter by name; next, previous match", "screen.filter"),
    Key("1", "view: shares", "screen.show_view(0)"),
    Key("2", "view: layers", "screen.show_view(1)"),
    Key("3", "view: weights and biases", "screen.show_view(2)"),
    Key("4", "view: parts, and names that no rule knows", "screen.show_view(3)"),
    Key("Tab  Shift+Tab", "the other pane; Left and Right change its view", "screen.other_pane"),
    Key("?", "in the right pane: what a category is, its formula", "screen.learn"),
    Key("i", "all notes on the model, what is not counted", "screen.about"),
    Key("o", "open another model (the picker)", "app.pick"),
    Key("m", "mark the model for comparison, and compare", "screen.compare"),
    Key("r", "read the model again", "screen.reload"),
    Key("y", "copy the row to the clipboard (OSC 52)", "screen.copy"),
    Key("x", "export the table or the screen to a file", "screen.export"),
    Key("Ctrl+P", "all commands, and the themes"),
    Key("Esc", "cancel the load; clear the filter; back"),
    Key("?  F1", "this help", "app.help"),
    Key("q  Ctrl+Q  Ctrl+C", "quit", "app.quit"),
]

COMPARISON_KEYS = [
    Key("1", "view: shares as bars", "screen.show_view(0)"),
    Key("2", "view: table", "screen.show_view(1)"),
    Key("3", "view: trend along size", "screen.show_view(2)"),
    Key("4", "view: norms", "screen.show_view(3)"),
    Key("5", "view: the study's claims", "screen.show_view(4)"),
    Key("6", "view: what if", "screen.show_view(5)"),
    Key("Tab  Shift+Tab", "next view, the one before"),
    Key("← →  h l", "choose a model"),
    Key("↑ ↓  j k", "choose a row or a claim; PgUp PgDn, g G"),
    Key("b", "bars: grouped, stacked, counts on a log axis", "screen.bars"),
    Key("[ ]", "what if: fewer, more layers (view 6: Down, Up)", "screen.what_if('layers', 1)"),
    Key("{ }", "what if: less, more width (view 6: Left, Right)", "screen.what_if('hidden_size', 1)"),
    Key("p", "what if: the next published shape, up to GPT-3's", "screen.preset"),
    Key("w", "what if: type layers and width", "screen.ask"),
    Key("Enter  Space", "open the model in the explorer", "screen.open"),
    Key("m", "add models to the comparison", "screen.add"),
    Key("d  Del", "leave the model out", "screen.remove"),
    Key("f", "put the model first: differences are from it", "screen.first"),
    Key("r", "read the model again", "screen.reload"),
    Key("x", "export tables, charts and claims to a file", "screen.export"),
    Key("o", "open a model (the picker)", "app.pick"),
    Key("Ctrl+P", "all commands, and the themes"),
    Key("Esc", "back"),
    Key("?", "on a category in the table: what it is, with its formula"),
    Key("?  F1", "elsewhere: this help", "app.help"),
    Key("q  Ctrl+Q  Ctrl+C", "quit", "app.quit"),
]

PICKER_KEYS = [
    Key("any letter", "filter the list"),
    Key("↑ ↓  PgUp PgDn", "choose"),
    Key("Tab", "mark the model for comparison; m too, after ↑ ↓", "screen.mark"),
    Key("Enter", "open the model, or compare those marked", "screen.open"),
    Key("Esc", "clear the filter; back, or quit", "screen.leave"),
    Key("Ctrl+P", "all commands, and the themes"),
    Key("F1", "this help", "app.help"),
    Key("Ctrl+Q  Ctrl+C", "quit", "app.quit"),
]
