"""Totals by dtype: they add up to the model's, whatever is stored in what."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings

from core.checkpoint.config import ModelConfig
from core.checkpoint.source import Source
from core.checkpoint.tensors import StoredTensor, TensorBatch
from core.count.counter import Count, ParameterCounter
from core.count.totals import Totals
from core.report.as_json import json_report
from tests.core.count.test_conservation import TENSORS
from tests.support.checkpoints import Tensors, experts, write
from tests.support.command import Command


def count_of(tensors: list[StoredTensor]) -> Count:
    counter = ParameterCounter(Source("x", "x", "safetensors", ModelConfig.of({}), []))
    storages = [tensor.storage for tensor in tensors]
    counter.add(TensorBatch.of([tensor.name for tensor in tensors], tensors, "", storages=storages))
    return counter.count()


@settings(max_examples=60, deadline=None)
@given(TENSORS)
def test_dtypes_add_up_to_the_model(tensors: list[StoredTensor]) -> None:
    count = count_of(tensors)
    whole = Totals()
    for totals in count.dtypes.values():
        whole.add(totals)
    assert whole == count.totals
    (model,) = json.loads("".join(json_report([count], "category", None)))["models"]
    for key in ("parameters", "tensor_count", "bytes"):
        assert sum(held[key] for held in model["dtypes"].values()) == model[key]
    if model["parameters"]:
        assert model["bits_per_weight"] == 8 * model["bytes"] / model["parameters"]
    else:
        assert model["bits_per_weight"] is None


def test_scales_are_in_the_bytes_of_the_weights_that_they_go_with(tmp_path: Path, command: Command) -> None:
    model = command(write(tmp_path / "x.safetensors", dict(experts(2, 3))), "--json").model
    weights = 2 * 3 * 3
    assert model["dtypes"]["F8_E4M3"] == {
        "parameters": weights * 64 * 64,
        "tensor_count": weights,
        "bytes": weights * (64 * 64 + 4),
    }
    assert list(model["dtypes"]) == ["BF16", "F8_E4M3"]
    assert model["not_counted"]["quantization"]["bytes"] == 4 * weights


def test_packed_weights_stand_in_the_dtype_that_the_file_stores(tmp_path: Path, command: Command) -> None:
    layer: Tensors = {
        "model.layers.0.mlp.up_proj.qweight": ("I32", (16, 256)),
        "model.layers.0.mlp.up_proj.qzeros": ("I32", (1, 32)),
        "model.layers.0.mlp.up_proj.scales": ("F16", (1, 256)),
        "model.layers.0.mlp.up_proj.g_idx": ("I32", (128,)),
        "model.layers.0.input_layernorm.weight": ("F16", (128,)),
    }
    config = {"quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 128}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    write(tmp_path / "model.safetensors", layer)
    model = command(tmp_path, "--json").model
    stored = 4 * (16 * 256 + 32 + 128) + 2 * 256
    assert model["dtypes"]["I32"] == {"parameters": 128 * 256, "tensor_count": 1, "bytes": stored}
    assert model["dtypes"]["F16"] == {"parameters": 128, "tensor_count": 1, "bytes": 256}
    assert model["bits_per_weight"] == pytest.approx(8 * (stored + 256) / (128 * 256 + 128))
    said = " ".join(command(tmp_path).out.split())
    assert "4-bit in I32 99.61 %, F16 0.39 % of the parameters · 4.33 bits a weight" in said


def test_a_hundred_thousand_kinds_of_scales_take_no_time(command: Command, tmp_path: Path) -> None:
    letters = "abcdefghij"
    words = ["".join(letters[int(digit)] for digit in f"{n:05}") for n in range(20_000)]
    tensors: Tensors = {
        f"{word}.{part}": layout
        for word in words
        for part, layout in (("weight", ("F8_E4M3", (2, 2))), ("weight_scale_inv", ("F32", (1, 1))))
    }
    model = command(write(tmp_path / "x.safetensors", tensors), "--json").model
    assert model["dtypes"] == {
        "F8_E4M3": {"parameters": 80_000, "tensor_count": 20_000, "bytes": 160_000},
    }
