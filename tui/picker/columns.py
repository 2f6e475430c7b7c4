"""A line of the picker: a model's name, where it is from, its parameters, size and age."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

from rich.text import Text

from core.locate.catalog import Entry
from core.text.apart import cut_apart
from core.text.escape import escaped
from core.text.matching import spans_in
from core.text.numbers import exact, size
from core.text.width import cells
from tui.palette import Palette
from tui.picker.state import PickerState

_MIN_NAME_COLUMNS = 24
_MIN_WITH_DATE = 40
_ELSEWHERE_COLUMNS = 9
"""Margins, the scroll bar and the mark."""
_UNITS = ((86_400 * 60, ""), (86_400, "d"), (3600, "h"), (60, "min"))


class Columns(NamedTuple):
    """Which columns there is room for.

    Attributes:
        name: columns of the terminal for names.
        source: whether it is told where a model is from.
        held: whether its size on disk is.
        changed: whether its age is.
    """

    name: int
    source: bool
    held: bool
    changed: bool

    @classmethod
    def fitting(cls, width: int, longest: int) -> Columns:
        """The columns for a screen of some width; where names have little room, age, size and source give way.

        Args:
            width: of the screen.
            longest: of the names, about: figures stand beside them, not at the screen's end.
        """
        room = width - _ELSEWHERE_COLUMNS - 16
        columns = cls(room - 12 - 15 - 10, True, True, True)
        if columns.name < _MIN_WITH_DATE:
            columns = cls(room - 12 - 15, True, True, False)
        if columns.name < _MIN_NAME_COLUMNS:
            columns = cls(room - 15, True, False, False)
        if columns.name < _MIN_NAME_COLUMNS:
            columns = cls(max(8, room), False, False, False)
        return columns._replace(name=min(columns.name, max(longest, _MIN_WITH_DATE)))

    def beside(self, source: str, parameters: str, held: str, changed: str) -> str:
        """What stands behind the name."""
        text = f" {source:14}" if self.source else ""
        text += f" {parameters:>15}"
        text += f" {held:>11}" if self.held else ""
        return text + (f" {changed:>9}" if self.changed else "")

    def head(self, palette: Palette) -> str:
        """The line above all others."""
        return f"  {palette.fit('Model', self.name)}" + self.beside("From", "Parameters", "On disk", "Changed")

    def names(self, entries: Sequence[Entry], palette: Palette) -> list[str]:
        """The models' names as there is room for them; those that are cut are told apart where they differ."""
        return list(
            map(palette.plain, cut_apart([palette.plain(escaped(entry.model)) for entry in entries], self.name))
        )

    def line(self, entry: Entry, name: str, state: PickerState, palette: Palette) -> Text:
        """The line of one model.

        Args:
            entry: the model.
            name: as it is to be shown.
            state: what is marked, typed and counted.
            palette: how things are drawn.
        """
        mark = palette.mark if entry.model in state.marked else " "
        text = Text(f"{mark} {name}", no_wrap=True)
        for start, end in spans_in(state.filter, name) if state.filter else ():
            text.stylize("bold underline", 2 + start, 2 + end)
        parameters = state.parameters_of(entry)
        told = exact(parameters) if parameters is not None else "unreadable" if state.is_unreadable(entry) else ""
        held = size(entry.bytes) if entry.bytes is not None else ""
        changed = age(time.time() - entry.changed, entry.changed) if entry.changed is not None else ""
        text.append(" " * (self.name - cells(name)) + self.beside(entry.source, told, held, changed))
        return text


def age(seconds: float, changed: float) -> str:
    """How long ago something was written: `now`, `5 min`, `2 h`, `3 d`, or the date.

    Args:
        seconds: since then.
        changed: when, in seconds since the epoch.
    """
    for unit, name in _UNITS:
        if seconds >= unit:
            return f"{int(seconds // unit)} {name}" if name else _date(changed)
    return "now"


def _date(changed: float) -> str:
    try:
        return time.strftime("%Y-%m", time.localtime(changed))
    except (OverflowError, ValueError, OSError):
        return ""
