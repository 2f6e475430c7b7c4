"""The help: every key, readable at every size, with the marks of the categories."""

from __future__ import annotations

import pytest

from core.classify.category import CATEGORIES
from tests.support.screen import NARROW, WIDE, exploring
from tui.dialogs.help import HelpScreen
from tui.keys.explorer import EXPLORER_KEYS


async def test_it_names_every_key_and_every_mark() -> None:
    async with exploring("gpt2", (120, 60)) as driver:
        await driver.press("question_mark")
        await driver.shows("Keys", "Esc closes")
        for key in EXPLORER_KEYS.rows:
            assert key.keys in driver.text
            assert key.does in driver.text
        for category in CATEGORIES.values():
            assert f"{category.glyph} {category.label}" in driver.text


@pytest.mark.parametrize("size", [NARROW, WIDE, (50, 14)])
async def test_all_of_it_can_be_scrolled_to(size: tuple[int, int]) -> None:
    async with exploring("gpt2", size) as driver:
        await driver.press("question_mark", "end")
        await driver.shows("buffers not at all")
        await driver.press("home")
        await driver.shows("move")
        await driver.press("pagedown", "down", "up", "pageup")
        assert isinstance(driver.app.screen, HelpScreen)


@pytest.mark.parametrize("key", ["escape", "question_mark", "q", "f1", "enter"])
async def test_its_keys_close_it_once(key: str) -> None:
    async with exploring("gpt2") as driver:
        await driver.press("question_mark")
        await driver.press(key)
        assert driver.app.screen is driver.explorer
        assert not driver.app._exit


async def test_fast_keys_leave_one_help_only() -> None:
    async with exploring("gpt2") as driver:
        await driver.press(*["question_mark"] * 8, *["escape"] * 3)
        await driver.pilot.pause()
        await driver.press("question_mark", "escape")
        assert len([screen for screen in driver.app.screen_stack if isinstance(screen, HelpScreen)]) == 0
