"""The layouts of tensors in safetensors headers: few, each checked once and shared by all tensors that have it.

Format: https://github.com/huggingface/safetensors, README, "Format"; the checks are those of its crate (tensor.rs).
"""

from __future__ import annotations

from collections.abc import Iterable

from core.checkpoint.dtypes import DTYPES
from core.checkpoint.tensors import may_collide
from core.readers.safetensors.numbers import LARGEST_COUNT
from core.text.width import shortened

DTYPE_BITS = {dtype.name: dtype.bits for dtype in DTYPES if dtype.in_safetensors}
"""What a value takes, in bits."""


class Layout:
    """What tensors of one dtype and shape have in common; each equals itself alone, which is found out at once."""

    __slots__ = ("dtype", "nbytes", "shape")

    def __init__(self, dtype: str, shape: tuple[int, ...], nbytes: int) -> None:
        self.dtype = dtype
        self.shape = shape
        self.nbytes = nbytes


class _OfDtype(dict[tuple[int, ...], Layout]):
    """By shape the known layouts of one dtype."""

    def __init__(self, dtype: str) -> None:
        super().__init__()
        self.dtype = dtype
        self.unshared_count = 0

    def __missing__(self, shape: tuple[int, ...]) -> Layout:
        """A further one.

        Raises:
            ValueError: where it is wrong, with the reason.
        """
        layout = layout_of(self.dtype, list(shape))
        # Shapes whose hashes may have been made alike are looked at each time: a dictionary of them takes minutes.
        if may_collide((layout.nbytes,), (layout.shape,)):
            self.unshared_count += 1
        else:
            self[shape] = layout
        return layout


class Layouts(dict[str, _OfDtype]):
    """By dtype, then by shape, those known to be right, which are few and shared by their tensors.

    To ask for a further one raises a ValueError where it is wrong, with the reason.
    """

    def __missing__(self, dtype: str) -> _OfDtype:
        """The layouts of a further dtype, known or unknown."""
        return self.setdefault(dtype, _OfDtype(dtype))

    @property
    def unshared_count(self) -> int:
        """How often one was given that is not kept for others."""
        return sum(layouts.unshared_count for layouts in self.values())


def layout_of(dtype: object, shape: object) -> Layout:
    """The layout that an entry tells.

    Raises:
        ValueError: where it cannot be, with the reason.
    """
    if not isinstance(dtype, str):
        raise ValueError("its dtype is not a text")
    if dtype not in DTYPE_BITS:
        raise ValueError(f"unknown dtype {shortened(dtype, 40)}")
    if not isinstance(shape, list) or not all(type(n) is int for n in shape):
        raise ValueError("its shape is not a list of whole numbers")
    if any(n < 0 for n in shape):
        raise ValueError("its shape has a negative dimension")
    values = _product(shape)
    if values < 0:
        raise ValueError("its shape is larger than any file")
    bits = values * DTYPE_BITS[dtype]
    if bits % 8:
        raise ValueError(f"{values:,} values of {dtype} do not fill whole bytes")
    return Layout(dtype, tuple(shape), bits // 8)


def _product(shape: Iterable[int]) -> int:
    """The values of a shape, or -1 where they are too many: found at once, as a hostile product can take minutes."""
    values = 1
    for n in shape:
        values *= n
        if max(n, values) > LARGEST_COUNT:
            return -1
    return values
