"""Models of a hub, read by ranges of their headers."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.checkpoint.source import Stopped
from core.count.counter import count
from core.hub.client import HubClient
from core.hub.header_cache import HeaderCache, cache_folder
from core.hub.listing import Listing
from core.hub.remote_file import FIRST_BYTES, RemoteFile
from core.hub.remote_folder import HubFolder, Workers
from core.locate.location import locate
from core.readers.hub_reader import HubReader
from core.readers.open_checkpoint import open_reader
from tests.support.checkpoints import Tensors, experts, gpt2, masks, split, write, write_hub, write_shards
from tests.support.command import Command
from tests.support.hub import Handler, Hub, Request

ONE: Tensors = {"x": ("F32", (5,))}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def repo(tmp_path: Path, hub: Hub) -> Path:
    """The folder of `org/name` on the hub."""
    folder = tmp_path / "org-name"
    folder.mkdir()
    hub.add("org/name", folder)
    return folder


def asked(hub: Hub) -> list[str]:
    """Which files were asked for, and whether of the CDN."""
    found = [(request.path.partition("?")[0].rpartition("/")[2], request.cdn) for request in hub.requests]
    return [f"cdn {name}" if cdn else name for name, cdn in found]


def test_a_file_on_the_hub_counts_as_one_on_disk(repo: Path, hub: Hub, command: Command) -> None:
    write(repo / "model.safetensors", {**gpt2(prefix=""), **masks(12)})
    (repo / "config.json").write_text(json.dumps({"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2"}))
    local = command(repo, "--json", "--by", "tensor").model
    result = command("org/name", "--json", "--by", "tensor")
    assert (result.status, result.err) == (0, "")
    remote = result.model
    same = set(local) - {"model", "source", "notes"}
    for tensor in local["tensors"]:
        tensor["file"] = f"org/name/{Path(tensor['file']).name}"
    assert {key: remote[key] for key in same} == {key: local[key] for key in same}
    assert remote["source"] == f"{hub.url}/org/name/tree/{'c' * 40}"
    assert asked(hub)[0] == "name"
    assert sorted(asked(hub)[1:]) == ["cdn model.safetensors", "config.json", "model.safetensors"]
    (note,) = remote["notes"]
    told = re.fullmatch(r"headers read from the hub \(main at cccccccc\): ([\d.]+) kB downloaded", note)
    assert told
    # Without the sentence that comes with a redirection.
    assert abs(float(told[1]) * 1000 - hub.answered) < 300


def test_a_shard_without_the_others_is_a_piece_as_on_disk(repo: Path, hub: Hub, command: Command) -> None:
    write_shards(repo, split(gpt2(layers=2).items(), 3))
    (repo / "model-00003-of-00003.safetensors").unlink()
    shard = "model-00002-of-00003.safetensors"
    local = command(repo / shard, "--json").model
    remote = command(f"org/name/{shard}", "--json").model
    assert remote["notes"][0].startswith("piece 2 of 3: ")
    keys = ("parameters", "complete")
    assert [remote[key] for key in keys] == [local[key] for key in keys]
    assert remote["complete"] is False


def test_the_hubs_own_total_is_compared(repo: Path, hub: Hub, command: Command) -> None:
    tensors = {**gpt2(layers=2, prefix=""), **masks(2)}
    write(repo / "model.safetensors", tensors)
    (repo / "below").mkdir()
    write(repo / "below" / "model.safetensors", ONE)
    plain = command(repo, "--json").model["parameters"]
    hub.models["org/name"].claimed = {"parameters": {"F32": plain + 2_097_154}, "total": plain + 2_097_154}
    said = f"the hub's page says {plain + 2_097_154:,} parameters, 2,097,154 more: buffers (2,097,154)"
    for _ in range(2):  # from the hub, then from what was kept
        assert said in command("org/name", "--json").model["notes"]
    assert not any("page" in note for note in command("org/name/below", "--json").model["notes"])
    # Where an index says the same, once is enough.
    (repo / "model.safetensors").unlink()
    write_shards(repo, split(tensors.items(), 2))
    index = repo / "model.safetensors.index.json"
    metadata = {"total_parameters": plain + 2_097_154}
    index.write_text(json.dumps({**json.loads(index.read_text()), "metadata": metadata}))
    shutil.rmtree(cache_folder())
    (told,) = (note for note in command("org/name", "--json").model["notes"] if "says" in note)
    assert told == said.replace("the hub's page", index.name)


@pytest.mark.parametrize("claimed", [{}, [], "1", {"total": None}, {"total": -1}, {"total": "1"}, {"total": 1e300}])
def test_a_total_that_is_none_says_nothing(claimed: object, repo: Path, hub: Hub, command: Command) -> None:
    write(repo / "model.safetensors", ONE)
    hub.models["org/name"].claimed = claimed
    assert len(command("org/name", "--json").model["notes"]) == 1


def test_an_adapters_file_on_the_hub_is_an_adapter(repo: Path, hub: Hub, command: Command) -> None:
    write(repo / "adapter_model.safetensors", {"base_model.model.q_proj.lora_A.weight": ("F32", (8, 64))})
    (repo / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "base_model_name_or_path": "org/base"}))
    for name in ("org/name", "org/name/adapter_model.safetensors"):
        model = command(name, "--json").model
        assert {key: part["parameters"] for key, part in model["categories"].items()} == {"adapter": 512}
        assert model["notes"][0] == "an adapter: LoRA; base model org/base; its parameters are not in this file"


def test_until_the_hub_answers_it_is_told_that_it_is_asked(repo: Path, hub: Hub) -> None:
    write(repo / "model.safetensors", ONE)
    batches = open_reader(locate("org/name")).batches()
    batch, progress = next(batches)
    assert (len(batch), progress.doing, asked(hub)) == (0, "asking the hub", [])
    assert {progress.doing for _, progress in batches} == {""}


def test_of_a_large_file_the_header_alone_is_downloaded(repo: Path, hub: Hub, command: Command) -> None:
    write(repo / "model.safetensors", {"x": ("F32", (1 << 30, 100))})
    assert command("org/name", "--json").model["parameters"] == 100 << 30
    assert hub.sent == FIRST_BYTES
    assert [request.headers["range"] for request in hub.requests if request.cdn] == [f"bytes=0-{FIRST_BYTES - 1}"]


def test_shards_come_in_order_and_count_as_on_disk(repo: Path, hub: Hub, command: Command) -> None:
    tensors = dict(experts(6, 60))
    write_shards(repo, split(tensors.items(), 40))
    local, remote = command(repo, "--json").model, command("org/name", "--json").model
    for key in ("parameters", "categories", "tensor_count", "not_counted", "bytes"):
        assert remote[key] == local[key]
    shards = {path.name for path in repo.glob("*.safetensors")}
    assert {name for name in asked(hub) if not name.startswith("cdn")} >= shards
    assert len(asked(hub)) == len(set(asked(hub))), "something was asked for twice"


def test_the_first_shard_is_told_before_the_last_has_come(repo: Path, hub: Hub) -> None:
    write_shards(repo, split(gpt2("gpt2-xl").items(), 116))
    told: list[int] = []

    def hold_the_last(handler: Handler, request: Request) -> bool:
        if "00116-of-00116" in request.path:
            deadline = time.monotonic() + 60
            while not told and time.monotonic() < deadline:
                time.sleep(0.01)
        return False

    hub.answer = hold_the_last
    reader = open_reader(locate("org/name"))
    for _, progress in reader.batches():
        told.append(progress.shards_done)
    assert told == sorted(told)
    assert told[-1] == 116


def test_a_header_longer_than_the_first_request(repo: Path, hub: Hub, command: Command) -> None:
    tensors = {f"model.layers.{n}.mlp.experts.{n}.down_proj.weight": ("F32", (2, 3)) for n in range(30_000)}
    write(repo / "model.safetensors", tensors)
    assert command("org/name", "--json").model["parameters"] == 180_000
    size = (repo / "model.safetensors").stat().st_size
    assert size * 0.7 < hub.sent < size


def test_the_second_look_asks_nobody(repo: Path, hub: Hub, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    write_shards(repo, split(gpt2().items(), 3))
    first = command("org/name", "--json").model
    requests = len(hub.requests)
    second = command("org/name", "--json").model
    assert len(hub.requests) == requests
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    third = command("org/name", "--json").model
    assert len(hub.requests) == requests
    for model in (second, third):
        assert {**model, "notes": []} == {**first, "notes": []}
    now = time.strftime("%Y-%m-%d")
    assert second["notes"][0].startswith(f"the headers kept here were read (main as it was on {now}")
    assert third["notes"][0].startswith(
        f"HF_HUB_OFFLINE is set: the headers kept here were read (main as it was on {now}"
    )


def test_another_file_of_a_model_just_seen_is_downloaded_and_said(repo: Path, hub: Hub, command: Command) -> None:
    for name in ("a", "b"):
        write(repo / f"{name}.safetensors", ONE)
    for name in ("a", "b"):
        (note,) = command(f"org/name/{name}.safetensors", "--json").model["notes"]
        assert note.startswith("headers read from the hub")


def test_what_came_to_a_model_just_seen_is_found(repo: Path, hub: Hub, command: Command) -> None:
    write(repo / "a.safetensors", ONE)
    assert command("org/name").status == 0
    write(repo / "new.safetensors", {"y": ("F32", (7,))})
    hub.models["org/name"].revisions["main"] = "d" * 40
    assert command("org/name/new.safetensors", "--json").model["parameters"] == 7


def test_after_some_minutes_the_hub_is_asked_where_main_leads(
    repo: Path, hub: Hub, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(repo / "model.safetensors", {"x": ("F32", (20_000,))})
    command("org/name")
    monkeypatch.setattr("core.readers.hub_reader.FRESH_SECONDS", 0)
    requests = len(hub.requests)
    assert command("org/name", "--json").model["parameters"] == 20_000
    assert [request.path for request in hub.requests[requests:]] == ["/api/models/org/name?blobs=true"]
    hub.models["org/name"].revisions["main"] = "d" * 40
    write(repo / "model.safetensors", {"x": ("F32", (30_000,))})
    assert command("org/name", "--json").model["parameters"] == 30_000
    assert command(f"org/name@{'c' * 40}", "--json").model["parameters"] == 20_000


def test_without_a_network_what_was_kept_is_shown_and_said(
    repo: Path, hub: Hub, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(repo / "model.safetensors", gpt2())
    command("org/name")
    monkeypatch.setattr("core.readers.hub_reader.FRESH_SECONDS", 0)
    hub.close()
    result = command("org/name", "--json")
    assert result.model["parameters"] == 124_439_808
    (note,) = [note for note in result.model["notes"] if "kept here" in note]
    assert note.startswith(f"the hub {hub.url} cannot be reached")


def test_a_reload_asks_the_hub_again(repo: Path, hub: Hub) -> None:
    write(repo / "model.safetensors", ONE)
    location = locate("org/name")
    for ask, requests in (("due", 2), ("due", 2), ("always", 3), ("never", 3)):
        assert count(open_reader(location.replaced(ask=ask))).totals.parameters == 5
        assert len(hub.requests) == requests


def test_revisions_files_and_folders(repo: Path, hub: Hub, command: Command) -> None:
    hub.models["org/name"].revisions |= {"v1.0": "d" * 40, "refs/pr/1": "e" * 40}
    write(repo / "a.safetensors", ONE)
    write(repo / "unet" / "b.safetensors", {"y": ("F32", (7,))})
    write(repo / "unet" / "deep er" / "c.safetensors", {"z": ("F32", (9,))})
    for model, parameters in (
        ("org/name", 5),
        ("org/name@v1.0", 5),
        ("org/name@refs/pr/1", 5),
        (f"org/name@{'d' * 40}", 5),
        ("org/name/a.safetensors", 5),
        ("org/name/unet", 7),
        ("org/name/unet/deep er@v1.0", 9),
        ("org/name/unet/deep er/c.safetensors", 9),
        ("https://huggingface.co/org/name/blob/v1.0/unet/b.safetensors", 7),
    ):
        result = command(model, "--json")
        assert (result.model.get("parameters"), result.err) == (parameters, ""), model


def test_what_is_not_in_the_model_is_told_with_what_is(repo: Path, command: Command) -> None:
    write(repo / "unet" / "b.safetensors", ONE)
    (repo / "README.md").write_text("hello")
    assert command("org/name").complaint == (
        "gpt2-explore: org/name: no weights in it itself; name one of its folders: org/name/unet"
    )
    assert command("org/name/vae").complaint == (
        "gpt2-explore: org/name/vae: there is no such path here, and no such file or folder in the model on the hub;"
        " it has: unet/b.safetensors"
    )


def test_a_model_without_weights(repo: Path, hub: Hub, command: Command) -> None:
    (repo / "README.md").write_text("hello")
    assert command("org/name").complaint == (
        f"gpt2-explore: org/name: no weights in it; see {hub.url}/org/name/tree/{'c' * 40}"
    )
    (repo / "model.onnx").write_bytes(b"x")
    assert "no file in it is of a format that is read (model.onnx)" in command("org/name").complaint


def test_several_quantisations_are_listed(repo: Path, command: Command) -> None:
    for name in ("m-Q4_K_M", "m-Q8_0-00001-of-00002", "m-Q8_0-00002-of-00002", "m-F16", "mmproj-F32"):
        (repo / f"{name}.gguf").write_bytes(b"GGUF")
    assert command("org/name").complaint == (
        "gpt2-explore: org/name: it has 3 GGUF files: F16, Q4_K_M, Q8_0; name one, such as org/name:Q4_K_M"
    )
    assert command("org/name:Q2_K").complaint == (
        "gpt2-explore: org/name:Q2_K: no GGUF file of it has Q2_K in its name; there are: F16, Q4_K_M, Q8_0"
    )


def test_a_quantisation_leads_to_its_file(repo: Path, hub: Hub, command: Command) -> None:
    for name in ("m-Q4_K_M", "m-Q8_0"):
        (repo / f"{name}.gguf").write_bytes(b"GGUF" + bytes(20_000))
    assert "org/name/m-Q8_0.gguf" in command("org/name:q8_0").complaint
    assert "m-Q4_K_M.gguf" not in asked(hub)


def test_a_model_that_was_renamed(repo: Path, hub: Hub, command: Command) -> None:
    write(repo / "model.safetensors", ONE)
    hub.renamed["old/name"] = "org/name"
    result = command("old/name", "--json").model
    assert result["parameters"] == 5
    assert "on the hub old/name is called org/name now" in result["notes"]


def test_the_token_goes_to_the_hub_and_to_nobody_else(
    repo: Path, hub: Hub, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    hub.tokens.add("hf_mine")
    hub.admitted.add("hf_mine")
    model = hub.models["org/name"]
    model.private = model.gated = True
    write_shards(repo, split(gpt2().items(), 3))
    assert command("org/name", "--json").model["parameters"] == 124_439_808
    assert {request.token for request in hub.requests if not request.cdn} == {"hf_mine"}
    assert {request.token for request in hub.requests if request.cdn} == {""}
    assert not any("hf_mine" in request.path for request in hub.requests)


def test_nothing_is_sent_but_what_is_needed(repo: Path, hub: Hub, command: Command) -> None:
    write(repo / "model.safetensors", ONE)
    command("org/name")
    names = {name for request in hub.requests for name in request.headers}
    assert names <= {"host", "accept", "accept-encoding", "connection", "user-agent", "range", "x-amzn-trace-id"}
    assert all(request.headers["user-agent"].startswith("gpt2-explore; hf_hub/") for request in hub.requests)


def test_a_copy_in_the_hub_cache_that_is_not_whole_sends_to_the_hub(
    repo: Path, hub_cache: Path, command: Command
) -> None:
    write(repo / "model.safetensors", ONE)
    folder = write_hub(hub_cache, "org/name", {"model.safetensors": ONE})
    (folder / "snapshots" / ("a" * 40) / "model.safetensors").resolve().unlink()
    notes = command("org/name", "--json").model["notes"]
    assert (
        "the hub was asked, since the blob of model.safetensors is missing from the hub cache, the link to it leads"
        " nowhere; to complete it: hf download org/name" in notes
    )


def test_a_list_without_lengths(repo: Path, hub: Hub, command: Command) -> None:
    write(repo / "model.safetensors", gpt2())

    def without(handler: Handler, request: Request) -> bool:
        if "/api/models/" not in request.path:
            return False
        siblings = [{"rfilename": "model.safetensors"}]
        handler.send(200, json.dumps({"id": "org/name", "sha": "c" * 40, "siblings": siblings}).encode())
        return True

    hub.answer = without
    assert command("org/name", "--json").model["parameters"] == 124_439_808


def folder_of(hub: Hub, repo: Path) -> HubFolder:
    workers = Workers()
    client = HubClient(hub.url, workers.stopped)
    listing = client.listing("org/name", "org/name", "")
    return HubFolder(listing, "", HeaderCache(hub.url, "org/name"), workers, lambda file: client)


def test_a_zip_archive_is_read_by_its_ends(repo: Path, hub: Hub) -> None:
    with zipfile.ZipFile(repo / "pytorch_model.bin", "w") as archive:
        archive.writestr("archive/data.pkl", b"tensors")
        archive.writestr("archive/data/0", bytes(5_000_000))
    folder = folder_of(hub, repo)
    folder.expect(["pytorch_model.bin"])
    opened, size = folder.open("pytorch_model.bin")
    assert size == (repo / "pytorch_model.bin").stat().st_size
    with zipfile.ZipFile(opened) as archive:
        assert archive.read("archive/data.pkl") == b"tensors"
    assert hub.sent < 200_000
    assert len([request for request in hub.requests if request.cdn]) == 2


def test_reading_on_and_on_fetches_more_and_more(repo: Path, hub: Hub) -> None:
    content = os.urandom(6_000_000)
    (repo / "m.gguf").write_bytes(content)
    opened, _ = folder_of(hub, repo).open("m.gguf")
    got = b"".join(iter(lambda: opened.read(1000), b""))
    assert got == content
    assert len([request for request in hub.requests if request.cdn]) < 10
    assert len([request for request in hub.requests if "resolve" in request.path]) == 1


def test_a_file_that_is_opened_again_is_not_fetched_again(repo: Path, hub: Hub) -> None:
    write(repo / "model.safetensors", gpt2())
    content = (repo / "model.safetensors").open("rb").read(50_000)
    folder = folder_of(hub, repo)
    for length in (4, 50_000):
        opened, _ = folder.open("model.safetensors")
        with opened:
            assert opened.read(length) == content[:length]
    assert hub.sent == FIRST_BYTES


def test_an_address_of_the_cdn_that_has_ended_is_asked_for_again(repo: Path, hub: Hub) -> None:
    content = os.urandom(500_000)
    (repo / "m.gguf").write_bytes(content)
    opened, _ = folder_of(hub, repo).open("m.gguf")
    assert opened.read(10) == content[:10]
    ended: list[Request] = []

    def refuse_once(handler: Handler, request: Request) -> bool:
        if request.cdn and not ended:
            ended.append(request)
            handler.send(403, b"<Error><Code>ExpiredToken</Code></Error>")
            return True
        return False

    hub.answer = refuse_once
    opened.seek(400_000)
    assert opened.read(10) == content[400_000:400_010]
    assert ended


def test_stop_ends_the_waiting_at_once(repo: Path, hub: Hub) -> None:
    write(repo / "model.safetensors", ONE)
    entered: list[HubReader] = []

    def never(handler: Handler, request: Request) -> bool:
        entered[0].stop()
        time.sleep(2)
        return True

    hub.answer = never
    reader = open_reader(locate("org/name"))
    assert isinstance(reader, HubReader)
    entered.append(reader)
    with pytest.raises(Stopped):
        list(reader.batches())


@settings(max_examples=60)
@given(
    size=st.integers(0, 3000),
    steps=st.lists(st.tuples(st.integers(-10, 4000), st.integers(-1, 4000)), max_size=12),
    kept=st.lists(st.tuples(st.integers(0, 60), st.integers(1, 40)), max_size=4),
)
def test_a_remote_file_reads_as_bytes_do(size: int, steps: list[tuple[int, int]], kept: list[tuple[int, int]]) -> None:
    content = bytes(n * 7 % 251 for n in range(size))
    fetched: list[tuple[int, int]] = []

    def fetch(start: int, end: int) -> bytes:
        assert 0 <= start < end <= size
        fetched.append((start, end))
        return content[start:end]

    file = RemoteFile("file", size, fetch, lambda file: None)
    at = 0
    for gap, length in kept:
        start, end = at + gap, min(size, at + gap + length)
        if start < end:
            file.ranges.add(start, content[start:end])
            at = end
    twin = io.BytesIO(content)
    for place, length in steps:
        if place >= 0:
            assert file.seek(place) == twin.seek(place)
        assert file.read(length) == twin.read(length)
        assert file.tell() == twin.tell()
    for start, piece in file.ranges.used():
        assert content[start : start + len(piece)] == piece
    assert sorted(set(fetched)) == sorted(fetched), "the same was fetched twice"


def test_a_listing_names_files_as_data() -> None:
    workers = Workers()
    listing = Listing("org/name", "c" * 40, {"../../etc/passwd": 1, "a/b": 2, "x\x1b": 3})
    folder = HubFolder(listing, "", HeaderCache("http://x", "org/name"), workers, lambda file: pytest.fail("asked"))
    assert folder.names() == ["x\x1b"]
    workers.stop()
