"""The built-in models and saved checkpoints, compared with what transformers itself builds and writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.checkpoint.gpt2 import BUILT_IN
from core.readers.builtin import BuiltInReader
from tests.support.checkpoints import gpt2, write
from tests.support.command import Command
from tests.support.counting import counted, layouts, stored


@pytest.fixture(scope="module")
def transformers() -> Any:
    import transformers

    return transformers


@pytest.fixture(scope="module")
def torch() -> Any:
    import torch

    return torch


def config_of(transformers: Any, name: str) -> Any:
    shape = BUILT_IN[name]
    return transformers.GPT2Config(n_layer=shape.layers, n_embd=shape.hidden_size, n_head=shape.heads)


@pytest.mark.parametrize("name", list(BUILT_IN))
def test_built_in_model_has_the_names_shapes_and_order_of_transformers(
    name: str, transformers: Any, torch: Any
) -> None:
    with torch.device("meta"):
        model = transformers.GPT2LMHeadModel(config_of(transformers, name))
    expected = [(key, tuple(value.shape)) for key, value in model.named_parameters()]
    ((tensors, _),) = BuiltInReader(name).batches()
    assert [(tensor.name, tensor.shape) for tensor in tensors] == expected


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory, transformers: Any) -> Path:
    """A small model with all of GPT-2's modules, as transformers saves it."""
    folder = tmp_path_factory.mktemp("saved")
    config = transformers.GPT2Config(n_layer=3, n_embd=32, n_head=4, vocab_size=101, n_positions=17)
    transformers.GPT2LMHeadModel(config).save_pretrained(folder)
    return folder


def test_a_model_that_transformers_saved_has_the_parameters_it_counts(
    saved: Path, transformers: Any, command: Command
) -> None:
    model = transformers.GPT2LMHeadModel.from_pretrained(saved)
    result = command(saved, "--json").model
    assert result["parameters"] == sum(parameter.numel() for parameter in model.parameters())
    assert result["tensor_count"] == len(list(model.parameters()))
    assert result["architecture"] == "GPT2LMHeadModel"
    assert result["bytes"] == 4 * result["parameters"]
    biases = sum(value.numel() for key, value in model.named_parameters() if key.endswith("bias"))
    assert result["biases"] == biases


def test_a_model_saved_in_shards_counts_as_in_one_file(saved: Path, transformers: Any, tmp_path: Path) -> None:
    model = transformers.GPT2LMHeadModel.from_pretrained(saved)
    model.save_pretrained(tmp_path, max_shard_size="30KB")
    assert len(list(tmp_path.glob("*.safetensors"))) > 1
    assert layouts(stored(tmp_path)) == layouts(stored(saved))
    assert counted(tmp_path).totals == counted(saved).totals


def test_a_head_that_transformers_stores_untied_counts_on_its_own(tmp_path: Path, transformers: Any) -> None:
    config = transformers.GPT2Config(
        n_layer=1, n_embd=32, n_head=4, vocab_size=101, n_positions=17, tie_word_embeddings=False
    )
    model = transformers.GPT2LMHeadModel(config)
    model.save_pretrained(tmp_path)
    count = counted(tmp_path)
    assert count.totals.parameters == sum(parameter.numel() for parameter in model.parameters())
    assert count.totals.categories["head"].parameters == 101 * 32


def test_a_sparse_full_size_file_has_the_layout_that_transformers_writes(
    tmp_path: Path, transformers: Any, torch: Any
) -> None:
    with torch.device("meta"):
        model = transformers.GPT2LMHeadModel(config_of(transformers, "gpt2"))
    expected = {key: ("F32", tuple(value.shape), 4 * value.numel()) for key, value in model.named_parameters()}
    assert layouts(stored(write(tmp_path / "model.safetensors", gpt2()))) == expected
