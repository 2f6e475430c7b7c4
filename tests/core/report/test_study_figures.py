"""Every figure of the study's table, as the command prints it for scripts."""

from __future__ import annotations

import json
from math import prod
from typing import Any

import pytest

from tests.support.command import Command

MODELS = ("gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl")

TOTAL = (124_439_808, 354_823_168, 774_030_080, 1_557_611_200)
CATEGORIES = {
    "attention": (28_348_416, 100_761_600, 236_113_920, 491_827_200),
    "mlp": (56_669_184, 201_449_472, 472_089_600, 983_424_000),
    "norm": (38_400, 100_352, 186_880, 310_400),
    "embedding": (39_383_808, 52_511_744, 65_639_680, 82_049_600),
}
PERCENT = {
    "attention": (22.7808, 28.3977, 30.5045, 31.5757),
    "mlp": (45.5394, 56.7746, 60.9911, 63.1367),
    "norm": (0.0309, 0.0283, 0.0241, 0.0199),
    "embedding": (31.6489, 14.7994, 8.4802, 5.2677),
}
TOKENS = (38_597_376, 51_463_168, 64_328_960, 80_411_200)
POSITIONS = (786_432, 1_048_576, 1_310_720, 1_638_400)
MLP_TO_ATTENTION = (1.99902, 1.99927, 1.99941, 1.99953)
NORM_WEIGHTS = (19_200, 50_176, 93_440, 155_200)
BIASES = (102_144, 271_360, 508_160, 846_400)


@pytest.fixture
def models(command: Command) -> list[dict[str, Any]]:
    result = command(*MODELS, "--json", "--by", "tensor")
    assert (result.status, result.err) == (0, "")
    models = result.json["models"]
    assert isinstance(models, list)
    return models


def test_json_gives_the_totals(models: list[dict[str, Any]]) -> None:
    assert [model["model"] for model in models] == list(MODELS)
    assert tuple(model["parameters"] for model in models) == TOTAL
    assert tuple(model["active_parameters"] for model in models) == TOTAL
    assert tuple(model["bytes"] for model in models) == tuple(4 * n for n in TOTAL)
    assert tuple(model["biases"] for model in models) == BIASES
    assert tuple(model["weights"] for model in models) == tuple(n - b for n, b in zip(TOTAL, BIASES))
    assert tuple(model["tensor_count"] for model in models) == (148, 292, 436, 580)


@pytest.mark.parametrize("category", list(CATEGORIES))
def test_json_gives_each_category(category: str, models: list[dict[str, Any]]) -> None:
    figures = [model["categories"][category] for model in models]
    assert tuple(figure["parameters"] for figure in figures) == CATEGORIES[category]
    assert tuple(round(figure["percent"], 4) for figure in figures) == PERCENT[category]
    for figure, total in zip(figures, TOTAL):
        assert figure["percent"] == pytest.approx(100 * figure["parameters"] / total, rel=1e-12)
        assert figure["weights"] + figure["biases"] == figure["parameters"]
        assert figure["bytes"] == 4 * figure["parameters"]


def test_json_holds_no_other_category(models: list[dict[str, Any]]) -> None:
    assert all(set(model["categories"]) == set(CATEGORIES) for model in models)


def test_mlp_to_attention_and_norm_halves(models: list[dict[str, Any]]) -> None:
    parts = [model["categories"] for model in models]
    ratios = tuple(round(part["mlp"]["parameters"] / part["attention"]["parameters"], 5) for part in parts)
    assert ratios == MLP_TO_ATTENTION
    assert tuple(part["norm"]["weights"] for part in parts) == NORM_WEIGHTS
    assert tuple(part["norm"]["biases"] for part in parts) == NORM_WEIGHTS


def test_tensors_give_both_embeddings(models: list[dict[str, Any]]) -> None:
    for model, tokens, positions in zip(models, TOKENS, POSITIONS):
        tensors = {tensor["name"]: tensor for tensor in model["tensors"]}
        assert tensors["transformer.wte.weight"]["parameters"] == tokens
        assert tensors["transformer.wpe.weight"]["parameters"] == positions
        assert all(prod(tensor["shape"]) == tensor["parameters"] for tensor in model["tensors"])


def test_csv_gives_the_table(command: Command) -> None:
    result = command(*MODELS, "--csv")
    assert result.status == 0
    rows = {(row["model"], row["category"]): row for row in result.rows}
    assert len(rows) == len(result.rows) == 16
    for n, model in enumerate(MODELS):
        for category, counts in CATEGORIES.items():
            row = rows[model, category]
            assert int(row["parameters"]) == counts[n]
            assert round(float(row["percent"]), 4) == PERCENT[category][n]
            assert int(row["weights"]) + int(row["biases"]) == counts[n]
            assert int(row["bytes"]) == 4 * counts[n]
            assert int(row["model_parameters"]) == TOTAL[n]
        assert sum(int(row["biases"]) for key, row in rows.items() if key[0] == model) == BIASES[n]
        assert int(rows[model, "norm"]["weights"]) == NORM_WEIGHTS[n]


def test_csv_of_layers_gives_both_embeddings(command: Command) -> None:
    rows = {(row["model"], row["layer"]): row for row in command(*MODELS, "--csv", "--by", "layer").rows}
    for n, model in enumerate(MODELS):
        assert int(rows[model, "wte"]["parameters"]) == TOKENS[n]
        assert int(rows[model, "wpe"]["parameters"]) == POSITIONS[n]
        layers = [row for key, row in rows.items() if key[0] == model and key[1].startswith("h.")]
        assert len(layers) == (12, 24, 36, 48)[n]
        assert len({row["parameters"] for row in layers}) == 1


def test_text_and_json_tell_the_same_shares(command: Command) -> None:
    text = command("gpt2", "--print").out
    for share in ("22.78", "45.54", "0.03", "31.65"):
        assert f" {share} " in text
    assert json.dumps(command("gpt2", "--json").model["parameters"]) == "124439808"
