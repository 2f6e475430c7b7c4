"""The bytes of a GGUF header, read from its start to its end in pieces, with what is of no use skipped."""

from __future__ import annotations

from itertools import repeat
from operator import length_hint
from struct import Struct, calcsize, error, unpack_from

from core.checkpoint.errors import DAMAGED, CheckpointError, from_os_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

MAX_HEADER_BYTES = 1 << 29
"""Bytes of one header that are read; 150,000 tokens and merges take about 5 MB."""
MAX_STRINGS = 1 << 25
"""Strings of one header that are walked over, at some 80 ns each."""
MAX_TEXT_BYTES = 1 << 26
"""Bytes of all keys and names together; they are kept."""
MAX_NAME_BYTES = (1 << 16) - 1
"""Of keys, by the format; tensors' names have 64 bytes at most there, and more in files of stable-diffusion.cpp."""
_PIECE_BYTES = 1 << 16, 1 << 22


class HeaderBytes:
    """An open file's bytes in order, its numbers in the file's byte order.

    Attributes:
        size: the file's length in bytes.
        file: what an error calls it.
        order: `<` for little-endian, `>` for big-endian.
        length: how lengths and counts are written, as `struct` has it: 32 bits in version 1, then 64.
    """

    def __init__(self, opened: BinaryIO, size: int, file: str, start: int = 0) -> None:
        """
        Args:
            opened: the file, at the place where reading begins.
            size: its length in bytes.
            file: what an error calls it.
            start: that place.
        """
        self.size = size
        self.file = file
        self.order = "<"
        self.length = "Q"
        self._opened = opened
        self._buffer = b""
        self._start = start
        self._at = 0
        self._piece, self._largest_piece = _PIECE_BYTES
        self._read = 0
        self._strings = 0
        self._text = 0

    @property
    def left(self) -> int:
        """How many bytes the file has from the present place on."""
        return self.size - self.position

    @property
    def position(self) -> int:
        """The place in the file of what comes next."""
        return self._start + self._at

    def fault(self, reason: str, position: int | None = None, what: str = "") -> CheckpointError:
        """An error with its place.

        Args:
            reason: why.
            position: the byte, if not the one that comes next.
            what: what lies there, such as `key general.name`.
        """
        place = f"byte {self.position if position is None else position}"
        return CheckpointError(self.file, reason, place=f"{what}, {place}" if what else place, advice=DAMAGED)

    def unpack(self, form: str) -> tuple[Any, ...]:
        """Numbers by a format of `struct`, without its byte order."""
        form = self.order + form
        length = calcsize(form)
        self._need(length)
        values = unpack_from(form, self._buffer, self._at)
        self._at += length
        return values

    def number(self, form: str = "I") -> int:
        """One whole number."""
        value: int = self.unpack(form)[0]
        return value

    def name(self, what: str) -> str:
        """A key or a tensor's name, behind its length."""
        start = self.position
        length = self.number(self.length)
        if length > self.left:
            reason = f"{what} of {length:,} bytes cannot be in the {self.left:,} that follow"
            raise self.fault(f"{reason}: it is cut off or damaged", start)
        if length > MAX_NAME_BYTES:
            raise self.fault(f"{what} of {length:,} bytes is longer than {MAX_NAME_BYTES:,}", start)
        try:
            return self.text(length).decode()
        except UnicodeDecodeError as error:
            raise self.fault(f"{what} is not UTF-8 text", start) from error

    def text(self, length: int) -> bytes:
        """Bytes that are kept, of which there may not be too many."""
        self._text += length
        if self._text > MAX_TEXT_BYTES:
            raise self.fault(f"keys and names of more than {MAX_TEXT_BYTES:,} bytes in all are not read")
        return self.take(length)

    def take(self, count: int) -> bytes:
        """Some bytes; the caller has bounded how many."""
        self._need(count)
        taken = self._buffer[self._at : self._at + count]
        self._at += count
        return taken

    def skip(self, count: int) -> None:
        """Goes past some bytes without reading them."""
        if count > self.left:
            raise self._cut(count)
        self._at += count

    def skip_strings(self, count: int) -> None:
        """Goes past so many strings, each behind its length."""
        length = Struct(self.order + self.length)
        if count > self.left // length.size:
            raise self.fault(f"{count:,} strings cannot be in the {self.left:,} bytes left")
        self._strings += count
        if self._strings > MAX_STRINGS:
            raise self.fault(f"more than {MAX_STRINGS:,} strings in its metadata are not read")
        width, unpack = length.size, length.unpack_from
        # The loop's step is taken 300,000 times for a usual tokenizer: nothing is checked in it but by `unpack`
        # itself, which fails behind the buffer, and `repeat` makes no numbers.
        while count:
            buffer, at = self._buffer, self._at
            todo = repeat(None, count)
            try:
                for _ in todo:
                    at += width + unpack(buffer, at)[0]
                count = 0
            except (error, OverflowError):
                count = length_hint(todo) + 1
            if self._start + at > self.size:
                self._find_overlong(length)
            self._at = at
            if count:
                self._need(width)

    def _find_overlong(self, length: Struct) -> None:
        """Goes to the string that is longer than the file, and says so."""
        while True:
            (size,) = length.unpack_from(self._buffer, self._at)
            if size > self.left - length.size:
                raise self.fault(
                    f"a string of {size:,} bytes does not fit into the file of {self.size:,}: it is cut off or damaged"
                )
            self._at += length.size + size

    def _cut(self, count: int) -> CheckpointError:
        return self.fault(f"{count:,} bytes should follow and {max(0, self.left):,} are left: it is cut off or damaged")

    def _need(self, count: int) -> None:
        """Has so many bytes in the buffer from the present place on."""
        if self._at + count <= len(self._buffer):
            return
        if count > self.left:
            raise self._cut(count)
        position = self.position
        rest = self._buffer[self._at :]
        end = self._start + len(self._buffer)
        try:
            if position > end:
                self._opened.seek(position)
            self._buffer, self._start, self._at = rest, position, 0
            while len(self._buffer) < count:
                piece = self._opened.read(max(self._piece, count - len(self._buffer)))
                if not piece:
                    raise self.fault("the file ended while its header was read", position + len(self._buffer))
                self._buffer += piece
                self._read += len(piece)
                self._piece = min(4 * self._piece, self._largest_piece)
        except OSError as failure:
            raise from_os_error(failure, self.file) from failure
        if self._read > MAX_HEADER_BYTES:
            raise self.fault(f"a header of more than {MAX_HEADER_BYTES:,} bytes is not read")
