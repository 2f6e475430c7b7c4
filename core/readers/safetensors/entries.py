"""The entries of a safetensors header as tensors, each checked, and all of them together.

Format: https://github.com/huggingface/safetensors, README, "Format"; the checks are those of its crate
(tensor.rs, `Metadata::validate`).
"""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import NamedTuple

from core.checkpoint.dtypes import DTYPES
from core.checkpoint.errors import DAMAGED, CheckpointError, tensor_place
from core.checkpoint.tensors import TensorBatch
from core.text.width import shortened

DTYPE_BITS = {dtype.name: dtype.bits for dtype in DTYPES if dtype.in_safetensors}
"""What a value takes, in bits."""

_SPEC = re.compile(rb'\w{1,16}","shape":\[[\d,]*\]')
_CONTROLS = bytes(range(32))
_LARGEST = (1 << 64) - 1
"""A count or a size in the crate, a usize."""


def whole(text: str) -> int | float:
    """A JSON number without fraction; what no count in a header can be (-0, 30 digits) as a float, which none is.

    Python would take -0 for 0, and some of its versions minutes for a million digits.
    """
    return float(text) if len(text) > 20 or text == "-0" else int(text)


class Layout(NamedTuple):
    """What tensors of one dtype and shape have in common."""

    dtype: str
    shape: tuple[int, ...]
    nbytes: int


class EntryChecks:
    """Turns entries into batches of tensors and remembers what the whole header must add up to."""

    def __init__(self, file: str, layouts: dict[bytes, Layout]) -> None:
        """
        Args:
            file: the shard, as its tensors and an error call it.
            layouts: those known by how they are spelt, to be added to.
        """
        self._file = file
        self._layouts = layouts
        self._seen: set[str] = set()
        self._end = 0  # of the values that follow each other from 0 on
        self._displaced: list[tuple[int, int, str]] = []
        self._names: list[str] = []
        self._shapes: list[tuple[int, ...]] = []
        self._dtypes: list[str] = []
        self._sizes: list[int] = []

    def plain(self, names: list[bytes], specs: list[bytes], begins: list[bytes], ends: list[bytes]) -> bool:
        """Takes entries if they are spelt without blanks or escapes and their values follow one another.

        Args:
            names: between quotes.
            specs: from the dtype to the end of the shape, `F32","shape":[2,3]`.
            begins: first offsets.
            ends: second offsets.

        Returns:
            Whether they are so; else nothing was taken.
        """
        together = b"\n".join(names)
        if b"\\" in together or len(together.translate(None, _CONTROLS)) != len(together) - len(names) + 1:
            return False
        if not all(_SPEC.fullmatch(spec) for spec in set(specs).difference(self._layouts)):
            return False
        found = self._layouts_of(specs, names)
        stops = list(accumulate([layout.nbytes for layout in found], initial=self._end))[1:]
        # As text, so that the digits are checked as well.
        if begins[1:] != ends[:-1] or begins[0] != b"%d" % self._end or b", ".join(ends) != str(stops)[1:-1].encode():
            return False
        self._keep(self._decoded(together), found, [], stops)
        return True

    def usual(self, names: list[bytes], specs: list[bytes], begins: list[bytes], ends: list[bytes]) -> bool:
        """Takes entries with blanks or with values in another order, too.

        Args:
            names: without escapes and control characters.
            specs: from the dtype to the end of the shape, `F32", "shape": [2, 3]`.
            begins: first offsets, as decimal numbers.
            ends: second offsets, likewise.

        Returns:
            True: they are taken, or it is a fault.
        """
        found = self._layouts_of(specs, names)
        self._keep(self._decoded(b"\n".join(names)), found, list(map(int, begins)), list(map(int, ends)))
        return True

    def _layouts_of(self, specs: list[bytes], names: list[bytes]) -> list[Layout]:
        layouts = self._layouts
        if fresh := set(specs).difference(layouts):
            for spec, name in zip(specs, names):
                if spec in fresh:
                    layouts[spec] = self._layout_of(spec, name)
                    fresh.discard(spec)
        return list(map(layouts.__getitem__, specs))

    def _decoded(self, together: bytes) -> list[str]:
        """Names with a line break between each two, of which they have none themselves."""
        try:
            return together.decode().split("\n")
        except UnicodeDecodeError as error:
            raise self._fault("a tensor's name is not UTF-8") from error

    def odd(self, name: str, value: object) -> None:
        """Takes an entry as JSON was decoded, objects as tuples of pairs."""
        if not isinstance(value, tuple):
            raise self._fault("its entry is not an object", name)
        entry = dict(value)
        if len(entry) < len(value):
            raise self._fault("its entry has a key twice", name)
        for key in ("dtype", "shape", "data_offsets"):
            if key not in entry:
                raise self._fault(f"its entry has no {key}", name)
        layout = self._layout(entry["dtype"], entry["shape"], name)
        offsets = entry["data_offsets"]
        if not isinstance(offsets, list) or len(offsets) != 2 or not all(type(n) is int for n in offsets):
            raise self._fault("its data_offsets are not two whole numbers", name)
        self._keep([name], [layout], offsets[:1], offsets[1:])

    def metadata(self, value: object) -> None:
        """Checks `__metadata__`, which holds nothing that counts."""
        strings = value is None or (isinstance(value, tuple) and all(isinstance(text, str) for _, text in value))
        if not strings:
            raise CheckpointError(self._file, "it is not an object of strings", place="__metadata__", advice=DAMAGED)
        self._take_names(["__metadata__"])

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

    def _layout_of(self, spec: bytes, encoded: bytes) -> Layout:
        name = encoded.decode("utf-8", "replace")
        dtype, _, rest = spec.decode().partition('"')
        try:
            shape = json.loads(rest[rest.index("[") :], parse_int=whole)
        except ValueError as error:
            raise self._fault("its shape is not a list of whole numbers", name) from error
        return self._layout(dtype, shape, name)

    def _layout(self, dtype: object, shape: object, name: str) -> Layout:
        if not isinstance(dtype, str):
            raise self._fault("its dtype is not a text", name)
        if dtype not in DTYPE_BITS:
            raise self._fault(f"unknown dtype {shortened(dtype, 40)}", name)
        if not isinstance(shape, list) or not all(type(n) is int for n in shape):
            raise self._fault("its shape is not a list of whole numbers", name)
        if any(n < 0 for n in shape):
            raise self._fault("its shape has a negative dimension", name)
        values = _product(shape)
        if values < 0:
            raise self._fault("its shape is larger than any file", name)
        bits = values * DTYPE_BITS[dtype]
        if bits % 8:
            raise self._fault(f"{values:,} values of {dtype} do not fill whole bytes", name)
        return Layout(dtype, tuple(shape), bits // 8)

    def _keep(self, names: list[str], layouts: list[Layout], starts: list[int], stops: list[int]) -> None:
        """Keeps some entries for the next batch.

        Args:
            names: their names.
            layouts: their layouts.
            starts: where their values begin; empty where they are known to be as long as they should be and to follow
                those before without a hole.
            stops: where their values end.
        """
        self._take_names(names)
        if starts:
            self._check_sizes(names, layouts, starts, stops)
        if starts and starts != [self._end, *stops[:-1]]:
            self._displaced += zip(starts, stops, names)
        else:
            self._end = stops[-1]
        dtypes, shapes, sizes = zip(*layouts)
        self._names += names
        self._dtypes += dtypes
        self._shapes += shapes
        self._sizes += sizes

    def batch(self) -> TensorBatch:
        """The tensors taken since the last batch."""
        batch = TensorBatch(self._names, self._shapes, self._dtypes, self._sizes, self._file)
        self._names, self._shapes, self._dtypes, self._sizes = [], [], [], []
        return batch

    def _check_sizes(self, names: list[str], layouts: list[Layout], starts: list[int], stops: list[int]) -> None:
        for name, layout, begin, end in zip(names, layouts, starts, stops):
            if end - begin != layout.nbytes or begin < 0:
                shape = shortened(" × ".join(map(str, layout.shape)), 120) or "one value"
                raise self._fault(
                    f"its data_offsets [{begin}, {end}] do not hold {layout.nbytes:,} bytes, the size of"
                    f" {layout.dtype} {shape}",
                    name,
                )

    def _take_names(self, names: list[str]) -> None:
        fresh = set(names)
        if len(fresh) < len(names) or not self._seen.isdisjoint(fresh):
            seen = self._seen
            for name in names:
                if name in seen:
                    raise self._fault("the header has this name twice", name)
                seen.add(name)
        self._seen |= fresh


def _product(shape: list[int]) -> int:
    """The values of a shape, or -1 where they are too many: found at once, as a hostile product can take minutes."""
    values = 1
    for n in shape:
        values *= n
        if max(n, values) > _LARGEST:
            return -1
    return values
