"""Many entries of a safetensors header decoded at once.

Taken here is what known writers make, however they spell it: names with exactly `dtype`, `shape` and `data_offsets`,
each once. All else is left to `one_entry`, which looks at every entry for itself.
"""

from __future__ import annotations

import json
from itertools import chain
from operator import itemgetter

from core.readers.safetensors.columns import Columns, has_nothing_twice
from core.readers.safetensors.layouts import Layouts
from core.readers.safetensors.numbers import no_constant, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SMALL_BYTES = 1 << 18
"""Of all headers: up to here the standard library is done before msgspec, three times as fast, is imported."""
_FIELDS = itemgetter("dtype", "shape", "data_offsets")
_DECODER = json.JSONDecoder(parse_int=whole, parse_constant=no_constant)


class ColumnDecoder:
    """Decodes the headers of one checkpoint, short ones without importing a package for it."""

    def __init__(self, files: int = 1) -> None:
        """
        Args:
            files: how many there are; one header is taken to be as long as another.
        """
        self._small_bytes = _SMALL_BYTES // files

    def columns(self, text: bytes, layouts: Layouts) -> Columns | None:
        """The entries in a JSON object.

        Args:
            text: the whole object.
            layouts: those known, to be added to.

        Returns:
            None where there are none, or where anything is unusual or faulty.
        """
        if len(text) <= self._small_bytes:
            return _plain_columns(text, layouts)
        from core.readers.safetensors.typed_columns import typed_columns

        return typed_columns(text, layouts)


def _plain_columns(text: bytes, known: Layouts) -> Columns | None:
    """The entries as the standard library decodes them."""
    try:
        entries = _DECODER.decode(text.decode())
        if not has_nothing_twice(text, entries):
            return None
        dtypes, shapes, offsets = zip(*map(_FIELDS, entries.values()))
        "".join(entries).encode()  # fails with half surrogates, which JSON can spell
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    if not _have_types(dtypes, shapes, offsets):
        return None
    try:
        layouts = [known[dtype][tuple(shape)] for dtype, shape in zip(dtypes, shapes)]
    except ValueError:
        return None
    return Columns(list(entries), layouts, offsets)


def _have_types(dtypes: tuple[Any, ...], shapes: tuple[Any, ...], offsets: tuple[Any, ...]) -> bool:
    """Whether these are texts, lists of whole numbers, and lists of two of them."""
    if set(map(type, dtypes)) != {str} or set(map(type, chain(shapes, offsets))) != {list}:
        return False
    return set(map(type, chain.from_iterable(chain(shapes, offsets)))) <= {int} and set(map(len, offsets)) == {2}
