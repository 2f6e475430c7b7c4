"""The study's claims: verdicts follow the counts, and change with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from core.checkpoint.gpt2 import BUILT_IN, Gpt2Shape
from core.count.counter import count
from core.profile.profile import ModelProfile, short_names
from core.readers.builtin import BuiltInReader
from core.study.claims import claims_of
from core.study.findings import Claim
from core.study.groups import FAMILY, claim_groups
from tests.support.checkpoints import Tensors
from tests.support.model_tensors import LLAMA, MIXTRAL, Layout, llama
from tests.support.tensor_reader import TensorReader


def family() -> list[ModelProfile]:
    return [ModelProfile(count(BuiltInReader(name))) for name in FAMILY]


def of(tensors: Tensors, config: dict[str, Any], name: str) -> ModelProfile:
    return ModelProfile(count(TensorReader(tensors, name, config)))


def asked(models: Sequence[ModelProfile]) -> dict[int, Claim]:
    claims = claims_of(models)
    assert [claim.number for claim in claims] == list(range(1, 10))
    for claim in claims:
        assert list(claim.findings) == [model.model for model in models]
        assert claim.why
        assert claim.claim.endswith(".")
    return {claim.number: claim for claim in claims}


def verdicts(models: Sequence[ModelProfile]) -> dict[int, str | None]:
    return {number: claim.verdict for number, claim in asked(models).items()}


def test_the_nine_verdicts_on_the_family() -> None:
    holding = dict.fromkeys((1, 2, 3, 4, 9), "holds")
    partly = dict.fromkeys((5, 7), "holds in part")
    assert verdicts(family()) == {**holding, **partly, **dict.fromkeys((6, 8), "does not hold")}


def change(monkeypatch: pytest.MonkeyPatch, **shapes: Gpt2Shape) -> dict[int, str | None]:
    for name, shape in shapes.items():
        monkeypatch.setitem(BUILT_IN, name.replace("_", "-"), shape)
    return verdicts(family())


def test_a_shape_changed_changes_the_verdicts(monkeypatch: pytest.MonkeyPatch) -> None:
    wide_words = Gpt2Shape(12, 768, 12, vocabulary=500_000)
    changed = change(monkeypatch, gpt2=wide_words)
    assert changed[1] == "holds in part"
    assert changed[3] == "holds in part"
    assert changed[2] == "holds"


def test_at_one_width_counts_are_proportional_and_embeddings_of_one_size(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = {name.replace("-", "_"): shape.replaced(hidden_size=768) for name, shape in BUILT_IN.items()}
    changed = change(monkeypatch, **shapes)
    assert (changed[5], changed[6]) == ("holds", "holds")
    assert changed[4] == "holds"


def test_small_norms_hold_what_is_claimed_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = {name.replace("-", "_"): Gpt2Shape(2, 16384, 256) for name in BUILT_IN}
    changed = change(monkeypatch, **shapes)
    assert changed[8] == "holds"
    assert changed[7] == "does not hold"
    assert changed[4] == "does not hold"
    assert changed[1] == "does not hold"


def test_two_of_four_embeddings_of_one_size_hold_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    assert change(monkeypatch, gpt2=Gpt2Shape(12, 1024, 16))[6] == "holds in part"


def test_a_ratio_with_its_reason_in_the_models_own_shapes() -> None:
    model = of(llama(LLAMA), LLAMA, "meta-llama/Llama-3.1-8B")
    claim = asked([model])[2]
    assert claim.verdict == "does not hold"
    finding = claim.findings[model.model]
    assert finding.figures["mlp_to_attention"] == pytest.approx(4.2)
    assert finding.reason == (
        "4.2 times, by its gated MLP and grouped queries (32 heads, 8 keys and values): "
        "a layer has 3df in the MLP and 2d² + 2dk in attention, where k = d/4, f = 3.5d"
    )
    assert claim.why == f"Llama-3.1-8B: {finding.reason}"


def test_a_mixture_of_experts_is_told_as_one() -> None:
    reason = asked([of(llama(MIXTRAL), MIXTRAL, "mixtral")])[2].findings["mixtral"].reason
    assert "8 experts a layer (2 used)" in reason
    assert "3Edf in the MLP" in reason


def layer(name: str, attention: int, mlp: int, d: int = 64) -> Layout:
    """A layer with so many matrices in attention and in the MLP, all of the model's width or four times that."""
    mine: Layout = {f"{name}.self_attn.{each}_proj.weight": ("F32", (d, d)) for each in "qkvo"[:attention]}
    cross: Layout = {f"{name}.encoder_attn.{each}_proj.weight": ("F32", (d, d)) for each in "qkvo"[: attention - 4]}
    fed: Layout = {f"{name}.mlp.fc{n}.weight": ("F32", (4 * d, d)) for n in range(mlp)}
    return {**mine, **cross, **fed}


WORDS: Layout = {"model.embed_tokens.weight": ("F32", (500, 64))}


def ratio_of(tensors: Layout, config: dict[str, Any] | None = None) -> str:
    return asked([of({**WORDS, **tensors}, config or {}, "model")])[2].why.removeprefix("model: ")


def test_cross_attention_is_told_where_it_makes_the_ratio() -> None:
    tensors: Layout = {}
    for n in range(3):
        tensors |= layer(f"model.encoder.layers.{n}", 4, 2) | layer(f"model.decoder.layers.{n}", 8, 2)
    told = "a layer has 8d² in the MLP and 8d² (3 of 6 layers) or 4d² (3) in attention"
    assert ratio_of(tensors) == f"1.3 times, by cross attention in 3 of 6 layers: {told}"
    decoder = {name: layout for name, layout in tensors.items() if "decoder" in name}
    whole = "1.0 times, by cross attention: a layer has 8d² in the MLP and 8d² in attention"
    assert ratio_of(decoder) == whole


def test_layers_that_differ_little_are_told_as_one_kind() -> None:
    tensors: Layout = {}
    for n in range(3):
        tensors |= layer(f"encoder.block.{n}", 4, 2) | layer(f"decoder.block.{n}", 8, 2)
    relative: Layout = {"encoder.block.0.self_attn.relative_attention_bias.weight": ("F32", (8, 4))}
    told = "a layer has 8d² in the MLP and 8d² (3 of 6 layers) or 4d² (3) in attention"
    assert ratio_of({**tensors, **relative}) == f"1.3 times, by cross attention in 3 of 6 layers: {told}"


def test_layers_without_attention_and_experts_in_some_layers_are_counted() -> None:
    tensors: Layout = {}
    for n in range(8):
        name = f"model.layers.{n}"
        tensors |= layer(name, 4 if n == 4 else 0, 2 if n % 2 else 0)
        if n % 2 == 0:
            tensors |= {f"{name}.mlp.experts.{e}.up_proj.weight": ("F32", (96, 64)) for e in range(4)}
    config = {"num_experts": 4, "num_experts_per_tok": 2}
    assert ratio_of(tensors, config) == (
        "14 times, by 4 experts in 4 of 8 layers (2 used) and 7 of 8 layers without attention: "
        "a layer has 8d² (4 of 8 layers) or Edg (4) in the MLP and 4d² (1 of 8 layers) in attention, "
        "where g = 1.5d, E = 4"
    )


def test_layers_without_an_mlp_are_counted() -> None:
    tensors: Layout = {}
    for n in range(4):
        tensors |= layer(f"model.layers.{n}", 4, 2 if n < 2 else 0)
    assert ratio_of(tensors) == (
        "1.0 times, by 2 of 4 layers without an MLP: a layer has 8d² (2 of 4 layers) in the MLP and 4d² in attention"
    )


def test_a_layer_of_some_is_told_where_it_makes_the_ratio_of_the_model() -> None:
    tensors: Layout = dict(layer("vision_tower.encoder.layers.0", 4, 2, 8))
    for n in range(2):
        tensors |= layer(f"language_model.model.layers.{n}", 4, 3)
    config = {"hidden_size": 64}
    told = "2 of 3 layers have 12d² in the MLP and 4d² in attention"
    assert ratio_of(tensors, config) == f"3.0 times, by its gated MLP: {told}"


def test_no_formula_is_told_that_does_not_give_the_ratio() -> None:
    many: Layout = {}
    for n in range(5):
        many |= layer(f"model.layers.{n}", 4, n)
    pool: Layout = {"visual.attn_pool.attention.weight": ("F32", (640, 64))}
    assert ratio_of(many) == "so it is counted in each"
    assert ratio_of({**layer("model.layers.0", 4, 2), **pool}) == "0.57 times"


def test_mixers_alone_are_told_as_what_lacks_the_rest() -> None:
    mixers: Layout = {f"model.layers.{n}.mixer.in_proj.weight": ("F32", (640, 64)) for n in range(4)}
    claims = asked([of({**WORDS, **mixers}, {}, "mamba")])
    assert claims[1].why == "mamba: 0.00 and 0.00 %, as it has neither"
    assert claims[2].why == "mamba: it has no attention"
    assert claims[3].why == "mamba: Mixer is, as it has no MLP"


def test_shares_too_small_or_too_large_are_told_by_what_else_there_is() -> None:
    def shares(layers: int, outside: int, mixers: int = 0) -> str:
        tensors: Layout = {"model.embed_tokens.weight": ("F32", (outside, 64))}
        for n in range(layers):
            tensors |= layer(f"model.layers.{n}", 4, 2)
            tensors |= {f"model.layers.{n}.mixer.{m}.weight": ("F32", (64, 64)) for m in range(mixers)}
        return asked([of(tensors, {}, "model")])[1].why

    assert shares(1, 64 * 12) == "model: 16.67 and 33.33 %, as 50.0 % lie outside of the layers"
    assert shares(4, 64) == "model: 32.65 and 65.31 %, as only 2.0 % are neither"
    assert shares(4, 64, 12) == "model: 16.49 and 32.99 %, as Mixer holds 49.5 %"


def test_embeddings_outside_of_the_layers_may_be_the_largest_group() -> None:
    claims = asked([of({"wte.weight": ("F32", (5000, 64)), **layer("h.0", 4, 2)}, {}, "model")])
    assert claims[3].why == "model: Embedding is, as 86.7 % lie outside of the layers"


def test_what_is_ahead_in_one_model_is_compared_with_no_other() -> None:
    assert asked(family()[:1])[3].why == "it is ahead of the next: 45.54 % MLP, 31.65 % Embedding"
    assert asked(family())[3].why.startswith("its lead is the smallest in gpt2: 45.54 % MLP, ")


def embedded(rows: int, name: str) -> ModelProfile:
    return of({"model.embed_tokens.weight": ("F32", (rows, 64)), **layer("model.layers.0", 4, 2)}, {}, name)


def test_two_of_many_embeddings_of_one_size_are_chance() -> None:
    models = [embedded(rows, str(rows)) for rows in (1000, 2000, 4000, 4001, 9000)]
    claim = asked(models)[6]
    assert claim.verdict == "does not hold"
    assert not any(finding.holds for finding in claim.findings.values())
    assert asked(models[2:])[6].verdict == "holds in part"
    assert asked(models[:2])[6].verdict == "does not hold"


def test_shares_of_embeddings_are_those_of_the_table() -> None:
    assert asked(family())[6].why == (
        "vocabulary and positions times width: 39.4M in gpt2 (50,257 × 768 + 1,024 × 768) to "
        "82.0M in gpt2-xl (50,257 × 1,600 + 1,024 × 1,600); what falls is their share, 31.65 to 5.27 %"
    )
    deep = {**WORDS, **layer("h.0", 4, 2, 64)}
    models = [embedded(1000, "small"), embedded(2000, "more"), of(deep, {}, "deep")]
    shares = [model.percent("embedding") for model in models]
    why = asked(models)[6].why
    assert why.startswith("vocabulary times width: 32.0k in deep (500 × 64) to 128.0k in more (2,000 × 64)")
    assert why.endswith(f"; they are {min(shares):.2f} to {max(shares):.2f} % of a model")


def test_a_range_is_told_as_that_of_the_models_it_is_of() -> None:
    claim = asked([of(llama(LLAMA), LLAMA, "llama"), *family()[:1]])[8]
    assert (claim.verdict, claim.why) == ("holds in part", "in 1 of 2 it is 0.0309 %, which is 3.1 times that")


def test_norms_without_biases_do_not_halve() -> None:
    claim = asked([of(llama(LLAMA, 2), LLAMA, "llama")])[9]
    assert (claim.verdict, claim.why) == ("does not hold", "llama: its norms have no biases")


def test_what_a_model_does_not_have_is_said() -> None:
    query: Tensors = {"h.0.attn.q_proj.weight": ("F32", (8, 8))}
    only = {name: of(query, {}, name) for name in ("attention", "the same")}
    lone = of({"h.0.mlp.fc.weight": ("F32", (8, 8))}, {}, "mlp")
    claims = asked([*only.values(), lone])
    assert claims[2].findings["attention"].reason.startswith("0 times, ")
    assert claims[2].findings["mlp"].reason == "it has no attention"
    assert claims[9].findings["mlp"].reason == "it has no norms"
    convolutions: Tensors = {f"layer{n}.0.conv1.weight": ("F32", (8, 8 * n, 3, 3)) for n in (1, 2)}
    assert asked([of(convolutions, {}, "resnet")])[5].why == "resnet: its layers have neither of them"
    assert (claims[6].verdict, claims[6].why) == (None, "none has any")
    assert {finding.holds for finding in claims[6].findings.values()} == {None}


def test_what_takes_two_models_is_not_asked_of_one() -> None:
    told = verdicts(family()[:1])
    assert {number for number, verdict in told.items() if verdict is None} == {4, 6}
    assert told[5] == "holds"


def test_models_that_the_study_does_not_name_are_asked_for_its_range() -> None:
    claim = asked([of(llama(LLAMA), LLAMA, "llama")])[1]
    assert claim.claim == "Attention holds 22 to 31 % and the MLP 45 to 63 % of the parameters."
    assert claim.verdict == "does not hold"
    assert "claimed_mlp_percent" not in claim.findings["llama"].figures


@pytest.mark.parametrize(
    "tensors",
    [
        {},
        {"x": ("F32", ())},
        {"lm_head.weight": ("F32", (3, 5))},
        {"a.0.attn.w": ("F32", (0, 5)), "a.1.mlp.w": ("F32", (5,))},
        {"h.0.attn.w.weight": ("F32", (4, 5)), "h." + "9" * 5000 + ".mlp.weight": ("F32", (5,))},
    ],
)
def test_any_model_can_be_asked(tensors: Tensors) -> None:
    odd = of(tensors, {"hidden_size": "many", "num_attention_heads": -1, "text_config": 7}, "odd")
    asked([odd])
    asked([odd, *family()])


def test_the_family_is_asked_apart_where_it_is_whole() -> None:
    llama_model = of(llama(LLAMA, 2), LLAMA, "llama")
    assert [(title, [m.model for m in group]) for title, group in claim_groups([llama_model, *family()])] == [
        ("the study's models", list(FAMILY)),
        ("the other models", ["llama"]),
    ]
    assert [len(group) for _, group in claim_groups([llama_model, *family()[:2]])] == [3]
    assert claim_groups([]) == []


def test_names_are_short_and_told_apart() -> None:
    models = [
        "gpt2",
        "org/name",
        "./runs/a/model.safetensors",
        "./runs/b/model.safetensors",
        "x.safetensors",
        "y/x",
        "/",
    ]
    assert list(short_names(models).values()) == ["gpt2", "name", "a", "b", "x.safetensors", "y/x", "/"]
    assert short_names(["\x1b[31m"]) == {"\x1b[31m": r"\x1b[31m"}
