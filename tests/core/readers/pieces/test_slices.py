"""Slices of tensor parallelism: one model where dimensions prove how they were cut, else told as what they are."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path

import pytest
import torch

from tests.support.command import Command

WIDTH, HIDDEN, WORDS, LAYERS = 64, 160, 320, 2

Shapes = Mapping[str, Sequence[int]]


def llama(slices: int, kv_heads: int = 4, by_words: bool = False) -> dict[str, tuple[int, ...]]:
    """A slice of Meta's LLaMA (llama/model.py); LLaMA 3 cuts its embedding by words."""
    d, f, kv = WIDTH, HIDDEN, 16 * kv_heads
    shapes: dict[str, tuple[int, ...]] = {
        "tok_embeddings.weight": (WORDS // slices, d) if by_words else (WORDS, d // slices),
        "norm.weight": (d,),
        "output.weight": (WORDS // slices, d),
        "rope.freqs": (8,),
    }
    for n in range(LAYERS):
        shapes |= {
            f"layers.{n}.attention.wq.weight": (d // slices, d),
            f"layers.{n}.attention.wk.weight": (max(kv // slices, 16), d),
            f"layers.{n}.attention.wv.weight": (max(kv // slices, 16), d),
            f"layers.{n}.attention.wo.weight": (d, d // slices),
            f"layers.{n}.feed_forward.w1.weight": (f // slices, d),
            f"layers.{n}.feed_forward.w2.weight": (d, f // slices),
            f"layers.{n}.feed_forward.w3.weight": (f // slices, d),
            f"layers.{n}.attention_norm.weight": (d,),
            f"layers.{n}.ffn_norm.weight": (d,),
        }
    return shapes


def total(shapes: Shapes) -> int:
    return sum(prod(shape) for name, shape in shapes.items() if name != "rope.freqs")


def write_meta(folder: Path, shapes: Shapes, slices: int, params: Mapping[str, int] | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for rank in range(slices):
        state = {name: torch.zeros(tuple(shape), dtype=torch.float16) for name, shape in shapes.items()}
        torch.save(state, folder / f"consolidated.{rank:02}.pth")
    if params is not None:
        (folder / "params.json").write_text(json.dumps(params))
    return folder


PARAMS = {"dim": WIDTH, "n_heads": 4, "n_layers": LAYERS, "vocab_size": -1}


@pytest.mark.parametrize("with_params", [True, False])
@pytest.mark.parametrize("by_words", [True, False])
@pytest.mark.parametrize("slices", [1, 2, 4])
def test_metas_slices_are_one_model(
    slices: int, by_words: bool, with_params: bool, tmp_path: Path, command: Command
) -> None:
    # henrywoo/pyllama#31, Alpha-VLLM/LLaMA2-Accessory#23
    folder = write_meta(tmp_path, llama(slices, by_words=by_words), slices, PARAMS if with_params else None)
    for path in (folder, folder / "consolidated.00.pth", folder / f"consolidated.0{slices - 1}.pth"):
        result = command(path, "--json", "--by", "tensor").model
        assert (result["parameters"], result["complete"]) == (total(llama(1)), True)
        assert {tensor["name"]: tuple(tensor["shape"]) for tensor in result["tensors"]} == llama(1)
        assert result["bytes"] == 2 * total(llama(1))
    if slices > 1:
        assert result["notes"][0].startswith(f"{slices} slices of tensor parallelism are counted as one model: ")


def test_keys_that_several_slices_hold_are_counted_once(tmp_path: Path, command: Command) -> None:
    params = {**PARAMS, "n_kv_heads": 2, "vocab_size": WORDS}
    folder = write_meta(tmp_path, llama(4, kv_heads=2, by_words=True), 4, params)
    assert command(folder, "--json").model["parameters"] == total(llama(1, kv_heads=2))


def test_a_slice_without_the_others_is_told(tmp_path: Path, command: Command) -> None:
    folder = write_meta(tmp_path, llama(2), 2, PARAMS)
    (folder / "consolidated.01.pth").unlink()
    result = command(folder / "consolidated.00.pth", "--json").model
    assert (result["parameters"], result["complete"]) == (total(llama(2)), False)
    assert result["notes"][0].startswith("slice 1 of 2: consolidated.00.pth alone is counted")
    assert "consolidated.01.pth: missing, one of 2 slices" in command(folder).complaint
    other = write_meta(tmp_path / "gap", llama(4), 4)
    (other / "consolidated.01.pth").unlink()
    assert "consolidated.01.pth: missing, one of 4 slices" in command(other).complaint
    (other / "consolidated.03.pth").unlink()
    assert "slice 3 of 4" in command(other / "consolidated.02.pth", "--json").model["notes"][0]


@pytest.mark.parametrize(
    "change",
    [
        {"layers.0.attention.lora.weight": (8, 3)},
        {"layers.0.attention.wo.weight": (WIDTH, WIDTH)},
        {"norm.weight": (WIDTH // 2,)},
        {"layers.1.attention.wq.weight": (WIDTH // 2, 7)},
    ],
)
def test_slices_that_prove_nothing_are_not_put_together(
    change: dict[str, tuple[int, ...]], tmp_path: Path, command: Command
) -> None:
    shapes = {**llama(2), **change}
    folder = write_meta(tmp_path, shapes, 2, PARAMS)
    result = command(folder / "consolidated.01.pth", "--json").model
    assert (result["parameters"], result["complete"]) == (total(shapes), False)
    assert result["notes"][0].startswith("slice 2 of 2: consolidated.01.pth alone is counted")
    assert command(folder, "--json").model["notes"][0].startswith("slice 1 of 2: consolidated.00.pth")


def test_another_width_than_the_config_says_proves_nothing(tmp_path: Path, command: Command) -> None:
    folder = write_meta(tmp_path, llama(2), 2, {**PARAMS, "dim": 2 * WIDTH})
    assert command(folder, "--json").model["complete"] is False


def megatron(slices: int, bias: bool = True) -> dict[str, object]:
    """The model of a rank as Megatron-LM nests it."""
    d, f, z = WIDTH, 4 * WIDTH, torch.zeros
    encoder = {"final_layernorm.weight": z(d), "final_layernorm.bias": z(d)}
    for n in range(LAYERS):
        start = f"layers.{n}."
        encoder |= {
            f"{start}input_layernorm.weight": z(d),
            f"{start}input_layernorm.bias": z(d),
            f"{start}self_attention.query_key_value.weight": z(3 * d // slices, d),
            f"{start}self_attention.query_key_value.bias": z(3 * d // slices),
            f"{start}self_attention.dense.weight": z(d, d // slices),
            f"{start}self_attention.dense.bias": z(d),
            f"{start}mlp.dense_h_to_4h.weight": z(f // slices, d),
            f"{start}mlp.dense_h_to_4h.bias": z(f // slices),
            f"{start}mlp.dense_4h_to_h.weight": z(d, f // slices),
            f"{start}mlp.dense_4h_to_h.bias": z(d),
        }
    if not bias:
        encoder = {name: tensor for name, tensor in encoder.items() if not name.endswith("bias")}
    embedding = {"word_embeddings": {"weight": z(WORDS // slices, d)}, "position_embeddings": {"weight": z(128, d)}}
    return {"language_model": {"embedding": embedding, "encoder": encoder}}


def numel(state: object) -> int:
    if isinstance(state, torch.Tensor):
        return state.numel()
    return sum(map(numel, state.values())) if isinstance(state, dict) else 0


def write_megatron(folder: Path, slices: int, told: int = 0, stages: int = 1, bias: bool = True) -> Path:
    step = folder / "iter_0001000"
    for stage in range(stages):
        for rank in range(slices):
            path = step / (f"mp_rank_{rank:02}" + (f"_{stage:03}" if stages > 1 else ""))
            path.mkdir(parents=True)
            arguments = argparse.Namespace(
                tensor_model_parallel_size=told or slices,
                pipeline_model_parallel_size=stages,
                num_layers=LAYERS * stages,
            )
            saved = {"args": arguments, "iteration": 1000, "model": megatron(slices, bias)}
            saved["optimizer"] = {"state": {0: {"exp_avg": torch.zeros(9)}}, "param_groups": []}
            torch.save(saved, path / "model_optim_rng.pt")
    (folder / "latest_checkpointed_iteration.txt").write_text("1000")
    return step


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("slices", [1, 2, 4])
def test_megatrons_ranks_are_one_model(slices: int, bias: bool, tmp_path: Path, command: Command) -> None:
    # NVIDIA/Megatron-LM#51, #383
    step = write_megatron(tmp_path / "run", slices, bias=bias)
    result = command(step, "--json").model
    assert (result["parameters"], result["complete"]) == (numel(megatron(1, bias)), True)
    assert result["not_counted"]["optimizer"]["elements"] == 9 * slices
    assert command(tmp_path / "run").complaint.endswith("name one of its folders: iter_0001000")
    assert command(tmp_path).complaint.endswith("name one of its folders: run/iter_0001000")


def test_one_rank_of_megatrons_is_a_slice(tmp_path: Path, command: Command) -> None:
    step = write_megatron(tmp_path, 2)
    for path in (step / "mp_rank_01", step / "mp_rank_01" / "model_optim_rng.pt"):
        result = command(path, "--json").model
        assert (result["parameters"], result["complete"]) == (numel(megatron(2)), False)
        assert result["notes"][0].startswith("slice 2 of 2")
    (step / "mp_rank_00" / "model_optim_rng.pt").unlink()
    (step / "mp_rank_00").rmdir()
    assert "mp_rank_00: missing, one of 2 ranks" in command(step).complaint


def test_stages_of_megatrons_pipeline_are_one_model(tmp_path: Path, command: Command) -> None:
    step = write_megatron(tmp_path, 2, stages=2)
    result = command(step, "--json").model
    assert (result["parameters"], result["complete"]) == (2 * numel(megatron(1)), True)


def test_arguments_that_tell_more_ranks_make_them_missing(tmp_path: Path, command: Command) -> None:
    step = write_megatron(tmp_path, 2, told=4)
    assert "mp_rank_02: missing, as are 1 more of 4 ranks" in command(step).complaint


def test_a_width_of_attention_of_its_own_is_no_slice(tmp_path: Path, command: Command) -> None:
    # Mistral's models have heads that are narrower together than the model.
    shapes = {**llama(1), **{f"layers.{n}.attention.wo.weight": (WIDTH, WIDTH // 2) for n in range(LAYERS)}}
    shapes |= {f"layers.{n}.attention.wq.weight": (WIDTH // 2, WIDTH) for n in range(LAYERS)}
    folder = write_meta(tmp_path, shapes, 1, {**PARAMS, "head_dim": 8})
    result = command(folder, "--json").model
    assert (result["parameters"], result["complete"]) == (total(shapes), True)


CORE = {
    "embedding.word_embeddings.weight": (WORDS, WIDTH),
    "decoder.layers.0.self_attention.linear_qkv.weight": (3 * WIDTH, WIDTH),
    "decoder.layers.0.self_attention.linear_qkv.layer_norm_weight": (WIDTH,),
    "decoder.layers.0.self_attention.linear_proj.weight": (WIDTH, WIDTH),
    "decoder.layers.0.mlp.linear_fc1.weight": (2 * HIDDEN, WIDTH),
    "decoder.layers.0.mlp.linear_fc2.weight": (WIDTH, HIDDEN),
    "decoder.final_layernorm.weight": (WIDTH,),
    "output_layer.weight": (WORDS, WIDTH),
}
CUT = {"word_embeddings": 0, "linear_qkv.weight": 0, "linear_proj": 1, "fc1": 0, "fc2": 1, "output_layer": 0}


def test_megatron_cores_names_are_known(tmp_path: Path, command: Command) -> None:
    for rank in range(2):
        path = tmp_path / f"mp_rank_{rank:02}"
        path.mkdir()
        state = {}
        for name, shape in CORE.items():
            axis = next((axis for word, axis in CUT.items() if word in name), -1)
            state[name] = torch.zeros([size // 2 if place == axis else size for place, size in enumerate(shape)])
        arguments = argparse.Namespace(tensor_model_parallel_size=2, hidden_size=WIDTH, ffn_hidden_size=HIDDEN)
        torch.save({"args": arguments, "model": state}, path / "model_optim_rng.pt")
    result = command(tmp_path, "--json").model
    assert (result["parameters"], result["complete"]) == (sum(map(prod, CORE.values())), True)
