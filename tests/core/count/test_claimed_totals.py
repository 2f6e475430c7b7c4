"""What an index says of the whole is compared with what was counted, and a difference is explained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.support.checkpoints import byte_count, gpt2, masks, write_shards
from tests.support.command import Command
from tests.support.packed_layers import gptq, mlx
from tests.support.published_shapes import Layouts, llama

INDEX = "model.safetensors.index.json"
BODY = llama(1000, 64, 2, 64, 64, 128)
"""1000 × 64 twice, and the rest."""
TIED = {"tie_word_embeddings": True}
OWN = {"tie_word_embeddings": False}


def notes(folder: Path, tensors: Layouts, config: dict[str, Any], metadata: object, command: Command) -> list[str]:
    """The notes on two shards whose index has these metadata."""
    names = list(tensors)
    write_shards(folder, [{name: tensors[name] for name in part} for part in (names[:5], names[5:])])
    index = json.loads((folder / INDEX).read_text())
    (folder / INDEX).write_text(json.dumps({**index, "metadata": metadata}))
    (folder / "config.json").write_text(json.dumps(config))
    found = command(folder, "--json").model["notes"]
    assert isinstance(found, list)
    return [note for note in found if INDEX in note]


def size(tensors: Layouts) -> int:
    return sum(byte_count(*layout) for layout in tensors.values())


def count(tensors: Layouts) -> int:
    return sum(byte_count("U8", shape) for _, shape in tensors.values())


@pytest.mark.parametrize(
    "metadata",
    [
        {"total_size": size(BODY), "total_parameters": count(BODY)},
        {"total_size": float(size(BODY))},
        # As large as the files, whose headers are some bytes.
        {"total_size": size(BODY) + 130 * len(BODY)},
        {"total_size": "large", "total_parameters": None},
        {"total_size": -5, "total_parameters": 1e300},
        {"total_size": [], "total_parameters": {}},
        {"total_size": float("nan"), "total_parameters": float("inf")},
        {},
        None,
        [],
    ],
)
def test_what_agrees_or_says_nothing_needs_no_note(metadata: object, tmp_path: Path, command: Command) -> None:
    assert notes(tmp_path, BODY, OWN, metadata, command) == []


def test_a_tied_head_counted_twice(tmp_path: Path, command: Command) -> None:
    whole = count(BODY)
    assert notes(tmp_path, BODY, TIED, {"total_parameters": whole, "total_size": size(BODY)}, command) == [
        f"{INDEX} says {whole:,} parameters, 64,000 more: tied copies (64,000)"
    ]


def test_masks_counted_too(tmp_path: Path, command: Command) -> None:
    tensors = {**gpt2(layers=2, prefix=""), **masks(2)}
    whole = count(tensors)
    assert notes(tmp_path, tensors, {}, {"total_parameters": whole}, command) == [
        f"{INDEX} says {whole:,} parameters, 2,097,154 more: buffers (2,097,154)"
    ]


def test_packed_weights_and_scales_counted_as_stored(tmp_path: Path, command: Command) -> None:
    tensors = llama(1000, 128, 2, 128, 128, 256, linear=gptq)
    stored, plain = count(tensors), count(llama(1000, 128, 2, 128, 128, 256))
    packed = sum(count({name: layout}) for name, layout in tensors.items() if name.endswith(".qweight"))
    data = count({n: layout for n, layout in tensors.items() if n.endswith((".scales", ".qzeros", ".g_idx"))})
    weights = plain - (stored - packed - data)
    assert notes(tmp_path, tensors, OWN, {"total_parameters": stored}, command) == [
        f"{INDEX} says {stored:,} parameters, {plain - stored:,} fewer:"
        f" quantisation data ({data:,}) and packed weights ({weights - packed:,})"
    ]


def test_mlx_tells_the_true_count_itself(tmp_path: Path, command: Command) -> None:
    tensors = llama(1000, 128, 2, 128, 128, 256, linear=mlx)
    plain = count(llama(1000, 128, 2, 128, 128, 256))
    assert notes(tmp_path, tensors, OWN, {"total_parameters": plain, "total_size": size(tensors)}, command) == []


def test_layers_for_speculative_decoding_left_out(tmp_path: Path, command: Command) -> None:
    tensors = {**BODY, "mtp.fc.weight": ("BF16", (64, 128))}
    metadata = {"total_parameters": count(BODY), "total_size": size(tensors)}
    assert notes(tmp_path, tensors, OWN, metadata, command) == [
        f"{INDEX} says {count(BODY):,} parameters, 8,192 fewer: speculative decoding (8,192)"
    ]


def test_a_copy_that_the_size_leaves_out(tmp_path: Path, command: Command) -> None:
    claimed = size(BODY) - 128_000
    assert notes(tmp_path, BODY, TIED, {"total_size": claimed}, command) == [
        f"{INDEX} says {claimed:,} bytes, 128,000 fewer: tied copies (128,000)"
    ]


@pytest.mark.parametrize(("by", "word"), [(12_345, "more"), (-12_345, "fewer")])
def test_what_nothing_explains_is_said_to_be_unexplained(by: int, word: str, tmp_path: Path, command: Command) -> None:
    whole, taken = count(BODY) + by, size(BODY) + 10 * by
    assert notes(tmp_path, BODY, OWN, {"total_parameters": whole, "total_size": taken}, command) == [
        f"{INDEX} says {whole:,} parameters, 12,345 {word} than counted: unexplained",
        f"{INDEX} says {taken:,} bytes, 123,450 {word} than stored: unexplained",
    ]


def test_the_index_of_pytorch_shards_is_asked_too(tmp_path: Path, command: Command) -> None:
    names = [f"pytorch_model-0000{n}-of-00002.bin" for n in (1, 2)]
    for n, name in enumerate(names):
        torch.save({f"h.{n}.attn.bias": torch.ones(1, 1, 8, 8), f"h.{n}.mlp.weight": torch.ones(3, 5)}, tmp_path / name)
    weight_map = {f"h.{n}.{part}": name for n, name in enumerate(names) for part in ("attn.bias", "mlp.weight")}
    index = {"metadata": {"total_parameters": 158, "total_size": 630}, "weight_map": weight_map}
    (tmp_path / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    assert [note for note in command(tmp_path, "--json").model["notes"] if "says" in note] == [
        "pytorch_model.bin.index.json says 158 parameters, 128 more: buffers (128)",
        "pytorch_model.bin.index.json says 630 bytes, 2 fewer than stored: unexplained",
    ]
