"""What lies in a checkpoint's files, as the readers tell it: stored, not yet understood."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from functools import partial
from itertools import repeat
from typing import Any, NamedTuple, Protocol

from core.totals import Uncounted


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
    """

    __slots__ = ("are_parameters", "dtypes", "file", "names", "shapes", "sizes", "storages")

    def __init__(  # noqa: PLR0917  # the columns in a row's order
        self,
        names: Sequence[str],
        shapes: Sequence[tuple[int, ...]],
        dtypes: Sequence[str],
        sizes: Sequence[int],
        file: str,
        storages: Sequence[Hashable | None] | None = None,
        are_parameters: Sequence[bool] | None = None,
    ) -> None:
        self.names = names
        self.shapes = shapes
        self.dtypes = dtypes
        self.sizes = sizes
        self.file = file
        self.storages = storages
        self.are_parameters = are_parameters

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


class Progress(NamedTuple):
    """How far a reader is.

    Attributes:
        shards_done: whole shards done.
        shards_total: of how many.
        doing: what it is at, where it does not read yet.
    """

    shards_done: int
    shards_total: int
    doing: str = ""


class Claims:
    """What others say of a checkpoint: not believed, but differences are explained.

    Attributes:
        by: who says it, as a note names it.
        parameters: how many there are; 0 where it is not said.
        bytes: what they take; 0 where it is not said.
    """

    __slots__ = ("by", "bytes", "parameters")

    def __init__(self, by: str, parameters: object = None, bytes: object = None) -> None:
        """Of values from a file, whatever they are."""
        self.by = by
        self.parameters, self.bytes = (
            int(n) if isinstance(n, (int, float)) and 0 < n < 1 << 62 else 0 for n in (parameters, bytes)
        )


class Source:
    """A checkpoint that was found: what it is called, and what stands beside its tensors.

    Attributes:
        model: as the user typed it.
        source: `built-in`, the path of the file or folder, or an address on the hub.
        format: `built-in`, `safetensors`, `pytorch`, `gguf`, `distributed` or `config`; `hub` before that is known.
        config: the parsed `config.json` beside it, or what the file itself says; empty where there is none. It may be
            known only once tensors are read.
        notes: what the reader has to say; it may grow while tensors are read.
        beside: tensors in the file that are no part of the model, such as an optimizer's state; it may grow too.
        claims: what an index and the hub say of the whole, to be compared with what was counted; it may grow too.
    """

    def __init__(self, model: str, source: str, format: str, config: dict[str, Any], notes: list[str]) -> None:
        self.model = model
        self.source = source
        self.format = format
        self.config = config
        self.notes = notes
        self.beside = Uncounted()
        self.claims: list[Claims] = []


class Stopped(Exception):
    """What a reader's generator raises after its `stop` was called."""


class Reader(Protocol):
    """The one entry that all formats have. A reader that may wait long has a method `stop` too, for any thread."""

    source: Source

    def batches(self) -> Iterator[tuple[TensorBatch, Progress]]:
        """The stored tensors, some at a time, from headers alone.

        Raises:
            CheckpointError: where the files are not what they should be.
        """
        ...
