"""What a GGUF header says of its tensors: behind the metadata, an entry for each.

An entry: name, number of dimensions, dimensions with the innermost first, type, offset of its values in the part of
the file that holds them all.
"""

from __future__ import annotations

from array import array

from core.checkpoint.errors import DAMAGED, CheckpointError, tensor_place
from core.checkpoint.placement import Placement
from core.checkpoint.record import Record
from core.checkpoint.tensors import TensorBatch
from core.readers.gguf.ggml_types import GGML_TYPES, REMOVED_TYPES
from core.readers.gguf.header_bytes import HeaderBytes

_MAX_DIMENSIONS = 4
_MAX_LAYOUTS = 1 << 14


class Layout(Record):
    """What the header says of a tensor beside its name and place."""

    __slots__ = ("dtype", "nbytes", "shape")

    def __init__(self, shape: tuple[int, ...], dtype: str, nbytes: int) -> None:
        self.shape = shape
        self.dtype = dtype
        self.nbytes = nbytes


class TensorTable:
    """Reads the entries of a header's tensors."""

    def __init__(self, header: HeaderBytes, count: int, alignment: int) -> None:
        """
        Args:
            header: the file, where the first entry begins.
            count: how many there are.
            alignment: of what each offset is a multiple.
        """
        self._bytes = header
        self._count = count
        self._alignment = alignment

    def batch(self, shard: str) -> TensorBatch:
        """All tensors in the header's order: where their values lie is known at its end.

        Args:
            shard: as the batch's.

        Raises:
            CheckpointError: for whatever is not as the format says.
        """
        names: dict[str, None] = {}
        layouts: list[Layout] = []
        begins, ends = array("Q"), array("Q")
        known: dict[bytes, Layout] = {}
        for _ in range(self._count):
            start = self._bytes.position
            name = self._bytes.name("a tensor's name")
            if name in names:
                raise self._tensor_fault("the header has this name twice", name, start)
            names[name] = None
            layout, begin = self._layout(name, known)
            layouts.append(layout)
            if begin % self._alignment:
                raise self._tensor_fault(f"its offset {begin:,} is no multiple of {self._alignment}", name, start)
            if begin + layout.nbytes >= 1 << 64:
                raise self._tensor_fault(f"its offset {begin:,} is beyond any file", name, start)
            begins.append(begin)
            ends.append(begin + layout.nbytes)
        data = self._bytes.position + -self._bytes.position % self._alignment
        self._check_places(data, begins, ends)
        starts = array("Q", [data + begin for begin in begins])
        placement = Placement("big") if self._bytes.order == ">" else None
        return TensorBatch.of(list(names), layouts, self._bytes.file, shard=shard, starts=starts, placement=placement)

    def _layout(self, name: str, known: dict[bytes, Layout]) -> tuple[Layout, int]:
        """A tensor's layout and offset."""
        start = self._bytes.position
        dimensions = self._bytes.number()
        if dimensions > _MAX_DIMENSIONS:
            reason = f"{dimensions:,} dimensions, and GGUF has {_MAX_DIMENSIONS} at most"
            raise self._tensor_fault(reason, name, start)
        form = f"{dimensions}{self._bytes.length}I"
        shape_start = self._bytes.position
        *reverse, number, begin = self._bytes.unpack(form + "Q")
        spec = repr((reverse, number)).encode()
        layout = known.get(spec)
        if layout is None:
            if len(known) == _MAX_LAYOUTS:
                known.clear()
            layout = known[spec] = self._new_layout(name, reverse, number, shape_start)
        return layout, begin

    def _new_layout(self, name: str, reverse: list[int], number: int, start: int) -> Layout:
        kind = GGML_TYPES.get(number)
        if kind is None:
            removed = REMOVED_TYPES.get(number)
            what = f"type {number} ({removed}), which llama.cpp has removed" if removed else f"type {number:,}"
            advice = "make the file anew with a llama.cpp of today" if removed else DAMAGED
            place = f"{tensor_place(name)}, byte {start}"
            reason = f"its values are of ggml's {what}, not known here"
            raise CheckpointError(self._bytes.file, reason, place=place, advice=advice)
        elements = 1
        for n in reverse:
            # Each step is bounded, so that hostile dimensions cost no time.
            elements *= n
            if elements >= 1 << 63 or n >= 1 << 63:
                raise self._tensor_fault("its shape is larger than any file", name, start)
        row = reverse[0] if reverse else 1
        if row % kind.block:
            reason = f"rows of {row:,} values are no multiple of {kind.name}'s blocks of {kind.block}"
            raise self._tensor_fault(reason, name, start)
        # ggml's first dimension is the innermost, PyTorch's last one.
        return Layout(tuple(reversed(reverse)), kind.name, elements // kind.block * kind.nbytes)

    def _tensor_fault(self, reason: str, name: str, start: int) -> CheckpointError:
        return self._bytes.fault(reason, start, tensor_place(name))

    def _check_places(self, data: int, begins: array[int], ends: array[int]) -> None:
        """Refuses values that lie behind the file's end or over one another; gaps between them may be.

        Args:
            data: the first byte of the part of the file that holds them.
            begins: of each, where its values begin in that part.
            ends: and where they end.
        """
        if not begins:
            return
        needed = data + max(ends)
        if needed > self._bytes.size:
            reason = f"the tensors' values should end at byte {needed:,} and the file has {self._bytes.size:,}"
            raise CheckpointError(self._bytes.file, f"{reason}: it is cut off", advice=DAMAGED)
        end = 0
        for n in self._order(begins):
            if begins[n] < end and begins[n] < ends[n]:
                reason = f"the values of two tensors lie at byte {data + begins[n]:,}"
                raise CheckpointError(self._bytes.file, reason, advice=DAMAGED)
            end = max(end, ends[n])

    def _order(self, begins: array[int]) -> range | list[int]:
        """The tensors by their places, which is the order that they are told in as a rule."""
        numbers = range(len(begins))
        if all(map(int.__le__, begins, begins[1:])):
            return numbers
        return sorted(numbers, key=begins.__getitem__)
