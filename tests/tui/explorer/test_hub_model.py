"""Models of a hub on the screen: streaming, cancelling, faults, and the picker."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.checkpoints import gpt2, split, write, write_hub, write_shards
from tests.support.hub import Handler, Hub, Request
from tests.support.screen import NARROW, PATIENCE, Driver, load_threads, running
from tui.picker.screen import PickerScreen
from tui.textual_fixes.options import SafeOptionList


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr("core.count.counter.SNAPSHOT_SECONDS", 0.0)
    return folder


class Gate:
    """Holds back what is asked for whose address has some text, until it is opened."""

    def __init__(self, hub: Hub, text: str) -> None:
        self._open = threading.Event()
        self._text = text
        self.held = 0
        hub.answer = self._hold

    def _hold(self, handler: Handler, request: Request) -> bool:
        if self._text in request.path:
            self.held += 1
            self._open.wait(PATIENCE)
        return False

    def open(self) -> None:
        self._open.set()


@pytest.fixture
def shards(hub: Hub, tmp_path: Path) -> Path:
    folder = write_shards(tmp_path / "shards", split(gpt2().items(), 4))
    hub.add("org/name", folder)
    return folder


@pytest.fixture
def last_shard(hub: Hub, shards: Path) -> Iterator[Gate]:
    gate = Gate(hub, "00004-of-00004")
    yield gate
    gate.open()


async def found(driver: Driver) -> None:
    await driver.until(lambda: isinstance(driver.app.screen, PickerScreen) and "looking" not in driver.status)


def options(driver: Driver) -> list[str]:
    models = driver.app.screen.query_one("#models", SafeOptionList)
    return [str(option.prompt).strip("✓* ").split("  ")[0].strip() for option in models.options]


async def test_totals_are_there_shard_by_shard(last_shard: Gate) -> None:
    async with running("org/name") as driver:
        await driver.shows("reading… 3 of 4 shards", "Attention", "Total")
        assert driver.tree.outline is None
        last_shard.open()
        await driver.loaded()
        await driver.shows("124,439,808", "22.78")
        assert "headers read from the hub (main at cccccccc)" in driver.status


async def test_esc_cancels_while_the_hub_is_silent(last_shard: Gate) -> None:
    async with running("org/name", size=NARROW) as driver:
        await driver.shows("3 of 4 shards")
        (thread,) = load_threads()
        await driver.press("escape")
        await driver.shows("cancelled; r reads the model again")
        thread.join(1)
        assert not thread.is_alive(), "it waits on for the hub"
        last_shard.open()
        await driver.press("r")
        await driver.loaded()
        await driver.shows("124,439,808")


async def test_esc_cancels_before_the_hub_has_said_a_word(hub: Hub, shards: Path) -> None:
    gate = Gate(hub, "/api/models/")
    async with running("org/name") as driver:
        await driver.until(lambda: gate.held)
        await driver.shows("asking the hub…")
        (thread,) = load_threads()
        await driver.press("escape")
        thread.join(1)
        assert not thread.is_alive()
        await driver.shows("cancelled")
    gate.open()


async def test_a_fault_is_told_and_read_again(hub: Hub, shards: Path) -> None:
    hub.models["org/name"].gated = True
    async with running("org/name", size=NARROW) as driver:
        await driver.shows("the model is gated", "r reads it again")
        hub.models["org/name"].gated = False
        await driver.press("r")
        await driver.loaded()
        await driver.shows("124,439,808")


async def test_reading_again_asks_the_hub_again(hub: Hub, shards: Path) -> None:
    async with running("org/name") as driver:
        await driver.loaded()
        write(shards / "model.safetensors", {"a.mlp.weight": ("F32", (5, 5))})
        hub.models["org/name"].revisions["main"] = "d" * 40
        await driver.press("r")
        await driver.shows("25 parameters")


async def test_an_id_typed_into_the_picker_opens_from_the_hub(shards: Path) -> None:
    async with running() as driver:
        await found(driver)
        await driver.press(*"org/name")
        assert "Enter opens what you typed" in driver.status
        await driver.press("enter")
        await driver.loaded()
        await driver.shows("124,439,808")


async def test_the_picker_lists_the_hub_cache_and_what_was_seen_of_the_hub(
    hub: Hub, hub_cache: Path, shards: Path
) -> None:
    write_hub(hub_cache, "org/here", {"model.safetensors": {"x": ("F32", (9,))}})
    async with running("org/name") as driver:
        await driver.loaded()
    requests = len(hub.requests)
    async with running() as driver:
        await found(driver)
        assert options(driver)[5:] == ["org/here", "org/name"]
        await driver.shows("124,439,808", "hub (seen)")
        (line,) = [line for line in driver.text.splitlines() if line.split()[:1] == ["org/name"]]
        await driver.until(lambda: driver.text.count("124,439,808") == 2)
        assert len(hub.requests) == requests, "a list asks nothing of the hub"
        assert "hub (seen)" in line
        hub.close()
        await driver.press(*"org/name", "enter")
        await driver.loaded()


async def test_the_picker_does_not_ask_the_hub_for_what_is_old(
    hub: Hub, shards: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running("org/name") as driver:
        await driver.loaded()
    monkeypatch.setattr("core.readers.hub_reader.FRESH_SECONDS", 0)
    requests = len(hub.requests)
    async with running() as driver:
        await found(driver)
        await driver.until(lambda: driver.text.count("124,439,808") == 2)
        time.sleep(0.1)
        assert len(hub.requests) == requests
