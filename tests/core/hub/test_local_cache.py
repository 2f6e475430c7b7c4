"""What the local hub cache has and lacks of a model, told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.hub.local_cache import cached
from core.hub.model_id import hub_name
from core.locate.location import locate
from tests.support.checkpoints import Tensors, header, write_hub
from tests.support.command import Command

ONE: Tensors = {"x": ("F32", (5,))}
COMMITS = ("a" * 40, "b" * 40)
OFF = "; HF_HUB_OFFLINE forbids to ask the hub; unset it, or get the model: hf download org/name"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def problem(model: str) -> str:
    name = hub_name(model)
    assert name
    return cached(name).problem


def test_a_whole_model_has_no_problem(hub_cache: Path, command: Command) -> None:
    write_hub(hub_cache, "org/name", {"model.safetensors": ONE})
    assert problem("org/name") == ""
    assert command("org/name", "--json").model["notes"] == []


def test_a_link_whose_blob_is_missing(hub_cache: Path, command: Command) -> None:
    folder = write_hub(hub_cache, "org/name", {"config.json": b"{}", "model.safetensors": ONE})
    (folder / "snapshots" / COMMITS[0] / "model.safetensors").resolve().unlink()
    assert command("org/name").complaint == (
        "gpt2-explore: org/name: the blob of model.safetensors is missing from the hub cache, the link to it leads"
        " nowhere" + OFF
    )


def test_a_download_that_was_not_finished(hub_cache: Path, command: Command) -> None:
    folder = write_hub(hub_cache, "org/name", {"model-00001-of-00003.safetensors": ONE})
    (folder / "blobs" / "1234.incomplete").write_bytes(b"x")
    assert command("org/name").complaint == (
        "gpt2-explore: org/name: 1 of 3 shards are in the hub cache, its download was not finished (1 file cut short)"
        + OFF
    )


def test_a_download_of_which_no_file_was_finished(hub_cache: Path, command: Command) -> None:
    blobs = hub_cache / "models--org--name" / "blobs"
    blobs.mkdir(parents=True)
    for name in ("1.incomplete", "2.abc.incomplete"):
        (blobs / name).write_bytes(b"x")
    assert command("org/name").complaint == (
        "gpt2-explore: org/name: its download into the hub cache was not finished (2 files cut short)" + OFF
    )


def test_shards_that_were_not_downloaded(hub_cache: Path) -> None:
    files: dict[str, bytes | Tensors] = {f"model-{n:05}-of-00004.safetensors": ONE for n in (1, 3)}
    write_hub(hub_cache, "org/name", {**files, "model.safetensors.index.json": b"{}"})
    assert problem("org/name") == "2 of 4 shards are in the hub cache"


def test_an_index_without_any_of_its_files(hub_cache: Path) -> None:
    write_hub(hub_cache, "org/name", {"model.safetensors.index.json": b"{}", "config.json": b"{}"})
    assert problem("org/name") == "of the files that model.safetensors.index.json names none is in the hub cache"


def test_a_file_of_a_broken_model_opens_where_it_is_whole(hub_cache: Path, command: Command) -> None:
    folder = write_hub(hub_cache, "org/name", {"a.safetensors": ONE, "b.safetensors": ONE})
    (folder / "snapshots" / COMMITS[0] / "a.safetensors").resolve().unlink()
    assert problem("org/name")
    assert command("org/name/b.safetensors", "--json").model["parameters"] == 5
    assert problem("org/name/c.safetensors") == "c.safetensors is not in the hub cache"


def test_of_several_revisions_the_others_are_named(hub_cache: Path, command: Command) -> None:
    for n, commit in enumerate(COMMITS):
        folder = write_hub(hub_cache, "org/name", {"model.safetensors": {"x": ("F32", (n + 1,))}}, commit)
    (folder / "refs" / "v1").write_text(COMMITS[0])
    result = command("org/name", "--json").model
    assert result["parameters"] == 2
    assert result["notes"] == ["revision main (bbbbbbbb) was read; in the hub cache are also: v1 (aaaaaaaa)"]
    assert command("org/name@v1", "--json").model["notes"] == [
        "revision v1 (aaaaaaaa) was read; in the hub cache are also: main (bbbbbbbb)"
    ]


def test_a_revision_that_is_not_there(hub_cache: Path, command: Command) -> None:
    write_hub(hub_cache, "org/name", {"model.safetensors": ONE})
    assert command("org/name@v9").complaint == (
        "gpt2-explore: org/name@v9: revision v9 is not in the hub cache, which has main (aaaaaaaa)"
        + OFF
        + " --revision v9"
    )


def test_several_revisions_and_no_main(hub_cache: Path) -> None:
    for commit in COMMITS:
        folder = write_hub(hub_cache, "org/name", {"model.safetensors": ONE}, commit)
    (folder / "refs" / "main").unlink()
    assert problem("org/name") == "several revisions and no main are in the hub cache: aaaaaaaa, bbbbbbbb"


def test_a_reference_whose_snapshot_is_gone(hub_cache: Path) -> None:
    folder = write_hub(hub_cache, "org/name", {"model.safetensors": ONE})
    (folder / "refs" / "v1").write_text("d" * 40)
    assert problem("org/name@v1") == "the hub cache knows v1 as dddddddd, whose snapshot is not there"


def test_without_weights_the_hub_is_meant_unless_it_is_off(hub_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_hub(hub_cache, "org/name", {"config.json": b"{}", "training_args.bin": b""})
    assert locate("org/name").path.endswith(COMMITS[0])
    monkeypatch.delenv("HF_HUB_OFFLINE")
    location = locate("org/name")
    assert (location.path, location.local) == ("", "")
    assert location.hub
    assert location.hub.repo == "org/name"


def test_a_quantisation_in_the_cache(hub_cache: Path) -> None:
    write_hub(hub_cache, "org/name", {"m-Q4_K_M.gguf": b"GGUF", "m-Q8_0.gguf": b"GGUF"})
    assert locate("org/name:q8_0").path.endswith("/m-Q8_0.gguf")
    assert problem("org/name:Q2_K") == "no GGUF file with Q2_K in its name is in the hub cache"


def test_shards_of_other_formats_and_folders_count_too(hub_cache: Path) -> None:
    write_hub(hub_cache, "org/bin", {"pytorch_model-00002-of-00002.bin": b"x", "pytorch_model.bin.index.json": b"{}"})
    assert problem("org/bin") == "1 of 2 shards are in the hub cache"
    folder = write_hub(hub_cache, "org/below", {"config.json": b"{}"})
    unet = folder / "snapshots" / COMMITS[0] / "unet"
    unet.mkdir()
    (unet / "model.safetensors").write_bytes(len(header(ONE)).to_bytes(8, "little") + header(ONE) + bytes(20))
    assert problem("org/below") == ""
    assert locate("org/below/unet").path.endswith("/unet")
