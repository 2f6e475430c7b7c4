"""A long index of shards, decoded by msgspec: a module of its own, as that takes a while to import."""

from __future__ import annotations

import json
from typing import Any

import msgspec

_PIECE = 1 << 20
"""Bytes decoded at once: other threads wait meanwhile."""
_MOST_METADATA = 1 << 16


class _Index(msgspec.Struct):
    weight_map: msgspec.Raw
    metadata: msgspec.Raw = msgspec.Raw(b"{}")


_DECODER = msgspec.json.Decoder(_Index)
_PAIRS = msgspec.json.Decoder(dict[str, str])


def typed_index(text: bytes) -> dict[str, Any] | None:
    """The `weight_map` and the `metadata` of an index.

    Args:
        text: of the index.

    Returns:
        None where it has anything unusual, and may be faulty.
    """
    try:
        index = _DECODER.decode(text)
        metadata = bytes(index.metadata)
        if len(metadata) > _MOST_METADATA:
            return None
        return {"metadata": json.loads(metadata), "weight_map": _weight_map(bytearray(index.weight_map))}
    except (ValueError, RecursionError):
        return None


def _weight_map(text: bytearray) -> dict[str, str]:
    """An object of texts, decoded in pieces: the commas between them become braces."""
    pairs: dict[str, str] = {}
    view = memoryview(text)
    start = 0
    while len(text) - start > _PIECE:
        # Where this comma is inside a text, what it ends is no JSON.
        comma = text.rfind(b'",', start, start + _PIECE) + 1
        if not comma:
            raise ValueError("a pair is longer than a piece")
        view[comma : comma + 1] = b"}"
        pairs |= _PAIRS.decode(view[start : comma + 1])
        view[comma : comma + 1] = b"{"
        start = comma
    pairs |= _PAIRS.decode(view[start:])
    return pairs
