"""Which reader a checkpoint wants."""

from __future__ import annotations

import os

from core.errors import CheckpointError
from core.locate import Location, snapshot
from core.readers.builtin import BuiltInReader
from core.readers.files import is_folder, old_ggml
from core.readers.folder import Folder, LocalFolder, first_bytes
from core.readers.gguf_names import is_gguf
from core.readers.safetensors import INDEX_SUFFIX, SUFFIX, SafetensorsReader
from core.readers.torch_names import (
    DISTRIBUTED_SUFFIX,
    METADATA,
    TORCH_INDEX_SUFFIX,
    is_distributed,
    is_model_name,
    is_torch_name,
    kind_of,
    torch_shards,
)
from core.stored import Reader

# Weight files of other formats, by how their names end, for an answer that names them.
_OTHER_FORMATS = {
    ".bin": "PyTorch",
    ".pt": "PyTorch",
    ".pth": "PyTorch",
    ".ckpt": "PyTorch",
    ".pth.tar": "PyTorch",
    ".distcp": "torch.distributed.checkpoint",
    ".gguf": "GGUF",
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
    if not location.path:
        return BuiltInReader(location.model)
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
        others = [name for name in (index, *shards, *_torch_models(names)) if name in names and name != whole]
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
    if any(map(is_gguf, names)):
        from core.readers.gguf import gguf_reader

        return gguf_reader(model, source, folder, names)
    if indexes or shards:
        chosen = index if index in names else indexes[0] if indexes else ""
        reader = SafetensorsReader(model, source, folder, shards, chosen)
        if others := _torch_models(names):
            reader.source.notes.append(f"the safetensors files were read, not {others[0]} beside them")
        return reader
    if is_distributed(names):
        from core.readers.distributed import DistributedReader

        return DistributedReader(model, source, folder)
    files, torch_index = torch_shards(source, names)
    if files or torch_index:
        return _torch_reader(model, source, folder, files, torch_index)
    return None


def _torch_models(names: list[str]) -> list[str]:
    return [name for name in names if is_model_name(name) or name.endswith(TORCH_INDEX_SUFFIX)]


def _torch_reader(model: str, source: str, folder: Folder, files: list[str], index: str = "") -> Reader:
    from core.readers.torch_pickle import TorchReader

    return TorchReader(model, source, folder, files, index)


def _file_reader(model: str, path: str) -> Reader:
    below, name = os.path.split(path)
    folder = LocalFolder(below)
    if name.endswith(INDEX_SUFFIX):
        return SafetensorsReader(model, path, folder, _with_ending(folder.names(), SUFFIX), name)
    start = first_bytes(folder, name)
    if is_gguf(name) or start == b"GGUF":
        from core.readers.gguf import GgufReader

        return GgufReader(model, path, folder, name)
    if problem := old_ggml(start, path):
        raise problem
    if name == METADATA or name.endswith(DISTRIBUTED_SUFFIX):
        from core.readers.distributed import DistributedReader

        return DistributedReader(model, below or ".", folder)
    if name.endswith(TORCH_INDEX_SUFFIX):
        return _torch_reader(model, path, folder, [], name)
    ending = _other_format(name)
    kind = "" if ending else kind_of(folder, name)
    if kind == "pytorch" or (is_torch_name(name) and not kind):
        reader = _torch_reader(model, path, folder, [name])
        if name.endswith(SUFFIX):
            reader.source.notes.append(f"{name} is a PyTorch file under the name of a safetensors file")
        return reader
    if is_torch_name(name):
        reader = SafetensorsReader(model, path, folder, [name])
        reader.source.notes.append(f"{name} is a safetensors file under the name of a PyTorch file")
        return reader
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
            path, f"no safetensors or GGUF file in it; {others[0]} is a file of {formats}, which is not read so far"
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
    return CheckpointError(path, "no checkpoint in it", advice="name a checkpoint file or a folder that holds one")


def _has_checkpoint(path: str) -> bool:
    try:
        return any(name.endswith(SUFFIX) or is_gguf(name) for name in LocalFolder(path).names())
        names = LocalFolder(path).names()
        return is_distributed(names) or any(name.endswith(SUFFIX) or is_model_name(name) for name in names)
    except CheckpointError:
        return False


def _with_ending(names: list[str], ending: str) -> list[str]:
    return [name for name in names if name.endswith(ending) and not name.startswith(".")]


def _other_format(name: str) -> str:
    return next((ending for ending in _OTHER_FORMATS if name.lower().endswith(ending)), "")
