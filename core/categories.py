"""The categories, and the rules that find a tensor's by its name and shape."""

from __future__ import annotations

from typing import NamedTuple


class Category(NamedTuple):
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
    "attention": Category("Attention", "●", "A", (58, 134, 214), "bright_blue"),
    "mlp": Category("MLP", "■", "M", (226, 136, 0), "yellow"),
    "router": Category("Router", "✦", "R", (214, 90, 60), "bright_red"),
    "mixer": Category("Mixer", "≈", "X", (90, 180, 220), "bright_cyan"),
    "norm": Category("Norm", "▲", "N", (0, 158, 115), "green"),
    "embedding": Category("Embedding", "◆", "E", (190, 105, 165), "magenta"),
    "head": Category("Output head", "▼", "H", (150, 130, 210), "bright_magenta"),
    "adapter": Category("Adapter", "✚", "D", (175, 165, 40), "bright_yellow"),
    "other": Category("Other", "○", "O", (130, 135, 140), "bright_black"),
}


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


def is_bias(skeleton: str) -> bool:
    """Whether a tensor is a bias by the last word of its name."""
    word = f"_{skeleton.rpartition('.')[2].lower()}_"
    return "_bias_" in word or "_biases_" in word or word in {"_beta_", "_b_"}
