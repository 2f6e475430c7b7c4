"""Which reader a single file wants: by its first bytes, and where they do not tell by its name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from core.checkpoint.errors import CheckpointError
from core.checkpoint.source import Reader
from core.files.folder import Folder, first_bytes
from core.files.foreign import foreign, old_ggml
from core.files.gguf_names import is_gguf
from core.files.rank_hints import has_hint
from core.files.safetensors_names import INDEX_SUFFIX, SUFFIX
from core.files.torch_names import (
    DISTRIBUTED_SUFFIX,
    METADATA,
    TORCH_INDEX_SUFFIX,
    is_model_name,
    is_pickle,
    is_torch_name,
    kind_of,
)

_ARCHIVES = (".tar", ".zip")
"""Endings that training scripts give to what torch.save wrote, too."""


def file_reader(model: str, path: str, folder: Folder, name: str) -> Reader:
    """The reader of one file, on disk or on the hub; of an adapter's, its source describes the adapter.

    Args:
        model: as the user typed it.
        path: the file, as outputs name it.
        folder: where it lies.
        name: its name.

    Raises:
        CheckpointError: where it cannot be opened or is no checkpoint.
    """
    reader = _reader(model, path, folder, name)
    if folder.has("adapter_config.json"):
        from core.readers.adapter import describe_adapter, is_adapter_name

        if is_adapter_name(name):
            describe_adapter(reader.source, folder)
    return reader


def _reader(model: str, path: str, folder: Folder, name: str) -> Reader:
    if name.endswith(INDEX_SUFFIX):
        shards = [other for other in folder.names() if other.endswith(SUFFIX) and not other.startswith(".")]
        return safetensors_reader(model, path, folder, shards, name)
    if name.endswith(TORCH_INDEX_SUFFIX):
        return torch_reader(model, path, folder, [], name)
    if name == METADATA or name.endswith(DISTRIBUTED_SUFFIX):
        from core.readers.distributed import DistributedReader

        return DistributedReader(model, path.removesuffix(name) or ".", folder)
    if name.lower().endswith(".json"):
        return config_reader(model, path, folder, name)
    _refuse_piece(folder, name)
    start, size = first_bytes(folder, name)
    kind = kind_of(start, size)
    if is_gguf(name) or kind == "gguf":
        from core.readers.gguf.reader import GgufReader

        return GgufReader(model, path, folder, name)
    if kind != "safetensors" and start:
        _refuse_others(start, name, folder, kind)
    # Of a pickle that torch did not write its reader tells what it holds.
    pickled = is_torch_name(name) or (is_pickle(start) and not name.endswith(SUFFIX))
    if kind == "pytorch" or (pickled and not kind):
        return _torch_file(model, path, folder, name)
    reader = _shard_reader(folder, name, partial(safetensors_reader, model, path, folder))
    if is_torch_name(name):
        reader.source.notes.append(f"{name} is a safetensors file under the name of a PyTorch file")
    return reader


def _torch_file(model: str, path: str, folder: Folder, name: str) -> Reader:
    """The reader of a PyTorch file, or of all that it is a shard or a slice of."""
    if has_hint(name):
        from core.readers.ranks.open import rank_reader

        if found := rank_reader(model, path, folder, _names(folder), name):
            return found
    reader = _shard_reader(folder, name, partial(torch_reader, model, path, folder))
    if name.endswith(SUFFIX):
        reader.source.notes.append(f"{name} is a PyTorch file under the name of a safetensors file")
    return reader


def _names(folder: Folder) -> list[str]:
    """What lies beside a file; nothing where its folder may not be looked into."""
    try:
        return folder.names()
    except CheckpointError:
        return []


def _shard_reader(folder: Folder, name: str, open_files: Callable[[list[str], str], Reader]) -> Reader:
    """The reader of a file, or of all shards of which it is one."""
    if any(character.isdigit() for character in name) and (is_model_name(name) or name.endswith(SUFFIX)):
        from core.readers.shards import shard_alone

        if found := shard_alone(folder, name, name[name.rfind(".") :], open_files):
            return found
    return open_files([name], "")


def safetensors_reader(model: str, source: str, folder: Folder, files: list[str], index: str = "") -> Reader:
    """The reader of safetensors files, whose patterns take 2 ms to be compiled where there are some."""
    from core.readers.safetensors.reader import SafetensorsReader

    return SafetensorsReader(model, source, folder, files, index)


def torch_reader(model: str, source: str, folder: Folder, files: list[str], index: str = "") -> Reader:
    """The reader of PyTorch files, which is imported where there are some."""
    from core.readers.torch.reader import TorchReader

    return TorchReader(model, source, folder, files, index)


def config_reader(model: str, source: str, folder: Folder, name: str) -> Reader:
    """The reader of a config alone; it needs subprocess, which takes 10 ms to import."""
    from core.readers.config_only.reader import ConfigReader

    return ConfigReader(model, source, folder, name)


def _refuse_piece(folder: Folder, name: str) -> None:
    """Raises that a file is one piece of a file that was split by bytes, if it is."""
    # The patterns of such names are not compiled for each file.
    ending = name.rpartition(".")[2]
    if "part" in name or "-split-" in name or ending.isdigit() or (ending.isalpha() and len(ending) < 4):
        from core.files.split_bytes import refused_piece

        if problem := refused_piece(folder, name, _names(folder)):
            raise problem


def _is_saved_by_torch(folder: Folder, name: str, start: bytes) -> bool:
    """Whether a file that is called an archive is one of torch.save by what is in it."""
    if not name.lower().endswith(_ARCHIVES):
        return False
    if start[:1] == b"\x80":
        return kind_of(start, len(start)) == "pytorch"
    from core.readers.torch.zip_directory import ZipDirectory

    opened, size = folder.open(name)
    with opened:
        try:
            members = ZipDirectory(opened, size, folder.shown(name)).members
        except CheckpointError:
            return False
    return any(member.endswith("data.pkl") for member in members)


def _refuse_others(start: bytes, name: str, folder: Folder, kind: str) -> None:
    """Raises what a file is, if it is something else than a checkpoint."""
    from core.files.foreign_formats import by_content, by_name, refused

    file = folder.shown(name)
    if problem := old_ggml(start, file):
        raise problem
    if kind == "pytorch" or start[:1] == b"\x80":
        # The reader of PyTorch files tells more of archives and pickles that nothing else is known of.
        other = by_content(start) or (None if is_torch_name(name) else by_name(name))
        if other and _is_saved_by_torch(folder, name, start):
            return
        if other:
            raise CheckpointError(file, f"this is {other.what}", advice=other.advice)
    elif not name.endswith(SUFFIX):
        problem = foreign(start, file, "PyTorch" if is_torch_name(name) else "safetensors")
        if problem or (problem := refused(start, name, file)):
            raise problem
