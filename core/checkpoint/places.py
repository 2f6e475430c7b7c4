"""The place of one tensor's values: what they are read by."""

from __future__ import annotations

from typing import Literal, NamedTuple

from core.checkpoint.placement import NOWHERE, ByteOrder, ChunkColumns, Placement


class ZipMember(NamedTuple):
    """A member of a zip archive. Its data begin behind a header whose length stands in that header alone.

    Attributes:
        header: the first byte of its local header in the file (APPNOTE.TXT, 4.3.7).
        packed: how many bytes its deflated data take; None where they are stored as they are.
    """

    header: int
    packed: int | None


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


def place_of(placement: Placement, index: int, place: Place) -> Place | None:
    """A tensor's place; None where nobody knows where one of its parts lies.

    Args:
        placement: of its batch.
        index: its number there.
        place: what its first byte, its size, shape and dtype say.
    """
    place = place._replace(byte_order=placement.byte_order)
    if strided := placement.strided.get(index):
        place = place._replace(strides=strided[0], nbytes=strided[1])
    if placement.headers is not None:
        place = place._replace(member=ZipMember(placement.headers[index], placement.packed.get(index)))
    if placement.chunks is None:
        return place
    chunks = _chunks_of(placement.chunks, index)
    return None if chunks is None else place._replace(file="", start=0, chunks=chunks)


def _chunks_of(columns: ChunkColumns, index: int) -> tuple[Chunk, ...] | None:
    """The chunks of one tensor; None where it is not known where one of them lies."""
    first = columns.ends[index - 1] if index else 0
    numbers = range(first, columns.ends[index])
    if any(columns.starts[n] == NOWHERE for n in numbers):
        return None
    return tuple(
        Chunk(
            columns.offsets[n],
            columns.shapes[n],
            columns.files[n],
            columns.starts[n],
            columns.sizes[n],
            columns.compressions.get(n),
        )
        for n in numbers
    )
