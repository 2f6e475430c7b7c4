"""The list of commands: every one runs, and fast keys do no harm."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from tests.support.screen import Driver, exploring
from tui.dialogs.commands import CommandScreen
from tui.dialogs.export import ExportScreen
from tui.dialogs.help import HelpScreen
from tui.keys.explorer import EXPLORER_KEYS
from tui.picker.screen import PickerScreen
from tui.textual_fixes.options import SafeOptionList


async def run(driver: Driver, words: str) -> None:
    """Runs the command that these words find."""
    await driver.press("ctrl+p")
    await driver.until(lambda: isinstance(driver.app.screen, CommandScreen))
    driver.app.screen.query_one("#find", Input).value = words
    await driver.pilot.pause()
    found = driver.app.screen.query_one("#commands", SafeOptionList).option_count
    assert found == 1, f"{words}: {found} commands"
    await driver.press("enter")
    await driver.until(lambda: not isinstance(driver.app.screen, CommandScreen))


async def test_every_command_of_the_tree_and_the_views_does_what_its_key_does() -> None:
    async with exploring("gpt2") as driver:
        await run(driver, "expand one level")
        assert driver.labels[-1] == "bias"
        await run(driver, "expand all")
        assert len(driver.labels) == 261
        await run(driver, "collapse")
        assert driver.labels == ["gpt2"]
        await run(driver, "expand all")
        await run(driver, "fold or")
        assert not driver.outline.fold
        await run(driver, "sort by")
        assert driver.outline.by_size
        await run(driver, "shares of")
        assert driver.tree.of_parent
        await run(driver, "view: layers")
        await driver.shows("● Attention 33.33 %")
        await run(driver, "view: weights")
        await driver.shows("Biases %", "50.00       19,200   19,200")
        await run(driver, "view: shares")
        await driver.shows("31.65")


async def test_every_other_command_does_what_its_key_does() -> None:
    async with exploring("gpt2") as driver:
        await run(driver, "other pane")
        assert driver.explorer.query_one("#right").has_focus
        await run(driver, "other pane")
        await run(driver, "copy")
        assert driver.app.clipboard == "gpt2\t124439808"
        await run(driver, "filter by")
        assert driver.explorer.query_one("#filter").has_focus
        await driver.press("escape")
        await run(driver, "read the model")
        await driver.loaded()
        await run(driver, "export")
        assert isinstance(driver.app.screen, ExportScreen)
        await driver.press("escape")
        await run(driver, "this help")
        assert isinstance(driver.app.screen, HelpScreen)
        await driver.press("escape")
        await run(driver, "open another")
        assert isinstance(driver.app.screen, PickerScreen)
        await driver.press("escape")
        await run(driver, "quit")
        await driver.until(lambda: driver.app._exit)


async def test_all_commands_are_listed_with_their_keys() -> None:
    async with exploring("gpt2", (120, 60)) as driver:
        await driver.press("ctrl+p")
        await driver.shows("Commands")
        for key in EXPLORER_KEYS.rows:
            if key.command:
                (line,) = [line for line in driver.text.splitlines() if f"│  {key.does}  " in line]
                assert key.keys in line


@pytest.mark.parametrize("theme", ["textual-light", "ansi-dark", "ansi-light", "nord", "solarized-light"])
async def test_themes_can_be_chosen(theme: str) -> None:
    async with exploring("gpt2") as driver:
        await driver.press("ctrl+p")
        await driver.press(*theme, "enter")
        await driver.until(lambda: driver.app.theme == theme)
        await driver.shows("45.54")
        await driver.press("2", "3", "question_mark", "escape")


async def test_arrows_choose_and_nothing_found_runs_nothing() -> None:
    async with exploring("gpt2") as driver:
        await driver.press("ctrl+p", "down", "down", "up", "enter")
        await driver.until(lambda: driver.app.screen is driver.explorer)
        assert len(driver.labels) == 261
        await driver.press("ctrl+p", *"nothing", "enter")
        assert isinstance(driver.app.screen, CommandScreen)
        await driver.press("down", "pagedown", "pageup", "up", "enter", "escape")
        assert driver.app.screen_stack[-1] is driver.explorer


async def test_page_keys_at_once_do_no_harm() -> None:
    async with exploring("gpt2") as driver:
        for key in ("pageup", "pagedown", "up", "enter", "ctrl+p", "x"):
            await driver.press("ctrl+p", key)
            await driver.pilot.pause()
            while driver.app.screen is not driver.explorer:
                await driver.press("escape")
            assert not driver.app._exit


async def test_a_click_runs() -> None:
    async with exploring("gpt2") as driver:
        await driver.press("ctrl+p", *"sort by")
        (row,) = [number for number, line in enumerate(driver.text.splitlines()) if "sort by size" in line]
        assert await driver.pilot.click(offset=(40, row))
        await driver.until(lambda: driver.outline.by_size)
