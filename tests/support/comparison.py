"""The comparison on the screen: waiting for its models, and reading its table."""

from __future__ import annotations

import pytest

from core.study.groups import FAMILY
from tests.support.screen import NARROW, WIDE, Driver
from tui.app import ExploreApp
from tui.comparison.screen import ComparisonScreen
from tui.palette import Palette

SIZES = pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x36"])


def screen(driver: Driver) -> ComparisonScreen:
    """The screen, which must be the comparison."""
    assert isinstance(driver.app.screen, ComparisonScreen)
    return driver.app.screen


async def read(driver: Driver) -> None:
    """Waits until no model is being read any more."""
    await driver.until(lambda: isinstance(driver.app.screen, ComparisonScreen))
    await driver.until(lambda: all(c.profile or "not read" in c.instead for c in screen(driver).columns))


def line_of(driver: Driver, label: str) -> list[str]:
    """A row of the table."""
    lines = [line for line in driver.text.splitlines() if line.lstrip(" ●■▲◆✦▼").startswith(label)]
    return lines[-1].split()


def study(*models: str) -> ExploreApp:
    return ExploreApp([*FAMILY, *models], Palette(), study=True)
