"""The categories, and the rules that find a tensor's by its name and shape."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Category:
    """How one category is shown wherever it is shown.

    Attributes:
        label: the word people use.
        glyph: one character that tells it without colour.
        letter: the same in ASCII.
        color: red, green and blue, 0 to 255.
        ansi: the colour's name on a terminal of 16.
    """

    label: str
    glyph: str
    letter: str
    color: tuple[int, int, int]
    ansi: str


# In the order in which they are shown. The colours stay apart for colour-blind eyes (Okabe and Ito, 2008, made
# a little lighter or darker to be read on dark and light grounds).
CATEGORIES = {
    "attention": Category("Attention", "●", "A", (58, 134, 214), "blue"),
    "mlp": Category("MLP", "■", "M", (226, 136, 0), "yellow"),
    "router": Category("Router", "✦", "R", (214, 90, 60), "bright_red"),
    "mixer": Category("Mixer", "≈", "X", (90, 180, 220), "bright_cyan"),
    "norm": Category("Norm", "▲", "N", (0, 158, 115), "green"),
    "embedding": Category("Embedding", "◆", "E", (190, 105, 165), "magenta"),
    "head": Category("Output head", "▼", "H", (150, 130, 210), "bright_magenta"),
    "adapter": Category("Adapter", "✚", "D", (175, 165, 40), "bright_yellow"),
    "other": Category("Other", "○", "O", (130, 135, 140), "bright_black"),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A name that looks like this is that.

    Attributes:
        pattern: searched in the lower-case name without digits, between dots added at both its ends.
        category: what it then is.
        dimensions: the most dimensions the tensor may have, those of length 1 left out; None for any.
    """

    pattern: re.Pattern[str]
    category: str
    dimensions: int | None = None


def _rule(pattern: str, category: str, dimensions: int | None = None) -> Rule:
    return Rule(re.compile(pattern), category, dimensions)


# The first that fits decides.
RULES = (
    _rule(r"\.lora_|\.adapters?\.|_adapter\.|\.ia_l\.|\.prompt_embeddings\.", "adapter"),
    # A norm is its module's last word or the one before its parameter: not a model's prefix (…_prelayernorm).
    _rule(r"(norm|layernorm|\.ln|_ln|ln_[a-z]*|\.bn|groupnorm|rmsnorm)(_[a-z]*)?\.[^.]+\.$", "norm", 1),
    _rule(r"norm(_[a-z]*)?\.[^.]+\.$|(^|\.)layer_?norm[a-z_]*\.$", "norm", 1),
    _rule(r"\.router\.|\.gate\.(weight|bias|e_score_correction_bias|wg\.weight)\.$|\.expert_bias\.$", "router"),
    _rule(r"\.shared_experts?_gate\.|\.e_score_correction_bias\.$", "router"),
    _rule(r"\.(relative_attention_bias|relative_position_bias_table)\.", "attention"),
    _rule(r"\.(mamba|ssm|mixer|rwkv|time_mix\w*|linear_attn|conv_mixer)\.(?!(q|k|v|o)_proj)", "mixer"),
    _rule(r"\.(lm_head|embed_out|score|classifier|qa_outputs|output_layer|cls|lm_head\w*)\.", "head"),
    _rule(r"\.(w[tp]e|shared|token_embd)\.weight\.$|embed|(^|\.)(tok|pos)_emb", "embedding"),
    _rule(r"attn|attention|\.(q|k|v|o|qkv|query|key|value|out)_proj\.|\.(query|key|value|qkv)\.", "attention"),
    _rule(r"mlp|ffn|feed_?forward|\.fc|_fc\.|expert|intermediate|moe|\.ff\.|\.(gate|up|down)_proj\.", "mlp"),
    _rule(r"\.w\.|\.(dense_h_to_h|dense_h_to_\w*)\.|denserelu|\.wi(_)?\.|\.wo\.|\.output\.dense\.|\.lin\.", "mlp"),
    _rule(r"\.output\.weight\.$", "head"),
)

_BIAS = re.compile(r"(^|[._])bias(es)?(_[a-z]*)?$|(^|\.)beta$|\.b$")


def category_of(skeleton: str, shape: tuple[int, ...], skeletons: Container[str]) -> str:
    """The category of a tensor.

    Args:
        skeleton: its name without digits.
        shape: its shape.
        skeletons: the names, without digits, of all tensors of the checkpoint.
    """
    name = f".{skeleton.lower()}."
    dimensions = sum(n != 1 for n in shape)
    for rule in RULES:
        if rule.dimensions is not None and dimensions > rule.dimensions:
            continue
        if rule.pattern.search(name):
            return rule.category
    return "other"


def is_bias(skeleton: str) -> bool:
    """Whether a tensor is a bias by its name, as `named_parameters` names it."""
    return _BIAS.search(skeleton) is not None
