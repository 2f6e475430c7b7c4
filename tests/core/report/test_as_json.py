"""The JSON of the command, as INTERFACE promises it to scripts."""

from __future__ import annotations

from itertools import pairwise
from math import isclose
from pathlib import Path

import pytest

from tests.support.checkpoints import Tensors, gpt2, masks, write
from tests.support.command import Command


def test_json_has_the_keys_of_the_contract(command: Command) -> None:
    document = command("gpt2", "--json").json
    assert document["schema"] == 1
    (model,) = document["models"]
    assert list(model) == [
        *("model", "source", "format", "architecture", "parameters", "active_parameters", "tensor_count", "bytes"),
        *("weights", "biases", "categories", "parts", "not_counted", "complete", "notes"),
        *("dtypes", "bits_per_weight", "dimensions", "metadata"),
    ]
    assert model["source"] == model["format"] == "built-in"
    assert model["architecture"] == "GPT2LMHeadModel"
    assert model["notes"] == ["lm_head.weight is tied to transformer.wte.weight: counted once"]
    assert set(model["not_counted"]) == {"buffer", "tied", "quantization", "optimizer"}
    for left in model["not_counted"].values():
        assert left == {"elements": 0, "tensor_count": 0, "bytes": 0}
    for category in model["categories"].values():
        assert list(category)[:6] == ["parameters", "percent", "weights", "biases", "tensor_count", "bytes"]
        assert set(category) <= {"parameters", "percent", "weights", "biases", "tensor_count", "bytes", "of_which"}
    assert model["categories"]["attention"]["of_which"] == dict.fromkeys(("query", "key", "value", "output"), 7_087_104)
    assert model["categories"]["norm"]["of_which"] == {"layer norm": 38_400}
    assert model["parts"] == []
    assert isclose(sum(category["percent"] for category in model["categories"].values()), 100)


def test_json_by_tensor_has_the_fields_of_the_contract(tmp_path: Path, command: Command) -> None:
    path = write(tmp_path / "x.safetensors", {**gpt2(prefix=""), **masks(12)})
    model = command(path, "--json", "--by", "tensor").model
    assert len(model["tensors"]) == 172
    fields = ["name", "shape", "dtype", "category", "kind", "role", "parameters", "bytes", "percent", "file"]
    for tensor in model["tensors"]:
        assert list(tensor) == fields
        assert tensor["kind"] in ("weight", "bias")
        assert tensor["role"] in ("parameter", "buffer", "tied", "quantization")
    assert sum(tensor["parameters"] for tensor in model["tensors"]) == model["parameters"]
    kinds = {tensor["name"]: tensor["kind"] for tensor in model["tensors"]}
    assert kinds["h.0.attn.c_attn.bias"] == "bias"
    assert kinds["h.0.ln_1.weight"] == "weight"


def test_json_by_layer_has_the_fields_of_the_contract(command: Command) -> None:
    model = command("gpt2", "--json", "--by", "layer").model
    assert [layer["layer"] for layer in model["layers"]] == ["wte", "wpe", *(f"h.{n}" for n in range(12)), "ln_f"]
    for layer in model["layers"]:
        assert list(layer) == ["layer", "parameters", "percent", "categories"]
        assert sum(part["parameters"] for part in layer["categories"].values()) == layer["parameters"]
    assert sum(layer["parameters"] for layer in model["layers"]) == model["parameters"]
    assert isclose(sum(layer["percent"] for layer in model["layers"]), 100)


@pytest.mark.parametrize(
    ("depth", "paths"),
    [
        ("1", ["transformer"]),
        ("2", ["transformer", "transformer.wte", "transformer.wpe", "transformer.h", "transformer.ln_f"]),
    ],
)
def test_json_by_module_goes_as_deep_as_asked(depth: str, paths: list[str], command: Command) -> None:
    modules = command("gpt2", "--json", "--by", "module", "--depth", depth).model["modules"]
    assert [module["module"] for module in modules] == paths
    assert [module["depth"] for module in modules] == [path.count(".") + 1 for path in paths]


def test_json_by_module_is_flat_and_in_tree_order(command: Command) -> None:
    model = command("gpt2", "--json", "--by", "module").model
    modules = model["modules"]
    assert modules[0]["parameters"] == model["parameters"]
    assert len(modules) == 1 + 4 + 12 * (1 + 4 + 4)
    for above, below in pairwise(modules):
        assert below["depth"] <= above["depth"] + 1
    by_path = {module["module"]: module for module in modules}
    assert by_path["transformer.h.7.mlp"]["parameters"] == 4_722_432
    assert by_path["transformer.h.7.mlp"]["depth"] == 4


def test_a_tensor_in_no_module_has_a_row_of_its_own_by_module(tmp_path: Path, command: Command) -> None:
    lone: Tensors = {"cls_token": ("F32", (1, 1, 8)), "blocks.0.mlp.weight": ("F32", (3, 3))}
    modules = command(write(tmp_path / "x.safetensors", lone), "--json", "--by", "module").model["modules"]
    assert [(row["module"], row["depth"], row["parameters"], row["tensor_count"]) for row in modules] == [
        ("cls_token", 1, 8, 1),
        ("blocks", 1, 9, 1),
        ("blocks.0", 2, 9, 1),
        ("blocks.0.mlp", 3, 9, 1),
    ]
    lstm = write(tmp_path / "lstm.safetensors", {"weight_ih_l0": ("F32", (8, 4)), "bias_ih_l0": ("F32", (8,))})
    assert [row["module"] for row in command(lstm, "--csv", "--by", "module").rows] == ["weight_ih_l0", "bias_ih_l0"]
    assert "weight_ih_l0" in command(lstm, "--print", "--by", "module").out
