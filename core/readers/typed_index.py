"""A long index of shards, decoded by msgspec: a module of its own, as that takes a while to import."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from core.files.json_file import MAX_SHARDS, MAX_VALUES
from core.readers.fast_json import msgspec

_PIECE_BYTES = 1 << 15
"""Decoded at once: other threads wait meanwhile, and what has been decoded does not stay in the processor's cache."""
_MAX_METADATA_BYTES = 1 << 16


class _Index(msgspec.Struct):
    weight_map: msgspec.Raw
    metadata: msgspec.Raw = msgspec.Raw(b"{}")


_DECODER = msgspec.json.Decoder(_Index)
_PAIRS = msgspec.json.Decoder(dict[str, str])


def typed_index(text: bytes) -> tuple[Any, dict[str, list[str]]] | None:
    """The `metadata` of an index, and of each shard that its `weight_map` names the tensors.

    Args:
        text: of the index.

    Returns:
        None where it has anything unusual, and may be faulty.
    """
    try:
        index = _DECODER.decode(text)
        metadata = bytes(index.metadata)
        if len(metadata) > _MAX_METADATA_BYTES:
            return None
        promised = _promised(memoryview(index.weight_map))
        return (json.loads(metadata), promised) if promised else None
    except (ValueError, RecursionError):
        return None


def _promised(text: memoryview) -> dict[str, list[str]] | None:
    """The tensors of each shard, of more than `MAX_SHARDS` those that come first; None where tensors are too many."""
    promised: defaultdict[str, list[str]] = defaultdict(list)
    total = 0
    for piece in _pieces(text):
        pairs = _PAIRS.decode(piece)
        for tensor, shard in pairs.items():
            promised[shard].append(tensor)
        total += len(pairs)
        if total > MAX_VALUES:
            return None
        if len(promised) > MAX_SHARDS:
            return promised
    seen: set[str] = set()
    for tensors in promised.values():
        seen.update(tensors)
    return promised if len(seen) == total else _of_last(text)


def _of_last(text: memoryview) -> dict[str, list[str]]:
    """The tensors of each shard where some are named twice: as with every decoder of JSON, the last one counts."""
    shards: dict[str, str] = {}
    for piece in _pieces(text):
        shards.update(_PAIRS.decode(piece))
    promised: defaultdict[str, list[str]] = defaultdict(list)
    for tensor, shard in shards.items():
        promised[shard].append(tensor)
    return promised


def _pieces(text: memoryview) -> Iterator[bytes]:
    """An object of texts as several."""
    start = 1
    while len(text) - start > _PIECE_BYTES:
        piece = bytes(text[start : start + _PIECE_BYTES])
        # Where this comma is inside a text, what it ends is no JSON.
        comma = piece.rfind(b'",') + 1
        if not comma:
            raise ValueError("a pair is longer than a piece")
        yield b"{" + piece[:comma] + b"}"
        start += comma + 1
    yield b"{" + bytes(text[start:])
