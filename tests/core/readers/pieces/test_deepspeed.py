"""DeepSpeed's folders: layers and experts in files of their own, ZeRO-3's shapes, universal checkpoints."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import pytest
import torch

from tests.support.command import Command

WIDTH, WORDS = 64, 512


def block(slices: int = 1) -> dict[str, torch.Tensor]:
    """A layer of GPT-NeoX, or a slice of one."""
    d, z = WIDTH, torch.zeros
    return {
        "input_layernorm.weight": z(d),
        "input_layernorm.bias": z(d),
        "attention.query_key_value.weight": z(3 * d // slices, d),
        "attention.query_key_value.bias": z(3 * d // slices),
        "attention.rotary_emb.inv_freq": z(8),
        "attention.dense.weight": z(d, d // slices),
        "attention.dense.bias": z(d),
        "mlp.dense_h_to_4h.weight": z(4 * d // slices, d),
        "mlp.dense_h_to_4h.bias": z(4 * d // slices),
        "mlp.dense_4h_to_h.weight": z(d, 4 * d // slices),
        "mlp.dense_4h_to_h.bias": z(d),
    }


def layers(slices: int = 1) -> dict[int, dict[str, torch.Tensor]]:
    d = WIDTH
    return {
        0: {"word_embeddings.weight": torch.zeros(WORDS // slices, d)},
        2: block(slices),
        3: block(slices),
        4: block(slices),
        6: {"norm.weight": torch.zeros(d), "norm.bias": torch.zeros(d)},
        7: {"final_linear.weight": torch.zeros(WORDS // slices, d)},
    }


def total(files: dict[int, dict[str, torch.Tensor]]) -> int:
    return sum(t.numel() for file in files.values() for name, t in file.items() if "inv_freq" not in name)


def write_neox(folder: Path, slices: int) -> Path:
    """The folder of a step; the model states hold no weights, the optimizer's all of them once more."""
    step = folder / "global_step100"
    step.mkdir(parents=True)
    for layer, state in layers(slices).items():
        for rank in range(slices):
            torch.save(state, step / f"layer_{layer:02}-model_{rank:02}-model_states.pt")
    for rank in range(slices):
        states = {"module": None, "mp_world_size": slices, "iteration": 100, "args": {"num_layers": 3}}
        torch.save(states, step / f"mp_rank_{rank:02}_model_states.pt")
        optimizer = {"optimizer_state_dict": {"single_partition_of_fp32_groups": [torch.zeros(99)]}}
        torch.save(optimizer, step / f"zero_pp_rank_0_mp_rank_{rank:02}_optim_states.pt")
    (folder / "latest").write_text("global_step100")
    return step


@pytest.mark.parametrize("slices", [1, 2])
def test_the_layers_of_a_pipeline_are_one_model(slices: int, tmp_path: Path, command: Command) -> None:
    # EleutherAI/gpt-neox#836, togethercomputer/OpenChatKit#61, bigscience-workshop/Megatron-DeepSpeed#319
    step = write_neox(tmp_path, slices)
    for path in (step, step / "layer_03-model_00-model_states.pt", step / "mp_rank_00_model_states.pt"):
        result = command(path, "--json", "--by", "layer").model
        assert (result["parameters"], result["complete"]) == (total(layers()), True)
        assert [row["layer"] for row in result["layers"] if row["layer"].startswith("layers.")] == [
            "layers.0",
            "layers.1",
            "layers.2",
        ]
    assert command(tmp_path).complaint.endswith("name one of its folders: global_step100")


@pytest.mark.parametrize("layer", [2, 3, 4])
def test_a_missing_layer_is_an_error(layer: int, tmp_path: Path, command: Command) -> None:
    step = write_neox(tmp_path, 1)
    (step / f"layer_{layer:02}-model_00-model_states.pt").unlink()
    assert "missing, one of 3 layer files" in command(step).complaint


def test_a_missing_slice_of_a_layer_is_an_error(tmp_path: Path, command: Command) -> None:
    step = write_neox(tmp_path, 2)
    (step / "layer_03-model_01-model_states.pt").unlink()
    assert "layer_03-model_01-model_states.pt: missing" in command(step).complaint


def write_experts(folder: Path, experts: int) -> int:
    """DeepSpeed-MoE: the experts in files of their own; gives how many parameters there are in all."""
    rest = {
        "gpt.layers.0.moe.gate.wg.weight": torch.zeros(experts, WIDTH),
        "gpt.embed.weight": torch.zeros(WORDS, WIDTH),
    }
    torch.save({"module": rest, "ds_version": "0.12"}, folder / "mp_rank_00_model_states.pt")
    for expert in range(experts):
        state = {f"gpt.layers.0.moe.deepspeed_experts.{expert}.fc1.weight": torch.zeros(4 * WIDTH, WIDTH)}
        torch.save(state, folder / f"layer_0_expert_{expert}_mp_rank_00_model_states.pt")
    return experts * (WIDTH + 4 * WIDTH * WIDTH) + WORDS * WIDTH


def test_experts_in_files_of_their_own_are_one_model(tmp_path: Path, command: Command) -> None:
    whole = write_experts(tmp_path, 4)
    for name in ("", "mp_rank_00_model_states.pt", "layer_0_expert_2_mp_rank_00_model_states.pt"):
        result = command(tmp_path / name, "--json").model
        assert (result["parameters"], result["complete"]) == (whole, True)
    (tmp_path / "layer_0_expert_2_mp_rank_00_model_states.pt").unlink()
    assert "layer_0_expert_2_mp_rank_00_model_states.pt: missing, one of 5 files" in command(tmp_path).complaint


SHAPES = {
    "model.embed.weight": (WORDS, WIDTH),
    "model.layers.0.mlp.weight": (4 * WIDTH, WIDTH),
    "model.norm.weight": (WIDTH,),
}


def write_zero3(step: Path, ranks: int) -> int:
    """What ZeRO-3 saves: empty tensors, their shapes beside them; gives how many parameters there are."""
    step.mkdir(parents=True)
    for rank in range(ranks):
        module = OrderedDict((name, torch.zeros(0, dtype=torch.bfloat16)) for name in SHAPES)
        module["model.rope.inv_freq"] = torch.zeros(4)
        shapes = [OrderedDict((name, torch.Size(shape)) for name, shape in SHAPES.items())]
        saved = {"module": module, "buffer_names": ["model.rope.inv_freq"], "param_shapes": shapes, "shared_params": {}}
        torch.save(saved, step / f"zero_pp_rank_{rank}_mp_rank_00_model_states.pt")
        optimizer = {"optimizer_state_dict": {"fp32_flat_groups": [torch.zeros(9)]}}
        torch.save(optimizer, step / f"bf16_zero_pp_rank_{rank}_mp_rank_00_optim_states.pt")
    return sum(torch.Size(shape).numel() for shape in SHAPES.values())


def test_zero_3_is_counted_by_the_shapes_that_it_keeps(tmp_path: Path, command: Command) -> None:
    # baichuan-inc/Baichuan-7B#132, deepspeedai/DeepSpeed#2413, ssbuild/chatglm_finetuning#212
    step = tmp_path / "checkpoint-500" / "global_step500"
    whole = write_zero3(step, 2)
    for path in (step, step / "zero_pp_rank_1_mp_rank_00_model_states.pt"):
        result = command(path, "--json").model
        assert (result["parameters"], result["bytes"], result["complete"]) == (whole, 4 * whole, True)
        assert "zero_to_fp32.py" in result["notes"][0]
    assert command(tmp_path).complaint.endswith("name one of its folders: checkpoint-500/global_step500")


def test_a_shape_that_cannot_be_is_refused(tmp_path: Path, command: Command) -> None:
    saved = {"module": {"a.weight": torch.zeros(0)}, "param_shapes": [{"a.weight": (-1, 4)}]}
    torch.save(saved, tmp_path / "zero_pp_rank_0_mp_rank_00_model_states.pt")
    assert "a shape in its param_shapes is none" in command(tmp_path).complaint


def test_a_universal_checkpoint_is_counted_by_its_folders(tmp_path: Path, command: Command) -> None:
    for name, tensor in block().items():
        folder = tmp_path / "zero" / f"3.{name}"
        folder.mkdir(parents=True)
        for file in ("fp32", "exp_avg", "exp_avg_sq"):
            torch.save({"param": tensor}, folder / f"{file}.pt")
    torch.save({"module": {}, "universal_checkpoint_info": {}}, tmp_path / "mp_rank_00_model_states.pt")
    assert command(tmp_path, "--json").model["parameters"] == total({0: block()})
