"""Which reader a single file wants: by its name, by its first bytes, and where neither tells by what it may be."""

from __future__ import annotations

from core.checkpoint.source import Reader
from core.files.folder import Folder, first_bytes, names_beside
from core.files.safetensors_names import SUFFIX
from core.files.torch_names import is_torch_name
from core.readers.formats import FORMATS, FileOpener, Found, Start, safetensors_file


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
    reader = _opener(folder, name)(Found(model, path, folder), name)
    if folder.has("adapter_config.json"):
        from core.readers.adapter import described, is_adapter_name

        if is_adapter_name(name):
            reader.source = described(reader.source, folder)
    return reader


def _opener(folder: Folder, name: str) -> FileOpener:
    """What gives the reader of a file, by the format that it is of.

    Raises:
        CheckpointError: where it cannot be opened, or is of a format that is not read.
    """
    for format in FORMATS:
        if format.open_file and format.is_named(name):
            return format.open_file
    _refuse_piece(folder, name)
    start = Start(name, *first_bytes(folder, name))
    for format in FORMATS:
        if format.open_file and format.begins(start):
            return format.open_file
    if start.content:
        _refuse_others(start, folder.shown(name))
    for format in FORMATS:
        if format.open_file and format.may_be(start):
            return format.open_file
    return safetensors_file


def _refuse_piece(folder: Folder, name: str) -> None:
    """Raises that a file is one piece of a file that was split by bytes, if it is."""
    # The patterns of such names are not compiled for each file.
    ending = name.rpartition(".")[2]
    if "part" in name or "-split-" in name or ending.isdigit() or (ending.isalpha() and len(ending) < 4):
        from core.files.split_bytes import refused_piece

        if problem := refused_piece(folder, name, names_beside(folder)):
            raise problem


def _refuse_others(start: Start, file: str) -> None:
    """Raises what a file is, if it is something else than a checkpoint."""
    from core.files.foreign import foreign, old_ggml
    from core.files.foreign_formats import known_as, refused

    content, name = start.content, start.name
    if problem := old_ggml(content, file):
        raise problem
    if content.startswith((b"\x80", b"PK\3\4")):
        # The reader of PyTorch files tells more of archives and pickles that nothing else is known of.
        other = known_as(content, start.name_that_tells)
        problem = other.refusal(file) if other else None
    elif not name.endswith(SUFFIX):
        problem = foreign(content, file, "PyTorch" if is_torch_name(name) else "safetensors")
        problem = problem or refused(content, name, file)
    if problem:
        raise problem
