"""What the arguments of training say that Megatron and DeepSpeed save beside a model."""

from __future__ import annotations

from core.readers.unpickle.values import Inert, PickledDict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MAX_ARGUMENTS = 2_000
_RANK = "mp_rank_"


def said_in(value: object) -> dict[str, Any]:
    """The plain entries of what was saved and of the arguments in it, their names with underscores."""
    held = value.get("args") if isinstance(value, PickledDict) else None
    return {**_plain(value), **_plain(held.state if isinstance(held, Inert) else held)}


def _plain(value: object) -> dict[str, Any]:
    if not isinstance(value, PickledDict):
        return {}
    pairs = zip(value.keys[:_MAX_ARGUMENTS], value.values)
    return {key.replace("-", "_"): held for key, held in pairs if isinstance(key, str) and type(held) in {int, bool}}


def size_in(said: dict[str, Any], *keys: str) -> int:
    """The first of some entries that is a number above 0; else 0."""
    return next((said[key] for key in keys if type(said.get(key)) is int and said[key] > 0), 0)


def slice_of(value: PickledDict, file: str) -> str:
    """Which slice of a model a file is by the arguments in it, as a note says it; "" where it is whole.

    Args:
        value: what was saved in it.
        file: its path, in which Megatron and DeepSpeed write the number of the slice.
    """
    said = said_in(value)
    slices = size_in(said, "tensor_model_parallel_size", "model_parallel_size", "mp_world_size") or 1
    stages = size_in(said, "pipeline_model_parallel_size") or 1
    if slices * stages == 1:
        return ""
    _, found, behind = file.rpartition(_RANK)
    digits = behind[: len(behind) - len(behind.lstrip("0123456789"))]
    place = f"{int(digits) + 1:,}" if found and digits and len(digits) < 9 else "one"
    kind = "tensor parallelism" if stages == 1 else f"tensor parallelism in one of {stages:,} stages of a pipeline"
    return f"slice {place} of {slices:,}, by the arguments in the file ({kind}): name the folder of all ranks"
