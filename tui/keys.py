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
    Key("o", "open another model (the picker)", "app.pick"),
    Key("r", "read the model again", "screen.reload"),
    Key("y", "copy the row to the clipboard (OSC 52)", "screen.copy"),
    Key("x", "export the table or the screen to a file", "screen.export"),
    Key("Ctrl+P", "all commands, and the themes"),
    Key("Esc", "cancel the load; clear the filter; back"),
    Key("?  F1", "this help", "app.help"),
    Key("q  Ctrl+Q  Ctrl+C", "quit", "app.quit"),
]

PICKER_KEYS = [
    Key("any letter", "filter the list"),
    Key("↑ ↓  PgUp PgDn", "choose"),
    Key("Enter", "open the model", "screen.open"),
    Key("Esc", "clear the filter; back, or quit", "screen.leave"),
    Key("Ctrl+P", "all commands, and the themes"),
    Key("F1", "this help", "app.help"),
    Key("Ctrl+Q  Ctrl+C", "quit", "app.quit"),
]
