from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.checkpoint.errors import CheckpointError
from core.checkpoint.gpt2 import BUILT_IN
from core.hub.local_cache import hub_cache as hub_cache_folder
from core.hub.local_cache import snapshot
from core.locate.location import locate
from tests.support.checkpoints import Tensors, write, write_hub
from tests.support.command import Command
from tests.support.hub import Hub, unused_port

ONE: Tensors = {"x": ("F32", (5,))}
COMMITS = ("a" * 40, "b" * 40)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("name", list(BUILT_IN))
def test_a_built_in_name_is_built_in(name: str) -> None:
    location = locate(name)
    assert (location.model, location.path, location.choice) == (name, "", "")


def test_a_built_in_name_comes_before_a_path_and_says_so(here: Path, command: Command) -> None:
    write(here / "gpt2" / "model.safetensors", ONE)
    result = command("gpt2", "--json")
    assert result.status == 0
    assert result.complaint == "gpt2-explore: gpt2: the built-in model is shown; for the path write ./gpt2"
    assert result.model["parameters"] == 124_439_808
    other = command("./gpt2", "--json")
    assert (other.model["parameters"], other.err) == (5, "")


def test_a_built_in_name_comes_before_the_hub_and_says_so(hub_cache: Path, command: Command) -> None:
    folder = write_hub(hub_cache, "gpt2", {"model.safetensors": ONE})
    result = command("gpt2", "--json")
    assert result.model["source"] == "built-in"
    assert str(folder) in result.complaint
    assert command(folder, "--json").model["parameters"] == 5


@pytest.mark.parametrize("written", ["./x.safetensors", "x.safetensors", "sub/../x.safetensors"])
def test_a_path_by_its_looks_is_a_path(written: str, here: Path) -> None:
    (here / "sub").mkdir()
    write(here / "x.safetensors", ONE)
    assert locate(written).path == written
    assert locate(str(here / "x.safetensors")).path == str(here / "x.safetensors")


def test_a_tilde_is_the_home_folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(here))
    write(here / "x.safetensors", ONE)
    assert locate("~/x.safetensors").path == str(here / "x.safetensors")


def test_any_other_existing_path_is_taken(here: Path) -> None:
    write(here / "mine" / "x.safetensors", ONE)
    assert locate("mine").path == "mine"


def test_a_path_comes_before_the_hub_and_says_so(here: Path, hub_cache: Path, command: Command) -> None:
    for model in ("org/name", "plain"):
        folder = write_hub(hub_cache, model, {"model.safetensors": ONE})
        write(here / model / "model.safetensors", {"x": ("F32", (7,))})
        result = command(model, "--json")
        assert result.model["parameters"] == 7
        assert str(folder) in result.complaint


def test_a_hub_id_is_found_in_the_cache(hub_cache: Path, command: Command) -> None:
    write_hub(hub_cache, "org/name", {"model.safetensors": ONE})
    write_hub(hub_cache, "plain", {"model.safetensors": {"x": ("F32", (7,))}})
    results = command("org/name", "plain", "--json")
    assert [model["parameters"] for model in results.json["models"]] == [5, 7]
    assert results.err == ""


def test_a_revision_decides(hub_cache: Path, command: Command) -> None:
    for n, commit in enumerate(COMMITS):
        folder = write_hub(hub_cache, "org/name", {"model.safetensors": {"x": ("F32", (n + 1,))}}, commit)
    (folder / "refs" / "pr").mkdir()
    (folder / "refs" / "pr" / "1").write_text(COMMITS[0])
    for revision, parameters in (("main", 2), ("pr/1", 1), (COMMITS[0], 1), ("bbbbbbb", 2)):
        assert command(f"org/name@{revision}", "--json").model["parameters"] == parameters
    for revision in ("v9", "aaa", "../main", "/etc/hostname"):
        assert command(f"org/name@{revision}").status == 1


def test_an_unknown_hub_id_says_how_to_get_it(command: Command, hub_cache: Path) -> None:
    assert command("org/name@v1").complaint == (
        f"gpt2-explore: org/name@v1: no such path, and no such model in the hub cache {hub_cache};"
        " HF_HUB_OFFLINE forbids to ask the hub; unset it, or get the model: hf download org/name --revision v1"
    )


@pytest.mark.parametrize("model", ["nonsense", "a b", "a/b/c", "gpt2-huge", "\x1b[31m", "x.safetensors", "-"])
def test_an_unknown_name_is_an_error_in_one_line(model: str, command: Command) -> None:
    result = command(model)
    assert result.status == 1
    assert result.complaint.isprintable()


@pytest.mark.parametrize("model", ["", "a\0b", "/a\0b", "./a\0b"])
def test_names_that_no_path_can_have_are_errors(model: str) -> None:
    with pytest.raises(CheckpointError):
        locate(model)


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", "/home/me")
    assert hub_cache_folder() == "/home/me/.cache/huggingface/hub"
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert hub_cache_folder() == "/xdg/huggingface/hub"
    monkeypatch.setenv("HF_HOME", "~/hf")
    assert hub_cache_folder() == "/home/me/hf/hub"
    monkeypatch.setenv("HF_HUB_CACHE", "$HOME/c")
    assert hub_cache_folder() == "/home/me/c"


def test_a_snapshot_is_a_folder_below_snapshots_only(hub_cache: Path) -> None:
    folder = write_hub(hub_cache, "org/name", {"model.safetensors": ONE})
    (folder / "refs" / "main").write_text("../..")
    assert snapshot(str(folder), "main") in ("", os.path.join(folder, "snapshots", COMMITS[0]))
    (folder / "refs" / "main").write_bytes(b"\xff\xfe\0")
    assert snapshot(str(folder), "main") in ("", os.path.join(folder, "snapshots", COMMITS[0]))
    assert snapshot(str(folder / "nowhere")) == ""


def test_a_path_that_is_not_there_is_told_before_the_hub_is_asked(here: Path, hub: Hub, command: Command) -> None:
    (here / "runs" / "first").mkdir(parents=True)
    for typed in ("runs/second/checkpoint-500", "runs/first/model.safetensors", "runs/model.pt"):
        assert f"{typed}: there is no such file or folder (runs" in command(typed).complaint
    assert not hub.requests
    assert "runs/second: no such path here, and the hub" in command("runs/second").complaint


def test_a_path_that_is_not_there_is_told_before_the_hub_is_blamed(
    here: Path, hub: Hub, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{unused_port()}")
    (here / "runs").mkdir()
    for typed in ("runs/second", "org/name/x.pt"):
        complaint = command(typed).complaint
        assert f"{typed}: there is no such path here, and the hub" in complaint
        assert "cannot be reached" in complaint
