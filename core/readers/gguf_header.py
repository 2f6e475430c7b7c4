"""The header of one GGUF file: its metadata, and what it says of its tensors.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Where that and llama.cpp differ, what llama.cpp
loads (ggml/src/gguf.cpp) is read here too.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from core.errors import CheckpointError
from core.escape import shortened
from core.formats import plural
from core.readers.files import foreign
from core.readers.ggml_types import GGML_TYPES, REMOVED_TYPES
from core.readers.gguf_bytes import DAMAGED, HeaderBytes
from core.stored import TensorBatch

MAGIC = b"GGUF"
NEWEST = 3
MOST_TENSORS = 1 << 16
"""DeepSeek-V3 has 1,025, as llama.cpp stacks experts."""
_MOST_PAIRS = 1 << 16
_MOST_TEXT = 1 << 26
"""Bytes of all keys and names together; they are kept."""
_LONGEST_NAME = (1 << 16) - 1
"""Of keys, by the format; tensors' names have 64 bytes at most there, and more in files of stable-diffusion.cpp."""
_LONGEST_VALUE = 1 << 12
"""A longer text is of no use here: a licence, a chat template."""
_MOST_ARRAYS = 1 << 16
_DEEPEST_ARRAY = 4
_MOST_DIMENSIONS = 4
_BATCH = 8192
_MOST_LAYOUTS = 1 << 14

_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "B", 10: "Q", 11: "q", 12: "d"}
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_UINT32, _BOOL, _STRING, _ARRAY = 4, 7, 8, 9


class ArrayLength(NamedTuple):
    """An array of the metadata: its elements are not kept."""

    length: int


class Layout(NamedTuple):
    """What the header says of a tensor beside its name and place."""

    shape: tuple[int, ...]
    dtype: str
    nbytes: int


Value = int | float | bool | str | ArrayLength


class GgufHeader:
    """Reads one open file's header; a fault anywhere in it is a `CheckpointError` that names the place.

    Attributes:
        version: of the format, 1 to 3.
        big_endian: whether its numbers are.
        metadata: its keys with their values, without texts that are long.
        tensor_count: how many tensors it says that it has.
    """

    def __init__(self, opened: BinaryIO, size: int, file: str) -> None:
        """
        Args:
            opened: the file, at its start.
            size: its length in bytes.
            file: what its tensors and an error call it.

        Raises:
            CheckpointError: where it is no GGUF file, or its metadata is not as the format says.
        """
        self._bytes = HeaderBytes(opened, size, file)
        self._file = file
        self._text_size = 0
        self._arrays = 0
        self.metadata: dict[str, Value] = {}
        self._check_magic()
        self.version = self._read_version()
        # Version 1 has lengths of 32 bits.
        self._length = "I" if self.version == 1 else "Q"
        self.tensor_count = self._read_count("tensor", 24 if self.version > 1 else 20, MOST_TENSORS)
        pairs = self._read_count("key", 13 if self.version > 1 else 9, _MOST_PAIRS)
        for _ in range(pairs):
            self._read_pair()
        self._alignment = self._read_alignment()

    @property
    def big_endian(self) -> bool:
        """Whether the file is for machines of that byte order."""
        return self._bytes.order == ">"

    def batches(self) -> Iterator[TensorBatch]:
        """The tensors in the header's order, some thousands at a time.

        Raises:
            CheckpointError: for whatever is not as the format says.
        """
        names: list[str] = []
        layouts: list[Layout] = []
        seen: set[str] = set()
        begins, ends = array("Q"), array("Q")
        known: dict[bytes, Layout] = {}
        for _ in range(self.tensor_count):
            start = self._bytes.position
            name = self._name("a tensor's name")
            if name in seen:
                raise self._tensor_fault("the header has this name twice", name, start)
            seen.add(name)
            names.append(name)
            layout, begin = self._layout(name, known)
            layouts.append(layout)
            if begin % self._alignment:
                raise self._tensor_fault(f"its offset {begin:,} is no multiple of {self._alignment}", name, start)
            if begin + layout.nbytes >= 1 << 64:
                raise self._tensor_fault(f"its offset {begin:,} is beyond any file", name, start)
            begins.append(begin)
            ends.append(begin + layout.nbytes)
            if len(names) == _BATCH:
                yield self._batch(names, layouts)
                names, layouts = [], []
        self._check_places(begins, ends)
        yield self._batch(names, layouts)

    def _batch(self, names: list[str], layouts: list[Layout]) -> TensorBatch:
        shapes, dtypes, sizes = zip(*layouts) if layouts else ((), (), ())
        return TensorBatch(names, shapes, dtypes, sizes, self._file)

    def _check_magic(self) -> None:
        size = self._bytes.size
        if not size:
            raise CheckpointError(self._file, "the file is empty", advice=DAMAGED)
        start = self._bytes.take(min(size, 4))
        if start == MAGIC:
            return
        start += self._bytes.take(min(size, 64) - len(start))
        if problem := foreign(start, self._file, "GGUF"):
            raise problem
        shown = shortened(repr(start[:4])[2:-1], 20)
        raise self._bytes.fault(f"it begins with {shown} and not with GGUF: it is no GGUF file", 0)

    def _read_version(self) -> int:
        version = self._bytes.number("I")
        if version and not version & 0xFFFF:
            self._bytes.order = ">"
            version = int.from_bytes(version.to_bytes(4, "little"), "big")
        if version > NEWEST:
            reason = f"version {version:,} of GGUF, and versions 1 to {NEWEST} are read: it is newer than this program"
            raise self._bytes.fault(f"{reason}, or damaged", 4)
        if not version or (version == 1 and self.big_endian):
            raise self._bytes.fault(f"version {version} of GGUF cannot be", 4)
        return version

    def _read_count(self, what: str, least: int, most: int) -> int:
        """The number of tensors or keys, if that many fit into what follows, at `least` bytes each."""
        start = self._bytes.position
        count = self._bytes.number(self._length)
        left = self._bytes.size - self._bytes.position
        if count > left // least:
            raise self._bytes.fault(f"{plural(count, what)} cannot be in the {plural(left, 'byte')} that follow", start)
        if count > most:
            raise self._bytes.fault(f"{plural(count, what)}: more than {most:,} are not read", start)
        return count

    def _name(self, what: str) -> str:
        """A key or a tensor's name."""
        start = self._bytes.position
        length = self._bytes.number(self._length)
        if length > self._bytes.size - self._bytes.position:
            left = self._bytes.size - self._bytes.position
            reason = f"{what} of {length:,} bytes cannot be in the {left:,} that follow"
            raise self._bytes.fault(f"{reason}: it is cut off or damaged", start)
        if length > _LONGEST_NAME:
            raise self._bytes.fault(f"{what} of {length:,} bytes is longer than {_LONGEST_NAME:,}", start)
        self._text_size += length
        if self._text_size > _MOST_TEXT:
            raise self._bytes.fault(f"keys and names of more than {_MOST_TEXT:,} bytes in all are not read", start)
        try:
            return self._bytes.take(length).decode()
        except UnicodeDecodeError as error:
            raise self._bytes.fault(f"{what} is not UTF-8 text", start) from error

    def _read_pair(self) -> None:
        start = self._bytes.position
        key = self._name("a key")
        if key in self.metadata:
            raise self._bytes.fault("the metadata has this key twice", start, f"key {shortened(key, 120)}")
        kind = self._bytes.number("I")
        self.metadata[key] = self._value(key, kind)

    def _value(self, key: str, kind: int) -> Value:
        if form := _NUMBERS.get(kind):
            value: int | float = self._bytes.unpack(form)[0]
            return bool(value) if kind == _BOOL else value
        if kind == _STRING:
            return self._text_value(key)
        if kind == _ARRAY:
            return ArrayLength(self._skip_array(key, 1))
        raise self._key_fault(f"values of type {kind} are not known", key, 4)

    def _key_fault(self, reason: str, key: str, back: int) -> CheckpointError:
        """An error in a value that was read so many bytes ago."""
        return self._bytes.fault(reason, self._bytes.position - back, f"key {shortened(key, 120)}")

    def _text_value(self, key: str) -> str:
        start = self._bytes.position
        length = self._bytes.number(self._length)
        left = self._bytes.size - self._bytes.position
        if length > left:
            reason = f"a text of {length:,} bytes cannot be in the {left:,} that follow: it is cut off or damaged"
            raise self._bytes.fault(reason, start, f"key {shortened(key, 120)}")
        if length > _LONGEST_VALUE:
            self._bytes.skip(length)
            return ""
        self._text_size += length
        return self._bytes.take(length).decode("utf-8", "replace")

    def _skip_array(self, key: str, depth: int) -> int:
        """Goes past an array; how many elements it has."""
        kind = self._bytes.number("I")
        length = self._bytes.number(self._length)
        if size := _SIZES.get(kind):
            left = self._bytes.size - self._bytes.position
            if length * size > left:
                reason = f"an array of {length:,} values cannot be in the {left:,} bytes that follow"
                raise self._key_fault(f"{reason}: it is cut off or damaged", key, 8)
            self._bytes.skip(length * size)
        elif kind == _STRING:
            self._bytes.skip_strings(length, self._length)
        elif kind == _ARRAY:
            self._arrays += length
            if depth == _DEEPEST_ARRAY or self._arrays > _MOST_ARRAYS:
                raise self._key_fault("too many arrays lie in arrays", key, 8)
            for _ in range(length):
                self._skip_array(key, depth + 1)
        else:
            raise self._key_fault(f"arrays of values of type {kind} are not known", key, 12)
        return length

    def _read_alignment(self) -> int:
        """By how many bytes the tensors' places are aligned: a power of two, 32 if it is not said."""
        value = self.metadata.get("general.alignment", 32)
        if type(value) is not int or value < 1 or value & (value - 1):
            shown = f"{value:,}" if type(value) is int else "no whole number"
            raise CheckpointError(
                self._file,
                f"an alignment must be a power of two, and this is {shown}",
                place="key general.alignment",
                advice=DAMAGED,
            )
        return value

    def _layout(self, name: str, known: dict[bytes, Layout]) -> tuple[Layout, int]:
        """A tensor's layout and offset."""
        start = self._bytes.position
        dimensions = self._bytes.number("I")
        if dimensions > _MOST_DIMENSIONS:
            reason = f"{dimensions:,} dimensions, and GGUF has {_MOST_DIMENSIONS} at most"
            raise self._tensor_fault(reason, name, start)
        form = f"{dimensions}{self._length}I"
        shape_start = self._bytes.position
        *reverse, number, begin = self._bytes.unpack(form + "Q")
        spec = repr((reverse, number)).encode()
        layout = known.get(spec)
        if layout is None:
            if len(known) == _MOST_LAYOUTS:
                known.clear()
            layout = known[spec] = self._new_layout(name, reverse, number, shape_start)
        return layout, begin

    def _new_layout(self, name: str, reverse: list[int], number: int, start: int) -> Layout:
        kind = GGML_TYPES.get(number)
        if kind is None:
            removed = REMOVED_TYPES.get(number)
            what = f"type {number} ({removed}), which llama.cpp has removed" if removed else f"type {number:,}"
            advice = "make the file anew with a llama.cpp of today" if removed else DAMAGED
            place = f"tensor {shortened(name, 120) or '(no name)'}, byte {start}"
            reason = f"its values are of ggml's {what}, not known here"
            raise CheckpointError(self._file, reason, place=place, advice=advice)
        elements = 1
        for n in reverse:
            # Each step is bounded, so that hostile dimensions cost no time.
            elements *= n
            if elements >= 1 << 63 or n >= 1 << 63:
                raise self._tensor_fault("its shape is larger than any file", name, start)
        row = reverse[0] if reverse else 1
        if row % kind.block:
            reason = f"rows of {row:,} values are no multiple of {kind.name}'s blocks of {kind.block}"
            raise self._tensor_fault(reason, name, start)
        # ggml's first dimension is the innermost, PyTorch's last one.
        return Layout(tuple(reversed(reverse)), kind.name, elements // kind.block * kind.nbytes)

    def _tensor_fault(self, reason: str, name: str, start: int) -> CheckpointError:
        return self._bytes.fault(reason, start, f"tensor {shortened(name, 120) or '(no name)'}")

    def _check_places(self, begins: array[int], ends: array[int]) -> None:
        """Refuses values that lie behind the file's end or over one another; gaps between them may be."""
        if not begins:
            return
        data = self._bytes.position + -self._bytes.position % self._alignment
        needed = data + max(ends)
        if needed > self._bytes.size:
            reason = f"the tensors' values should end at byte {needed:,} and the file has {self._bytes.size:,}"
            raise CheckpointError(self._file, f"{reason}: it is cut off", advice=DAMAGED)
        end = 0
        for n in self._order(begins):
            if begins[n] < end and begins[n] < ends[n]:
                reason = f"the values of two tensors lie at byte {data + begins[n]:,}"
                raise CheckpointError(self._file, reason, advice=DAMAGED)
            end = max(end, ends[n])

    def _order(self, begins: array[int]) -> range | list[int]:
        """The tensors by their places, which is the order that they are told in as a rule."""
        numbers = range(len(begins))
        if all(map(int.__le__, begins, begins[1:])):
            return numbers
        return sorted(numbers, key=begins.__getitem__)
