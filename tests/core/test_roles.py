"""What is stored and is no parameter: buffers and copies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.counter import ParameterCounter
from core.stored import Source, TensorBatch
from tests.checkpoints import Tensors, gpt2, write
from tests.command import Command
from tests.core.helpers import counted

GPT2_PARAMETERS = 124_439_808
HEAD: Tensors = {"lm_head.weight": ("F32", (50257, 768))}


def with_config(folder: Path, tensors: Tensors, config: dict[str, Any] | None) -> Path:
    write(folder / "model.safetensors", tensors)
    if config is not None:
        (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize("prefix", ["transformer.", ""])
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("config", [{"tie_word_embeddings": True}, {}, None])
def test_a_head_stored_beside_its_embedding_counts_once(
    config: dict[str, Any] | None, first: bool, prefix: str, tmp_path: Path, command: Command
) -> None:
    body = gpt2(prefix=prefix)
    tensors = {**HEAD, **body} if first else {**body, **HEAD}
    result = command(with_config(tmp_path, tensors, config), "--json").model
    assert result["parameters"] == GPT2_PARAMETERS
    assert "head" not in result["categories"]
    assert result["not_counted"]["tied"] == {"elements": 38_597_376, "tensor_count": 1, "bytes": 154_389_504}
    assert result["notes"] == [f"lm_head.weight is tied to {prefix}wte.weight: counted once"]


def test_a_head_counts_where_the_config_says_that_it_is_not_tied(tmp_path: Path, command: Command) -> None:
    folder = with_config(tmp_path, {**gpt2(), **HEAD}, {"tie_word_embeddings": False})
    result = command(folder, "--json").model
    assert result["parameters"] == GPT2_PARAMETERS + 38_597_376 == 163_037_184
    assert result["categories"]["head"]["parameters"] == 38_597_376
    assert result["not_counted"]["tied"]["elements"] == 0
    assert result["notes"] == []


LLAMA: Tensors = {"model.embed_tokens.weight": ("BF16", (100, 8)), "lm_head.weight": ("BF16", (100, 8))}


@pytest.mark.parametrize(
    ("config", "parameters"),
    [
        ({"tie_word_embeddings": True}, 800),
        ({"text_config": {"tie_word_embeddings": True}}, 800),
        ({"tie_word_embeddings": False}, 1600),
        ({}, 1600),
        ({"tie_word_embeddings": "true"}, 1600),
    ],
)
def test_the_config_decides_whether_another_models_head_is_tied(
    config: dict[str, Any], parameters: int, tmp_path: Path
) -> None:
    assert counted(with_config(tmp_path, LLAMA, config)).totals.parameters == parameters


def test_a_head_of_another_shape_is_not_tied(tmp_path: Path) -> None:
    tensors: Tensors = {"model.embed_tokens.weight": ("BF16", (100, 8)), "lm_head.weight": ("BF16", (90, 8))}
    assert counted(with_config(tmp_path, tensors, {"tie_word_embeddings": True})).totals.parameters == 1520


def test_tensors_that_share_their_storage_count_once() -> None:
    counter = ParameterCounter(Source("x", "x", "test", {}, []))
    counter.add(
        TensorBatch(
            ["a.weight", "b.weight", "c.weight"], [(4, 4)] * 3, ["F32"] * 3, [64] * 3, "", ["one", "one", "two"]
        )
    )
    count = counter.count()
    assert count.totals.parameters == 32
    assert count.totals.not_counted["tied"].elements == 16
    assert [meaning.role for _, meaning in count.tensors()] == ["parameter", "tied", "parameter"]


@pytest.mark.parametrize(
    ("name", "dtype", "shape"),
    [
        ("h.0.attn.bias", "F32", (1, 1, 1024, 1024)),
        ("h.0.attn.bias", "U8", (1, 1, 1024, 1024)),
        ("h.0.attn.bias", "BOOL", (1024, 1024)),
        ("transformer.h.0.attn.attention.bias", "F32", (1, 1, 2048, 2048)),
        ("h.0.attn.masked_bias", "F32", ()),
        ("model.layers.0.self_attn.rotary_emb.inv_freq", "F32", (64,)),
        ("bert.embeddings.position_ids", "I64", (1, 512)),
        ("text_model.embeddings.position_ids", "F32", (1, 77)),
        ("bn1.running_mean", "F32", (64,)),
        ("bn1.running_var", "F32", (64,)),
        ("bn1.num_batches_tracked", "I64", ()),
        ("layers.0.blocks.0.attn.relative_position_index", "I64", (49, 49)),
        ("mask_of_mine", "BOOL", (5,)),
        ("rope.freqs", "BF16", (64,)),
        ("visual.blocks.0.attn.rope.freqs_cos", "F32", (576, 64)),
        ("model.layers.0.self_attn.rotary_emb.cos_cached", "F32", (1, 1, 2048, 64)),
        ("encoder.pos_encoder.pe", "F32", (1, 5000, 8)),
        ("quantizer.layers.0.codebook.embed_avg", "F32", (1024, 128)),
        ("quantizer.vq.layers.0._codebook.inited", "F32", (1,)),
        ("quantizer.acoustic_residual_vector_quantizer.layers.0.codebook.embed_sum", "F32", (2048, 256)),
        ("prompt_encoder.shared_embedding.positional_embedding", "F32", (2, 128)),
        ("sam_prompt_encoder.pe_layer.positional_encoding_gaussian_matrix", "F32", (2, 128)),
        ("final_logits_bias", "F32", (1, 50265)),
        ("model.layers.0.mlp.act_fn.beta", "BF16", ()),
        ("model.layers.0.layer_scalar", "BF16", (1,)),
        ("posterior_mean_coef1", "F32", (1000,)),
        ("model_ema.diffusion_modelinput_blocks00weight", "F32", (320, 4, 3, 3)),
        ("preprocessor.featurizer.fb", "F32", (1, 80, 257)),
        ("mel_scale.fb", "F32", (513, 128)),
        ("model.24.anchors", "F16", (3, 3, 2)),
        ("encoder.embed_positions.version", "F32", (1,)),
        ("conv.parametrizations.weight.0._u", "F32", (64,)),
        ("model.layers.2.feed_forward.expert_bias", "F32", (32,)),
        ("model.layers.2.mlp.gate.expert_bias", "F32", (32,)),
        ("layers.0.ffn.gate.tid2eid", "I64", (129_280, 6)),
        ("model.layers.3.moe.router_bias", "F32", (288,)),
    ],
)
def test_a_buffer_is_not_counted(name: str, dtype: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    count = counted(write(tmp_path / "x.safetensors", {name: (dtype, shape), "fc.weight": ("F32", (3, 3))}))
    assert count.totals.parameters == 9
    assert count.totals.not_counted["buffer"].tensor_count == 1


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("h.0.attn.c_attn.bias", (2304,)),
        ("h.0.attn.c_proj.bias", (768,)),
        ("h.0.attn.bias", (768,)),
        ("h.0.attn.bias", (12, 64, 64)),
        ("h.0.attn.bias", (64, 32)),
        ("h.0.mlp.bias", (16, 16)),
        ("bn1.weight", (64,)),
        ("position_embeddings.weight", (512, 8)),
        ("positional_embedding", (77, 512)),
        ("codebook.weight", (1024, 128)),
        ("layers.0.norm.beta", (8,)),
        ("rope.freqs.weight", (8, 8)),
        ("model.embed", (8, 8)),
        ("rope.freqs", (2, 12, 12, 32)),  # timm's vit_base_patch16_rope_mixed_224
        ("std", (12,)),  # rsl_rl's policies
        ("prior.mean", (16,)),
        ("distance_expansion.betas", (64,)),  # TorchMD-Net, trainable_rbf
        ("head.anchors", (32, 64)),
        ("cell.fb", (128,)),
        ("learned_pos.pe", (1, 256, 8)),
        ("encoder.pe", (1, 256, 8)),
        ("gat.weight_u", (4, 8, 1)),
        ("conv.weight_v", (8, 8, 3)),
        ("attention.queue", (8, 8)),
    ],
)
def test_a_parameter_is_not_taken_for_a_buffer(name: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    count = counted(write(tmp_path / "x.safetensors", {name: ("F32", shape)}))
    assert count.totals.not_counted == {}
    assert count.totals.parameters > 0


VECTOR = ("F32", (8,))


@pytest.mark.parametrize(
    ("tensors", "parameters"),
    [
        ({"vocoder.mean": VECTOR, "vocoder.std": VECTOR}, 0),
        ({"mean": VECTOR, "std": VECTOR}, 0),
        ({"vocoder.mean": VECTOR, "vocoder.scale": VECTOR}, 8),
        ({"betas": VECTOR, "alphas_cumprod": VECTOR}, 0),
        ({"queue": ("F32", (8, 8)), "queue_ptr": ("I64", (1,))}, 0),
        ({"conv.weight_u": VECTOR, "conv.weight_v": VECTOR, "conv.weight_orig": ("F32", (8, 8))}, 64),
        ({"layers.3.ffn.gate.bias": VECTOR, "layers.3.ffn.experts.0.w1.weight": ("F32", (4, 2))}, 8),
        ({"layers.3.mlp.gate.bias": VECTOR, "layers.3.mlp.experts.w13_weight": ("F32", (8, 4, 2))}, 64),
        (
            {"block.3.mlp.gate.bias": VECTOR, "block.3.mlp.mlp1_weight": ("F32", (8, 4, 2))},
            72,
        ),  # gpt-oss in its own code
    ],
)
def test_a_word_of_parameters_is_a_buffers_by_what_stands_beside_it(
    tensors: Tensors, parameters: int, tmp_path: Path
) -> None:
    assert counted(write(tmp_path / "x.safetensors", tensors)).totals.parameters == parameters


def test_the_constants_of_equivariant_layers_are_buffers_and_their_vectors_are_no_norms(
    tmp_path: Path, command: Command
) -> None:
    # SevenNet-0's names, as e3nn stores them.
    tensors: Tensors = {
        "1_self_interaction_1.linear.weight": ("F32", (21_504,)),
        "1_self_interaction_1.linear.output_mask": ("F32", (480,)),
        "1_convolution.convolution._compiled_main_left_right._w3j_1_1_2": ("F32", (3, 3, 5)),
    }
    write(tmp_path / "model.safetensors", tensors)
    result = command(tmp_path, "--json").model
    assert result["parameters"] == result["categories"]["other"]["parameters"] == 21_504
    assert result["not_counted"]["buffer"]["elements"] == 480 + 45
