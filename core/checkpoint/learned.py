"""What a reader finds out while it reads, beside the tensors."""

from __future__ import annotations

from collections.abc import Sequence

from core.checkpoint.config import ModelConfig
from core.checkpoint.metadata import Metadata
from core.checkpoint.uncounted import Uncounted


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


class Learned:
    """What comes to what is known of a checkpoint (`core.checkpoint.source.Source`); empty where nothing does.

    Attributes:
        source: in place of its address.
        format: in place of its format.
        config: in place of its config; None leaves that.
        notes: behind its notes.
        beside: added to what lies beside the model; None adds nothing.
        claims: behind the claims.
        piece: in place of what it is a piece of; "" leaves that.
        submodels: in place of its submodels; none leave those.
        metadata: beside its metadata; None adds nothing.
    """

    __slots__ = ("beside", "claims", "config", "format", "metadata", "notes", "piece", "source", "submodels")

    def __init__(
        self,
        *,
        source: str = "",
        format: str = "",
        config: ModelConfig | None = None,
        notes: Sequence[str] = (),
        beside: Uncounted | None = None,
        claims: Sequence[Claims] = (),
        piece: str = "",
        submodels: Sequence[str] = (),
        metadata: Metadata | None = None,
    ) -> None:
        self.source = source
        self.format = format
        self.config = config
        self.notes = notes
        self.beside = beside
        self.claims = claims
        self.piece = piece
        self.submodels = submodels
        self.metadata = metadata
