"""All keys with what they do: one list for the help, the hints and the README's table."""

from __future__ import annotations

EXPLORER_KEYS: list[tuple[str, str]] = [
    ("↑ ↓  j k", "move"),
    ("→  l", "open a row, then go into it"),
    ("←  h", "close a row, then go out of it"),
    ("Enter  Space", "open or close a row"),
    ("PgUp PgDn  g G", "a page; first, last row"),
    ("e  E", "expand one level, all below"),
    ("c", "collapse"),
    ("f", "fold or unfold runs of layers or experts alike"),
    ("s", "sort by size, or in natural order"),
    ("p", "shares of the whole model, or of the module above"),
    ("/  n N", "filter by name; next, previous match"),
    ("1 2 3", "shares; layers; weights and biases"),
    ("Tab", "the other pane"),
    ("o", "open another model (the picker)"),
    ("r", "read the model again"),
    ("y", "copy the row to the clipboard (OSC 52)"),
    ("x", "export the table or the screen to a file"),
    ("Ctrl+P", "all commands, themes too"),
    ("Esc", "cancel the load; clear the filter; back"),
    ("?", "this help"),
    ("q", "quit"),
]

PICKER_KEYS: list[tuple[str, str]] = [
    ("any letter", "filter the list"),
    ("↑ ↓  PgUp PgDn", "choose"),
    ("Enter", "open the model"),
    ("Esc", "clear the filter; back, or quit"),
    ("F1", "this help"),
    ("Ctrl+Q", "quit"),
]
