"""Safetensors checkpoints of one file and of many, and the folders they lie in."""

from __future__ import annotations

import io
import json
import os
import time
from pathlib import Path

import pytest

from core.checkpoint.errors import CheckpointError
from core.locate.location import Location
from core.readers.open_checkpoint import open_reader
from tests.support.checkpoints import (
    experts,
    gpt2,
    masks,
    split,
    write,
    write_hub,
    write_index,
    write_raw,
    write_shards,
)
from tests.support.command import Command, run_process
from tests.support.counting import counted, layouts, stored

GPT2_PARAMETERS = 124_439_808


def test_a_file_and_its_folder_are_the_same_checkpoint(tmp_path: Path, command: Command) -> None:
    path = write(tmp_path / "model.safetensors", gpt2())
    (tmp_path / "config.json").write_text('{"architectures": ["GPT2LMHeadModel"]}')
    for model in (path, tmp_path):
        result = command(model, "--json").model
        assert result["parameters"] == GPT2_PARAMETERS
        assert result["architecture"] == "GPT2LMHeadModel"
        assert (result["format"], result["source"]) == ("safetensors", str(model))
        assert result["notes"] == []


def test_a_file_in_the_current_folder_is_found_by_its_name(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "model.safetensors", gpt2())
    monkeypatch.chdir(tmp_path)
    for model in ("model.safetensors", "./model.safetensors", "."):
        assert command(model, "--json").model["parameters"] == GPT2_PARAMETERS


def test_the_published_layout_counts_without_its_masks(tmp_path: Path, command: Command) -> None:
    path = write(tmp_path / "model.safetensors", {**gpt2(prefix=""), **masks(12)})
    result = command(path, "--json", "--by", "tensor").model
    assert result["parameters"] == GPT2_PARAMETERS
    assert result["tensor_count"] == 148
    assert result["not_counted"]["buffer"] == {
        "elements": 12_582_912 + 12,
        "tensor_count": 24,
        "bytes": 4 * (12_582_912 + 12),
    }
    tensors = {tensor["name"]: tensor for tensor in result["tensors"]}
    assert tensors["h.3.attn.bias"]["role"] == "buffer"
    assert tensors["h.3.attn.bias"]["parameters"] == 0
    assert tensors["h.3.attn.masked_bias"]["role"] == "buffer"
    assert tensors["h.3.attn.c_attn.bias"]["role"] == "parameter"
    assert tensors["h.3.attn.c_attn.bias"]["parameters"] == 2304
    assert tensors["h.3.attn.c_attn.bias"]["category"] == "attention"


@pytest.mark.parametrize(
    ("name", "elements"),
    [("gpt2", 12_582_912), ("gpt2-medium", 25_165_824), ("gpt2-large", 37_748_736), ("gpt2-xl", 50_331_648)],
)
def test_the_masks_of_every_published_size_are_as_many_as_measured(
    name: str, elements: int, tmp_path: Path, command: Command
) -> None:
    layers = elements >> 20
    attention_masks = {key: value for key, value in masks(layers).items() if key.endswith("attn.bias")}
    path = write(tmp_path / "model.safetensors", {**gpt2(name, prefix=""), **attention_masks})
    (file, built_in) = command(path, name, "--json").json["models"]
    assert file["not_counted"]["buffer"]["elements"] == elements
    assert file["categories"] == built_in["categories"]


def test_shards_are_read_in_the_order_of_their_names_and_add_up(tmp_path: Path) -> None:
    tensors = list(experts(3, 8))
    folder = write_shards(tmp_path / "sharded", split(tensors, 4))
    whole = write(tmp_path / "whole.safetensors", dict(tensors))
    assert [tensor.name for tensor in stored(folder)] == [name for name, _ in tensors]
    assert layouts(stored(folder)) == layouts(stored(whole))
    assert counted(folder).totals == counted(whole).totals
    assert {tensor.file for tensor in stored(folder)} == {
        str(folder / f"model-{n:05}-of-00004.safetensors") for n in range(1, 5)
    }


def test_progress_goes_from_shard_to_shard(tmp_path: Path) -> None:
    folder = write_shards(tmp_path, split(gpt2().items(), 3))
    done = [progress.shards_done for _, progress in open_reader(Location("x", str(folder))).batches()]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 3)


def test_an_index_can_be_named_itself(tmp_path: Path, command: Command) -> None:
    folder = write_shards(tmp_path, split(gpt2().items(), 3))
    result = command(folder / "model.safetensors.index.json", "--json").model
    assert result["parameters"] == GPT2_PARAMETERS


def test_a_stray_shard_is_noted_and_not_counted(tmp_path: Path, command: Command) -> None:
    folder = write_shards(tmp_path, split(gpt2().items(), 3))
    write(folder / "stray\x1b.safetensors", {"x": ("F32", (1000,))})
    result = command(folder, "--json").model
    assert result["parameters"] == GPT2_PARAMETERS
    assert result["notes"] == ["not counted, not in model.safetensors.index.json: stray\\x1b.safetensors"]


def test_a_stray_shard_may_be_no_safetensors_file_at_all(tmp_path: Path, command: Command) -> None:
    folder = write_shards(tmp_path, split(gpt2().items(), 3))
    os.mkfifo(folder / "stray.safetensors")
    assert command(folder, "--json").model["parameters"] == GPT2_PARAMETERS


def test_a_missing_shard_is_named(tmp_path: Path, command: Command) -> None:
    folder = write_shards(tmp_path, split(gpt2().items(), 4))
    (folder / "model-00002-of-00004.safetensors").unlink()
    result = command(folder, "--json")
    assert result.status == 1
    assert "model-00002-of-00004.safetensors: missing, one of 4 shards that model" in result.complaint
    (folder / "model-00003-of-00004.safetensors").unlink()
    assert "model-00002-of-00004.safetensors: missing, as are 1 more of 4 shards" in command(folder).complaint


def test_a_tensor_that_the_index_promises_and_the_shard_lacks_is_named(tmp_path: Path, command: Command) -> None:
    folder = write_shards(tmp_path, split(gpt2().items(), 2))
    index = folder / "model.safetensors.index.json"
    weight_map = json.loads(index.read_text())["weight_map"]
    write_index(index, {**weight_map, "h.99.new": "model-00002-of-00002.safetensors"})
    result = command(folder, "--json")
    assert result.status == 1
    assert (
        "model-00002-of-00002.safetensors, tensor h.99.new: 1 tensor that model.safetensors.index" in result.complaint
    )


def test_a_tensor_that_the_index_does_not_know_is_counted_and_noted(tmp_path: Path, command: Command) -> None:
    folder = write_shards(tmp_path, split(gpt2().items(), 2))
    index = folder / "model.safetensors.index.json"
    weight_map = json.loads(index.read_text())["weight_map"]
    del weight_map["transformer.ln_f.bias"]
    write_index(index, weight_map)
    result = command(folder, "--json").model
    assert result["parameters"] == GPT2_PARAMETERS
    assert "1 tensor of model-00002-of-00002.safetensors not in" in result["notes"][0]


def test_an_index_of_a_million_files_is_refused_before_one_is_looked_for(tmp_path: Path, command: Command) -> None:
    write_index(tmp_path / "model.safetensors.index.json", {str(n): f"{n}.safetensors" for n in range(1_000_000)})
    begin = time.process_time()
    complaint = command(tmp_path / "model.safetensors.index.json").complaint
    assert "weight_map: it names more than 32,768 files; download it again" in complaint
    assert time.process_time() - begin < 5


@pytest.mark.parametrize("fillers", [0, 10_000])
def test_of_a_tensor_named_twice_in_an_index_the_last_file_counts(fillers: int, tmp_path: Path) -> None:
    names = [f"h.{n}.weight" for n in range(fillers)]
    folder = write_shards(tmp_path, [dict.fromkeys(names, ("F32", (1,))) | {"b": ("F32", (2,))}, {"a": ("F32", (3,))}])
    index = folder / "model.safetensors.index.json"
    text = index.read_text()
    index.write_text(text.replace('"weight_map": {', '"weight_map": {"a": "model-00001-of-00002.safetensors",'))
    assert index.read_text() != text
    assert counted(folder).totals.parameters == fillers + 5


def test_a_faulty_shard_is_named_with_its_place(tmp_path: Path, command: Command) -> None:
    folder = write_shards(tmp_path, split(gpt2().items(), 3))
    shard = folder / "model-00002-of-00003.safetensors"
    os.truncate(shard, shard.stat().st_size - 1)
    complaint = command(folder).complaint
    assert complaint.startswith(f"gpt2-explore: {folder}: {shard}: the values should take ")


@pytest.mark.parametrize("indexed", [True, False])
def test_a_tensor_in_two_files_is_an_error_as_it_would_count_twice(
    indexed: bool, tmp_path: Path, command: Command
) -> None:
    folder = write_shards(tmp_path, split(gpt2().items(), 2))
    extra = {"transformer.wpe.weight": ("F32", (1024, 768)), "z": ("F32", (1,))}
    if indexed:
        index = folder / "model.safetensors.index.json"
        write(folder / "other.safetensors", extra)
        write_index(index, {**json.loads(index.read_text())["weight_map"], "z": "other.safetensors"})
    else:
        (folder / "model.safetensors.index.json").unlink()
        for number in (1, 2):
            (folder / f"model-0000{number}-of-00002.safetensors").rename(folder / f"part-{number}.safetensors")
        write(folder / "part-3.safetensors", extra)
    complaint = command(folder).complaint
    which = "another" if indexed else "an earlier"
    name = "other.safetensors" if indexed else "part-3.safetensors"
    assert f"{folder / name}, tensor transformer.wpe.weight: {which} file of the" in complaint


def test_several_files_without_an_index_are_one_checkpoint(tmp_path: Path, command: Command) -> None:
    folder = write_shards(tmp_path, split(gpt2().items(), 3))
    (folder / "model.safetensors.index.json").unlink()
    result = command(folder, "--json").model
    assert (result["parameters"], result["tensor_count"]) == (GPT2_PARAMETERS, 148)


def test_model_safetensors_comes_before_an_index_and_says_so(tmp_path: Path, command: Command) -> None:
    folder = write_shards(tmp_path, [{"x": ("F32", (5,))}, {"y": ("F32", (5,))}])
    write(folder / "model.safetensors", gpt2())
    result = command(folder, "--json").model
    assert result["parameters"] == GPT2_PARAMETERS
    assert result["notes"] == ["model.safetensors was read, not model.safetensors.index.json and 2 more beside it"]


def test_variants_beside_a_file_are_the_same_weights_again(tmp_path: Path, command: Command) -> None:
    name = "diffusion_pytorch_model"
    write(tmp_path / f"{name}.safetensors", {"x": ("F32", (5,))})
    write(tmp_path / f"{name}.fp16.safetensors", {"x": ("F16", (5,))})
    write(tmp_path / f"{name}.non_ema.safetensors", {"x": ("F32", (5,))})
    result = command(tmp_path, "--json").model
    assert (result["parameters"], result["bytes"]) == (5, 20)
    assert result["notes"] == [f"{name}.safetensors was read, not {name}.fp16.safetensors and 1 more beside it"]


def test_numbered_files_are_no_variants(tmp_path: Path, command: Command) -> None:
    write(tmp_path / "part.safetensors", {"x": ("F32", (5,))})
    write(tmp_path / "part.2.safetensors", {"y": ("F32", (5,))})
    assert command(tmp_path, "--json").model["parameters"] == 10


def test_the_index_of_variants_is_the_one_without_a_variant(tmp_path: Path, command: Command) -> None:
    folder = write_shards(tmp_path, split(gpt2().items(), 2))
    (folder / "model.safetensors.index.json").rename(folder / "x.safetensors.index.json")
    (folder / "x.fp16.safetensors.index.json").write_text("{}")
    assert command(folder, "--json").model["parameters"] == GPT2_PARAMETERS


def test_two_indexes_want_a_choice(tmp_path: Path, command: Command) -> None:
    folder = write_shards(tmp_path, split(gpt2().items(), 2))
    index = folder / "model.safetensors.index.json"
    index.rename(folder / "model.fp16.safetensors.index.json")
    (folder / "model.fp32.safetensors.index.json").write_bytes(
        (folder / "model.fp16.safetensors.index.json").read_bytes()
    )
    assert "there are several indexes: model.fp16" in command(folder).complaint
    assert command(folder / "model.fp16.safetensors.index.json", "--json").status == 0


def test_a_folder_above_checkpoints_names_them(tmp_path: Path, command: Command) -> None:
    write(tmp_path / "unet" / "model.safetensors", gpt2())
    write(tmp_path / "text_encoder" / "model.safetensors", gpt2())
    assert "name one of its folders: text_encoder, unet" in command(tmp_path).complaint


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("config.json", "it does not say which model it is of"),
        ("pytorch_model.bin", "pytorch_model.bin: this is JSON text"),
        ("README.md", "no checkpoint in it"),
    ],
)
def test_a_folder_without_safetensors_says_what_is_there(
    file: str, reason: str, tmp_path: Path, command: Command
) -> None:
    (tmp_path / file).write_text("{}")
    assert reason in command(tmp_path).complaint


def test_links_that_lead_nowhere_beside_a_checkpoint_do_no_harm(tmp_path: Path, command: Command) -> None:
    write(tmp_path / "model.safetensors", gpt2())
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert command(tmp_path, "--json").model["parameters"] == GPT2_PARAMETERS
    write(tmp_path / "below" / "x.safetensors", gpt2())
    (tmp_path / "model.safetensors").unlink()
    assert "name one of its folders: below" in command(tmp_path).complaint


def test_a_folder_that_may_not_be_read_is_told(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert command(tmp_path).complaint.startswith(f"gpt2-explore: {tmp_path}: no permission to read it")


# The hub cache.


def test_a_hub_cache_folder_is_read_through_its_links(tmp_path: Path, command: Command) -> None:
    config = b'{"architectures": ["GPT2LMHeadModel"]}'
    folder = write_hub(tmp_path, "org/name", {"config.json": config, "model.safetensors": gpt2()})
    for model in (folder, folder / "snapshots" / ("a" * 40)):
        result = command(model, "--json").model
        assert result["parameters"] == GPT2_PARAMETERS
        assert result["architecture"] == "GPT2LMHeadModel"


def test_refs_main_decides_between_revisions(tmp_path: Path, command: Command) -> None:
    folder = write_hub(tmp_path, "org/name", {"model.safetensors": {"new": ("F32", (7,))}}, "b" * 40)
    write_hub(tmp_path, "org/name", {"model.safetensors": {"old": ("F32", (5,))}}, "a" * 40)
    assert command(folder, "--json").model["parameters"] == 5
    (folder / "refs" / "main").write_text("b" * 40 + "\n")
    assert command(folder, "--json").model["parameters"] == 7


def test_several_revisions_without_refs_main_want_a_choice(tmp_path: Path, command: Command) -> None:
    folder = write_hub(tmp_path, "org/name", {"model.safetensors": {"old": ("F32", (5,))}}, "a" * 40)
    (folder / "refs" / "main").unlink()
    assert command(folder, "--json").model["parameters"] == 5
    write_hub(tmp_path, "org/name", {"model.safetensors": {"new": ("F32", (7,))}}, "b" * 40)
    (folder / "refs" / "main").unlink()
    assert "name one below snapshots/" in command(folder).complaint


def test_a_refs_main_that_is_a_pipe_does_not_hang(tmp_path: Path) -> None:
    folder = write_hub(tmp_path, "org/name", {"model.safetensors": {"x": ("F32", (5,))}})
    (folder / "refs" / "main").unlink()
    os.mkfifo(folder / "refs" / "main")
    assert run_process(folder, "--json", timeout=30).model["parameters"] == 5


def test_a_link_without_its_blob_is_told(tmp_path: Path, command: Command) -> None:
    folder = write_hub(tmp_path, "org/name", {"model.safetensors": {"x": ("F32", (5,))}})
    next((folder / "blobs").iterdir()).unlink()
    complaint = command(folder).complaint
    assert "model.safetensors: there is no such file" in complaint


def test_a_shard_whose_blob_is_not_there_yet_is_missing(tmp_path: Path, command: Command) -> None:
    names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    index = json.dumps({"weight_map": {"a": names[0], "b": names[1]}}).encode()
    folder = write_hub(
        tmp_path,
        "org/name",
        {"model.safetensors.index.json": index, names[0]: {"a": ("F32", (5,))}, names[1]: {"b": ("F32", (5,))}},
    )
    assert command(folder, "--json").model["parameters"] == 10
    (folder / "snapshots" / ("a" * 40) / names[1]).resolve().unlink()
    assert f"{names[1]}: missing, one of 2 shards" in command(folder).complaint


def test_a_hub_folder_without_snapshots_says_so(tmp_path: Path, command: Command) -> None:
    folder = tmp_path / "models--org--name"
    (folder / "snapshots").mkdir(parents=True)
    assert "snapshot is missing" in command(folder).complaint


# Only headers are read.


@pytest.fixture
def bytes_read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes each read of a file gave."""
    read: list[int] = []

    class Counting(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            content = super().read(-1 if size is None else size) or b""
            read.append(len(content))
            return content

        def readall(self) -> bytes:
            raise AssertionError("read without a bound")

    def counting(descriptor: int, mode: str, buffering: int) -> Counting:
        assert (mode, buffering) == ("rb", 0)
        return Counting(descriptor, mode)

    monkeypatch.setattr(os, "fdopen", counting)
    return read


def test_of_a_file_no_more_than_its_header_is_read(tmp_path: Path, bytes_read: list[int]) -> None:
    path = write(tmp_path / "x.safetensors", {"huge": ("F32", (1 << 20, 1 << 20)), "more": ("F16", (1 << 40,))})
    size = path.stat().st_size
    assert size > 6 << 40
    assert counted(path).totals.parameters == 2 << 40
    header = int.from_bytes(path.open("rb").read(8), "little")
    assert sum(bytes_read) <= header + 64 + 512  # looked at first, to tell the format


def test_a_checkpoint_of_terabytes_is_counted_in_little_memory(tmp_path: Path) -> None:
    shards = [{f"model.layers.{n}.mlp.up_proj.weight": ("BF16", (1 << 19, 1 << 20))} for n in range(8)]
    folder = write_shards(tmp_path, shards)
    assert sum(path.stat().st_size for path in folder.glob("*.safetensors")) > 8 << 40
    limit = "import resource; resource.setrlimit(resource.RLIMIT_AS, (200_000_000,) * 2)"
    result = run_process(folder, "--json", before=limit)
    assert (result.status, result.err) == (0, "")
    assert result.model["parameters"] == 8 << 39
    assert result.model["bytes"] == 8 << 40


def test_an_error_says_where_in_the_folder_the_file_is(tmp_path: Path) -> None:
    path = write_raw(tmp_path / "x.safetensors", b"{}", 1)
    with pytest.raises(CheckpointError) as caught:
        stored(tmp_path)
    assert caught.value.file == str(path)
