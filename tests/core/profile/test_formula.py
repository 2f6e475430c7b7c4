"""Formulas of sizes: they give what was counted, or there is none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.checkpoint.gpt2 import BUILT_IN
from core.count.counter import count
from core.profile.dimensions import Dimensions
from core.profile.formula import Formula, legend
from core.profile.polynomial import Polynomial
from core.profile.profile import ModelProfile
from core.report.as_text import TextStyle
from core.report.study_report import study_text
from core.study.category_pages import category_page
from core.study.claims import claims_of
from core.study.what_if import what_if_profile
from tests.support import gguf_files as ggufs
from tests.support.checkpoints import Tensors, gpt2, masks
from tests.support.counting import counted
from tests.support.model_tensors import LLAMA, MIXTRAL, llama, write_model
from tests.support.packed_layers import SCHEMES
from tests.support.published_shapes import deepseek_v3, gpt_oss
from tests.support.tensor_reader import TensorReader


def of(tensors: Tensors, config: dict[str, Any] | None = None) -> ModelProfile:
    return ModelProfile(count(TensorReader(tensors, config=config)))


def formula(model: ModelProfile, category: str) -> Formula:
    found = model.formula(category)
    assert found
    assert found.value == model.tally(category).parameters
    return found


@pytest.mark.parametrize("name", list(BUILT_IN))
def test_gpt2_in_its_own_sizes(name: str) -> None:
    model = what_if_profile(BUILT_IN[name])
    assert {key: formula(model, key).text() for key in model.totals.categories} == {
        "attention": "L × (4d² + 4d)",
        "mlp": "L × (8d² + 5d)",
        "norm": "L × 4d + 2d",
        "embedding": "Vd + nd",
    }


def test_the_numbers_of_the_model_are_put_in() -> None:
    found = formula(what_if_profile(BUILT_IN["gpt2"]), "attention")
    assert found.with_numbers() == "12 × (4 × 768² + 4 × 768)"
    assert found.sums() == "12 × 2,362,368"
    assert [(symbol, size) for symbol, size, _ in found.symbols()] == [("L", 12), ("d", 768)]


def test_a_published_file_with_masks_has_the_same_formula() -> None:
    model = of({**gpt2(prefix=""), **masks(12)})
    assert formula(model, "attention").text() == "L × (4d² + 4d)"


def test_grouped_queries_and_a_gated_mlp(tmp_path: Path) -> None:
    model = ModelProfile(counted(write_model(tmp_path / "llama", llama(LLAMA), LLAMA)))
    assert model.parameters == 8_030_261_248
    assert formula(model, "attention").text() == "L × (2d² + 2dk)"
    assert formula(model, "mlp").text() == "L × 3df"
    assert formula(model, "norm").text() == "L × 2d + d"
    assert formula(model, "embedding").text() == formula(model, "head").text() == "Vd"
    assert model.sizes == {"L": 32, "V": 128256, "d": 4096, "k": 1024, "f": 14336, "H": 32, "h": 128}


def test_without_a_config_the_shapes_tell_the_same() -> None:
    assert formula(of(llama(LLAMA, 2)), "attention").text() == "L × (2d² + 2dk)"


@pytest.mark.parametrize("scheme", sorted(set(SCHEMES) - {"hqq-8"}))  # its rows of 64 tell nothing of the weights
def test_packed_weights_have_the_formula_of_those_they_stand_for(scheme: str) -> None:
    linear, config = SCHEMES[scheme]
    tensors: dict[str, tuple[str, Sequence[int]]] = {}
    for name, layout in llama(LLAMA, 2).items():
        packed = "_proj." in name or ("embed" in name and scheme.startswith("mlx"))
        tensors.update(linear(name.removesuffix(".weight"), *layout[1]) if packed else {name: layout})
    model = of(tensors, {**LLAMA, **config})
    found = {key: formula(model, key).text() for key in ("attention", "mlp", "norm", "embedding")}
    assert found == {"attention": "L × (2d² + 2dk)", "mlp": "L × 3df", "norm": "L × 2d + d", "embedding": "Vd"}
    assert (model.dimensions.hidden_size, model.dimensions.vocabulary) == (4096, 128256)


def test_latent_attention_of_deepseek_v3() -> None:
    model = of(dict(deepseek_v3()), {"num_attention_heads": 128, "n_routed_experts": 256, "num_experts_per_tok": 8})
    assert formula(model, "attention").text() == "L × (dr + dc + dt + dw + qr + cz)"
    assert formula(model, "attention").sums() == "62 × 187,105,280"
    assert formula(model, "norm").text() == "L × (2d + r + c) + 3d + d"
    assert formula(model, "mlp").text() == "59 × (3Edg + 3ds) + 3 × 3df"
    sizes = {"r": 1536, "c": 512, "t": 64, "q": 128 * 192, "z": 128 * 256, "w": 128 * 128}  # as its config has them
    assert {symbol: model.sizes[symbol] for symbol in sizes} == sizes
    (claim,) = (claim for claim in claims_of([model]) if claim.number == 2)
    assert "latent attention" in claim.why


def test_latents_that_are_as_wide_as_each_other() -> None:
    attention = "model.layers.0.self_attn."
    model = of(
        {
            "model.embed_tokens.weight": ("F32", (100, 64)),
            f"{attention}q_a_proj.weight": ("F32", (16, 64)),
            f"{attention}q_b_proj.weight": ("F32", (96, 16)),
            f"{attention}kv_a_proj_with_mqa.weight": ("F32", (24, 64)),
            f"{attention}kv_a_layernorm.weight": ("F32", (16,)),
            f"{attention}kv_b_proj.weight": ("F32", (128, 16)),
            f"{attention}o_proj.weight": ("F32", (64, 64)),
        }
    )
    assert formula(model, "attention").text() == "L × (d² + dr + dc + dt + qr + rz)"


def test_a_model_without_width_has_no_latents() -> None:
    attention = "model.layers.0.self_attn."
    model = of(
        {
            "model.embed_tokens.weight": ("F32", (5, 0)),
            f"{attention}kv_a_layernorm.weight": ("F32", (4,)),
            f"{attention}kv_a_proj_with_mqa.weight": ("F32", (6, 0)),
            f"{attention}kv_b_proj.weight": ("F32", (8, 4)),
            "model.layers.0.mlp.gate_proj.weight": ("F32", (64, 64)),
        }
    )
    assert model.formula("attention", nameless=True) is None
    assert len(claims_of([model])) == 9


def test_gpt_oss_has_a_sink_for_each_head() -> None:
    heads = {"num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 64}
    model = of(gpt_oss(), {"num_local_experts": 32, "num_experts_per_tok": 4, **heads})
    assert formula(model, "attention").text() == "L × (2dq + 2dk + H + d + q + 2k)"
    assert formula(model, "mlp").text() == "L × (3Ed² + 3Ed)"


def test_lengths_without_a_name_stand_as_numbers_where_that_is_asked_for() -> None:
    d, inner, state, heads = 2560, 5120, 128, 80  # state-spaces/mamba2-2.7b
    tensors: dict[str, tuple[str, Sequence[int]]] = {"backbone.embedding.weight": ("F32", (50288, d))}
    for n in range(3):
        mixer = f"backbone.layers.{n}.mixer."
        tensors[f"{mixer}in_proj.weight"] = ("F32", (2 * inner + 2 * state + heads, d))
        tensors[f"{mixer}conv1d.weight"] = ("F32", (inner + 2 * state, 1, 4))
        tensors[f"{mixer}conv1d.bias"] = ("F32", (inner + 2 * state,))
        tensors |= {f"{mixer}{name}": ("F32", (heads,)) for name in ("A_log", "D", "dt_bias")}
        tensors[f"{mixer}out_proj.weight"] = ("F32", (d, inner))
    model = of(tensors)
    assert model.formula("mixer") is None
    found = model.formula("mixer", nameless=True)
    assert found
    assert found.text() == "L × (2d² + d × 10,576 + 5 × 5,376 + 3 × 80)"
    assert found.with_numbers() == "3 × (2 × 2,560² + 2,560 × 10,576 + 5 × 5,376 + 3 × 80)"
    assert found.value == model.tally("mixer").parameters
    assert category_page("mixer", model).formula[0] == found.text()


def test_kernels_are_added_up_by_their_points() -> None:
    model = of(
        {
            "conv1.weight": ("F32", (64, 3, 7, 7)),
            "layer1.0.conv1.weight": ("F32", (64, 64, 3, 3)),
            "layer1.0.conv2.weight": ("F32", (64, 1, 3, 3)),
            "layer1.0.conv3.weight": ("F32", (128, 64, 1, 1)),
            "layer1.0.conv3.bias": ("F32", (128,)),
        }
    )
    found = formula(model, "convolution")
    assert found.text() == "49 × 192 + 9 × 4,160 + 8,320"
    assert found.value == model.tally("convolution").parameters
    assert category_page("convolution", model).formula == [found.text(), "55,168"]


def test_no_formula_is_longer_than_helps() -> None:
    tensors: dict[str, tuple[str, Sequence[int]]] = {"wte.weight": ("F32", (100, 24))}
    tensors |= {f"h.{n}.attn.out.weight": ("F32", (24, 100 + n)) for n in range(40)}
    model = of(tensors)
    assert model.formula("attention", nameless=True) is None
    assert category_page("attention", model).formula == []


def test_experts_and_router() -> None:
    model = of(llama(MIXTRAL), MIXTRAL)
    assert model.parameters == 46_702_792_704
    assert formula(model, "mlp").text() == "L × 3Edf"
    assert formula(model, "router").text() == "L × Ed"
    assert model.dimensions.experts_used == 2


def test_experts_in_one_tensor() -> None:
    tensors: Tensors = {
        "model.embed_tokens.weight": ("BF16", (100, 24)),
        "model.layers.0.mlp.experts.gate_up_proj": ("BF16", (8, 24, 80)),
        "model.layers.0.mlp.experts.down_proj": ("BF16", (8, 40, 24)),
    }
    assert formula(of(tensors, {"num_experts": 8}), "mlp").text() == "L × 3Edf"


@pytest.mark.parametrize("stacked", [False, True])
def test_experts_as_many_as_each_is_wide(stacked: bool) -> None:
    d, experts = 48, 32  # Qwen3-Next: 512 of 512
    names = [""] if stacked else [f"{n}." for n in range(experts)]
    first = (experts,) if stacked else ()
    last = "" if stacked else ".weight"
    tensors: dict[str, tuple[str, Sequence[int]]] = {"model.embed_tokens.weight": ("BF16", (100, d))}
    for name in names:
        for part, shape in (("gate_proj", (32, d)), ("up_proj", (32, d)), ("down_proj", (d, 32))):
            tensors[f"model.layers.0.mlp.experts.{name}{part}{last}"] = ("BF16", (*first, *shape))
    model = of(tensors, {"num_experts": experts})
    assert formula(model, "mlp").text() == "L × 3Edf"
    assert model.sizes["f"] == 32


def test_a_window_of_a_convolution_is_no_width() -> None:
    tensors: Tensors = {
        "model.embed_tokens.weight": ("F32", (100, 24)),
        "model.layers.0.mlp.fc1.weight": ("F32", (60, 24, 3)),
        "model.layers.0.mlp.fc2.weight": ("F32", (24, 60, 3)),
    }
    assert formula(of(tensors), "mlp").text() == "L × 6df"


def test_a_model_without_attention_has_no_width_of_queries() -> None:
    tensors: Tensors = {
        "backbone.embedding.weight": ("F32", (100, 24)),
        "backbone.layers.0.mixer.norm.weight": ("F32", (48,)),
        "backbone.layers.0.norm.weight": ("F32", (24,)),
    }
    model = of(tensors, {"num_heads": 6, "head_dim": 8})
    assert "q" not in model.sizes
    assert claims_of([model])[6].why == "model: 72 = L × 3d"


def test_experts_as_wide_as_the_model() -> None:
    width = 2880  # gpt-oss
    experts = "model.layers.0.mlp.experts."
    model = of(
        {
            "model.embed_tokens.weight": ("BF16", (100, width)),
            "model.layers.0.self_attn.q_proj.weight": ("BF16", (width, width)),
            f"{experts}gate_up_proj": ("BF16", (128, width, 2 * width)),
            f"{experts}gate_up_proj_bias": ("BF16", (128, 2 * width)),
            f"{experts}down_proj": ("BF16", (128, width, width)),
        },
        {"num_local_experts": 128, "num_experts_per_tok": 4},
    )
    assert formula(model, "mlp").text() == "L × (3Ed² + 2Ed)"
    (claim,) = (claim for claim in claims_of([model]) if claim.number == 2)
    assert claim.why.startswith("model: 384 times, by its gated MLP and 128 experts a layer (4 used)")


def test_a_mixture_in_gguf_has_the_same_formulas(tmp_path: Path) -> None:
    tensors, metadata = ggufs.mixtral()
    heads: dict[str, ggufs.Value] = {
        "llama.attention.head_count": 32,
        "llama.attention.head_count_kv": 8,
        "llama.attention.key_length": 128,
        "llama.context_length": 32768,
    }
    model = ModelProfile(counted(ggufs.write(tmp_path / "mixtral.gguf", tensors, {**metadata, **heads})))
    assert {key: found.text() for key in model.totals.categories if (found := model.formula(key))} == {
        "attention": "L × (2d² + 2dk)",
        "mlp": "L × 3Edf",
        "router": "L × Ed",
        "norm": "L × 2d + d",
        "embedding": "Vd",
        "head": "Vd",
    }
    assert model.dimensions == Dimensions(32, 4096, 32, 8, 128, 32000, 32768, 8, 2)


def test_numbers_of_a_projector_are_no_layers() -> None:
    tensors: Tensors = {
        "model.embed_tokens.weight": ("BF16", (100, 24)),
        **{f"model.layers.{n}.mlp.up_proj.weight": ("BF16", (40, 24)) for n in range(3)},
        **{f"multi_modal_projector.linears.{n}.weight": ("BF16", (24, 24)) for n in (0, 2)},
    }
    model = of(tensors)
    assert (model.dimensions.layers, len(model.layers)) == (3, 3)


def test_layers_of_two_kinds() -> None:
    tensors: dict[str, tuple[str, tuple[int, ...]]] = {"model.embed_tokens.weight": ("BF16", (100, 24))}
    for n in range(3):
        tensors[f"model.layers.{n}.input_layernorm.weight"] = ("BF16", (24,))
        if n:
            for expert in range(4):
                tensors[f"model.layers.{n}.mlp.experts.{expert}.up_proj.weight"] = ("BF16", (32, 24))
        else:
            tensors["model.layers.0.mlp.up_proj.weight"] = ("BF16", (40, 24))
    assert formula(of(tensors), "mlp").text() == "2 × Edg + df"


def test_positions_as_many_as_the_width_are_told_from_it() -> None:
    assert (
        formula(what_if_profile(BUILT_IN["gpt2-medium"]), "embedding").with_numbers()
        == "50,257 × 1,024 + 1,024 × 1,024"
    )


@pytest.mark.parametrize(
    "tensors",
    [
        {"wte.weight": ("F32", (100, 24)), "h.0.mlp.c_fc.weight": ("F32", (24, 96)), "h.0.mlp.x": ("F32", (37, 41))},
        {"wte.weight": ("F32", (100, 24)), "h.0.mlp.c_fc.weight": ("F32", (96, 25))},
        {"h.0.mlp.c_fc.weight": ("F32", (24, 96))},
    ],
)
def test_shapes_that_fit_no_formula_have_none(tensors: Tensors) -> None:
    model = of(tensors)
    assert model.formula("mlp") is None
    assert (model.formula("mlp", nameless=True) is None) == (not model.dimensions.hidden_size)


words = st.sampled_from(
    [
        "h",
        "layers",
        "0",
        "1",
        "2",
        "attn",
        "self_attn",
        "q_proj",
        "k_proj",
        "c_attn",
        "mlp",
        "experts",
        "shared_experts",
        "gate",
        "norm",
        "ln_1",
        "wte",
        "wpe",
        "embed_tokens",
        "lm_head",
        "lora_A",
        "weight",
        "bias",
        "fc",
        "down_proj",
        "q_a_proj",
        "q_b_proj",
        "kv_a_proj_with_mqa",
        "kv_a_layernorm",
        "kv_b_proj",
        "o_proj",
    ]
)
names = st.lists(words, min_size=1, max_size=6).map(".".join)
layouts = st.dictionaries(
    names, st.tuples(st.just("F32"), st.lists(st.integers(0, 40), max_size=4).map(tuple)), max_size=12
)
configs = st.fixed_dictionaries(
    {},
    optional={
        "hidden_size": st.one_of(st.integers(-1, 40), st.text(), st.none()),
        "num_attention_heads": st.integers(-1, 9),
        "num_key_value_heads": st.integers(-1, 9),
        "head_dim": st.integers(0, 9),
        "num_experts": st.one_of(st.integers(-1, 9), st.floats()),
        "text_config": st.one_of(st.none(), st.dictionaries(st.just("hidden_size"), st.integers(1, 9))),
    },
)


@given(layouts, configs)
def test_a_formula_gives_what_was_counted_whatever_the_tensors(tensors: Tensors, config: dict[str, Any]) -> None:
    model = of(tensors, config)
    for category in model.totals.categories:
        for nameless in (False, True):
            if found := model.formula(category, nameless):
                assert found.value == model.tally(category).parameters
                assert all(symbol in found.text() for symbol, _, _ in found.symbols())
        assert category_page(category, model).text
    assert len(claims_of([model])) == 9
    assert "".join(study_text([model], TextStyle(True, lambda text, category: text))).isascii()


numbers = st.integers(-5, 5)
products = st.sampled_from([(), ("d",), ("d", "d"), ("L", "d"), ("V",), ("d", "37"), ("41", "37")])
polynomials = st.dictionaries(products, numbers).map(Polynomial)


@given(polynomials, polynomials, st.fixed_dictionaries({key: st.integers(0, 50) for key in "LVd"}))
def test_polynomials_are_what_they_come_to(a: Polynomial, b: Polynomial, sizes: dict[str, int]) -> None:
    assert (a + b).value(sizes) == a.value(sizes) + b.value(sizes)
    assert (a * b).value(sizes) == a.value(sizes) * b.value(sizes)
    assert a + b == b + a
    assert a * b == b * a


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("12 × L × d²", "Ld"),
        ("(V + n) × d: 2f", "dVnf"),
        ("its lead is the smallest in gpt2-s: 60 % MLP", ""),
        ("bert_uncased_L-2_H-128", ""),
        ("keys of d/4", "d"),
        ("its width's", ""),
        ("llama-3.1-8b by its experts", ""),
    ],
)
def test_a_legend_tells_of_symbols_and_not_of_letters_in_names(text: str, symbols: str) -> None:
    said = legend(text)
    assert {part.split(":")[0] for part in said.split("; ")} - {""} == set(symbols)
