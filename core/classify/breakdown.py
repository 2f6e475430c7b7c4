"""What is told apart within a category: queries from keys, experts from shared ones, layer norms from RMSNorms."""

from __future__ import annotations

from collections.abc import Mapping

from core.checkpoint.config import ModelConfig
from core.naming.experts import is_routed_expert, is_shared_expert

Breakdown = tuple[tuple[str, int], ...]

EXPERTS, SHARED_EXPERTS = "experts", "shared experts"
LAYER_NORM, RMS_NORM, BATCH_NORM, GROUP_NORM = "layer norm", "RMSNorm", "batch norm", "group norm"
ALL_THREE, KEY_AND_VALUE = "query, key, value together", "key, value together"

ORDER = (
    *("query", "key", "value", ALL_THREE, KEY_AND_VALUE, "q_a", "q_b", "kv_a", "kv_b", "k_b", "v_b", "output"),
    *(EXPERTS, SHARED_EXPERTS, LAYER_NORM, RMS_NORM, BATCH_NORM, GROUP_NORM),
)
"""All that is told apart, in the order in which it is shown."""

# Last words of an attention's modules, digits left out, each with what it computes.
_ATTENTION = {
    word: what
    for what, words in (
        ("query", "q query q_proj q_lin wq to_q attn_q query_proj q_head queries"),
        ("key", "k key k_proj k_lin wk to_k attn_k key_proj k_head keys"),
        ("value", "v value v_proj v_lin wv to_v attn_v value_proj v_head values"),
        ("output", "o o_proj out_proj out_lin wo to_out attn_output attn_out output dense c_proj proj o_net post_proj"),
        # DeepSeek's latent attention: down to a small rank and up again, which is neither key nor value alone.
        ("q_a", "q_a_proj attn_q_a wq_a"),
        ("q_b", "q_b_proj attn_q_b wq_b"),
        ("kv_a", "kv_a_proj_with_mqa attn_kv_a_mqa wkv_a"),
        ("kv_b", "kv_b_proj attn_kv_b wkv_b"),
        ("k_b", "k_b_proj attn_k_b"),
        ("v_b", "v_b_proj attn_v_b"),
        (KEY_AND_VALUE, "kv to_kv kv_proj key_value c_kv"),
        (ALL_THREE, "qkv qkv_proj wqkv w_qkv query_key_value c_attn attn_qkv to_qkv in_proj qkv_net qkv_linear"),
    )
    for word in words.split()
}
_OWN_WORDS = {"weight", "bias", "qweight", "scales", "kernel"}

# Models whose layer norms have no bias to be known by (transformers' modelling code, `bias=False` and own classes); the
# last ones as llama.cpp calls them.
_BIASLESS_LAYER_NORM = (
    *("cohere", "dbrx", "mpt", "modernbert", "modernvbert", "moonshine", "lasr", "imagegpt", "bark"),
    *("command-r", "modern-bert"),
)


class Context:
    """The checkpoint that a tensor lies in, as far as its category's parts depend on it.

    Attributes:
        shapes: all names without digits, each with a shape that one of them has.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], config: ModelConfig) -> None:
        """
        Args:
            shapes: all names without digits, each with a shape that one of them has.
            config: what its config says.
        """
        self.shapes = shapes
        self.fused = config.attentions
        self.biasless = config.model_type.startswith(_BIASLESS_LAYER_NORM)


def breakdown_of(template: str, shape: tuple[int, ...], category: str, parameters: int, context: Context) -> Breakdown:
    """What a tensor's parameters are within its category; nothing where that is not told apart.

    Args:
        template: its name without digits.
        shape: its shape.
        category: its category.
        parameters: how many it stands for.
        context: the rest of the checkpoint.
    """
    if category == "attention":
        return _attention(template, shape, parameters, context)
    if category == "mlp":
        return _experts(template, parameters)
    if category == "norm":
        return ((_norm(template, context), parameters),)
    return ()


def _attention(template: str, shape: tuple[int, ...], parameters: int, context: Context) -> Breakdown:
    *above, last = template.lower().split(".")
    word = last.removesuffix("_weight").removesuffix("_bias")
    while (word in _OWN_WORDS or not word) and above:
        word = above.pop()
    # A fused projection's parameters have names of their own in torch.nn.MultiheadAttention: in_proj_weight.
    what = _ATTENTION.get(word.strip("_"), "")
    if what == ALL_THREE:
        query, key, value = _thirds(template, shape, context)
        if query:
            each = parameters // (query + key + value)
            if each * (query + key + value) == parameters:
                return ("query", each * query), ("key", each * key), ("value", each * value)
    return ((what, parameters),) if what else ()


def _thirds(template: str, shape: tuple[int, ...], context: Context) -> tuple[int, int, int]:
    """In which proportion a fused projection has queries, keys and values; zeros where that is not certain."""
    path, dot, last = template.rpartition(".")
    matrix = [n for n in shape if n != 1]
    if len(matrix) == 1:
        # A bias is as long as its weight is high.
        weight = context.shapes.get(f"{path}{dot}{last.replace('bias', 'weight')}", ())
        if matrix[0] not in weight or last == "weight":
            return 0, 0, 0
        matrix = [n for n in weight if n != 1]
    if len(matrix) != 2:
        return 0, 0, 0
    small, large = sorted(matrix)
    for width, heads, groups, size in context.fused:
        if small == width and large == (heads + 2 * groups) * size:
            return heads, groups, groups
    return (1, 1, 1) if large == 3 * small else (0, 0, 0)


def _experts(template: str, parameters: int) -> Breakdown:
    if is_shared_expert(template):
        return ((SHARED_EXPERTS, parameters),)
    return ((EXPERTS, parameters),) if is_routed_expert(template) else ()


def _norm(template: str, context: Context) -> str:
    """Which kind of norm a tensor is of: a norm with a bias is no RMSNorm, one with statistics a batch norm."""
    path, dot, _ = template.rpartition(".")
    shapes = context.shapes
    if f"{path}{dot}running_mean" in shapes:
        return BATCH_NORM
    name = path.lower().rpartition(".")[2]
    if "groupnorm" in name or "group_norm" in name:
        return GROUP_NORM
    has_bias = any(f"{path}{dot}{bias}" in shapes for bias in ("bias", "beta"))
    return LAYER_NORM if has_bias or context.biasless else RMS_NORM
