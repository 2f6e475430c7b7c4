"""A list of rows that are read as they are looked at, in a thread, so that neither memory nor the screen waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

from core.readers.metadata_pages.failures import FAILURES, sentence_of
from core.text.escape import ELLIPSIS
from tui.palette import Palette

CHUNK_ROWS = 256
_MAX_CHUNKS = 8
"""Pieces of the list that are held; the one longest not looked at goes first."""

ReadRows = Callable[[int, int], Sequence[str]]
"""Gives some rows, by the first and how many; may raise a `CheckpointError`."""
DrawRow = Callable[[int, str, int], Text]
"""A row's picture, by its number, what was read and the width."""


class PagedList(Widget, can_focus=True):
    """Shows as many rows as fit around a cursor."""

    class RowsRead(Message):
        """Some rows were read, or why not."""

        def __init__(self, list_id: int, chunk: int, rows: Sequence[str], failure: str = "") -> None:
            super().__init__()
            self.list_id = list_id
            self.chunk = chunk
            self.rows = rows
            self.failure = failure

    class Moved(Message):
        """The cursor stands on another row, or there are other rows."""

    def __init__(self, palette: Palette, *, id: str) -> None:
        super().__init__(id=id)
        self._palette = palette
        self._list_id = 0
        self._length = 0
        self._read: ReadRows = lambda start, count: ()
        self._draw: DrawRow = lambda number, row, width: Text(row)
        self._chunks: dict[int, Sequence[str]] = {}
        self._asked: set[int] = set()
        self._top = 0
        self.cursor = 0
        self.failure = ""

    def show(self, length: int, read: ReadRows, draw: DrawRow, cursor: int = 0) -> None:
        """Shows another list.

        Args:
            length: how many rows it has.
            read: gives them.
            draw: draws them.
            cursor: the row to stand on.
        """
        self._list_id += 1
        self._length, self._read, self._draw = length, read, draw
        self._chunks, self._asked, self.failure = {}, set(), ""
        self._top, self.cursor = 0, 0
        self.go(cursor)

    def __len__(self) -> int:
        return self._length

    def go(self, row: int) -> None:
        """Puts the cursor on a row, or the nearest there is."""
        self.cursor = max(0, min(row, self._length - 1))
        height = max(1, self.size.height)
        self._top = min(self._top, self.cursor)
        self._top = max(self._top, self.cursor - height + 1)
        self.refresh()
        self.post_message(self.Moved())

    def move(self, rows: int) -> None:
        """Moves the cursor."""
        self.go(self.cursor + rows)

    def page(self, pages: int) -> None:
        """Moves it by what is seen at once."""
        self.go(self.cursor + pages * max(1, self.size.height - 1))

    def render(self) -> Text:
        width, height = self.size
        text = Text(no_wrap=True, overflow="crop", end="")
        if self.failure:
            return Text(self.failure, no_wrap=False)
        for number in range(self._top, min(self._top + height, self._length)):
            row = self._row(number)
            line = Text(self._palette.plain(ELLIPSIS)) if row is None else self._draw(number, row, width)
            if number == self.cursor:
                line = Text(line.plain + " " * max(0, width - line.cell_len), "reverse")
            text.append(line).append("\n")
        return text

    def _row(self, number: int) -> str | None:
        """A row if it is there; what is not is asked for."""
        chunk, at = divmod(number, CHUNK_ROWS)
        rows = self._chunks.get(chunk)
        if rows is None:
            if chunk not in self._asked:
                self._asked.add(chunk)
                self.run_worker(
                    partial(self._fetch, self._list_id, chunk, self._read), thread=True, exit_on_error=False
                )
            return None
        return rows[at] if at < len(rows) else ""

    def _fetch(self, list_id: int, chunk: int, read: ReadRows) -> None:
        """In a thread: reads a piece of the list."""
        try:
            rows = read(chunk * CHUNK_ROWS, CHUNK_ROWS)
        except FAILURES as error:
            self.post_message(self.RowsRead(list_id, chunk, (), sentence_of(error)))
            return
        self.post_message(self.RowsRead(list_id, chunk, rows))

    def on_paged_list_rows_read(self, message: RowsRead) -> None:
        """Takes what was read for the list that is shown."""
        message.stop()
        if message.list_id != self._list_id:
            return
        self._asked.discard(message.chunk)
        self.failure = message.failure
        self._chunks[message.chunk] = message.rows
        while len(self._chunks) > _MAX_CHUNKS:
            self._chunks.pop(next(iter(self._chunks)))
        self.refresh()

    def on_resize(self) -> None:
        self.go(self.cursor)

    def on_click(self, event: events.Click) -> None:
        """Puts the cursor on a row."""
        if self._top + event.y < self._length:
            self.go(self._top + event.y)
