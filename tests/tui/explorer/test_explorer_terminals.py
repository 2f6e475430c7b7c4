"""The explorer at every size, by the mouse, and on terminals without Unicode or colours."""

from __future__ import annotations

import re

import pytest

from tests.support.screen import NARROW, WIDE, click_text, exploring
from tui.dialogs.export import ExportScreen
from tui.dialogs.help import HelpScreen
from tui.picker.screen import PickerScreen

# Sizes.


@pytest.mark.parametrize("size", [(49, 24), (80, 13), (20, 5), (1, 1)])
async def test_too_small_a_screen_says_so_and_recovers(size: tuple[int, int]) -> None:
    async with exploring("gpt2", size) as driver:
        if size[0] >= 24:
            await driver.shows("too small, 50x14 at least")
            assert "gpt2" not in driver.text
        await driver.press("j", "G", "2", "question_mark", "escape")
        await driver.pilot.resize_terminal(80, 24)
        await driver.shows("124,439,808", "transformer")
        assert "too small" not in driver.text
        await driver.pilot.resize_terminal(*size)
        await driver.pilot.resize_terminal(120, 36)
        await driver.shows("124,439,808", "transformer")


@pytest.mark.parametrize("key", ["x", "question_mark", "ctrl+p", "o", "slash"])
async def test_what_lies_over_the_explorer_bears_every_size(key: str) -> None:
    async with exploring("gpt2", NARROW) as driver:
        await driver.press(key)
        for size in ((1, 1), (3, 1), (5, 5), (7, 7), (12, 12), (1, 40), (200, 1), (20, 5)):
            await driver.pilot.resize_terminal(*size)
        await driver.pilot.resize_terminal(*NARROW)
        await driver.press("escape")
        await driver.shows("124,439,808")


async def test_on_the_least_screen_the_pane_in_use_has_the_room() -> None:
    async with exploring("gpt2", (50, 14)) as driver:
        await driver.shows("wte.weight")
        assert "Embedding" not in driver.text
        await driver.press("tab")
        await driver.until(lambda: re.search(r"◆ Embedding +[█▏▎▍▌▋▊▉]+ +31.65 +39,383,808", driver.text))
        await driver.press("tab")
        await driver.shows("wte.weight")


@pytest.mark.parametrize("size", [(50, 14), (60, 20), (109, 30), (110, 22), (200, 60), (300, 100)])
@pytest.mark.parametrize("view", ["1", "2", "3"])
async def test_every_size_shows_tree_and_totals(size: tuple[int, int], view: str) -> None:
    async with exploring("gpt2", size) as driver:
        await driver.press(view)
        await driver.shows("gpt2  ", {"1": "45.54", "2": "■ MLP", "3": "19,200"}[view])
        lines = driver.text.splitlines()
        assert len(lines) == size[1]
        assert all(len(line) <= size[0] for line in lines)


# The mouse.


async def test_clicks_on_the_key_hints() -> None:
    async with exploring("gpt2") as driver:
        last = WIDE[1] - 1
        await click_text(driver, "help", last)
        assert isinstance(driver.app.screen, HelpScreen)
        await driver.press("escape")
        await click_text(driver, "fold", last)
        assert "h.11" in driver.labels
        await click_text(driver, "sort", last)
        assert driver.labels[2] == "h"
        await click_text(driver, "share of", last)
        assert driver.tree.of_parent
        await click_text(driver, "views", last)
        await driver.shows("● Attention 33.33 %")
        await click_text(driver, "models", last)
        assert isinstance(driver.app.screen, PickerScreen)
        await driver.press("escape")
        await click_text(driver, "export", last)
        assert isinstance(driver.app.screen, ExportScreen)
        await driver.press("escape")
        await click_text(driver, "filter", last)
        assert driver.explorer.query_one("#filter").has_focus
        await driver.press("escape")
        await click_text(driver, "reload", last)
        await driver.loaded()
        await click_text(driver, "quit", last)
        await driver.until(lambda: driver.app._exit)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_clicks_on_the_views(size: tuple[int, int]) -> None:
    async with exploring("gpt2", size) as driver:
        for view, shown in (
            ("3 Kinds", "Biases %"),
            ("2 Layers", "● Attention 33.33 %"),
            ("1 Shares", "Share %"),
        ):
            (row,) = [number for number, line in enumerate(driver.text.splitlines()) if "1 Shares" in line]
            await click_text(driver, view, row)
            await driver.shows(shown)


# Plain terminals.


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_ascii_everywhere(size: tuple[int, int]) -> None:
    async with exploring("gpt2", size, ascii=True) as driver:
        for keys in (
            ["1"],
            ["2"],
            ["3"],
            ["E", "y"],
            ["tab"],
            ["slash", "h"],
            ["escape", "question_mark"],
            ["escape", "ctrl+p"],
            ["escape", "x"],
            ["enter"],
            ["escape", "o"],
            ["x", "l"],
        ):
            await driver.press(*keys)
            await driver.pilot.pause()
            assert driver.text.isascii(), keys


async def test_without_colour_nothing_is_coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with exploring("gpt2") as driver:
        assert driver.app.no_color
        for keys in (["1"], ["2"], ["3"], ["E"], ["question_mark"], ["escape", "x"], ["escape", "o"]):
            await driver.press(*keys)
            await driver.pilot.pause()
            for strip in driver.app.screen._compositor.render_strips():
                for segment in strip:
                    for color in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                        assert color is None or color.is_default or len(set(color.get_truecolor())) == 1, segment
