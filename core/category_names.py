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
        pieces: or one of these stands anywhere in it.
        inside: one of these must stand in a word further out.
        children: the module so named must have a word with one of these in it.
        siblings: a word with one of these must stand beside it.
        lone: no list item may lie around it (`lm_head.`, not `layers.0.head.`).
        last: it must be the name's last word, or the last before `weight` or `bias`.
        flat: a tensor of fewer than three dimensions: no convolution.
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
    flat: bool = False


# What was added to a trained model by PEFT: wherever it stands in a name.
ADAPTERS = (
    *("lora_", "loha_", "lokr_", "hada_", "vera_lambda", "boft_", "oft_r", "ia_l", "dora_", "adalora_"),
    *("prompt_embeddings", "prompt_encoder", "adaption_", "prefix_encoder"),
)
# A norm is known by the module that holds the tensor alone: a projection inside a norm (adaptive norms) is none, nor
# is what stands below a prefix such as roberta_prelayernorm.
NORM_PIECES = ("norm",)
NORM_TOKENS = ("ln", "bn", "gn", "rms", "lnorm")
# ... unless it goes on like this.
NO_NORMS = ("proj", "linear", "fc", "mlp", "embed", "embedding", "embeddings", "scale")
# Vectors named `weight` that are no norm's.
VECTORS = ("sinks", "time", "ssm", "channel", "rope", "prelu", "act_fn", "activation", "scale", "layer_scale")

_ATTENTION = ("attn", "attention")
_EXPERTS = ("expert",)

# Words that name a module for what it does.
MODULES = (
    # Factors on a layer's output, wherever they stand: of no category.
    Rule("other", pieces=("layer_scale", "layerscale", "residual_scale", "residual_gate", "attn_gate", "mlp_gate")),
    Rule("other", pieces=("logit_scale", "logit_bias", "rope_freq", "rotary")),
    Rule("other", words=("ls", "gamma_", "lambda_"), last=True),
    # The router of a mixture of experts; a GLU's gate has no experts beside it, and is named gate_proj.
    Rule("router", pieces=("router", "shared_expert_gate", "shared_experts_gate", "e_score_correction", "expert_bias")),
    Rule("router", words=("gate", "gating", "wg", "gate_inp"), siblings=_EXPERTS),
    Rule("router", words=("ffn_gate_inp", "ffn_gate_inp_shexp", "exp_probs_b"), last=True),  # llama.cpp
    # Mixers of tokens that are no attention.
    Rule("mixer", pieces=_ATTENTION, words=("att",), children=("time_decay", "time_maa", "time_first")),  # RWKV
    Rule("mixer", pieces=("linear_attn", "linear_attention", "lightning_attn", "deltanet", "delta_net", "delta_rule")),
    Rule(
        "mixer",
        pieces=("mamba", "ssm", "shortconv", "short_conv", "mlstm", "slstm", "rg_lru", "conv_mixer", "retention"),
    ),
    Rule("mixer", words=("conv",), children=("in_proj",)),  # LFM2
    # Kimi Linear's delta attention
    Rule("mixer", words=("a_log", "dt_bias", "forget_gate", "f_a_proj", "f_b_proj", "g_a_proj", "g_b_proj")),
    # Experts and embeddings that an attention has of its own: JetMoe, relative positions.
    Rule("attention", pieces=("expert", "embed"), tokens=("emb",), inside=_ATTENTION),
    Rule("attention", pieces=_ATTENTION, tokens=("att", "mha", "attns", "sinks")),
    Rule("attention", words=("indexer", "relative_position_bias_table", "relative_attention_bias")),
    Rule("mlp", pieces=("mlp", "ffn", "feed_forward", "feedforward", "expert", "densereludense", "intermediate")),
    Rule("mlp", tokens=("ff", "moe")),
    Rule("head", pieces=("lm_head", "unembed", "embed_out", "generator_", "qa_outputs", "lm_loss", "vocab_projector")),
    Rule("head", pieces=("vocab_transform", "predictions", "codebooks_head", "contact_head", "logits_dense")),
    Rule("head", words=("bbox_embed", "class_embed", "pred_layer", "projection_head")),
    Rule("embedding", pieces=("embed", "position_encoding", "positional_encoding"), tokens=("emb", "wte", "wpe")),
    Rule("embedding", words=("cls_token", "mask_token", "mask_tokens", "register_tokens", "reg_token", "class_token")),
    Rule("embedding", words=("distillation_token", "dist_token", "image_newline")),
    Rule("adapter", pieces=("adapter",), flat=True),
)

# Projections that are named the same in every model, for modules whose own name tells nothing (`mixer`, `self`).
PROJECTIONS = (
    Rule("attention", words=("q_proj", "k_proj", "v_proj", "o_proj", "qkv_proj", "kv_proj", "qkv", "wqkv", "w_pack")),
    Rule("attention", words=("query_key_value", "query", "key", "value", "wq", "wk", "wv", "q_lin", "k_lin", "v_lin")),
    Rule("attention", words=("out_lin", "in_proj_weight", "in_proj_bias", "to_q", "to_k", "to_v", "to_out", "to_qkv")),
    Rule("mlp", words=("gate_proj", "up_proj", "down_proj", "gate_up_proj", "c_fc", "wi", "wi_", "fc", "linear_fc")),
    Rule("mlp", words=("dense_h_to_h", "dense_h_to_", "dense_h_to_h", "w", "lin", "fc_in", "fc_out")),
    Rule("mlp", pieces=("dense_h_to", "h_to_h")),
    Rule("mixer", pieces=("time_mix", "time_decay", "time_first", "time_maa")),
)

# Words that say something for lack of a better one.
PLACES = (
    Rule("attention", words=("mixer",), children=("qkv", "q_proj")),  # Phi, remote code
    Rule("mixer", words=("mixer", "temporal_block")),  # Mamba, RecurrentGemma
    Rule("mlp", words=("linear", "ffn_output"), siblings=_ATTENTION),  # torch.nn.TransformerEncoderLayer
    Rule(
        "head", words=("head", "output", "output_layer", "proj_out", "score", "classifier", "cls", "heads"), lone=True
    ),
    Rule("head", words=("decoder",), lone=True, last=True),  # ModernBERT
    Rule("embedding", words=("shared",), lone=True),  # T5
    Rule("mlp", pieces=("output", "_inter")),  # BERT: a layer's output.dense
)
