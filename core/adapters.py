"""What is special about the tensors of an adapter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# What PEFT stores and never trains (its tuners' layer.py).
_FROZEN = {
    *("vera_A", "vera_B", "pvera_A", "pvera_B", "randlora_A", "randlora_B"),  # drawn once, shared among all layers
    "delora_w_norm",  # norms of the base model's weights
    "shira_indices",  # where the weights that are trained stand
}


def is_adapter(config: Mapping[str, Any]) -> bool:
    """Whether a checkpoint's config is that of an adapter: all that it trains is one."""
    return "peft_type" in config


def is_frozen(skeleton: str) -> bool:
    """Whether a tensor in an adapter's file is not trained, such as a copy of the base model's own."""
    # Of several parameters of one module (LoRA's target_parameters) each has a layer around those before it.
    _, _, of_base = skeleton.rpartition(".base_layer.")
    return skeleton.rpartition(".")[2] in _FROZEN or (".base_layer." in skeleton and "lora_" not in of_base)
