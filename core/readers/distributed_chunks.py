"""Which bytes of a torch.distributed.checkpoint hold which part of a tensor.

Records: torch/distributed/checkpoint/metadata.py (`MetadataIndex`) and filesystem.py (`_StorageInfo`, `_write_item`,
which writes each part with torch.save).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from core.checkpoint.placement import NOWHERE, ChunkColumns
from core.readers.unpickle.values import Inert, PickledDict

_MAX_INDEX_KEYS = 16


class Extent(NamedTuple):
    """The part of a tensor that a chunk is: where it begins, and its shape."""

    offsets: tuple[int, ...]
    shape: tuple[int, ...]


class Entry(NamedTuple):
    """A tensor of the metadata.

    Attributes:
        name: its name.
        shape: of the whole.
        dtype: as safetensors spells it.
        nbytes: what its values take.
        beside: the part of the saved state that it belongs to, where that is no model; else "".
        chunks: which parts of it were written.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    nbytes: int
    beside: str
    chunks: list[Extent]


class Stored(NamedTuple):
    """A run of bytes that the metadata tells of.

    Attributes:
        key: its key there, a `MetadataIndex`: of which tensor it is, and from where on.
        file: its name in the checkpoint's folder.
        start: its first byte.
        nbytes: how many there are.
        transforms: what the writer did to them, as its record has it.
    """

    key: object
    file: str
    start: int
    nbytes: int
    transforms: object


def is_record(value: object, name: str) -> bool:
    """Whether something in the metadata is a record of a class of that name."""
    return isinstance(value, Inert) and value.kind is not None and value.kind.name == name


def chunk_columns(entries: Iterable[Entry], stored: Iterable[Stored]) -> ChunkColumns:
    """The chunks of some tensors, in their order, with the bytes that hold them.

    Args:
        entries: the tensors.
        stored: all that the metadata says of bytes; what it says of other tensors is left out.
    """
    keyed = ((_key_of(run.key), run) for run in stored)
    runs = {key: run for key, run in keyed if key}
    columns = ChunkColumns()
    known: dict[tuple[int, ...], tuple[int, ...]] = {}
    for entry in entries:
        for extent in entry.chunks:
            run = runs.get((entry.name, extent.offsets))
            if run and (compression := _compression(run.transforms)):
                columns.compressions[len(columns.starts)] = compression
            columns.offsets.append(known.setdefault(extent.offsets, extent.offsets))
            columns.shapes.append(known.setdefault(extent.shape, extent.shape))
            columns.files.append(run.file if run else "")
            columns.starts.append(run.start if run and run.start < NOWHERE else NOWHERE)
            columns.sizes.append(min(run.nbytes, NOWHERE) if run else 0)
        columns.ends.append(len(columns.starts))
    return columns


def _key_of(index: object) -> tuple[str, tuple[int, ...]] | None:
    """Of which tensor a run of bytes is, and from where on; None where it is of no tensor, or nobody can tell."""
    state = index.state if isinstance(index, Inert) and is_record(index, "MetadataIndex") else None
    if not isinstance(state, PickledDict) or len(state.keys) > _MAX_INDEX_KEYS:
        return None
    name, offset = state.get("fqn"), state.get("offset")
    if not isinstance(name, str) or not isinstance(offset, tuple) or not all(type(n) is int for n in offset):
        return None
    return name, offset


def _compression(transforms: object) -> str | None:
    """What must be undone to the bytes before they are a file of torch.save; None where nothing."""
    if not isinstance(transforms, (list, tuple)) or not transforms:
        return None
    return ", ".join(str(name) if isinstance(name, str) else "unknown" for name in transforms[:_MAX_INDEX_KEYS])
