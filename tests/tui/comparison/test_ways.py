"""The ways to the comparison and from it, and the pages on categories."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.study.groups import FAMILY
from tests.support.checkpoints import gpt2, write
from tests.support.comparison import SIZES, read, screen
from tests.support.screen import running
from tui.dialogs.category_page import CategoryPageScreen
from tui.dialogs.help import HelpScreen
from tui.explorer.screen import ExplorerScreen
from tui.keys.comparison import COMPARISON_KEYS
from tui.picker.screen import PickerScreen

# To it and from it.


async def test_tab_in_the_picker_marks_and_f2_compares() -> None:
    async with running() as driver:
        await driver.until(lambda: "looking" not in driver.status)
        await driver.press("down", "tab", "tab")
        assert driver.status.startswith("2 marked: F2 compares them")
        assert "✓ gpt2-medium" in driver.text
        await driver.press("f2")
        await read(driver)
        assert screen(driver).columns.models == ["gpt2-medium", "gpt2-large"]


async def test_tab_in_the_picker_marks_whatever_was_typed() -> None:
    async with running() as driver:
        await driver.until(lambda: "looking" not in driver.status)
        await driver.press(*"medium", "tab", "escape", *"large", "tab")
        await driver.shows("2 marked: F2 compares them", "✓ gpt2-large")
        await driver.press("f2")
        await read(driver)
        assert screen(driver).columns.models == ["gpt2-medium", "gpt2-large"]


async def test_letters_filter_even_an_m_after_an_arrow(folder: Path) -> None:
    write(folder / "mine.safetensors", gpt2(layers=1))
    async with running() as driver:
        await driver.until(lambda: "looking" not in driver.status)
        await driver.press("down", "up", *"mine")
        assert driver.status.startswith("1 of 5 models")
        await driver.press("tab", "escape", "home", *["up"] * 9, *["pageup"] * 2, "f2")
        await read(driver)
        assert screen(driver).columns.models == ["./mine.safetensors", "gpt2"]


async def test_the_line_of_the_study_in_the_picker() -> None:
    async with running() as driver:
        await driver.until(lambda: "looking" not in driver.status)
        await driver.press(*"study", "enter")
        await read(driver)
        assert screen(driver).columns.models == list(FAMILY)
        await driver.shows("The study")
        await driver.press("escape")
        await driver.until(lambda: isinstance(driver.app.screen, PickerScreen))


async def test_m_in_the_tree_compares_and_m_there_adds_more() -> None:
    async with running("gpt2-large") as driver:
        await driver.loaded()
        await driver.press("m")
        await driver.until(lambda: isinstance(driver.app.screen, PickerScreen) and "looking" not in driver.status)
        await driver.shows("compare gpt2-large with …")
        await driver.press("enter")
        await read(driver)
        assert screen(driver).columns.models == ["gpt2-large", "gpt2"]
        await driver.press("right", "f")
        assert screen(driver).columns.models == ["gpt2", "gpt2-large"]
        await driver.press("enter")
        await driver.until(lambda: isinstance(driver.app.screen, ExplorerScreen) and driver.app.screen.count)
        await driver.press("escape")
        await read(driver)
        await driver.press("escape")
        await driver.loaded()
        assert driver.labels[0] == "gpt2-large"


async def test_esc_goes_back_to_where_one_came_from_and_leaves_at_the_bottom() -> None:
    async with running("gpt2", "gpt2-xl") as driver:
        await read(driver)
        await driver.press("o")
        await driver.until(lambda: isinstance(driver.app.screen, PickerScreen) and "looking" not in driver.status)
        await driver.press("down", "down", "enter")
        await driver.until(lambda: isinstance(driver.app.screen, ExplorerScreen) and driver.app.screen.count)
        await driver.press("escape")
        await driver.until(lambda: isinstance(driver.app.screen, PickerScreen))
        await driver.press("enter")
        await driver.until(lambda: isinstance(driver.app.screen, ExplorerScreen) and driver.app.screen.count)
        await driver.press("m")
        await read(driver)
        assert screen(driver).columns.models == ["gpt2", "gpt2-xl", "gpt2-large"]
        assert not driver.app._exit
        await driver.press("escape")
        await driver.until(lambda: driver.app._exit)
        assert driver.app.return_value == 0


async def test_the_keys_are_in_the_help_and_the_commands() -> None:
    async with running("gpt2", "gpt2-xl") as driver:
        await read(driver)
        await driver.press("question_mark")
        assert isinstance(driver.app.screen, HelpScreen)
        await driver.shows("put the model first", "[ ]", "{ }")
        await driver.press("escape", "ctrl+p", *"trend", "enter")
        await driver.shows("Outside layers")


def test_what_keys_do_fits_into_the_list_of_commands_and_the_help() -> None:
    for key in COMPARISON_KEYS.rows:
        assert len(key.does) <= (52 if key.command else 56), key.does
        assert len(key.keys) < 18, key.keys


async def test_the_report_is_exported(folder: Path) -> None:
    async with running("gpt2", "gpt2-xl") as driver:
        await read(driver)
        await driver.press("x", "enter", "enter")
        await driver.until((folder / "comparison.md").exists)
        assert "| Attention: share % | 22.78 | 31.58 |" in (folder / "comparison.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("size", [(50, 14), (49, 20), (60, 13), (200, 60)])
async def test_odd_sizes(size: tuple[int, int], mixed: list[str]) -> None:
    async with running(*mixed, size=size) as driver:
        await read(driver)
        for key in ("2", "3", "4", "5", "6", "1"):
            await driver.press(key, "down", "right")
        small = size[0] < 50 or size[1] < 14
        assert ("too small" in driver.text) == small
        await driver.pilot.resize_terminal(80, 24)
        await driver.shows("models compared")


# The page to learn from.


@pytest.mark.parametrize(
    ("downs", "wanted"),
    [
        (0, ("Attention in gpt2", "L × (4d² + 4d)", "12 × (4 × 768² + 4 × 768)", "12 × 2,362,368", "28,348,416")),
        (1, ("MLP in gpt2", "L × (8d² + 5d)", "56,669,184")),
        (2, ("Layer norm in gpt2", "L × 4d + 2d", "38,400")),
        (3, ("Embedding in gpt2", "Vd + nd", "50,257 × 768 + 1,024 × 768", "39,383,808")),
    ],
)
@SIZES
async def test_a_page_on_each_category(size: tuple[int, int], downs: int, wanted: tuple[str, ...]) -> None:
    async with running("gpt2", size=size) as driver:
        await driver.loaded()
        await driver.press("tab", *["down"] * downs, "question_mark")
        await driver.until(lambda: isinstance(driver.app.screen, CategoryPageScreen))
        await driver.shows(*wanted)


async def test_pages_can_be_turned() -> None:
    async with running("gpt2") as driver:
        await driver.loaded()
        await driver.press("tab", "question_mark")
        await driver.shows("Attention in gpt2")
        await driver.press("right")
        await driver.shows("MLP in gpt2")
        await driver.press("left", "left")
        await driver.shows("Embedding in gpt2")
        await driver.press("escape")
        await driver.press("tab", "question_mark")
        assert isinstance(driver.app.screen, HelpScreen)


async def test_a_page_in_the_comparison_is_on_the_chosen_model(mixed: list[str]) -> None:
    async with running(*mixed) as driver:
        await read(driver)
        await driver.press("2", "right", "right", "right", *["down"] * 6, "question_mark")
        await driver.shows("MLP in mixtral", "L × 3Edf", "32 × 3 × 8 × 4,096 × 14,336", "45,097,156,608")


async def test_shapes_without_a_formula_are_told_as_such(folder: Path) -> None:
    tensors = {"wte.weight": ("F32", (100, 24))}
    tensors |= {f"h.{n}.mlp.fc.weight": ("F32", (37, 41 + n)) for n in range(40)}
    write(folder / "odd.safetensors", tensors)
    async with running("./odd.safetensors") as driver:
        await driver.loaded()
        await driver.press("tab", "question_mark")
        await driver.shows("Its shapes make no short formula", "89,540", "37 × 80")


async def test_a_click_on_a_category_and_another_open_its_page() -> None:
    async with running("gpt2") as driver:
        await driver.loaded()
        await driver.pilot.click("#totals", offset=(3, 2))
        await driver.pilot.click("#totals", offset=(3, 2))
        await driver.shows("MLP in gpt2")
