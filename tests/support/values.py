"""The values of stored tensors, read from where a reader says that they lie."""

from __future__ import annotations

from pathlib import Path

import torch

from core.checkpoint.places import Place
from core.files.folder import LocalFolder
from core.locate.location import Location
from core.readers.open_checkpoint import open_reader
from core.readers.place_bytes import pieces_at, place_of_chunk

DTYPES = {
    **{"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16},
    **{"I64": torch.int64, "I32": torch.int32, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool},
    **{"C64": torch.complex64, "F8_E4M3": torch.float8_e4m3fn},
}


def places(path: Path) -> dict[str, Place | None]:
    """The place of every tensor that is told of a checkpoint."""
    reader = open_reader(Location(str(path), str(path)))
    return {name: batch.place(n) for batch, _ in reader.batches() for n, name in enumerate(batch.names)}


def bytes_at(folder: Path, place: Place) -> bytes:
    """All bytes of a place without chunks."""
    opened, _ = LocalFolder(str(folder)).open(place.file)
    with opened:
        pieces = pieces_at(opened, place, place.file)
        content = b""
        while len(content) < place.nbytes and (piece := pieces.read(place.nbytes - len(content))):
            content += piece
    assert len(content) == place.nbytes
    return content


def values(folder: Path, place: Place) -> torch.Tensor:
    """The tensor at a place, put together of its chunks where it has some."""
    if place.chunks is not None:
        return _together(folder, place)
    dtype = DTYPES[place.dtype]
    content = torch.frombuffer(bytearray(bytes_at(folder, place)), dtype=torch.uint8)
    if place.byte_order == "big":
        content = content.view(-1, dtype.itemsize).flip(1).reshape(-1)
    flat = content.view(dtype)
    return flat.view(place.shape) if place.strides is None else flat.as_strided(place.shape, place.strides)


def _together(folder: Path, place: Place) -> torch.Tensor:
    whole = torch.empty(place.shape, dtype=DTYPES[place.dtype])
    for chunk in place.chunks or ():
        opened, _ = LocalFolder(str(folder)).open(chunk.file)
        with opened:
            inner = place_of_chunk(opened, chunk, chunk.file)
        part = tuple(slice(first, first + length) for first, length in zip(chunk.offsets, chunk.shape))
        whole[part] = values(folder, inner)
    return whole
