"""The names by which a tensor's category is known: "a word that looks like this, in a place like this, is that".

A name is read word by word from its end (words stand between dots): the innermost word that a rule knows decides,
as the innermost module that holds a tensor decides what it is. Digits are gone by then. A list item (`layers.0`)
closes a part of a name: what lies inside it is asked first, by all three tables, before a word further out is.

The odd ones have the model they come from beside them.
"""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """A word that looks like this is that.

    Attributes:
        category: what a tensor in it then is.
        words: it is one of these;
        tokens: or one of these is a part of it between underscores;
        pieces: or one of these stands anywhere in it, a dot meaning its beginning or end.
        inside: one of these must stand in a word further out.
        children: the module so named must have a word with one of these in it.
        siblings: a word with one of these must stand beside it.
        lone: no list item may lie around it (`lm_head.`, not `layers.0.head.`).
        last: it must be the name's last word, or the last before `weight` or `bias`.
        bare: it must be a list whose items are weights themselves.
        flat: the tensor has fewer than three dimensions: it is no convolution's.
        patch: it is a convolution that takes patches of an image in, of 8 × 8 points or more.
    """

    category: str
    words: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    pieces: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    siblings: tuple[str, ...] = ()
    lone: bool = False
    last: bool = False
    bare: bool = False
    flat: bool = False
    patch: bool = False


# What PEFT adds to a trained model, wherever it stands in a name.
ADAPTERS = (
    *("lora_", "loha_", "lokr_", "hada_", "vera_lambda", "boft_", "oft_r", "ia_l", "dora_", "adalora_"),
    *("prompt_embeddings", "adaption_", "adapter_list"),
)

# A norm is known by the word of the module that holds the tensor alone: a projection inside a norm (adaptive norms)
# is none, nor is what stands below a prefix such as roberta_prelayernorm.
NORM_PIECES = ("norm",)
NORM_TOKENS = ("ln", "bn", "gn", "rms", "lnorm")
# ... unless its name goes on like this.
NO_NORMS = ("proj", "linear", "fc", "mlp", "embed", "embedding", "embeddings", "scale")
# A vector named `weight` is a norm's too, whatever its module is called, for matrices are what others hold; but these.
NO_NORM_VECTORS = ("sinks", "time_", "channel_", "ssm", "rope", "prelu", "activation", "scale", "probs")

_ATTENTION = ("attn", "attention")
_EXPERTS = ("expert",)

# Words that name a module for what it does.
MODULES = (
    # Factors and offsets, of no category wherever they stand.
    Rule(
        "other",
        pieces=(
            "layer_scale",
            "layerscale",
            "residual_scale",
            "residual_gate",
            "cross_attn_attn_gate",
            "cross_attn_mlp_gate",
        ),
    ),
    Rule("attention", pieces=("logit_scale",), inside=_ATTENTION),  # Swin v2
    Rule("other", pieces=("logit_scale", "logit_bias", "rope_freq", "rotary")),
    Rule("other", words=("ls", "gamma_", "lambda_"), last=True),  # BEiT, DINOv2
    # The router of a mixture of experts; a GLU's gate has no experts beside it, and is named gate_proj.
    Rule("router", pieces=("router", "shared_expert_gate", "shared_experts_gate", "e_score_correction", "expert_bias")),
    Rule("router", words=("gate", "gating", "wg", "gate_weight", "gate_bias"), siblings=_EXPERTS),
    Rule("router", words=("gate",), inside=("moe",), siblings=("up_proj",)),  # Step 3
    Rule("router", pieces=("gate_inp", "exp_probs_b")),  # llama.cpp
    # What mixes tokens and is no attention.
    Rule("mixer", words=("att",), pieces=_ATTENTION, children=("time_", "receptance")),  # RWKV
    Rule("mixer", pieces=("linear_attn", "linear_attention", "lightning_attn", "deltanet", "delta_net", "delta_rule")),
    Rule(
        "mixer",
        pieces=("mamba", ".ssm.", ".ssm_", "shortconv", "short_conv", "lstm", "rg_lru", "retention", "token_mixer"),
    ),
    Rule("mixer", words=("conv",), children=("in_proj",)),  # LFM2
    Rule("mixer", words=("in_proj", "out_proj", "x_proj", "dt_proj", "convd", "d"), siblings=("a_log",)),  # Mamba
    Rule("mixer", words=("attn_qkv", "attn_gate"), siblings=("ssm_ba", "ssm_beta")),  # Qwen3-Next in llama.cpp
    Rule("mixer", words=("qkv_proj", "out_proj", "output_gate"), siblings=("output_gate",)),  # MiniMax
    # Kimi's delta attention, whose layers are named as those of its full attention are
    Rule("mixer", words=("a_log", "dt_bias", "forget_gate", "f_a_proj", "f_b_proj", "g_a_proj", "g_b_proj")),
    Rule(
        "mixer",
        words=("k_proj", "v_proj", "b_proj", "convd", "q_convd", "k_convd", "v_convd"),
        inside=_ATTENTION,
        siblings=("a_log", "forget_gate"),
    ),
    # What an attention has of its own: JetMoe's experts, tables of relative positions, a query for pooling (AIMv2).
    Rule("attention", pieces=("expert", "position_bias", "attention_bias", "cpb"), inside=_ATTENTION),
    Rule("attention", pieces=("embed", "embd"), tokens=("emb",), inside=_ATTENTION, last=True),
    Rule(
        "attention",
        words=("cls_token", "probe", "per_dim_scale", "output_proj"),
        inside=("head",),
        siblings=("k_proj", *_ATTENTION),
    ),
    Rule("embedding", pieces=("relative_attention_bias", "relative_position_bias")),
    Rule("other", words=("attention",), bare=True),  # RegNet's attention to channels
    Rule("attention", pieces=("linear_pos", "pos_bias_", "per_dim_")),  # conformers
    Rule("attention", words=("indexer",), pieces=_ATTENTION, tokens=("att", "mha", "sinks")),
    Rule(
        "mlp",
        pieces=(
            "mlp",
            "ffn",
            "feed_forward",
            "feedforward",
            "ffw_",
            "channel_mix",
            "expert",
            "densereludense",
            "intermediate",
        ),
    ),
    Rule("mlp", tokens=("ff", "moe"), pieces=("box_rpb_embed", "_latent_proj")),  # the last two: SAM 3, Nemotron 3
    Rule("head", pieces=("lm_head", "unembed.", "embed_out", "generator_", "qa_outputs", "lm_loss", "vocab_projector")),
    Rule("head", pieces=("vocab_transform", "predictions", "codebooks_head", "contact_head", "logits_dense")),
    Rule("head", words=("class_embed", "pred_layer", "projection_head"), pieces=("bbox_embed.",)),
    Rule(
        "embedding", pieces=("embed", "embd", "position_encoding", "positional_encoding"), tokens=("emb", "wte", "wpe")
    ),
    Rule("embedding", pieces=("_token.", "_tokens."), words=("image_newline", "token_types")),
    Rule("embedding", words=("codebook",), last=True),
    Rule("embedding", words=("conv", "patch_conv"), patch=True),  # CLIP in its own code
)

# Projections that are named the same in many models, for modules whose own name tells nothing (`self`, `mixer`).
PROJECTIONS = (
    Rule("attention", words=("q_proj", "k_proj", "v_proj", "o_proj", "qkv_proj", "kv_proj", "qkv", "wqkv", "w_pack")),
    Rule("attention", words=("query_key_value", "query", "key", "value", "wq", "wk", "wv", "q_lin", "k_lin", "v_lin")),
    Rule("attention", words=("out_lin", "in_proj_weight", "in_proj_bias", "to_q", "to_k", "to_v", "to_kv", "to_qkv")),
    Rule("attention", words=("to_out", "query_net", "key_net", "value_net", "out_projection")),  # NeMo
    Rule("attention", words=("queries_keys_values", "keys_values", "queries", "assign")),  # LeViT, GroupViT
    Rule("attention", words=("projection",), siblings=("keys_values",)),
    Rule("attention", words=("key_protein", "value_protein", "out_proj", "gate_ffw"), inside=("adapter",)),  # Evolla
    Rule("embedding", words=("w",), lone=True, last=True),  # CTRL
    Rule("attention", words=("wo",), siblings=("wqkv", "wq")),
    Rule("mlp", words=("gate_proj", "up_proj", "down_proj", "gate_up_proj", "c_fc", "fc", "fc_in", "fc_out", "lin")),
    Rule(
        "mlp",
        words=(
            "wi",
            "wi_",
            "w",
            "w_gate",
            "w_up",
            "w_down",
            "linear_fc",
            "dense_in",
            "dense_out",
            "linear_up",
            "linear_down",
        ),
    ),
    Rule("mlp", pieces=("dense_h_to", "h_to_h")),
    Rule("mixer", pieces=("time_mix", "time_decay", "time_first", "time_maa")),
)

# Words that say something for lack of a better one.
PLACES = (
    Rule("mixer", words=("mixer",), children=("in_proj",)),  # Mamba
    Rule("attention", words=("mixer",), children=("qkv",)),  # Phi in its own code
    Rule("mixer", words=("mixer", "temporal_block")),  # RecurrentGemma
    Rule("mlp", words=("linear",), siblings=_ATTENTION),  # torch.nn.TransformerEncoderLayer
    Rule("mlp", words=("layers", "hidden_layers"), bare=True, flat=True),  # DETR's perceptrons
    Rule("mlp", words=("layer",), last=True, flat=True),  # SAM 3's: layer1.weight
    Rule("mlp", words=("proj_in", "proj_out"), siblings=("layers",), flat=True),  # SAM's
    Rule("head", words=("head", "heads", "output", "output_layer", "proj_out", "score", "cls"), lone=True),
    Rule("head", words=("classifier",), lone=True),
    Rule("head", pieces=("_head.", "_heads.", "_classifier."), lone=True, flat=True),
    Rule("head", words=("decoder",), lone=True, last=True),  # ModernBERT
    Rule("embedding", words=("shared", "encoder", "reference_points"), lone=True, last=True),  # T5, Inkling, SAM 3
    Rule("embedding", words=("projection",), inside=("downsample",)),  # FocalNet
    Rule("mlp", words=("output_query",), pieces=("output.", "_inter."), children=("dense", "conv")),  # BERT and kin
    Rule("adapter", pieces=("adapter",), flat=True),
)
