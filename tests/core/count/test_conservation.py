"""Sums conserve, whatever the names: parts add up to the whole in every cut of a model."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from core.checkpoint.config import ModelConfig
from core.checkpoint.source import Source
from core.checkpoint.tensors import StoredTensor, TensorBatch
from core.count.counter import Count, ParameterCounter
from core.count.layer_totals import layer_totals
from core.count.totals import Totals, summed
from core.count.tree import build_tree
from core.report.as_json import json_report
from core.report.as_text import TextStyle, text_report
from core.report.results import BY
from core.text.width import cells

PARTS = st.one_of(
    st.sampled_from(
        [
            *(
                "h",
                "0",
                "1",
                "10",
                "attn",
                "mlp",
                "experts",
                "ln_1",
                "wte",
                "weight",
                "bias",
                "",
                "transformer",
                "lm_head",
            ),
            *("running_mean", "c_attn", "weight_scale_inv", "masked_bias", "inv_freq", "model", "layers", "²", "٣"),
        ]
    ),
    st.text(max_size=4),
)
NAMES = st.one_of(st.lists(PARTS, min_size=1, max_size=6).map(".".join), st.lists(PARTS, max_size=90).map(".".join))
TENSORS = st.builds(
    lambda names, layouts: [
        StoredTensor(name, tuple(shape), dtype, 4, "", storage) for name, (shape, dtype, storage) in zip(names, layouts)
    ],
    st.lists(NAMES, unique=True, max_size=25),
    st.lists(
        st.tuples(
            st.lists(st.integers(0, 5), max_size=4),
            st.sampled_from(["F32", "F8_E4M3", "I64", "U8"]),
            st.sampled_from([None, None, None, "a", "b"]),
        ),
        min_size=25,
        max_size=25,
    ),
)
CONFIGS = st.sampled_from([{}, {"tie_word_embeddings": True}, {"num_experts": 4, "num_experts_per_tok": 1}])


def count_of(tensors: list[StoredTensor], config: dict[str, object]) -> Count:
    counter = ParameterCounter(Source("x", "x", "test", ModelConfig.of(dict(config)), []))
    for tensor in tensors:
        columns = [tensor.name], [tensor.shape], [tensor.dtype], [tensor.nbytes]
        counter.add(TensorBatch(*columns, tensor.file, [tensor.storage]))
    return counter.count()


def added(parts: list[Totals]) -> Totals:
    whole = Totals()
    for part in parts:
        whole.add(part)
    return whole


@settings(max_examples=200)
@given(tensors=TENSORS, config=CONFIGS)
def test_every_cut_of_a_model_adds_up_to_it(tensors: list[StoredTensor], config: dict[str, object]) -> None:
    count = count_of(tensors, config)
    whole = count.totals
    assert whole.whole == summed(whole.categories.values())
    assert all(tally.weights + tally.biases == tally.parameters for tally in whole.categories.values())
    assert whole.whole.tensor_count + sum(left.tensor_count for left in whole.not_counted.values()) == len(tensors)
    assert whole.stored_count == len(tensors)
    assert added([totals for _, _, totals in layer_totals(count)]) == whole

    (modules,) = json.loads("".join(json_report([count], "module", 1)))["models"]
    assert {row["depth"] for row in modules["modules"]} <= {1}
    assert sum(row["parameters"] for row in modules["modules"]) == whole.parameters
    assert sum(row["tensor_count"] for row in modules["modules"]) == len(tensors)

    root = build_tree(count)
    assert root.totals() == whole
    assert (root.parameters, root.tensor_count) == (whole.parameters, len(tensors))
    for node in root.below():
        own = node.classification.parameters if node.classification else 0
        assert node.parameters == own + sum(child.parameters for child in node.children.values())
        assert node.totals().parameters == node.parameters
    found = {node.tensor.name: node.path for node in root.below() if node.tensor}
    assert found == {tensor.name: tensor.name for tensor in tensors}


@settings(max_examples=100)
@given(tensors=TENSORS)
def test_the_order_of_the_tensors_does_not_change_the_sums(tensors: list[StoredTensor]) -> None:
    single = [tensor.replaced(storage=None) for tensor in tensors]
    assert count_of(single, {}).totals == count_of(single[::-1], {}).totals


@settings(max_examples=60)
@given(tensors=TENSORS)
def test_every_output_shows_any_names(tensors: list[StoredTensor]) -> None:
    count = count_of(tensors, {})
    (model,) = json.loads("".join(json_report([count], "tensor", None)))["models"]
    assert sorted(row["name"] for row in model["tensors"]) == sorted(tensor.name for tensor in tensors)
    assert sum(row["parameters"] for row in model["tensors"]) == model["parameters"]
    for by in BY:
        assert "".join(json_report([count], by, None)).isascii()
        for ascii_only in (True, False):
            text = "".join(text_report([count], by, None, TextStyle(ascii_only, lambda text, _: text)))
            assert text.isascii() or not ascii_only
            assert all(line.isprintable() and cells(line) <= 80 for line in text.split("\n"))
