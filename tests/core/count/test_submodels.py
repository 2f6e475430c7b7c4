"""The parts of models that have several, and the one stack of those that have not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.checkpoints import Tensors, experts, gpt2, masks, write
from tests.support.command import Command
from tests.support.counting import counted


def stack(path: str, size: int = 8) -> Tensors:
    return {f"{path}.{n}.mlp.up.weight": ("F32", (size, size)) for n in range(2)}


def one(*names: str) -> Tensors:
    return dict.fromkeys(names, ("F32", (4, 4)))


MODELS: dict[str, tuple[Tensors, list[str]]] = {
    "llava": (
        {
            **stack("model.vision_tower.vision_model.encoder.layers"),
            **one("model.multi_modal_projector.linear_1.weight"),
            **stack("model.language_model.layers", 30),
            **one("lm_head.weight"),
        },
        ["vision_tower", "multi_modal_projector", "language_model", "lm_head"],
    ),
    "llava 1.5": (
        {
            **one("model.embed_tokens.weight"),
            **stack("model.layers"),
            **stack("model.vision_tower.vision_tower.vision_model.encoder.layers"),
            **one("model.mm_projector.0.weight", "lm_head.weight"),
        },
        ["model", "vision_tower", "mm_projector", "lm_head"],
    ),
    "t5": (
        {**one("shared.weight"), **stack("encoder.block"), **stack("decoder.block")},
        ["shared", "encoder", "decoder"],
    ),
    "whisper": (
        {**one("model.encoder.conv1.weight"), **stack("model.encoder.layers"), **stack("model.decoder.layers")},
        ["encoder", "decoder"],
    ),
    "clip": (
        {
            "logit_scale": ("F32", ()),
            **stack("text_model.encoder.layers"),
            **stack("vision_model.encoder.layers"),
            **one("visual_projection.weight"),
        },
        ["logit_scale", "text_model", "vision_model", "visual_projection"],
    ),
    "a detector": (
        {
            **stack("model.backbone.model.encoder.stages"),
            **one("model.input_projection.weight"),
            **stack("model.encoder.layers"),
            **stack("model.decoder.layers"),
            **one("bbox_predictor.layers.0.weight", "bbox_predictor.layers.1.weight"),
        },
        ["backbone", "input_projection", "encoder", "decoder", "bbox_predictor"],
    ),
    "a backbone and a head": (
        {**stack("backbone.encoder.layers"), **one("decode_head.conv.weight")},
        ["backbone", "decode_head"],
    ),
    "parts within nearly all": (
        {
            **stack("speecht5.encoder.wrapped_encoder.layers", 40),
            **stack("speecht5.decoder.wrapped_decoder.layers", 40),
            **stack("postnet.layers", 2),
        },
        ["encoder", "decoder", "postnet"],
    ),
    "gpt2": (gpt2(), []),
    "gpt2 as published": ({**gpt2(prefix=""), **masks(12)}, []),
    "experts": (dict(experts(2, 4)), []),
    "mamba": ({**one("backbone.embeddings.weight"), **stack("backbone.layers"), **one("lm_head.weight")}, []),
    "bert": ({**one("bert.embeddings.word.weight"), **stack("bert.encoder.layer"), **one("cls.dense.weight")}, []),
    "a U-net": (
        {**stack("down_blocks"), **one("mid_block.attentions.0.transformer_blocks.0.ff.weight"), **stack("up_blocks")},
        [],
    ),
    "stages": ({**one("embedder.conv.weight"), **stack("encoder.stages"), **one("classifier.1.weight")}, []),
    "no layers": (one("a.b", "c.d"), []),
    "nothing": ({}, []),
}


@pytest.mark.parametrize("wrapper", ["", "module.", "base_model.model."])
@pytest.mark.parametrize("name", MODELS)
def test_parts_are_told_by_name_whatever_wraps_the_model(name: str, wrapper: str, tmp_path: Path) -> None:
    tensors, names = MODELS[name]
    count = counted(write(tmp_path / "x.safetensors", {wrapper + each: layout for each, layout in tensors.items()}))
    assert [name for name, _ in count.submodels] == names
    assert sum(totals.parameters for _, totals in count.submodels) in {0, count.totals.parameters}


def test_parts_are_in_every_output_by_category(tmp_path: Path, command: Command) -> None:
    path = write(tmp_path / "x.safetensors", MODELS["llava"][0])
    model = command(path, "--json").model
    assert [part["part"] for part in model["parts"]] == MODELS["llava"][1]
    for part in model["parts"]:
        assert list(part) == ["part", "parameters", "percent", "categories"]
        assert sum(category["parameters"] for category in part["categories"].values()) == part["parameters"]
    assert sum(part["parameters"] for part in model["parts"]) == model["parameters"]
    for output in ("--print", "--markdown"):
        text = command(path, output).out.replace("\\", "")
        _, below = text.split("Part ")
        assert all(name in below for name in MODELS["llava"][1])
        assert "Part " not in command(path, output, "--by", "layer").out
        assert "Part " not in command("gpt2", output).out


def test_a_file_in_which_all_names_begin_unlike_is_no_model_of_parts(tmp_path: Path) -> None:
    names = [
        f"{chr(97 + n // 676)}{chr(97 + n // 26 % 26)}{chr(97 + n % 26)}.layers.0.mlp.up.weight" for n in range(2000)
    ]
    assert counted(write(tmp_path / "x.safetensors", one(*names))).submodels == []
