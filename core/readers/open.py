"""Which reader a checkpoint wants."""

from __future__ import annotations

import os

from core.errors import CheckpointError
from core.hub_cache import snapshot
from core.locate import Location
from core.readers.builtin import BuiltInReader
from core.readers.files import is_folder
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
    ".onnx": "ONNX",
    ".h5": "Keras/TensorFlow",
    ".keras": "Keras",
    ".msgpack": "Flax",
    ".npz": "NumPy",
    ".npy": "NumPy",
}


def open_reader(location: Location) -> Reader:
    """The reader of a checkpoint; it has read nothing of the tensors yet.

    Raises:
        CheckpointError: where nothing is found there that can be read.
    """
    if location.hub:
        from core.readers.hub import HubReader  # what the hub needs is not needed for files

        return HubReader(location)
    if not location.path:
        return BuiltInReader(location.model)
    reader = _local_reader(location)
    if location.note:
        reader.source.notes.append(location.note)
    return reader


def _local_reader(location: Location) -> Reader:
    path = location.path
    if not os.path.isdir(path):
        return _file_reader(location.model, path)
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
    reader = folder_reader(location.model, path, folder, names)
    if reader is None:
        raise _nothing_in(path, folder.path, names)
    return reader


def folder_reader(model: str, source: str, folder: Folder, names: list[str]) -> Reader | None:
    """The reader of the checkpoint in a folder, on disk or on the hub; None where nothing in it can be read.

    Args:
        model: as the user typed it.
        source: the folder, as errors and outputs name it.
        folder: its files.
        names: their names.

    Raises:
        CheckpointError: where there are several checkpoints to choose from.
    """
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
    return None


def _file_reader(model: str, path: str) -> Reader:
    below, name = os.path.split(path)
    return file_reader(model, path, LocalFolder(below), name)


def file_reader(model: str, path: str, folder: Folder, name: str) -> Reader:
    """The reader of one file of a folder, on disk or on the hub.

    Args:
        model: as the user typed it.
        path: the file, as errors and outputs name it.
        folder: where it lies.
        name: its name there.

    Raises:
        CheckpointError: where it is a file of a format that is not read.
    """
    if name.endswith(INDEX_SUFFIX):
        return SafetensorsReader(model, path, folder, _with_ending(folder.names(), SUFFIX), name)
    ending = _other_format(name)
    if ending:
        raise CheckpointError(
            path,
            f"a file of {_OTHER_FORMATS[ending]}, which is not read so far",
            advice="load it there and save it as safetensors",
        )
    return SafetensorsReader(model, path, folder, [name])


def _nothing_in(path: str, folder: str, names: list[str]) -> CheckpointError:
    if others := [name for name in names if _other_format(name)]:
        formats = _OTHER_FORMATS[_other_format(others[0])]
        return CheckpointError(
            path, f"no safetensors file in it; {others[0]} is a file of {formats}, which is not read so far"
        )
    below = sorted(
        entry.name
        for entry in os.scandir(folder)
        if is_folder(entry) and _has_checkpoint(os.path.join(folder, entry.name))
    )
    if below:
        shown = ", ".join(below[:4]) + (", …" if len(below) > 4 else "")
        return CheckpointError(path, "no checkpoint in this folder itself", advice=f"name one of its folders: {shown}")
    if "config.json" in names:
        return CheckpointError(path, "a config.json and no weights", advice="name a folder that has the weights too")
    return CheckpointError(path, "no checkpoint in it", advice="name a .safetensors file or a folder that holds some")


def _has_checkpoint(path: str) -> bool:
    try:
        return any(name.endswith(SUFFIX) for name in LocalFolder(path).names())
    except CheckpointError:
        return False


def _with_ending(names: list[str], ending: str) -> list[str]:
    return [name for name in names if name.endswith(ending) and not name.startswith(".")]


def _other_format(name: str) -> str:
    return next((ending for ending in _OTHER_FORMATS if name.lower().endswith(ending)), "")
