"""What FSDP leaves in a file a rank: tensors that know their whole shape (verl), or flat runs of values (DINOv2)."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from core.checkpoint.dtypes import VALUE_BYTES
from core.checkpoint.errors import CheckpointError
from core.files.folder import Folder
from core.files.rank_names import RankFile
from core.readers.ranks.loaded import Loaded, RankFolder
from core.readers.ranks.parallel import missing_of, put_together
from core.readers.ranks.reader import Whole
from core.readers.ranks.slices import Sizes, Slice
from core.readers.torch.tensor_records import Tensor
from core.text.escape import escaped
from core.text.numbers import plural

_FLAT = "flat_param"
_MERGE = "merge them with: python -m verl.model_merger merge --backend fsdp --local_dir . --target_dir merged"
_GATHER = "load them under as many GPUs, and save a full state dict (FSDP.state_dict_type with FULL_STATE_DICT)"


def world_files(folder: RankFolder, files: Sequence[RankFile], named: str) -> Whole:
    """The files of verl, a rank each: the distributed tensors in them tell the shapes of the whole.

    Raises:
        CheckpointError: where one is faulty, or missing in a folder that was named, or its tensors are slices.
    """
    size = max(file.size for file in files)
    ranks = [file for file in files if file.size == size]
    missing = folder.lacking(f"model_world_size_{size}_rank_{rank}.pt" for rank in range(size))
    if missing and not named:
        raise missing_of(folder, missing, size, "rank")
    loaded = folder.load([named] if missing else [file.name for file in ranks])
    first = loaded[0].tensors
    if not all(_knows_whole(tensor) for tensor in first.values()) or not any(map(_is_part, first.values())):
        if size == 1:
            return Whole(first)
        place = next(file.rank for file in files if file.name == loaded[0].name) + 1
        return Whole(first, (), f"slice {place:,} of {size:,}: how the others were cut is not proven; {_MERGE}")
    if any(_layout(one) != _layout(loaded[0]) for one in loaded[1:]):
        reason = "the ranks' files have other tensors than the first one's"
        raise CheckpointError(folder.shown(loaded[0].name), reason, advice=_MERGE)
    tensors = {
        name: Tensor(tensor.shape, tensor.dtype, _bytes_of(loaded, name), tensor.storage)
        for name, tensor in first.items()
    }
    if missing:
        place = next(file.rank for file in files if file.name == named) + 1
        return Whole(
            tensors, (), f"slice {place:,} of {size:,}: its tensors tell the shapes of the whole, and these are counted"
        )
    return Whole(
        tensors, (f"the files of {size:,} ranks are counted as one model, by the shapes that their tensors tell",)
    )


def _knows_whole(tensor: Tensor) -> bool:
    """Whether a tensor is none, one that all have, or one that holds a part of the values of its shape."""
    return tensor.nbytes <= _full_bytes(tensor)


def _is_part(tensor: Tensor) -> bool:
    return tensor.nbytes < _full_bytes(tensor)


def _full_bytes(tensor: Tensor) -> int:
    return prod(tensor.shape) * VALUE_BYTES.get(tensor.dtype, 0)


def _bytes_of(loaded: Sequence[Loaded], name: str) -> int:
    """What the values of a tensor take in all files: what all have is told by one."""
    one = loaded[0].tensors[name]
    return sum(other.tensors[name].nbytes for other in loaded) if _is_part(one) else one.nbytes


def _layout(one: Loaded) -> list[tuple[str, tuple[int, ...], str]]:
    return [(name, tensor.shape, tensor.dtype) for name, tensor in one.tensors.items()]


def rank_files_of_any(folder: RankFolder, files: Sequence[RankFile], named: str) -> Whole:
    """Files that tell a rank by their names alone.

    Raises:
        CheckpointError: where the folder was named and its files are flat slices, or a file is faulty.
    """
    (one,) = folder.load([named or files[0].name], may_be_empty=len(files) > 1)
    place = next(file.rank for file in files if file.name == one.name) + 1
    if not _has_flat(one.tensors):
        return put_together(folder.load([file.name for file in files]), Sizes(), False, named)
    if not named:
        reason = (
            f"there are flat slices of FSDP of {plural(len(files), 'rank')} ({escaped(one.name)}, …), padded and"
            " without the shapes of the tensors in them"
        )
        raise CheckpointError(
            folder.shown("").rstrip("/") or ".", reason, advice=f"{_GATHER}, or name one to count what it holds"
        )
    whole = f"{max(len(files), place):,}" if len(files) > 1 else "several"
    text = f"slice {place:,} of {whole}: flat parameters of FSDP, padded and without their shapes; {_GATHER}"
    return Whole(_without_teacher(one.tensors), (), text)


def is_flat(folder: Folder, name: str) -> bool:
    """Whether a file has flat slices.

    Raises:
        CheckpointError: where it cannot be read.
    """
    return _has_flat(RankFolder(folder).load([name], may_be_empty=True)[0].tensors)


def _has_flat(tensors: Slice) -> bool:
    return any(_FLAT in name for name in tensors)


def _without_teacher(tensors: Slice) -> Slice:
    """The tensors of a self-distilled model but for the teacher's, which is an average of the student's."""
    if any(name.startswith("student.") for name in tensors):
        return {name: tensor for name, tensor in tensors.items() if not name.startswith("teacher.")}
    return tensors
