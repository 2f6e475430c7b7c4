"""Folders of several models: a pipeline of diffusers, modules of sentence-transformers, weights beside an adapter."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from tests.support.checkpoints import Tensors, write
from tests.support.command import Command
from tests.support.hub import Hub

UNET: Tensors = {"conv_in.weight": ("F32", (32, 4, 3, 3)), "down_blocks.0.attentions.0.to_q.weight": ("F32", (32, 32))}
VAE: Tensors = {"encoder.conv_in.weight": ("F32", (16, 3, 3, 3)), "decoder.conv_out.weight": ("F32", (3, 16, 3, 3))}
TEXT: Tensors = {"text_model.encoder.layers.0.mlp.fc1.weight": ("F32", (128, 32))}
SIZES = {"unet": 1152 + 1024, "vae": 432 + 432, "text_encoder": 4096}
INDEX = {
    "_class_name": "StableDiffusionPipeline",
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "scheduler": ["diffusers", "PNDMScheduler"],
    "safety_checker": [None, None],
}


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    write(tmp_path / "unet" / "diffusion_pytorch_model.safetensors", UNET)
    write(tmp_path / "unet" / "diffusion_pytorch_model.fp16.safetensors", UNET)
    write(tmp_path / "vae" / "diffusion_pytorch_model.safetensors", VAE)
    write(tmp_path / "text_encoder" / "model.safetensors", TEXT)
    (tmp_path / "text_encoder" / "config.json").write_text('{"model_type": "clip_text_model"}')
    (tmp_path / "scheduler").mkdir()
    (tmp_path / "model_index.json").write_text(json.dumps(INDEX))
    return tmp_path


def test_the_models_of_a_pipeline_are_counted_together(pipeline: Path, command: Command) -> None:
    result = command(pipeline, "--json").model
    assert {part["part"]: part["parameters"] for part in result["parts"]} == SIZES
    assert (result["parameters"], result["complete"]) == (sum(SIZES.values()), True)
    assert result["architecture"] == "StableDiffusionPipeline"
    assert command(pipeline / "unet", "--json").model["parameters"] == SIZES["unet"]


def test_a_pipeline_of_the_hub_is_counted_too(pipeline: Path, hub: Hub, command: Command) -> None:
    hub.add("org/name", pipeline)
    result = command("org/name", "--json").model
    assert {part["part"]: part["parameters"] for part in result["parts"]} == SIZES
    assert (result["parameters"], result["complete"]) == (sum(SIZES.values()), True)


def test_a_model_of_a_pipeline_without_weights_is_missing(pipeline: Path, command: Command) -> None:
    (pipeline / "vae" / "diffusion_pytorch_model.safetensors").unlink()
    result = command(pipeline, "--json").model
    assert (result["parameters"], result["complete"]) == (SIZES["unet"] + SIZES["text_encoder"], False)
    assert "2 of 3 models of the pipeline: there are no weights of vae" in result["notes"][0]


def test_weights_beside_a_pipelines_folders_are_named(pipeline: Path, command: Command) -> None:
    write(pipeline / "v1-5-pruned.safetensors", UNET)
    result = command(pipeline, "--json").model
    assert result["parameters"] == sum(SIZES.values())
    assert any("v1-5-pruned.safetensors" in note for note in result["notes"])


def test_a_pipeline_that_names_no_models_is_that_of_its_folders(tmp_path: Path, command: Command) -> None:
    write(tmp_path / "unet" / "diffusion_pytorch_model.fp16.safetensors", UNET)
    (tmp_path / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    assert command(tmp_path, "--json").model["parameters"] == SIZES["unet"]


def test_modules_of_sentence_transformers_are_named(tmp_path: Path, command: Command) -> None:
    write(tmp_path / "model.safetensors", TEXT)
    write(tmp_path / "2_Dense" / "model.safetensors", {"linear.weight": ("F32", (64, 32))})
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "modules.json").write_text("[]")
    result = command(tmp_path, "--json").model
    assert result["parameters"] == 4096
    assert "not counted, weights of this model in folders of their own: 2_Dense; name one" in result["notes"]


def test_a_root_of_modules_leads_to_them(tmp_path: Path, command: Command) -> None:
    write(tmp_path / "0_Transformer" / "model.safetensors", TEXT)
    (tmp_path / "modules.json").write_text("[]")
    assert command(tmp_path).complaint.endswith("name one of its folders: 0_Transformer")


def test_weights_beside_an_adapter_are_named(tmp_path: Path, command: Command) -> None:
    write(tmp_path / "adapter_model.safetensors", {"a.lora_A.weight": ("F32", (8, 64))})
    (tmp_path / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 8}')
    torch.save({"mm_projector.0.weight": torch.zeros(64, 32)}, tmp_path / "non_lora_trainables.bin")
    torch.save({"lr": 0.1}, tmp_path / "training_args.bin")
    result = command(tmp_path, "--json").model
    assert result["parameters"] == 512
    assert "not counted, beside it: non_lora_trainables.bin; name that file to count it" in result["notes"]
    assert not any("training_args" in note for note in result["notes"])


def test_pytorch_files_beside_a_model_are_named(tmp_path: Path, command: Command) -> None:
    torch.save({"a.weight": torch.zeros(5)}, tmp_path / "pytorch_model.bin")
    torch.save({"v_head.weight": torch.zeros(3)}, tmp_path / "value_head.bin")
    result = command(tmp_path, "--json").model
    assert result["parameters"] == 5
    assert result["notes"] == ["pytorch_model.bin was read, not value_head.bin beside it"]
