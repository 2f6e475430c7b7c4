"""Counting a checkpoint in a test, and what torch and safetensors say of the same file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors

from core.checkpoint.tensors import StoredTensor
from core.classify.user_rules import Rules
from core.count.counter import Count, count
from core.locate.location import Location
from core.readers.open_checkpoint import open_reader
from tests.support.checkpoints import Tensors, write


def stored(path: Path) -> list[StoredTensor]:
    """The tensors that a reader finds."""
    return [tensor for tensors, _ in open_reader(Location(str(path), str(path))).batches() for tensor in tensors]


def counted(path: Path, rules: Rules | None = None) -> Count:
    return count(open_reader(Location(str(path), str(path))), rules=rules)


def model(folder: Path, tensors: Tensors, config: Mapping[str, object] | None = None) -> Path:
    """A folder with one file and, where one is given, a config."""
    write(folder / "model.safetensors", tensors)
    if config is not None:
        (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def layouts(tensors: list[StoredTensor]) -> dict[str, tuple[str, tuple[int, ...], int]]:
    """Names, each with dtype, shape and bytes; no name may be there twice."""
    result = {tensor.name: (tensor.dtype, tensor.shape, tensor.nbytes) for tensor in tensors}
    assert len(result) == len(tensors)
    return result


def package_reads(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """What the safetensors package finds in a file: names, each with its dtype, shape and data.

    Raises:
        safetensors.SafetensorError: where it refuses the file.
    """
    values: list[tuple[str, dict[str, Any]]] = safetensors.deserialize(path.read_bytes())  # type: ignore[no-untyped-call]
    return values
