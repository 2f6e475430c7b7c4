"""Folders of torch.distributed.checkpoint: tensors that several ranks wrote in chunks, by their `.metadata` alone.

Records: torch/distributed/checkpoint/metadata.py (`Metadata`, `TensorStorageMetadata`, `MetadataIndex`) and
filesystem.py (`_StorageInfo`).
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

from core.checkpoint.errors import CheckpointError
from core.checkpoint.learned import Learned
from core.checkpoint.placement import Placement
from core.checkpoint.source import Progress, Source
from core.checkpoint.tensors import TensorBatch
from core.checkpoint.uncounted import Uncounted, total_of
from core.files.folder import Folder
from core.files.json_file import read_config
from core.files.torch_names import METADATA
from core.readers.distributed_chunks import Entry, Extent, Stored, chunk_columns, is_record
from core.readers.torch.storages import dtype_of
from core.readers.torch.tensor_records import TENSORS, sizes_of
from core.readers.unpickle.budget import ENTRY_BYTES, TEXT_BYTES, Budget, OverBudgetError
from core.readers.unpickle.byte_source import PickleBytes, Pieces
from core.readers.unpickle.machine import PickleMachine
from core.readers.unpickle.values import Inert, PickledDict
from core.text.escape import escaped
from core.text.numbers import amount
from core.text.width import shortened

_AGAIN = "save the checkpoint again, or copy the whole folder"
_MAX_CHUNKS = 500_000
"""Of all tensors together, more than a pickle has room for but by repeating them."""
_MAX_KEYS = 16
"""Of one record in the metadata, or on the way to a tensor."""
_COUNTED_BYTES = 600
"""What a tensor takes until all are counted, beside its name, its shape and the part that it belongs to."""
_STATE = "state"
"""Of an optimizer: below it lies, by the names of parameters, what it keeps of each."""
_BESIDE = ("optim", "schedul", "lr_sched", "rng", "dataloader", "train_state")


class DistributedReader:
    """Reads the metadata of a folder, and looks whether its files are there and as long as that says.

    Attributes:
        source: what is known before it is read.
        folder: its files.
    """

    def __init__(self, model: str, path: str, folder: Folder) -> None:
        """
        Args:
            model: as the user typed it.
            path: the folder, as errors and outputs name it.
            folder: its files.
        """
        notes: list[str] = []
        self.source = Source(model, path, "distributed", read_config(folder, notes), notes)
        self.folder = folder
        self._file = folder.shown(METADATA)
        self._chunks = 0
        self._budget = Budget()

    def batches(self) -> Iterator[tuple[TensorBatch, Progress]]:
        """All tensors at once, whole, however many ranks wrote them.

        Raises:
            CheckpointError: where the metadata is missing or damaged, or its files are not as it says.
        """
        metadata = self._metadata()
        try:
            entries = list(self._entries(metadata))
            stored = list(self._stored(metadata))
            self._check_files(stored)
        except OverBudgetError as error:
            raise self._fault("it repeats its tensors more often than a checkpoint does") from error
        model = [entry for entry in entries if not entry.beside]
        # Where an average is all there is, it is the model.
        model = model or [entry for entry in entries if _is_average(entry.beside.rpartition(".")[2])]
        names = {entry.name for entry in model}
        learned = self._learned([entry for entry in entries if entry.name not in names], alone=not model)
        yield (
            TensorBatch.of(
                [entry.name for entry in model],
                model,
                self._file,
                placement=Placement(chunks=chunk_columns(model, stored)),
                learned=learned,
            ),
            Progress(1, 1),
        )

    def _fault(self, reason: str, place: str = "") -> CheckpointError:
        return CheckpointError(self._file, reason, place=place, advice=_AGAIN)

    def _metadata(self) -> PickledDict:
        if not self.folder.has(METADATA):
            reason = (
                f"the {METADATA} of this distributed checkpoint is missing: it was not saved to its end, or not copied"
            )
            raise CheckpointError(self.source.source, reason, advice=_AGAIN)
        opened, length = self.folder.open(METADATA)
        with opened:
            source = PickleBytes(Pieces(opened, 0, length), self._file, self._budget)
            value = PickleMachine(source, self._file, TENSORS).load()
        if not is_record(value, "Metadata"):
            raise self._fault("it holds no metadata of torch.distributed.checkpoint")
        state = value.state
        if not isinstance(state, PickledDict) or not isinstance(state.get("state_dict_metadata"), PickledDict):
            raise self._fault("its metadata names no tensors")
        return state

    def _entries(self, metadata: PickledDict) -> Iterator[Entry]:
        saved = metadata.get("state_dict_metadata")
        plan = metadata.get("planner_data")
        self._budget.spend(4 * ENTRY_BYTES * (len(plan.keys) if isinstance(plan, PickledDict) else 0))
        self._budget.spend(3 * ENTRY_BYTES * len(saved.keys))
        parts = _Parts(plan, saved)
        seen: set[str] = set()
        for name, record in zip(saved.keys, saved.values):
            if not isinstance(name, str) or name in seen:
                raise self._fault("it names a tensor twice, or by what is no text")
            seen.add(name)
            if is_record(record, "TensorStorageMetadata"):
                try:
                    shape, dtype, nbytes, chunks = self._layout(record)
                except ValueError as error:
                    raise self._fault(str(error), f"tensor {shortened(name, 120)}") from error
                beside = parts.beside(name)
                self._budget.spend(_COUNTED_BYTES + 16 * len(shape) + TEXT_BYTES + 4 * len(beside))
                yield Entry(name, shape, dtype, nbytes, beside, chunks)
            elif not is_record(record, "BytesStorageMetadata"):
                raise self._fault("it is neither a tensor nor bytes", f"entry {shortened(name, 120)}")

    def _layout(self, record: Inert) -> tuple[tuple[int, ...], str, int, list[Extent]]:
        """Shape, dtype, bytes and chunks of a tensor; they must cover it exactly once.

        Raises:
            ValueError: where they do not.
        """
        state = record.state
        if not isinstance(state, PickledDict) or len(state.keys) > _MAX_KEYS:
            raise ValueError("its record is none")
        shape = sizes_of(state.get("size"))
        dtype, bits = dtype_of(_dtype_in(state.get("properties")))
        chunks = state.get("chunks")
        if not isinstance(chunks, list):
            raise ValueError("it has no list of chunks")
        self._chunks += len(chunks)
        if self._chunks > _MAX_CHUNKS:
            raise ValueError(f"there are more than {_MAX_CHUNKS:,} chunks, which are not read")
        extents = [_extent_of(chunk, shape) for chunk in chunks]
        covered = sum(prod(extent.shape) for extent in extents)
        elements = prod(shape)
        if covered != elements:
            raise ValueError(f"its chunks hold {covered:,} of its {elements:,} elements")
        return shape, dtype, elements * bits // 8, extents

    def _stored(self, metadata: PickledDict) -> Iterator[Stored]:
        """Where the metadata says that chunks lie, those of values that are no tensors too.

        Raises:
            CheckpointError: where it does not say it.
        """
        stored = metadata.get("storage_data")
        if not isinstance(stored, PickledDict):
            raise self._fault("it does not say where the values lie")
        for index, record in zip(stored.keys, stored.values):
            place = record.state if is_record(record, "_StorageInfo") else None
            if not isinstance(place, PickledDict) or len(place.keys) > _MAX_KEYS:
                raise self._fault("it does not say where the values of a tensor lie")
            self._budget.spend(2 * ENTRY_BYTES)
            path, begin, length = place.get("relative_path"), place.get("offset"), place.get("length")
            if (
                not isinstance(path, str)
                or type(begin) is not int
                or type(length) is not int
                or begin < 0
                or length < 0
            ):
                raise self._fault("the place of a tensor's values is none")
            yield Stored(index, path, begin, length, place.get("transform_descriptors"))

    def _check_files(self, stored: list[Stored]) -> None:
        """Every file that the metadata names must be there and reach as far as the values in it do.

        Raises:
            CheckpointError: where one is not.
        """
        ends: dict[str, int] = {}
        for run in stored:
            ends[run.file] = max(ends.get(run.file, 0), run.start + run.nbytes)
        for path, end in sorted(ends.items()):
            if path.startswith("/") or ".." in path.split("/") or "\0" in path:
                raise self._fault("it names a file outside its folder", shortened(path, 120))
            if not self.folder.has(path):
                raise CheckpointError(self.folder.shown(path), f"missing, {METADATA} names it", advice=_AGAIN)
            opened, length = self.folder.open(path)
            opened.close()
            if length < end:
                reason = f"its values should end at byte {end:,} and the file has {length:,}: it is cut off"
                raise CheckpointError(self.folder.shown(path), reason, advice=_AGAIN)

    def _learned(self, entries: list[Entry], alone: bool) -> Learned:
        """What lies beside the model.

        Args:
            entries: those that are no part of it.
            alone: whether there is nothing else.

        Raises:
            CheckpointError: where there is nothing else.
        """
        parts: dict[str, Uncounted] = {}
        for entry in entries:
            left = Uncounted(prod(entry.shape), 1, entry.nbytes)
            parts.setdefault(entry.beside, Uncounted()).add(left)
        notes = []
        if parts:
            told = ", ".join(
                f"{shortened(escaped(key), 60)} ({amount(left.elements, left.tensor_count, left.bytes)})"
                for key, left in list(parts.items())[:4]
            )
            told += f" and {len(parts) - 4} more" if len(parts) > 4 else ""
            if alone:
                reason = f"no model in it, only what lies beside one: {told}"
                raise CheckpointError(self.source.source, reason, advice="name the folder of the model itself")
            notes.append(f"not counted: {told}")
        return Learned(notes=notes, beside=total_of(parts.values()))


class _Parts:
    """Which parts of the saved state are no model, by the keys on the way to each tensor."""

    def __init__(self, plan: object, saved: PickledDict) -> None:
        """
        Args:
            plan: torch's own record of the keys on the way to each entry, where there is one.
            saved: the entries by their names, which are those keys joined with dots.
        """
        self._paths: dict[str, tuple[str, ...]] = {}
        if isinstance(plan, PickledDict):
            self._paths = {
                name: tuple(key if isinstance(key, str) else "" for key in path[:_MAX_KEYS])
                for name, path in zip(plan.keys, plan.values)
                if isinstance(name, str) and isinstance(path, tuple)
            }
        self._names = {name for name in saved.keys if isinstance(name, str)}
        self._names.update(path[-1] for path in self._paths.values() if path)

    def beside(self, name: str) -> str:
        """The part that a tensor belongs to where that is no model; "" where it is."""
        path = self._paths.get(name) or (name,)
        *outer, last = path
        for at, key in enumerate(outer or [name.partition(".")[0]]):
            of_optimizer = key == _STATE and outer[at + 1 :] and outer[at + 1] in self._names
            if of_optimizer or _is_beside(key) or (outer and _is_average(key)):
                return ".".join(path[: at + 1]) if outer else key
        first, _, rest = last.partition(".")
        return ".".join([*outer, _STATE]) if first == _STATE and rest.rpartition(".")[0] in self._names else ""


def _is_beside(key: str) -> bool:
    low = key.lower()
    return any(word in low for word in _BESIDE)


def _is_average(key: str) -> bool:
    """Whether a part of the saved state is an average; `core.classify.averaged_copies` finds those among its names."""
    return "ema" in key.lower().split("_")


def _dtype_in(properties: object) -> object:
    """The dtype in a tensor's properties, which torch writes as (dtype, layout, …), before 2.0 as a dict."""
    state = properties.state if isinstance(properties, Inert) else None
    if isinstance(state, tuple):
        return state[0] if state else None
    return state.get("dtype") if isinstance(state, PickledDict) and len(state.keys) <= _MAX_KEYS else None


def _extent_of(chunk: Any, shape: tuple[int, ...]) -> Extent:
    """The part of a tensor with that shape that a chunk is.

    Raises:
        ValueError: where it is none.
    """
    state = chunk.state if is_record(chunk, "ChunkStorageMetadata") else None
    if not isinstance(state, PickledDict) or len(state.keys) > _MAX_KEYS:
        raise ValueError("one of its chunks is none")
    offsets, sizes = sizes_of_any(state.get("offsets")), sizes_of(state.get("sizes"))
    if len(offsets) != len(shape) or len(sizes) != len(shape):
        raise ValueError("one of its chunks has other dimensions than itself")
    if any(begin + length > whole for begin, length, whole in zip(offsets, sizes, shape)):
        raise ValueError("one of its chunks reaches beyond it")
    return Extent(offsets, sizes)


def sizes_of_any(value: Any) -> tuple[int, ...]:
    """Offsets, whose product means nothing.

    Raises:
        ValueError: where they are none.
    """
    if not isinstance(value, (tuple, list)) or not all(type(n) is int and n >= 0 for n in value):
        raise ValueError("an offset is no count")
    return tuple(value)
