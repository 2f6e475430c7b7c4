from __future__ import annotations

from pathlib import Path

import pytest

from core.count.layer_totals import layer_totals, layers_below
from core.count.tree import build_tree
from core.naming.layers import Layers
from tests.support.checkpoints import Tensors, experts, gpt2, masks, write
from tests.support.counting import counted


def rows(tmp_path: Path, tensors: Tensors) -> list[tuple[str, bool, int]]:
    count = counted(write(tmp_path / "x.safetensors", tensors))
    return [(layer, numbered, totals.parameters) for layer, numbered, totals in layer_totals(count)]


GPT2 = [
    ("wte", False, 38_597_376),
    ("wpe", False, 786_432),
    *((f"h.{n}", True, 7_087_872) for n in range(12)),
    ("ln_f", False, 1536),
]


@pytest.mark.parametrize("prefix", ["transformer.", "", "model.", "module.transformer.", "_orig_mod.transformer."])
def test_gpt2_has_its_layers_and_what_lies_outside_them(prefix: str, tmp_path: Path) -> None:
    assert rows(tmp_path, gpt2(prefix=prefix)) == GPT2


def test_layers_stored_in_the_order_of_text_stand_in_natural_order(tmp_path: Path) -> None:
    found = rows(tmp_path, dict(sorted(gpt2(prefix="").items())))
    assert [layer for layer, numbered, _ in found if numbered] == [f"h.{n}" for n in range(12)]
    assert sorted(found) == sorted(GPT2)


def test_masks_do_not_change_the_layers(tmp_path: Path) -> None:
    assert rows(tmp_path, {**gpt2(prefix=""), **masks(12)}) == GPT2


def test_experts_lie_in_their_layer(tmp_path: Path) -> None:
    found = rows(tmp_path, dict(experts(3, 8)))
    assert [layer for layer, _, _ in found] == ["embed_tokens", "layers.0", "layers.1", "layers.2", "lm_head"]
    assert len({parameters for _, numbered, parameters in found if numbered}) == 1


def test_two_towers_keep_their_names(tmp_path: Path) -> None:
    tensors: Tensors = {
        f"{tower}_model.encoder.layers.{n}.mlp.fc1.weight": ("F32", (4, 4))
        for tower in ("text", "vision")
        for n in (0, 1)
    }
    assert [layer for layer, _, _ in rows(tmp_path, tensors)] == [
        f"{tower}_model.encoder.layers.{n}" for tower in ("text", "vision") for n in (0, 1)
    ]


def test_a_model_without_numbers_has_its_modules_as_rows(tmp_path: Path) -> None:
    tensors: Tensors = {"fc.weight": ("F32", (2, 3)), "fc.bias": ("F32", (2,)), "scale": ("F32", ())}
    assert rows(tmp_path, tensors) == [("fc", False, 8), ("scale", False, 1)]


LAYERS = [
    ("h.0.attn.c_attn.weight", "h.0"),
    ("model.layers.11.mlp.gate_proj.weight", "model.layers.11"),
    ("bert.encoder.layer.3.attention.self.query.weight", "bert.encoder.layer.3"),
    ("blk.7.attn_q.weight", "blk.7"),
    ("decoder.block.0.layer.1.EncDecAttention.q.weight", "decoder.block.0"),
    ("swin.encoder.layers.2.blocks.5.attention.self.query.weight", "swin.encoder.layers.2"),
    ("convnext.encoder.stages.1.layers.0.dwconv.weight", "convnext.encoder.stages.1"),
    ("resnet.encoder.stages.3.layers.1.layer.0.convolution.weight", "resnet.encoder.stages.3"),
    ("layer2.0.conv1.weight", "layer2"),
    ("features.denseblock1.denselayer2.conv1.weight", "features.denseblock1"),
    ("visual.transformer.resblocks.4.attn.in_proj_weight", "visual.transformer.resblocks.4"),
    ("gpt_neox.layers.2.attention.dense.weight", "gpt_neox.layers.2"),
    ("transformer.blocks.9.norm_1.weight", "transformer.blocks.9"),
    ("single_transformer_blocks.5.attn.to_q.weight", "single_transformer_blocks.5"),
    ("down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q.weight", "down_blocks.1"),
    (
        "encoder.albert_layer_groups.0.albert_layers.0.attention.query.weight",
        "encoder.albert_layer_groups.0.albert_layers.0",
    ),
    ("lxmert.encoder.x_layers.4.visual_attention.att.query.weight", "lxmert.encoder.x_layers.4"),
    ("perceiver.encoder.self_attends.3.attention.self.query.weight", "perceiver.encoder.self_attends.3"),
    ("backbone.0.body.layer3.5.conv2.weight", "backbone.0.body.layer3"),
    ("encoder.layers_0.attention.query.kernel", "encoder.layers_0"),
]


@pytest.mark.parametrize(("name", "layer"), LAYERS, ids=[layer for _, layer in LAYERS])
def test_a_layer_is_known_in_every_family(name: str, layer: str) -> None:
    layers = Layers([name])
    depth = layers.depth_of(name)
    assert ".".join(name.split(".")[:depth]) == layer
    assert layers.is_layer(layer)


@pytest.mark.parametrize(
    "name",
    [
        "experts.3.up_proj.weight",
        "mlp.0.dense.weight",
        "transformer.lin1.weight",
        "classifier.0.weight",
        "classifier.0.dense.weight",
        "embeddings.0.word.weight",
        "bbox_predictor.layers.0.weight",
        "mask_head.layers.0.dense.weight",
        "stem.stage.0.conv.weight",
        "wav2vec2.feature_extractor.conv_layers.0.conv.weight",
        "h.0",
        "layers.weight",
        "layers.0.weight",
        "²",
        "h.².weight.x",
        "",
    ],
)
def test_a_number_that_is_no_layer_is_none(name: str) -> None:
    known = "model.layers.0.mlp.up_proj.weight"
    for layers in (Layers([name]), Layers([known, name])):
        assert layers.depth_of(name) == 0
    assert Layers([known, name]).depth_of(known) == 3


def test_lists_with_unknown_words_are_layers_where_no_others_are() -> None:
    names = ["transformer.units.0.attn.q.weight", "transformer.units.0.moe.experts.1.up.weight"]
    assert [Layers(names).depth_of(name) for name in names] == [3, 3]
    assert Layers([*names, "transformer.layers.0.mlp.up.weight"]).depth_of(names[0]) == 0


def test_a_number_missing_in_one_name_makes_no_layer_of_it(tmp_path: Path) -> None:
    tensors: Tensors = {f"{layer}.conv.weight": ("F32", (2, 2)) for layer in ("layer1", "layer", "layer22")}
    assert sorted(rows(tmp_path, tensors)) == [("layer", False, 4), ("layer1", True, 4), ("layer22", True, 4)]


T5: Tensors = {
    "shared.weight": ("F32", (100, 8)),
    **{
        f"{stack}.block.{n}.layer.{m}.{part}.weight": ("F32", (8, 8))
        for stack, parts in (("encoder", ("SelfAttention.q", "DenseReluDense.wi")), ("decoder", ("SelfAttention.q",)))
        for n in range(3)
        for m, part in enumerate(parts)
    },
    "decoder.final_layer_norm.weight": ("F32", (8,)),
}


def test_the_layers_view_and_the_rows_by_layer_are_the_same_layers(tmp_path: Path) -> None:
    for tensors in (T5, gpt2(), dict(experts(3, 8))):
        count = counted(write(tmp_path / "x.safetensors", tensors))
        in_rows = [(name, totals) for name, is_layer, totals in layer_totals(count) if is_layer]
        assert layers_below([build_tree(count)], count.layers) == in_rows
        assert in_rows


def test_within_a_layer_stand_its_own_layers_and_within_those_none_but_itself(tmp_path: Path) -> None:
    count = counted(write(tmp_path / "x.safetensors", T5))
    block = build_tree(count).children["encoder"].children["block"].children["1"]
    assert [name for name, _ in layers_below([block], count.layers)] == [f"encoder.block.1.layer.{n}" for n in (0, 1)]
    run = list(build_tree(count).children["encoder"].children["block"].children.values())
    assert [name for name, _ in layers_below(run, count.layers)] == [f"encoder.block.{n}" for n in range(3)]
    lone = block.children["layer"].children["0"]
    assert [name for name, _ in layers_below([lone], count.layers)] == ["encoder.block.1.layer.0"]
    below = lone.children["SelfAttention"]
    assert layers_below([below], count.layers) == []


def test_a_name_of_a_million_parts_takes_no_time(tmp_path: Path) -> None:
    deep = "layers.0." * 500_000
    found = rows(tmp_path, {deep + "x": ("F32", (2,)), "layers.1.mlp.up": ("F32", (3,))})
    assert [(name[:8], numbered) for name, numbered, _ in found] == [("layers.0", True), ("layers.1", True)]
