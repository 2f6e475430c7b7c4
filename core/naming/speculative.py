"""Layers for speculative decoding (multi-token prediction), which a model can be run without."""

from __future__ import annotations

from collections.abc import Sequence

from core.checkpoint.config import ModelConfig

MARK = "mtp."
"""What is put before the template of a tensor in such a layer, where its name does not tell."""


def prefixes(config: ModelConfig) -> tuple[str, ...]:
    """How the names of such layers begin where they are numbered on behind the model's own.

    DeepSeek-V3 (README_WEIGHTS.md: `num_nextn_predict_layers`, "Layer ID"), GLM-4.5 and others have them so:
    `model.layers.61` where `num_hidden_layers` is 61; `blk.61` in GGUF.
    """
    lists = ("layers.", "model.layers.", "language_model.model.layers.", "model.language_model.layers.", "blk.")
    return tuple(f"{prefix}{n}." for n in config.speculative_layers for prefix in lists)


def marked(templates: Sequence[str], names: Sequence[str], beginnings: tuple[str, ...]) -> list[str]:
    """Templates with a mark where their names begin as those of such layers do: digits alone tell these from others."""
    return [MARK + template if name.startswith(beginnings) else template for template, name in zip(templates, names)]


def is_speculative(template: str) -> bool:
    """Whether a template, with its mark, is of such a layer: `mtp.…` in Qwen3-Next, `model.mtp_layers.…` elsewhere."""
    return "mtp" in template and any(part.startswith("mtp") for part in template.split("."))
