"""Adapters: which tensors of one are trained, and which are the frozen base beside them."""

from __future__ import annotations

# What PEFT stores and never trains (its tuners' layer.py).
_FROZEN = {
    *("vera_A", "vera_B", "pvera_A", "pvera_B", "randlora_A", "randlora_B"),  # drawn once, shared among all layers
    "delora_w_norm",  # norms of the base model's weights
    "shira_indices",  # where the weights that are trained stand
}


def is_frozen(template: str) -> bool:
    """Whether a tensor in an adapter's file is not trained, such as a copy of the base model's own."""
    # Of several parameters of one module (LoRA's target_parameters) each has a layer around those before it.
    _, _, of_base = template.rpartition(".base_layer.")
    return template.rpartition(".")[2] in _FROZEN or (".base_layer." in template and "lora_" not in of_base)
