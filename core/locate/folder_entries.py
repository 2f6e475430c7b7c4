"""The checkpoints in one folder, as the catalogue lists them: each by the name that opens all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.files.gguf_names import is_gguf, models_among
from core.files.rank_hints import has_hint
from core.files.safetensors_names import INDEX_SUFFIX, SUFFIX
from core.files.torch_names import TORCH_INDEX_SUFFIX, is_distributed, models_in

_COMMON = "common.pt"
"""What Megatron keeps beside a distributed checkpoint, of all but the model."""
_PIPELINE = "model_index.json"


def folder_entries(weights: Mapping[str, int], names: Sequence[str], folders: Sequence[str]) -> dict[str, int | None]:
    """The checkpoints of a folder with what they take in bytes: by file name, "" for what the folder itself opens.

    The bytes are None where they lie in folders below.

    Args:
        weights: its weight files and indexes, with their sizes in bytes.
        names: all its files.
        folders: the folders in it.
    """
    found: dict[str, int | None] = {}
    ggufs = {name: sum(weights[part] for part in parts) for name, parts in models_among(weights).items()}
    safetensors = [name for name in weights if name.endswith((SUFFIX, INDEX_SUFFIX))]
    torch_files = models_in(name for name in weights if not is_gguf(name) and name not in safetensors)
    if "metadata.json" in names:
        torch_files = [name for name in torch_files if name != _COMMON]
    own = _whole_safetensors(safetensors)
    if own:
        # The same model as PyTorch saved it, of which transformers leaves both behind.
        torch_files = [name for name in torch_files if not name.startswith("pytorch_model")]
    elif is_distributed(list(weights)):
        own = [name for name in weights if name.endswith(".distcp") or name == ".metadata"]
        torch_files = [name for name in torch_files if name != _COMMON]
    elif not safetensors:
        own = _whole_torch(torch_files)
    if own:
        found[""] = sum(weights.get(name, 0) for name in own)
    elif _PIPELINE in names or any(name.startswith("mp_rank_") for name in folders):
        found[""] = None
    for loose in (safetensors, torch_files):
        rest = [name for name in loose if name not in own and not name.endswith(".json")]
        found |= {files[0]: sum(weights[file] for file in files) for files in _sets(rest)}
    return dict(sorted(found.items())) | ggufs


def _whole_safetensors(names: list[str]) -> list[str]:
    """The safetensors files that a folder opens by its own name."""
    if f"model{SUFFIX}" in names:
        return [f"model{SUFFIX}"]
    if not any(name.endswith(INDEX_SUFFIX) for name in names):
        return []
    from core.files.shard_sets import shard_sets

    shards = [name for name in names if name.endswith(SUFFIX)]
    numbered = [name for one in shard_sets(shards) if one.told for name in one.files]
    return numbered or shards


def _whole_torch(names: list[str]) -> list[str]:
    """The PyTorch files that a folder opens by its own name."""
    if "pytorch_model.bin" in names:
        return ["pytorch_model.bin"]
    if any(name.endswith(TORCH_INDEX_SUFFIX) for name in names):
        return [name for name in names if name.lower().endswith(".bin")]
    if not any(map(has_hint, names)):
        return []
    from core.files.rank_names import rank_files

    ranks = rank_files(names)
    # A rank at a name's end alone does not say that its files are one model.
    return [one.name for one in ranks] if any(one.layout != "flat" for one in ranks) else []


def _sets(names: list[str]) -> list[Sequence[str]]:
    """Files, the shards of one checkpoint together: those that are opened by the name of any of them."""
    if not any("of" in name for name in names):
        return [[name] for name in names]
    from core.files.shard_sets import shard_sets

    sets = shard_sets(names)
    return [files for one in sets for files in ([one.files] if one.told else [[name] for name in one.files])]
