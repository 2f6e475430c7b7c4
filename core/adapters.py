"""What is special about the tensors of an adapter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Random projections that PEFT draws once, shares among all layers and never trains (its tuners' layer.py).
_DRAWN = {"vera_A", "vera_B", "pvera_A", "pvera_B", "randlora_A", "randlora_B"}


def is_adapter(config: Mapping[str, Any]) -> bool:
    """Whether a checkpoint's config is that of an adapter: all that it trains is one."""
    return "peft_type" in config


def is_frozen(skeleton: str) -> bool:
    """Whether a tensor in an adapter's file is not trained: drawn at random, or a copy of the base model's own."""
    return skeleton.rpartition(".")[2] in _DRAWN or ".base_layer." in skeleton
