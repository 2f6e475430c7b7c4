"""The `__metadata__` of a safetensors file: every key and value, decoded as they are looked at.

The entry has 8 MiB at most, in which a hostile file may have a million keys: its bytes are held, and where the texts
in them begin, but not the texts.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator

from core.checkpoint.errors import DAMAGED, CheckpointError, from_os_error
from core.checkpoint.metadata import MetadataPlace
from core.readers.metadata_pages.entry import Entry
from core.readers.metadata_pages.pages import MAX_ROW_CHARACTERS, Pages
from core.readers.metadata_pages.text_rows import TextRows


class SafetensorsEntries:
    """The keys of one file, in its order."""

    def __init__(self, place: MetadataPlace) -> None:
        """
        Raises:
            CheckpointError: where the file cannot be read any more, or is another than it was.
        """
        self._file = place.file
        opened, _ = place.open()
        with opened:
            try:
                opened.seek(place.start)
                self._content = opened.read(place.end - place.start)
            except OSError as error:
                raise from_os_error(error, place.file) from error
        ends = array("Q")
        for start, end in _texts(self._content):
            ends.append(start)
            ends.append(end)
        # The first text is the name of the entry itself, behind which stand keys and values in turn.
        if len(ends) < 6 or (len(ends) - 2) % 4:
            raise self._changed()
        self._ends = ends[2:]

    def __len__(self) -> int:
        return len(self._ends) // 4

    def entry(self, number: int) -> Entry:
        """One of them.

        Raises:
            CheckpointError: where the file is another than it was.
        """
        key, value = self._decoded(2 * number), self._decoded(2 * number + 1)
        return Entry(key, value[:MAX_ROW_CHARACTERS], True)

    def opened(self, number: int, width: int) -> Pages:
        """The lines of a value.

        Raises:
            CheckpointError: likewise.
        """
        value = self._decoded(2 * number + 1)
        return TextRows(value, 0, width)

    def _decoded(self, number: int) -> str:
        start, end = self._ends[2 * number], self._ends[2 * number + 1]
        try:
            text = json.loads(self._content[start:end].decode())
        except ValueError as error:
            raise self._changed() from error
        return str(text)

    def _changed(self) -> CheckpointError:
        reason = "the metadata are not what they were when the file was counted"
        return CheckpointError(self._file, reason, place="__metadata__", advice=DAMAGED)


def _texts(content: bytes) -> Iterator[tuple[int, int]]:
    """From where to where each text of an object goes, with its quotes; what lies between them is signs alone."""
    start = content.find(b'"')
    while start >= 0:
        end = content.find(b'"', start + 1)
        while end >= 0 and _is_escaped(content, end):
            end = content.find(b'"', end + 1)
        if end < 0:
            return
        yield start, end + 1
        start = content.find(b'"', end + 1)


def _is_escaped(content: bytes, at: int) -> bool:
    """Whether an odd number of backslashes stands before a place."""
    first = at
    while content[first - 1] == ord("\\"):
        first -= 1
    return bool((at - first) % 2)
