"""A long text as rows of a width."""

from __future__ import annotations

from core.text.escape import escaped
from core.text.numbers import size
from core.text.width import wrapped

MAX_TEXT_BYTES = 1 << 20
"""Of one text that are shown."""
MAX_LINE_CHARACTERS = 1 << 12
"""Of one line that are wrapped by words; the rest of it is cut where the width ends."""


class TextRows:
    """The lines of a text, wrapped; they are held, so the text must be bounded. See `Pages`."""

    numbered = False

    def __init__(self, text: str, nbytes: int, width: int) -> None:
        """
        Args:
            text: its beginning, or all of it.
            nbytes: how many bytes it takes in the file.
            width: of a row, in columns.
        """
        self._rows = [row for line in text.split("\n") for row in _rows_of(line.removesuffix("\r"), width)]
        left = nbytes - len(text.encode("utf-8", "replace"))
        if left > 0:
            self._rows.append(f"… {size(left)} more of it are not shown")

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self, start: int, count: int) -> list[str]:
        """See `Pages`."""
        return self._rows[start : start + count]


def _rows_of(line: str, width: int) -> list[str]:
    shown = escaped(line.expandtabs(4))
    inner = shown.lstrip(" ")
    lead = " " * min(len(shown) - len(inner), width // 2)
    pieces = [inner[at : at + MAX_LINE_CHARACTERS] for at in range(0, len(inner), MAX_LINE_CHARACTERS)]
    return [lead + row for piece in pieces for row in wrapped(piece, "", width - len(lead))] or [""]
