"""DeepSpeed's files: a file a layer (NeoX, BLOOM), a file an expert, and the shapes that ZeRO-3 leaves in each rank."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from math import prod

from core.checkpoint.dtypes import VALUE_BYTES
from core.checkpoint.errors import DAMAGED, CheckpointError
from core.files.folder import Folder
from core.files.rank_names import RankFile
from core.readers.ranks.loaded import Loaded, RankFolder, sizes_of_arguments
from core.readers.ranks.parallel import missing_of
from core.readers.ranks.reader import Whole
from core.readers.ranks.slices import Sizes, Slice, joined, width_of
from core.readers.torch.arguments import said_in, size_in
from core.readers.torch.tensor_records import Tensor, sizes_of
from core.readers.unpickle.values import PickledDict
from core.text.numbers import plural

_CONVERT = (
    "the values lie in the optimizer's files: to have them in one, run python zero_to_fp32.py . pytorch_model.bin"
)
_STATES = "mp_rank_00_model_states.pt"


def layer_files(folder: RankFolder, files: Sequence[RankFile]) -> Whole:
    """A pipeline's layers, each in a file of its own, or in one for each slice of tensor parallelism.

    Raises:
        CheckpointError: where one is faulty, or missing.
    """
    slices = max(file.rank for file in files) + 1
    by_layer: defaultdict[int, list[str]] = defaultdict(list)
    for file in files:
        by_layer[file.layer].append(file.name)
    missing = folder.lacking(
        f"layer_{layer:02}-model_{rank:02}-model_states.pt" for layer in by_layer for rank in range(slices)
    )
    if missing:
        raise missing_of(folder, missing, slices * len(by_layer), "file")
    loaded = {layer: folder.load(names) for layer, names in by_layer.items()}
    said = said_in(folder.load([_STATES], may_be_empty=True)[0].value) if folder.has(_STATES) else {}
    blocks = _blocks(loaded)
    _expect_blocks(folder, blocks, size_in(said, "num_layers"), slices)
    sizes = _with_width(sizes_of_arguments(said), [one for files in loaded.values() for one in files])
    tensors: Slice = {}
    axes: Counter[int] = Counter()
    for layer, ranks in loaded.items():
        found = ranks[0].tensors
        if slices > 1:
            whole = joined([one.tensors for one in ranks], sizes, told=True)
            if whole is None:
                text = f"slice 1 of {slices:,}: how the slices of {ranks[0].name} were cut is not proven"
                first = _named({layer: files[0].tensors for layer, files in loaded.items()}, blocks)
                return Whole(first, (), text)
            found = whole.tensors
            axes += whole.axes
        tensors |= _named({layer: found}, blocks)
    notes = [f"{plural(len(by_layer), 'file')} of a pipeline's layers are counted as one model"]
    if slices > 1:
        notes.append(f"each layer's {slices:,} slices of tensor parallelism were put together")
    return Whole(tensors, tuple(notes))


def _blocks(loaded: dict[int, list[Loaded]]) -> list[int]:
    """The layers that repeat: those with the names of most."""
    names = {layer: frozenset(files[0].tensors) for layer, files in loaded.items()}
    most = Counter(names.values()).most_common(1)
    return [layer for layer, own in names.items() if own == most[0][0]] if most and most[0][1] > 1 else []


def _expect_blocks(folder: RankFolder, blocks: list[int], told: int, slices: int) -> None:
    """The repeated layers must follow one another, and be as many as the arguments say.

    Raises:
        CheckpointError: where they are not.
    """
    if not blocks:
        return
    end = max(max(blocks) + 1, min(blocks) + told)
    missing = [
        f"layer_{layer:02}-model_{rank:02}-model_states.pt"
        for layer in range(min(blocks), min(end, min(blocks) + 100_000))
        if layer not in blocks
        for rank in range(slices)
    ]
    if missing:
        raise missing_of(folder, missing, (end - min(blocks)) * slices, "layer file")


def _named(layers: dict[int, Slice], blocks: list[int]) -> Slice:
    """Tensors by names that tell the layers apart: those that repeat are numbered, as in other models' names."""
    tensors: Slice = {}
    for layer, found in layers.items():
        start = f"layers.{layer - min(blocks)}." if layer in blocks else f"layer_{layer:02}."
        tensors |= {start + name: tensor for name, tensor in found.items()}
    return tensors


def _with_width(said: Sizes, loaded: list[Loaded]) -> Sizes:
    """The sizes with the width that the norms of all files have, since an embedding's file has none."""
    widths = {width_of(one.tensors, said) for one in loaded} - {0}
    return said._replace(hidden=widths.pop()) if len(widths) == 1 else said


def expert_files(folder: RankFolder, files: Sequence[RankFile], rest: Sequence[RankFile]) -> Whole:
    """The experts of DeepSpeed-MoE, each in a file of its own, and the rest of the model.

    Raises:
        CheckpointError: where one is faulty, or missing.
    """
    experts: defaultdict[int, set[int]] = defaultdict(set)
    for file in files:
        experts[file.layer].add(file.expert)
    count = max(max(one) for one in experts.values()) + 1
    missing = [
        (f"layer_{layer}_" if layer >= 0 else "") + f"expert_{expert}_mp_rank_00_model_states.pt"
        for layer, there in experts.items()
        for expert in range(count)
        if expert not in there
    ]
    layers = [layer for layer in range(max(experts) + 1) if layer not in experts] if min(experts) >= 0 else []
    missing += [f"layer_{layer}_expert_0_mp_rank_00_model_states.pt" for layer in layers]
    missing += [] if rest else [_STATES]
    if missing:
        raise missing_of(folder, missing, len(rest) + len(files) + len(missing), "file")
    loaded = folder.load([file.name for file in (*rest, *files)])
    tensors: Slice = {}
    for one in loaded:
        tensors |= one.tensors
    slices = len({file.rank for file in (*rest, *files)})
    if slices > 1 or sum(len(one.tensors) for one in loaded) != len(tensors):
        first = {
            name: t for one, file in zip(loaded, (*rest, *files)) if not file.rank for name, t in one.tensors.items()
        }
        return Whole(first, (), f"slice 1 of {max(slices, 2):,}: how the others were cut is not proven")
    note = f"{plural(len(files), 'file')} of experts and {rest[0].name} are counted as one model"
    return Whole(tensors, (note,))


def _shapes_in(group: PickledDict, file: str) -> dict[str, tuple[int, ...]]:
    try:
        return {name: sizes_of(shape) for name, shape in zip(group.keys, group.values) if isinstance(name, str)}
    except ValueError as error:
        raise CheckpointError(file, f"a shape in its param_shapes is none: {error}", advice=DAMAGED) from error


def zero3_shapes(folder: RankFolder, files: Sequence[RankFile]) -> Whole:
    """The model of a ZeRO-3 checkpoint: each rank's file has the true shapes of all parameters, and empty tensors.

    Source: deepspeed/utils/zero_to_fp32.py, `parse_model_states`.

    Raises:
        CheckpointError: where the first one is faulty.
    """
    (one,) = folder.load([files[0].name], may_be_empty=True)
    value = one.value if isinstance(one.value, PickledDict) else PickledDict()
    beside = any("optim_states" in name for name in folder.folder.names())
    held = {name: tensor for name, tensor in one.tensors.items() if 0 not in tensor.shape}
    shapes: dict[str, tuple[int, ...]] = {}
    groups = value.get("param_shapes")
    for group in [*(groups if isinstance(groups, list) else [groups]), value.get("frozen_param_shapes")]:
        if isinstance(group, PickledDict):
            shapes |= _shapes_in(group, folder.shown(one.name))
    shared = value.get("shared_params")
    again = {key for key in shared.keys if isinstance(key, str)} if isinstance(shared, PickledDict) else set()
    tensors: Slice = {}
    for name, shape in shapes.items():
        empty = one.tensors.get(name)
        if name not in again and (empty is None or 0 in empty.shape):
            # What the optimizer keeps of a parameter is in float32, in one run with all others.
            dtype = "F32" if beside or empty is None else empty.dtype
            tensors[name] = Tensor(shape, dtype, VALUE_BYTES["F32"] * prod(shape) if beside else 0, None)
    tensors |= held
    slices = len({file.rank for file in files})
    if not shapes:
        return Whole(one.tensors)
    text = f"ZeRO-3: the shapes are those that {one.name} tells (param_shapes); {_CONVERT}"
    piece = f"slice 1 of {slices:,}: how the others were cut is not proven" if slices > 1 else ""
    return Whole(tensors, (text,), piece)


def universal(folder: RankFolder, below: Folder, otherwise: Callable[[RankFolder], Whole] | None) -> Whole:
    """A universal checkpoint: a folder for each parameter, with its values whole in `fp32.pt`.

    Source: deepspeed/checkpoint/ds_to_universal.py.

    Args:
        folder: that of the model states.
        below: the one with the parameters' folders.
        otherwise: reads the model states, where there are no such folders.

    Raises:
        CheckpointError: where a file is faulty.
    """
    names = [name for name in below.folders() if below.has(f"{name}/fp32.pt")]
    if not names and otherwise:
        return otherwise(folder)
    tensors: Slice = {}
    for name, one in zip(names, RankFolder(below).load([f"{name}/fp32.pt" for name in names])):
        tensors[name] = next(iter(one.tensors.values()))
    text = f"a universal checkpoint of DeepSpeed: {plural(len(names), 'parameter')}, each in a folder of its own"
    return Whole(tensors, (text,))
