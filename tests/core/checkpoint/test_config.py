"""A config in fields: every family's spellings, and whatever JSON stands there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.checkpoint.config import ModelConfig
from tests.support.configs import fields_of

# The fields of published configs that say the least of the model by their names alone.
GPT2 = {"model_type": "gpt2", "n_layer": 12, "n_embd": 768, "n_head": 12, "vocab_size": 50257, "n_positions": 1024}
QWEN3_MOE = {
    "architectures": ["Qwen3MoeForCausalLM"],
    "model_type": "qwen3_moe",
    "head_dim": 128,
    "hidden_size": 2048,
    "intermediate_size": 6144,
    "max_position_embeddings": 40960,
    "moe_intermediate_size": 768,
    "num_attention_heads": 32,
    "num_experts": 128,
    "num_experts_per_tok": 8,
    "num_hidden_layers": 48,
    "num_key_value_heads": 4,
    "sliding_window": None,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
    "use_sliding_window": False,
    "vocab_size": 151936,
}
DEEPSEEK_V3 = {
    "model_type": "deepseek_v3",
    "kv_lora_rank": 512,
    "n_routed_experts": 256,
    "n_shared_experts": 1,
    "num_experts_per_tok": 8,
    "num_hidden_layers": 61,
    "num_nextn_predict_layers": 1,
    "q_lora_rank": 1536,
    "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64,
    "quantization_config": {"quant_method": "FP8", "weight_block_size": [128, 128]},
    "v_head_dim": 128,
}


def said(config: dict[str, Any]) -> dict[str, object]:
    """The fields that a config fills otherwise than one that says nothing."""
    nothing = fields_of(ModelConfig.of({}))
    return {name: value for name, value in fields_of(ModelConfig.of(config)).items() if value != nothing[name]}


def test_gpt2_in_its_own_words() -> None:
    assert said(GPT2) == {
        "model_type": "gpt2",
        "language_model_type": "gpt2",
        "layers": 12,
        "hidden_size": 768,
        "hidden_sizes": (768,),
        "heads": 12,
        "vocabulary": 50257,
        "context": 1024,
    }


def test_a_mixture_of_experts() -> None:
    config = ModelConfig.of(QWEN3_MOE)
    assert config.architecture == "Qwen3MoeForCausalLM"
    assert (config.experts, config.experts_used, config.expert_intermediate_size) == ((128,), (8,), 768)
    assert (config.intermediate_size, config.head_dim, config.dtype) == (6144, 128, "BF16")
    assert config.tied == {False}
    assert config.sliding_window is None
    assert config.attentions == ((2048, 32, 4, 128),)


def test_latent_attention_speculative_layers_and_quantisation() -> None:
    config = ModelConfig.of(DEEPSEEK_V3)
    ranks = config.query_rank, config.key_value_rank
    heads = config.query_key_head_dim, config.rotary_head_dim, config.value_head_dim
    assert (ranks, heads) == ((1536, 512), (128, 64, 128))
    assert (config.layers, config.speculative_layers) == (61, range(61, 62))
    assert config.has_quantization_config
    assert (config.quantization.method, config.quantization.present) == ("fp8", True)


def test_of_a_model_within_another_the_outer_one_is_asked_first() -> None:
    inner = {"model_type": "gemma3_text", "hidden_size": 2560, "num_hidden_layers": 34, "sliding_window": 1024}
    vision = {"model_type": "siglip_vision_model", "hidden_size": 1152, "num_attention_heads": 16}
    config = ModelConfig.of({"model_type": "gemma3", "hidden_size": 9, "text_config": inner, "vision_config": vision})
    assert (config.model_type, config.language_model_type) == ("gemma3", "gemma3_text")
    assert (config.hidden_size, config.hidden_sizes) == (9, (9, 2560))
    assert (config.layers, config.sliding_window, config.heads) == (34, 1024, None)


def test_ties_said_both_ways_are_both_kept() -> None:
    config = ModelConfig.of({"tie_word_embeddings": True, "text_config": {"tie_word_embeddings": False}})
    assert config.tied == {True, False}
    assert not ModelConfig.of({"tie_word_embeddings": 1}).tied


@pytest.mark.parametrize(
    ("config", "shared"),
    [
        ({"multi_query": True}, 1),
        ({"multi_query": True, "new_decoder_architecture": True, "num_kv_heads": 8}, 8),
        ({"multi_query": True, "multi_query_group_num": 2}, 2),
    ],
)
def test_one_key_for_several_queries_is_told_in_many_ways(config: dict[str, Any], shared: int) -> None:
    sizes = {"hidden_size": 4096, "num_attention_heads": 32}
    assert ModelConfig.of({**sizes, **config}).attentions == ((4096, 32, shared, 128),)


def test_a_window_that_is_turned_off_is_none() -> None:
    assert ModelConfig.of({"sliding_window": 4096, "use_sliding_window": False}).sliding_window is None
    assert ModelConfig.of({"sliding_window": 4096, "use_sliding_window": True}).sliding_window == 4096
    assert ModelConfig.of({"layer_types": ["full_attention", "mamba"]}).layer_types == ("full_attention", "mamba")


def test_settings_of_a_module_come_first() -> None:
    quantization = ModelConfig.of(
        {"quantization": {"bits": 4, "group_size": 64, "lm_head": {"bits": 8, "group_size": 32}}}
    ).quantization
    assert quantization.schemes("lm_head") == [(8, 32), (4, 64), (8, 32)]
    assert quantization.schemes("model.up_proj") == [(4, 64), (8, 32)]


@pytest.mark.parametrize("raw", [None, [], 3, "config", [{}]])
def test_anything_but_an_object_says_nothing(raw: object) -> None:
    assert fields_of(ModelConfig.of(raw)) == fields_of(ModelConfig.of({}))


KEYS = sorted({*GPT2, *QWEN3_MOE, *DEEPSEEK_V3, "text_config", "moe_config", "ffn_config", "layer_types", "is_moe"})
ODD = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
VALUES = st.recursive(ODD, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner))


@given(st.dictionaries(st.sampled_from(KEYS), VALUES))
def test_of_any_json_numbers_are_above_0_and_the_rest_is_of_its_type(raw: dict[str, Any]) -> None:
    config = ModelConfig.of(json.loads(json.dumps(raw)))
    for name, value in fields_of(config).items():
        if type(value) is int:
            assert value > 0, name
    assert all(n > 0 for n in (*config.hidden_sizes, *config.experts_used))
    assert all(n > 0 for attention in config.attentions for n in attention)
    assert all(isinstance(text, str) for text in (config.model_type, config.dtype, *config.layer_types))
    assert len(config.speculative_layers) <= 16
    assert all(0 < bits <= 16 for bits, _ in config.quantization.schemes("lm_head"))
