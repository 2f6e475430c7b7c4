"""The table of words: what each component is called, asked from outside."""

from __future__ import annotations

import pytest

from core.naming.components import ATTENTION, KEY, MLP, QUERY, QUERY_KEY_VALUE, Component
from core.naming.experts import is_numbered_expert, is_routed_expert, is_shared_expert


@pytest.mark.parametrize("components", [ATTENTION, MLP])
def test_a_word_means_one_component_of_its_category(components: tuple[Component, ...]) -> None:
    words = [word for component in components for word in component.all_words]
    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    ("name", "component"),
    [
        ("model.layers.0.self_attn.q_proj.weight", QUERY),
        ("blk.0.attn_q.weight", QUERY),
        ("layers.0.attention.wk.weight", KEY),
        ("h.0.attn.c_attn.weight", QUERY_KEY_VALUE),
    ],
)
def test_projections_of_all_makers_are_found_by_their_words(name: str, component: Component) -> None:
    assert [each for each in ATTENTION if each.has_word_in(name)] == [component]


def test_a_projection_of_cross_attention_gives_no_width() -> None:
    name = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight"
    assert KEY.has_word_in(name)
    assert not KEY.gives_width(name)
    assert KEY.gives_width("model.layers.0.self_attn.k_proj.weight")


@pytest.mark.parametrize(
    ("template", "routed", "numbered", "shared"),
    [
        ("model.layers..mlp.experts..down_proj.weight", True, True, False),
        ("model.layers..mlp.experts.down_proj", True, False, False),
        ("blk..ffn_down_exps.weight", True, False, False),
        ("model.layers..mlp.shared_experts.down_proj.weight", False, False, True),
        ("model.layers..mlp.down_proj.weight", False, False, False),
    ],
)
def test_experts_are_told_by_their_templates(template: str, routed: bool, numbered: bool, shared: bool) -> None:
    told = is_routed_expert(template), is_numbered_expert(template), is_shared_expert(template)
    assert told == (routed, numbered, shared)
