"""What the picker says below its list."""

from __future__ import annotations

import os

from core.locate.catalog import Entry
from core.text.escape import escaped
from core.text.width import cells
from tui.keys.picker import COMPARE, OPEN
from tui.palette import Palette
from tui.picker.rows import STUDY
from tui.picker.state import PickerState


def status_text(state: PickerState, shown: list[Entry], searching: bool, broken_off: str, adding: bool) -> str:
    """How many models there are, how many are marked, and what Enter does where none is shown.

    Args:
        state: what is marked and found.
        shown: the models that match what is typed.
        searching: whether there may be more.
        broken_off: why the search has ended early; "" where it has not.
        adding: whether the models are for a comparison.
    """
    found = sum(entry is not STUDY for entry in shown)
    there = sum(entry is not STUDY for entry in state.entries)
    told = "looking…" if searching else broken_off or f"{found} of {there} models"
    if marked := len(state.marked):
        compared = "them" if marked > 1 else "it with the one chosen"
        key = OPEN.key if adding else COMPARE.key
        told = f"{marked} marked: {key} compares {compared}; {told}"
    nothing = "" if shown or searching else f"; {OPEN.key} opens what you typed as a path or hub id"
    return f"{told}{nothing}; files below {escaped(_shown_folder())}"


def full_name(entry: Entry, width: int, palette: Palette) -> str:
    """A model's name in full and where it is from, as far as a line has room."""
    name = palette.plain(f"{escaped(entry.model)}{palette.dot}{entry.source}")
    return name if cells(name) <= width else palette.shortened(name, width)


def _shown_folder() -> str:
    """The current folder, the home folder as `~`."""
    try:
        folder = os.getcwd()
    except OSError:
        return "a folder that is gone"
    home = os.path.expanduser("~")
    return "~" + folder[len(home) :] if folder == home or folder.startswith(home + os.sep) else folder
