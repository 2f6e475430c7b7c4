"""Which reader a checkpoint wants."""

from __future__ import annotations

import os

from core.checkpoint.errors import CheckpointError
from core.checkpoint.source import Reader
from core.files.folder import Folder, LocalFolder
from core.files.torch_names import models_in
from core.locate.location import Location
from core.readers.formats import open_folder
from core.readers.open_file import file_reader
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
        from core.readers.builtin import BuiltInReader

        return BuiltInReader(location.model)
    reader = _local_reader(location)
    if location.note:
        reader.source = reader.source.with_notes(location.note)
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
        chosen.source = chosen.source.with_notes(f"checkpoints lie in its folders: {below}")
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
        found = open_folder(model, source, folder, names)
        if found and "modules.json" in names and (below := _modules_below(folder)):
            note = f"not counted, weights of this model in folders of their own: {below}; name one"
            found.source = found.source.with_notes(note)
        return found
    from core.readers.adapter import (
        described,
        is_adapter_name,
        lone_config,
        model_names,
        with_adapter_beside,
    )

    chosen = model_names(names)
    reader = open_folder(model, source, folder, chosen)
    if reader is None:
        raise lone_config(source, folder)
    if any(map(is_adapter_name, chosen)):
        others = [escaped(name) for name in models_in(names) if name not in chosen]
        notes = [f"not counted, beside it: {name}; name that file to count it" for name in others]
        reader.source = described(reader.source, folder).with_notes(*notes)
    else:
        reader.source = with_adapter_beside(reader.source, names)
    return reader


def _modules_below(folder: Folder) -> str:
    """The folders of a sentence-transformers model that have weights beside the first's: `2_Dense`."""
    numbered = [name for name in folder.folders() if name[:1].isdigit() and "_" in name]
    files = ("model.safetensors", "pytorch_model.bin")
    return ", ".join(escaped(name) for name in numbered if any(folder.has(f"{name}/{file}") for file in files))


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
    """The folders below one that hold checkpoints, as a sentence names them; "" where there are none."""
    from core.locate.below import checkpoints_below

    return checkpoints_below(folder)
