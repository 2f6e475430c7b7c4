"""Tensors and configs of models that are compared with GPT-2, by their published shapes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.support.checkpoints import write

Layout = dict[str, tuple[str, Sequence[int]]]

LLAMA: dict[str, Any] = {
    **{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32},
    **{"num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256},
    **{"max_position_embeddings": 131072, "tie_word_embeddings": False},
}
"""meta-llama/Llama-3.1-8B."""
MIXTRAL: dict[str, Any] = {
    **LLAMA,
    **{"architectures": ["MixtralForCausalLM"], "model_type": "mixtral", "vocab_size": 32000},
    **{"num_local_experts": 8, "num_experts_per_tok": 2, "max_position_embeddings": 32768},
}
"""mistralai/Mixtral-8x7B-v0.1."""


def llama(config: dict[str, Any], layers: int | None = None) -> Layout:
    """The tensors of a Llama, or of a Mixtral where the config has experts."""
    d, f, vocabulary = config["hidden_size"], config["intermediate_size"], config["vocab_size"]
    keys = d // config["num_attention_heads"] * config["num_key_value_heads"]
    experts = config.get("num_local_experts", 0)
    result: Layout = {"model.embed_tokens.weight": ("BF16", (vocabulary, d))}
    for n in range(config["num_hidden_layers"] if layers is None else layers):
        layer = f"model.layers.{n}."
        for name, width in (("q_proj", d), ("k_proj", keys), ("v_proj", keys), ("o_proj", d)):
            result[f"{layer}self_attn.{name}.weight"] = ("BF16", (width, d))
        for name in ("input_layernorm", "post_attention_layernorm"):
            result[f"{layer}{name}.weight"] = ("BF16", (d,))
        if experts:
            result[f"{layer}block_sparse_moe.gate.weight"] = ("BF16", (experts, d))
            for expert in range(experts):
                for name, shape in (("w1", (f, d)), ("w2", (d, f)), ("w3", (f, d))):
                    result[f"{layer}block_sparse_moe.experts.{expert}.{name}.weight"] = ("BF16", shape)
            continue
        for name, shape in (("gate_proj", (f, d)), ("up_proj", (f, d)), ("down_proj", (d, f))):
            result[f"{layer}mlp.{name}.weight"] = ("BF16", shape)
    result["model.norm.weight"] = ("BF16", (d,))
    result["lm_head.weight"] = ("BF16", (vocabulary, d))
    return result


def write_model(folder: Path, tensors: Layout, config: dict[str, Any]) -> Path:
    """A folder with a sparse safetensors file and its config."""
    write(folder / "model.safetensors", tensors)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder
