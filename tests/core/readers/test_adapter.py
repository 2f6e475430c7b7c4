"""Adapters in the layouts that PEFT 0.21 writes (its `save_pretrained`): what is trained counts, as `adapter`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.checkpoints import Tensors, gpt2, write, write_shards
from tests.support.command import Command

LAYER = "base_model.model.model.layers.0.self_attn."
EXPERTS = "base_model.model.model.layers.0.mlp.experts."
LORA: Tensors = {
    f"{LAYER}q_proj.lora_A.weight": ("F32", (16, 32)),
    f"{LAYER}q_proj.lora_B.weight": ("F32", (32, 16)),
    f"{LAYER}v_proj.lora_A.weight": ("F32", (16, 32)),
    f"{LAYER}v_proj.lora_B.weight": ("F32", (32, 16)),
}
LORA_CONFIG = {
    "peft_type": "LORA",
    "base_model_name_or_path": "meta-llama/Llama-3.2-1B",
    "r": 16,
    "target_modules": ["v_proj", "q_proj"],
    "modules_to_save": None,
    "rank_pattern": {},
    "use_dora": False,
}
LORA_NOTE = (
    "an adapter: LoRA, r = 16, on q_proj, v_proj; base model meta-llama/Llama-3.2-1B; its parameters are not in this"
    " file"
)

# Each with its config's peft_type, its tensors of one layer or of all, and how many of their elements are trained, as
# `requires_grad` said of the model that PEFT 0.21.2 saved.
METHODS: dict[str, tuple[dict[str, Any], Tensors, int]] = {
    "LoRA with a head": (
        {"peft_type": "LORA", "modules_to_save": ["lm_head"]},
        {**LORA, "base_model.model.lm_head.weight": ("F32", (100, 32))},
        4 * 16 * 32 + 100 * 32,
    ),
    "LoRA with biases": (
        {"peft_type": "LORA"},
        {**LORA, f"{LAYER}q_proj.lora_B.bias": ("F32", (32,))},
        4 * 16 * 32 + 32,
    ),
    "LoRA on the embedding": (
        {"peft_type": "LORA"},
        {
            "base_model.model.model.embed_tokens.base_layer.weight": ("F32", (100, 32)),
            "base_model.model.model.embed_tokens.lora_embedding_A": ("F32", (4, 100)),
            "base_model.model.model.embed_tokens.lora_embedding_B": ("F32", (32, 4)),
        },
        4 * 132,
    ),
    "LoRA on the parameters of experts": (
        {"peft_type": "LORA", "target_parameters": ["mlp.experts.gate_up_proj", "mlp.experts.down_proj"]},
        {
            f"{EXPERTS}base_layer.lora_A.weight": ("F32", (16, 32)),
            f"{EXPERTS}base_layer.lora_B.weight": ("F32", (64, 16)),
            f"{EXPERTS}lora_A.weight": ("F32", (16, 32)),
            f"{EXPERTS}lora_B.weight": ("F32", (32, 16)),
        },
        16 * (32 + 64 + 32 + 32),
    ),
    "DoRA": (
        {"peft_type": "LORA", "use_dora": True},
        {**LORA, f"{LAYER}q_proj.lora_magnitude_vector": ("F32", (32,))},
        4 * 16 * 32 + 32,
    ),
    "LoHa": (
        {"peft_type": "LOHA"},
        {f"{LAYER}q_proj.hada_w1_a": ("F32", (32, 4)), f"{LAYER}q_proj.hada_w1_b": ("F32", (4, 32))},
        256,
    ),
    "LoKr": (
        {"peft_type": "LOKR"},
        {f"{LAYER}q_proj.lokr_w1": ("F32", (4, 4)), f"{LAYER}q_proj.lokr_w2": ("F32", (8, 8))},
        80,
    ),
    "VeRA": (
        {"peft_type": "VERA"},
        {
            f"{LAYER}q_proj.vera_lambda_b": ("F32", (32,)),
            f"{LAYER}q_proj.vera_lambda_d": ("F32", (8,)),
            "base_model.vera_A": ("F32", (8, 32)),
            "base_model.vera_B": ("F32", (32, 8)),
        },
        40,
    ),
    "RandLoRA": (
        {"peft_type": "RANDLORA"},
        {
            f"{LAYER}q_proj.randlora_A": ("F32", (4, 1, 32)),
            f"{LAYER}q_proj.randlora_B": ("F32", (32, 8, 4)),
            f"{LAYER}q_proj.randlora_gamma": ("F32", (8, 32)),
            f"{LAYER}q_proj.randlora_lambda": ("F32", (4, 8)),
        },
        288,
    ),
    "SHiRA": (
        {"peft_type": "SHIRA"},
        {f"{LAYER}q_proj.shira_weight": ("F32", (128,)), f"{LAYER}q_proj.shira_indices": ("I32", (2, 128))},
        128,
    ),
    "DeLoRA": (
        {"peft_type": "DELORA"},
        {
            f"{LAYER}q_proj.delora_A": ("F32", (4, 32)),
            f"{LAYER}q_proj.delora_B": ("F32", (32, 4)),
            f"{LAYER}q_proj.delora_lambda": ("F32", (1,)),
            f"{LAYER}q_proj.delora_w_norm": ("F32", (32,)),
        },
        257,
    ),
    "OFT": ({"peft_type": "OFT"}, {f"{LAYER}q_proj.oft_R.weight": ("F32", (4, 28))}, 112),
    "BOFT": (
        {"peft_type": "BOFT"},
        {f"{LAYER}q_proj.boft_R": ("F32", (1, 8, 4, 4)), f"{LAYER}q_proj.boft_s": ("F32", (32, 1))},
        160,
    ),
    "IA³": ({"peft_type": "IA3"}, {"base_model.model.model.layers.0.mlp.down_proj.ia3_l": ("F32", (1, 64))}, 64),
    "AdaLoRA": (
        {"peft_type": "ADALORA"},
        {f"{LAYER}q_proj.lora_A": ("F32", (12, 32)), f"{LAYER}q_proj.lora_E": ("F32", (12, 1))},
        396,
    ),
    "layer norm tuning": (
        {"peft_type": "LN_TUNING"},
        {"base_model.model.model.layers.0.input_layernorm.ln_tuning_layers.weight": ("F32", (32,))},
        32,
    ),
    "prompt tuning": (
        {"peft_type": "PROMPT_TUNING", "num_virtual_tokens": 8},
        {"prompt_embeddings": ("F32", (8, 32))},
        256,
    ),
    "FourierFT": ({"peft_type": "FOURIERFT"}, {f"{LAYER}q_proj.fourierft_spectrum": ("F32", (10,))}, 10),
    "trainable tokens": (
        {"peft_type": "TRAINABLE_TOKENS"},
        {"base_model.model.model.embed_tokens.trainable_tokens_delta": ("F32", (2, 32))},
        64,
    ),
}


def adapter_in(folder: Path, config: object, tensors: Tensors = LORA) -> Path:
    write(folder / "adapter_model.safetensors", tensors)
    (folder / "adapter_config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize("method", list(METHODS))
def test_all_that_an_adapter_trains_is_adapter(method: str, tmp_path: Path, command: Command) -> None:
    config, tensors, trained = METHODS[method]
    result = command(adapter_in(tmp_path, config, tensors), "--json").model
    assert result["parameters"] == trained
    assert list(result["categories"]) == ["adapter"]
    assert result["not_counted"]["tied"]["tensor_count"] == 0
    (note,) = result["notes"]
    assert method.split(" with ", maxsplit=1)[0].split(" on ", maxsplit=1)[0] in note


@pytest.mark.parametrize("name", ["", "adapter_model.safetensors"])
def test_the_base_model_is_named(name: str, tmp_path: Path, command: Command) -> None:
    result = command(adapter_in(tmp_path, LORA_CONFIG) / name, "--json").model
    assert (result["notes"], result["parameters"], result["architecture"]) == ([LORA_NOTE], 2048, None)


def test_a_config_beside_an_adapter_alone_is_its_base_models(tmp_path: Path, command: Command) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama", "architectures": ["LlamaForCausalLM"]}')
    result = command(adapter_in(tmp_path, LORA_CONFIG), "--json").model
    assert (result["parameters"], result["format"]) == (2048, "safetensors")


def test_beside_a_model_an_adapter_is_not_counted(tmp_path: Path, command: Command) -> None:
    whole, shards, odd = tmp_path / "whole", tmp_path / "shards", tmp_path / "odd"
    write(whole / "model.safetensors", {"x": ("F32", (5,))})
    write_shards(shards, [{"x": ("F32", (2,))}, {"y": ("F32", (3,))}])
    write(odd / "model-a.safetensors", {"x": ("F32", (5,))})
    for folder in (whole, shards, odd):
        result = command(adapter_in(folder, LORA_CONFIG), "--json").model
        assert result["parameters"] == 5
        assert result["notes"] == [
            "adapter_model.safetensors beside it is an adapter and not counted; name that file to count it"
        ]
        assert command(folder / "adapter_model.safetensors", "--json").model["parameters"] == 2048


def test_an_adapters_config_alone_says_what_is_missing(tmp_path: Path, command: Command) -> None:
    (tmp_path / "adapter_config.json").write_text(json.dumps(LORA_CONFIG))
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    assert command(tmp_path).complaint == (
        f"gpt2-explore: {tmp_path}: an adapter's config (LoRA, r = 16, on q_proj, v_proj; base model"
        " meta-llama/Llama-3.2-1B) and no tensors; download its adapter_model.safetensors too"
    )


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, "of no method of PEFT; base model not named"),
        ({"peft_type": ["LORA"], "r": "x", "target_modules": 5}, "of no method of PEFT; base model not named"),
        ({"peft_type": "NEW", "target_modules": "all-linear"}, "NEW, on all-linear; base model not named"),
        (
            {
                "peft_type": "LORA",
                "r": 8,
                "rank_pattern": {"q": 4},
                "target_modules": [f"m.{n}.w{n}" for n in range(6)],
            },
            "LoRA, r = 8 and others, on w0, w1, w2, w3 and 2 more; base model not named",
        ),
        (
            {"peft_type": "ADALORA", "r": 8, "init_r": 12, "target_r": 4, "target_modules": ["q_proj"]},
            "AdaLoRA, r = 12 to 4, on q_proj; base model not named",
        ),
        ({"peft_type": "\x1b[31m", "base_model_name_or_path": "a\nb"}, "\\x1b[31m; base model a\\nb"),
    ],
)
def test_whatever_the_config_says_is_told_safely(
    config: object, expected: str, tmp_path: Path, command: Command
) -> None:
    result = command(adapter_in(tmp_path, config), "--json").model
    assert result["notes"] == [f"an adapter: {expected}; its parameters are not in this file"]
    assert list(result["categories"]) == ["adapter"]


@pytest.mark.parametrize("text", ["", "[]", "nonsense", "[" * 100_000])
def test_a_broken_config_is_a_note(text: str, tmp_path: Path, command: Command) -> None:
    adapter_in(tmp_path, {})
    (tmp_path / "adapter_config.json").write_text(text)
    result = command(tmp_path, "--json").model
    assert (result["parameters"], list(result["categories"])) == (2048, ["adapter"])
    assert "its base model not known" in result["notes"][0]


def test_a_whole_model_with_lora_in_it_keeps_its_categories(tmp_path: Path, command: Command) -> None:
    write(tmp_path / "model.safetensors", {**gpt2(), **LORA, "x.q_proj.base_layer.weight": ("F32", (3, 5))})
    result = command(tmp_path, "--json").model
    assert result["categories"]["adapter"]["parameters"] == 2048
    assert result["parameters"] == 124_439_808 + 2048 + 15
