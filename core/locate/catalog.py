"""The models that there are to pick: built in, in the hub cache, below the current folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from math import prod
from typing import NamedTuple

from core.checkpoint.errors import CheckpointError
from core.checkpoint.gpt2 import BUILT_IN, parameter_shapes
from core.files.gguf_names import is_gguf, models_among
from core.files.local import is_file, open_regular
from core.files.safetensors_names import INDEX_SUFFIX, SUFFIX
from core.files.torch_names import DISTRIBUTED_SUFFIX, TORCH_INDEX_SUFFIX, is_model_name, is_pickle, kind_of
from core.hub import header_cache
from core.hub.environment import endpoint
from core.hub.local_cache import hub_cache, snapshot
from core.locate.folder_entries import folder_entries
from core.locate.location import Location, locate

_MAX_FOLDER_LEVELS = 5
_MAX_NAMED_FILES = 4
_START_BYTES = 64
_MAX_FOLDERS = 20_000


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
        if not commit or not (weights := _cached_weights(commit)):
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


def _cached_weights(commit: str) -> dict[str, int]:
    """The weight files of a cached model; where there are safetensors files, PyTorch's are not read."""
    weights = _weights(commit)
    if any(name.endswith((SUFFIX, INDEX_SUFFIX)) for name in weights):
        weights = {
            name: size for name, size in weights.items() if name.endswith((SUFFIX, INDEX_SUFFIX)) or is_gguf(name)
        }
    return {name: size for name, size in weights.items() if not name.startswith("optim")}


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
    while stack and seen < _MAX_FOLDERS and not cancelled():
        current, depth = stack.pop()
        seen += 1
        weights, folders = _weights(current), _folders(current)
        shown = current if current.startswith(("/", "./", "../")) or current in (".", "..") else f"./{current}"
        for name, size in folder_entries(weights, _plain_files(current), folders).items():
            yield Entry(os.path.join(shown, name) if name else shown, "here", None, size)
        if depth < _MAX_FOLDER_LEVELS:
            names = [name for name in folders if not name.startswith(_PASSED_OVER) and name not in _DULL]
            if any("model_states" in name for name in weights):
                names = [name for name in names if name != "zero"]
            stack += [(os.path.join(current, name), depth + 1) for name in sorted(names, reverse=True)]


def checkpoints_below(folder: str) -> str:
    """The folders below one in which there are checkpoints, the nearest of each way down, as a sentence names them.

    Args:
        folder: the folder; what lies in itself is not meant.
    """
    found: dict[str, None] = {}
    for entry in _below(folder, lambda: len(found) > _MAX_NAMED_FILES):
        path = os.path.relpath(entry.model, folder)
        inside = path if os.path.isdir(entry.model) else os.path.dirname(path)
        if inside not in {"", "."} and not any(inside.startswith(f"{above}/") for above in found):
            found[inside] = None
    names = list(found)
    return ", ".join(names[:_MAX_NAMED_FILES]) + (", …" if len(names) > _MAX_NAMED_FILES else "")


_PASSED_OVER = (".", "models--", "mp_rank_")
"""Hidden folders, those of the hub cache, and Megatron's ranks, which the folder above opens."""
_DULL = {"node_modules", "site-packages", "__pycache__", "venv"}


def _folders(folder: str) -> list[str]:
    try:
        return [entry.name for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def _ggufs(weights: dict[str, int]) -> dict[str, int]:
    """The GGUF models among some files, each by its first part, with what all its parts take."""
    return {name: sum(weights[part] for part in parts) for name, parts in models_among(weights).items()}


def _plain_files(folder: str) -> list[str]:
    try:
        return [entry.name for entry in os.scandir(folder) if entry.name.endswith(".json") and is_file(entry)]
    except OSError:
        return []


def _weights(folder: str) -> dict[str, int]:
    """The weight files and indexes in a folder, with their sizes in bytes (those of the indexes as 0)."""
    found: dict[str, int] = {}
    try:
        for entry in os.scandir(folder):
            if _is_weights(entry.name) and is_file(entry) and _opens(entry):
                found[entry.name] = 0 if entry.name.endswith(".json") else entry.stat().st_size
    except OSError:
        pass
    return found


def _is_weights(name: str) -> bool:
    named = name.endswith((SUFFIX, INDEX_SUFFIX, TORCH_INDEX_SUFFIX, DISTRIBUTED_SUFFIX))
    return (named or is_gguf(name) or is_model_name(name) or name.startswith("optim")) and not name.startswith(".")


def _opens(entry: os.DirEntry[str]) -> bool:
    """Whether a file is one of its format: of `.bin` files, which firmware and games have too, the first bytes tell."""
    name = entry.name.lower()
    if not name.endswith(".bin") or name.startswith("pytorch_model"):
        return True
    try:
        with open_regular(entry.path, entry.path) as opened:
            start = opened.read(_START_BYTES)
            return bool(kind_of(start, entry.stat().st_size)) or is_pickle(start)
    except (OSError, CheckpointError):
        return False
