from __future__ import annotations

import json
import sys
import time
from itertools import product
from pathlib import Path

import pytest

from core.checkpoint.config import ModelConfig
from core.checkpoint.source import Reader, Source
from core.checkpoint.tensors import TensorBatch
from core.count.counter import Count, ParameterCounter, Snapshot, count_stepwise
from core.locate.location import Location
from core.readers.open_checkpoint import open_reader
from tests.support.checkpoints import experts, gpt2, split, write, write_shards
from tests.support.command import Command
from tests.support.counting import counted


def reader_of(path: Path) -> Reader:
    return open_reader(Location(str(path), str(path)))


def test_snapshots_grow_to_the_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.count.counter.SNAPSHOT_SECONDS", 0)
    folder = write_shards(tmp_path, split(gpt2().items(), 5))
    *snapshots, last = count_stepwise(reader_of(folder), lambda: False)
    assert isinstance(last, Count)
    assert last.totals == counted(folder).totals
    steps = [step for step in snapshots if isinstance(step, Snapshot)]
    assert len(steps) == len(snapshots) == 10
    parameters = [step.totals.parameters for step in steps]
    assert parameters == sorted(parameters)
    assert parameters[0] < parameters[-1] == last.totals.parameters
    assert [step.progress.shards_done for step in steps] == [0, 1, 1, 2, 2, 3, 3, 4, 4, 5]


def test_a_snapshot_does_not_change_when_more_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.count.counter.SNAPSHOT_SECONDS", 0)
    steps = count_stepwise(reader_of(write_shards(tmp_path, split(gpt2().items(), 5))), lambda: False)
    first = next(steps)
    assert isinstance(first, Snapshot)
    before = first.totals.parameters
    list(steps)
    assert first.totals.parameters == before


def test_snapshots_come_at_most_twenty_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([n / 250 for n in range(1000)])
    monkeypatch.setattr("core.count.counter.monotonic", lambda: next(times))
    folder = write_shards(tmp_path, split(experts(4, 8), 40))
    steps = list(count_stepwise(reader_of(folder), lambda: False))
    seconds = next(times)
    assert 10 * seconds <= len(steps) <= 20 * seconds + 2


def test_snapshots_that_take_long_take_a_tenth_of_the_time_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([float(n) for n in range(1000)])
    monkeypatch.setattr("core.count.counter.monotonic", lambda: next(times))
    folder = write_shards(tmp_path, split(experts(4, 8), 40))
    steps = list(count_stepwise(reader_of(folder), lambda: False))
    assert len(steps) <= next(times) / 10 + 2


def test_a_cancelled_count_ends_without_a_result(tmp_path: Path) -> None:
    folder = write_shards(tmp_path, split(gpt2().items(), 5))
    asked: list[bool] = []

    def cancelled() -> bool:
        asked.append(len(asked) >= 3)
        return asked[-1]

    assert not any(isinstance(step, Count) for step in count_stepwise(reader_of(folder), cancelled))
    assert asked == [False, False, False, True]


def test_a_tie_that_shows_late_is_right_in_the_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.count.counter.SNAPSHOT_SECONDS", 0)
    body = gpt2()
    folder = write_shards(tmp_path, [{"lm_head.weight": ("F32", (50257, 768))}, body])
    first, *_, last = count_stepwise(reader_of(folder), lambda: False)
    assert isinstance(first, Snapshot)
    assert first.totals.parameters == 38_597_376
    assert isinstance(last, Count)
    assert last.totals.parameters == 124_439_808


CONFIG = {"num_experts": 8, "num_experts_per_tok": 2}
ROUTED = 3 * 8 * 3 * 64 * 64


@pytest.mark.parametrize(
    ("config", "active"),
    [
        (CONFIG, lambda whole: whole - ROUTED + ROUTED // 4),
        ({"text_config": CONFIG}, lambda whole: whole - ROUTED + ROUTED // 4),
        ({"n_routed_experts": 8, "num_experts_per_tok": 8}, lambda whole: whole),
        ({}, lambda whole: None),
        ({"num_experts": 8}, lambda whole: None),
        ({"num_experts": 2, "num_experts_per_tok": 8}, lambda whole: None),
        ({"num_experts": "8", "num_experts_per_tok": 2.0}, lambda whole: None),
    ],
)
def test_active_parameters_take_of_the_experts_those_that_work(
    config: dict[str, object], active: object, tmp_path: Path, command: Command
) -> None:
    assert callable(active)
    write(tmp_path / "model.safetensors", dict(experts(3, 8)))
    (tmp_path / "config.json").write_text(json.dumps(config))
    result = command(tmp_path, "--json").model
    assert result["active_parameters"] == active(result["parameters"])


def test_scales_of_quantised_weights_take_bytes_and_are_not_counted(tmp_path: Path, command: Command) -> None:
    tensors = {"a.up_proj.weight": ("F8_E4M3", (256, 256)), "a.up_proj.weight_scale_inv": ("F32", (2, 2))}
    result = command(write(tmp_path / "x.safetensors", tensors), "--json").model
    assert result["parameters"] == 65_536
    assert result["bytes"] == 65_536 + 16
    assert result["not_counted"]["quantization"] == {"elements": 4, "tensor_count": 1, "bytes": 16}


def test_a_buffer_and_a_parameter_that_differ_in_digits_only_are_two() -> None:
    names = ["h.0.scale", "h.1.scale", "h.2.scale"]
    batch = TensorBatch(names, [(8,)] * 3, ["F32"] * 3, [32] * 3, "", None, [True, False, True])
    counter = ParameterCounter(Source("model", "model", "config", ModelConfig.of({}), []))
    counter.add(batch)
    found = counter.count()
    assert [classification.role for _, classification in found.tensors()] == ["parameter", "buffer", "parameter"]
    assert (found.totals.parameters, found.totals.not_counted["buffer"].elements) == (16, 8)


def test_shapes_made_to_have_one_hash_are_counted_in_linear_time() -> None:
    shapes = [(0, *rest) for rest in product([5 + turns * sys.hash_info.modulus for turns in range(8)], repeat=5)]
    assert len(set(map(hash, shapes))) == 1
    names = [f"layers.{n}.weight" for n in range(len(shapes))]
    counter = ParameterCounter(Source("x", "x", "safetensors", ModelConfig.of({})))
    begin = time.process_time()
    counter.add(TensorBatch(names, shapes, ["F32"] * len(names), [0] * len(names), "x"))
    assert time.process_time() - begin < 10
    count = counter.count()
    assert time.process_time() - begin < 20
    assert len(count.groups) == len(shapes)
    assert count.stored_count == len(shapes)


def test_empty_tensors_of_one_shape_are_one_group() -> None:
    counter = ParameterCounter(Source("x", "x", "safetensors", ModelConfig.of({})))
    names = [f"layers.{n}.weight" for n in range(1000)]
    counter.add(TensorBatch(names, [(0,)] * 1000, ["F32"] * 1000, [0] * 1000, "x"))
    assert [group.count for group in counter.count().groups] == [1000]
