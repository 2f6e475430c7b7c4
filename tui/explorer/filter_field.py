"""The field in which a part of a name is typed, by which the tree is filtered."""

from __future__ import annotations

from textual.widgets import Input

from core.text.numbers import exact
from tui.explorer.outline import MAX_MATCH_ROWS, Outline
from tui.keys.action import ENTER
from tui.keys.explorer import BACK, NEXT_MATCH, PREVIOUS_MATCH

_PLACEHOLDER = f"part of a name; {ENTER} keeps the filter, {BACK.key} clears it"


class FilterField(Input):
    """Closed unless it is asked for; stays open, without the focus, while its filter is on."""

    def __init__(self, *, id: str) -> None:
        super().__init__(placeholder=_PLACEHOLDER, id=id, compact=True)

    @property
    def is_open(self) -> bool:
        """Whether it is seen."""
        return self.has_class("-open")

    def open(self) -> None:
        """Shows it and lets the user type."""
        self.add_class("-open")
        self.focus()

    def keep(self) -> None:
        """Leaves it in sight if there is a filter."""
        self.set_class(bool(self.value), "-open")

    def close(self) -> None:
        """Clears the filter."""
        self.value = ""
        self.remove_class("-open")


def found_text(outline: Outline) -> str:
    """What a filter found, as a sentence; "" without a filter."""
    if not outline.pattern:
        return ""
    if not outline.matches:
        return f"no name has that in it; {BACK.key} shows all again"
    shown = f", the first {exact(MAX_MATCH_ROWS)} shown" if outline.matches > MAX_MATCH_ROWS else ""
    keys = f"{ENTER}, then {NEXT_MATCH.key} and {PREVIOUS_MATCH.key}"
    return f"{exact(outline.matches)} found{shown}; {keys} go through them"
