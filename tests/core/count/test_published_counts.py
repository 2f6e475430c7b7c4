"""Models as they are published, counted from their tensors' names, shapes and dtypes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.checkpoints import byte_count, split, write, write_shards
from tests.support.command import Command
from tests.support.published_shapes import Layouts, deepseek_v3, gpt_oss, gpt_oss_original, llama, mixtral, qwen3_moe


def model(folder: Path, tensors: Layouts, config: dict[str, Any], command: Command) -> dict[str, Any]:
    write(folder / "model.safetensors", tensors)
    (folder / "config.json").write_text(json.dumps(config))
    return command(folder, "--json").model


def elements(tensors: Layouts) -> int:
    return sum(byte_count("U8", shape) for _, shape in tensors.values())


def test_llama_3_1_8b(tmp_path: Path, command: Command) -> None:
    tensors = llama(128256, 4096, 32, 4096, 1024, 14336)
    config = {"architectures": ["LlamaForCausalLM"], "tie_word_embeddings": False}
    result = model(tmp_path, tensors, config, command)
    assert result["parameters"] == result["active_parameters"] == 8_030_261_248
    assert result["notes"] == []


def test_llama_3_2_1b_has_no_head_of_its_own(tmp_path: Path, command: Command) -> None:
    tensors = llama(128256, 2048, 16, 2048, 512, 8192, head=False)
    config = {"architectures": ["LlamaForCausalLM"], "tie_word_embeddings": True}
    result = model(tmp_path, tensors, config, command)
    assert result["parameters"] == 1_235_814_400
    assert result["notes"] == ["the output head is tied to model.embed_tokens.weight: counted once"]


def test_qwen3_0_6b_stores_its_tied_head(tmp_path: Path, command: Command) -> None:
    tensors = llama(151936, 1024, 28, 2048, 1024, 3072, head_norm=128)
    assert elements(tensors) == 751_632_384
    config = {"architectures": ["Qwen3ForCausalLM"], "tie_word_embeddings": True}
    result = model(tmp_path, tensors, config, command)
    assert result["parameters"] == 596_049_920
    assert result["not_counted"]["tied"]["elements"] == 151936 * 1024
    assert result["notes"] == ["lm_head.weight is tied to model.embed_tokens.weight: counted once"]


def test_mixtral_8x7b(tmp_path: Path, command: Command) -> None:
    config = {"tie_word_embeddings": False, "num_local_experts": 8, "num_experts_per_tok": 2}
    result = model(tmp_path, mixtral(), config, command)
    assert result["parameters"] == 46_702_792_704
    assert result["active_parameters"] == 12_879_925_248
    assert result["notes"] == []


def test_qwen3_30b_a3b(tmp_path: Path, command: Command) -> None:
    config = {"tie_word_embeddings": False, "num_experts": 128, "num_experts_per_tok": 8}
    result = model(tmp_path, qwen3_moe(), config, command)
    assert result["parameters"] == 30_532_122_624
    assert result["active_parameters"] == 3_353_032_704


def test_gpt_oss_20b_in_mxfp4(tmp_path: Path, command: Command) -> None:
    tensors = gpt_oss()
    assert elements(tensors) == 11_956_805_184
    config = {
        "architectures": ["GptOssForCausalLM"],
        "model_type": "gpt_oss",
        "tie_word_embeddings": False,
        "num_local_experts": 32,
        "num_experts_per_tok": 4,
        "quantization_config": {"quant_method": "mxfp4", "modules_to_not_convert": ["lm_head"]},
    }
    result = model(tmp_path, tensors, config, command)
    assert result["parameters"] == 20_914_757_184
    assert result["active_parameters"] == 4_187_440_704
    assert result["notes"] == ["without the input embedding 3,608,307,264 are active: 3.61 B, as its makers count"]
    assert result["not_counted"]["quantization"]["elements"] == 24 * 32 * (5760 + 2880) * 90


def test_billions_are_told_where_there_are_some(tmp_path: Path, command: Command) -> None:
    small: Layouts = {"model.embed_tokens.weight": ("BF16", (100, 24))}
    small |= {f"model.layers.0.mlp.experts.{n}.up_proj.weight": ("BF16", (32, 24)) for n in range(4)}
    config = {"model_type": "gpt_oss", "num_local_experts": 4, "num_experts_per_tok": 2}
    result = model(tmp_path, small, config, command)
    assert result["notes"] == ["without the input embedding 1,536 are active, as its makers count"]


def test_gpt_oss_20b_as_its_makers_name_it_holds_the_same(tmp_path: Path, command: Command) -> None:
    result = model(tmp_path, gpt_oss_original(), {"num_experts": 32, "experts_per_token": 4}, command)
    assert result["parameters"] == 20_914_757_184
    assert result["active_parameters"] == 4_187_440_704
    assert result["notes"] == []
    (tmp_path / "hub").mkdir()
    same = model(tmp_path / "hub", gpt_oss(), {"num_experts": 32, "experts_per_token": 4}, command)
    held = [{key: part["parameters"] for key, part in one["categories"].items()} for one in (result, same)]
    assert held[0] == held[1]


# transformers' DeepseekV3ForCausalLM with its own defaults, which are those of the published model.
DEEPSEEK_V3 = 671_026_404_352


@pytest.mark.parametrize("shards", [1, 40])
def test_deepseek_v3_with_its_layer_for_speculative_decoding(shards: int, tmp_path: Path, command: Command) -> None:
    write_shards(tmp_path, split(deepseek_v3(), shards))
    config = {
        "num_hidden_layers": 61,
        "num_nextn_predict_layers": 1,
        "n_routed_experts": 256,
        "n_shared_experts": 1,
        "num_experts_per_tok": 8,
        "tie_word_embeddings": False,
        "quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]},
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    result = command(tmp_path, "--json").model
    # README_WEIGHTS.md: without "the shared 0.9B Embedding and 0.9B output Head".
    speculative = 257 * 3 * 2048 * 7168 + 256 * 7168 + 14336 * 7168 + 187_107_328 + 5 * 7168
    assert result["parameters"] == DEEPSEEK_V3 + speculative
    # What the hub's page says of all elements in its files.
    left = sum(part["elements"] for part in result["not_counted"].values())
    assert result["parameters"] + left == 684_531_386_000
    assert result["not_counted"]["tied"]["elements"] == 2 * 129280 * 7168
    routed = 58 * 256 * 3 * 2048 * 7168
    assert result["active_parameters"] == DEEPSEEK_V3 - routed + routed // 32
    assert result["notes"] == [
        "model.layers.61.embed_tokens.weight is tied to model.embed_tokens.weight: counted once",
        "model.layers.61.shared_head.head.weight is tied to lm_head.weight: counted once",
        f"{speculative:,} of the parameters are for speculative decoding (multi-token prediction) and not among the"
        f" active ones; without them there are {DEEPSEEK_V3:,}",
    ]
