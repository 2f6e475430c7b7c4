"""What torch itself finds in a file, to compare a reader with."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import prod
from pathlib import Path
from typing import Any

import torch

from core.checkpoint.errors import CheckpointError
from core.checkpoint.tensors import StoredTensor
from core.locate.location import Location
from core.readers.open_checkpoint import open_reader
from core.readers.unpickle.values import key_text

DTYPES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.uint16: "U16",
    torch.uint32: "U32",
    torch.uint64: "U64",
    torch.bool: "BOOL",
    torch.complex64: "C64",
    torch.complex128: "C128",
    torch.float8_e4m3fn: "F8_E4M3",
    torch.float8_e5m2: "F8_E5M2",
}

REFUSED_HERE_ALONE = (
    # Torch's unpickler passes over the protocol that a pickle claims, and makes a storage longer where a tensor
    # needs it.
    "is newer than any that is known",
    "it reaches beyond its storage",
    # Torch makes a storage of what a legacy file's pickle says, and does not look whether values of it follow.
    "is not in the list of its storages",
    "a reference to a storage is damaged: its class is no storage",
    # Torch spreads whatever can be iterated over as the arguments of a call.
    "the pickle calls a function with what is no tuple",
    # The name of a key may be damaged to that of an optimizer's state; torch gives a key no meaning.
    "no model in it, only what lies beside one",
)
"""Why a file may be refused, in the words of the errors, though torch loads tensors from it."""

Layouts = dict[str, tuple[str, tuple[int, ...], int]]


def layouts_of(state: Mapping[str, torch.Tensor]) -> Layouts:
    """Names, each with dtype, shape and bytes."""
    return {
        name: (DTYPES[tensor.dtype], tuple(tensor.shape), tensor.numel() * tensor.element_size())
        for name, tensor in state.items()
    }


def unique_elements(state: Mapping[str, torch.Tensor]) -> int:
    """Elements of all tensors, those of the same storage, offset and shape once."""
    unique = {
        (tensor.untyped_storage().data_ptr(), tensor.storage_offset(), tuple(tensor.shape)): tensor.numel()
        for tensor in state.values()
    }
    return sum(unique.values())


def stored_unique(tensors: list[StoredTensor]) -> int:
    """The same of what a reader finds."""
    unique = {(tensor.storage, tensor.shape): prod(tensor.shape) for tensor in tensors}
    return sum(unique.values())


def load(path: Path) -> Any:
    """The file as torch loads it, by its own restricted unpickler."""
    return torch.load(path, map_location="cpu", weights_only=True)


def load_own(path: Path) -> Any:
    """A file that the test itself wrote, by Python's unpickler, which knows all protocols."""
    return torch.load(path, map_location="cpu", weights_only=False)


def expect_agreement(path: Path, refusals: Collection[str] = REFUSED_HERE_ALONE) -> bool:
    """Whether a file was read here and by torch; the same tensors must then be found.

    Torch's names are the keys on the way to each tensor; here the model is told by the last of them, and what lies
    beside it is only counted.

    Args:
        path: the file.
        refusals: words, of which the error must have some where torch alone loads tensors from the file.
    """
    reader = open_reader(Location(str(path), str(path)))
    try:
        batches = [batch for batch, _ in reader.batches()]
    except CheckpointError as error:
        _expect_known(error.reason, refusals, path)
        return False
    found = [tensor for batch in batches for tensor in batch]
    beside = sum(batch.learned.beside.tensor_count for batch in batches if batch.learned and batch.learned.beside)
    theirs = _tensors_of_torch(path)
    if theirs is None:
        return False
    whole = sorted(theirs)
    for tensor in found:
        mine = (tensor.dtype, tensor.shape)
        assert any(mine == (dtype, shape) and _ends_with(name, tensor.name) for name, dtype, shape in whole), tensor
    assert len(found) + beside == len(theirs)
    return True


def _ends_with(path: str, name: str) -> bool:
    # A key that is neither text nor a number has a stand-in here.
    return "(" in name or path == name or path.endswith(f".{name}") or (not path and name == "tensor")


def _expect_known(reason: str, refusals: Collection[str], path: Path) -> None:
    known = any(words in reason for words in refusals)
    assert known or not _tensors_of_torch(path), reason


Told = tuple[str, str, tuple[int, ...]]
"""Of a tensor: the keys on the way to it, its dtype and its shape."""


def _tensors_of_torch(path: Path) -> list[Told] | None:
    """All tensors that torch loads from a file; None where it does not read it."""
    try:
        return _tensors_in(load(path))
    except Exception:  # whatever torch raises of a damaged file
        return None


def _tensors_in(root: object) -> list[Told]:
    """All tensors in what torch has loaded: keys on the way, dtype and shape; each container once."""
    found = []
    seen: set[int] = set()
    todo: list[tuple[str, object]] = [("", root)]
    while todo:
        path, value = todo.pop()
        if isinstance(value, torch.Tensor):
            found.append((path, DTYPES[value.dtype], tuple(value.shape)))
        elif isinstance(value, (Mapping, list, tuple)) and id(value) not in seen:
            seen.add(id(value))
            inner = value.items() if isinstance(value, Mapping) else enumerate(value)
            todo += [(f"{path}.{key_text(key)}" if path else key_text(key), held) for key, held in inner]
    return found
