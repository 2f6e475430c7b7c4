"""Where the values of stored tensors lie, as the headers tell it: what they are read by, should anybody want them."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

NOWHERE = (1 << 64) - 1
"""In a column of first bytes: this tensor has no values, or none that lie in one run as its shape and dtype say."""

ByteOrder = Literal["little", "big"]


class ZipMember(NamedTuple):
    """A member of a zip archive. Its data begin behind a header whose length stands in that header alone.

    Attributes:
        header: the first byte of its local header in the file (APPNOTE.TXT, 4.3.7).
        packed: how many bytes its deflated data take; None where they are stored as they are.
    """

    header: int
    packed: int | None


class Strided(NamedTuple):
    """How values lie that are not in C order behind one another.

    Attributes:
        strides: how far the next value of each dimension is, in values; 0 repeats what is stored once.
        nbytes: from the first byte of the first value to the last byte of the last.
    """

    strides: tuple[int, ...]
    nbytes: int


class Chunk(NamedTuple):
    """A part of a tensor that was written by itself. Its bytes are a whole file of torch.save with this part alone.

    Attributes:
        offsets: where in the tensor it begins, an index of each dimension.
        shape: its extent from there on.
        file: the file that holds it, by its name in the checkpoint's folder.
        start: its first byte there.
        nbytes: how many bytes it takes there, with all that torch.save writes beside the values.
        compression: what it must be unpacked with, as the writer calls it; None where it is stored as it is.
    """

    offsets: tuple[int, ...]
    shape: tuple[int, ...]
    file: str
    start: int
    nbytes: int
    compression: str | None


class Place(NamedTuple):
    """Where the values of one tensor lie and how they are to be read.

    Attributes:
        file: the shard, by its name in the checkpoint's folder, which opens it; "" where there are chunks.
        start: the first byte of its first value: in the file, or in the data of `member`.
        nbytes: how many bytes from there on hold all its values.
        shape: its shape.
        dtype: how a value, or a block of values, is spelt.
        strides: of each dimension, in values; None where all lie in C order without a gap.
        byte_order: of its numbers.
        member: the member of the zip archive that holds it; None where the file itself does.
        chunks: its parts, each in a run of its own, which cover it once; None where it lies in one.
    """

    file: str
    start: int
    nbytes: int
    shape: tuple[int, ...]
    dtype: str
    strides: tuple[int, ...] | None = None
    byte_order: ByteOrder = "little"
    member: ZipMember | None = None
    chunks: tuple[Chunk, ...] | None = None

    @property
    def compression(self) -> Literal["deflate"] | None:
        """What the bytes must be unpacked with; `start` and `nbytes` are those of the unpacked ones."""
        return "deflate" if self.member and self.member.packed is not None else None


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

    def of(self, index: int) -> tuple[Chunk, ...] | None:
        """The chunks of one tensor; None where it is not known where one of them lies."""
        first = self.ends[index - 1] if index else 0
        numbers = range(first, self.ends[index])
        if any(self.starts[n] == NOWHERE for n in numbers):
            return None
        return tuple(
            Chunk(
                self.offsets[n],
                self.shapes[n],
                self.files[n],
                self.starts[n],
                self.sizes[n],
                self.compressions.get(n),
            )
            for n in numbers
        )


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

    def complete(self, place: Place, index: int) -> Place | None:
        """A tensor's place, of that told by its first byte alone; None where its parts lie nobody knows where."""
        place = place._replace(byte_order=self.byte_order)
        if strided := self.strided.get(index):
            place = place._replace(strides=strided.strides, nbytes=strided.nbytes)
        if self.headers is not None:
            place = place._replace(member=ZipMember(self.headers[index], self.packed.get(index)))
        if self.chunks is None:
            return place
        chunks = self.chunks.of(index)
        return None if chunks is None else place._replace(file="", start=0, chunks=chunks)
