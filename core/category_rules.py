"""The rules that find a tensor's category by its name and shape, in the context of its checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from core.adapters import is_adapter


class Rule(NamedTuple):
    """A name that looks like this is that.

    Attributes:
        category: what a tensor then is.
        parts: any one of these stands in its lower-case name without digits, which has a dot at both its ends.
        vector: whether it must have one dimension at most, those of length 1 left out.
        near: whether the part must stand in the last two words of the name, its module's and its own.
    """

    category: str
    parts: tuple[str, ...]
    vector: bool = False
    near: bool = False


# The first that fits decides. Plain parts and no regular expressions, which take a third of a millisecond each to
# compile at every start.
RULES = (
    Rule("adapter", (".lora_", ".adapter", "_adapter.", ".ia_l.", ".prompt_embeddings.")),
    # A norm is named so at the end: not by a model's prefix (roberta_prelayernorm), nor is a norm's projection one.
    Rule("norm", ("norm", ".ln.", ".ln_", "_ln.", ".bn.", "_bn."), vector=True, near=True),
    Rule("router", (".router.", ".gate.weight.", ".gate.bias.", ".gate.wg.", ".expert_bias.")),
    Rule("router", ("shared_expert_gate.", "shared_experts_gate.", ".e_score_correction_bias.")),
    Rule("attention", (".relative_attention_bias.", ".relative_position_bias_table.")),
    # nemotron_h calls its attention a mixer too.
    Rule("attention", (".mixer.q_proj.", ".mixer.k_proj.", ".mixer.v_proj.", ".mixer.o_proj.")),
    Rule("mixer", (".mamba.", ".ssm.", ".mixer.", ".rwkv.", ".time_mix", ".linear_attn.", ".conv_mixer.")),
    Rule("head", (".lm_head", ".embed_out.", ".score.", ".classifier.", ".qa_outputs.", ".output_layer.", ".cls.")),
    Rule("embedding", (".wte.", ".wpe.", ".shared.weight.", ".token_embd.", "embed", ".tok_emb", ".pos_emb")),
    Rule("attention", ("attn", "attention", ".query.", ".key.", ".value.", ".qkv.")),
    Rule("attention", (".q_proj.", ".k_proj.", ".v_proj.", ".o_proj.", ".qkv_proj.", ".out_proj.")),
    Rule("mlp", ("mlp", "ffn", "feed_forward", "feedforward", ".fc", "_fc.", "expert", "intermediate", "moe")),
    Rule("mlp", (".ff.", ".gate_proj.", ".up_proj.", ".down_proj.", ".w.", ".dense_h_to_", "denserelu")),
    Rule("mlp", (".wi.", ".wi_.", ".wo.", ".output.dense.", ".lin.")),
    Rule("head", (".output.weight.",)),
)


def category_of(skeleton: str, shape: tuple[int, ...]) -> str:
    """The category of a tensor.

    Args:
        skeleton: its name without digits.
        shape: its shape.
    """
    name = f".{skeleton.lower()}."
    ending = "." + ".".join(name.split(".")[-3:])
    vector = sum(n != 1 for n in shape) <= 1
    for category, parts, only_vector, near in RULES:
        if only_vector and not vector:
            continue
        where = ending if near else name
        for part in parts:
            if part in where:
                return category
    return "other"


def categories_of(tensors: Sequence[tuple[str, tuple[int, ...]]], config: Mapping[str, Any]) -> list[str]:
    """The category of each tensor of a checkpoint, in the context of all.

    Args:
        tensors: name without digits, and shape, of all tensors that are known so far.
        config: the parsed config.json, or {}.

    Returns:
        A key of `core.categories.CATEGORIES` for each tensor, in their order.
    """
    if is_adapter(config):
        return ["adapter"] * len(tensors)
    return [category_of(skeleton, shape) for skeleton, shape in tensors]
