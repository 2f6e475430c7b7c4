"""The names by which a tensor's category is known: "a word that looks like this, in a place like this, is that".

A name is read word by word from its end (words stand between dots, digits are gone): the innermost word that a rule
knows decides, as the innermost module that holds a tensor decides what it is. A list item (`layers.0.`) closes a part
of a name: what stands in it is asked by all three tables before a word further out is. In a table the first rule that
fits a word decides.

The general ones need no word: `self_attn.q_proj` is attention for `attn`. The odd ones have the model they come from
beside them.
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
        inside: one of these must stand in a word further out;
        outside: none of these may.
        holds: the module so named must have a word with one of these in it, a dot meaning its beginning or end
            and two an item of a list;
        lacks: and none with one of these.
        beside: a word with one of these must stand beside it, a dot meaning the same.
        lone: no list item may lie around it (`lm_head.`, not `layers.0.head.`).
        last: it must be the name's last word, or the last before `weight` or `bias`.
        bare: it must be a list whose items are weights themselves.
        flat: it is no convolution's, but one along a sequence whose kernel is one point, which is a matrix.
        point: it is a 1 × 1 convolution's.
        sole: of the weights with its name without digits, none has another shape.
        patch: it is a convolution that takes patches of an image in, of 8 × 8 points or more.
    """

    category: str
    words: tuple[str, ...]
    tokens: tuple[str, ...]
    pieces: tuple[str, ...]
    inside: tuple[str, ...]
    outside: tuple[str, ...]
    holds: tuple[str, ...]
    lacks: tuple[str, ...]
    beside: tuple[str, ...]
    lone: bool
    last: bool
    bare: bool
    flat: bool
    point: bool
    sole: bool
    patch: bool


def _rule(
    category: str,
    words: str = "",
    *,
    tokens: str = "",
    pieces: str = "",
    inside: str = "",
    outside: str = "",
    holds: str = "",
    lacks: str = "",
    beside: str = "",
    lone: bool = False,
    last: bool = False,
    bare: bool = False,
    flat: bool = False,
    point: bool = False,
    sole: bool = False,
    patch: bool = False,
) -> Rule:
    """A rule from lists that are written with spaces."""
    return Rule(
        category,
        words=tuple(words.split()),
        tokens=tuple(tokens.split()),
        pieces=tuple(pieces.split()),
        inside=tuple(inside.split()),
        outside=tuple(outside.split()),
        holds=tuple(holds.split()),
        lacks=tuple(lacks.split()),
        beside=tuple(beside.split()),
        lone=lone,
        last=last,
        bare=bare,
        flat=flat,
        point=point,
        sole=sole,
        patch=patch,
    )


# What PEFT adds to a trained model, wherever it stands in a name.
ADAPTERS = (
    *("lora_", "loha_", "lokr_", "hada_", "vera_lambda", "boft_", "oft_r"),
    *("ia_l", "adalora_", "prompt_embeddings", "adaption_", "adapter_list"),
)

# A norm is known by the word of the module that holds the tensor alone: a projection inside a norm (adaptive norms)
# is none, nor is what stands below a prefix such as roberta_prelayernorm.
NORM_PIECES = ("norm",)
NORM_TOKENS = frozenset({"ln", "bn", "gn", "rms"})
# ... unless its name ends like this.
NO_NORMS = frozenset({"proj", "linear", "fc", "mlp", "embed", "embedding", "embeddings", "scale"})
# A vector named `weight` is a norm's too, whatever its module is called, since others hold matrices; but these.
NO_NORM_VECTORS = (
    *("sinks", "time_", "channel_", "ssm", "rope", "prelu", "activation", "scale", "probs"),
    *("linear", "conv"),  # e3nn keeps its matrices as vectors
    "gamma",  # Sapiens' layer scales
    *("gate", "ls", "image_", "boi", "eoi"),  # llama.cpp: Qwen2-MoE's shared expert, layer scales, tokens of an image
)

# Nor has a norm in a list (x-transformers) a name; nothing else is a vector that is called so and stands alone.
ALONE = frozenset({"g", "gamma", "beta"})

# Words that name a module for what it does.
MODULES = (
    # Factors and offsets, of no category wherever they stand.
    _rule("other", pieces="layer_scale layerscale ffn_scale residual_scale residual_gate"),
    _rule("other", pieces="language_adapter"),  # Pixtral's projector in Mistral's files
    _rule("other", pieces="cross_attn_attn_gate cross_attn_mlp_gate"),  # Llama 3.2 Vision
    _rule("attention", pieces="logit_scale", inside="attn attention"),  # Swin v2
    _rule("other", pieces="logit_scale logit_bias rope_freq rotary"),
    _rule("other", "ls gamma gamma_ gamma_xca lambda_", last=True),  # BEiT, timm, Sapiens
    _rule("other", tokens="hc", pieces="hyper_connection"),  # DeepSeek-V4, Qwen4
    # A squeeze and excitation weighs channels, and is named for an attention, or not at all.
    _rule("other", "se se_module", pieces="squeeze_ex"),
    _rule("head", "fc", beside="level", lone=True, last=True, point=True),  # DLA
    _rule("other", "fc fc_reduce fc_select", outside="mlp ffn feed linear head logits", point=True),
    _rule("other", pieces="_residual", last=True),  # Doge
    # The router of a mixture of experts. A GLU's gate has no experts beside it, and is named gate_proj.
    _rule("router", pieces="router shared_expert_gate shared_experts_gate expert_bias per_expert_scale"),
    _rule("router", "gate gating wg gate_weight gate_bias", beside="expert"),
    _rule("router", pieces="e_score_correction"),  # DeepSeek-V3
    _rule("router", "gate", inside="moe", beside="up_proj"),  # Step 3
    _rule("router", "gate_weight", inside="shared_expert"),  # Megatron
    _rule("router", "gate", beside="mlp_weight"),  # gpt-oss in its own code
    _rule("router", pieces="gate_inp exp_probs_b"),  # llama.cpp
    # What mixes tokens and is no attention; FastViT, EfficientFormer and iFormer have mixers of both kinds.
    _rule("attention", "qkv q k v v_local v_gate stride_conv talking_head proj", inside="mixer", beside="qkv .q."),
    _rule("other", "short_conv", point=True),  # GhostNetV2
    _rule("mixer", pieces="mamba .ssm. .ssm_ shortconv short_conv lstm retention token_mixer"),
    _rule("mixer", pieces="linear_attn linear_attention lightning_attn deltanet delta_net"),
    _rule("mixer", "in_proj out_proj x_proj dt_proj convd d", beside="a_log"),  # Mamba
    _rule("mixer", "rnn_tokens linear_tokens"),  # Sequencer, ResMLP
    _rule("mixer", "att", pieces="attn attention", holds="time_ receptance w_lora gk_proj"),  # RWKV
    _rule("mixer", "attn", holds="g_norm_swish_gate"),  # RetNet
    _rule("mixer", pieces="attn attention", holds="a_log forget_gate", lacks="kv_a_proj kv_b_proj"),  # delta networks
    _rule("mixer", "conv", holds="in_proj"),  # LFM2
    _rule("mixer", pieces="rg_lru recurrent_block"),  # RecurrentGemma
    _rule("mixer", "filter projections out_filter_dense", beside="out_filter_dense"),  # Evo
    _rule("mixer", "qkv_proj out_proj output_gate", beside="output_gate"),  # MiniMax
    _rule("mixer", "attn_qkv attn_gate", beside="ssm_ba ssm_beta"),  # Qwen3-Next in llama.cpp
    # Kimi's delta attention: its layers have the names of those with full attention beside them.
    _rule("mixer", "a_log dt_bias forget_gate f_a_proj f_b_proj g_a_proj g_b_proj"),
    _rule(
        "mixer",
        "k_proj v_proj b_proj convd q_convd k_convd v_convd",
        inside="attn attention",
        beside="a_log forget_gate",
    ),
    # What an attention has of its own: tables of relative positions, experts (JetMoe), a query that pools (AIMv2).
    _rule("attention", pieces="position_bias attention_bias cpb", inside="attn attention"),
    _rule("attention", pieces="embed embd", tokens="emb", inside="attn attention", last=True),
    _rule("attention", pieces="expert", inside="attn attention"),
    _rule("attention", "cls_token probe per_dim_scale output_proj", inside="head", beside="k_proj attn attention"),
    _rule("attention", pieces="linear_pos pos_bias_ per_dim_"),  # conformers
    _rule("embedding", pieces="relative_attention_bias relative_position_bias"),
    _rule("other", "attention", bare=True),  # RegNet's attention to channels
    _rule("attention", "indexer", pieces="attn attention", tokens="att mha mhsa mhca sinks"),
    _rule("attention", tokens="xca crpe ipa"),  # EdgeNeXt, CoaT, OpenFold
    _rule("head", "ff_out", lone=True),  # OLMo
    _rule("head", "mlp", inside="log_softmax"),  # Canary in NeMo
    _rule("mlp", pieces="mlp ffn feed_forward feedforward ffw_ ffwd expert densereludense intermediate"),
    _rule("mlp", tokens="ff moe swiglu geglu"),
    _rule("mlp", pieces="channel_mix box_rpb_embed _latent_proj"),  # RWKV, SAM 3, Nemotron 3
    _rule("mlp", tokens="transition", flat=True),  # OpenFold
    _rule("head", pieces="lm_head unembed. unembedding embed_out generator_ qa_outputs lm_loss to_logits predictions"),
    _rule("head", pieces="vocab_projector vocab_transform codebooks_head contact_head logits_dense shared_head_head"),
    _rule("head", "class_embed bbox_predictor pred_layer projection_head", pieces="bbox_embed."),
    _rule("head", "word_embeddings_for_head ctc_lo ctc_head", pieces="_qass"),  # Pangu, ESPnet, Parakeet, Splinter
    _rule("head", "predict_state predict_action predict_return joint_net"),  # Decision Transformer, NeMo's RNN-T
    _rule("head", "mask_embed mask_embedder", holds="layers .."),  # MaskFormer
    _rule("other", pieces="unembed_ unembd_"),  # Gemma 3n
    _rule("embedding", pieces="embed embd position_encoding positional_encoding", tokens="emb wte wtes wpe"),
    _rule("embedding", "position_enc pos_enc pos_conv"),  # PatchTST, FastViT, fairseq
    _rule("embedding", "image_newline token_types", pieces="_token. _tokens."),
    _rule("embedding", "codebook", last=True),
    _rule("embedding", "conv patch_conv", patch=True),  # CLIP in its own code
)

# Projections that are named the same in many models, for modules whose own name tells nothing (`self`, `mixer`).
PROJECTIONS = (
    _rule("embedding", "query", beside="mask_head", lone=True, last=True),  # EoMT's objects
    _rule("attention", "q_proj k_proj v_proj o_proj qkv_proj kv_proj qkv wqkv query_key_value query key value"),
    _rule("attention", "wq wk wv w_pack q_lin k_lin v_lin out_lin in_proj_weight in_proj_bias"),
    _rule("attention", "q_proj_weight k_proj_weight v_proj_weight bias_k bias_v"),  # torch.nn.MultiheadAttention
    _rule("attention", "out_proj", beside="in_proj_weight in_proj_bias"),
    _rule("attention", "output_proj", beside="q_proj"),  # Idefics
    _rule("attention", pieces="_q_proj. _k_proj. _v_proj. qcontent_ kcontent_ qpos_ kpos_"),  # Conditional DETR
    _rule("mixer", tokens="ih hh"),  # torch.nn.LSTM, GRU, RNN and their cells
    _rule("attention", "to_q to_k to_v to_kv to_qkv to_out"),  # diffusers
    _rule("attention", "query_net key_net value_net out_projection"),  # NeMo
    _rule("attention", "queries_keys_values keys_values queries assign"),  # LeViT, GroupViT
    _rule("attention", "projection", beside="keys_values"),
    _rule("attention", "key_protein value_protein out_proj gate_ffw", inside="adapter"),  # Evolla
    _rule("attention", "wo", beside="wqkv wq"),  # InternLM2
    _rule("embedding", "w", lone=True, last=True),  # CTRL
    # torchvision; where there are fc1, fc2 and fc3, most of them are no head.
    _rule("head", "fc", beside="bn conv stem stage backbone", lone=True, last=True, sole=True),
    _rule("head", "fc", inside="head", lone=True, last=True),  # timm
    _rule("head", "linears decoder_layers", lone=True, bare=True, sole=True),  # MusicGen in its own code, NeMo's CTC
    _rule("mlp", "linear_in linear_out", beside="linear_in"),  # Moshi in its own code
    _rule("mlp", "c_proj", beside="fc"),  # Idefics
    _rule("other", "lin", inside="modulation img_mod txt_mod"),  # Flux in its own code
    _rule("mlp", "gate_proj up_proj down_proj gate_up_proj c_fc fc fc_in fc_out lin wi wi_ w"),
    _rule("mlp", "w_gate w_up w_down linear_fc linear_up linear_down dense_in dense_out"),
    _rule("mlp", "vis_up vis_gate vis_down", pieces="dense_h_to h_to_h"),  # CogVLM in llama.cpp, GPT-NeoX
    _rule("mixer", pieces="time_mix time_decay time_first time_maa"),  # RWKV
)

# Words that say something for lack of a better one.
PLACES = (
    _rule("mixer", "mixer", holds="in_proj"),  # Mamba
    _rule("attention", "mixer", holds="qkv"),  # Phi in its own code
    _rule("mixer", "mixer temporal_block"),  # RecurrentGemma
    _rule("mlp", "linear", beside="attn attention"),  # torch.nn.TransformerEncoderLayer
    _rule("mlp", "layers hidden_layers", bare=True, flat=True),  # DETR's perceptrons
    _rule("mlp", "layer", last=True, flat=True),  # SAM 3's: layer1.weight
    _rule("mlp", "proj_in proj_out", beside="layers", flat=True),  # SAM's
    _rule("head", "head heads output output_layer output_projection proj_out score classifier cls", lone=True),
    _rule("head", "text_linear final_linear", lone=True, last=True),  # Moshi, GPT-NeoX in their own code
    _rule("head", pieces="_head. _heads. _classifier.", lone=True, flat=True),
    _rule("head", "head", inside="shared_head"),  # DeepSeek-V3's prediction of further tokens
    _rule("head", "decoder", lone=True, last=True),  # ModernBERT
    _rule("embedding", "shared encoder reference_points", lone=True, last=True),  # T5, Inkling, SAM 3
    _rule("embedding", "projection", inside="downsample"),  # FocalNet
    _rule("mlp", "output_query", pieces="output. _inter.", holds="dense conv"),  # BERT, LXMERT
    _rule("adapter", pieces="adapter", flat=True),
)

TABLES = (MODULES, PROJECTIONS, PLACES)
