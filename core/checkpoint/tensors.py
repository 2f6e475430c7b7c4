"""Stored tensors, as a checkpoint's files name them, and batches of them column by column."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Hashable, Iterator, Sequence
from itertools import accumulate, repeat

from core.checkpoint.learned import Learned
from core.checkpoint.placement import NOWHERE, Placement
from core.checkpoint.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from core.checkpoint.places import Place
else:
    Protocol = object


_MAX_PLAIN_BYTES = 1 << 48
"""Of one tensor; the largest have some 2^35."""
_MAX_PLAIN_DIMENSIONS = 64
"""Torch has no more."""


class StoredTensor(Record):
    """One tensor as its file names it.

    Attributes:
        name: with the path of its module, as in `model.layers.0.mlp.up_proj.weight`.
        shape: its dimensions, in the order of PyTorch.
        dtype: as safetensors spells it: `F32`, `BF16`, `F8_E4M3`.
        nbytes: what its values take in the file.
        file: the shard that holds it, relative to the checkpoint; "" where there is no file.
        storage: tensors with the same storage share their values; None where the format cannot share.
        is_parameter: whether it is a parameter or a buffer, where the format itself says so; None where it does not.
    """

    __slots__ = ("dtype", "file", "is_parameter", "name", "nbytes", "shape", "storage")

    def __init__(  # noqa: PLR0917  # as many as it has values
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: str,
        nbytes: int,
        file: str,
        storage: Hashable | None,
        is_parameter: bool | None = None,
    ) -> None:
        self.name = name
        self.shape = shape
        self.dtype = dtype
        self.nbytes = nbytes
        self.file = file
        self.storage = storage
        self.is_parameter = is_parameter


class Layout(Protocol):
    """What a record of a tensor tells beside its name, whatever else it holds; each as in `StoredTensor`."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> str: ...

    @property
    def nbytes(self) -> int: ...


class TensorBatch:
    """Some tensors of one file, column by column: an object for each would take a third of a whole count's time.

    Attributes:
        names: the tensors' names.
        shapes: their shapes.
        dtypes: their dtypes.
        sizes: what each takes in the file, in bytes.
        file: the shard that holds them all, as outputs and errors name it.
        storages: of each, as `StoredTensor.storage`; None where the format cannot share.
        are_parameters: of each, as `StoredTensor.is_parameter`; None where the format does not say.
        shard: the name of the shard in the checkpoint's folder, which opens it by that; "" where there is no file.
        first_start: where their values follow each other without a gap, the first byte of the first's; else None.
        placement: what else must be known to read values; None where all lie in C order, little-endian, as they are.
        layouts: of each the layout, one object for all that share it, of shapes that cannot collide (see
            `may_collide`); None where the reader does not share them.
        learned: what the reader found out with these tensors, or at this place among them; None where nothing.
    """

    __slots__ = (
        *("names", "_shapes", "_dtypes", "_sizes", "layouts", "file", "storages", "are_parameters"),
        *("shard", "_starts", "first_start", "placement", "learned"),
    )

    def __init__(  # noqa: PLR0917  # the columns in a row's order
        self,
        names: Sequence[str],
        shapes: Sequence[tuple[int, ...]],
        dtypes: Sequence[str],
        sizes: Sequence[int],
        file: str,
        storages: Sequence[Hashable | None] | None = None,
        are_parameters: Sequence[bool] | None = None,
        *,
        shard: str = "",
        starts: array[int] | None = None,
        first_start: int | None = None,
        placement: Placement | None = None,
        learned: Learned | None = None,
    ) -> None:
        self.names = names
        self._shapes: Sequence[tuple[int, ...]] | None = shapes
        self._dtypes: Sequence[str] | None = dtypes
        self._sizes: Sequence[int] | None = sizes
        self.layouts: Sequence[Layout] | None = None
        self.file = file
        self.storages = storages
        self.are_parameters = are_parameters
        self.shard = shard
        self._starts = starts
        self.first_start = first_start
        self.placement = placement
        self.learned = learned

    @classmethod
    def of(
        cls,
        names: Sequence[str],
        layouts: Collection[Layout],
        file: str,
        *,
        storages: Sequence[Hashable | None] | None = None,
        shard: str = "",
        starts: array[int] | None = None,
        first_start: int | None = None,
        placement: Placement | None = None,
        learned: Learned | None = None,
    ) -> TensorBatch:
        """A batch of records, one a tensor; all else as for the batch itself."""
        return cls(
            names,
            [layout.shape for layout in layouts],
            [layout.dtype for layout in layouts],
            [layout.nbytes for layout in layouts],
            file,
            storages,
            shard=shard,
            starts=starts,
            first_start=first_start,
            placement=placement,
            learned=learned,
        )

    @classmethod
    def of_shared(
        cls,
        names: Sequence[str],
        layouts: Sequence[Layout],
        file: str,
        *,
        starts: array[int] | None = None,
        first_start: int | None = None,
    ) -> TensorBatch:
        """A batch of layouts that are shared; the columns of what they say are made when somebody asks for them."""
        batch = cls(names, (), (), (), file, starts=starts, first_start=first_start)
        batch.layouts = layouts
        batch._shapes = batch._dtypes = batch._sizes = None
        return batch

    @property
    def shapes(self) -> Sequence[tuple[int, ...]]:
        """Of each the shape."""
        if self._shapes is None:
            self._shapes = [layout.shape for layout in self.layouts or ()]
        return self._shapes

    @property
    def dtypes(self) -> Sequence[str]:
        """Of each the dtype."""
        if self._dtypes is None:
            self._dtypes = [layout.dtype for layout in self.layouts or ()]
        return self._dtypes

    @property
    def sizes(self) -> Sequence[int]:
        """Of each what it takes in the file, in bytes."""
        if self._sizes is None:
            self._sizes = [layout.nbytes for layout in self.layouts or ()]
        return self._sizes

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[StoredTensor]:
        storages = repeat(None) if self.storages is None else self.storages
        said = repeat(None) if self.are_parameters is None else self.are_parameters
        columns = self.names, self.shapes, self.dtypes, self.sizes
        return map(StoredTensor, *columns, repeat(self.file), storages, said)

    @property
    def starts(self) -> array[int] | None:
        """Of each, the first byte of its values in the shard, or `NOWHERE`; None where none of them lies in one run."""
        if self._starts is None and self.first_start is not None:
            # Only who wants values asks: the columns of a large model's headers would take as long as the sums.
            self._starts = array("Q", accumulate(self.sizes[:-1], initial=self.first_start))
        return self._starts

    def tensor(self, index: int) -> StoredTensor:
        """One of the tensors."""
        if self.layouts:
            layout = self.layouts[index]
            return StoredTensor(self.names[index], layout.shape, layout.dtype, layout.nbytes, self.file, None)
        storage = self.storages[index] if self.storages else None
        said = self.are_parameters[index] if self.are_parameters else None
        return StoredTensor(
            self.names[index], self.shapes[index], self.dtypes[index], self.sizes[index], self.file, storage, said
        )

    def place(self, index: int) -> Place | None:
        """Where the values of one of the tensors lie; None where it has none, or nobody knows where."""
        starts = self.starts
        start = 0 if starts is None else starts[index]
        if start == NOWHERE or (starts is None and (self.placement is None or self.placement.chunks is None)):
            return None
        # Only who wants values asks; a count is spared the import.
        from core.checkpoint.places import Place, place_of

        place = Place(self.shard, start, self.sizes[index], self.shapes[index], self.dtypes[index])
        return place_of(self.placement, index, place) if self.placement else place


def may_collide(sizes: Collection[int], shapes: Collection[tuple[int, ...]]) -> bool:
    """Whether shapes may have been made so that very many have one hash, which makes dictionaries of them slow.

    Python's hashes of numbers and tuples are known to everybody; those of texts are not. Dimensions that a size of 0
    does not bound can be chosen freely, as can those of astronomic tensors and of very long shapes.

    Args:
        sizes: what each takes, in bytes.
        shapes: of the same tensors.
    """
    return not all(sizes) or max(sizes) > _MAX_PLAIN_BYTES or max(map(len, shapes)) > _MAX_PLAIN_DIMENSIONS


def nothing(file: str = "", learned: Learned | None = None) -> TensorBatch:
    """A batch without tensors: a sign of life, or of what was learned.

    Args:
        file: the shard that is being read, as outputs name it.
        learned: as `TensorBatch.learned`.
    """
    return TensorBatch([], [], [], [], file, learned=learned)
