"""Stored tensors, as a checkpoint's files name them, and batches of them column by column."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterator, Sequence
from functools import partial
from itertools import repeat
from typing import NamedTuple


class Uncounted:
    """What lies in the file and is no parameter: elements as stored, tensors, bytes."""

    __slots__ = ("bytes", "elements", "tensor_count")

    def __init__(self, elements: int = 0, tensor_count: int = 0, bytes: int = 0) -> None:
        self.elements = elements
        self.tensor_count = tensor_count
        self.bytes = bytes

    def _figures(self) -> tuple[int, ...]:
        return self.elements, self.tensor_count, self.bytes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Uncounted) and self._figures() == other._figures()

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"Uncounted{self._figures()}"

    def add(self, other: Uncounted) -> None:
        """Adds another one to this one."""
        self.elements += other.elements
        self.tensor_count += other.tensor_count
        self.bytes += other.bytes


class StoredTensor(NamedTuple):
    """One tensor as its file names it.

    A named tuple, since a checkpoint may hold a million of them.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    """As safetensors spells it: `F32`, `BF16`, `F8_E4M3`."""
    nbytes: int
    """What its values take in the file."""
    file: str
    """The shard that holds it, relative to the checkpoint; "" where there is no file."""
    storage: Hashable | None
    """Tensors with the same storage share their values; None where the format cannot share."""
    is_parameter: bool | None = None
    """Whether it is a parameter or a buffer, where the format itself says so; None where it does not."""


class TensorBatch:
    """Some tensors of one file, column by column: an object for each would take a third of a whole count's time.

    Attributes:
        names: the tensors' names.
        shapes: their shapes.
        dtypes: their dtypes.
        sizes: what each takes in the file, in bytes.
        file: the shard that holds them all.
        storages: of each, as `StoredTensor.storage`; None where the format cannot share.
        are_parameters: of each, as `StoredTensor.is_parameter`; None where the format does not say.
        starts: of each, the byte of the file where its values begin; None where that is not known.
    """

    __slots__ = ("are_parameters", "dtypes", "file", "names", "shapes", "sizes", "starts", "storages")

    def __init__(  # noqa: PLR0917  # the columns in a row's order
        self,
        names: Sequence[str],
        shapes: Sequence[tuple[int, ...]],
        dtypes: Sequence[str],
        sizes: Sequence[int],
        file: str,
        storages: Sequence[Hashable | None] | None = None,
        are_parameters: Sequence[bool] | None = None,
        starts: array[int] | None = None,
    ) -> None:
        self.names = names
        self.shapes = shapes
        self.dtypes = dtypes
        self.sizes = sizes
        self.file = file
        self.storages = storages
        self.are_parameters = are_parameters
        self.starts = starts

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[StoredTensor]:
        storages = repeat(None) if self.storages is None else self.storages
        said = repeat(None) if self.are_parameters is None else self.are_parameters
        rows = zip(self.names, self.shapes, self.dtypes, self.sizes, repeat(self.file), storages, said)
        # tuple.__new__ fills a named tuple several times faster than its own constructor.
        return map(partial(tuple.__new__, StoredTensor), rows)

    def tensor(self, index: int) -> StoredTensor:
        """One of the tensors."""
        storage = self.storages[index] if self.storages else None
        said = self.are_parameters[index] if self.are_parameters else None
        return StoredTensor(
            self.names[index], self.shapes[index], self.dtypes[index], self.sizes[index], self.file, storage, said
        )
