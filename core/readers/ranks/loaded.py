"""What one GPU's file holds, and what the pickled objects beside its tensors say of the whole."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from core.checkpoint.placement import Placement
from core.checkpoint.uncounted import Uncounted
from core.files.folder import Folder
from core.files.json_file import read_json_object
from core.readers.ranks.slices import Sizes, Slice
from core.readers.torch.arguments import size_in
from core.readers.torch.reader import load
from core.readers.torch.saved_file import Pickled
from core.readers.torch.tensor_places import place_tensors
from core.readers.torch.tensor_records import Run, Tensor


class Loaded(NamedTuple):
    """One file.

    Attributes:
        name: its name.
        value: what was saved in it.
        tensors: those of the model; none where it has none.
    """

    name: str
    value: Any
    tensors: Slice


class Places(NamedTuple):
    """Where the values of some tensors lie, as a batch takes it.

    Attributes:
        shard: the one file that holds them; "" where they lie in several.
        starts: see `TensorBatch`.
        placement: likewise.
    """

    shard: str = ""
    starts: array[int] | None = None
    placement: Placement | None = None


class RankFolder:
    """The folder of some files, with what was found in them beside the model.

    Attributes:
        beside: tensors that are no part of the model, by the keys under which they lie in each file.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._read: set[str] = set()
        self._only: Pickled | None = None
        self.beside: dict[str, Uncounted] = {}

    @property
    def folder(self) -> Folder:
        """The folder itself."""
        return self._folder

    def has(self, name: str) -> bool:
        """See `Folder`."""
        return self._folder.has(name)

    def lacking(self, names: Iterable[str]) -> list[str]:
        """Those of some names that no file here has."""
        return [name for name in names if not self.has(name)]

    def shown(self, name: str) -> str:
        """See `Folder`."""
        return self._folder.shown(name)

    def load(self, names: list[str], may_be_empty: bool = False) -> list[Loaded]:
        """Some files.

        Args:
            names: their names.
            may_be_empty: whether one without a tensor is no fault.

        Raises:
            CheckpointError: where one of them cannot be read, or has no tensor.
        """
        self._folder.expect(names)
        return [self._load_one(name, may_be_empty) for name in names]

    def places(self, tensors: Collection[Tensor]) -> Places:
        """Where the values of tensors lie that were found in the files.

        Where they were put together of several files, the values of one lie in several, and where in each is not told.

        Args:
            tensors: as they were loaded, or made of those; in a batch's order.
        """
        if self._only is None or len(self._read) != 1:
            return Places()
        (name,) = self._read
        starts, placement = place_tensors([_in_file(name, tensor) for tensor in tensors], self._only)
        return Places(name, starts, placement)

    def _load_one(self, name: str, may_be_empty: bool) -> Loaded:
        pickled, state = load(self._folder, name, may_be_empty)
        # What else a file holds takes memory; of several files no places are told.
        self._only = pickled if self._read <= {name} else None
        self._read.add(name)
        for key, left in state.beside.items():
            self.beside.setdefault(key, Uncounted()).add(left)
        tensors = {key: _of_file(name, tensor) for key, tensor in state.tensors.items()}
        return Loaded(name, pickled.value, tensors)


def _of_file(name: str, tensor: Tensor) -> Tensor:
    """A tensor whose runs of values are told from those of other files, which number theirs alike."""
    runs = tensor.storage and tuple((f"{name}/{key}", begin, strides) for key, begin, strides in tensor.storage)
    return _with_runs(tensor, runs)


def _in_file(name: str, tensor: Tensor) -> Tensor:
    """The same with the numbers that its own file gives them."""
    start = f"{name}/"
    runs = tensor.storage and tuple((key.removeprefix(start), begin, strides) for key, begin, strides in tensor.storage)
    return _with_runs(tensor, runs)


def _with_runs(tensor: Tensor, runs: tuple[Run, ...] | None) -> Tensor:
    return Tensor(tensor.shape, tensor.dtype, tensor.nbytes, runs, placed=tensor.placed, strided=tensor.strided)


def sizes_of_arguments(said: dict[str, Any]) -> Sizes:
    """The dimensions that Megatron's arguments tell (megatron/training/arguments.py)."""
    hidden = size_in(said, "hidden_size")
    heads = size_in(said, "num_attention_heads")
    width = size_in(said, "kv_channels") or (hidden // heads if heads else 0)
    groups = size_in(said, "num_query_groups") if said.get("group_query_attention") else heads
    return Sizes(
        hidden, size_in(said, "padded_vocab_size"), size_in(said, "ffn_hidden_size"), heads * width, groups * width
    )


def sizes_of_params(ranks: RankFolder) -> Sizes:
    """The dimensions that Meta's and Mistral's `params.json` tells; none where there is none.

    Raises:
        CheckpointError: where it cannot be read.
    """
    if not ranks.has("params.json"):
        return Sizes()
    said = read_json_object(ranks.folder, "params.json")
    hidden, heads = size_in(said, "dim"), size_in(said, "n_heads")
    width = size_in(said, "head_dim") or (hidden // heads if heads else 0)
    groups = size_in(said, "n_kv_heads") or heads
    return Sizes(hidden, size_in(said, "vocab_size"), size_in(said, "hidden_dim"), heads * width, groups * width)
