"""All keys of a checkpoint's files in one list."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import Protocol

from core.checkpoint.metadata import Metadata, MetadataPlace
from core.readers.metadata_pages.entry import Entry
from core.readers.metadata_pages.gguf_pages import GgufEntries
from core.readers.metadata_pages.pages import Pages
from core.readers.metadata_pages.safetensors_pages import SafetensorsEntries


class _Entries(Protocol):
    def __len__(self) -> int: ...

    def entry(self, number: int) -> Entry: ...

    def opened(self, number: int, width: int) -> Pages: ...


class MetadataBook:
    """The keys of all files, file by file; a list of rows too, as `Pages`."""

    numbered = False

    def __init__(self, metadata: Metadata) -> None:
        """
        Raises:
            CheckpointError: where a file cannot be read any more, or is another than it was.
        """
        self._files: list[_Entries] = [_entries_of(place) for place in metadata.places]
        self._ends = list(accumulate(map(len, self._files)))
        self._names = [place.file for place in metadata.places]

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def entry(self, number: int) -> Entry:
        """One key, with the beginning of its value.

        Raises:
            CheckpointError: likewise.
        """
        file, at = self._place_of(number)
        return self._files[file].entry(at)

    def opened(self, number: int, width: int) -> Pages:
        """The value of a key, a row an element or a line of `width` columns.

        Raises:
            CheckpointError: likewise.
        """
        file, at = self._place_of(number)
        return self._files[file].opened(at, width)

    def file_of(self, number: int) -> str:
        """The file that has a key."""
        return self._names[self._place_of(number)[0]]

    def rows(self, start: int, count: int) -> list[str]:
        """See `Pages`: a key and its value, a tab between them."""
        numbers = range(start, min(start + count, len(self)))
        return [f"{entry.key}\t{entry.value}" for entry in map(self.entry, numbers)]

    def _place_of(self, number: int) -> tuple[int, int]:
        """In which file a key is, and its number there."""
        file = bisect_right(self._ends, number)
        return file, number - (self._ends[file - 1] if file else 0)


def _entries_of(place: MetadataPlace) -> _Entries:
    return GgufEntries(place) if place.format == "gguf" else SafetensorsEntries(place)
