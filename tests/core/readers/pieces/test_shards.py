"""Shards without an index or named alone: the whole, or what is missing; never a piece as the whole."""

from __future__ import annotations

from math import prod
from pathlib import Path

import pytest
import torch

from tests.support.checkpoints import Tensors, gpt2, split, write, write_hub, write_shards
from tests.support.command import Command
from tests.support.hub import Hub

WHOLE = 124_439_808


def torch_shards(folder: Path, names: list[str]) -> list[Path]:
    """Files with a tensor each, of 1, 2, 3 … elements."""
    folder.mkdir(exist_ok=True)
    for number, name in enumerate(names):
        torch.save({f"layers.{number}.mlp.weight": torch.zeros(number + 1)}, folder / name)
    return [folder / name for name in names]


def test_a_shard_named_alone_opens_the_whole(tmp_path: Path, command: Command) -> None:
    folder = write_shards(tmp_path / "m", split(gpt2().items(), 3))
    for indexed in (True, False):
        if not indexed:
            (folder / "model.safetensors.index.json").unlink()
        for path in sorted(folder.glob("*.safetensors")):
            result = command(path, "--json").model
            assert (result["parameters"], result["complete"]) == (WHOLE, True)
            assert f"{path.name} is one of 3 shards: all of them were read" in result["notes"]


def test_a_shard_without_the_others_is_a_piece(tmp_path: Path, command: Command) -> None:
    shards = split(gpt2().items(), 2)
    for indexed in (True, False):
        folder = write_shards(tmp_path / f"{indexed}", shards)
        (folder / "model-00002-of-00002.safetensors").unlink()
        if not indexed:
            (folder / "model.safetensors.index.json").unlink()
        result = command(folder / "model-00001-of-00002.safetensors", "--json").model
        assert result["parameters"] == sum(prod(shape) for _, shape in shards[0].values())
        assert result["complete"] is False
        assert result["notes"][0].startswith("piece 1 of 2: model-00001-of-00002.safetensors alone is counted")
        assert "model-00002-of-00002.safetensors" in result["notes"][0]
        assert "missing, one of 2 shards" in command(folder).complaint


@pytest.mark.parametrize(
    "names",
    [
        ["pytorch_model-00001-of-00003.bin", "pytorch_model-00002-of-00003.bin", "pytorch_model-00003-of-00003.bin"],
        ["hf_model_0001_0.pt", "hf_model_0002_0.pt", "hf_model_0003_0.pt"],
        ["out-00000.pt", "out-00001.pt", "out-00002.pt"],
        ["m-00000-of-00003.bin", "m-00001-of-00003.bin", "m-00002-of-00003.bin"],
    ],
)
def test_numbered_pytorch_files_are_one_model(names: list[str], tmp_path: Path, command: Command) -> None:
    paths = torch_shards(tmp_path, names)
    torch.save({"state": {}, "param_groups": []}, tmp_path / "optimizer.pt")
    for path in (*paths, tmp_path):
        result = command(path, "--json").model
        assert (result["parameters"], result["complete"]) == (6, True)
    paths[1].unlink()
    assert f"{paths[1]}: missing, one of 3 shards" in command(tmp_path).complaint
    for place, path in ((1, paths[0]), (3, paths[2])):
        result = command(path, "--json").model
        assert (result["parameters"], result["complete"]) == (place, False)
        assert result["notes"][0].startswith(f"piece {place} of 3")


def test_the_second_file_of_torchtunes_alone_is_a_piece(tmp_path: Path, command: Command) -> None:
    (path,) = torch_shards(tmp_path, ["hf_model_0002_0.pt"])
    result = command(path, "--json").model
    assert (result["parameters"], result["complete"]) == (1, False)
    assert result["notes"][0].startswith("piece 2 of 2: hf_model_0002_0.pt alone is counted")


@pytest.mark.parametrize(
    "names", [["out-00000", "out-00002"], ["part.1", "part.2", "part.5"], ["m-1-of-3", "m-2-of-3"]]
)
def test_a_gap_in_a_folders_numbers_is_an_error_that_names_what_is_missing(
    names: list[str], tmp_path: Path, command: Command
) -> None:
    for number, name in enumerate(names):
        write(tmp_path / f"{name}.safetensors", {f"layers.{number}.x.weight": ("F32", (5,))})
    missing = {"out-00000": "out-00001", "part.1": "part.3", "m-1-of-3": "m-3-of-3"}[names[0]]
    assert f"{tmp_path / missing}.safetensors: missing" in command(tmp_path).complaint


def test_the_same_tensors_in_numbered_files_are_several_models(tmp_path: Path, command: Command) -> None:
    for step in (10, 20, 40):
        write(tmp_path / f"step-{step}.safetensors", {"x.weight": ("F32", (step,))})
        torch.save({"x.weight": torch.zeros(step)}, tmp_path / f"epoch_{step:03}.pt")
    complaint = command(tmp_path).complaint
    assert "there are several safetensors files: step-10.safetensors, step-20.safetensors, step-40.saf" in complaint
    assert complaint.endswith("; name one of them")
    result = command(tmp_path / "epoch_020.pt", "--json").model
    assert (result["parameters"], result["complete"], result["notes"]) == (20, True, [])


def test_unrelated_files_in_one_folder_are_to_be_chosen_from(tmp_path: Path, command: Command) -> None:
    models: dict[str, Tensors] = {
        "vit": {"blocks.0.attn.qkv.weight": ("F32", (12, 4))},
        "llama": {"model.layers.0.mlp.up_proj.weight": ("F32", (8, 4))},
        "lora": {"lora_unet_mid.lora_up.weight": ("F32", (4, 2))},
    }
    for name, tensors in models.items():
        write(tmp_path / f"{name}.safetensors", tensors)
    expected = "there are several safetensors files: llama.safetensors, lora.safetensors, vit.safetensors; name one of"
    assert expected in command(tmp_path).complaint
    assert command(tmp_path / "vit.safetensors", "--json").model["parameters"] == 48
    (tmp_path / "lora.safetensors").unlink()
    (tmp_path / "llama.safetensors").rename(tmp_path / "model-00001-of-00001.safetensors")
    assert "there are several safetensors files" in command(tmp_path).complaint


def test_files_of_single_modules_are_one_model(tmp_path: Path, command: Command) -> None:
    modules = {"model.embed_tokens": 3, "model.layers.0": 4, "model.layers.1": 5, "model.norm": 6, "lm_head": 7}
    for name, size in modules.items():
        write(tmp_path / f"{name}.safetensors", {f"{name}.weight": ("F32", (size,))})
    assert command(tmp_path, "--json").model["parameters"] == 25
    (tmp_path / "model.layers.0.safetensors").unlink()
    write(tmp_path / "model.layers.2.safetensors", {"model.layers.2.weight": ("F32", (1,))})
    assert "model.layers.0.safetensors: missing" in command(tmp_path).complaint


def test_of_numbered_variants_the_plain_one_is_read(tmp_path: Path, command: Command) -> None:
    for variant, dtype in (("", "F32"), (".fp16", "F16")):
        for number in (1, 2):
            name = f"diffusion_pytorch_model{variant}-0000{number}-of-00002.safetensors"
            write(tmp_path / name, {f"layers.{number}.weight": (dtype, (4,))})
    result = command(tmp_path, "--json").model
    assert (result["parameters"], result["bytes"]) == (8, 32)


def test_a_shard_of_the_hub_cache_whose_neighbour_is_not_there_yet_is_a_piece(
    hub_cache: Path, command: Command
) -> None:
    names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    folder = write_hub(hub_cache, "org/name", {names[0]: {"a": ("F32", (5,))}, names[1]: {"b": ("F32", (5,))}})
    snapshot = folder / "snapshots" / ("a" * 40)
    assert command(snapshot / names[0], "--json").model["parameters"] == 10
    (snapshot / names[1]).resolve().unlink()
    result = command(snapshot / names[0], "--json").model
    assert (result["parameters"], result["complete"]) == (5, False)


def test_a_shard_of_the_hub_opens_the_whole_or_is_a_piece(tmp_path: Path, hub: Hub, command: Command) -> None:
    folder = write_shards(tmp_path / "m", [{"a.weight": ("F32", (5,))}, {"b.weight": ("F32", (7,))}])
    hub.add("org/name", folder)
    assert command("org/name/model-00001-of-00002.safetensors", "--json").model["parameters"] == 12
    half = write_shards(tmp_path / "half", [{"a.weight": ("F32", (5,))}, {"b.weight": ("F32", (7,))}])
    (half / "model-00002-of-00002.safetensors").unlink()
    hub.add("org/half", half)
    result = command("org/half/model-00001-of-00002.safetensors", "--json").model
    assert (result["parameters"], result["complete"]) == (5, False)
    assert result["notes"][0].startswith("piece 1 of 2")


def test_tensors_without_elements_are_named(tmp_path: Path, command: Command) -> None:
    # huggingface/accelerate#2155, huggingface/transformers#20082: saved under ZeRO-3 or FSDP without gathering.
    shapes = {name: shape if "ln_" in name else (0,) for name, (_, shape) in gpt2(layers=2).items()}
    write(tmp_path / "model.safetensors", {name: ("F32", shape) for name, shape in shapes.items()})
    result = command(tmp_path, "--json").model
    empty = sum(shape == (0,) for shape in shapes.values())
    assert result["notes"][0].startswith(f"{empty} of {len(shapes)} tensors have no elements, such as transformer.wte")
    assert "zero_to_fp32.py" in result["notes"][0]
    assert (result["parameters"], result["complete"]) == (5 * 2 * 768, False)
