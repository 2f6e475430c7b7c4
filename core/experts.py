"""Which parameters of a mixture of experts work on one token."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from core.meaning import TensorGroup

# llama.cpp stacks experts as ffn_up_exps; before April 2024 each was a tensor, ffn_up.7.
_ROUTED = re.compile(r"(^|\.)experts?(\.|$)|_exps\.|\.ffn_(gate|up|down)\.\.")
_NUMBERS_OF_EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")
_EXPERTS_PER_TOKEN = ("num_experts_per_tok", "num_experts_per_token", "moe_top_k", "moe_k")


def is_routed_expert(skeleton: str) -> bool:
    """Whether a name without digits is that of an expert that the router may leave out."""
    return _ROUTED.search(skeleton) is not None and "shared_expert" not in skeleton


def active_parameters(groups: Iterable[TensorGroup], config: dict[str, Any], parameters: int) -> int | None:
    """Parameters used for one token: routed experts by `num_experts_per_tok` of their number, all else whole.

    Args:
        groups: all tensors.
        config: the parsed config.json.
        parameters: how many there are in all.

    Returns:
        `parameters` for a dense model; None where the config does not say how many experts work.
    """
    groups = [
        group
        for group in groups
        if group.meaning and group.meaning.role == "parameter" and is_routed_expert(group.skeleton)
    ]
    routed = sum(group.meaning.parameters * group.count for group in groups if group.meaning)
    if not routed:
        return parameters
    text_config = config.get("text_config")
    parts = [config, text_config] if isinstance(text_config, dict) else [config]
    experts = _first_number(parts, _NUMBERS_OF_EXPERTS)
    used = _first_number(parts, _EXPERTS_PER_TOKEN)
    if not experts or not used or used > experts or not all(_all_there(group, experts) for group in groups):
        return None
    return parameters - routed + routed * used // experts


def _all_there(group: TensorGroup, experts: int) -> bool:
    """Whether a group has all experts of its layers, one by one or stacked; a lone shard has some of them."""
    return group.count % experts == 0 or experts in group.tensor.shape


def _first_number(parts: list[dict[str, Any]], keys: tuple[str, ...]) -> int:
    for part in parts:
        for key in keys:
            if type(value := part.get(key)) is int and value > 0:
                return value
    return 0
