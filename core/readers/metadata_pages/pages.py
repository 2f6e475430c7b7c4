"""Rows of text that are read as they are looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

MAX_ROW_CHARACTERS = 1_000
"""Of a row; who wants more of a text opens it."""
_SEARCHED_AT_ONCE_ROWS = 4_096


class Pages(Protocol):
    """A list of rows that lies in a file.

    Attributes:
        numbered: whether a row is shown with its number, from 0.
    """

    numbered: bool

    def __len__(self) -> int:
        """How many rows there are."""
        ...

    def rows(self, start: int, count: int) -> list[str]:
        """Some rows from one on, each of `MAX_ROW_CHARACTERS` at most, not escaped; fewer at the end.

        Raises:
            CheckpointError: where the file cannot be read any more, or is another than it was.
        """
        ...


class Cancelled(Exception):
    """The search is not wanted any more."""


def find(pages: Pages, text: str, start: int, step: int, check: Callable[[], None]) -> int | None:
    """The next row that has a text in it, upper and lower case alike; past the last comes the first.

    Args:
        pages: the rows.
        text: what to look for.
        start: the row beside which the search begins.
        step: 1 for the rows behind it, -1 for those before it.
        check: called every few thousand rows; it may raise to end the search.

    Returns:
        The row's number, which may be `start` itself where no other has it; None where none has.
    """
    wanted, length = text.casefold(), len(pages)
    ranges = _ranges(start, step, length)
    for low, high in ranges:
        check()
        found = [low + n for n, row in enumerate(pages.rows(low, high - low)) if wanted in row.casefold()]
        if found:
            return found[0] if step > 0 else found[-1]
    return None


def _ranges(start: int, step: int, length: int) -> list[tuple[int, int]]:
    """The rows in pieces, in the order in which they are searched."""
    behind = _pieces(start + 1, length)
    before = _pieces(0, min(start + 1, length))
    if step > 0:
        return behind + before
    # The row itself comes last, whichever way one goes.
    itself = [(start, start + 1)] if start < length else []
    return _pieces(0, start)[::-1] + behind[::-1] + itself


def _pieces(low: int, high: int) -> list[tuple[int, int]]:
    return [(first, min(first + _SEARCHED_AT_ONCE_ROWS, high)) for first in range(low, high, _SEARCHED_AT_ONCE_ROWS)]
