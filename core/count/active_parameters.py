"""How many parameters work on one token, where some experts of a layer do and the others rest."""

from __future__ import annotations

from collections.abc import Iterable

from core.checkpoint.config import ModelConfig
from core.classify.groups import Classification, TensorGroup
from core.naming.experts import is_numbered_expert, is_routed_expert
from core.naming.speculative import is_speculative

_STACK_DIMENSIONS = 3
"""Experts, and the rows and columns of each."""


def active_parameters(groups: Iterable[TensorGroup], config: ModelConfig, parameters: int) -> int | None:
    """Parameters used for one token: routed experts by `num_experts_per_tok` of their number, all else whole.

    Of a mixture of experts, layers for speculative decoding are left out: a token is made without them.

    Args:
        groups: all tensors.
        config: what its config says.
        parameters: how many there are in all.

    Returns:
        `parameters` for a dense model; None where the config does not say how many experts work, or where the names
        do not tell which tensors are theirs.
    """
    routed = speculative = resting = 0
    of_experts = []
    for group in groups:
        if group.classification and (held := group.classification.parameters * group.count):
            if is_speculative(group.template):
                speculative += held
            elif _is_of_routed_experts(group, group.classification):
                used = _used_in_tower(group, config)
                if used:
                    resting += held - held * used // group.tensor.shape[0]
                else:
                    of_experts.append(group)
                    routed += held
    if not routed:
        # The config may tell of experts whose names are not recognised.
        return None if config.experts_used and max(config.experts, default=1) > 1 else parameters - resting
    share = _share(config)
    if share is None or not all(_all_there(group, share) for group in of_experts):
        return None
    return parameters - speculative - resting - routed + routed * sum(share.used) // (len(share.used) * share.experts)


def _is_of_routed_experts(group: TensorGroup, classification: Classification) -> bool:
    """Whether the router may leave a part of such tensors out; JetMoE keeps its router and one bias among them."""
    if not is_routed_expert(group.template) or classification.category == "router":
        return False
    return is_numbered_expert(group.template) or classification.is_packed or len(group.tensor.shape) > 1


def _used_in_tower(group: TensorGroup, config: ModelConfig) -> int:
    """How many experts of a stack work on a token where it stands in a tower with experts of its own; 0 elsewhere.

    Such a stack tells how many it has by its first dimension, since they may be more from layer to layer (dots3).
    """
    if is_numbered_expert(group.template) or len(group.tensor.shape) != _STACK_DIMENSIONS:
        return 0
    words = group.template.split(".")
    for tower, used in config.tower_experts.items():
        if used <= group.tensor.shape[0] and any(word.startswith(tower) for word in words):
            return used
    return 0


class _Share:
    """How many experts each of the layers has, and how many of them work on a token: one number, or one a layer."""

    __slots__ = ("experts", "used")

    def __init__(self, used: tuple[int, ...], experts: int) -> None:
        self.used = used
        self.experts = experts


def _share(config: ModelConfig) -> _Share | None:
    experts, used = config.experts, config.experts_used
    # Where layers differ in the number of experts, or some experts do nothing (LongCat), no share holds for all.
    if not used or len(set(experts)) != 1 or max(used) > experts[0] or config.zero_experts:
        return None
    return _Share(used[:1] if len(set(used)) == 1 else used, experts[0])


def _all_there(group: TensorGroup, share: _Share) -> bool:
    """Whether a group has all experts of its layers, one by one or stacked; a lone shard has some of them."""
    if is_numbered_expert(group.template):
        return group.count % (share.experts * len(share.used)) == 0
    return group.count % len(share.used) == 0 and any(n % share.experts == 0 for n in group.tensor.shape)
