"""What a reader tells of the checkpoint it reads, beside its tensors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.checkpoint.config import ModelConfig
from core.checkpoint.learned import Claims, Learned
from core.checkpoint.metadata import NO_METADATA, Metadata
from core.checkpoint.record import Record
from core.checkpoint.tensors import TensorBatch
from core.checkpoint.uncounted import Uncounted, total_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol
else:
    Protocol = object


class Progress(Record):
    """How far a reader is.

    Attributes:
        shards_done: whole shards done.
        shards_total: of how many.
        doing: what it is at, where it does not read yet.
    """

    __slots__ = ("doing", "shards_done", "shards_total")

    def __init__(self, shards_done: int, shards_total: int, doing: str = "") -> None:
        self.shards_done = shards_done
        self.shards_total = shards_total
        self.doing = doing


class Source(Record):
    """What is known of a checkpoint beside its tensors. It never changes; who learns more makes another of it.

    Attributes:
        model: as the user typed it.
        source: `built-in`, the path of the file or folder, or an address on the hub.
        format: `built-in`, `safetensors`, `pytorch`, `gguf`, `distributed` or `config`; `hub` before that is known.
        config: what the `config.json` beside it says, or the file itself; nothing where there is none.
        notes: what its reader has to say, a sentence each.
        beside: tensors in the file that are no part of the model, such as an optimizer's state.
        claims: what an index and the hub say of the whole, to be compared with what was counted.
        piece: where it is a piece of a model only, which of how many, as a note's sentence; "" where it is whole.
        submodels: how the names of its submodels begin, where the file or folder stores several models of one: the keys
            of a saved file, the folders of a pipeline.
        metadata: what its files say of themselves, in their own words.
    """

    __slots__ = ("beside", "claims", "config", "format", "metadata", "model", "notes", "piece", "source", "submodels")

    def __init__(  # noqa: PLR0917  # as many as it has values
        self,
        model: str,
        source: str,
        format: str,
        config: ModelConfig,
        notes: Sequence[str] = (),
        beside: Uncounted | None = None,
        claims: Sequence[Claims] = (),
        piece: str = "",
        submodels: Sequence[str] = (),
        metadata: Metadata = NO_METADATA,
    ) -> None:
        self.model = model
        self.source = source
        self.format = format
        self.config = config
        self.notes = notes
        self.beside = Uncounted() if beside is None else beside
        self.claims = claims
        self.piece = piece
        self.submodels = submodels
        self.metadata = metadata

    def with_notes(self, *notes: str) -> Source:
        """The same with notes behind those that are there."""
        return self.replaced(notes=(*self.notes, *notes))

    def with_learned(self, learned: Learned | None) -> Source:
        """The same with what a batch says was learned."""
        if learned is None:
            return self
        return self.replaced(
            source=learned.source or self.source,
            format=learned.format or self.format,
            config=self.config if learned.config is None else learned.config,
            notes=(*self.notes, *learned.notes),
            beside=total_of((self.beside, learned.beside)) if learned.beside else self.beside,
            claims=(*self.claims, *learned.claims),
            piece=learned.piece or self.piece,
            submodels=learned.submodels or self.submodels,
            metadata=self.metadata.joined(learned.metadata) if learned.metadata else self.metadata,
        )


class Stopped(Exception):
    """What a reader's generator raises after its `stop` was called."""


class Reader(Protocol):
    """The one entry that all formats have. A reader that may wait long has a method `stop` too, for any thread.

    Attributes:
        source: what is known before the tensors are read; what is learned on the way comes with the batches.
    """

    source: Source

    def batches(self) -> Iterator[tuple[TensorBatch, Progress]]:
        """The stored tensors, some at a time, from headers alone.

        Raises:
            CheckpointError: where the files are not what they should be.
        """
        ...
