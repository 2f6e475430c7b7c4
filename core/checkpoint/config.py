"""What a model's config says, whatever its keys are called: widths, experts, quantisation, adapters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

# As the configs of transformers call them, and those of DBRX (inside `ffn_config`), Mistral, Yuan, DeepSeek's own,
# Megatron, GGUF.
_NUMBERS_OF_EXPERTS = (
    *("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts", "num_moe_experts", "n_experts"),
    *("num_routed_experts", "expert_count"),
)
_EXPERTS_PER_TOKEN = (
    *("num_experts_per_tok", "num_experts_per_token", "moe_top_k", "moe_topk", "moe_k", "top_k_experts"),
    *("experts_per_token", "n_activated_experts", "num_selected_experts", "expert_used_count"),
    "moe_router_topk",
)
_INSIDE = ("ffn_config", "moe", "moe_config")
# transformers, models/switch_transformers and nllb_moe: fixed by the model, not by its config.
_FIXED = {"switch_transformers": 1, "nllb-moe": 2}


def experts_said(config: Mapping[str, Any]) -> tuple[list[int], list[int]]:
    """How many routed experts a layer has and how many work on a token, by the config: one number, or one a layer."""
    if config.get("is_moe") is False:  # Doge: its config has numbers of experts all the same
        return [], []
    parts = sections(config)
    parts += [inside for part in parts for key in _INSIDE if isinstance(inside := part.get(key), dict)]
    experts = next((n for part in parts for key in _NUMBERS_OF_EXPERTS if (n := _numbers(part.get(key)))), [])
    used = next((n for part in parts for key in _EXPERTS_PER_TOKEN if (n := _numbers(part.get(key)))), [])
    model = config.get("model_type")
    if not used and isinstance(model, str) and model in _FIXED:
        used = [_FIXED[model]]
    if model == "ernie4_5_moe_vl":
        # For text and for pictures; a token is of one of them.
        experts = [sum(experts)]
    return experts, used


def _numbers(value: object) -> list[int]:
    """A number above 0, or a list of such (Hunyuan's `moe_topk`), as a list; empty for all else."""
    values = value if isinstance(value, list) else [value]
    numbers = [n for n in values if type(n) is int and n > 0]
    return numbers if len(numbers) == len(values) else []


# Where multimodal models keep the config of their language model.
_LANGUAGE_MODEL = ("text_config", "language_config", "llm_config", "thinker_config")
# What configs of transformers' models call these, and those of the models' own code; the most frequent first.
HIDDEN_SIZE = ("hidden_size", "n_embd", "d_model", "dim", "embed_dim")
HEADS = ("num_attention_heads", "n_head", "num_heads", "n_heads", "encoder_attention_heads")
KEY_VALUE_HEADS = ("num_key_value_heads", "num_kv_heads", "n_head_kv", "n_kv_heads", "multi_query_group_num")
HEAD_SIZE = ("head_dim", "kv_channels")
_QUANTIZATION = ("quantization_config", "quantization", "compression_config")
_BITS = ("bits", "num_bits", "nbits", "w_bit", "wbits")
_GROUP = ("group_size", "q_group_size")
# quanto says `"weights": "int4"`.
_NAMED_BITS = {"int2": 2, "int4": 4, "int8": 8, "float8": 8}
_MOST_PARTS = 20_000
"""Of a quantisation's config that are looked at; settings for each module have hundreds, a hostile one millions."""
_MOST_SCHEMES = 16


def sections(config: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The config itself, then that of the language model inside it, where there is one."""
    parts: list[Mapping[str, Any]] = [config]
    for part in parts:
        parts += [value for key in _LANGUAGE_MODEL if isinstance(value := part.get(key), dict)][: 4 - len(parts)]
    return parts


def numbers(parts: Iterable[Mapping[str, Any]], keys: Iterable[str]) -> list[int]:
    """What some configs have under some keys, of that the whole numbers above 0; the first config's first key first."""
    return [value for part in parts for key in keys if type(value := part.get(key)) is int and value > 0]


class Scheme(NamedTuple):
    """How many bits a weight takes, and how many weights share a scale (0 where that is not said)."""

    bits: int
    group_size: int


class QuantizationConfig:
    """The `quantization_config` of a config.json, MLX's `quantization`, or nothing.

    Settings for some modules alone are often told by patterns (GPTQModel's `dynamic`, the targets of
    compressed-tensors). They are not matched, which a hostile pattern could make endless: of all settings in it, the
    tensors' shapes say which one holds.

    Attributes:
        method: its `quant_method` in lower case; "" where none is named.
        format: its `format`, likewise.
        present: whether there is such a part at all.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        found = [part[key] for part in sections(config) for key in _QUANTIZATION if isinstance(part.get(key), dict)]
        self._part: dict[str, Any] = found[0] if found else {}
        self.present = bool(self._part)
        self.method, self.format = (_word(self._part.get(key)) for key in ("quant_method", "format"))
        self._schemes = list(dict.fromkeys(_schemes(self._part)))[:_MOST_SCHEMES]

    def schemes(self, module: str) -> list[Scheme]:
        """All settings, those of a module first where they are given under its name (MLX, AutoRound)."""
        inside = self._part.get("extra_config")
        for part in (self._part, inside if isinstance(inside, dict) else {}):
            own = part.get(module)
            if isinstance(own, dict) and (scheme := _scheme(own)):
                return [scheme, *self._schemes]
        return self._schemes

    def sizes(self, module: str) -> tuple[int, int] | None:
        """`out_features` and `in_features` of a module, where its settings have them (VPTQ)."""
        layers = self._part.get("config_for_layers")
        own = layers.get(module) if isinstance(layers, dict) else None
        if not isinstance(own, dict):
            return None
        rows, columns = own.get("out_features"), own.get("in_features")
        return (rows, columns) if type(rows) is int and type(columns) is int and min(rows, columns) > 0 else None


def _schemes(part: dict[str, Any]) -> Iterator[Scheme]:
    """Every setting in it, the outer ones first."""
    parts: list[Any] = [part]
    for value in parts:
        if isinstance(value, dict) and (scheme := _scheme(value)):
            yield scheme
        inside = list(value.values()) if isinstance(value, dict) else value
        if len(parts) < _MOST_PARTS:
            parts += [below for below in inside[:_MOST_PARTS] if isinstance(below, (dict, list))]


def _scheme(part: dict[str, Any]) -> Scheme | None:
    bits = next((part[key] for key in _BITS if type(part.get(key)) is int), 0) or _NAMED_BITS.get(
        _word(part.get("weights")), 0
    )
    group = next((part[key] for key in _GROUP if type(part.get(key)) is int), 0)
    return Scheme(bits, max(group, 0)) if 0 < bits <= 16 else None


def _word(value: object) -> str:
    return value.lower() if isinstance(value, str) else ""


def is_adapter(config: Mapping[str, Any]) -> bool:
    """Whether a checkpoint's config is that of an adapter: all that it trains is one."""
    return "peft_type" in config
