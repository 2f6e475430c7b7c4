"""What a reader tells of the checkpoint it reads, beside its tensors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from core.checkpoint.tensors import TensorBatch, Uncounted


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
        piece: where it is a piece of a model only, which of how many, as a note's sentence; "" where it is whole. It
            may be known only once tensors are read.
        parts: how the names of its parts begin, where the file or folder stores several models of one (the keys of a
            saved file, the folders of a pipeline); likewise.
    """

    def __init__(self, model: str, source: str, format: str, config: dict[str, Any], notes: list[str]) -> None:
        self.model = model
        self.source = source
        self.format = format
        self.config = config
        self.notes = notes
        self.beside = Uncounted()
        self.claims: list[Claims] = []
        self.piece = ""
        self.parts: tuple[str, ...] = ()


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
