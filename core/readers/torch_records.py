"""What torch.save pickles, as records: storages and tensors, of which the values are never read.

What is pickled how: torch/_utils.py (`_rebuild_…`), torch/_tensor.py (`__reduce_ex__`), torch/serialization.py
(`persistent_id`).
"""

from __future__ import annotations

from collections.abc import Hashable
from itertools import chain
from math import prod
from typing import Any

from core.readers.pickle_globals import CONTAINERS, Builder, Builders
from core.readers.pickle_values import Global, Inert, PickledDict

_LARGEST = (1 << 63) - 1
"""A size or count in torch, an int64."""
_MOST_DIMENSIONS = 64
_MOST_PARTS = 1 << 10
"""Runs of values that one tensor of a subclass may be made of; pickles repeat what they have for nothing."""

# torch's dtypes as safetensors spells them, or in its manner, and the bits that an element takes.
_DTYPES = {
    **dict.fromkeys(("float64", "double"), ("F64", 64)),
    **dict.fromkeys(("float32", "float"), ("F32", 32)),
    **dict.fromkeys(("float16", "half"), ("F16", 16)),
    "bfloat16": ("BF16", 16),
    "float8_e4m3fn": ("F8_E4M3", 8),
    "float8_e5m2": ("F8_E5M2", 8),
    "float8_e4m3fnuz": ("F8_E4M3FNUZ", 8),
    "float8_e5m2fnuz": ("F8_E5M2FNUZ", 8),
    "float8_e8m0fnu": ("F8_E8M0", 8),
    "float4_e2m1fn_x2": ("F4", 8),
    **dict.fromkeys(("int64", "long"), ("I64", 64)),
    **dict.fromkeys(("int32", "int", "qint32"), ("I32", 32)),
    **dict.fromkeys(("int16", "short"), ("I16", 16)),
    **dict.fromkeys(("int8", "qint8"), ("I8", 8)),
    **dict.fromkeys(("uint8", "quint8", "bits8", "bits1x8"), ("U8", 8)),
    **dict.fromkeys(("uint16", "bits16"), ("U16", 16)),
    "uint32": ("U32", 32),
    "uint64": ("U64", 64),
    "bool": ("BOOL", 8),
    **dict.fromkeys(("complex32", "chalf"), ("C32", 32)),
    **dict.fromkeys(("complex64", "cfloat"), ("C64", 64)),
    **dict.fromkeys(("complex128", "cdouble"), ("C128", 128)),
    **dict.fromkeys(("quint4x2", "bits4x2"), ("U4", 4)),
    **dict.fromkeys(("quint2x4", "bits2x4"), ("U2", 2)),
    **{f"uint{bits}": (f"U{bits}", 8) for bits in range(1, 8)},
    **{f"int{bits}": (f"I{bits}", 8) for bits in range(1, 8)},
}

# The storage classes that name a dtype; the others count in bytes.
_STORAGES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "ComplexDoubleStorage": "complex128",
    "ComplexFloatStorage": "complex64",
    "QInt8Storage": "qint8",
    "QUInt8Storage": "quint8",
    "QInt32Storage": "qint32",
    "QUInt4x2Storage": "quint4x2",
    "QUInt2x4Storage": "quint2x4",
    "UntypedStorage": "uint8",
    "_UntypedStorage": "uint8",
    "TypedStorage": "uint8",
}
_STORAGE_MODULES = {"torch", "torch.cuda", "torch.storage"}


class Storage:
    """A run of bytes in the file that tensors lie in.

    Attributes:
        key: by which the file finds it; of a view in the legacy form, that of the storage viewed.
        dtype: a key of torch's dtypes; that of its class.
        begin: where it begins in what the key names, in bytes.
        nbytes: how long it is.
    """

    __slots__ = ("begin", "dtype", "key", "nbytes")

    def __init__(self, key: str, dtype: str, begin: int, nbytes: int) -> None:
        self.key = key
        self.dtype = dtype
        self.begin = begin
        self.nbytes = nbytes


class Tensor:
    """A tensor as its pickle describes it.

    Attributes:
        shape: its dimensions.
        dtype: as safetensors spells it.
        nbytes: what its values take in the file.
        storage: the runs of values that it is made of, the same for tensors that have the same ones; None where there
            are none to share.
    """

    __slots__ = ("dtype", "nbytes", "shape", "storage")

    def __init__(self, shape: tuple[int, ...], dtype: str, nbytes: int, storage: tuple[Hashable, ...] | None) -> None:
        self.shape = shape
        self.dtype = dtype
        self.nbytes = nbytes
        self.storage = storage


class Storages:
    """The storages that a pickle refers to.

    Attributes:
        sizes: by key, the bytes that the file must have of each.
        element_sizes: by key, the bytes of an element by its class.
        modules: classes of modules that the legacy form pickled with their source.
    """

    def __init__(self) -> None:
        self.sizes: dict[str, int] = {}
        self.element_sizes: dict[str, int] = {}
        self.modules: list[str] = []

    def persistent(self, key: object) -> object:
        """What a persistent id means: a storage (`("storage", class, key, location, count[, view])`).

        Raises:
            ValueError: where it means nothing.
        """
        if isinstance(key, tuple) and key[:1] == ("module",) and len(key) > 1:
            self.modules.append(key[1].text if isinstance(key[1], Global) else "an unknown class")
            return key[1]
        if not isinstance(key, tuple) or not 5 <= len(key) <= 6 or key[0] != "storage":
            raise ValueError("it is none of a storage")
        kind, name, _, count = key[1:5]
        dtype = storage_dtype(kind)
        if not isinstance(name, (str, int)) or isinstance(name, bool):
            raise ValueError("its key is no text")
        name = str(name)
        size = max(1, _DTYPES[dtype][1] // 8)  # of packed types, a byte is an element
        whole = _count(count) * size
        self.sizes[name] = max(whole, self.sizes.get(name, 0))
        self.element_sizes.setdefault(name, size)
        view = key[5] if len(key) == 6 else None
        if view is None:
            return Storage(name, dtype, 0, whole)
        _, offset, length = view
        begin, nbytes = _count(offset) * size, _count(length) * size
        if begin + nbytes > whole:
            raise ValueError("its view is longer than the storage")
        return Storage(name, dtype, begin, nbytes)


def storage_dtype(kind: object) -> str:
    """The dtype that a storage class names.

    Raises:
        ValueError: where it is no such class.
    """
    if isinstance(kind, Global) and kind.module in _STORAGE_MODULES and kind.name in _STORAGES:
        return _STORAGES[kind.name]
    raise ValueError(f"{kind.text if isinstance(kind, (Global, Inert)) else 'its class'} is no storage")


def dtype_of(name: object) -> tuple[str, int]:
    """How safetensors spells a dtype such as `torch.float32`, and the bits of an element.

    Raises:
        ValueError: where it is none that is known.
    """
    if isinstance(name, Global) and name.module == "torch" and name.name in _DTYPES:
        return _DTYPES[name.name]
    raise ValueError(f"{name.text if isinstance(name, (Global, Inert)) else 'it'} is no dtype that is known")


def _count(value: object) -> int:
    if type(value) is not int or not 0 <= value <= _LARGEST:
        raise ValueError("a size or an offset is no count")
    return value


def sizes_of(value: object) -> tuple[int, ...]:
    """A shape.

    Raises:
        ValueError: where it is none.
    """
    if not isinstance(value, (tuple, list)) or len(value) > _MOST_DIMENSIONS:
        raise ValueError("its shape is none")
    shape = tuple(map(_count, value))
    if prod(shape) > _LARGEST:
        raise ValueError("its shape has more elements than can be")
    return shape


def _tensor(
    storage: object, offset: object, size: object, stride: object, dtype: tuple[str, int] | None = None
) -> Tensor:
    if not isinstance(storage, Storage):
        raise ValueError("it has no storage")
    name, bits = dtype or _DTYPES[storage.dtype]
    shape, strides, begin = sizes_of(size), sizes_of_strides(stride), _count(offset)
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
    if name == "F4" and shape:
        shape = (*shape[:-1], 2 * shape[-1])  # two in a byte, counted as safetensors does
    return Tensor(shape, name, -(-stored * bits // 8), ((storage.key, 8 * storage.begin + begin * bits, strode),))


def sizes_of_strides(value: object) -> tuple[int, ...]:
    """Strides, in elements; their product means nothing."""
    if not isinstance(value, (tuple, list)) or len(value) > _MOST_DIMENSIONS:
        raise ValueError("its strides are none")
    return tuple(map(_count, value))


def _rebuild_tensor(storage: Any, offset: Any, size: Any, stride: Any, *_: Any) -> Tensor:
    return _tensor(storage, offset, size, stride)


def _rebuild_tensor_v3(storage: Any, offset: Any, size: Any, stride: Any, *rest: Any) -> Tensor:
    _, _, dtype, *_ = rest  # requires_grad, backward_hooks, dtype, metadata
    return _tensor(storage, offset, size, stride, dtype_of(dtype))


def _rebuild_qtensor(storage: Any, offset: Any, size: Any, stride: Any, *_: Any) -> Tensor:
    return _tensor(storage, offset, size, stride)


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
            return Tensor(made.shape, made.dtype, sum(tensor.nbytes for tensor in inner), storage)
    return made


def _joined(parts: list[Tensor]) -> tuple[Hashable, ...] | None:
    """The storages of tensors that one tensor is made of; None where one of them has none to share."""
    storages = [part.storage for part in parts if part.storage]
    if sum(map(len, storages)) > _MOST_PARTS:
        raise ValueError("it is made of more tensors than a tensor is")
    return tuple(chain.from_iterable(storages)) if len(storages) == len(parts) else None


def _inner_tensors(state: object) -> list[Tensor]:
    found: list[Tensor] = []
    parts = list(state[:8]) if isinstance(state, tuple) else [state]
    for part in parts:
        values = part.values if isinstance(part, PickledDict) else [part]
        found += [value for value in values[:64] if isinstance(value, Tensor)]
    return found


def _rebuild_parameter(data: Any, *_: Any) -> Any:
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


def _rebuild_nested(buffer: Any, *_: Any) -> Any:
    return buffer


def _size(*args: Any) -> tuple[Any, ...]:
    return tuple(args[0]) if args else ()


_UTILS: dict[str, Builder] = {
    "_rebuild_tensor": _rebuild_tensor,
    "_rebuild_tensor_v2": _rebuild_tensor,
    "_rebuild_tensor_v3": _rebuild_tensor_v3,
    "_rebuild_parameter": _rebuild_parameter,
    "_rebuild_parameter_with_state": _rebuild_parameter,
    "_rebuild_qtensor": _rebuild_qtensor,
    "_rebuild_meta_tensor_no_storage": _rebuild_meta_tensor,
    "_rebuild_wrapper_subclass": _rebuild_wrapper,
    "_rebuild_sparse_tensor": _rebuild_sparse,
    "_rebuild_sparse_csr_tensor": _rebuild_sparse_csr,
    "_rebuild_nested_tensor": _rebuild_nested,
    "_rebuild_device_tensor_from_numpy": _rebuild_from_numpy,
    "_rebuild_device_tensor_from_cpu_tensor": _rebuild_parameter,
    "_rebuild_xla_tensor": _rebuild_from_numpy,
}
TENSORS: Builders = {
    **{("torch._utils", name): build for name, build in _UTILS.items()},
    ("torch._tensor", "_rebuild_from_type_v2"): _rebuild_from_type,
    ("torch.nn.parameter", "Parameter"): _rebuild_parameter,
    ("torch.nn.parameter", "Buffer"): _rebuild_parameter,
    ("torch.nn", "Parameter"): _rebuild_parameter,
    ("torch", "Size"): _size,
    **CONTAINERS,
}
