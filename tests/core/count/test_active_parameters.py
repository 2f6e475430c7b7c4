"""Active parameters of mixtures of experts, as each family writes its tensors and its config."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from tests.core.classify.test_ties import count_of
from tests.support.packed_layers import awq, gptq, mlx
from tests.support.published_shapes import Layouts, Linear, plain

EXPERTS, USED, WIDTH, INNER = 8, 2, 64, 128
DENSE = {"model.embed_tokens.weight": ("BF16", (100, WIDTH)), "model.norm.weight": ("BF16", (WIDTH,))}
ROUTED = 3 * EXPERTS * WIDTH * INNER
"""Of one layer."""
USUAL = {"num_experts": EXPERTS, "num_experts_per_tok": USED}


def one_by_one(prefix: str, names: tuple[str, str, str], linear: Linear = plain, layers: int = 3) -> Layouts:
    tensors: Layouts = {}
    for layer in range(layers):
        for expert in range(EXPERTS):
            gate, up, down = (f"{prefix}.{name}".format(layer=layer, expert=expert) for name in names)
            tensors |= linear(gate, INNER, WIDTH) | linear(up, INNER, WIDTH) | linear(down, WIDTH, INNER)
    return tensors


MIXTRAL = one_by_one("model.layers.{layer}.block_sparse_moe.experts.{expert}", ("w1", "w3", "w2"))
QWEN = one_by_one("model.layers.{layer}.mlp.experts.{expert}", ("gate_proj", "up_proj", "down_proj"))
SWITCH = one_by_one("encoder.block.{layer}.layer.1.mlp.experts.expert_{expert}", ("wi_0", "wi_1", "wo"))
JAMBA = one_by_one("model.layers.{layer}.feed_forward.experts.{expert}", ("gate_proj", "up_proj", "down_proj"))
FUSED: Layouts = {
    f"model.layers.{layer}.{name}": ("BF16", shape)
    for layer in range(3)
    for name, shape in (
        ("mlp.experts.gate_up_proj", (EXPERTS, WIDTH, 2 * INNER)),
        ("mlp.experts.down_proj", (EXPERTS, INNER, WIDTH)),
    )
}
DBRX: Layouts = {
    f"transformer.blocks.{layer}.ffn.experts.mlp.{name}": ("BF16", (EXPERTS * INNER, WIDTH))
    for layer in range(3)
    for name in ("w1", "v1", "w2")
}
GRANITE: Layouts = {
    f"model.layers.{layer}.block_sparse_moe.{name}.weight": ("BF16", shape)
    for layer in range(3)
    for name, shape in (("input_linear", (EXPERTS, 2 * INNER, WIDTH)), ("output_linear", (EXPERTS, WIDTH, INNER)))
}
STEP_3: Layouts = {
    f"model.layers.{layer}.moe.{name}.weight": ("BF16", (EXPERTS, *shape))
    for layer in range(3)
    for name, shape in (("gate_proj", (INNER, WIDTH)), ("up_proj", (INNER, WIDTH)), ("down_proj", (WIDTH, INNER)))
}
MIXTRAL_STACKED: Layouts = {
    f"layers.{layer}.block_sparse_moe.{name}": ("BF16", (EXPERTS * INNER, WIDTH))
    for layer in range(3)
    for name in ("w1", "w2", "w3")
}
GGUF: Layouts = {
    f"blk.{layer}.ffn_{name}_exps.weight": ("BF16", (EXPERTS, INNER, WIDTH))
    for layer in range(3)
    for name in ("gate", "up", "down")
}
MLX: Layouts = {
    name: (dtype, (EXPERTS, *shape))
    for layer in range(3)
    for part, out, columns in (("gate_proj", INNER, WIDTH), ("up_proj", INNER, WIDTH), ("down_proj", WIDTH, INNER))
    for name, (dtype, shape) in mlx(f"model.layers.{layer}.mlp.switch_mlp.{part}", out, columns).items()
}
SHARED = {
    **plain("model.layers.0.mlp.shared_expert.up_proj", INNER, WIDTH),
    **plain("model.layers.0.mlp.shared_experts.up_proj", INNER, WIDTH),
    **plain("model.layers.0.mlp.shared_mlp.up_proj", INNER, WIDTH),
    **plain("model.layers.0.share_expert.up_proj", INNER, WIDTH),
    **plain("model.layers.0.mlp.shared_expert_gate", 1, WIDTH),
    **plain("blk.0.ffn_up_shexp", INNER, WIDTH),
    **plain("model.layers.0.mlp.gate", EXPERTS, WIDTH),
    **plain("model.layers.1.mlp.up_proj", INNER, WIDTH),
}


@pytest.mark.parametrize(
    ("tensors", "config"),
    [
        (MIXTRAL, {"num_local_experts": 8, "num_experts_per_tok": 2}),
        (QWEN, USUAL),
        (QWEN, {"n_routed_experts": 8, "num_experts_per_tok": 2, "n_shared_experts": 1}),
        (QWEN, {"moe_num_experts": 8, "moe_k": 2}),
        (QWEN, {"moe_num_experts": 8, "moe_top_k": 2}),
        (QWEN, {"num_experts": 8, "top_k_experts": 2}),
        (QWEN, {"num_experts": 8, "moe_topk": [2, 2, 2]}),
        (QWEN, {"num_experts": [8, 8, 8], "moe_topk": [1, 2, 3]}),
        (QWEN, {"num_experts": 8, "num_experts_per_token": 2}),
        (QWEN, {"text_config": USUAL}),
        (QWEN, {"thinker_config": {"text_config": USUAL}}),
        (JAMBA, {**USUAL, "expert_layer_period": 2}),
        (FUSED, {"text_config": {"num_local_experts": 8, "num_experts_per_tok": 2}}),
        (DBRX, {"ffn_config": {"moe_num_experts": 8, "moe_top_k": 2}}),
        (STEP_3, {"moe_num_experts": 8, "moe_top_k": 2}),
        (MIXTRAL_STACKED, {"moe": USUAL}),
        (QWEN, {"moe_config": {"moe_num_experts": 8, "moe_top_k": 2}}),
        (QWEN, {"num_moe_experts": 8, "moe_router_topk": 2}),
        (GRANITE, {"num_local_experts": 8, "num_experts_per_tok": 2}),
        (GGUF, {"expert_count": 8, "expert_used_count": 2}),
        (MLX, USUAL),
        (one_by_one("model.layers.{layer}.mlp.experts.{expert}", ("a", "b", "c"), gptq), USUAL),
        (
            one_by_one(
                "model.layers.{layer}.mlp.experts.{expert}",
                ("a", "b", "c"),
                partial(awq, group=32),
            ),
            USUAL,
        ),
    ],
)
def test_routed_experts_work_in_part_and_all_else_whole(tensors: Layouts, config: dict[str, Any]) -> None:
    count = count_of({**DENSE, **tensors, **SHARED}, config)
    dense = count_of({**DENSE, **SHARED})
    assert dense.active_parameters == dense.totals.parameters
    assert count.totals.parameters == dense.totals.parameters + 3 * ROUTED
    assert count.active_parameters == dense.totals.parameters + 3 * ROUTED * USED // EXPERTS


def test_a_router_and_a_bias_kept_among_the_experts_are_not_left_out() -> None:
    experts = "model.layers.0.self_attention.experts"  # JetMoE
    stacks: Layouts = {f"{experts}.input_linear.weight": ("BF16", (EXPERTS, INNER, WIDTH))}
    whole = {**plain(f"{experts}.router.layer", EXPERTS, WIDTH), f"{experts}.bias": ("BF16", (WIDTH,))}
    count = count_of({**DENSE, **stacks, **whole}, USUAL)
    left_out = EXPERTS * INNER * WIDTH * (EXPERTS - USED) // EXPERTS
    assert count.active_parameters == count.totals.parameters - left_out


def test_experts_under_names_that_are_not_known_are_not_said_to_be_active() -> None:
    unknown = {f"model.layers.0.mlp.crew.{n}.weight": ("BF16", (INNER, WIDTH)) for n in range(EXPERTS)}
    assert count_of({**DENSE, **unknown}, USUAL).active_parameters is None
    doge = {"is_moe": False, "num_experts": 16384, "num_experts_per_tok": 64}
    for dense in ({"num_experts": 1, "num_experts_per_tok": 1}, {"num_experts": 0, "num_experts_per_tok": 2}, doge):
        count = count_of({**DENSE, **unknown}, dense)
        assert count.active_parameters == count.totals.parameters


def test_a_switch_transformer_has_one_expert_a_token() -> None:
    config = {"model_type": "switch_transformers", "num_experts": 8}
    count = count_of({**DENSE, **SWITCH}, config)
    assert count.active_parameters == 100 * WIDTH + WIDTH + 3 * ROUTED // EXPERTS


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"num_experts": 8},
        {"num_experts_per_tok": 2},
        {"num_experts": 7, "num_experts_per_tok": 2},
        {"num_experts": [8, 4, 8], "num_experts_per_tok": 2},
        {"num_experts": 8, "num_experts_per_tok": 9},
        {"num_experts": 8, "moe_topk": [2, 2, "2"]},
        {"num_experts": 8, "moe_topk": [1, 2, 3, 4, 5]},
        {"n_routed_experts": 8, "moe_topk": 2, "zero_expert_num": 4},
        {"ffn_config": 7, "moe": [USUAL]},
    ],
)
def test_active_parameters_are_unknown_where_the_config_does_not_fit(config: dict[str, Any]) -> None:
    assert count_of({**DENSE, **QWEN}, config).active_parameters is None


@pytest.mark.parametrize(
    "name", ["mtp.layers.0.mlp.up_proj", "model.mtp_layers.0.up_proj", "model.layers.3.mlp.up_proj"]
)
def test_layers_for_speculative_decoding_are_parameters_and_not_active(name: str) -> None:
    config = {**USUAL, "num_hidden_layers": 3, "num_nextn_predict_layers": 1}
    without = count_of({**DENSE, **QWEN}, config)
    count = count_of({**DENSE, **QWEN, **plain(name, INNER, WIDTH)}, config)
    assert count.totals.parameters == without.totals.parameters + INNER * WIDTH
    assert count.totals.categories["mlp"].parameters == 3 * ROUTED + INNER * WIDTH
    assert count.active_parameters == without.active_parameters
    assert count.notes == [
        "8,192 of the parameters are for speculative decoding (multi-token prediction) and not among the active ones;"
        f" without them there are {without.totals.parameters:,}"
    ]


def test_of_a_dense_model_all_parameters_are_active() -> None:
    count = count_of({**DENSE, **plain("mtp.layers.0.mlp.up_proj", INNER, WIDTH)})
    assert count.active_parameters == count.totals.parameters
    assert count.notes == [
        "8,192 of the parameters are for speculative decoding (multi-token prediction); without them there are 6,464"
    ]


def test_a_tower_with_experts_of_its_own_has_its_own_share() -> None:
    # transformers, modeling_dots3_note.py: the vision tower's layers have 4 to 64 experts, of which 2 work on a token.
    tower: Layouts = {
        f"model.vision_tower.blocks.{n}.mlp.experts.up_proj": ("BF16", (experts, INNER, WIDTH))
        for n, experts in enumerate((4, 8, 16))
    }
    config = {"text_config": USUAL, "vision_config": {"num_local_experts": 16, "num_experts_per_tok": 2}}
    without = count_of({**DENSE, **QWEN}, config)
    count = count_of({**DENSE, **QWEN, **tower}, config)
    assert count.totals.parameters == without.totals.parameters + 28 * INNER * WIDTH
    assert without.active_parameters is not None
    assert count.active_parameters == without.active_parameters + 3 * 2 * INNER * WIDTH
    alone = count_of({**DENSE, **tower}, {"vision_config": {"num_experts_per_tok": 2}})
    assert alone.active_parameters == alone.totals.parameters - 22 * INNER * WIDTH


@pytest.mark.parametrize(
    ("layers", "is_dense"),
    [(["linear_attention", "mlp", "full_attention"], True), (["linear_attention", "moe", "mlp"], False)],
)
def test_a_config_that_lists_no_layer_of_experts_is_dense(layers: list[str], is_dense: bool) -> None:
    # Nemotron-H's config has numbers of experts whether it has experts or not.
    config = {"n_routed_experts": 8, "num_experts_per_tok": 2, "layers_block_type": layers}
    count = count_of({**DENSE}, config)
    assert count.active_parameters == (count.totals.parameters if is_dense else None)
