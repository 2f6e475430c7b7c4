"""The loads of the comparison: each model fills its column as it is done, and none that was left out is waited for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.locate.location import Location
from core.study.groups import MAX_COMPARED_MODELS
from tests.support.checkpoints import Tensors, gpt2, write
from tests.support.comparison import line_of, read, screen
from tests.support.screen import NARROW, PATIENCE, SlowReader, load_threads, running
from tui.comparison.screen import ComparisonScreen
from tui.explorer.screen import ExplorerScreen


class Held:
    """Models that are read as far as a test lets them, by name."""

    def __init__(self) -> None:
        self.all: list[SlowReader] = []
        self._readers: dict[str, list[SlowReader]] = {}

    def add(self, model: str, *batches: Tensors) -> SlowReader:
        """The reader of a model's next load."""
        reader = SlowReader(batches)
        self.all.append(reader)
        self._readers.setdefault(model, []).append(reader)
        return reader

    def open(self, location: Location) -> SlowReader:
        return self._readers[location.model].pop(0)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    found = Held()
    monkeypatch.setattr("tui.load.open_reader", found.open)
    monkeypatch.setattr("core.count.counter.SNAPSHOT_SECONDS", 0.0)
    yield found
    for reader in found.all:
        reader.let(1000)
    for thread in load_threads():
        thread.join(PATIENCE)
        assert not thread.is_alive(), thread.name


async def test_each_model_fills_its_column_as_it_is_done(held: Held) -> None:
    first, second = held.add("gpt2", gpt2("gpt2")), held.add("gpt2-medium", gpt2("gpt2-medium"), {})
    async with running("gpt2", "gpt2-medium") as driver:
        await driver.press("2")
        second.let()
        await driver.shows("reading… 1 of")
        first.let(2)
        await driver.shows("124,439,808", "reading…")
        assert line_of(driver, "Biases")[-1] == "102,144"
        second.let(2)
        await driver.shows("354,823,168")
        assert line_of(driver, "Biases")[-2:] == ["102,144", "271,360"]


async def test_a_model_left_out_is_not_waited_for(held: Held) -> None:
    reader = held.add("gpt2", gpt2("gpt2"))
    held.add("gpt2-medium", gpt2("gpt2-medium")).let(2)
    async with running("gpt2", "gpt2-medium") as driver:
        await driver.shows("reading…")
        await driver.press("d")
        reader.let(5)
        await read(driver)
        assert screen(driver).columns.models == ["gpt2-medium"]
        await driver.press("d", "d", "2", "3", "4", "5", "1")
        await driver.shows("m adds some")


async def test_reading_again_drops_what_the_older_load_says(held: Held) -> None:
    held.add("gpt2-xl", gpt2("gpt2-xl")).let(5)
    older, newer = held.add("gpt2", gpt2("gpt2")), held.add("gpt2", gpt2("gpt2-medium"))
    async with running("gpt2", "gpt2-xl") as driver:
        await driver.press("2", "r")
        newer.let(5)
        await driver.shows("354,823,168")
        older.let(5)
        await driver.pilot.pause(0.2)
        assert "354,823,168" in driver.text
        assert "124,439,808" not in driver.text


async def test_leaving_ends_the_loads(held: Held) -> None:
    readers = [held.add("gpt2", gpt2(), {}) for _ in range(2)]
    readers.append(held.add("gpt2-medium", gpt2(), {}))
    async with running("gpt2") as driver:
        await driver.press("m")
        await driver.shows("compare gpt2 with", "gpt2-medium")
        await driver.press("down", "enter")
        await driver.until(lambda: isinstance(driver.app.screen, ComparisonScreen))
        await driver.press("escape")
        await driver.until(lambda: isinstance(driver.app.screen, ExplorerScreen))
        for reader in readers:
            reader.let(1)  # a load sees at its next batch that it is not wanted
        await driver.until(lambda: len(load_threads()) == 1)


async def test_twelve_models_and_no_more(folder: Path) -> None:
    names = [str(write(folder / f"m{n}.safetensors", gpt2(layers=n + 1))) for n in range(14)]
    async with running(*names, size=NARROW) as driver:
        await read(driver)
        assert len(screen(driver).columns) == MAX_COMPARED_MODELS
        await driver.shows("12 models can be compared; left out: m12, m13")
        await driver.press("2", *["right"] * 11)
        await driver.shows(" m11")
