"""Where the values of a batch's tensors lie, as headers tell it, in columns; one row of them is a `places.Place`."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

NOWHERE = (1 << 64) - 1
"""In a column of first bytes: this tensor has no values, or none that lie in one run as its shape and dtype say."""

ByteOrder: TypeAlias = "Literal['little', 'big']"
Strided = tuple[tuple[int, ...], int]
"""How values lie that are not in C order behind one another: how far the next value of each dimension is, in values (0
repeats what is stored once), and the bytes from the first of the first value to the last of the last."""


class ChunkColumns:
    """The chunks of a batch's tensors, column by column: a model trained on a thousand GPUs has half a million.

    Attributes:
        ends: of each tensor, how many chunks there are of it and of those before it; its first is the last one's end.
        offsets: of each chunk, as `Chunk.offsets`.
        shapes: likewise.
        files: likewise; one text for all that lie in a file.
        starts: likewise; `NOWHERE` where the checkpoint does not say where a chunk lies.
        sizes: likewise, as `Chunk.nbytes`.
        compressions: of those chunks that are compressed, by their number.
    """

    __slots__ = ("compressions", "ends", "files", "offsets", "shapes", "sizes", "starts")

    def __init__(self) -> None:
        self.ends = array("Q")
        self.offsets: list[tuple[int, ...]] = []
        self.shapes: list[tuple[int, ...]] = []
        self.files: list[str] = []
        self.starts = array("Q")
        self.sizes = array("Q")
        self.compressions: dict[int, str] = {}


class Placement:
    """How the values of a batch's tensors lie, beyond their first bytes; what is as usual takes nothing.

    Attributes:
        byte_order: of all of them.
        strided: of those that do not lie in C order, by their number in the batch.
        headers: of each tensor, the local header of the zip member that holds it; None where the file is no archive.
        packed: of those in deflated members, by their number, the bytes that their member's data take.
        chunks: of each tensor, where they were written in parts; None where they were not.
    """

    __slots__ = ("byte_order", "chunks", "headers", "packed", "strided")

    def __init__(
        self,
        byte_order: ByteOrder = "little",
        strided: Mapping[int, Strided] | None = None,
        headers: Sequence[int] | None = None,
        packed: Mapping[int, int] | None = None,
        chunks: ChunkColumns | None = None,
    ) -> None:
        self.byte_order: ByteOrder = byte_order
        self.strided = {} if strided is None else strided
        self.headers = headers
        self.packed = {} if packed is None else packed
        self.chunks = chunks
