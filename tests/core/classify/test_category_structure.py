"""Layouts of code bases whose names no rule is made for: what stands beside a tensor and its shape tell its category.

`data/code_bases.json.gz` has layouts of eighteen code bases, each with its source: of each name without digits and
shape the first tensor, and its category; "" where that is a matter of taste. The labels come from the classes of the
modules that own the tensors, a kernel being a convolution's unless it stands in attention, MLP, mixer, patch embedding
or head.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.checkpoint.config import ModelConfig
from core.classify.categorizer import categories_of
from core.naming.template import template_of
from tests.support.counting import counted
from tests.support.counting import model as model_in

Shape = tuple[int, ...]
NOTHING = ModelConfig.of({})


class Layout(NamedTuple):
    """A layout: names with digits, shapes, categories."""

    names: list[str]
    shapes: list[Shape]
    labels: list[str]

    def categories(self, prefix: str = "") -> list[str]:
        names = [prefix + name for name in self.names]
        return categories_of([(template_of(name), shape) for name, shape in zip(names, self.shapes)], NOTHING, names)


def _layouts() -> dict[str, Layout]:
    with gzip.open(Path(__file__).parent / "data" / "code_bases.json.gz") as file:
        told = json.load(file)
    return {
        key: Layout(
            [name for name, _, _ in layout["tensors"]],
            [tuple(shape) for _, shape, _ in layout["tensors"]],
            [label for _, _, label in layout["tensors"]],
        )
        for key, layout in told.items()
    }


LAYOUTS = _layouts()


@pytest.mark.parametrize("key", LAYOUTS)
def test_each_tensor_counts_where_its_module_does(key: str) -> None:
    layout = LAYOUTS[key]
    wrong = {
        name: (label, said)
        for name, label, said in zip(layout.names, layout.labels, layout.categories())
        if label and said != label
    }
    assert not wrong


@given(st.sampled_from(sorted(LAYOUTS)), st.lists(st.from_regex(r"[a-z]{2,4}\d?", fullmatch=True), max_size=3))
@settings(max_examples=60)
def test_the_prefix_of_a_layout_changes_no_category(key: str, words: list[str]) -> None:
    # A prefix that is a word of a rule, such as `mlp`, would say what the model is.
    prefix = "".join(f"q{word}." for word in words)
    assert LAYOUTS[key].categories(prefix) == LAYOUTS[key].categories()


def _said(tensors: Mapping[str, Shape]) -> dict[str, str]:
    names = list(tensors)
    categories = categories_of([(template_of(name), tensors[name]) for name in names], NOTHING, names)
    return dict(zip(names, categories))


def test_a_list_that_widens_and_narrows_again_is_a_feed_forward() -> None:
    plain = {"body.0.1.2.weight": (256, 64), "body.0.1.2.bias": (256,), "body.0.1.5.weight": (64, 256)}
    assert set(_said(plain).values()) == {"mlp"}
    gated = {"body.0.net.0.weight": (512, 64), "body.0.net.2.weight": (64, 256)}
    assert set(_said(gated).values()) == {"mlp"}
    square = {"body.0.net.0.weight": (64, 64), "body.0.net.2.weight": (64, 64)}
    assert set(_said(square).values()) == {"other"}


def test_what_stands_beside_queries_and_keys_is_attention() -> None:
    said = _said(
        {
            "body.0.0.queries.weight": (64, 64),
            "body.0.0.keys.weight": (64, 64),
            "body.0.0.temper.0.weight": (8, 64),
            "body.0.1.temper.0.weight": (9, 64),
            "body.0.1.grid.weight": (64, 64, 3, 3),
        }
    )
    assert list(said.values()) == ["attention", "attention", "attention", "other", "convolution"]


def test_a_key_without_a_query_is_none() -> None:
    assert _said({"store.key_bank.weight": (64, 64)}) == {"store.key_bank.weight": "other"}


def test_llama_cpps_names_tell_the_attention_and_nothing_of_its_layer() -> None:
    said = _said({f"blk.0.{word}.weight": (64, 64) for word in ("attn_q", "attn_k", "inp_thing")})
    assert list(said.values()) == ["attention", "attention", "other"]


def test_kernels_are_told_from_stacks_of_matrices() -> None:
    said = _said(
        {
            "piece.a.weight": (64, 32, 3, 3),
            "piece.b.weight": (64, 32, 7),
            "piece.c.weight": (64, 32, 1),
            "piece.d.weight": (8, 512, 256),
            "piece.e.parametrizations.weight.original0": (64, 1, 1),
            "piece.e.parametrizations.weight.original1": (64, 32, 7),
            "piece.e.bias": (64,),
            "piece.f.weight_g": (64, 1, 1),
            "piece.f.weight_v": (64, 32, 7),
            "piece.f.bias": (64,),
            "piece.table": (1, 4, 64),
        }
    )
    assert [name for name, category in said.items() if category == "other"] == ["piece.d.weight", "piece.table"]
    assert set(said.values()) == {"convolution", "other"}


def test_the_one_matrix_of_a_network_of_kernels_over_images_is_its_head() -> None:
    kernel = {"parts.0.weight": (64, 3, 3, 3)}
    said = _said({**kernel, "parts.1.thing.weight": (10, 64), "parts.1.thing.bias": (10,)})
    assert list(said.values()) == ["convolution", "head", "head"]
    two = _said({**kernel, "parts.1.thing.weight": (10, 64), "parts.2.thing.weight": (20, 10)})
    assert list(two.values()) == ["convolution", "other", "other"]
    sound = _said({"parts.0.weight": (64, 1, 3), "parts.1.thing.weight": (10, 64)})
    assert list(sound.values()) == ["convolution", "other"]


def test_a_bias_in_a_plain_sequential_is_what_its_own_weight_is(tmp_path: Path) -> None:
    tensors: dict[str, tuple[str, Shape]] = {
        "parts.0.weight": ("F32", (8, 3, 3, 3)),
        "parts.0.bias": ("F32", (8,)),
        "parts.1.weight": ("F32", (8,)),
        "parts.1.bias": ("F32", (8,)),
        "parts.2.weight": ("F32", (8, 8)),
        "parts.2.bias": ("F32", (8,)),
        "parts.3.weight": ("F32", (9, 8)),
    }
    said = {tensor.name: what.category for tensor, what in counted(model_in(tmp_path, tensors)).tensors()}
    assert said["parts.0.weight"] == said["parts.0.bias"] == "convolution"
    assert said["parts.1.weight"] == said["parts.1.bias"] == "norm"
    assert said["parts.2.weight"] == said["parts.2.bias"] == "other"


LORA = {
    "kohya's scripts": {
        "lora_unet_down_blocks_0_attentions_0_attn1_to_k.lora_down.weight": (4, 320),
        "lora_unet_down_blocks_0_attentions_0_attn1_to_k.lora_up.weight": (320, 4),
        "lora_unet_down_blocks_0_attentions_0_attn1_to_k.alpha": (),
        "lora_unet_down_blocks_0_attentions_0_attn1_to_k.dora_scale": (1, 320),
        "lora_unet_down_blocks_0_resnets_0_conv1.lora_mid.weight": (4, 4, 3, 3),
    },
    "LyCORIS": {
        "lora_unet_mid_to_q.hada_w1_a": (320, 4),
        "lora_unet_mid_to_q.hada_w1_b": (4, 320),
        "lora_unet_mid_to_q.alpha": (),
        "lora_unet_mid_to_k.lokr_w1": (8, 8),
        "lora_unet_mid_to_k.lokr_w2": (40, 40),
        "lora_unet_mid_to_k.alpha": (),
        "lora_unet_mid_norm.w_norm": (320,),
        "lora_unet_mid_to_v.on_input": (),
        "lycoris_mid_to_v.oft_blocks": (4, 8, 8),
        "diffusion_model.blocks.0.norm_k.diff": (320,),
        "diffusion_model.blocks.0.cross_attn.k.diff_b": (320,),
    },
    "diffusers before PEFT": {
        "unet.mid_block.attn1.processor.to_k_lora.down.weight": (4, 320),
        "unet.mid_block.attn1.processor.to_k_lora.up.weight": (320, 4),
        "text_encoder.layers.0.self_attn.k_proj.lora_linear_layer.down.weight": (4, 320),
        "text_encoder.layers.0.self_attn.to_q.lora.down.weight": (4, 320),
        "text_encoder.layers.0.self_attn.to_q.alpha": (),
    },
}


@pytest.mark.parametrize("kind", LORA)
def test_all_of_a_lora_file_is_adapter_and_what_was_chosen_is_no_parameter(kind: str, tmp_path: Path) -> None:
    tensors = {name: ("F16", shape) for name, shape in LORA[kind].items()}
    told = {tensor.name: what for tensor, what in counted(model_in(tmp_path, tensors)).tensors()}
    assert {what.category for what in told.values()} == {"adapter"}
    chosen = {name for name, what in told.items() if what.role == "buffer"}
    assert chosen == {name for name in tensors if name.endswith((".alpha", ".on_input"))}


def test_a_recurrence_with_a_low_rank_of_its_own_is_no_adapter() -> None:
    names = ("r_proj.linear.weight", "w_lora.lora.0.weight", "w_lora.lora.2.weight", "g_norm.weight")
    said = _said({f"layers.0.attn.{name}": (64,) if "norm" in name else (64, 8) for name in names})
    assert list(said.values()) == ["mixer", "mixer", "mixer", "norm"]
