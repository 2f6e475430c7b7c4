"""Packed weights count as the weights they stand for; what goes with them is quantisation data."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.checkpoint.config import ModelConfig
from core.checkpoint.source import Source
from core.checkpoint.tensors import TensorBatch
from core.count.counter import Count, ParameterCounter
from tests.support.checkpoints import byte_count, write
from tests.support.command import Command
from tests.support.packed_layers import (
    SCHEMES,
    awq,
    bitnet,
    bitsandbytes_4bit,
    compressed,
    fp8_comfy,
    gptq,
    hqq,
    mlx,
    modelopt_int4,
)
from tests.support.published_shapes import Layouts, Linear, llama, mixtral


def count_of(layouts: Layouts, config: dict[str, Any]) -> Count:
    counter = ParameterCounter(Source("x", "x", "test", ModelConfig.of(config), []))
    dtypes, shapes = zip(*((dtype, tuple(shape)) for dtype, shape in layouts.values()))
    names, sizes = list(layouts), [byte_count(*layout) for layout in layouts.values()]
    counter.add(TensorBatch(names, shapes, dtypes, sizes, ""))
    return counter.count()


def size_of(layouts: Layouts) -> int:
    return sum(byte_count(*layout) for layout in layouts.values())


@pytest.mark.parametrize("linear", [gptq, awq, bitsandbytes_4bit, mlx])
def test_the_same_model_counts_the_same_in_each_form(linear: Linear, tmp_path: Path, command: Command) -> None:
    tensors: Layouts = {"model.embed_tokens.weight": ("F16", (32000, 4096))}
    tensors |= linear("model.layers.0.self_attn.q_proj", 4096, 4096)
    result = command(write(tmp_path / "x.safetensors", tensors), "--json").model
    assert result["parameters"] == 147_849_216
    assert result["categories"]["attention"]["parameters"] == 4096 * 4096
    assert result["bytes"] == size_of(tensors)
    assert result["not_counted"]["quantization"]["tensor_count"] == len(tensors) - 2
    name = "model.layers.0.self_attn.q_proj.weight"
    assumed = [f"{name} (U32): no config says how many bits a weight takes, 4 are assumed"] if linear is mlx else []
    assert result["notes"] == assumed


@pytest.mark.parametrize("name", SCHEMES)
def test_a_model_counts_the_same_in_every_scheme(name: str) -> None:
    linear, config = SCHEMES[name]
    whole = count_of(llama(1000, 1024, 3, 1024, 256, 2048), {})
    tensors = llama(1000, 1024, 3, 1024, 256, 2048, linear=linear)
    count = count_of(tensors, config)
    assert {key: tally.parameters for key, tally in count.totals.categories.items()} == {
        key: tally.parameters for key, tally in whole.totals.categories.items()
    }
    assert count.totals.whole.bytes == size_of(tensors)
    assert count.totals.whole.tensor_count == whole.totals.whole.tensor_count
    assert set(count.totals.not_counted) <= {"quantization"}
    assert not [note for note in count.notes if "not known" in note or ("assumed" in note and config)]


@pytest.mark.parametrize("name", ["gptq-4", "awq", "bnb-nf4", "compressed", "nvfp4", "compressed-mxfp4", "int8", "fp8"])
def test_experts_whose_names_differ_in_digits_only_keep_their_shapes(name: str) -> None:
    linear, config = SCHEMES[name]
    assert count_of(mixtral(linear, 1), config).totals.parameters == count_of(mixtral(layers=1), {}).totals.parameters


@pytest.mark.parametrize("linear", [gptq, awq])
@pytest.mark.parametrize("present", [True, False])
def test_layers_of_different_widths_and_bits_are_told_apart(linear: Linear, present: bool) -> None:
    tensors = linear("model.layers.0.mlp.up_proj", 4096, 1024) | linear("model.layers.1.mlp.up_proj", 512, 1024)
    tensors |= linear("model.layers.2.mlp.up_proj", 1024, 4096)
    config = {"quantization_config": {"bits": 4, "group_size": 128}} if present else {}
    assert count_of(tensors, config).totals.parameters == (4096 + 512 + 4096) * 1024


def test_gptq_modules_of_other_bits_need_no_pattern_matched() -> None:
    tensors = gptq("model.layers.0.mlp.down_proj", 1024, 2048, bits=8)
    tensors |= gptq("model.layers.1.mlp.down_proj", 1024, 2048)
    dynamic = {"+:.*\\.0\\..*": {"bits": 8}}
    config = {"quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 128, "dynamic": dynamic}}
    assert count_of(tensors, config).totals.parameters == 2 * 1024 * 2048


def test_mlx_modules_have_settings_of_their_own() -> None:
    tensors = mlx("model.embed_tokens", 1000, 1024, bits=8, group=32) | mlx("model.layers.0.mlp.up_proj", 2048, 1024)
    tensors |= mlx("model.layers.1.mlp.up_proj", 2048, 1024, bits=2, group=128)
    own = {
        "model.embed_tokens": {"bits": 8, "group_size": 32},
        "model.layers.1.mlp.up_proj": {"bits": 2, "group_size": 128},
    }
    config = {"quantization": {"bits": 4, "group_size": 64, "lm_head": False, **own}}
    count = count_of(tensors, config)
    assert count.totals.parameters == 1000 * 1024 + 2 * 2048 * 1024
    assert count.totals.categories["embedding"].parameters == 1000 * 1024


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_the_config_tells_the_bits_where_layers_differ_in_width(bits: int) -> None:
    packed = partial(hqq, bits=bits)
    tensors = packed("model.layers.0.mlp.up_proj", 256, 256) | packed("model.layers.1.mlp.up_proj", 256, 512)
    tensors |= packed("model.layers.2.mlp.up_proj", 256, 1024)
    own = {"nbits": bits, "group_size": 64}
    config = {"quantization_config": {"quant_config": {"weight_quant_params": own}}}
    assert count_of(tensors, config).totals.parameters == 256 * (256 + 512 + 1024)


def test_the_config_of_a_language_model_inside_another_counts() -> None:
    tensors = mlx("language_model.model.layers.0.mlp.up_proj", 2048, 1024, bits=8, group=32)
    assert count_of(tensors, {}).totals.parameters == 2 * 2048 * 1024
    config = {"text_config": {"quantization_config": {"bits": 8, "group_size": 32}}}
    assert count_of(tensors, config).totals.parameters == 2048 * 1024


def test_a_bias_beside_a_packed_weight_stays_a_bias() -> None:
    tensors = gptq("h.0.attn.c_attn", 2304, 768) | {"h.0.attn.c_attn.bias": ("F16", (2304,))}
    tensors |= mlx("h.0.mlp.c_fc", 3072, 768) | {"h.0.mlp.c_fc.bias": ("F16", (3072,))}
    whole = count_of(tensors, {}).totals.whole
    assert (whole.weights, whole.biases) == (2304 * 768 + 3072 * 768, 2304 + 3072)


def test_scales_and_biases_of_a_model_that_is_not_quantised_are_parameters() -> None:
    tensors: Layouts = {
        "mixer.scales": ("F32", (64,)),
        "mixer.biases": ("F32", (64,)),
        "mixer.weight": ("F32", (64, 64)),
        "attn.k_scale": ("F32", ()),
        "head.scale": ("F32", (1,)),
        "vae.codes": ("F32", (8, 8)),
        "vae.codebooks": ("F32", (8, 8)),
    }
    assert count_of(tensors, {}).totals.parameters == 64 + 64 + 64 * 64 + 1 + 1 + 64 + 64


@pytest.mark.parametrize("config", [{}, {"quantization_config": {"quant_method": "quip"}}])
def test_codes_of_16_bits_are_counted_as_stored_and_said_whatever_their_size(config: dict[str, Any]) -> None:
    # QuIP#'s names.
    layer = {"self_attn.k_proj": 128, "mlp.up_proj": 1536}
    tensors: Layouts = {f"model.layers.0.{name}.Qidxs": ("I16", (rows, 64)) for name, rows in layer.items()}
    tensors.update({f"model.layers.0.{name}.codebook_id": ("I64", ()) for name in layer})
    count = count_of(tensors, config)
    assert count.totals.parameters == (128 + 1536) * 64
    assert {name: tally.parameters for name, tally in count.totals.categories.items()} == {
        "attention": 128 * 64,
        "mlp": 1536 * 64,
    }
    (note,) = count.notes
    assert "2 tensors such as model.layers.0.self_attn.k_proj.Qidxs (I16): not known how" in note


def test_an_unknown_layout_is_counted_as_stored_and_said() -> None:
    tensors: Layouts = {
        "model.layers.0.mlp.up_proj.wq_strange": ("I32", (512, 512)),
        "model.layers.1.mlp.up_proj.wq_strange": ("I32", (512, 512)),
        "model.embed_tokens.weight": ("F16", (1000, 64)),
    }
    count = count_of(tensors, {"quantization_config": {"quant_method": "new", "bits": 4}})
    assert count.totals.parameters == 2 * 512 * 512 + 64_000
    assert count.notes == [
        "2 tensors such as model.layers.0.mlp.up_proj.wq_strange (I32): not known how the weights are packed,"
        " 524,288 elements counted as stored"
    ]


@pytest.mark.parametrize(
    ("linear", "parameters", "bits"),
    [
        (partial(compressed, group=32), 1024 * 2048, 4),  # Kimi-K2-Thinking
        (partial(compressed, group=64), 1024 * 2048, 4),
        (partial(mlx, bits=8), 1024 * 2048, 8),
        (bitnet, 1024 * 2048 // 4, 8),
    ],
)
def test_what_no_config_says_is_assumed_and_said(linear: Linear, parameters: int, bits: int) -> None:
    count = count_of(linear("model.layers.0.mlp.up_proj", 1024, 2048), {})
    assert count.totals.parameters == parameters
    (note,) = count.notes
    assert note.endswith(f": no config says how many bits a weight takes, {bits} are assumed")


def test_a_mark_that_weights_are_scaled_is_no_parameter() -> None:
    tensors: Layouts = {**fp8_comfy("transformer_blocks.0.attn.to_q", 64, 32), "scaled_fp8": ("F8_E4M3", (2,))}
    count = count_of(tensors, {})
    assert (count.totals.parameters, count.totals.not_counted["quantization"].elements) == (64 * 32, 4)


def test_one_scale_a_row_is_enough_for_two_weights_a_byte() -> None:
    assert count_of(modelopt_int4("model.layers.0.mlp.up_proj", 512, 128), {}).totals.parameters == 512 * 128


@pytest.mark.parametrize(
    "config", [{"bits": 0}, {"bits": -4}, {"bits": "4"}, {"bits": 4, "group_size": -1}, [], 4, None]
)
def test_a_config_that_says_nothing_sensible_does_no_harm(config: object) -> None:
    tensors = gptq("model.layers.0.mlp.up_proj", 512, 256) | awq("model.layers.0.mlp.down_proj", 256, 512)
    assert count_of(tensors, {"quantization_config": config}).totals.parameters == 2 * 512 * 256


# Where modules of one name differ in width, shapes alone do not tell the bits of these.
AMBIGUOUS = {"exl2", "hqq-8", "hqq-2"}
SURE = [name for name, (_, config) in SCHEMES.items() if not config and name not in AMBIGUOUS]
MODULES = st.lists(
    st.tuples(
        st.sampled_from(SURE),
        st.sampled_from([256, 512, 1024, 2048]),
        st.sampled_from([256, 512, 1024, 2048]),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=150)
@given(modules=MODULES)
def test_any_mixture_of_packed_modules_holds_what_it_was_made_from(modules: list[tuple[str, int, int, bool]]) -> None:
    tensors: Layouts = {}
    parameters = biases = 0
    for n, (scheme, out, columns, bias) in enumerate(modules):
        # Each scheme under a name of its own, since names that differ in digits only are one model's layers.
        module = f"model.{scheme.translate(str.maketrans('0123456789', 'abcdefghij'))}.{n}.mlp.up_proj"
        tensors |= SCHEMES[scheme][0](module, out, columns)
        parameters += out * columns
        if bias:
            tensors[f"{module}.bias"] = ("F16", (out,))
            biases += out
    count = count_of(tensors, {})
    whole = count.totals.whole
    assert (whole.weights, whole.biases) == (parameters, biases)
    assert whole.bytes == size_of(tensors)
    assert whole.tensor_count + count.totals.not_counted.get("quantization", count.source.beside).tensor_count == len(
        tensors
    )
    assert sum(classification.parameters for _, classification in count.tensors()) == whole.parameters


WORDS = [
    *(
        "qweight",
        "qzeros",
        "scales",
        "g_idx",
        "weight",
        "weight_packed",
        "weight_scale",
        "biases",
        "W_q",
        "scale",
        "zero",
    ),
    *(
        "x_blocks",
        "x_scales",
        "codes",
        "codebooks",
        "absmax",
        "_data",
        "_scale",
        "trellis",
        "SCB",
        "compressed",
        "bitmask",
    ),
    *("q_weight", "q_perm", "tables", "indices", "B", "s", "scale_packed"),
]


@settings(max_examples=200)
@given(
    tensors=st.dictionaries(
        st.builds(
            "{}.{}".format,
            st.sampled_from(["a", "a.weight", "b.0", "b.1", "b.0.weight._data"]),
            st.sampled_from(WORDS),
        ),
        st.tuples(
            st.sampled_from(["U8", "I8", "I16", "I32", "U32", "F16", "F32", "F8_E4M3", "I64"]),
            st.lists(st.integers(0, 9), max_size=4),
        ),
        min_size=1,
        max_size=14,
    ),
    config=st.sampled_from([{}, {"bits": 4, "group_size": 2}, {"bits": 3}, {"quant_method": "bitnet"}, {"w": [[{}]]}]),
)
def test_no_mixture_of_shapes_and_names_breaks_the_count(
    tensors: dict[str, tuple[str, list[int]]], config: dict[str, Any]
) -> None:
    count = count_of(
        {name: (dtype, tuple(shape)) for name, (dtype, shape) in tensors.items()}, {"quantization": config}
    )
    assert count.totals.stored_count == len(tensors)
    assert sum(classification.parameters for _, classification in count.tensors()) == count.totals.parameters >= 0
    assert json.dumps(count.notes)
