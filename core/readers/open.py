"""Which reader a checkpoint wants."""

from __future__ import annotations

import os

from core.errors import CheckpointError, from_os_error
from core.locate import Location, snapshot
from core.readers.builtin import BuiltInReader
from core.readers.files import foreign, is_folder
from core.readers.folder import Folder, LocalFolder
from core.readers.safetensors import INDEX_SUFFIX, SUFFIX, SafetensorsReader
from core.stored import Reader

# Weight files of other formats, by how their names end, for an answer that names them.
_OTHER_FORMATS = {
    ".bin": "PyTorch",
    ".pt": "PyTorch",
    ".pth": "PyTorch",
    ".ckpt": "PyTorch",
    ".pth.tar": "PyTorch",
    ".gguf": "GGUF",
    ".distcp": "torch.distributed.checkpoint",
}


def open_reader(location: Location) -> Reader:
    """The reader of a checkpoint; it has read nothing of the tensors yet.

    Raises:
        CheckpointError: where nothing is found there that can be read.
    """
    if not location.path:
        return BuiltInReader(location.model)
    path = location.path
    if not os.path.isdir(path):
        return _with_adapter(_file_reader(location.model, path), path)
    folder = LocalFolder(path)
    names = folder.names()
    if not names and os.path.isdir(os.path.join(path, "snapshots")):
        commit = snapshot(path)
        if not commit:
            raise CheckpointError(
                path, "a hub cache folder whose snapshot is missing or not decided", advice="name one below snapshots/"
            )
        folder = LocalFolder(commit)
        names = folder.names()
    chosen = folder_reader(location.model, path, folder, names)
    if chosen is None:
        raise _nothing_in(path, folder.path, names)
    if chosen.source.format == "config" and (below := _checkpoints_below(folder.path or ".")):
        chosen.source.notes.append(f"checkpoints lie in its folders: {below}")
    return chosen


def folder_reader(model: str, source: str, folder: Folder, names: list[str]) -> Reader | None:
    """The reader of the checkpoint in a folder, on disk or on the hub; None where nothing in it can be read.

    Args:
        model: as the user typed it.
        source: the folder, as errors and outputs name it.
        folder: its files.
        names: their names.

    Raises:
        CheckpointError: where there are several checkpoints to choose from, or an adapter's config alone.
    """
    if "adapter_config.json" not in names:
        return _model_reader(model, source, folder, names)
    from core.readers.adapter import (
        describe_adapter,
        describe_adapter_beside,
        is_adapter_name,
        lone_config,
        model_names,
    )

    chosen = model_names(names)
    reader = _model_reader(model, source, folder, chosen)
    if reader is None:
        raise lone_config(source, folder)
    if any(map(is_adapter_name, chosen)):
        describe_adapter(reader.source, folder)
    else:
        describe_adapter_beside(reader.source, names)
    return reader


def _model_reader(model: str, source: str, folder: Folder, names: list[str]) -> Reader | None:
    shards = _with_ending(names, SUFFIX)
    indexes = [name for name in names if name.endswith(INDEX_SUFFIX)]
    whole, index = "model" + SUFFIX, "model" + INDEX_SUFFIX
    if whole in names:
        reader = SafetensorsReader(model, source, folder, [whole])
        others = [name for name in (index, *shards) if name in names and name != whole]
        if others:
            more = f" and {len(others) - 1} more" if len(others) > 1 else ""
            reader.source.notes.append(f"{whole} was read, not {others[0]}{more} beside it")
        return reader
    if index not in names and len(indexes) > 1:
        raise CheckpointError(source, f"there are several indexes: {', '.join(indexes[:4])}", advice="name one of them")
    if indexes:
        return SafetensorsReader(model, source, folder, shards, index if index in names else indexes[0])
    if shards:
        return SafetensorsReader(model, source, folder, shards)
    if "config.json" not in names or any(map(_other_format, names)):
        return None
    from core.readers.other_formats import refused_folder

    return None if refused_folder(source, names, models=True) else _config_reader(model, source, folder, "config.json")


def _config_reader(model: str, source: str, folder: Folder, name: str) -> Reader:
    from core.readers.config import ConfigReader  # subprocess takes 10 ms, which headers need not

    return ConfigReader(model, source, folder, name)


def _with_adapter(reader: Reader, path: str) -> Reader:
    """A reader of one file, its source describing the adapter if the file is one."""
    below, name = os.path.split(path)
    folder = LocalFolder(below)
    if folder.has("adapter_config.json"):
        from core.readers.adapter import describe_adapter, is_adapter_name

        if is_adapter_name(name):
            describe_adapter(reader.source, folder)
    return reader


def _file_reader(model: str, path: str) -> Reader:
    below, name = os.path.split(path)
    folder = LocalFolder(below)
    if name.endswith(INDEX_SUFFIX):
        return SafetensorsReader(model, path, folder, _with_ending(folder.names(), SUFFIX), name)
    if name.lower().endswith(".json"):
        return _config_reader(model, path, folder, name)
    ending = _other_format(name)
    if ending:
        raise CheckpointError(
            path,
            f"a file of {_OTHER_FORMATS[ending]}, which is not read so far",
            advice="load it there and save it as safetensors",
        )
    if not name.endswith(SUFFIX):
        _refuse_others(folder, name)
    return SafetensorsReader(model, path, folder, [name])


def _refuse_others(folder: Folder, name: str) -> None:
    """Raises what a file is, if it is something else than a checkpoint under a name of its own."""
    from core.readers.other_formats import START, refused

    opened, _ = folder.open(name)
    with opened:
        try:
            start = opened.read(START)
        except OSError as error:
            raise from_os_error(error, folder.shown(name)) from error
    # A zip or a pickle may be anything: then the name tells more.
    vague = start.startswith((b"PK\x03\x04", b"\x80"))
    if not start or start[8:9] == b"{":
        return  # the reader of safetensors says more of it
    if not vague and (problem := foreign(start, folder.shown(name))):
        raise problem
    if problem := refused(start, name, folder.shown(name)):
        raise problem


def _nothing_in(path: str, folder: str, names: list[str]) -> CheckpointError:
    if others := [name for name in names if _other_format(name)]:
        formats = _OTHER_FORMATS[_other_format(others[0])]
        return CheckpointError(
            path, f"no safetensors file in it; {others[0]} is a file of {formats}, which is not read so far"
        )
    from core.readers.other_formats import refused_folder

    if problem := refused_folder(path, names, models=True):
        return problem
    if below := _checkpoints_below(folder):
        return CheckpointError(path, "no checkpoint in this folder itself", advice=f"name one of its folders: {below}")
    if problem := refused_folder(path, names, models=False):
        return problem
    return CheckpointError(path, "no checkpoint in it", advice="name a .safetensors file or a folder that holds some")


def _checkpoints_below(folder: str) -> str:
    """The folders in a folder that hold checkpoints, as a sentence names them; "" where there are none."""
    below = sorted(
        entry.name
        for entry in os.scandir(folder)
        if is_folder(entry) and _has_checkpoint(os.path.join(folder, entry.name))
    )
    return ", ".join(below[:4]) + (", …" if len(below) > 4 else "")


def _has_checkpoint(path: str) -> bool:
    try:
        return any(name.endswith(SUFFIX) for name in LocalFolder(path).names())
    except CheckpointError:
        return False


def _with_ending(names: list[str], ending: str) -> list[str]:
    return [name for name in names if name.endswith(ending) and not name.startswith(".")]


def _other_format(name: str) -> str:
    return next((ending for ending in _OTHER_FORMATS if name.lower().endswith(ending)), "")
