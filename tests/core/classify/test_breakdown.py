"""What is told apart within a category, and what the norms are called by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.count.labels import breakdown_text, category_label, ordered_breakdown
from core.count.totals import Totals
from tests.support.checkpoints import Tensors, experts, gpt2
from tests.support.counting import counted, model


def totals_of(folder: Path, tensors: Tensors, config: dict[str, object] | None = None) -> Totals:
    return counted(model(folder, tensors, config)).totals


def test_gpt2s_fused_projection_is_split_into_three(tmp_path: Path) -> None:
    totals = totals_of(tmp_path, gpt2())
    assert ordered_breakdown("attention", totals) == dict.fromkeys(("query", "key", "value", "output"), 7_087_104)
    assert breakdown_text("attention", totals) == "Attention %: query 25.00, key 25.00, value 25.00, output 25.00"
    assert breakdown_text("mlp", totals) == breakdown_text("norm", totals) == breakdown_text("embedding", totals) == ""


HEADS = {"hidden_size": 64, "num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 16}

MULTI_QUERY = {"hidden_size": 64, "num_attention_heads": 8, "multi_query": True}


@pytest.mark.parametrize(
    ("name", "shape", "config", "parts"),
    [
        ("qkv_proj.weight", (192, 64), None, (4096, 4096, 4096)),
        ("c_attn.weight", (64, 192), None, (4096, 4096, 4096)),
        ("in_proj_weight", (192, 64), {}, (4096, 4096, 4096)),
        ("qkv_proj.weight", (192, 64), HEADS, (8192, 2048, 2048)),
        ("query_key_value.weight", (96, 64), {**HEADS, "head_dim": 8}, (4096, 1024, 1024)),
        ("Wqkv.weight", (96, 64), {"text_config": {**HEADS, "head_dim": 8}}, (4096, 1024, 1024)),
        ("query_key_value.weight", (80, 64), MULTI_QUERY, (4096, 512, 512)),
    ],
)  # fmt: skip
def test_a_fused_projection_is_split_where_its_proportions_are_known(
    name: str, shape: tuple[int, ...], config: dict[str, object] | None, parts: tuple[int, ...], tmp_path: Path
) -> None:
    totals = totals_of(tmp_path, {f"h.0.attn.{name}": ("F32", shape)}, config)
    assert tuple(ordered_breakdown("attention", totals).items()) == tuple(zip(("query", "key", "value"), parts))


@pytest.mark.parametrize(
    ("shape", "config"),
    [((96, 64), None), ((96, 64), {"num_attention_heads": "8"}), ((80, 64), HEADS), ((2, 3, 4), {})],
)
def test_a_fused_projection_of_unknown_proportions_is_not_split(
    shape: tuple[int, ...], config: dict[str, object] | None, tmp_path: Path
) -> None:
    totals = totals_of(tmp_path, {"h.0.attn.qkv_proj.weight": ("F32", shape)}, config)
    (name,) = ordered_breakdown("attention", totals)
    assert name == "query, key, value together"
    assert totals.breakdown["attention"][name] == totals.parameters


def test_a_fused_bias_is_split_as_its_weight(tmp_path: Path) -> None:
    tensors = {"h.0.attn.qkv_proj.weight": ("F32", (96, 64)), "h.0.attn.qkv_proj.bias": ("F32", (96,))}
    totals = totals_of(tmp_path, tensors, {**HEADS, "head_dim": 8})
    assert ordered_breakdown("attention", totals) == {"query": 64 * 65, "key": 16 * 65, "value": 16 * 65}


def test_latent_attention_is_told_by_its_own_names(tmp_path: Path) -> None:
    names = ("q_a_proj", "q_b_proj", "kv_a_proj_with_mqa", "kv_b_proj", "o_proj")
    tensors = {f"model.layers.0.self_attn.{name}.weight": ("BF16", (8, n + 2)) for n, name in enumerate(names)}
    parts = ordered_breakdown("attention", totals_of(tmp_path, tensors))
    assert parts == {"q_a": 16, "q_b": 24, "kv_a": 32, "kv_b": 40, "output": 48}


@pytest.mark.parametrize(
    ("query", "output"),
    [
        ("self.query.weight", "output.dense.weight"),
        ("q_lin.weight", "out_lin.weight"),
        ("q.weight", "o.weight"),
        ("to_q.weight", "to_out.0.weight"),
        ("wq.weight", "wo.weight"),
        ("q_proj.bias", "out_proj.bias"),
        ("q_proj.qweight", "proj.weight"),
    ],
)
def test_queries_and_outputs_are_known_by_many_names(query: str, output: str, tmp_path: Path) -> None:
    tensors = {f"layers.0.attention.{query}": ("F32", (3, 4)), f"layers.0.attention.{output}": ("F32", (5, 4))}
    assert ordered_breakdown("attention", totals_of(tmp_path, tensors)) == {"query": 12, "output": 20}


def test_experts_and_shared_experts_are_told_apart(tmp_path: Path) -> None:
    tensors = {**dict(experts(2, 4)), "model.layers.1.mlp.shared_experts.up_proj.weight": ("BF16", (64, 30))}
    totals = totals_of(tmp_path, tensors)
    assert ordered_breakdown("mlp", totals) == {"experts": 2 * 4 * 3 * 64 * 64, "shared experts": 64 * 30}
    assert breakdown_text("mlp", totals) == "MLP, of which experts 98.3k, shared experts 1.9k"


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("block_sparse_moe.input_linear", {"experts": 96}),  # Granite
        ("shared_mlp.input_linear", {"shared experts": 96}),
        ("mlp.experts.gate_up_proj", {"experts": 96}),
        ("mlp.switch_mlp.up_proj", {"experts": 96}),  # MLX
        ("feed_forward.shared_expert.up_proj", {"shared experts": 96}),
        ("mlp.up_proj", {}),
    ],
)
def test_experts_are_known_by_many_names(name: str, parts: dict[str, int], tmp_path: Path) -> None:
    totals = totals_of(tmp_path, {f"model.layers.0.{name}.weight": ("BF16", (2, 6, 8))})
    assert ordered_breakdown("mlp", totals) == parts


NORM = "model.layers.0.input_layernorm"
RMS: Tensors = {f"{NORM}.weight": ("F32", (8,))}
LAYER_NORM: Tensors = {**RMS, f"{NORM}.bias": ("F32", (8,))}
BATCH_NORM: Tensors = {
    "bn1.weight": ("F32", (8,)),
    "bn1.bias": ("F32", (8,)),
    "bn1.running_mean": ("F32", (8,)),
    "bn1.running_var": ("F32", (8,)),
}


@pytest.mark.parametrize(
    ("tensors", "config", "label"),
    [
        (gpt2(), None, "Layer norm"),
        (RMS, None, "RMSNorm"),
        (RMS, {"model_type": "llama"}, "RMSNorm"),
        (RMS, {"model_type": "t5", "layer_norm_epsilon": 1e-6}, "RMSNorm"),
        (RMS, {"model_type": "cohere2"}, "Layer norm"),
        (RMS, {"model_type": "command-r"}, "Layer norm"),
        (RMS, {"model_type": 3}, "RMSNorm"),
        (LAYER_NORM, {"model_type": "phimoe", "rms_norm_eps": 1e-5}, "Layer norm"),
        (BATCH_NORM, None, "Batch norm"),
        ({**RMS, **BATCH_NORM}, None, "Norm"),
        ({"LayerNorm.gamma": ("F32", (8,)), "LayerNorm.beta": ("F32", (8,))}, None, "Layer norm"),
    ],
)
def test_norms_are_called_by_what_the_model_has(
    tensors: Tensors, config: dict[str, object] | None, label: str, tmp_path: Path
) -> None:
    totals = totals_of(tmp_path, tensors, config)
    assert category_label("norm", totals) == label
    assert sum(totals.breakdown["norm"].values()) == totals.categories["norm"].parameters
    assert bool(breakdown_text("norm", totals)) == (label == "Norm")
