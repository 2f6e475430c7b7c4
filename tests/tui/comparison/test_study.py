"""The study on the screen: the claims with their verdicts, and the what-if model."""

from __future__ import annotations

import pytest

from core.checkpoint.gpt2 import BUILT_IN
from tests.support.comparison import SIZES, read, study
from tests.support.screen import NARROW, WIDE, Driver, running

# The study.


@SIZES
async def test_the_study_with_its_claims_beside_the_figure(size: tuple[int, int]) -> None:
    async with study().run_test(size=size) as pilot:
        driver = Driver(pilot)
        await read(driver)
        await driver.shows("The study: 4 models compared", "1 ✓ 2 ✓ 3 ✓ 4 ✓ 5 ◐ 6 ✗ 7 ◐ 8 ✗ 9 ✓")
        await driver.press("5", "G", "k")
        await driver.shows("8 ✗ does not hold", "0.0199 to 0.0309 %", "5 ◐ holds in part", "0.0241")
        await driver.press("g", "j")
        await driver.shows("8d² + 5d in the MLP and 4d² + 4d in attention")


async def test_the_verdicts_follow_the_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, shape in list(BUILT_IN.items()):
        monkeypatch.setitem(BUILT_IN, name, shape.replaced(hidden_size=768))
    async with study().run_test(size=WIDE) as pilot:
        driver = Driver(pilot)
        await read(driver)
        await driver.shows("5 ✓ 6 ✓")


async def test_the_claims_are_asked_of_other_models_too(mixed: list[str]) -> None:
    async with study("./llama").run_test(size=WIDE) as pilot:
        driver = Driver(pilot)
        await read(driver)
        await driver.press("5", "j")
        await driver.shows("study's models", "other models", "4.2 times, by its gated MLP and grouped queries")


# What if.


@SIZES
async def test_what_would_96_layers_of_12288_be(size: tuple[int, int]) -> None:
    async with running("gpt2", "gpt2-xl", size=size) as driver:
        await read(driver)
        await driver.press("w", *"96", "space", *"12288", "space", *"50257", "space", *"2048", "enter")
        await driver.shows("What would 96 layers of 12,288 be?", "174,604,259,328", "GPT-3", "173,946,175,488")


@pytest.mark.parametrize("size", [(50, 14), NARROW, WIDE], ids=["50x14", "80x24", "120x36"])
async def test_every_category_of_what_if_is_in_view(size: tuple[int, int]) -> None:
    async with running("gpt2", "gpt2-xl", size=size) as driver:
        await read(driver)
        await driver.press("6", "p")
        await driver.shows("What would 24 layers of 1,024 be?", "gpt2-medium", "354,823,168", "52,511,744")


async def test_the_sliders_and_the_presets() -> None:
    async with running("gpt2", "gpt2-xl") as driver:
        await read(driver)
        await driver.press("right_square_bracket")
        await driver.shows("What would 16 layers of 768 be?")
        await driver.press("left_square_bracket", "right_curly_bracket")
        await driver.shows("What would 12 layers of 896 be?")
        await driver.press("left", "up")
        await driver.shows("What would 16 layers of 768 be?")
        await driver.press("p", "p", "p", "p")
        await driver.shows("174,604,259,328", "GPT-3")
        await driver.press("3", "right_square_bracket")
        await driver.shows("what if: 104 layers of 12,288", "(what if)")


async def test_what_is_no_shape_is_told_and_can_be_mended() -> None:
    async with running("gpt2", "gpt2-xl") as driver:
        await read(driver)
        await driver.press("w", *"many", "enter")
        await driver.shows("layers and width are wanted")
        await driver.press(*["backspace"] * 4, *"2 64", "enter")
        await driver.shows("What would 2 layers of 64 be?")
        await driver.press("w", "escape", "5")
        await driver.shows("does not hold")
