"""Layouts from public bug reports, small: each with the count that its makers give it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import prod
from pathlib import Path

import pytest
import torch

from tests.support.checkpoints import Tensors, write
from tests.support.command import Command

LLAMA: dict[str, tuple[str, tuple[int, ...]]] = {
    "model.embed_tokens.weight": ("BF16", (320, 64)),
    "model.layers.0.self_attn.q_proj.weight": ("BF16", (64, 64)),
    "model.layers.0.mlp.up_proj.weight": ("BF16", (160, 64)),
    "model.norm.weight": ("BF16", (64,)),
}
HEAD: dict[str, tuple[str, tuple[int, ...]]] = {"lm_head.weight": ("BF16", (320, 64))}
VISION: dict[str, tuple[str, tuple[int, ...]]] = {
    "visual.blocks.0.attn.qkv.weight": ("BF16", (96, 32)),
    "visual.merger.mlp.0.weight": ("BF16", (128, 128)),
}


def numel(tensors: Tensors) -> int:
    return sum(prod(shape) for _, shape in tensors.values())


# Tensors, config, parameters.
MODELS: dict[str, tuple[Tensors, Mapping[str, object], int]] = {
    # google-deepmind/gemma#8: the config does not speak of the tie
    "Gemma": (LLAMA, {"model_type": "gemma", "architectures": ["GemmaForCausalLM"]}, numel(LLAMA)),
    # huggingface/transformers#36598
    "Qwen2.5-VL-3B": (
        LLAMA | VISION,
        {
            "model_type": "qwen2_5_vl",
            "architectures": ["Qwen2_5_VLForConditionalGeneration"],
            "tie_word_embeddings": True,
        },
        numel(LLAMA | VISION),
    ),
    # QwenLM/Qwen3-VL-Embedding#89: not tied, and no head
    "Qwen3-VL-Embedding": (
        LLAMA | VISION,
        {"model_type": "qwen3_vl", "architectures": ["Qwen3VLForConditionalGeneration"], "tie_word_embeddings": False},
        numel(LLAMA | VISION),
    ),
    "LLaMA with a head of its own": (
        LLAMA | HEAD,
        {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "tie_word_embeddings": False},
        numel(LLAMA | HEAD),
    ),
}


@pytest.mark.parametrize("case", list(MODELS))
def test_heads_tied_missing_or_said_otherwise(case: str, tmp_path: Path, command: Command) -> None:
    tensors, config, parameters = MODELS[case]
    write(tmp_path / "model.safetensors", tensors)
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert command(tmp_path, "--json").model["parameters"] == parameters


# NVIDIA-NeMo/Megatron-Bridge#335, XPengZhao/NeRF2#6, facebookresearch/jepa#74, garvita-tiwari/PoseNDF#8
@pytest.mark.parametrize(
    "name",
    [
        *("latest_checkpoint.tar", "r50.pth.tar", "model.zip", "weights.model", "model.t7", "noext", "model.pkl"),
        *("model.state", "epoch_3.ckpt.pt", "model.params", "best.weights", "rust_model.ot", "model_weights"),
    ],
)
def test_what_torch_save_wrote_opens_whatever_its_name(name: str, tmp_path: Path, command: Command) -> None:
    state = {key: torch.zeros(shape) for key, (_, shape) in LLAMA.items()}
    torch.save(state, tmp_path / name)
    assert command(tmp_path / name, "--json").model["parameters"] == numel(LLAMA)


@pytest.mark.parametrize("name", ["model.sft", "noext_st", "model.safetensors.tmp"])
def test_safetensors_files_open_whatever_their_names(name: str, tmp_path: Path, command: Command) -> None:
    write(tmp_path / name, LLAMA)
    assert command(tmp_path / name, "--json").model["parameters"] == numel(LLAMA)


def test_a_trainers_folder_opens_its_model(tmp_path: Path, command: Command) -> None:
    # OLMo's unsharded checkpoints, nanochat's: the optimizer's state and the trainer's lie beside the model.
    state = {key: torch.zeros(shape) for key, (_, shape) in LLAMA.items()}
    torch.save(state, tmp_path / "model.pt")
    torch.save({"state": {}, "param_groups": []}, tmp_path / "optim.pt")
    torch.save({"epoch": 0, "rng": {"torch": torch.zeros(16, dtype=torch.uint8)}}, tmp_path / "train.pt")
    assert command(tmp_path, "--json").model["parameters"] == numel(LLAMA)


def test_a_stable_diffusion_checkpoint_is_counted_without_its_average(tmp_path: Path, command: Command) -> None:
    # CompVis/latent-diffusion: names of the average have no dots.
    unet: Tensors = {
        "model.diffusion_model.time_embed.0.weight": ("F32", (128, 32)),
        "model.diffusion_model.out.2.weight": ("F32", (4, 32, 3, 3)),
    }
    average = {"model_ema." + name.removeprefix("model.").replace(".", ""): layout for name, layout in unet.items()} | {
        "model_ema.decay": ("F32", ()),
        "model_ema.num_updates": ("I32", ()),
    }
    write(tmp_path / "sd.safetensors", {**unet, **average})
    assert command(tmp_path / "sd.safetensors", "--json").model["parameters"] == numel(unet)
