"""Folders 1,500 deep, in the caches and here: neither the list nor a model's name makes anything walk to the end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.hub.local_cache import hub_cache as hub_cache_folder
from tests.support.checkpoints import gpt2, write, write_hub
from tests.support.command import Command
from tests.support.deep import deep_folder

PLACES = {
    "the snapshot": "models--org--name/snapshots",
    "the refs": "models--org--name/refs",
    "the blobs": "models--org--name/blobs",
    "the hub cache": "",
}


@pytest.mark.parametrize("place", PLACES)
def test_a_hub_cache_with_a_deep_folder_is_listed_and_read(
    place: str, hub_cache: Path, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    write_hub(hub_cache, "org/name", {"model.safetensors": gpt2()})
    outer = Path(hub_cache_folder()) / PLACES[place]
    if place == "the snapshot":
        (outer,) = outer.iterdir()
    outer.mkdir(parents=True, exist_ok=True)
    with deep_folder(outer, "model.safetensors"):
        listed = command("--list", "--json")
        assert (listed.status, listed.err) == (0, "")
        assert "org/name" in [model["model"] for model in json.loads(listed.out)["models"]]
        result = command("org/name", "--json")
        assert (result.status, result.err) == (0, "")
        assert result.model["parameters"] == 124_439_808


def test_a_deep_folder_here_is_listed_and_told_as_a_checkpoint(
    tmp_path: Path, hub_cache: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    write(here / "a.safetensors", gpt2())
    with deep_folder(here, "model.safetensors"):
        listed = command("--list", "--json")
        assert (listed.status, listed.err) == (0, "")
        assert "./a.safetensors" in [model["model"] for model in json.loads(listed.out)["models"]]
        assert command(".", "--json").model["parameters"] == 124_439_808
        assert "no" in command("d", "--print").complaint
