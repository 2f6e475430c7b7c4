"""The header of one GGUF file: its metadata, and what it says of its tensors.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Where that and llama.cpp differ, what llama.cpp
loads (ggml/src/gguf.cpp) is read here too.
"""

from __future__ import annotations

from array import array

from core.checkpoint.errors import DAMAGED, CheckpointError
from core.checkpoint.metadata import MAX_TEXT_CHARACTERS, ArrayLength, kept_text
from core.checkpoint.tensors import TensorBatch
from core.files.foreign import foreign
from core.readers.gguf.header_bytes import HeaderBytes
from core.readers.gguf.tensor_table import TensorTable
from core.text.numbers import plural
from core.text.width import shortened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

MAGIC = b"GGUF"
NEWEST = 3
_MAX_TENSORS = 1 << 16
"""DeepSeek-V3 has 1,025, as llama.cpp stacks experts."""
_MAX_KEYS = 1 << 16
_MAX_VALUE_BYTES = 1 << 12
"""A longer text is of no use here: a licence, a chat template."""
_MAX_INNER_ARRAYS = 1 << 16
_MAX_ARRAY_DEPTH = 4

# Types of values: how `struct` spells numbers, and the bytes that they take.
NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "B", 10: "Q", 11: "q", 12: "d"}
SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
BOOL, STRING, ARRAY = 7, 8, 9


Value = int | float | bool | str | ArrayLength


class GgufHeader:
    """Reads one open file's header; a fault anywhere in it is a `CheckpointError` that names the place.

    Attributes:
        version: of the format, 1 to 3.
        big_endian: whether its numbers are.
        metadata: its keys with their values, without texts that are long.
        long_texts: of those the beginnings, by their keys.
        keys: of each key the byte where it begins.
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
        self._arrays = 0
        self.metadata: dict[str, Value] = {}
        self.long_texts: dict[str, str] = {}
        self.keys = array("Q")
        self._check_magic()
        self.version = self._read_version()
        # Version 1 has lengths of 32 bits.
        self._bytes.length = "I" if self.version == 1 else "Q"
        self.tensor_count = self._read_count("tensor", 24 if self.version > 1 else 20, _MAX_TENSORS)
        pairs = self._read_count("key", 13 if self.version > 1 else 9, _MAX_KEYS)
        for _ in range(pairs):
            self._read_pair()
        self._alignment = self._read_alignment()

    @property
    def big_endian(self) -> bool:
        """Whether the file is for machines of that byte order."""
        return self._bytes.order == ">"

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
        version = self._bytes.number()
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
        count = self._bytes.number(self._bytes.length)
        left = self._bytes.left
        if count > left // least:
            raise self._bytes.fault(f"{plural(count, what)} cannot be in the {plural(left, 'byte')} that follow", start)
        if count > most:
            raise self._bytes.fault(f"{plural(count, what)}: more than {most:,} are not read", start)
        return count

    def _read_pair(self) -> None:
        start = self._bytes.position
        key = self._bytes.name("a key")
        self.keys.append(start)
        if key in self.metadata:
            raise self._bytes.fault("the metadata has this key twice", start, f"key {shortened(key, 120)}")
        kind = self._bytes.number()
        self.metadata[key] = self._value(key, kind)

    def _value(self, key: str, kind: int) -> Value:
        if form := NUMBERS.get(kind):
            value: int | float = self._bytes.unpack(form)[0]
            return bool(value) if kind == BOOL else value
        if kind == STRING:
            return self._text_value(key)
        if kind == ARRAY:
            return ArrayLength(self._skip_array(key, 1))
        raise self._key_fault(f"values of type {kind} are not known", key, 4)

    def _key_fault(self, reason: str, key: str, back: int) -> CheckpointError:
        """An error in a value that was read so many bytes ago."""
        return self._bytes.fault(reason, self._bytes.position - back, f"key {shortened(key, 120)}")

    def _text_value(self, key: str) -> str:
        start = self._bytes.position
        length = self._bytes.number(self._bytes.length)
        left = self._bytes.left
        if length > left:
            reason = f"a text of {length:,} bytes cannot be in the {left:,} that follow: it is cut off or damaged"
            raise self._bytes.fault(reason, start, f"key {shortened(key, 120)}")
        if length > _MAX_VALUE_BYTES:
            # A character takes 4 bytes at most.
            beginning = self._bytes.text(4 * MAX_TEXT_CHARACTERS + 4)
            self.long_texts[key] = kept_text(beginning.decode("utf-8", "replace"))
            self._bytes.skip(length - len(beginning))
            return ""
        return self._bytes.text(length).decode("utf-8", "replace")

    def _skip_array(self, key: str, depth: int) -> int:
        """Goes past an array; how many elements it has."""
        kind = self._bytes.number()
        length = self._bytes.number(self._bytes.length)
        if size := SIZES.get(kind):
            left = self._bytes.left
            if length * size > left:
                reason = f"an array of {length:,} values cannot be in the {left:,} bytes that follow"
                raise self._key_fault(f"{reason}: it is cut off or damaged", key, 8)
            self._bytes.skip(length * size)
        elif kind == STRING:
            self._bytes.skip_strings(length)
        elif kind == ARRAY:
            self._arrays += length
            if depth == _MAX_ARRAY_DEPTH or self._arrays > _MAX_INNER_ARRAYS:
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

    def batch(self, shard: str) -> TensorBatch:
        """The tensors in the header's order.

        Args:
            shard: the file's name in the checkpoint's folder.

        Raises:
            CheckpointError: for whatever is not as the format says.
        """
        return TensorTable(self._bytes, self.tensor_count, self._alignment).batch(shard)
