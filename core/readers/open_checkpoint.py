"""Which reader a checkpoint wants."""

from __future__ import annotations

import os
from functools import partial

from core.checkpoint.errors import CheckpointError
from core.checkpoint.source import Reader
from core.files.folder import Folder, LocalFolder
from core.files.gguf_names import is_companion, is_gguf
from core.files.rank_hints import has_hint
from core.files.safetensors_names import INDEX_SUFFIX, SUFFIX
from core.files.torch_names import TORCH_INDEX_SUFFIX, is_distributed, is_model_name, models_in, torch_shards
from core.locate.location import Location
from core.readers.builtin import BuiltInReader
from core.readers.open_file import config_reader, file_reader, safetensors_reader, torch_reader
from core.text.escape import escaped


def open_reader(location: Location) -> Reader:
    """The reader of a checkpoint; it has read nothing of the tensors yet.

    Raises:
        CheckpointError: where nothing is found there that can be read.
    """
    if location.hub:
        from core.readers.hub_reader import HubReader

        return HubReader(location, file_reader, folder_reader)
    if not location.path:
        return BuiltInReader(location.model)
    reader = _local_reader(location)
    if location.note:
        reader.source.notes.append(location.note)
    return reader


def _local_reader(location: Location) -> Reader:
    path = location.path
    if not os.path.isdir(path):
        below, name = os.path.split(path)
        return file_reader(location.model, path, LocalFolder(below), name)
    folder = LocalFolder(path)
    names = folder.names()
    if not names and os.path.isdir(os.path.join(path, "snapshots")):
        from core.hub.local_cache import snapshot

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
        found = _model_reader(model, source, folder, names)
        if found and "modules.json" in names and (below := _modules_below(folder)):
            found.source.notes.append(f"not counted, weights of this model in folders of their own: {below}; name one")
        return found
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
        others = [name for name in models_in(names) if name not in chosen]
        reader.source.notes += [
            f"not counted, beside it: {escaped(name)}; name that file to count it" for name in others
        ]
    else:
        describe_adapter_beside(reader.source, names)
    return reader


def _model_reader(model: str, source: str, folder: Folder, names: list[str]) -> Reader | None:
    """The reader of the first there is: safetensors, GGUF, torch.distributed.checkpoint, PyTorch, a config alone."""
    if "model_index.json" in names:
        from core.readers.pipeline import pipeline_reader

        if pipeline := pipeline_reader(model, source, folder, names, folder_reader):
            return pipeline
    if reader := _safetensors_reader(model, source, folder, names):
        return reader
    if any(is_gguf(name) and not is_companion(name) for name in names):
        return gguf_reader(model, source, folder, names)
    if is_distributed(names):
        from core.readers.distributed import DistributedReader

        return DistributedReader(model, source, folder)
    if (any(map(has_hint, names)) and not _has_torch_index(names)) or _has_rank_folders(folder, names):
        from core.readers.ranks.open import rank_reader

        if found := rank_reader(model, source, folder, names):
            return found
    files, torch_index = torch_shards(names)
    if len(files) > 1:
        from core.readers.shards import one_set

        files = one_set(source, folder, files, "PyTorch files", partial(torch_reader, model, source, folder))
    if files or torch_index:
        reader = torch_reader(model, source, folder, files, torch_index)
        others = [name for name in models_in(names) if name not in files and not name.endswith(".json")]
        if files and others:
            more = f" and {len(others) - 1} more" if len(others) > 1 else ""
            reader.source.notes.append(f"{escaped(files[0])} was read, not {escaped(others[0])}{more} beside it")
        return reader
    if any(map(is_gguf, names)):
        return gguf_reader(model, source, folder, names)
    if "config.json" not in names:
        return None
    from core.files.foreign_formats import refused_folder

    return None if refused_folder(source, names, models=True) else config_reader(model, source, folder, "config.json")


def _modules_below(folder: Folder) -> str:
    """The folders of a sentence-transformers model that have weights beside the first's: `2_Dense`."""
    numbered = [name for name in folder.folders() if name[:1].isdigit() and "_" in name]
    files = ("model.safetensors", "pytorch_model.bin")
    return ", ".join(escaped(name) for name in numbered if any(folder.has(f"{name}/{file}") for file in files))


def _has_torch_index(names: list[str]) -> bool:
    return any(name == "pytorch_model.bin" or name.endswith(TORCH_INDEX_SUFFIX) for name in names)


def _has_rank_folders(folder: Folder, names: list[str]) -> bool:
    """Whether a folder without a model of its own has those of Megatron's GPUs in it."""
    return not any(map(is_model_name, names)) and any(name.startswith("mp_rank_") for name in folder.folders())


def gguf_reader(model: str, source: str, folder: Folder, names: list[str]) -> Reader | None:
    """The reader of the GGUF model in a folder, which is imported where there is one."""
    from core.readers.gguf import reader as gguf

    return gguf.gguf_reader(model, source, folder, names)


def _safetensors_reader(model: str, source: str, folder: Folder, names: list[str]) -> Reader | None:
    shards = _with_ending(names, SUFFIX)
    indexes = [name for name in names if name.endswith(INDEX_SUFFIX)]
    whole, index = "model" + SUFFIX, "model" + INDEX_SUFFIX
    if whole not in names and not indexes:
        whole = _of_variants(shards, SUFFIX)
    if index not in names:
        index = _of_variants(indexes, INDEX_SUFFIX)
    torch_files = [name for name in names if is_model_name(name) or name.endswith(TORCH_INDEX_SUFFIX)]
    if whole in names:
        reader = safetensors_reader(model, source, folder, [whole])
        others = [name for name in (index, *shards, *torch_files) if name in names and name != whole]
        if others:
            more = f" and {len(others) - 1} more" if len(others) > 1 else ""
            reader.source.notes.append(f"{whole} was read, not {others[0]}{more} beside it")
        return reader
    if indexes and not index:
        raise CheckpointError(source, f"there are several indexes: {', '.join(indexes[:4])}", advice="name one of them")
    if not indexes and not shards:
        return None
    if not indexes and (len(shards) > 1 or "of" in shards[0]):
        # Patterns of names take 2 ms to be compiled, which one whole file need not wait for.
        from core.readers.shards import one_set

        shards = one_set(
            source, folder, shards, "safetensors files", partial(safetensors_reader, model, source, folder)
        )
    reader = safetensors_reader(model, source, folder, shards, index)
    if torch_files:
        reader.source.notes.append(f"the safetensors files were read, not {torch_files[0]} beside them")
    return reader


def _of_variants(names: list[str], ending: str) -> str:
    """The file of which all others are variants, as `x.fp16.safetensors` is of `x.safetensors`; "" without one."""
    for name in names:
        if "-of-" in name:
            continue  # a shard is none of whose whole the others could be variants
        start = name.removesuffix(ending) + "."
        # A number is no variant's name: model.2.safetensors goes on where model.safetensors ends.
        if all(other == name or (other.startswith(start) and not other[len(start)].isdigit()) for other in names):
            return name
    return ""


def _nothing_in(path: str, folder: str, names: list[str]) -> CheckpointError:
    from core.files.foreign_formats import refused_folder
    from core.files.split_bytes import refused_piece

    for name in names:
        if problem := refused_piece(LocalFolder(folder), name, names):
            return problem
    if problem := refused_folder(path, names, models=True):
        return problem
    if below := _checkpoints_below(folder):
        return CheckpointError(path, "no checkpoint in this folder itself", advice=f"name one of its folders: {below}")
    if problem := refused_folder(path, names, models=False):
        return problem
    return CheckpointError(path, "no checkpoint in it", advice="name a checkpoint file or a folder that holds some")


def _checkpoints_below(folder: str) -> str:
    """The checkpoints below a folder, as a sentence names them; "" where there are none.

    The nearest folders that hold some, by their names; where these open nothing themselves, what lies in them.
    """
    from core.locate.catalog import checkpoints_below

    return checkpoints_below(folder)


def _with_ending(names: list[str], ending: str) -> list[str]:
    return [name for name in names if name.endswith(ending) and not name.startswith(".")]
