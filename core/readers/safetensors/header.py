"""The header of one safetensors file, read in pieces.

Format: 8 bytes little-endian length N, N bytes of JSON (`{name: {"dtype", "shape", "data_offsets"}}` and an
optional `__metadata__`), then the values (https://github.com/huggingface/safetensors, README, "Format").

A large model's header has hundreds of megabytes, so it is never held or decoded whole. The entries of a piece are
decoded together; a piece with anything unusual is read again entry by entry: no byte is read more than a few times.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from core.checkpoint.errors import DAMAGED, CheckpointError, from_os_error
from core.checkpoint.tensors import TensorBatch
from core.readers.safetensors.column_decoder import ColumnDecoder
from core.readers.safetensors.entries import EntryChecks
from core.readers.safetensors.layouts import Layouts
from core.readers.safetensors.one_entry import scan
from core.text.numbers import plural

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

MAX_HEADER_BYTES = 1 << 29
"""About four million tensors. What claims more is not believed."""
_MAX_ENTRY_BYTES = 1 << 23
_MAX_TENSOR_ENTRY_BYTES = 1 << 21
"""Of one tensor, which takes some hundred. What is passed over in it is decoded at once, and other threads wait."""
_PLAIN_METADATA_BYTES = 1 << 12
_PIECE_BYTES = 1 << 20
_SPACE = b" \t\r\n"


class _Unfinished(Exception):
    """The entry goes on behind the bytes at hand."""


class HeaderReader:
    """Reads one open file's header; a fault anywhere in it is a `CheckpointError` that names the place.

    Attributes:
        metadata_at: the bytes of the file from the start of the entry `__metadata__` to behind it; None without one.
    """

    def __init__(self, opened: BinaryIO, size: int, file: str, decoder: ColumnDecoder, layouts: Layouts) -> None:
        """
        Args:
            opened: the file, at its start.
            size: its length in bytes.
            file: what its tensors and an error call it.
            decoder: of all shards' headers.
            layouts: what the headers of other shards had, to be added to.
        """
        self._opened = opened
        self._size = size
        self._file = file
        self._decoder = decoder
        self._layouts = layouts
        self._length = 0
        self._read = 0
        self.metadata_at: tuple[int, int] | None = None

    def batches(self) -> Iterator[TensorBatch]:
        """The tensors in the header's order, a batch for about a MiB of header.

        Raises:
            CheckpointError: for whatever is not as the format says.
        """
        self._length = self._header_length()
        self._checks = EntryChecks(self._file, self._layouts, 8 + self._length)
        rest = self._with_more(b"")
        if rest[:1] != b"{":
            raise self._fault("the header is not a JSON object", "byte 8")
        rest, empty, closed = rest[1:], True, False
        while not closed:
            end, closed = self._entries(rest, empty)
            if batch := self._checks.batch():
                yield batch
            if end == 0 and len(rest) > self._most(rest):
                raise self._too_long(rest)
            empty = empty and end == 0
            rest = rest[end:] if closed else self._with_more(rest[end:])
        self._check_padding(rest)
        self._checks.finish(self._size - 8 - self._length)

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """The keys and values of `__metadata__`, once all tensors were read."""
        return self._checks.metadata

    def _header_length(self) -> int:
        start = self._read_bytes(64)
        if not start:
            raise self._fault("the file is empty")
        length, rest = int.from_bytes(start[:8], "little"), self._size - 8
        # A length's bytes may look like another format's: 640 like a pickle, 31,520 like JSON behind a space.
        believable = start[8:9] == b"{" and length <= min(rest, MAX_HEADER_BYTES)
        if not believable:
            from core.files.foreign import foreign

            if problem := foreign(start, self._file):
                raise problem
        if len(start) < 8:
            raise self._fault(f"a file of {plural(len(start), 'byte')} is too short for safetensors")
        if length > rest:
            raise self._fault(
                f"its header should take {length:,} bytes and only {rest:,} are left: it is cut off, or is no"
                " safetensors file",
                "byte 0",
            )
        if not 2 <= length <= MAX_HEADER_BYTES:
            raise self._fault(f"a header of {length:,} bytes cannot be: 2 to {MAX_HEADER_BYTES:,} are read", "byte 0")
        self._opened.seek(8)
        return length

    def _read_bytes(self, count: int) -> bytes:
        try:
            return self._opened.read(count)
        except OSError as error:
            raise from_os_error(error, self._file) from error

    def _with_more(self, rest: bytes) -> bytes:
        """`rest` and at least as much again of what follows it, so that a long entry costs linear time."""
        most = min(_MAX_ENTRY_BYTES + 1 - len(rest), self._length - self._read)
        piece = self._read_bytes(min(max(_PIECE_BYTES, len(rest)), most))
        if not piece and self._read < self._length:
            raise self._fault("the file ended while its header was read", f"byte {8 + self._read}")
        self._read += len(piece)
        return rest + piece if rest else piece

    def _at(self, rest: bytes) -> str:
        """The place in the file where `rest`, the last of what was read, begins."""
        return f"byte {8 + self._read - len(rest)}"

    def _too_long(self, rest: bytes) -> CheckpointError:
        mebibytes = self._most(rest) >> 20
        return self._fault(f"an entry of the header is longer than {mebibytes} MiB", self._at(rest))

    def _most(self, rest: bytes) -> int:
        """The bytes that the entry at the start of `rest` may have."""
        has_value = rest.find(b'"', rest.find(b'"') + 1) > 0
        return _MAX_TENSOR_ENTRY_BYTES if has_value and not _is_metadata(rest) else _MAX_ENTRY_BYTES

    def _fault(self, reason: str, place: str = "") -> CheckpointError:
        return CheckpointError(self._file, reason, place=place, advice=DAMAGED)

    def _entries(self, buffer: bytes, empty: bool) -> tuple[int, bool]:
        """Takes the whole entries that a buffer begins with.

        Args:
            buffer: the header from the start of an entry on.
            empty: whether no entry came before, so that the object may end at once.

        Returns:
            Where the next entry begins, and whether the object has ended there.
        """
        position, closed, text = self._usual_metadata(buffer) if empty else 0, False, ""
        # Metadata, which comes first as a rule, is taken alone: it is no tensor, and what follows it is usual again.
        usual = bool(position) or not (empty and _is_metadata(buffer))
        while not closed:
            if usual and (end := self._together(buffer, position)):
                return end, self._read == self._length
            text = text or buffer.decode("latin-1")
            start = position
            try:
                name, position, closed = self._one_entry(buffer, text, start, empty and start == 0)
            except _Unfinished:
                break
            usual = name == "__metadata__"
            if usual:
                first = 8 + self._read - len(buffer)
                self.metadata_at = first + start, first + position
        return position, closed

    def _usual_metadata(self, buffer: bytes) -> int:
        """Takes metadata at the start of a header.

        Returns:
            Where the next entry begins; 0 where there is none, or it must be read as other entries are.
        """
        if not _is_metadata(buffer):
            return 0
        head = buffer[: buffer.find(b"}", 0, _PLAIN_METADATA_BYTES) + 32]
        try:
            name, value, end, closed = scan(head, head.decode("latin-1"), 0, may_close=False)
        except (ValueError, IndexError, RecursionError):
            return 0
        if closed or name is None:
            return 0
        self._checks.alone(name, value)
        first = 8 + self._read - len(buffer)
        self.metadata_at = first, first + end
        return end

    def _together(self, buffer: bytes, start: int) -> int:
        """Takes entries at once: all up to the object's end where that is at hand, else up to the last brace and comma.

        Returns:
            Where the next entry begins; 0 where nothing was taken.
        """
        last = self._read == self._length
        if last:
            text, end = b"".join((b"{", memoryview(buffer)[start:])), len(buffer)
        else:
            # If this brace ends no entry, it closes what is no JSON.
            end = buffer.rfind(b"},", start) + 2
            text = b"".join((b"{", memoryview(buffer)[start : end - 1], b"}"))
        columns = self._decoder.columns(text, self._layouts) if end > start + 1 else None
        return end if columns and self._checks.together(columns, last) else 0

    def _one_entry(self, buffer: bytes, text: str, start: int, may_close: bool) -> tuple[str | None, int, bool]:
        """Takes one entry in whatever way JSON allows: its name, where the next begins, whether the object ends."""
        try:
            name, value, end, closed = scan(buffer, text, start, may_close)
        except (IndexError, json.JSONDecodeError) as error:
            raise self._unreadable(buffer, error) from error
        except RecursionError as error:
            raise self._fault("the header's JSON is nested too deeply", self._at(buffer[start:])) from error
        except UnicodeError as error:
            raise self._fault("the header is not UTF-8 text", self._at(buffer[start:])) from error
        except ValueError as error:
            raise self._fault(f"the header's JSON is damaged ({error})", self._at(buffer[start:])) from error
        if name is not None:
            if end - start > _MAX_TENSOR_ENTRY_BYTES and name != "__metadata__":
                raise self._too_long(buffer[start:])
            self._checks.alone(name, value)
        return name, end, closed

    def _unreadable(self, buffer: bytes, error: IndexError | json.JSONDecodeError) -> Exception:
        """Whether more of the header might mend an error, or what it is."""
        if isinstance(error, json.JSONDecodeError):
            place, reason = error.pos, error.msg
        else:
            place, reason = len(buffer), "it ends too soon"
        near_end = place + 16 >= len(buffer) or reason.startswith("Unterminated string")
        if near_end and self._read < self._length:
            return _Unfinished()
        return self._fault(f"the header is not JSON ({reason})", self._at(buffer[place:]))

    def _check_padding(self, rest: bytes) -> None:
        while True:
            if rest.strip(_SPACE):
                raise self._fault("the header goes on behind its JSON object", self._at(rest.lstrip(_SPACE)))
            if self._read == self._length:
                return
            rest = self._with_more(b"")


def _is_metadata(buffer: bytes) -> bool:
    return buffer[:64].lstrip(_SPACE).startswith(b'"__metadata__"')
