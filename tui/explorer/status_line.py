"""The line below the panes: what is under way, or the first of what is to be said of the model."""

from __future__ import annotations

from collections.abc import Sequence

from core.count.counter import Count
from core.report.summary import remarks
from core.text.escape import escaped
from core.text.width import beginning, cells
from tui.keys.explorer import NOTES
from tui.palette import Palette
from tui.widgets.line import Line

_MIN_COLUMNS = 20


class StatusLine(Line):
    """Says one thing at a time."""

    def __init__(self, palette: Palette, *, id: str) -> None:
        super().__init__(id=id)
        self._palette = palette
        self._sentences: Sequence[str] = ()
        self._told = ""

    def say(self, text: str) -> None:
        """Says something else."""
        self.show(self._palette.plain(escaped(text)))

    def tell(self, count: Count, width: int) -> None:
        """Says the first of what is to be said of a model, as there is room, and how many sentences more there are.

        Args:
            count: the model.
            width: of the screen, in columns.
        """
        # What is not counted stands in the table too, the notes do not.
        self._sentences = sorted(map(escaped, remarks(count)), key=lambda sentence: not sentence.startswith("note: "))
        self._tell(width)

    def _tell(self, width: int) -> None:
        self._told = _first_of(self._sentences, width - 2) if self._sentences else ""
        self.say(self._told)

    def tell_again(self, width: int) -> None:
        """Says it anew in another width, unless something else was said since."""
        if self._told and self.text == self._palette.plain(self._told):
            self._tell(width)


def _first_of(sentences: Sequence[str], room: int) -> str:
    first, left = sentences[0], len(sentences) - 1
    if not left and cells(first) <= room:
        return first
    key = NOTES.key
    others = f"  ({key}: all of it)"
    if left:
        wordings = [f"  (+{left} more: {key} shows them)", f"  (+{left} more: {key})", f"  (+{left}: {key})"]
        others = next((words for words in wordings if cells(first) + cells(words) <= room), wordings[1])
    return beginning(first, max(_MIN_COLUMNS, room - cells(others))) + others
