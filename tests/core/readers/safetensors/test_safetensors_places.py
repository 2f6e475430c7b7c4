"""Where the values of safetensors files lie: what is read there must be what the safetensors package reads."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from tests.support.values import places, values


def some() -> dict[str, torch.Tensor]:
    return {
        "z.weight": torch.randn(3, 5),
        "a.weight": torch.randn(4, 2).bfloat16(),
        "scale": torch.tensor(2.5, dtype=torch.float64),
        "empty": torch.empty(0, 3),
        "b.weight": torch.arange(7),
    }


def check(folder: Path, path: Path, expected: dict[str, torch.Tensor]) -> None:
    found = places(path)
    assert set(found) == set(expected)
    for name, tensor in expected.items():
        place = found[name]
        assert place is not None
        if tensor.numel():
            assert torch.equal(values(folder, place), tensor), name


def test_values_lie_where_the_package_reads_them(tmp_path: Path) -> None:
    save_file(some(), tmp_path / "x.safetensors", {"format": "pt"})
    check(tmp_path, tmp_path / "x.safetensors", load_file(tmp_path / "x.safetensors"))


def test_values_in_another_order_than_their_entries_are_found(tmp_path: Path) -> None:
    first, second = torch.arange(6, dtype=torch.float32), torch.arange(4, dtype=torch.int64)
    header = {
        "first": {"dtype": "F32", "shape": [2, 3], "data_offsets": [32, 56]},
        "second": {"shape": [4], "data_offsets": [0, 32], "dtype": "I64"},
    }
    text = json.dumps(header, indent=1).encode()
    content = second.numpy().tobytes() + first.numpy().tobytes()
    (tmp_path / "x.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + content)
    check(tmp_path, tmp_path / "x.safetensors", {"first": first.reshape(2, 3), "second": second})


def test_each_shard_of_an_index_holds_its_own(tmp_path: Path) -> None:
    state = {name: tensor for name, tensor in some().items() if tensor.numel()}
    shards = {name: f"model-0000{number}-of-00004.safetensors" for number, name in enumerate(state, 1)}
    for name, shard in shards.items():
        save_file({name: state[name]}, tmp_path / shard)
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": shards}))
    check(tmp_path, tmp_path, state)
    assert {name: place.file for name, place in places(tmp_path).items() if place} == shards
