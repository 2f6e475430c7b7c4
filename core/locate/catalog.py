"""The models that there are to pick: built in, in the hub cache, below the current folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from math import prod
from typing import NamedTuple

from core.checkpoint.errors import CheckpointError
from core.checkpoint.gpt2 import BUILT_IN, parameter_shapes
from core.files.gguf_names import is_gguf, models_among
from core.files.local import is_file
from core.files.safetensors_names import INDEX_SUFFIX, SUFFIX
from core.files.torch_names import belong_together, is_listed
from core.hub import header_cache
from core.hub.environment import endpoint
from core.hub.local_cache import hub_cache, snapshot
from core.locate.location import Location, locate

_DEEPEST = 5
_MOST_FOLDERS = 20_000


class Entry(NamedTuple):
    """One model of the catalogue.

    Attributes:
        model: what `gpt2-explore` takes for it.
        source: `built-in`, `hub cache`, `hub (seen)` for what was read from the hub before, or `here`.
        parameters: where they are known without opening a file, else None.
        bytes: on disk, None where nothing of it lies there.
    """

    model: str
    source: str
    parameters: int | None
    bytes: int | None


def entries(folder: str = ".", cancelled: Callable[[], bool] = lambda: False) -> Iterator[Entry]:
    """All models, the nearest to hand first; folders that cannot be read are passed over.

    Args:
        folder: where to look for checkpoints.
        cancelled: asked before each folder.
    """
    for name, shape in BUILT_IN.items():
        yield Entry(name, "built-in", sum(prod(dimensions) for _, dimensions in parameter_shapes(shape)), None)
    yield from _cached(cancelled)
    if not cancelled():
        yield from _seen()
    yield from _below(folder, cancelled)


def _cached(cancelled: Callable[[], bool]) -> Iterator[Entry]:
    cache = hub_cache()
    for name in sorted(_folders(cache)):
        if cancelled():
            return
        if not name.startswith("models--"):
            continue
        commit = snapshot(os.path.join(cache, name))
        if not commit or not (weights := _weights(commit)):
            continue
        model = name.removeprefix("models--").replace("--", "/")
        # The name of a built-in model means that one.
        shown = os.path.join(cache, name) if model in BUILT_IN else model
        ggufs = _ggufs(weights)
        if tensors := {name: size for name, size in weights.items() if not is_gguf(name)}:
            yield Entry(shown, "hub cache", None, sum(tensors.values()))
        elif len(ggufs) == 1:
            yield Entry(shown, "hub cache", None, sum(ggufs.values()))
        else:
            for file, size in ggufs.items():
                yield Entry(os.path.join(commit, file), "hub cache", None, size)


def _seen() -> Iterator[Entry]:
    """Models whose headers were read from the hub before, where the hub cache has them not."""
    for seen in header_cache.seen():
        # A name that means something else here would not open the model seen.
        if seen.endpoint == endpoint() and (location := _located(seen.name)) and location.hub:
            yield Entry(seen.name, "hub (seen)", None, None)


def _located(model: str) -> Location | None:
    try:
        return locate(model)
    except CheckpointError:
        return None


def _below(folder: str, cancelled: Callable[[], bool]) -> Iterator[Entry]:
    """Checkpoints in a folder and those below it: a folder is one where its files belong together, else each file."""
    stack, seen = [(folder, 0)], 0
    while stack and seen < _MOST_FOLDERS and not cancelled():
        current, depth = stack.pop()
        seen += 1
        weights = _weights(current)
        ggufs = _ggufs(weights)
        weights = {name: size for name, size in weights.items() if not is_gguf(name)}
        shown = current if current.startswith(("/", "./", "../")) or current in (".", "..") else f"./{current}"
        indexed = any(name.endswith(INDEX_SUFFIX) for name in weights) or f"model{SUFFIX}" in weights
        if indexed or belong_together(weights):
            yield Entry(shown, "here", None, sum(weights.values()))
        else:
            for name, size in sorted(weights.items()):
                yield Entry(os.path.join(shown, name), "here", None, size)
        for name, size in ggufs.items():
            yield Entry(os.path.join(shown, name), "here", None, size)
        if depth < _DEEPEST:
            names = [name for name in _folders(current) if not name.startswith((".", "models--")) and name not in _DULL]
            stack += [(os.path.join(current, name), depth + 1) for name in sorted(names, reverse=True)]


_DULL = {"node_modules", "site-packages", "__pycache__", "venv"}


def _folders(folder: str) -> list[str]:
    try:
        return [entry.name for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def _ggufs(weights: dict[str, int]) -> dict[str, int]:
    """The GGUF models among some files, each by its first part, with what all its parts take."""
    return {name: sum(weights[part] for part in parts) for name, parts in models_among(weights).items()}


def _weights(folder: str) -> dict[str, int]:
    """The weight files and indexes in a folder, with their sizes in bytes (those of the indexes as 0)."""
    found: dict[str, int] = {}
    try:
        for entry in os.scandir(folder):
            named = entry.name.endswith((SUFFIX, INDEX_SUFFIX)) or is_gguf(entry.name) or is_listed(entry.name)
            if named and not entry.name.startswith(".") and is_file(entry):
                found[entry.name] = 0 if entry.name.endswith(".json") else entry.stat().st_size
    except OSError:
        pass
    # Where there are safetensors files, PyTorch's are not read.
    if any(name.endswith((SUFFIX, INDEX_SUFFIX)) for name in found):
        found = {name: size for name, size in found.items() if not is_listed(name)}
    return found
