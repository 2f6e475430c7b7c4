"""Many entries of a safetensors header decoded at once.

Taken here is what known writers make, however they spell it: names with exactly `dtype`, `shape` and `data_offsets`,
each once. All else is left to `one_entry`, which looks at every entry for itself.
"""

from __future__ import annotations

import json
from itertools import chain
from operator import itemgetter

from core.readers.safetensors.columns import Columns, has_nothing_twice
from core.readers.safetensors.numbers import no_constant, whole

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

    def columns(self, text: bytes) -> Columns | None:
        """The entries in a JSON object.

        Args:
            text: the whole object.

        Returns:
            None where there are none, or where anything is unusual or faulty.
        """
        if len(text) <= self._small_bytes:
            return _plain_columns(text)
        from core.readers.safetensors.typed_columns import typed_columns

        return typed_columns(text)


def _plain_columns(text: bytes) -> Columns | None:
    """The entries as the standard library decodes them."""
    try:
        entries = _DECODER.decode(text.decode())
        if not has_nothing_twice(text, entries):
            return None
        dtypes, shapes, offsets = zip(*map(_FIELDS, entries.values()))
        "".join(entries).encode()  # fails with half surrogates, which JSON can spell
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    if set(map(type, dtypes)) != {str} or set(map(type, chain(shapes, offsets))) != {list}:
        return None
    if not set(map(type, chain.from_iterable(chain(shapes, offsets)))) <= {int} or set(map(len, offsets)) != {2}:
        return None
    return Columns(list(entries), list(zip(dtypes, map(tuple, shapes))), list(map(tuple, offsets)))
