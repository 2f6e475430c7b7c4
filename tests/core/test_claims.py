"""The study's claims: verdicts follow the counts, and change with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from core.claims import claims_of
from core.counter import count
from core.findings import Claim
from core.readers.builtin import BUILT_IN, BuiltInReader, Gpt2Shape
from core.study import FAMILY, Measured, asked_apart, short_names
from tests.checkpoints import Tensors
from tests.given import GivenReader
from tests.models import LLAMA, MIXTRAL, llama


def family() -> list[Measured]:
    return [Measured(count(BuiltInReader(name))) for name in FAMILY]


def of(tensors: Tensors, config: dict[str, Any], name: str) -> Measured:
    reader = GivenReader(tensors, name)
    reader.source.config.update(config)
    return Measured(count(reader))


def asked(models: Sequence[Measured]) -> dict[int, Claim]:
    claims = claims_of(models)
    assert [claim.number for claim in claims] == list(range(1, 10))
    for claim in claims:
        assert list(claim.findings) == [model.model for model in models]
        assert claim.why
        assert claim.claim.endswith(".")
    return {claim.number: claim for claim in claims}


def verdicts(models: Sequence[Measured]) -> dict[int, str | None]:
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
    shapes = {name.replace("-", "_"): shape._replace(hidden_size=768) for name, shape in BUILT_IN.items()}
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
    assert [(title, [m.model for m in group]) for title, group in asked_apart([llama_model, *family()])] == [
        ("the study's models", list(FAMILY)),
        ("the other models", ["llama"]),
    ]
    assert [len(group) for _, group in asked_apart([llama_model, *family()[:2]])] == [3]
    assert asked_apart([]) == []


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
