"""What a checkpoint's files say of themselves beside their tensors: safetensors' `__metadata__`, GGUF's keys.

A count keeps the beginnings, and where the whole lies, which `core.readers.metadata_pages` reads once it is asked for.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from math import isfinite

from core.text.escape import ELLIPSIS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO, Literal

MAX_KEYS = 1_000
"""Keys of which the values are kept; a file has some 40, a hostile one a million."""
MAX_TEXT_CHARACTERS = 200
"""Of a key or a value that are kept; licences and chat templates have thousands."""


class ArrayLength:
    """An array: its elements are not kept, but how many there are."""

    __slots__ = ("length",)

    def __init__(self, length: int) -> None:
        self.length = length


MetadataValue = str | int | float | bool | ArrayLength | None


class MetadataPlace:
    """Where the metadata of one file lie.

    Attributes:
        file: as it is shown.
        format: in which manner they are written.
        open: opens the file, and tells its length in bytes.
        start: the byte where they begin.
        end: the byte behind their last.
        keys: of each key of a GGUF file the byte where it begins; empty for safetensors, which has one text of JSON.
        big_endian: whether a GGUF file's numbers are.
        version: of GGUF; 0 for safetensors.
    """

    __slots__ = ("big_endian", "end", "file", "format", "keys", "open", "start", "version")

    def __init__(
        self,
        file: str,
        format: Literal["safetensors", "gguf"],
        open: Callable[[], tuple[BinaryIO, int]],
        start: int = 0,
        end: int = 0,
        *,
        keys: array[int] | None = None,
        big_endian: bool = False,
        version: int = 0,
    ) -> None:
        self.file = file
        self.format = format
        self.open = open
        self.start = start
        self.end = end
        self.keys = array("Q") if keys is None else keys
        self.big_endian = big_endian
        self.version = version


class Metadata:
    """The metadata of all files of a checkpoint. It never changes; who learns more makes another of it.

    Attributes:
        values: by key, shortened, those of the first `MAX_KEYS`; of a key in several files the first file's.
        count: how many keys there are, in each file anew where that says something else than those before it.
        places: where all of it lies, a place a file.
    """

    __slots__ = ("count", "places", "values")

    def __init__(
        self, values: dict[str, MetadataValue] | None = None, count: int = 0, places: Sequence[MetadataPlace] = ()
    ) -> None:
        self.values = values or {}
        self.count = count
        self.places = places

    def joined(self, other: Metadata) -> Metadata:
        """Both together."""
        if not self.count:
            return other
        values = {**other.values, **self.values}
        first = {key: values[key] for key in [*self.values, *other.values][:MAX_KEYS]}
        return Metadata(first, self.count + other.count, (*self.places, *other.places))


NO_METADATA = Metadata()


def metadata_of(pairs: Iterable[tuple[str, MetadataValue]], count: int, place: MetadataPlace) -> Metadata:
    """The metadata of one file.

    Args:
        pairs: keys and values; only the first are looked at.
        count: how many there are.
        place: where they lie.
    """
    values: dict[str, MetadataValue] = {}
    for number, (key, value) in enumerate(pairs):
        if number == MAX_KEYS:
            break
        values.setdefault(kept_text(key), _kept(value))
    return Metadata(values, count, (place,))


def kept_text(text: str) -> str:
    """The beginning of a text, with an ellipsis where there is more."""
    return text if len(text) <= MAX_TEXT_CHARACTERS else text[:MAX_TEXT_CHARACTERS] + ELLIPSIS


def _kept(value: MetadataValue) -> MetadataValue:
    if isinstance(value, str):
        return kept_text(value)
    return None if isinstance(value, float) and not isfinite(value) else value
