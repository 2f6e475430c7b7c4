"""A long index of shards, decoded by msgspec: a module of its own, as that takes a while to import."""

from __future__ import annotations

import json
from typing import Any

import msgspec

_PIECE = 1 << 23
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
        return {"metadata": json.loads(metadata), "weight_map": _weight_map(memoryview(index.weight_map))}
    except (ValueError, RecursionError):
        return None


def _weight_map(text: memoryview) -> dict[str, str]:
    """An object of texts, decoded in pieces."""
    pairs: dict[str, str] = {}
    start = 0
    while len(text) - start > _PIECE:
        piece = bytes(text[start : start + _PIECE])
        # Where this comma is inside a text, what it ends is no JSON.
        end = piece.rfind(b'",') + 1
        if not end:
            raise ValueError("one pair is longer than a piece")
        pairs |= _PAIRS.decode((b"{" if start else b"") + piece[:end] + b"}")
        start += end + 1
    pairs |= _PAIRS.decode((b"{" if start else b"") + bytes(text[start:]))
    return pairs
