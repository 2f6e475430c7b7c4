"""What lies in a checkpoint's files, as the readers tell it: stored, not yet understood."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any, NamedTuple, Protocol


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


class Progress(NamedTuple):
    """How far a reader is: whole shards done, of how many."""

    shards_done: int
    shards_total: int


class Source:
    """A checkpoint that was found: what it is called, and what stands beside its tensors.

    Attributes:
        model: as the user typed it.
        source: `built-in`, or the path of the file or folder.
        format: `built-in` or `safetensors`.
        config: the parsed `config.json` beside it; empty where there is none.
        notes: what the reader has to say; it may grow while tensors are read.
    """

    def __init__(self, model: str, source: str, format: str, config: dict[str, Any], notes: list[str]) -> None:
        self.model = model
        self.source = source
        self.format = format
        self.config = config
        self.notes = notes


class Reader(Protocol):
    """The one entry that all formats have."""

    source: Source

    def batches(self) -> Iterator[tuple[list[StoredTensor], Progress]]:
        """The stored tensors, some at a time, from headers alone.

        Raises:
            CheckpointError: where the files are not what they should be.
        """
        ...
