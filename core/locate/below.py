"""The checkpoints in a folder and those below it: by names and sizes, with bounds, whatever the folders hold."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

from core.checkpoint.errors import CheckpointError
from core.files.gguf_names import is_gguf
from core.files.local import is_file, open_regular
from core.files.safetensors_names import INDEX_SUFFIX, SUFFIX
from core.files.torch_names import DISTRIBUTED_SUFFIX, TORCH_INDEX_SUFFIX, is_model_name, is_pickle, kind_of
from core.locate.folder_entries import folder_entries
from core.text.order import natural_key

MAX_FOLDER_LEVELS = 5
_MAX_NAMED_FILES = 4
_START_BYTES = 64
_MAX_FOLDERS = 20_000
_PASSED_OVER = (".", "models--", "mp_rank_")
"""Hidden folders, those of the hub cache, and Megatron's ranks, which the folder above opens."""
_DULL = {"node_modules", "site-packages", "__pycache__", "venv"}


class Kept(NamedTuple):
    """A checkpoint that lies on this machine.

    Attributes:
        name: by which whoever keeps it there calls it; for a folder's, its path from that folder, "" for all of it.
        path: the file or folder that opens it.
        bytes: on disk, None where they lie in folders below.
        changed: when its newest file was written, in seconds since the epoch; None where that is not known.
    """

    name: str
    path: str
    bytes: int | None
    changed: float | None = None


class WeightFiles(NamedTuple):
    """The weight files and indexes in a folder.

    Attributes:
        sizes: in bytes, of the indexes as 0.
        changed: when each was written, in seconds since the epoch.
    """

    sizes: dict[str, int]
    changed: dict[str, float]


def checkpoints_in(
    folder: str, cancelled: Callable[[], bool] = lambda: False, max_levels: int = MAX_FOLDER_LEVELS
) -> Iterator[Kept]:
    """Checkpoints in a folder and those below it: a folder is one where its files belong together, else each file.

    Folders that cannot be read are passed over; links to folders are not followed.

    Args:
        folder: where to look.
        cancelled: asked before each folder.
        max_levels: of folders, below the first.
    """
    stack, seen = [("", 0)], 0
    while stack and seen < _MAX_FOLDERS and not cancelled():
        below, depth = stack.pop()
        current = os.path.join(folder, below) if below else folder
        seen += 1
        weights, folders = weight_files(current), folders_in(current)
        for name, size in folder_entries(weights.sizes, _plain_files(current), folders).items():
            changed = weights.changed.get(name) if name else max(weights.changed.values(), default=None)
            path = os.path.join(current, name) if name else current
            yield Kept(os.path.join(below, name) if name else below, path, size, changed)
        if depth < max_levels:
            names = [name for name in folders if not name.startswith(_PASSED_OVER) and name not in _DULL]
            if any("model_states" in name for name in weights.sizes):
                names = [name for name in names if name != "zero"]
            stack += [(os.path.join(below, name), depth + 1) for name in sorted(names, key=natural_key, reverse=True)]


def checkpoints_below(folder: str) -> str:
    """The folders below one in which there are checkpoints, the nearest of each way down, as a sentence names them.

    Args:
        folder: the folder; what lies in itself is not meant.
    """
    found: dict[str, None] = {}
    for kept in checkpoints_in(folder, lambda: len(found) > _MAX_NAMED_FILES):
        inside = kept.name if os.path.isdir(kept.path) else os.path.dirname(kept.name)
        if inside and not any(inside.startswith(f"{above}/") for above in found):
            found[inside] = None
    names = list(found)
    return ", ".join(names[:_MAX_NAMED_FILES]) + (", …" if len(names) > _MAX_NAMED_FILES else "")


def folders_in(folder: str) -> list[str]:
    """The folders in one, no links; none where it cannot be read."""
    try:
        return [entry.name for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def weight_files(folder: str) -> WeightFiles:
    """The weight files and indexes in a folder; none where it cannot be read."""
    found = WeightFiles({}, {})
    try:
        for entry in os.scandir(folder):
            if _is_weights(entry.name) and is_file(entry) and _opens(entry):
                stat = entry.stat()
                found.sizes[entry.name] = 0 if entry.name.endswith(".json") else stat.st_size
                found.changed[entry.name] = stat.st_mtime
    except OSError:
        pass
    return found


def _plain_files(folder: str) -> list[str]:
    try:
        return [entry.name for entry in os.scandir(folder) if entry.name.endswith(".json") and is_file(entry)]
    except OSError:
        return []


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
