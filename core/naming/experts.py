"""Which tensors are experts' by their names."""

from __future__ import annotations

# A module of experts; GGUF's, MLX's, Granite's and JetMoE's stacks; those of Step 3, of Mixtral and of gpt-oss in
# their makers' own files.
_ROUTED = (
    *(".experts.", ".expert.", "_exps.", ".switch_mlp.", ".block_sparse_moe.input_linear."),
    *(".block_sparse_moe.output_linear.", ".mlp.input_linear.", ".mlp.output_linear."),
    *(".moe.gate_proj.", ".moe.up_proj.", ".moe.down_proj.", ".block_sparse_moe.w."),
    *(".mlp.mlp_weight.", ".mlp.mlp_bias."),
)
# With a number for each expert; the last ones in GGUF files of before 2024.
_ONE_BY_ONE = (".experts..", ".expert..", ".experts.expert_.", ".ffn_up..", ".ffn_down..", ".ffn_gate..")
# As most models, Step 3, GGUF files, Hunyuan and Granite call those that work on every token.
_SHARED = ("shared_expert", "share_expert", "_shexp", "shared_mlp")


def is_routed_expert(template: str) -> bool:
    """Whether a name without digits is that of an expert that the router may leave out."""
    name = f".{template}."
    return any(part in name for part in (*_ROUTED, *_ONE_BY_ONE)) and not is_shared_expert(template)


def is_shared_expert(template: str) -> bool:
    """Whether a name without digits is that of an expert that works on every token."""
    return any(part in template for part in _SHARED)


def is_one_by_one(template: str) -> bool:
    """Whether a name without digits has left out the number of an expert: its tensors are not stacked."""
    return any(part in f".{template}." for part in _ONE_BY_ONE)
