"""What torch.save pickles, as records: tensors, of which the values are never read.

What is pickled how: torch/_utils.py (`_rebuild_…`), torch/_tensor.py (`__reduce_ex__`).
"""

from __future__ import annotations

from itertools import chain
from math import prod

from core.checkpoint.placement import Strided
from core.readers.torch.storages import DTYPES, MAX_COUNT, Storage, count_of, dtype_of
from core.readers.unpickle.globals import CONTAINERS, Builder, Builders
from core.readers.unpickle.values import Global, Inert, PickledDict, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MAX_DIMENSIONS = 64
_USUAL_REST = 2
"""What `_rebuild_tensor_v2` is given behind the strides: requires_grad and backward_hooks."""
_MAX_RUNS = 1 << 10
"""Runs of values that one tensor of a subclass may be made of; pickles repeat what they have for nothing."""

Run = tuple[str, int, tuple[int, ...]]
"""Values that lie in a storage: its key, the first bit there, the strides of all dimensions that are strode over."""


class Tensor(Record):
    """A tensor as its pickle describes it.

    Attributes:
        shape: its dimensions.
        dtype: as safetensors spells it.
        nbytes: what its values take in the file.
        storage: the runs of values that it is made of, the same for tensors that have the same ones; None where there
            are none to share.
        placed: whether its values are simply those that lie at the first of the runs, by its shape and dtype.
        strided: how they lie there, if not in C order.
    """

    __slots__ = ("dtype", "nbytes", "placed", "shape", "storage", "strided")

    def __init__(
        self,
        shape: tuple[int, ...],
        dtype: str,
        nbytes: int,
        storage: tuple[Run, ...] | None,
        *,
        placed: bool = False,
        strided: Strided | None = None,
    ) -> None:
        self.shape = shape
        self.dtype = dtype
        self.nbytes = nbytes
        self.storage = storage
        self.placed = placed
        self.strided = strided

    def memory_bytes(self) -> int:
        """See `Record`: its shape, and where its runs of values lie, with the strides of one."""
        return 400 + 16 * len(self.shape) + 8 * len(self.storage or ())


def sizes_of(value: object) -> tuple[int, ...]:
    """A shape.

    Raises:
        ValueError: where it is none.
    """
    if not isinstance(value, (tuple, list)) or len(value) > _MAX_DIMENSIONS:
        raise ValueError("its shape is none")
    shape = tuple(map(count_of, value))
    if prod(shape) > MAX_COUNT:
        raise ValueError("its shape has more elements than can be")
    return shape


def _tensor(
    storage: object, offset: object, size: object, stride: object, dtype: tuple[str, int] | None = None
) -> Tensor:
    if not isinstance(storage, Storage):
        raise ValueError("it has no storage")
    name, bits = dtype or DTYPES[storage.dtype]
    shape, strides, begin = sizes_of(size), sizes_of_strides(stride), count_of(offset)
    if len(shape) != len(strides):
        raise ValueError("its shape and strides do not fit together")
    if 0 in shape:
        return Tensor(shape, name, 0, None)
    # A dimension of one element is never strode over, and one of stride 0 repeats what is stored once.
    strode = tuple(step for step, length in zip(strides, shape) if length > 1)
    last = begin + sum((length - 1) * step for length, step in zip(shape, strides))
    if (last + 1) * bits > 8 * storage.nbytes:
        raise ValueError("it reaches beyond its storage")
    stored = prod(length for length, step in zip(shape, strides) if step or length == 1)
    first_bit = 8 * storage.begin + begin * bits
    strided = None if _is_contiguous(shape, strides) else (strides, (last + 1 - begin) * bits // 8)
    placed = first_bit % 8 == 0 and (strided is None or bits % 8 == 0)
    if name == "F4" and shape:
        shape = (*shape[:-1], 2 * shape[-1])  # two in a byte, counted as safetensors does
        placed = placed and strided is None
    return Tensor(
        shape, name, -(-stored * bits // 8), ((storage.key, first_bit, strode),), placed=placed, strided=strided
    )


def _is_contiguous(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    """Whether the values lie in C order without a gap; a dimension of one element has no stride that counts."""
    if len(shape) == 1:
        return strides[0] == 1 or shape[0] == 1
    step = 1
    for length, stride in zip(reversed(shape), reversed(strides)):
        if length > 1 and stride != step:
            return False
        step *= length
    return True


def sizes_of_strides(value: object) -> tuple[int, ...]:
    """Strides, in elements; their product means nothing."""
    if not isinstance(value, (tuple, list)) or len(value) > _MAX_DIMENSIONS:
        raise ValueError("its strides are none")
    return tuple(map(count_of, value))


def _rebuild_tensor(storage: Any, offset: Any, size: Any, stride: Any, *rest: Any) -> Tensor:
    made = _tensor(storage, offset, size, stride)
    # With more than usual it is the conjugate or the negative of what is stored, or quantised.
    made.placed = made.placed and len(rest) <= _USUAL_REST
    return made


def _rebuild_tensor_v3(storage: Any, offset: Any, size: Any, stride: Any, *rest: Any) -> Tensor:
    _, _, dtype, *_ = rest  # requires_grad, backward_hooks, dtype, metadata
    return _tensor(storage, offset, size, stride, dtype_of(dtype))


def _rebuild_meta_tensor(dtype: Any, size: Any, *_: Any) -> Tensor:
    """A tensor on the meta device: a shape, and nothing stored of it."""
    return Tensor(sizes_of(size), dtype_of(dtype)[0], 0, None)


def _rebuild_wrapper(_: Any, dtype: Any, size: Any, *__: Any) -> Tensor:
    """A subclass that wraps other tensors (DTensor, torchao's): its own shape, the values in its state."""
    return Tensor(sizes_of(size), dtype_of(dtype)[0], 0, None)


def _rebuild_from_type(function: Any, _: Any, args: Any, state: Any) -> Any:
    """A tensor of a subclass, or with attributes: `_rebuild_from_type_v2(function, type, args, state)`."""
    known = isinstance(function, Global) and function.module == "torch._utils"
    build = _UTILS.get(function.name) if known else None
    if build is None:
        return Inert(function if isinstance(function, Global) else None, (args, state))
    made = build(*args)
    if isinstance(made, Tensor) and function.name == "_rebuild_wrapper_subclass":
        inner = _inner_tensors(state)
        if inner and (storage := _joined(inner)):
            nbytes = sum(tensor.nbytes for tensor in inner)
            whole = inner[0]
            if len(inner) == 1 and (whole.shape, whole.dtype) == (made.shape, made.dtype):
                return Tensor(made.shape, made.dtype, nbytes, storage, placed=whole.placed, strided=whole.strided)
            return Tensor(made.shape, made.dtype, nbytes, storage)
    return made


def _joined(parts: list[Tensor]) -> tuple[Run, ...] | None:
    """The storages of tensors that one tensor is made of; None where one of them has none to share."""
    storages = [part.storage for part in parts if part.storage]
    if sum(map(len, storages)) > _MAX_RUNS:
        raise ValueError("it is made of more tensors than a tensor is")
    return tuple(chain.from_iterable(storages)) if len(storages) == len(parts) else None


def _inner_tensors(state: object) -> list[Tensor]:
    found: list[Tensor] = []
    parts = list(state[:8]) if isinstance(state, tuple) else [state]
    for part in parts:
        values = part.values if isinstance(part, PickledDict) else [part]
        found += [value for value in values[:64] if isinstance(value, Tensor)]
    return found


def _what_it_holds(data: Any, *_: Any) -> Any:
    return data


def _rebuild_sparse(_: Any, data: Any, *__: Any) -> Tensor:
    """`(indices, values, size, …)` of the layout COO, `(…, …, values, size)` of the compressed ones."""
    parts = [part for part in data[:4] if isinstance(part, Tensor)]
    size = next((part for part in data[2:5] if isinstance(part, (tuple, list))), None)
    values = parts[-1]
    return Tensor(sizes_of(size), values.dtype, sum(part.nbytes for part in parts), _joined(parts))


def _rebuild_sparse_csr(data: Any, *_: Any) -> Tensor:
    return _rebuild_sparse(None, data)


def _rebuild_from_numpy(data: Any, *rest: Any) -> Tensor:
    """A tensor of a device that torch cannot write itself (XLA): an array, pickled with its values."""
    state = data.state if isinstance(data, Inert) else None
    shape = sizes_of(state[1]) if isinstance(state, tuple) and len(state) > 1 else sizes_of(None)
    dtype, bits = dtype_of(rest[0])
    return Tensor(shape, dtype, prod(shape) * bits // 8, None)


def _size(*args: Any) -> tuple[Any, ...]:
    return tuple(args[0]) if args else ()


_UTILS: dict[str, Builder] = {
    "_rebuild_tensor": _rebuild_tensor,
    "_rebuild_tensor_v2": _rebuild_tensor,
    "_rebuild_tensor_v3": _rebuild_tensor_v3,
    "_rebuild_parameter": _what_it_holds,
    "_rebuild_parameter_with_state": _what_it_holds,
    "_rebuild_qtensor": _rebuild_tensor,
    "_rebuild_meta_tensor_no_storage": _rebuild_meta_tensor,
    "_rebuild_wrapper_subclass": _rebuild_wrapper,
    "_rebuild_sparse_tensor": _rebuild_sparse,
    "_rebuild_sparse_csr_tensor": _rebuild_sparse_csr,
    "_rebuild_nested_tensor": _what_it_holds,
    "_rebuild_device_tensor_from_numpy": _rebuild_from_numpy,
    "_rebuild_device_tensor_from_cpu_tensor": _what_it_holds,
    "_rebuild_xla_tensor": _rebuild_from_numpy,
}
TENSORS: Builders = {
    **{("torch._utils", name): build for name, build in _UTILS.items()},
    ("torch._tensor", "_rebuild_from_type_v2"): _rebuild_from_type,
    ("torch.nn.parameter", "Parameter"): _what_it_holds,
    ("torch.nn.parameter", "Buffer"): _what_it_holds,
    ("torch.nn", "Parameter"): _what_it_holds,
    ("torch", "Size"): _size,
    **CONTAINERS,
}
