"""The header of one safetensors file, read in pieces.

Format: 8 bytes little-endian length N, N bytes of JSON (`{name: {"dtype", "shape", "data_offsets"}}` and an
optional `__metadata__`), then the values (https://github.com/huggingface/safetensors, README, "Format").

A large model's header has hundreds of megabytes, so it is never held or decoded whole: entries as every known
writer spells them are taken by one regular expression, all others by the standard library's JSON scanner.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from json import decoder
from typing import BinaryIO

from core.checkpoint.errors import DAMAGED, CheckpointError, from_os_error
from core.checkpoint.tensors import TensorBatch
from core.files.foreign import foreign
from core.readers.safetensors.entries import EntryChecks, Layout, whole
from core.text.numbers import plural

MAX_HEADER = 1 << 29
"""Bytes; about four million tensors. What claims more is not believed."""
_MAX_ENTRY = 1 << 23
_PIECE = 1 << 20

# An entry as the safetensors crate writes it, loosely: `EntryChecks.plain` looks closer, at all of them together.
_PLAIN = re.compile(rb'"([^"]*)":\{"dtype":"([^]]*\]),"data_offsets":\[([^],]*),([^]]*)\]\},')
# The same strictly, with blanks too, as Python's json.dumps writes it.
_ENTRY = re.compile(
    rb'"([^"\\\x00-\x1f]*)" ?: ?\{"dtype" ?: ?"(\w{1,16}" ?, ?"shape" ?: ?\[[\d, ]*\]) ?, ?'
    rb'"data_offsets" ?: ?\[(0|[1-9]\d{0,18}), ?(0|[1-9]\d{0,18})\]\}, ?'
)
_SPACE = re.compile(r"[ \t\n\r]*")


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no JSON")


# Objects as tuples of pairs, so that a key given twice is seen.
_DECODER = json.JSONDecoder(object_pairs_hook=tuple, parse_int=whole, parse_constant=_no_constant)

# The scanner of a string's end, which the type stubs leave out.
_scan_string: Callable[[str, int, bool], tuple[str, int]] = vars(decoder)["scanstring"]


class _Unfinished(Exception):
    """The entry goes on behind the bytes at hand."""


class HeaderReader:
    """Reads one open file's header; a fault anywhere in it is a `CheckpointError` that names the place."""

    def __init__(self, opened: BinaryIO, size: int, file: str, layouts: dict[bytes, Layout] | None = None) -> None:
        """
        Args:
            opened: the file, at its start.
            size: its length in bytes.
            file: what its tensors and an error call it.
            layouts: what the headers of other shards had, to be added to.
        """
        self._opened = opened
        self._size = size
        self._file = file
        self._checks = EntryChecks(file, {} if layouts is None else layouts)
        self._length = 0
        self._read = 0

    def batches(self) -> Iterator[TensorBatch]:
        """The tensors in the header's order, a batch for about a MiB of header.

        Raises:
            CheckpointError: for whatever is not as the format says.
        """
        self._length = self._header_length()
        rest = self._with_more(b"")
        if rest[:1] != b"{":
            raise self._fault("the header is not a JSON object", "byte 8")
        rest, empty, closed = rest[1:], True, False
        while not closed:
            end, closed = self._entries(rest, empty)
            if batch := self._checks.batch():
                yield batch
            if end == 0 and len(rest) > _MAX_ENTRY:
                raise self._fault(f"an entry of the header is longer than {_MAX_ENTRY >> 20} MiB", self._at(rest))
            empty = empty and end == 0
            rest = rest[end:] if closed else self._with_more(rest[end:])
        self._check_padding(rest)
        self._checks.finish(self._size - 8 - self._length)

    def _header_length(self) -> int:
        start = self._read_bytes(64)
        if not start:
            raise self._fault("the file is empty")
        length, rest = int.from_bytes(start[:8], "little"), self._size - 8
        # A length's bytes may look like another format's: 640 like a pickle, 31,520 like JSON behind a space.
        believable = start[8:9] == b"{" and length <= min(rest, MAX_HEADER)
        if not believable and (problem := foreign(start, self._file)):
            raise problem
        if len(start) < 8:
            raise self._fault(f"a file of {plural(len(start), 'byte')} is too short for safetensors")
        if length > rest:
            raise self._fault(
                f"its header should take {length:,} bytes and only {rest:,} are left: it is cut off, or is no"
                " safetensors file",
                "byte 0",
            )
        if not 2 <= length <= MAX_HEADER:
            raise self._fault(f"a header of {length:,} bytes cannot be: 2 to {MAX_HEADER:,} are read", "byte 0")
        self._opened.seek(8)
        return length

    def _read_bytes(self, count: int) -> bytes:
        try:
            return self._opened.read(count)
        except OSError as error:
            raise from_os_error(error, self._file) from error

    def _with_more(self, rest: bytes) -> bytes:
        """`rest` and at least as much again of what follows it, so that a long entry costs linear time."""
        most = min(_MAX_ENTRY + 1 - len(rest), self._length - self._read)
        piece = self._read_bytes(min(max(_PIECE, len(rest)), most))
        if not piece and self._read < self._length:
            raise self._fault("the file ended while its header was read", f"byte {8 + self._read}")
        self._read += len(piece)
        return rest + piece

    def _at(self, rest: bytes) -> str:
        """The place in the file where `rest`, the last of what was read, begins."""
        return f"byte {8 + self._read - len(rest)}"

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
        text = ""
        position, closed = 0, False
        if empty and buffer.startswith(b'"__metadata__"'):
            text = buffer.decode("latin-1")
            try:
                position, closed = self._odd_entry(buffer, text, 0, True)
            except _Unfinished:
                return 0, False
        rest = b"" if closed else buffer[position:]
        for pattern, take in ((_PLAIN, self._checks.plain), (_ENTRY, self._checks.usual)):
            # Between the entries, at each fifth place, nothing may stand; else they are taken one by one.
            parts = pattern.split(rest)
            if len(parts) > 1 and not any(parts[0:-1:5]) and take(*(parts[n::5] for n in range(1, 5))):
                position = len(buffer) - len(parts[-1])
                break
        while not closed:
            if match := _ENTRY.match(buffer, position):
                name, spec, begin, end = match.groups()
                self._checks.usual([name], [spec], [begin], [end])
                position = match.end()
                continue
            # As Latin-1, a character's place is its byte's.
            text = text or buffer.decode("latin-1")
            try:
                position, closed = self._odd_entry(buffer, text, position, empty and position == 0)
            except _Unfinished:
                break
        return position, closed

    def _odd_entry(self, buffer: bytes, text: str, start: int, may_close: bool) -> tuple[int, bool]:
        """Takes one entry in whatever way JSON allows: where the next one begins, and whether the object ends."""
        try:
            position = _skip_space(text, start)
            if may_close and text[position] == "}":
                return position + 1, True
            if text[position] != '"':
                raise json.JSONDecodeError("Expecting a name in double quotes", text, position)
            _, end = _scan_string(text, position + 1, True)
            name = json.loads(buffer[position:end].decode())
            position = _skip_space(text, end)
            if text[position] != ":":
                raise json.JSONDecodeError("Expecting ':'", text, position)
            value, end = _DECODER.raw_decode(text, _skip_space(text, position + 1))
            position = _skip_space(text, end)
            if text[position] not in ",}":
                raise json.JSONDecodeError("Expecting ',' or '}'", text, position)
            name.encode()
            buffer[start:position].decode()
        except (IndexError, json.JSONDecodeError) as error:
            raise self._unreadable(buffer, error) from error
        except RecursionError as error:
            raise self._fault("the header's JSON is nested too deeply", self._at(buffer[start:])) from error
        except UnicodeError as error:
            raise self._fault("the header is not UTF-8 text", self._at(buffer[start:])) from error
        except ValueError as error:
            raise self._fault(f"the header's JSON is damaged ({error})", self._at(buffer[start:])) from error
        closed = text[position] == "}"
        if name == "__metadata__":
            self._checks.metadata(value)
        else:
            self._checks.odd(name, value)
        return position + 1, closed

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
            if rest.strip(b" \t\r\n"):
                raise self._fault("the header goes on behind its JSON object", self._at(rest.lstrip(b" \t\r\n")))
            if self._read == self._length:
                return
            rest = self._with_more(b"")


def _skip_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position
