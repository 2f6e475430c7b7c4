"""The what-if model against transformers, and the steps and words that lead to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.checkpoint.gpt2 import BUILT_IN, Gpt2Shape
from core.study.what_if import MAX_SHAPE, next_preset, parsed, place, rule_of_thumb, stepped, what_if_profile

GPT3 = "96 x 12,288 50257 2048"


def test_gpt3s_shape_is_counted_as_transformers_builds_it_on_the_meta_device() -> None:
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(n_layer=96, n_embd=12288, n_head=96, n_positions=2048, vocab_size=50257)
    with torch.device("meta"):
        model = GPT2LMHeadModel(config)
    model.tie_weights()
    counted = what_if_profile(parsed(GPT3)).parameters
    assert counted == sum(parameter.numel() for parameter in model.parameters())
    assert counted == 174_604_259_328


def test_the_rule_of_thumb_is_near_where_layers_are_many() -> None:
    shape = parsed(GPT3)
    assert rule_of_thumb(shape) == pytest.approx(what_if_profile(shape).parameters, rel=0.01)
    assert rule_of_thumb(BUILT_IN["gpt2"]) < 0.7 * what_if_profile(BUILT_IN["gpt2"]).parameters


@given(st.integers(1, 40), st.integers(1, 3000), st.integers(1, 5000), st.integers(1, 5000))
def test_every_shape_is_counted_by_its_formulas(layers: int, width: int, vocabulary: int, positions: int) -> None:
    d, model = width, what_if_profile(Gpt2Shape(layers, width, 1, vocabulary, positions))
    assert model.parameters == layers * (12 * d * d + 13 * d) + 2 * d + (vocabulary + positions) * d
    assert model.tally("attention").parameters == layers * (4 * d * d + 4 * d)
    assert len(model.layers) == layers


def test_a_few_steps_lead_from_gpt2_to_gpt3_and_back() -> None:
    shape, steps = BUILT_IN["gpt2"], 0
    while (shape.layers, shape.hidden_size) != (96, 12288):
        shape = stepped(shape, "layers", 1) if shape.layers < 96 else stepped(shape, "hidden_size", 1)
        steps += 1
        assert steps < 60
    assert 0.5 < place(shape, "layers") < 1
    while stepped(shape, "hidden_size", -1) != shape:
        shape = stepped(shape, "hidden_size", -1)
    assert place(shape, "hidden_size") == 0


def test_steps_leave_vocabulary_and_context_alone() -> None:
    shape = stepped(parsed("3 100 17 19"), "layers", 1)
    assert (shape.layers, shape.hidden_size, shape.vocabulary, shape.positions) == (4, 100, 17, 19)


def test_presets_come_one_after_the_other() -> None:
    seen, shape = [], BUILT_IN["gpt2"]
    for _ in range(5):
        shape = next_preset(shape)
        seen.append((shape.layers, shape.hidden_size))
    assert seen == [(24, 1024), (36, 1280), (48, 1600), (96, 12288), (12, 768)]


@pytest.mark.parametrize(
    "text", ["", "96", "a b", "96 0", "1 2 3 4 5", "-1 5", "1e3 5", f"{MAX_SHAPE.layers + 1} 5", "٣ ٣"]
)
def test_what_is_no_shape_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="wanted"):
        parsed(text)
