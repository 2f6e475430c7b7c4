"""What is told apart within a category: queries from keys, experts from shared ones, layer norms from RMSNorms."""

from __future__ import annotations

from collections.abc import Mapping

from core.checkpoint.config import ModelConfig
from core.naming.components import (
    ATTENTION,
    GROUP_NORM,
    KEY,
    PARAMETER_WORDS,
    QUERY,
    QUERY_KEY_VALUE,
    ROUTED_EXPERT,
    SHARED_EXPERT,
    VALUE,
)
from core.naming.experts import is_routed_expert, is_shared_expert

Breakdown = tuple[tuple[str, int], ...]

LAYER_NORM, RMS_NORM, BATCH_NORM = "layer norm", "RMSNorm", "batch norm"

ORDER = (
    *(component.name for component in ATTENTION if component.name),
    *(ROUTED_EXPERT.name, SHARED_EXPERT.name),
    *(LAYER_NORM, RMS_NORM, BATCH_NORM, GROUP_NORM.name),
)
"""All that is told apart, in the order in which it is shown."""

_ATTENTION_WORDS = {word: component.name for component in ATTENTION for word in component.all_words}

# A norm without a bias is taken for an RMSNorm, but in these models it is a layer norm (transformers' modelling code:
# `bias=False` and classes of their own). The last two are llama.cpp's names.
_BIASLESS_LAYER_NORM = (
    *("cohere", "dbrx", "mpt", "modernbert", "modernvbert", "moonshine", "lasr", "imagegpt", "bark"),
    *("command-r", "modern-bert"),
)


class Context:
    """The checkpoint that a tensor lies in, as far as a breakdown depends on it.

    Attributes:
        shapes: all templates, each with a shape that one of its tensors has.
        fused: the attention of each model that the config tells of.
        has_biasless_layer_norms: whether a norm without a bias is a layer norm.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], config: ModelConfig) -> None:
        """
        Args:
            shapes: all templates, each with a shape that one of its tensors has.
            config: what its config says.
        """
        self.shapes = shapes
        self.fused = config.attentions
        self.has_biasless_layer_norms = config.model_type.startswith(_BIASLESS_LAYER_NORM)


def breakdown_of(template: str, shape: tuple[int, ...], category: str, parameters: int, context: Context) -> Breakdown:
    """What a tensor's parameters are within its category; nothing where that is not told apart.

    Args:
        template: its name without digits, as it would be if it were not packed.
        shape: its shape, likewise.
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
    *modules, last = template.lower().split(".")
    # torch.nn.MultiheadAttention names a parameter for its projection: in_proj_weight.
    word = last.removesuffix("_weight").removesuffix("_bias")
    while (word in PARAMETER_WORDS or not word) and modules:
        word = modules.pop()
    name = _ATTENTION_WORDS.get(word.strip("_"), "")
    if name == QUERY_KEY_VALUE.name:
        query, key, value = _proportions(template, shape, context)
        heads = query + key + value
        if heads and parameters % heads == 0:
            each = parameters // heads
            return (QUERY.name, each * query), (KEY.name, each * key), (VALUE.name, each * value)
    return ((name, parameters),) if name else ()


def _proportions(template: str, shape: tuple[int, ...], context: Context) -> tuple[int, int, int]:
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
    for width, heads, key_value_heads, head_size in context.fused:
        if small == width and large == (heads + 2 * key_value_heads) * head_size:
            return heads, key_value_heads, key_value_heads
    return (1, 1, 1) if large == 3 * small else (0, 0, 0)


def _experts(template: str, parameters: int) -> Breakdown:
    if is_shared_expert(template):
        return ((SHARED_EXPERT.name, parameters),)
    return ((ROUTED_EXPERT.name, parameters),) if is_routed_expert(template) else ()


def _norm(template: str, context: Context) -> str:
    """Which kind of norm a tensor is of: a norm with a bias is no RMSNorm, one with statistics is a batch norm."""
    path, dot, _ = template.rpartition(".")
    shapes = context.shapes
    if f"{path}{dot}running_mean" in shapes:
        return BATCH_NORM
    if GROUP_NORM.has_piece_in(path.lower().rpartition(".")[2]):
        return GROUP_NORM.name
    has_bias = any(f"{path}{dot}{bias}" in shapes for bias in ("bias", "beta"))
    return LAYER_NORM if has_bias or context.has_biasless_layer_norms else RMS_NORM
