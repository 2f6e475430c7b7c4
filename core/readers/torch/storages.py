"""The dtypes and storages of torch.save: how its pickle names them, and where they lie in the file.

What is pickled how: torch/serialization.py (`persistent_id`), torch/storage.py.
"""

from __future__ import annotations

from core.checkpoint import dtypes
from core.readers.unpickle.budget import Budget
from core.readers.unpickle.values import Global, Inert

MAX_COUNT = (1 << 63) - 1
"""A size or count in torch, an int64."""

DTYPES = {name: (dtype.name, dtype.bits) for dtype in dtypes.DTYPES for name in dtype.torch}
DTYPES |= {name: (shown, 8) for name, shown in dtypes.TORCH_IN_BYTES.items()}
"""By torch's names: how a dtype is shown, and the bits that an element takes."""

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
_KNOWN_BYTES = 300
"""What the size of a storage takes, with its key."""


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


class Storages:
    """The storages that a pickle refers to.

    Attributes:
        sizes: by key, the bytes that the file must have of each.
        element_sizes: by key, the bytes of an element by its class.
        modules: classes of modules that the legacy form pickled with their source.
    """

    def __init__(self, budget: Budget) -> None:
        """
        Args:
            budget: what they may take.
        """
        self._budget = budget
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
        size = max(1, DTYPES[dtype][1] // 8)  # of packed types, a byte is an element
        whole = count_of(count) * size
        if name not in self.sizes:
            self._budget.spend(_KNOWN_BYTES)
        self.sizes[name] = max(whole, self.sizes.get(name, 0))
        self.element_sizes.setdefault(name, size)
        view = key[5] if len(key) == 6 else None
        if view is None:
            return Storage(name, dtype, 0, whole)
        _, offset, length = view
        begin, nbytes = count_of(offset) * size, count_of(length) * size
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
    if isinstance(name, Global) and name.module == "torch" and name.name in DTYPES:
        return DTYPES[name.name]
    raise ValueError(f"{name.text if isinstance(name, (Global, Inert)) else 'it'} is no dtype that is known")


def count_of(value: object) -> int:
    """A size, an offset or a stride.

    Raises:
        ValueError: where it is none.
    """
    if type(value) is not int or not 0 <= value <= MAX_COUNT:
        raise ValueError("a size or an offset is no count")
    return value
