"""From a place to the bytes that are there: what the headers leave to be looked up once values are wanted."""

from __future__ import annotations

import io
import os
from typing import BinaryIO, cast

from core.checkpoint.errors import DAMAGED, CheckpointError
from core.checkpoint.places import Chunk, Place, place_of
from core.readers.torch.saved_file import read_torch
from core.readers.torch.tensor_places import place_tensors
from core.readers.torch.tensor_records import Tensor
from core.readers.torch.zip_directory import data_start
from core.readers.unpickle.byte_source import InflatedPieces, Pieces


def pieces_at(opened: BinaryIO, place: Place, file: str) -> Pieces:
    """The bytes of a tensor's values, from the first to the last, a piece at a time; unpacked, if they are packed.

    Args:
        opened: the file of the place.
        place: one without chunks.
        file: what an error calls the file.

    Raises:
        CheckpointError: where the zip archive is not as its directory says.
        zlib.error: on reading, where packed bytes are damaged.
    """
    member = place.member
    data = data_start(opened, member.header, file) if member else 0
    if member is None or member.packed is None:
        return Pieces(opened, data + place.start, data + place.start + place.nbytes)
    pieces = InflatedPieces(opened, data, data + member.packed, place.start + place.nbytes)
    pieces.skip(place.start)
    return pieces


def place_of_chunk(opened: BinaryIO, chunk: Chunk, file: str) -> Place:
    """Where the values of a chunk lie in its file, by the header that torch.save wrote before them.

    Args:
        opened: the file of the chunk.
        chunk: one that is not compressed.
        file: what an error calls the file.

    Raises:
        CheckpointError: where there is no such tensor.
    """
    window = cast(BinaryIO, _Window(opened, chunk.start, chunk.nbytes))
    pickled = read_torch(window, chunk.nbytes, file)
    tensor = pickled.value
    if not isinstance(tensor, Tensor) or tensor.shape != chunk.shape:
        reason = "the part of a tensor that should lie here does not"
        raise CheckpointError(file, reason, place=f"byte {chunk.start}", advice=DAMAGED)
    starts, placement = place_tensors([tensor], pickled)
    place = Place(chunk.file, starts[0], tensor.nbytes, tensor.shape, tensor.dtype)
    found = place_of(placement, 0, place) if placement else place
    if found is None or not tensor.placed:
        raise CheckpointError(file, "the values of a part of a tensor do not lie in one run", advice="save it again")
    if found.member:
        return found._replace(member=found.member._replace(header=chunk.start + found.member.header))
    return found._replace(start=chunk.start + found.start)


class _Window(io.RawIOBase):
    """A part of a file as a file of its own."""

    def __init__(self, opened: BinaryIO, start: int, size: int) -> None:
        super().__init__()
        self._opened = opened
        self._start = start
        self._size = size
        self._position = 0

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = base + offset
        return self._position

    def read(self, size: int = -1, /) -> bytes:
        left = max(0, self._size - self._position)
        self._opened.seek(self._start + self._position)
        piece = self._opened.read(left if size < 0 else min(size, left))
        self._position += len(piece)
        return piece
