"""How safetensors files and the indexes of such are named, without what reads them."""

from __future__ import annotations

from core.checkpoint.errors import CheckpointError
from core.files.torch_names import TORCH_INDEX_SUFFIX, is_model_name

SUFFIX = ".safetensors"
INDEX_SUFFIX = ".safetensors.index.json"
_WHOLE, _INDEX = "model" + SUFFIX, "model" + INDEX_SUFFIX


def safetensors_shards(source: str, names: list[str]) -> tuple[list[str], str, str]:
    """The files of the safetensors model in a folder, none where there is none; with an index, those beside it.

    Then the name of their index or "", and what lies beside them and is not read, as a sentence, or "".

    Args:
        source: the folder, as an error names it.
        names: its files.

    Raises:
        CheckpointError: where there are several indexes to choose from.
    """
    shards = shards_among(names)
    indexes = [name for name in names if name.endswith(INDEX_SUFFIX)]
    whole, index = _WHOLE, _INDEX
    if whole not in names and not indexes:
        whole = _of_variants(shards, SUFFIX)
    if index not in names:
        index = _of_variants(indexes, INDEX_SUFFIX)
    torch_files = [name for name in names if is_model_name(name) or name.endswith(TORCH_INDEX_SUFFIX)]
    if whole in names:
        others = [name for name in (index, *shards, *torch_files) if name in names and name != whole]
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        return [whole], "", f"{whole} was read, not {others[0]}{more} beside it" if others else ""
    if indexes and not index:
        raise CheckpointError(source, f"there are several indexes: {', '.join(indexes[:4])}", advice="name one of them")
    if not indexes and not shards:
        return [], "", ""
    note = f"the safetensors files were read, not {torch_files[0]} beside them" if torch_files else ""
    return shards, index, note


def is_shard_name(name: str) -> bool:
    """Whether a file is one of several by its name: `model-00001-of-00002.safetensors`."""
    return "-of-" in name or "_of_" in name


def shards_among(names: list[str]) -> list[str]:
    """The safetensors files among some that are not hidden."""
    return [name for name in names if name.endswith(SUFFIX) and not name.startswith(".")]


def _of_variants(names: list[str], ending: str) -> str:
    """The file of which all others are variants, as `x.fp16.safetensors` is of `x.safetensors`; "" without one."""
    for name in names:
        if is_shard_name(name):
            continue
        start = name.removesuffix(ending) + "."
        # A number is no variant's name: model.2.safetensors goes on where model.safetensors ends.
        if all(other == name or (other.startswith(start) and not other[len(start)].isdigit()) for other in names):
            return name
    return ""
