"""A file on the hub, read as one on disk is: ranges of it come when they are wanted, and some ahead of that."""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from collections.abc import Callable

from core.hub.errors import HubError

FIRST_BYTES = 100_000
"""Of the first request: 97 % of the safetensors headers on the hub are shorter (huggingface_hub, hf_api.py,
parse_safetensors_file_metadata)."""
_MAX_AHEAD_BYTES = 1 << 21
_MAX_PIECE_BYTES = 1 << 24
_MAX_FETCHED_BYTES = 1 << 29
"""Of one file; no header is longer."""
_MAX_HELD_BYTES = 1 << 26
"""Of one file; of a longer header nothing is kept for the next time."""


class Ranges:
    """Pieces of a file that do not overlap, and how much of each was read."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._pieces: list[bytes] = []
        self._used: list[tuple[int, int]] = []
        self.held = 0

    def add(self, start: int, piece: bytes, used: bool = False) -> None:
        """Takes a piece that overlaps none."""
        at = bisect_right(self._starts, start)
        self._starts.insert(at, start)
        self._pieces.insert(at, piece)
        self._used.insert(at, (0, len(piece)) if used else (len(piece), 0))
        self.held += len(piece)

    def read(self, start: int, length: int) -> bytes:
        """At most so many bytes from a place on; none where no piece has them."""
        at = bisect_right(self._starts, start) - 1
        if at < 0:
            return b""
        offset = start - self._starts[at]
        found = self._pieces[at][offset : offset + length]
        if found:
            low, high = self._used[at]
            self._used[at] = min(low, offset), max(high, offset + len(found))
        return found

    def peek(self, start: int, length: int) -> bytes:
        """As `read`, without counting as having read."""
        at = bisect_right(self._starts, start) - 1
        offset = start - self._starts[at] if at >= 0 else 0
        return self._pieces[at][offset : offset + length] if at >= 0 else b""

    def room(self, start: int, end: int) -> int:
        """Where a gap that begins at `start` ends: at `end`, or where the next piece begins."""
        at = bisect_right(self._starts, start)
        return min(end, self._starts[at]) if at < len(self._starts) else end

    def here(self, start: int) -> int:
        """How many bytes are here from a place on."""
        at = bisect_right(self._starts, start) - 1
        return max(0, self._starts[at] + len(self._pieces[at]) - start) if at >= 0 else 0

    def used(self) -> list[tuple[int, bytes]]:
        """What was read of each piece, from the first byte that was to the last."""
        rows = zip(self._starts, self._pieces, self._used)
        return [(start + low, piece[low:high]) for start, piece, (low, high) in rows if low < high]


class RemoteFile(io.RawIOBase):
    """A file that can be read from anywhere in it.

    Attributes:
        size: its length in bytes.
        ranges: what is here of it.
        grown: whether something came over the network.
        whole: whether all that was read is held still.
    """

    def __init__(
        self, file: str, size: int, fetch: Callable[[int, int], bytes], closed: Callable[[RemoteFile], None]
    ) -> None:
        """
        Args:
            file: what an error calls it.
            size: its length in bytes.
            fetch: gives the bytes from one place to another.
            closed: told once the file is closed.
        """
        super().__init__()
        self._file = file
        self.size = size
        self._fetch = fetch
        self._when_closed = closed
        self._position = 0
        self._fetched = 0
        self._end_of_last = 0
        self._ahead = FIRST_BYTES
        self.ranges = Ranges()
        self.grown = False
        self.whole = True

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise OSError(22, "a place before the file's start")
        self._position = base + offset
        return self._position

    def read(self, size: int | None = -1, /) -> bytes:
        """As many bytes as asked for; fewer at the end of the file only."""
        left = max(0, self.size - self._position)
        length = left if size is None or size < 0 else min(size, left)
        parts: list[bytes] = []
        while length:
            part = self.ranges.read(self._position, length)
            if not part:
                self.load(self._position, self._position + min(max(length, self._next_ahead()), _MAX_PIECE_BYTES))
                continue
            parts.append(part)
            self._position += len(part)
            length -= len(part)
        return b"".join(parts)

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        content = self.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def readall(self) -> bytes:
        return self.read()

    def load(self, start: int, end: int, fetch: Callable[[int, int], bytes] | None = None) -> None:
        """Fetches what is not here of a range.

        Args:
            start: its first byte.
            end: behind its last byte.
            fetch: gives the bytes from one place to another, if another function is to do it.

        Raises:
            HubError: where it does not come.
        """
        end = min(end, self.size)
        while start < end:
            if here := self.ranges.here(start):
                start += here
                continue
            stop = self.ranges.room(start, end)
            if self._fetched + stop - start > _MAX_FETCHED_BYTES:
                reason = (
                    f"more than {_MAX_FETCHED_BYTES // 2**20} MiB of it would have to be downloaded to read its header"
                )
                raise HubError(self._file, reason, advice="download it and name the file")
            piece = (fetch or self._fetch)(start, stop)
            self._fetched += len(piece)
            self._end_of_last = stop
            if self.ranges.held + len(piece) > _MAX_HELD_BYTES:
                self.ranges = Ranges()
                self.whole = False
            self.ranges.add(start, piece)
            self.grown = True
            start = stop

    def _next_ahead(self) -> int:
        """How much to fetch at least: more and more where the file is read on and on."""
        if self._position == self._end_of_last and self._fetched:
            self._ahead = min(2 * self._ahead, _MAX_AHEAD_BYTES)
        return self._ahead

    def close(self) -> None:
        if not self.closed:
            self._when_closed(self)
        super().close()
