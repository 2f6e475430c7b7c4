"""What is kept of the hub's models: whole or not at all, bounded, and nobody else's to read."""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.hub.header_cache import HeaderCache, Seen, cache_folder, prune, seen
from tests.support.checkpoints import gpt2, split, write, write_shards
from tests.support.command import Command, run_process
from tests.support.deep import deep_folder
from tests.support.hub import Hub

HUB = "https://huggingface.co"
COMMIT = "c" * 40


def kept_files() -> list[Path]:
    return sorted(path for path in Path(cache_folder()).rglob("*") if path.is_file())


def test_what_is_kept_is_there_the_next_time() -> None:
    cache = HeaderCache(HUB, "org/name")
    assert (cache.known(""), cache.files(COMMIT), cache.pieces(COMMIT, "a", 100)) == (None, None, [])
    cache.keep(COMMIT, "a", 100, [(0, b"xy"), (50, b"z")])
    cache.remember("", COMMIT, {"a": 100, "b": None})
    again = HeaderCache(HUB, "org/name")
    known = again.known("main")
    assert known
    assert known.commit == COMMIT
    assert abs(known.asked - time.time()) < 60
    assert again.files(COMMIT) == {"a": 100, "b": None}
    assert again.pieces(COMMIT, "a", 100) == [(0, b"xy"), (50, b"z")]
    pinned = again.known(COMMIT)
    assert pinned
    assert pinned.commit == COMMIT


def test_each_hub_model_commit_file_and_length_has_its_own() -> None:
    HeaderCache(HUB, "org/name").keep(COMMIT, "a", 100, [(0, b"xy")])
    assert HeaderCache("http://other", "org/name").pieces(COMMIT, "a", 100) == []
    assert HeaderCache(HUB, "org/Name").pieces(COMMIT, "a", 100) == []
    assert HeaderCache(HUB, "org/name").pieces("d" * 40, "a", 100) == []
    assert HeaderCache(HUB, "org/name").pieces(COMMIT, "b", 100) == []
    assert HeaderCache(HUB, "org/name").pieces(COMMIT, "a", 101) == []


@pytest.mark.parametrize("name", ["../../../x", "/etc/passwd", "a/../../b", "x\x1b\n", "n" * 5000, "\udcff"])
def test_no_name_leads_out_of_the_cache(name: str, tmp_path: Path) -> None:
    cache = HeaderCache(HUB, f"org/{name}")
    cache.keep(COMMIT, name, 100, [(0, b"xy")])
    assert cache.pieces(COMMIT, name, 100) == [(0, b"xy")]
    (file,) = kept_files()
    assert file.resolve().is_relative_to(Path(cache_folder()).resolve())
    assert not list(tmp_path.iterdir())


def test_nobody_else_may_read_it() -> None:
    HeaderCache(HUB, "org/name").keep(COMMIT, "a", 100, [(0, b"xy")])
    assert stat.S_IMODE(os.stat(cache_folder()).st_mode) == 0o700


def test_it_lies_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/some/where")
    assert cache_folder() == "/some/where/gpt2-explore/hub"
    monkeypatch.setenv("HOME", "/home/me")
    for other in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", other)
        assert cache_folder() == "/home/me/.cache/gpt2-explore/hub"


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_entries_count_as_none(data: st.DataObject) -> None:
    cache = HeaderCache(HUB, "org/name")
    pieces = [(0, b"header"), (50, b"end")]
    cache.keep(COMMIT, "a", 100, pieces)
    cache.remember("", COMMIT, {"a": 100})
    for file in kept_files():
        whole = file.read_bytes()
        at = data.draw(st.integers(0, 400)) % len(whole)
        cut = data.draw(st.booleans())
        file.write_bytes(
            whole[:at] if cut else whole[:at] + data.draw(st.binary(min_size=1, max_size=9)) + whole[at + 1 :]
        )
    again = HeaderCache(HUB, "org/name")
    assert again.pieces(COMMIT, "a", 100) in ([], pieces)
    known, files = again.known(""), again.files(COMMIT)
    assert known is None or known.commit.isalnum()
    assert files in (None, {"a": 100})
    list(seen())
    for file in kept_files():
        file.unlink()


@pytest.mark.parametrize("asked", [1e30, -1e30, float("inf"), float("nan"), 10**400], ids=range(5))
def test_a_time_that_cannot_be_counts_as_none(
    asked: float, hub: Hub, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "model" / "model.safetensors", gpt2())
    hub.add("org/name", tmp_path / "model")
    command("org/name")
    (model,) = [file for file in kept_files() if file.name == "model.json"]
    content = json.loads(model.read_bytes())
    content["revisions"]["main"]["asked"] = asked
    model.write_text(json.dumps(content))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "HF_HUB_OFFLINE forbids" in command("org/name").complaint
    monkeypatch.delenv("HF_HUB_OFFLINE")
    again = command("org/name")
    assert (again.status, again.err) == (0, "")


@pytest.mark.parametrize("which", range(3))
def test_a_pipe_in_its_place_is_not_waited_for(which: int, hub: Hub, tmp_path: Path) -> None:
    write(tmp_path / "model" / "model.safetensors", gpt2())
    hub.add("org/name", tmp_path / "model")
    assert run_process("org/name").status == 0
    file = kept_files()[which]
    file.unlink()
    os.mkfifo(file)
    again = run_process("org/name")
    assert (again.status, again.err) == (0, "")
    assert file.is_file()


def test_a_damaged_header_is_fetched_again(hub: Hub, tmp_path: Path, command: Command) -> None:
    write_shards(tmp_path / "shards", split(gpt2().items(), 3))
    hub.add("org/name", tmp_path / "shards")
    first = command("org/name", "--json").model
    for file in kept_files():
        if file.parent.name == COMMIT:
            file.write_bytes(file.read_bytes()[:-5] + b"xxxxx")
    second = command("org/name", "--json").model
    assert {**second, "notes": []} == {**first, "notes": []}
    assert any("downloaded" in note for note in second["notes"])
    third = command("org/name", "--json").model
    assert not any("downloaded" in note for note in third["notes"])


def test_it_keeps_headers_and_no_weights(hub: Hub, tmp_path: Path, command: Command) -> None:
    write_shards(tmp_path / "shards", split(gpt2().items(), 3))
    hub.add("org/name", tmp_path / "shards")
    command("org/name")
    headers = 0
    for shard in (tmp_path / "shards").glob("*.safetensors"):
        with shard.open("rb") as file:
            headers += 8 + int.from_bytes(file.read(8), "little")
    index = (tmp_path / "shards" / "model.safetensors.index.json").stat().st_size
    assert headers + index < sum(file.stat().st_size for file in kept_files()) < headers + index + 2000


def test_the_models_not_looked_at_for_the_longest_time_go_first() -> None:
    for number, name in enumerate("abcd"):
        cache = HeaderCache(HUB, f"org/{name}")
        cache.keep(COMMIT, "x", 5000, [(0, bytes(5000))])
        cache.remember("", COMMIT, {"x": 5000})
        (model,) = [file for file in kept_files() if file.name == "model.json" and f"org--{name}-" in str(file)]
        os.utime(model, (1000 + number, 1000 + number))
    HeaderCache(HUB, "org/a").touch()
    prune(16_500)
    assert [each.name for each in seen()] == ["org/a", "org/c", "org/d"]
    prune(0)
    assert kept_files() == []


def test_a_folder_that_cannot_be_written_is_a_note(
    hub: Hub, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    write_shards(tmp_path / "shards", split(gpt2().items(), 2))
    hub.add("org/name", tmp_path / "shards")
    result = command("org/name", "--json")
    assert (result.status, result.err) == (0, "")
    assert "the headers could not be kept for the next time (Not a directory)" in result.model["notes"]


def test_seen_names_models_with_their_revisions() -> None:
    HeaderCache(HUB, "org/name").remember("", COMMIT, {"x": 1})
    HeaderCache(HUB, "org/name").remember("v1", COMMIT, {"x": 1})
    HeaderCache("http://other", "a/b").remember("main", COMMIT, {"x": 1})
    assert list(seen()) == [Seen("a/b", "http://other"), Seen("org/name", HUB), Seen("org/name@v1", HUB)]


def test_a_folder_much_deeper_than_anything_is_kept_is_left_alone(hub: Hub, tmp_path: Path, command: Command) -> None:
    HeaderCache(HUB, "org/name").remember("", COMMIT, {"x": 1})
    write_shards(tmp_path / "shards", split(gpt2().items(), 2))
    hub.add("org/name", tmp_path / "shards")
    with deep_folder(cache_folder()):
        result = command("org/name", "--json")
        assert (result.status, result.err) == (0, "")
        prune(0)
        assert list(seen()) == []
        assert os.listdir(cache_folder()) == ["d"]
