"""What the words in names mean: one table of a model's components, for all architectures.

A name is a path of words between dots, `model.layers.0.self_attn.q_proj.weight`. Each component lists the words by
which it goes, in lower case and without digits, wherever a model comes from: transformers, timm, diffusers, llama.cpp
(`attn_q`), Meta's and Mistral's own files (`wq`), NeMo (`query_net`). Who wants to know what a tensor is asks here.
What depends on the place of a word, on its neighbours or on shapes, the rules of `core.naming.category_table` tell.
"""

from __future__ import annotations


class Component:
    """One kind of tensor or module, and what it is called.

    Attributes:
        name: what it is, as it is shown where a category is broken down.
        words: whole words that mean it wherever they stand.
        words_within: whole words that mean it only within a module of its category, such as `q` in an attention.
        pieces: what means it anywhere in a word.
        paths: several words in a row, with the dots around them.
    """

    __slots__ = ("_no_width", "name", "paths", "pieces", "words", "words_within")

    def __init__(
        self,
        name: str,
        words: str = "",
        *,
        within: str = "",
        no_width: str = "",
        pieces: str = "",
        paths: str = "",
    ) -> None:
        """Takes lists of words as texts with spaces; `no_width` has the words that `gives_width` leaves out."""
        self.name = name
        self.words = frozenset(words.split())
        self.words_within = frozenset(within.split())
        self._no_width = frozenset(no_width.split())
        self.pieces = tuple(pieces.split())
        self.paths = tuple(paths.split())

    @property
    def all_words(self) -> frozenset[str]:
        """All words that mean it within a module of its category."""
        return self.words | self.words_within

    def has_word_in(self, name: str) -> bool:
        """Whether a whole word of a name is one of its own, or one that means it within its category."""
        return not self.all_words.isdisjoint(name.lower().split("."))

    def gives_width(self, name: str) -> bool:
        """Whether a tensor with this name belongs to a module by whose shape a model's widths are told.

        Words that take their input from elsewhere in cross-attention (diffusers' `to_k`) tell none, nor do those that
        models use whose queries, keys and outputs are as wide as the model itself.
        """
        inner_modules = name.split(".")[1:-1]
        return not (self.all_words - self._no_width).isdisjoint(inner_modules)

    def has_piece_in(self, name: str) -> bool:
        """Whether one of its pieces stands in a name."""
        name = name.lower()
        return any(piece in name for piece in self.pieces)

    def has_path_in(self, template: str) -> bool:
        """Whether one of its paths stands in a name without digits."""
        name = f".{template}."
        return any(path in name for path in self.paths)


# Attention.
QUERY = Component(
    "query",
    "q_proj query wq q_lin to_q queries",
    within="q attn_q query_proj q_head",
    no_width="q_lin to_q queries query_proj q_head",
)
KEY = Component(
    "key",
    "k_proj key wk k_lin to_k",
    within="k attn_k key_proj k_head keys",
    no_width="k_lin to_k key_proj k_head keys",
)
VALUE = Component("value", "v_proj value wv v_lin to_v", within="v attn_v value_proj v_head values")
QUERY_KEY_VALUE = Component(
    "query, key, value together",
    "qkv qkv_proj wqkv query_key_value to_qkv",
    within="w_qkv c_attn attn_qkv in_proj qkv_net qkv_linear",
    pieces="qkv query_key_value c_attn w_pack in_proj",
)
KEY_VALUE = Component("key, value together", "kv_proj to_kv", within="kv key_value c_kv")
# Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434) projects down to a small rank and up again, which is
# neither a key nor a value alone. Each has transformers' name, llama.cpp's and DeepSeek's own.
QUERY_DOWN = Component("q_a", within="q_a_proj attn_q_a wq_a")
QUERY_UP = Component("q_b", within="q_b_proj attn_q_b wq_b")
KEY_VALUE_DOWN = Component("kv_a", within="kv_a_proj_with_mqa attn_kv_a_mqa wkv_a")
KEY_VALUE_UP = Component("kv_b", within="kv_b_proj attn_kv_b wkv_b")
KEY_UP = Component("k_b", within="k_b_proj attn_k_b")
VALUE_UP = Component("v_b", within="v_b_proj attn_v_b")
ATTENTION_OUTPUT = Component(
    "output",
    "o_proj out_lin to_out",
    within="o out_proj wo attn_output attn_out output dense c_proj proj o_net post_proj",
    no_width="out_lin to_out o out_proj attn_out output dense c_proj proj o_net post_proj",
)
# Words of attention that no breakdown tells apart: Baichuan, torch.nn.MultiheadAttention, NeMo, LeViT, GroupViT.
OTHER_ATTENTION = Component(
    "",
    "w_pack in_proj_weight in_proj_bias q_proj_weight k_proj_weight v_proj_weight bias_k bias_v"
    " query_net key_net value_net out_projection queries_keys_values keys_values assign",
)
# Words between underscores that mean query, key or value where queries stand beside keys, or both in one.
QUERY_TOKENS = frozenset({"q", "query", "queries", "qk", "qkv"})
KEY_TOKENS = frozenset({"k", "key", "keys", "kv", "qk", "qkv"})
VALUE_TOKENS = frozenset({"v", "value", "values"})
# What may stand in such a word beside them. Any other, such as `attn` in llama.cpp's `attn_q`, names the attention
# itself, so that what the word stands beside is a whole layer.
PROJECTION_TOKENS = frozenset(
    {
        *("to", "in", "proj", "projection", "projector", "conv", "convd", "linear", "lin", "fc", "w", "net", "layer"),
        *("dense", "mat", "weight", "bias"),
    }
)
LATENT_NORM = Component("norm of the latent", within="kv_a_layernorm kv_norm attn_kv_a_norm")
CROSS_ATTENTION = Component(
    "cross-attention",
    "encdecattention encoder_attn src_attn multihead_attn",  # T5; BART, Whisper; ESPnet; torch.nn.TransformerDecoder
    pieces="cross",
)
ATTENTION = (
    *(QUERY, KEY, VALUE, QUERY_KEY_VALUE, KEY_VALUE),
    *(QUERY_DOWN, QUERY_UP, KEY_VALUE_DOWN, KEY_VALUE_UP, KEY_UP, VALUE_UP),
    *(ATTENTION_OUTPUT, OTHER_ATTENTION),
)

# MLPs; a GLU has a gate beside its projection up. The words with `vis_` are CogVLM's in llama.cpp, those with `h_to`
# GPT-NeoX's, `w_in` those of many models' w1, w2 and w3.
GATE = Component("gate", "gate_proj w_gate vis_gate")
UP = Component("up", "up_proj w_up linear_up vis_up c_fc fc_in dense_in")
DOWN = Component("down", "down_proj w_down linear_down vis_down fc_out dense_out")
GATE_UP = Component("gate, up together", "gate_up_proj")
OTHER_MLP = Component("", "fc lin wi wi_ w linear_fc", pieces="dense_h_to h_to_h")
MLP = (GATE, UP, DOWN, GATE_UP, OTHER_MLP)

# Mixtures of experts. A router's gate has no word of its own: `gate` is a GLU's elsewhere.
ROUTER = Component(
    "router",
    pieces="router shared_expert_gate shared_experts_gate expert_bias per_expert_scale"
    " e_score_correction"  # DeepSeek-V3
    " gate_inp exp_probs_b",  # llama.cpp
)
# An expert that the router may leave out: in a module of experts, or in a stack of all (GGUF, MLX, Granite, JetMoE;
# Step 3, Mixtral and gpt-oss in their makers' own files).
ROUTED_EXPERT = Component(
    "experts",
    paths=".experts. .expert. _exps. .switch_mlp. .block_sparse_moe.input_linear. .block_sparse_moe.output_linear."
    " .mlp.input_linear. .mlp.output_linear. .moe.gate_proj. .moe.up_proj. .moe.down_proj. .block_sparse_moe.w."
    " .mlp.mlp_weight. .mlp.mlp_bias.",
)
# One that has a number in its name, and so tensors of its own; the last three in GGUF files of before 2024.
NUMBERED_EXPERT = Component("experts", paths=".experts.. .expert.. .experts.expert_. .ffn_up.. .ffn_down.. .ffn_gate..")
# One that works on every token: most models; Step 3; GGUF; Hunyuan and Granite.
SHARED_EXPERT = Component("shared experts", pieces="shared_expert share_expert _shexp shared_mlp")

# Embeddings and heads. These words are those of the one table that a head may share its values with.
INPUT_EMBEDDING = Component(
    "input embedding",
    "wte embed_tokens word_embeddings tok_embeddings embed_in shared token_embd word_embedding tok_embed tokens_embed"
    " embeddings embedding",
    pieces="embed wte tok_emb",
)
POSITION_EMBEDDING = Component("position embedding", pieces="wpe position pos_emb")
OUTPUT_HEAD = Component(
    "output head",
    "lm_head embed_out output decoder generator_lm_head vocab_projector output_projection proj_out lm_loss",
)
# The head of a layer for speculative decoding; the second word is llama.cpp's.
SPECULATIVE_HEAD = Component("speculative head", "head shared_head_head")

# Norms. A norm's module has `norm` in its name, or one of these between underscores, but none of the last word's below.
NORM = Component("norm", "ln bn gn rms", pieces="norm")
GROUP_NORM = Component("group norm", pieces="groupnorm group_norm")
# What ends with one of these has a norm in its name for where it stands, and is none.
NO_NORM = Component("no norm", "proj linear fc mlp embed embedding embeddings scale")

# What PEFT, kohya's scripts and LyCORIS add to a trained model, wherever it stands in a name. The words stand last:
# what LyCORIS adds to a weight or a bias as it is, and the magnitudes of DoRA.
ADAPTER = Component(
    "adapter",
    "diff diff_b dora_scale",
    pieces="lora_ lycoris_ loha_ lokr_ hada_ vera_lambda boft_ oft_r ia_l adalora_ prompt_embeddings adaption_"
    " adapter_list",
)

WEIGHT_WORDS = ("weight", "qweight", "weight_packed")
"""Last words of names that are a module's weights, whole or packed."""
PARAMETER_WORDS = {"weight", "bias", "qweight", "scales", "kernel"}
"""Names of the parameters within a module, which tell nothing of what the module computes."""
