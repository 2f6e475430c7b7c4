"""What a model's config says, read once into fields, whatever its keys are called and whatever stands under them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from core.checkpoint.dtypes import name_of_torch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from core.checkpoint.quantization import QuantizationConfig

_Section: TypeAlias = "Mapping[str, Any]"

# Fields that are one number, each with what configs call it, the most frequent first: those of transformers' models,
# then those of the models' own code. GGUF's keys are put into these words by core.readers.gguf.config.
_NUMBERS: dict[str, tuple[str, ...]] = {
    "layers": ("num_hidden_layers", "n_layer", "num_layers", "n_layers"),
    "hidden_size": ("hidden_size", "n_embd", "d_model", "dim", "embed_dim"),
    "heads": ("num_attention_heads", "n_head", "num_heads", "n_heads", "encoder_attention_heads"),
    "key_value_heads": ("num_key_value_heads", "num_kv_heads", "n_head_kv", "n_kv_heads", "multi_query_group_num"),
    "head_dim": ("head_dim", "kv_channels"),
    # The last three are BART's, and DistilBERT's and Mistral's own.
    "intermediate_size": (
        *("intermediate_size", "n_inner", "ffn_dim", "d_ff", "ffn_hidden_size"),
        *("encoder_ffn_dim", "hidden_dim"),
    ),
    "expert_intermediate_size": ("moe_intermediate_size",),
    "shared_experts": ("n_shared_experts", "num_shared_experts", "moe_num_shared_experts"),
    "shared_expert_intermediate_size": ("shared_expert_intermediate_size",),
    "vocabulary": ("vocab_size", "padded_vocab_size"),
    "context": (
        *("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "seq_length"),
        "max_sequence_length",
    ),
    "attention_chunk": ("attention_chunk_size",),
    # DeepSeek-V2's latent attention, and of all after it.
    "query_rank": ("q_lora_rank",),
    "key_value_rank": ("kv_lora_rank",),
    "query_key_head_dim": ("qk_nope_head_dim",),
    "rotary_head_dim": ("qk_rope_head_dim",),
    "value_head_dim": ("v_head_dim",),
    # Mamba's own names, those of hybrids of it (Jamba, Bamba, Falcon-H1, Granite), Nemotron-H's.
    "ssm_state_size": ("state_size", "mamba_d_state", "ssm_state_size"),
    "ssm_conv_kernel": ("conv_kernel", "mamba_d_conv"),
    "ssm_expand": ("expand", "mamba_expand"),
    "ssm_heads": ("mamba_n_heads", "mamba_num_heads"),
}
_WINDOW = ("sliding_window", "sliding_window_size", "attention_window_size")
_LAYER_TYPES = ("layer_types", "layers_block_type")
_DTYPE = ("dtype", "torch_dtype")
_QUANTIZATION = ("quantization_config", "quantization", "compression_config")
# As the configs of transformers call them, and those of DBRX (inside `ffn_config`), Mistral, Yuan, DeepSeek's own,
# Megatron, GGUF.
_EXPERTS = (
    *("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts", "num_moe_experts", "n_experts"),
    *("num_routed_experts", "expert_count"),
)
_EXPERTS_USED = (
    *("num_experts_per_tok", "num_experts_per_token", "moe_top_k", "moe_topk", "moe_k", "top_k_experts"),
    *("experts_per_token", "n_activated_experts", "num_selected_experts", "expert_used_count"),
    "moe_router_topk",
)
_AROUND_EXPERTS = ("ffn_config", "moe", "moe_config")
# transformers, models/switch_transformers and nllb_moe: fixed by the model, not by its config.
_FIXED_EXPERTS_USED = {"switch_transformers": 1, "nllb-moe": 2}
# Where multimodal models keep the config of their language model.
_LANGUAGE_MODEL = ("text_config", "language_config", "llm_config", "thinker_config")
_MAX_SECTIONS = 4
"""The config itself, and those of language models inside it."""
_MAX_SPECULATIVE_LAYERS = 16


Attention = tuple[int, int, int, int]
"""Of one model: hidden_size, heads of queries, heads of keys and of values, head_dim; all above 0."""


class ModelConfig:
    """What a checkpoint's config says of the model, as far as anything here asks.

    It is made from any JSON object: what is of another type than it should be is taken as not said. Nothing is derived,
    and no default of a kind of model is put in but where that is noted. A number is above 0, and None where it is not
    said, or null, or one a layer. Where a config has that of a language model inside it (`text_config`), the outer one
    is asked first.

    Attributes:
        architecture: the class that it names first, such as `GPT2LMHeadModel`; None where it names none.
        model_type: the kind of model, such as `gpt2`; "" where it is not said.
        language_model_type: that of the innermost language model: in one that reads pictures too, its text model's.
        is_adapter: whether it is an adapter's: all that such a checkpoint trains is one.
        dtype: in which weights are meant to be (`torch_dtype`), as it is shown: `BF16`; "" where it is not said.
        has_quantization_config: whether it has the key `quantization_config` itself, whatever stands under it.
        tied: what it and the language models inside say of `tie_word_embeddings`: nothing, one, or both.
        shares_embeddings: whether encoder and decoder share theirs (`share_encoder_decoder_embeddings`), as they do
            where that is not said.
        layers: layers of the language model, those for speculative decoding not among them (GGUF's are taken off).
        hidden_size: the width of what goes from layer to layer, in elements.
        hidden_sizes: all that is said of it, in the order asked; several where the outer model has another width.
        heads: attention's heads of queries.
        key_value_heads: those of keys and values, where they are fewer.
        head_dim: the width of one head, in elements; often null where it is hidden_size / heads.
        intermediate_size: the inner width of a dense MLP, in elements; GPT-2 says null for 4 × hidden_size.
        expert_intermediate_size: that of one routed expert, where it is another.
        vocabulary: tokens that have an embedding.
        context: the longest text that it is made for, in tokens.
        experts: routed experts of a layer: one number, or one a layer; empty for a dense model.
        experts_used: how many of them work on a token, likewise; for Switch and NLLB, which fix it, that number.
        tower_experts: of a tower that has experts of its own (`vision_config`) how many work on a token, by the tower's
            name without `_config`.
        zero_experts: whether there are experts that do nothing beside them (LongCat).
        shared_experts: experts of a layer that work on every token.
        shared_expert_intermediate_size: the inner width of all of those together, where it is said.
        speculative_layers: numbers of the layers for speculative decoding that follow the model's own
            (`num_nextn_predict_layers`); empty where there are none.
        sliding_window: how many tokens back a layer with a window looks; None where the config turns it off.
        attention_chunk: tokens of a chunk beyond which a layer with chunks does not look (Llama 4).
        layer_types: what each layer is, in the config's words (`sliding_attention`, `mamba`); empty where not said.
        query_rank: the rank of latent queries, in elements.
        key_value_rank: that of latent keys and values, which are what is kept of a token.
        query_key_head_dim: of a head of latent attention the width without rotation.
        rotary_head_dim: and that of what is rotated.
        value_head_dim: the width of its values.
        ssm_state_size: states of a channel in a state space model (Mamba).
        ssm_conv_kernel: tokens that its convolution sees.
        ssm_expand: its inner width by hidden_size.
        ssm_heads: its heads, where it has such.
        attentions: the attention of the model and of each model inside it (every `…_config`), where all is known.
    """

    __slots__ = (
        *_NUMBERS,
        *("architecture", "attentions", "dtype", "experts", "experts_used", "has_quantization_config", "hidden_sizes"),
        *("is_adapter", "language_model_type", "layer_types", "model_type", "shares_embeddings", "sliding_window"),
        *("speculative_layers", "tied", "tower_experts", "zero_experts", "_quantization"),
    )

    layers: int | None
    hidden_size: int | None
    heads: int | None
    key_value_heads: int | None
    head_dim: int | None
    intermediate_size: int | None
    expert_intermediate_size: int | None
    shared_experts: int | None
    shared_expert_intermediate_size: int | None
    vocabulary: int | None
    context: int | None
    attention_chunk: int | None
    query_rank: int | None
    key_value_rank: int | None
    query_key_head_dim: int | None
    rotary_head_dim: int | None
    value_head_dim: int | None
    ssm_state_size: int | None
    ssm_conv_kernel: int | None
    ssm_expand: int | None
    ssm_heads: int | None

    def __init__(self, raw: _Section) -> None:
        """
        Args:
            raw: the object in a config.json, or its like.
        """
        sections = _sections(raw)
        for field, keys in _NUMBERS.items():
            setattr(self, field, next(_numbers(sections, keys), None))
        self.hidden_sizes = tuple(_numbers(sections, _NUMBERS["hidden_size"]))
        self.architecture = _first_text(raw.get("architectures"))
        self.model_type = _text(raw.get("model_type"))
        self.language_model_type = _text(sections[-1].get("model_type"))
        self.is_adapter = "peft_type" in raw
        self.dtype = _dtype(sections)
        self._quantization = _quantization(sections)
        self.has_quantization_config = "quantization_config" in raw
        said = (part.get("tie_word_embeddings") for part in sections)
        self.tied = frozenset(flag for flag in said if isinstance(flag, bool))
        self.shares_embeddings = raw.get("share_encoder_decoder_embeddings") is not False
        self.experts, self.experts_used = _experts(raw, sections, self.model_type)
        self.tower_experts = dict(_tower_experts(raw))
        self.zero_experts = bool(raw.get("zero_expert_num"))
        self.speculative_layers = _speculative_layers(sections)
        # Qwen2's configs name a window and say beside it that it is not used.
        windowed = [part for part in sections if part.get("use_sliding_window") is not False]
        self.sliding_window = next(_numbers(windowed, _WINDOW), None)
        self.layer_types = _layer_types(sections)
        self.attentions = tuple(_attentions(raw))

    @classmethod
    def of(cls, raw: object) -> ModelConfig:
        """The config in parsed JSON; of anything but an object, one that says nothing."""
        return cls(raw if isinstance(raw, dict) else {})

    @property
    def quantization(self) -> QuantizationConfig:
        """How its weights are quantised, read anew each time; it says nothing where they are not."""
        # Not imported for nothing: most checkpoints are not quantised.
        from core.checkpoint.quantization import QuantizationConfig

        return QuantizationConfig(self._quantization)


def _sections(raw: _Section) -> list[_Section]:
    """The config itself, then that of the language model inside it, where there is one."""
    sections = [raw]
    for section in sections:
        values = [section.get(key) for key in _LANGUAGE_MODEL]
        inside = [value for value in values if isinstance(value, dict)]
        sections += inside[: _MAX_SECTIONS - len(sections)]
    return sections


def _numbers(sections: Sequence[_Section], keys: Sequence[str]) -> Iterator[int]:
    """Of what sections have under some keys the whole numbers above 0; the first key of the first section first."""
    for section in sections:
        for key in keys:
            value = section.get(key)
            if type(value) is int and value > 0:
                yield value


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _first_text(value: object) -> str | None:
    return value[0] if isinstance(value, list) and value and isinstance(value[0], str) else None


def _dtype(sections: Sequence[_Section]) -> str:
    words = (_text(section.get(key)) for section in sections for key in _DTYPE)
    word = next(filter(None, words), "")
    return name_of_torch(word.removeprefix("torch.")) if word else ""


def _quantization(sections: Sequence[_Section]) -> _Section:
    found = (section.get(key) for section in sections for key in _QUANTIZATION)
    return next((section for section in found if isinstance(section, dict)), {})


def _experts(raw: _Section, sections: Sequence[_Section], model_type: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """How many routed experts a layer has and how many work on a token: of each one number, or one a layer."""
    # Doge's config and that of a dense Nemotron-H have numbers of experts all the same.
    if raw.get("is_moe") is False or _lists_dense_layers(sections):
        return (), ()
    inside = [section.get(key) for section in sections for key in _AROUND_EXPERTS]
    sections = [*sections, *(section for section in inside if isinstance(section, dict))]
    experts, used = _one_or_several(sections, _EXPERTS), _one_or_several(sections, _EXPERTS_USED)
    if not used and model_type in _FIXED_EXPERTS_USED:
        used = (_FIXED_EXPERTS_USED[model_type],)
    if model_type == "ernie4_5_moe_vl":
        # For text and for pictures; a token is of one of them.
        experts = (sum(experts),)
    return experts, used


def _lists_dense_layers(sections: Sequence[_Section]) -> bool:
    """Whether layers are listed by what they are, MLPs among them and no mixture of experts."""
    kinds = _layer_types(sections)
    return "mlp" in kinds and "moe" not in kinds


def _tower_experts(raw: _Section) -> Iterator[tuple[str, int]]:
    """Of each tower that says so how many of its experts work on a token."""
    for key, section in raw.items():
        if not key.endswith("_config") or not isinstance(section, dict) or key in _LANGUAGE_MODEL + _AROUND_EXPERTS:
            continue
        used = _one_or_several([section], _EXPERTS_USED)
        if len(used) == 1:
            yield key.removesuffix("_config"), used[0]


def _one_or_several(sections: Sequence[_Section], keys: Sequence[str]) -> tuple[int, ...]:
    """The first that is a number above 0, or a list of such (Hunyuan's `moe_topk`); empty where none is."""
    for section in sections:
        for key in keys:
            value = section.get(key)
            values = value if isinstance(value, list) else [value]
            if values and all(type(n) is int and n > 0 for n in values):
                return tuple(values)
    return ()


def _speculative_layers(sections: Sequence[_Section]) -> range:
    """DeepSeek-V3 (README_WEIGHTS.md: `num_nextn_predict_layers`, "Layer ID"), GLM-4.5 and others have them so."""
    for section in sections:
        layers, more = section.get("num_hidden_layers"), section.get("num_nextn_predict_layers")
        if type(layers) is int and type(more) is int and layers > 0 and 0 < more <= _MAX_SPECULATIVE_LAYERS:
            return range(layers, layers + more)
    return range(0)


def _layer_types(sections: Sequence[_Section]) -> tuple[str, ...]:
    for section in sections:
        for key in _LAYER_TYPES:
            kinds = section.get(key)
            if isinstance(kinds, list) and kinds and all(isinstance(kind, str) for kind in kinds):
                return tuple(kinds)
    return ()


def _attentions(raw: _Section) -> Iterator[Attention]:
    """Of the model, then of each model inside it; where several queries share one key, that is told in many ways."""
    inside = (section for key, section in raw.items() if key.endswith("_config") and isinstance(section, dict))
    for section in (raw, *inside):
        keys = (_NUMBERS[field] for field in ("hidden_size", "heads", "key_value_heads", "head_dim"))
        width, heads, shared, head_dim = (next(_numbers([section], names), 0) for names in keys)
        if section.get("multi_query") is True and not section.get("new_decoder_architecture"):
            shared = shared if "multi_query_group_num" in section else 1
        head_dim = head_dim or (width // heads if heads else 0)
        if width and heads and shared and head_dim:
            yield width, heads, shared, head_dim
