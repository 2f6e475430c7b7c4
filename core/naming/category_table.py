"""The rules by which a tensor's name tells its category: "a word that looks like this, in a place like this, is that".

A name is read word by word from its end (words stand between dots, digits are gone): the innermost word that a rule
is about decides, as the innermost module that holds a tensor decides what it is. A list item (`layers.0.`) closes a
part of a name: all three tables are asked about what stands in it before they are asked about a word further out. In a
table the first rule that fits a word decides.

Rules need no model where many models use the word, such as `attn` in `self_attn.q_proj`. Where the word comes from one
model, that model stands in a comment. Plain words of projections and routers come from `core.naming.components`.
"""

from __future__ import annotations

from collections.abc import Iterable

from core.naming.components import ATTENTION, KEY_TOKENS, MLP, OTHER_MLP, QUERY_TOKENS, ROUTER, VALUE_TOKENS, Component


class Rule:
    """Tensors whose names have a certain word in a certain place are of one category.

    A rule is asked about a word if it is one of `words`, if one of `tokens` is a part of it between underscores, or if
    one of `pieces` stands anywhere in it. Then all its conditions must hold. Words in conditions, too, may stand
    anywhere in the other word; in them and in `pieces` a dot means the word's beginning or end, and two dots an item
    of a list.

    Attributes:
        category: what such a tensor is; "" where the word tells no more than that words further out tell nothing, so
            that what stands beside the tensor and its shape decide (see `core.classify.categorizer`).
        words: whole words.
        tokens: words between underscores.
        pieces: parts of a word.
        ancestor: a word further out must have one of these.
        no_ancestor: no word further out may have one of these.
        child: a word directly inside the module so named must have one of these.
        no_child: no word directly inside it may have one of these.
        same_module: a word in the same module must have one of these.
        outside_lists: the word must not lie in an item of a list: `lm_head.`, not `layers.0.head.`.
        last: it must be the name's last word, or the last before `weight` or `bias`.
        list_of_weights: it must be a list whose items are weights themselves.
        not_convolution: the tensor must not be a convolution's; one along a sequence whose kernel is one point long
            is a matrix.
        pointwise: the tensor must be a 1 × 1 convolution's.
        one_point: not all weights with the tensor's template may be kernels over an image of more than one point.
        one_shape: all weights with the tensor's template must have one shape.
        image_patches: the tensor must be a convolution over three colours with patches of 8 × 8 points or more.
        overlapping: the module must hold a kernel with a point in its middle, as patches have none.
        in_attention: queries and keys must stand in the same module.
    """

    __slots__ = (
        *("category", "words", "tokens", "pieces", "ancestor", "no_ancestor", "child", "no_child", "same_module"),
        *("outside_lists", "last", "list_of_weights", "not_convolution", "pointwise", "one_shape", "image_patches"),
        *("one_point", "overlapping", "in_attention"),
    )

    def __init__(
        self,
        category: str,
        words: str | Iterable[str] = "",
        *,
        tokens: str | Iterable[str] = "",
        pieces: str | Iterable[str] = "",
        ancestor: str = "",
        no_ancestor: str = "",
        child: str = "",
        no_child: str = "",
        same_module: str = "",
        outside_lists: bool = False,
        last: bool = False,
        list_of_weights: bool = False,
        not_convolution: bool = False,
        pointwise: bool = False,
        one_shape: bool = False,
        image_patches: bool = False,
        one_point: bool = False,
        overlapping: bool = False,
        in_attention: bool = False,
    ) -> None:
        """Takes the conditions; a list of words may be one text with spaces between them."""
        self.category = category
        self.words = _listed(words)
        self.tokens = _listed(tokens)
        self.pieces = _listed(pieces)
        self.ancestor = _listed(ancestor)
        self.no_ancestor = _listed(no_ancestor)
        self.child = _listed(child)
        self.no_child = _listed(no_child)
        self.same_module = _listed(same_module)
        self.outside_lists = outside_lists
        self.last = last
        self.list_of_weights = list_of_weights
        self.not_convolution = not_convolution
        self.pointwise = pointwise
        self.one_shape = one_shape
        self.image_patches = image_patches
        self.one_point = one_point
        self.overlapping = overlapping
        self.in_attention = in_attention


def _listed(words: str | Iterable[str]) -> tuple[str, ...]:
    return tuple(words.split() if isinstance(words, str) else words)


def _words_of(components: Iterable[Component]) -> list[str]:
    """The words that mean one of some components wherever they stand."""
    return [word for component in components for word in component.words]


# A vector named `weight` is a norm's wherever the module's other tensors are matrices, whatever the module is called,
# unless the module has one of these in its name.
NOT_NORM_VECTORS = (
    *("sinks", "time_", "channel_", "ssm", "rope", "prelu", "activation", "scale", "probs"),
    *("linear", "conv"),  # e3nn keeps its matrices as vectors
    "gamma",  # Sapiens' layer scales
    *("gate", "ls", "image_", "boi", "eoi"),  # llama.cpp: Qwen2-MoE's shared expert, layer scales, tokens of an image
)

# Many keep their norms in lists, so that their modules have no names. These are the tensors' own names, and no other
# vector that stands alone in its module is called so, but for what scales a layer: modules with one of the second.
NAMELESS_NORM = frozenset({"g", "b", "gamma", "beta"})
SCALES = ("ls", "scale", "gamma")

# Words that mean a query, a key or a value where queries stand beside keys.
QUERY_BESIDE_KEY = Rule("attention", tokens=QUERY_TOKENS | KEY_TOKENS | VALUE_TOKENS, in_attention=True)

# Words that name a module for what it does.
MODULES = (
    # Diffusers before PEFT; a mixer has a `w_lora` of its own, a list of two layers.
    Rule("adapter", tokens="lora", child=".down. .up."),
    Rule("adapter", "alpha", same_module="lora lokr_ hada_ oft_", last=True),
    # Factors and offsets, of no category wherever they stand but among the kernels of a ConvNeXt.
    Rule("convolution", "gamma layer_scale layer_scale_parameter", same_module="conv .dw."),
    Rule("other", pieces="layer_scale layerscale ffn_scale residual_scale residual_gate"),
    Rule("other", pieces="language_adapter"),  # Pixtral's projector in Mistral's files
    Rule("other", pieces="cross_attn_attn_gate cross_attn_mlp_gate"),  # Llama 3.2 Vision
    Rule("attention", pieces="logit_scale", ancestor="attn attention"),  # Swin v2
    Rule("other", pieces="logit_scale logit_bias rope_freq rotary"),
    Rule("other", "ls gamma gamma_ gamma_xca lambda_", last=True),  # BEiT, timm, Sapiens
    Rule("other", tokens="hc", pieces="hyper_connection"),  # DeepSeek-V4, Qwen4
    # A squeeze and excitation weighs channels, and is named for an attention, or not at all.
    Rule("other", "se se_module", pieces="squeeze_ex"),
    Rule("head", "fc", same_module="level", outside_lists=True, last=True, pointwise=True),  # DLA
    Rule("other", "fc fc_reduce fc_select", no_ancestor="mlp ffn feed linear head logits", pointwise=True),
    Rule("other", pieces="_residual", last=True),  # Doge
    # The router of a mixture of experts. A GLU's gate has no experts in its module, and is named gate_proj.
    Rule("router", pieces=ROUTER.pieces),
    Rule("router", "gate gating wg gate_weight gate_bias", same_module="expert"),
    Rule("router", "gate", ancestor="moe", same_module="up_proj"),  # Step 3
    Rule("router", "gate_weight", ancestor="shared_expert"),  # Megatron
    Rule("router", "gate", same_module="mlp_weight"),  # gpt-oss in its own code
    # What mixes tokens and is no attention; FastViT, EfficientFormer and iFormer have mixers of both kinds.
    Rule(
        "attention", "qkv q k v v_local v_gate stride_conv talking_head proj", ancestor="mixer", same_module="qkv .q."
    ),
    Rule("other", "short_conv", pointwise=True),  # GhostNetV2
    Rule("mixer", tokens="ih hh"),  # torch.nn.LSTM, GRU, RNN and their cells
    Rule("mixer", "w u", tokens="rnn gru", ancestor="rnn gru"),  # SpeechBrain
    Rule("mixer", pieces="mamba .ssm. .ssm_ shortconv short_conv lstm retention token_mixer"),
    Rule("mixer", pieces="linear_attn linear_attention lightning_attn deltanet delta_net"),
    Rule("mixer", "in_proj out_proj x_proj dt_proj convd d", same_module="a_log"),  # Mamba
    Rule("mixer", "rnn_tokens linear_tokens"),  # Sequencer, ResMLP
    Rule("mixer", "att", pieces="attn attention", child="time_ receptance w_lora gk_proj"),  # RWKV
    Rule("mixer", "attn", child="g_norm_swish_gate"),  # RetNet
    # Without a softmax, what is mixed is brought to one scale by a norm of the output.
    Rule("mixer", pieces="attn attention", child=".g_norm. q_conv feature_map", no_child="q_norm kv_a_proj kv_b_proj"),
    Rule("mixer", pieces="attn attention", child="rnn gru lstm"),
    Rule("mixer", pieces="attn attention", child="a_log forget_gate", no_child="kv_a_proj kv_b_proj"),  # delta networks
    Rule("mixer", "conv", child="in_proj"),  # LFM2
    Rule("mixer", pieces="rg_lru recurrent_block"),  # RecurrentGemma
    Rule("mixer", "filter projections out_filter_dense", same_module="out_filter_dense"),  # Evo
    Rule("mixer", "qkv_proj out_proj output_gate", same_module="output_gate"),  # MiniMax
    Rule("mixer", "attn_qkv attn_gate", same_module="ssm_ba ssm_beta"),  # Qwen3-Next in llama.cpp
    # Kimi's delta attention: its layers have the names of the layers with full attention.
    Rule("mixer", "a_log dt_bias forget_gate f_a_proj f_b_proj g_a_proj g_b_proj"),
    Rule(
        "mixer",
        "k_proj v_proj b_proj convd q_convd k_convd v_convd",
        ancestor="attn attention",
        same_module="a_log forget_gate",
    ),
    # What an attention has of its own: tables of relative positions, experts (JetMoe), a query that pools (AIMv2).
    Rule("attention", pieces="position_bias attention_bias cpb", ancestor="attn attention"),
    Rule("attention", pieces="embed embd", tokens="emb", ancestor="attn attention", last=True),
    Rule("attention", pieces="expert", ancestor="attn attention"),
    Rule(
        "attention", "cls_token probe per_dim_scale output_proj", ancestor="head", same_module="k_proj attn attention"
    ),
    Rule("attention", pieces="linear_pos pos_bias_ per_dim_"),  # conformers
    Rule("attention", "filmlayer", same_module="attention"),  # diffusers' T5: what conditions an attention
    Rule("embedding", pieces="relative_attention_bias relative_position_bias rel_pos_bias"),
    Rule("other", "attention", list_of_weights=True),  # RegNet's attention to channels
    Rule("attention", "indexer", pieces="attn attention", tokens="att mha mhsa mhca sinks"),
    Rule("attention", tokens="xca crpe ipa"),  # EdgeNeXt, CoaT, OpenFold
    Rule("head", "ff_out", outside_lists=True),  # OLMo
    Rule("head", "to_out", same_module="token_emb", outside_lists=True, last=True),  # lucidrains
    Rule("head", "mlp", ancestor="log_softmax"),  # Canary in NeMo
    Rule("mlp", pieces="mlp ffn feed_forward feedforward ffw_ ffwd expert densereludense"),
    Rule("mlp", pieces="intermediate", not_convolution=True),
    Rule("mlp", tokens="ff moe swiglu geglu"),
    Rule("mlp", pieces="channel_mix box_rpb_embed _latent_proj"),  # RWKV, SAM 3, Nemotron 3
    Rule("mlp", tokens="transition", not_convolution=True),  # OpenFold
    Rule("head", pieces="lm_head unembed. unembedding embed_out generator_ qa_outputs lm_loss to_logits predictions"),
    Rule("head", pieces="vocab_projector vocab_transform codebooks_head contact_head logits_dense shared_head_head"),
    Rule("head", "class_embed bbox_predictor pred_layer projection_head", pieces="bbox_embed."),
    Rule("head", "word_embeddings_for_head ctc_lo ctc_head", pieces="_qass"),  # Pangu, ESPnet, Parakeet, Splinter
    Rule("head", "predict_state predict_action predict_return joint_net"),  # Decision Transformer, NeMo's RNN-T
    Rule("head", "mask_embed mask_embedder", child="layers .."),  # MaskFormer
    Rule("other", pieces="unembed_ unembd_"),  # Gemma 3n
    Rule("", "backbone bottleneck", ancestor="embed"),  # a network of its own in an embedding
    Rule("", "proj_in proj_out", same_module="transformer_blocks"),
    # What embeds an image or a sound by kernels that overlap is a convolutional network, but for patches and positions.
    Rule("embedding", pieces="patch_emb patch_conv pos_emb pos_conv"),
    Rule("", pieces="embed embd", no_ancestor="patch pos", overlapping=True),
    Rule("embedding", pieces="embed embd position_encoding positional_encoding", tokens="emb wte wtes wpe"),
    Rule("embedding", "position_enc pos_enc pos_conv"),  # PatchTST, FastViT, fairseq
    Rule("embedding", "image_newline token_types", pieces="_token. _tokens."),
    Rule("embedding", "codebook", last=True),
    Rule("embedding", "conv patch_conv proj", image_patches=True),  # CLIP in its own code, MLP-Mixer
)

# Projections that are named the same in many models, for modules whose own name tells nothing (`self`, `mixer`).
PROJECTIONS = (
    Rule("embedding", "query", same_module="mask_head", outside_lists=True, last=True),  # EoMT's objects
    Rule("attention", _words_of(ATTENTION)),
    QUERY_BESIDE_KEY,
    Rule("attention", "out_proj", same_module="in_proj_weight in_proj_bias"),
    Rule("attention", "output_proj", same_module="q_proj"),  # Idefics
    Rule("attention", pieces="_q_proj. _k_proj. _v_proj. qcontent_ kcontent_ qpos_ kpos_"),  # Conditional DETR
    Rule("mixer", "linear", same_module=".lstm. .gru.", ancestor="layers encoder decoder"),  # Demucs
    Rule("attention", "projection", same_module="keys_values"),
    Rule("attention", "key_protein value_protein out_proj gate_ffw", ancestor="adapter"),  # Evolla
    Rule("attention", "wo", same_module="wqkv wq"),  # InternLM2
    Rule("embedding", "w", outside_lists=True, last=True),  # CTRL
    # torchvision; where there are fc1, fc2 and fc3, most of them are no head.
    Rule(
        "head",
        "fc",
        same_module="bn conv stem stage backbone net encoder",
        outside_lists=True,
        last=True,
        one_shape=True,
    ),
    Rule("head", "fc", ancestor="head classifier", outside_lists=True, last=True),  # timm
    Rule(
        "head", "linears decoder_layers", outside_lists=True, list_of_weights=True, one_shape=True
    ),  # MusicGen in its own code, NeMo's CTC
    Rule("mlp", "linear_in linear_out", same_module="linear_in"),  # Moshi in its own code
    Rule("mlp", "c_proj", same_module="fc"),  # Idefics
    Rule("other", "lin", ancestor="modulation img_mod txt_mod"),  # Flux in its own code
    Rule("mlp", _words_of(MLP), pieces=OTHER_MLP.pieces, one_point=True),
    Rule("mixer", pieces="time_mix time_decay time_first time_maa"),  # RWKV
)

# Words that tell a place in the model, and so a category where no better word does.
PLACES = (
    Rule("mixer", "mixer", child="in_proj"),  # Mamba
    Rule("attention", "mixer", child="qkv"),  # Phi in its own code
    # In codecs a mixer and a head may be one convolution, as all between them are.
    Rule("", "mixer", child=".conv.", no_child="proj qkv dt_ a_log"),
    Rule("", "head", child=".conv.", no_child="logits pred cls box reg fc linear", overlapping=True),
    Rule("mixer", "mixer temporal_block"),  # RecurrentGemma
    Rule("mlp", "linear", same_module="attn attention"),  # torch.nn.TransformerEncoderLayer
    Rule("mlp", "layers hidden_layers", list_of_weights=True, not_convolution=True),  # DETR's perceptrons
    Rule("mlp", "layer", last=True, not_convolution=True),  # SAM 3's: layer1.weight
    Rule("mlp", "proj_in proj_out", same_module="layers", not_convolution=True),  # SAM's
    Rule("mlp", "proj_in proj_out", ancestor="layers blocks", not_convolution=True),
    Rule(
        "head",
        "head heads output output_layer output_projection proj_out score classifier cls last_linear logits",
        outside_lists=True,
    ),
    Rule("head", "text_linear final_linear", outside_lists=True, last=True),  # Moshi, GPT-NeoX in their own code
    Rule("head", tokens="head heads classifier", outside_lists=True, not_convolution=True),
    Rule("head", "head", ancestor="shared_head"),  # DeepSeek-V3's prediction of further tokens
    Rule("head", "decoder", outside_lists=True, last=True),  # ModernBERT
    Rule("embedding", "shared encoder reference_points", outside_lists=True, last=True),  # T5, Inkling, SAM 3
    Rule("embedding", "projection", ancestor="downsample"),  # FocalNet
    Rule("mlp", "output_query", pieces="output. _inter.", child="dense conv"),  # BERT, LXMERT
    Rule("adapter", pieces="adapter", not_convolution=True),
)

TABLES = (MODULES, PROJECTIONS, PLACES)
