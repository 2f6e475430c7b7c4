"""The entries of long headers, decoded by msgspec: a module of its own, as that takes a while to import."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from core.checkpoint.dtypes import DTYPES
from core.readers.fast_json import msgspec
from core.readers.safetensors.columns import Columns, has_nothing_twice
from core.readers.safetensors.layouts import Layouts

_MINUS_ZERO = re.compile(rb"[\[,\s]-0")


if TYPE_CHECKING:
    _Dtype = str
else:
    # Of each there is one text then, whose hash is known, and not one for each tensor.
    _Dtype = Literal[tuple(dtype.name for dtype in DTYPES if dtype.in_safetensors)]


class _Entry(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    dtype: _Dtype
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]


_DECODER = msgspec.json.Decoder(dict[str, _Entry])


def typed_columns(text: bytes, known: Layouts) -> Columns | None:
    """The entries of an object, as `ColumnDecoder.columns` gives them."""
    try:
        entries = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None
    if not has_nothing_twice(text, entries):
        return None
    # msgspec takes -0 for 0, and the format has no such number.
    if b"-" in text and b"-0" in text and _MINUS_ZERO.search(text):
        return None
    found = entries.values()
    try:
        layouts = [known[entry.dtype][entry.shape] for entry in found]
    except ValueError:
        return None
    return Columns(list(entries), layouts, [entry.data_offsets for entry in found])
