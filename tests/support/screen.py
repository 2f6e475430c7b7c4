"""Driving the screen in tests, as its users do, and seeing what they see."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot
from textual.screen import Screen
from textual.timer import Timer

from core.checkpoint.config import ModelConfig
from core.checkpoint.source import Progress, Source
from core.checkpoint.tensors import TensorBatch
from core.classify.user_rules import Rules
from core.locate.location import Location
from tests.support.checkpoints import Tensors
from tests.support.tensor_reader import batch_of
from tui.app import ExploreApp
from tui.explorer.outline import Outline, OutlineRow
from tui.explorer.parameter_tree import ParameterTree
from tui.explorer.row_pane import RowPane
from tui.explorer.screen import ExplorerScreen
from tui.palette import Palette
from tui.widgets.line import Line

NARROW, WIDE = (80, 24), (120, 36)
PATIENCE = 10.0
"""Seconds after which what is waited for will not come any more."""


def text_of(screen: Screen[object]) -> str:
    """What stands on the screen, its rows without trailing blanks."""
    strips = screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


class Driver:
    """An app under test."""

    def __init__(self, pilot: Pilot[int]) -> None:
        assert isinstance(pilot.app, ExploreApp)
        self.pilot = pilot
        self.app = pilot.app

    @property
    def text(self) -> str:
        return text_of(self.app.screen)

    @property
    def explorer(self) -> ExplorerScreen:
        """The explorer that was opened last, be it covered by another screen or not."""
        return [screen for screen in self.app.screen_stack if isinstance(screen, ExplorerScreen)][-1]

    @property
    def tree(self) -> ParameterTree:
        return self.explorer.query_one("#tree", ParameterTree)

    @property
    def outline(self) -> Outline:
        assert self.tree.outline
        return self.tree.outline

    @property
    def row(self) -> OutlineRow:
        assert self.tree.row
        return self.tree.row

    @property
    def labels(self) -> list[str]:
        """The tree's rows, those out of view too."""
        return [row.label for row in self.outline.rows]

    @property
    def status(self) -> str:
        return self.line("#status")

    def line(self, selector: str) -> str:
        """What a line of the present screen says."""
        return self.app.screen.query_one(selector, Line).text

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def until(self, condition: Callable[[], object]) -> None:
        """Lets the app work until a condition holds."""
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, f"what was waited for did not come:\n{self.text}"
            await asyncio.sleep(0.01)
        await self.pilot.pause()

    async def shows(self, *texts: str) -> None:
        """Waits until all of these stand on the screen at once."""
        await self.until(lambda: all(text in self.text for text in texts))

    async def loaded(self) -> None:
        """Waits until the explorer has its tree, and its chart is drawn."""
        await self.until(lambda: isinstance(self.app.screen, ExplorerScreen) and self.app.screen.is_mounted)
        await self.until(lambda: self.tree.outline)

    async def rested(self) -> None:
        """Waits until the figures are those of the row under the cursor, and nothing is to come."""
        pane = self.explorer.query_one("#right", RowPane)
        await self.until(lambda: pane._row is self.tree.row and _over(self.explorer._rest))

    async def on(self, label: str) -> None:
        """Puts the cursor on a row."""
        self.tree.go(self.labels.index(label))
        await self.pilot.pause()


def _over(timer: Timer | None) -> bool:
    return timer is None or timer._task is None or timer._task.done()


@asynccontextmanager
async def running(
    *models: str | Path, size: tuple[int, int] = WIDE, ascii: bool = False, rules: Rules | None = None
) -> AsyncIterator[Driver]:
    """An app on a screen of some size; it opens the picker without a model, the comparison with several."""
    app = ExploreApp([str(model) for model in models], Palette(ascii), rules)
    async with app.run_test(size=size, notifications=True) as pilot:
        yield Driver(pilot)


@asynccontextmanager
async def exploring(
    model: str | Path, size: tuple[int, int] = WIDE, ascii: bool = False, rules: Rules | None = None
) -> AsyncIterator[Driver]:
    """The explorer with a model that is loaded."""
    async with running(model, size=size, ascii=ascii, rules=rules) as driver:
        await driver.loaded()
        yield driver


class SlowReader:
    """A reader that gives a batch only when it is let, until then its load stands still."""

    def __init__(self, batches: Sequence[Tensors], error: Exception | None = None) -> None:
        """
        Args:
            batches: names, dtypes and shapes, one batch a shard.
            error: raised in place of the end.
        """
        self.source = Source("slow", "slow", "safetensors", ModelConfig.of({}), [])
        self.batches_read = 0
        self._batches = batches
        self._error = error
        self._gate = threading.Semaphore(0)

    def let(self, batches: int = 1) -> None:
        """Lets it give some batches, or end."""
        self._gate.release(batches)

    def batches(self) -> Iterator[tuple[TensorBatch, Progress]]:
        for number, tensors in enumerate(self._batches):
            assert self._gate.acquire(timeout=60)
            self.batches_read = number + 1
            yield batch_of(tensors, f"{number}"), Progress(number + 1, len(self._batches))
        assert self._gate.acquire(timeout=60)
        if self._error:
            raise self._error


class SlowReaders:
    """Stands in for the reader that a load opens: the n-th load has the n-th reader."""

    def __init__(self) -> None:
        self._all: list[SlowReader] = []
        self._opened = 0

    def add(self, *batches: Tensors, error: Exception | None = None) -> SlowReader:
        """The reader of the next load."""
        self._all.append(SlowReader(batches, error))
        return self._all[-1]

    def open(self, location: Location) -> SlowReader:
        reader = self._all[self._opened]
        self._opened += 1
        return reader

    def end(self) -> None:
        """Lets all of them end; their threads must."""
        for reader in self._all:
            reader.let(1000)
        for thread in load_threads():
            thread.join(PATIENCE)
            assert not thread.is_alive(), thread.name


def load_threads() -> list[threading.Thread]:
    """The threads of loads that are not over."""
    return [thread for thread in threading.enumerate() if thread.name.startswith("load-")]


async def click_text(driver: Driver, text: str, row: int) -> None:
    """Clicks into a text that stands in a row of the screen."""
    line = driver.text.splitlines()[row]
    assert await driver.pilot.click(offset=(line.index(text) + 1, row))
