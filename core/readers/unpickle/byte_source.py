"""The bytes of a pickle, a piece at a time: from a window of a file, or inflated on the way."""

from __future__ import annotations

import zlib

from core.checkpoint.errors import DAMAGED, CheckpointError, from_os_error
from core.readers.unpickle.budget import Budget

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO, NoReturn

_PIECE_BYTES = 1 << 18
_MAX_TAKEN_BYTES = 1 << 20
"""Taken at once; what is longer can be skipped only."""


class PickleBytes:
    """A pickle's bytes, read as far as they are asked for.

    Attributes:
        buffer: the piece at hand.
        at: how much of it is taken.
        budget: what may be made of them; it grows with what is read.
    """

    __slots__ = ("_before", "_file", "_pieces", "_what", "at", "budget", "buffer")

    def __init__(self, pieces: Pieces, file: str, budget: Budget, what: str = "", first: bytes = b"") -> None:
        """
        Args:
            pieces: where they come from.
            file: what an error calls the file.
            budget: what may be made of them.
            what: which part of it they are, such as `data.pkl`.
            first: what comes before the pieces.
        """
        self._pieces = pieces
        self._file = file
        self._what = what
        self._before = 0
        self.budget = budget
        self.buffer = first
        self.at = 0
        budget.earn(len(first))

    @property
    def taken(self) -> int:
        """How many bytes are taken so far."""
        return self._before + self.at

    def fault(self, reason: str, advice: str = DAMAGED) -> CheckpointError:
        """An error at the place that is reached."""
        place = f"{self._what}, byte {self.taken}" if self._what else f"byte {self.taken}"
        return CheckpointError(self._file, reason, place=place, advice=advice)

    def _too_long(self, count: int) -> NoReturn:
        raise self.fault(f"a piece of {count:,} bytes is more than a name or number can have")

    def _ended(self) -> NoReturn:
        raise self.fault("the pickle ends too soon: it is cut off")

    def refill(self, count: int = 1) -> None:
        """Makes at least so many bytes lie in the buffer, behind `at`."""
        if count > _MAX_TAKEN_BYTES:
            self._too_long(count)
        parts = [self.buffer[self.at :]]
        have = len(parts[0])
        while have < count:
            piece = self._read(max(_PIECE_BYTES, count - have))
            if not piece:
                self._ended()
            parts.append(piece)
            have += len(piece)
        self._before += self.at
        self.buffer, self.at = b"".join(parts), 0

    def _read(self, count: int) -> bytes:
        before = self._pieces.stored_bytes
        try:
            piece = self._pieces.read(count)
        except OSError as error:
            raise from_os_error(error, self._file) from error
        except zlib.error as error:
            raise self.fault("its compressed bytes are damaged") from error
        self.budget.earn(self._pieces.stored_bytes - before)
        return piece

    def take(self, count: int) -> bytes:
        """The next bytes.

        Raises:
            CheckpointError: where there are fewer.
        """
        at = self.at
        end = at + count
        if end > len(self.buffer):
            self.refill(count)
            at, end = 0, count
        self.at = end
        return self.buffer[at:end]

    def line(self) -> bytes:
        """The bytes up to the next line feed, which is taken too."""
        searched = self.at
        while (end := self.buffer.find(b"\n", searched)) < 0:
            have = len(self.buffer) - self.at
            self.refill(have + 1)
            searched = have
        found = self.buffer[self.at : end]
        self.at = end + 1
        return found

    def skip(self, count: int) -> None:
        """Passes over bytes without keeping them."""
        here = min(count, len(self.buffer) - self.at)
        self.at += here
        if rest := count - here:
            self._before += self.at
            self.buffer, self.at = b"", 0
            try:
                skipped = self._pieces.skip(rest)
            except zlib.error as error:
                raise self.fault("its compressed bytes are damaged") from error
            self._before += skipped
            if skipped < rest:
                self._ended()


class Pieces:
    """A window of a file.

    Attributes:
        stored_bytes: how many of the file's bytes were read.
    """

    def __init__(self, opened: BinaryIO, start: int, end: int) -> None:
        """
        Args:
            opened: the file.
            start: where the window begins.
            end: and where it ends.
        """
        self._opened = opened
        self._position = start
        self._end = end
        self.stored_bytes = 0

    def read(self, count: int) -> bytes:
        """Up to so many of the next bytes; none at the end alone."""
        self._opened.seek(self._position)
        piece = self._opened.read(max(0, min(count, self._end - self._position)))
        self._position += len(piece)
        self.stored_bytes += len(piece)
        return piece

    def skip(self, count: int) -> int:
        """Passes over so many bytes, or those that are left; says how many."""
        skipped = max(0, min(count, self._end - self._position))
        self._position += skipped
        return skipped


class InflatedPieces(Pieces):
    """A window of a file that holds a raw deflate stream."""

    def __init__(self, opened: BinaryIO, start: int, end: int, size: int) -> None:
        """
        Args:
            opened: the file.
            start: where the window begins.
            end: and where it ends.
            size: how many bytes it says it holds; what comes behind them is not inflated.
        """
        super().__init__(opened, start, end)
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        self._left = size

    def read(self, count: int) -> bytes:
        """See `Pieces`; the compressed bytes are read as far as that takes."""
        while not self._inflate.eof and self._left:
            source = self._inflate.unconsumed_tail or super().read(_PIECE_BYTES)
            if piece := self._inflate.decompress(source, min(count, self._left)):
                self._left -= len(piece)
                return piece
            if not source:
                break
        return b""

    def skip(self, count: int) -> int:
        """See `Pieces`; they must be inflated all the same."""
        skipped = 0
        while skipped < count and (piece := self.read(min(count - skipped, _PIECE_BYTES))):
            skipped += len(piece)
        return skipped
