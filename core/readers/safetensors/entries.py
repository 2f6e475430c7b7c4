"""The entries of a safetensors header as tensors, each checked, and all of them together.

Format: https://github.com/huggingface/safetensors, README, "Format"; the checks are those of its crate
(tensor.rs, `Metadata::validate`).
"""

from __future__ import annotations

from array import array
from contextlib import suppress
from itertools import accumulate
from operator import ne, sub

from core.checkpoint.errors import DAMAGED, CheckpointError, tensor_place
from core.checkpoint.tensors import TensorBatch
from core.readers.safetensors.columns import Columns
from core.readers.safetensors.layouts import Layout, Layouts, layout_of
from core.readers.safetensors.one_entry import KEYS
from core.text.width import shortened

_MAX_FILE_BYTES = 1 << 63
"""No file is so long, as `EntryChecks.finish` will tell of a header that says so."""


class EntryChecks:
    """Turns entries into batches of tensors and remembers what the whole header must add up to.

    Attributes:
        metadata: the keys and values of `__metadata__`, once it was taken.
    """

    def __init__(self, file: str, layouts: Layouts, values_start: int) -> None:
        """
        Args:
            file: the shard, as its tensors and an error call it.
            layouts: those known, to be added to.
            values_start: the byte of the file where its values begin, which offsets count from.
        """
        self._file = file
        self._layouts = layouts
        self._values_start = values_start
        self._seen: set[str] = set()
        self._end = 0  # of the values that follow each other from 0 on
        self._displaced: list[tuple[int, int, str]] = []
        self._names: list[str] = []
        self._kept: list[Layout] = []
        self._unshared_before = layouts.unshared_count
        self._first = 0  # where the batch's values begin
        self.metadata: tuple[tuple[str, str], ...] = ()
        self._begins: list[int] | None = None  # of the batch's values, where they do not just follow each other

    def together(self, columns: Columns, last: bool) -> bool:
        """Takes entries that are all right.

        Args:
            columns: the entries.
            last: whether there are no others behind them.

        Returns:
            Whether they are; else nothing was taken, and one by one they tell what is wrong with them.
        """
        names, layouts, begins, ends = columns.names, columns.layouts, columns.begins, columns.ends
        if self._seen and not self._seen.isdisjoint(names):
            return False
        sizes = [layout.nbytes for layout in layouts]
        # Where the values follow each other, each begins where the one before it ends.
        if ends == tuple(accumulate(sizes, initial=self._end))[1:] and begins == (self._end, *ends[:-1]):
            self._keep(names, layouts, begins, ends[-1])
        else:
            if any(map(ne, map(sub, ends, begins), sizes)) or min(begins) < 0:
                return False
            self._keep_displaced(names, layouts, begins, ends)
        if not last:
            self._seen.update(names)
        return True

    def alone(self, name: str, value: object) -> None:
        """Takes an entry as JSON was decoded, objects as tuples of pairs.

        Raises:
            CheckpointError: where anything about it is wrong.
        """
        if name in self._seen:
            raise self._fault("the header has this name twice", name)
        self._seen.add(name)
        if name == "__metadata__":
            self._take_metadata(value)
            return
        entry = self._entry(name, value)
        try:
            layout = layout_of(entry["dtype"], entry["shape"])
            layout = self._layouts[layout.dtype][layout.shape]
        except ValueError as error:
            raise self._fault(str(error), name) from error
        offsets = entry["data_offsets"]
        if not isinstance(offsets, list) or len(offsets) != 2 or not all(type(n) is int for n in offsets):
            raise self._fault("its data_offsets are not two whole numbers", name)
        begin, end = offsets
        if end - begin != layout.nbytes or begin < 0:
            shape = shortened(" × ".join(map(str, layout.shape)), 120) or "one value"
            raise self._fault(
                f"its data_offsets [{begin}, {end}] do not hold {layout.nbytes:,} bytes, the size of"
                f" {layout.dtype} {shape}",
                name,
            )
        if begin == self._end:
            self._keep([name], [layout], (begin,), end)
        else:
            self._keep_displaced([name], [layout], (begin,), (end,))

    def _entry(self, name: str, value: object) -> dict[str, object]:
        # The crate's decoder takes an array of the three values for the object, too.
        if isinstance(value, list) and len(value) == len(KEYS):
            return dict(zip(KEYS, value))
        if not isinstance(value, tuple):
            raise self._fault("its entry is not an object", name)
        entry = dict(value)
        given = [key for key, _ in value if key in KEYS]
        if len(set(given)) < len(given):
            raise self._fault("its entry has a key twice", name)
        for key in KEYS:
            if key not in entry:
                raise self._fault(f"its entry has no {key}", name)
        return entry

    def _take_metadata(self, value: object) -> None:
        """`__metadata__` holds nothing that counts."""
        if value is None:
            return
        if not isinstance(value, tuple) or not all(isinstance(text, str) for _, text in value):
            raise CheckpointError(self._file, "it is not an object of strings", place="__metadata__", advice=DAMAGED)
        self.metadata = value

    def finish(self, available: int) -> None:
        """The values must fill the rest of the file, each byte once.

        Args:
            available: bytes of the file behind its header.
        """
        end = self._end
        for begin, stop, name in sorted(self._displaced):
            if begin == stop and stop <= available:
                continue
            if begin != end:
                what = "leave a hole before it" if begin > end else "overlap another tensor's"
                raise self._fault(f"its data_offsets [{begin}, {stop}] {what}", name)
            end = stop
        if end > available:
            raise self._fault(f"the values should take {end:,} bytes and the file has {available:,}: it is cut off")
        if end < available:
            raise self._fault(f"{available - end:,} bytes lie behind the last tensor's values")

    def _fault(self, reason: str, tensor: str | None = None) -> CheckpointError:
        place = "" if tensor is None else tensor_place(tensor)
        return CheckpointError(self._file, reason, place=place, advice=DAMAGED)

    def _keep(self, names: list[str], layouts: list[Layout], begins: tuple[int, ...], end: int) -> None:
        """Keeps for the next batch some entries whose values follow those before."""
        self._end = end
        if self._begins is not None:
            self._begins += begins
        self._names += names
        self._kept += layouts

    def _keep_displaced(
        self, names: list[str], layouts: list[Layout], begins: tuple[int, ...], ends: tuple[int, ...]
    ) -> None:
        """Keeps for the next batch some entries whose values lie in another order than they."""
        self._displaced += zip(begins, ends, names)
        if self._begins is None:
            self._begins = list(accumulate([layout.nbytes for layout in self._kept], initial=self._first))
            self._begins.pop()
        self._begins += begins
        self._names += names
        self._kept += layouts

    def batch(self) -> TensorBatch:
        """The tensors taken since the last batch."""
        starts, first_start = None, None
        if self._begins is None:
            first_start = self._values_start + self._first
        else:
            # Where a place is beyond 64 bits no file is so long, as `finish` will tell.
            with suppress(OverflowError):
                starts = array("Q", [self._values_start + begin for begin in self._begins])
        make = TensorBatch.of_shared if self._layouts.unshared_count == self._unshared_before else TensorBatch.of
        first_start = first_start if self._end < _MAX_FILE_BYTES else None
        batch = make(self._names, self._kept, self._file, starts=starts, first_start=first_start)
        self._names, self._kept, self._begins = [], [], None
        self._first = self._end
        self._unshared_before = self._layouts.unshared_count
        return batch
