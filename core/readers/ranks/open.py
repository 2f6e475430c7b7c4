"""Which reader the files of several GPUs want, where a folder or one of them was named."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from core.checkpoint.source import Reader
from core.files.folder import Folder
from core.files.rank_names import Layout, RankFile, are_one_naming, megatron_folders, rank_file, rank_files
from core.files.torch_names import is_model_name
from core.readers.ranks.loaded import RankFolder
from core.readers.ranks.reader import RankReader, Whole

_ONE_CHECKPOINT: set[Layout] = {"states", "layers", "experts"}
"""Files of which DeepSpeed writes several kinds for one model."""
_UNIVERSAL = "zero"
"""The folder of DeepSpeed's universal checkpoints, with a folder for each parameter."""


def rank_reader(model: str, source: str, folder: Folder, names: list[str], named: str = "") -> Reader | None:
    """The reader of the files that several GPUs wrote; None where there are none, or one that is a whole model.

    Args:
        model: as the user typed it.
        source: the file or folder meant, as errors and outputs name it.
        folder: where they lie.
        names: its files.
        named: the one that was named; "" where the folder was.

    Raises:
        CheckpointError: where they are such that no model can be made of them.
    """
    found = rank_files(names)
    if named:
        one = rank_file(named)
        if one is None:
            return None
        found = [file for file in found if file.layout == one.layout or {file.layout, one.layout} <= _ONE_CHECKPOINT]
    if found and all(file.layout == "flat" for file in found) and _is_whole(folder, found, names, named):
        return None
    # The states of a model that was not cut are a file like any other.
    read = _of_files(found, named) if found and (len(found) > 1 or found[0].layout != "states") else None
    if found and found[0].layout == "states" and _UNIVERSAL in folder.folders():
        from core.readers.ranks.deepspeed import universal

        read = partial(universal, below=folder.below(_UNIVERSAL), otherwise=read)
    if read is None and not named and (ranks := megatron_folders(folder.folders())):
        from core.readers.ranks.parallel import megatron

        read = partial(megatron, ranks=ranks)
    return RankReader(model, source, folder, read) if read else None


def _is_whole(folder: Folder, found: list[RankFile], names: list[str], named: str) -> bool:
    """Whether a file that has a rank in its name is a model by itself, or one of several files that are none."""
    if not named and len(found) < len([name for name in names if is_model_name(name)]):
        return True
    if len(found) > 1:
        return not are_one_naming([file.name for file in found])
    from core.readers.ranks.fsdp import is_flat

    return not is_flat(folder, found[0].name)


def _of_files(found: list[RankFile], named: str) -> Callable[[RankFolder], Whole] | None:
    of = {layout: [file for file in found if file.layout == layout] for layout in {file.layout for file in found}}
    if "layers" in of or "experts" in of or "zero3" in of:
        from core.readers.ranks import deepspeed

        if "layers" in of:
            return partial(deepspeed.layer_files, files=of["layers"])
        if "experts" in of:
            return partial(deepspeed.expert_files, files=of["experts"], rest=of.get("states", []))
        return partial(deepspeed.zero3_shapes, files=of["zero3"])
    if "consolidated" in of or "states" in of:
        from core.readers.ranks import parallel

        if "consolidated" in of:
            return partial(parallel.consolidated, files=of["consolidated"], named=named)
        return partial(parallel.of_arguments, names=[file.name for file in of["states"]], named=named)
    from core.readers.ranks import fsdp

    if "world" in of:
        return partial(fsdp.world_files, files=of["world"], named=named)
    return partial(fsdp.rank_files_of_any, files=of["flat"], named=named)
