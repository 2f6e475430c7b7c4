"""Slices of tensor parallelism as folders hold them: Meta's `consolidated.NN.pth`, Megatron's and DeepSpeed's ranks."""

from __future__ import annotations

from collections.abc import Sequence

from core.checkpoint.errors import AGAIN, CheckpointError
from core.files.rank_names import MEGATRON_FILES, MegatronFolder, RankFile
from core.readers.ranks.loaded import (
    Loaded,
    RankFolder,
    sizes_of_arguments,
    sizes_of_params,
)
from core.readers.ranks.reader import Whole
from core.readers.ranks.slices import Sizes, Slice, count_of_slices, joined
from core.readers.torch.arguments import said_in, size_in
from core.text.numbers import plural

_MAX_NAMED_FILES = 4


def consolidated(folder: RankFolder, files: Sequence[RankFile], named: str) -> Whole:
    """Meta's slices: the whole where all are there and their dimensions prove how they were cut.

    Args:
        folder: where they lie.
        files: the slices there are.
        named: the one that was named; "" where the folder was.

    Raises:
        CheckpointError: where one is faulty, or missing in a folder that was named.
    """
    said = sizes_of_params(folder)
    ending = files[0].name.rpartition(".")[2]
    whole = files[-1].rank + 1
    if len(files) == 1 or len(files) < whole:
        (one,) = folder.load([named or files[0].name])
        whole = max(whole, count_of_slices(one.tensors, said))
        missing = folder.lacking(f"consolidated.{n:02}.{ending}" for n in range(whole))
        if not missing:
            return Whole(one.tensors)
        if not named:
            raise missing_of(folder, missing, whole, "slice")
        return _piece(one, files, whole, "the others are not all beside it")
    loaded = folder.load([file.name for file in files])
    first = loaded[0].tensors
    larger = count_of_slices(first, said) if not _are_apart(loaded) else 0
    if larger > whole:
        missing = [f"consolidated.{n:02}.{ending}" for n in range(whole, larger)]
        if not named:
            raise missing_of(folder, missing, larger, "slice")
        return _piece(_of(loaded, named), files, larger, "the others are not all beside it")
    return put_together(loaded, said, False, named)


def of_arguments(folder: RankFolder, names: list[str], named: str) -> Whole:
    """Slices whose arguments tell how many there are, as DeepSpeed's `mp_rank_NN_model_states.pt`.

    Raises:
        CheckpointError: where one is faulty.
    """
    loaded = folder.load(names)
    said = said_in(loaded[0].value)
    told = size_in(said, "mp_world_size", "tensor_model_parallel_size", "model_parallel_size")
    if told > len(loaded):
        one = _of(loaded, named)
        return Whole(
            one.tensors, (), _slice_text(one.name, names.index(one.name), told, "the others are not all there")
        )
    return put_together(loaded, sizes_of_arguments(said), told == len(loaded), named)


def megatron(folder: RankFolder, ranks: Sequence[MegatronFolder]) -> Whole:
    """A step's folder of Megatron: a folder in it for each GPU, whose arguments tell the size.

    Raises:
        CheckpointError: where one is faulty, or missing.
    """
    names = [f"{one.name}/{file}" for one in ranks for file in MEGATRON_FILES if folder.has(f"{one.name}/{file}")]
    if len(names) < len(ranks):
        lacking = next(one.name for one in ranks if not any(name.startswith(f"{one.name}/") for name in names))
        raise CheckpointError(folder.shown(lacking), f"it has no {MEGATRON_FILES[0]}", advice=AGAIN)
    loaded = folder.load(names)
    said = said_in(loaded[0].value)
    tensor = size_in(said, "tensor_model_parallel_size", "model_parallel_size") or max(one.rank for one in ranks) + 1
    stages = size_in(said, "pipeline_model_parallel_size") or max(one.stage for one in ranks) + 1
    by_place = {(one.stage, one.rank): file for one, file in zip(ranks, loaded)}
    one = loaded[0]
    if any(rank.expert for rank in ranks) or len(by_place) > tensor * stages:
        return Whole(one.tensors, (), _slice_text(one.name, 0, len(ranks), "how the others were cut is not proven"))
    if missing := [
        f"mp_rank_{rank:02}" + (f"_{stage:03}" if stages > 1 else "")
        for stage in range(stages)
        for rank in range(tensor)
        if (stage, rank) not in by_place
    ]:
        raise missing_of(folder, missing, tensor * stages, "rank")
    sizes = sizes_of_arguments(said)
    parts = [
        put_together([by_place[stage, rank] for rank in range(tensor)], sizes, True, "") for stage in range(stages)
    ]
    if stages == 1:
        return parts[0]
    if piece := next((part.piece for part in parts if part.piece), ""):
        return Whole(one.tensors, (), piece)
    return _of_stages([part.tensors for part in parts], parts[0].notes)


def _of_stages(stages: list[Slice], notes: tuple[str, ...]) -> Whole:
    """The stages of a pipeline, each of which numbers its layers from 0."""
    tensors: Slice = {}
    for number, stage in enumerate(stages):
        for name, tensor in stage.items():
            # The last stage has the first one's embedding again, for the head (megatron/legacy/model/module.py).
            if "word_embeddings_for_head" not in name:
                tensors[f"stage_{number}.{name}"] = tensor
    return Whole(tensors, (*notes, f"{len(stages)} stages of a pipeline are counted as one model"))


def put_together(loaded: Sequence[Loaded], said: Sizes, told: bool, named: str) -> Whole:
    """Some slices as one model; one of them as a piece where it is not proven how they were cut.

    Args:
        loaded: the slices, in their order.
        said: what a config says of their dimensions.
        told: whether something else than the dimensions tells how many slices there are.
        named: the one that was named; "" where the folder was.
    """
    if len(loaded) == 1:
        return Whole(loaded[0].tensors)
    if _are_apart(loaded):
        tensors: Slice = {}
        for one in loaded:
            tensors |= one.tensors
        return Whole(tensors, (f"{plural(len(loaded), 'file')} with tensors of their own are counted as one model",))
    if whole := joined([one.tensors for one in loaded], said, told):
        text = f"{len(loaded):,} slices of tensor parallelism are counted as one model: {whole.text}"
        return Whole(whole.tensors, (text,))
    one = _of(loaded, named)
    place = next(n for n, other in enumerate(loaded) if other is one)
    return Whole(one.tensors, (), _slice_text(one.name, place, len(loaded), "how the others were cut is not proven"))


def _are_apart(loaded: Sequence[Loaded]) -> bool:
    """Whether no tensor is in two of the files."""
    names: set[str] = set()
    for one in loaded:
        if not names.isdisjoint(one.tensors):
            return False
        names.update(one.tensors)
    return True


def _of(loaded: Sequence[Loaded], named: str) -> Loaded:
    return next((one for one in loaded if one.name == named), loaded[0])


def _piece(one: Loaded, files: Sequence[RankFile], whole: int, why: str) -> Whole:
    place = next(file.rank for file in files if file.name == one.name)
    return Whole(one.tensors, (), _slice_text(one.name, place, whole, why))


def _slice_text(name: str, place: int, whole: int, why: str) -> str:
    return f"slice {place + 1:,} of {whole:,}: {name} alone is counted, {why}"


def missing_of(folder: RankFolder, missing: list[str], whole: int, what: str) -> CheckpointError:
    """What to say of files that are not there.

    Args:
        folder: where they should lie.
        missing: their names.
        whole: how many there should be in all.
        what: what each of them is.
    """
    others = f"as are {len(missing) - 1:,} more of " if len(missing) > 1 else "one of "
    named = f" (missing: {', '.join(missing[:_MAX_NAMED_FILES])}{', …' if len(missing) > _MAX_NAMED_FILES else ''})"
    reason = f"missing, {others}{plural(whole, what)}{named if len(missing) > 1 else ''}"
    return CheckpointError(folder.shown(missing[0]), reason, advice=f"{AGAIN}, or name one file to count that alone")
