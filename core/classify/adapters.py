"""Adapters: which tensors of one are trained, and which belong to the frozen base."""

from __future__ import annotations

from core.naming.buffers import FROZEN_IN_ADAPTERS

_SETTINGS = {"alpha", "on_input"}
"""What kohya's scripts and LyCORIS store beside the matrices: by what they are scaled, on which side they work."""


def is_frozen(template: str) -> bool:
    """Whether a tensor in an adapter's file is not trained, such as a copy of one of the base model's."""
    # LoRA on several parameters of one module (its `target_parameters`) wraps a layer of its own around the last one
    # for each, so that only what stands after the innermost `.base_layer.` tells.
    _, _, of_base = template.rpartition(".base_layer.")
    return template.rpartition(".")[2] in FROZEN_IN_ADAPTERS or (".base_layer." in template and "lora_" not in of_base)


def is_setting(template: str, elements: int) -> bool:
    """Whether a tensor of an adapter is a number that was chosen and not trained."""
    return elements == 1 and template.rpartition(".")[2] in _SETTINGS
