"""The comparison on the screen: loads, views, what-if, claims, and the ways to it and from it."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len

from core.study.groups import FAMILY
from tests.support.checkpoints import Tensors, gpt2, write
from tests.support.comparison import SIZES, line_of, read, screen, study
from tests.support.screen import NARROW, WIDE, Driver, running


@SIZES
async def test_several_models_open_the_comparison(size: tuple[int, int]) -> None:
    async with running(*FAMILY, size=size) as driver:
        await read(driver)
        assert line_of(driver, "Attention")[-4:] == ["22.78", "28.40", "30.50", "31.58"]
        assert line_of(driver, "MLP  ")[-4:] == ["45.54", "56.77", "60.99", "63.14"]
        assert "4 models compared" in driver.text
        await driver.press("2")
        await driver.shows("+11.24", "1.9995", "1,557,611,200")


@SIZES
async def test_mixed_models_with_a_broken_one(size: tuple[int, int], mixed: list[str]) -> None:
    async with running(*mixed, size=size) as driver:
        await read(driver)
        await driver.press("2", "right", "right", "right", "right")
        assert "46,702,792,704" in driver.text
        assert "8,030,261,248" in driver.text
        await driver.shows("not read: byte", "3,000 bytes")
        (name,) = [column.name for column in screen(driver).columns if not column.profile]
        assert name == "cut"
        await driver.press("1")
        await driver.shows("not read")
        await driver.press("5", "j", "left")
        await driver.shows("grouped")
        assert driver.app.failure is None


async def test_the_reason_in_a_column_is_broken_between_words_and_figures(folder: Path) -> None:
    (folder / "text.safetensors").write_bytes(b"2001 words, and no weight")
    async with running("gpt2", "./text.safetensors", size=NARROW) as driver:
        await read(driver)
        await driver.press("2")
        column = [line[34:].strip() for line in driver.text.splitlines()[3:17]]
        assert "safetensors" in column
        assert "8,245,940,422," in column


async def test_a_reason_with_wide_characters_moves_no_column_beside_it(folder: Path) -> None:
    header = '{"漢字漢字漢字漢字漢字漢字漢字漢字漢字": {"dtype": "F32", "shape": [3], "data_offsets": [0, 4]}}'.encode()
    (folder / "x.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    async with running("gpt2", "./x.safetensors", "gpt2-xl", size=WIDE) as driver:
        await read(driver)
        await driver.press("2")
        await driver.shows("漢字漢字")
        rows = [line.rstrip() for line in driver.text.splitlines() if "漢" in line]
        assert len({cell_len(row) for row in rows}) == 1


async def test_the_table_tells_how_many_rows_are_out_of_view(mixed: list[str]) -> None:
    async with running(*mixed, size=NARROW) as driver:
        await read(driver)
        await driver.press("2")
        await driver.shows("1 more → · 15 ↓")
        await driver.press("G")
        await driver.shows("1 more → · ↑ 15")


async def test_a_claim_can_be_read_on_the_least_screen() -> None:
    async with study().run_test(size=(50, 14)) as pilot:
        driver = Driver(pilot)
        await read(driver)
        await driver.press("5", *["j"] * 7)
        await driver.shows("8 ✗ does not hold", "0.0199 to 0.0309 %")


async def test_a_claim_tells_what_its_symbols_are() -> None:
    async with study().run_test(size=NARROW) as pilot:
        driver = Driver(pilot)
        await read(driver)
        await driver.press("5", "j")
        await driver.shows("d: hidden size, the width of the model")


@pytest.mark.parametrize("view", "123456")
@pytest.mark.parametrize("ascii", [False, True])
@SIZES
async def test_every_view_fits_its_screen(view: str, ascii: bool, size: tuple[int, int], mixed: list[str]) -> None:
    async with running(*mixed, *[n for n in FAMILY if n not in mixed], size=size, ascii=ascii) as driver:
        await read(driver)
        await driver.press(view, *["right"] * 6, "down", "b" if view == "1" else "up")
        lines = driver.text.splitlines()
        assert len(lines) == size[1]
        if ascii:
            # The tools that draw borders have their own classes for ASCII; all text is ours.
            assert all(line.isascii() for line in lines), driver.text
            assert r"\x" not in driver.text
            assert r"\u" not in driver.text


async def test_bars_are_grouped_stacked_and_absolute() -> None:
    async with running(*FAMILY) as driver:
        await read(driver)
        await driver.shows("share of each category, in percent")
        await driver.press("b")
        await driver.shows("stacked to 100 %")
        await driver.press("b")
        await driver.shows("on a log axis", "100.0M")
        await driver.press("b")
        await driver.shows("share of each category, in percent")


async def test_the_trend_tells_the_fixed_cost_from_what_grows() -> None:
    async with running("gpt2-xl", "gpt2") as driver:
        await read(driver)
        await driver.press("3")
        assert line_of(driver, "Outside layers")[-2:] == ["39,385,344", "82,052,800"]
        assert line_of(driver, "A layer")[-2:] == ["7,087,872", "30,740,800"]
        assert line_of(driver, "Layers")[-2:] == ["12", "48"]


async def test_the_norms_apart() -> None:
    async with running("gpt2", "gpt2-xl") as driver:
        await read(driver)
        await driver.press("4")
        await driver.shows("0.0309 %", "19.2k + 19.2k", "155.2k + 155.2k", "weights", "biases")


async def test_the_norms_of_twelve_models_are_all_in_view(folder: Path) -> None:
    names = [str(write(folder / f"m{n}.safetensors", gpt2(layers=n + 1))) for n in range(12)]
    async with running(*names, size=NARROW) as driver:
        await read(driver)
        await driver.press("4")
        await driver.shows(*(f" m{n} " for n in range(12)), "█ weights █ biases", "bias % of all")


async def test_a_long_formula_of_norms_leaves_the_columns_as_they_are_and_is_told_below(folder: Path) -> None:
    tensors: Tensors = {
        f"{stack}.block.{n}.{norm}_norm.weight": ("F32", (16,))
        for stack, norms in (("encoder", ("a", "b")), ("decoder", ("a", "b", "c")))
        for n in range(4)
        for norm in norms
    }
    tensors = {**tensors, "encoder.final_norm.weight": ("F32", (16,)), "shared.weight": ("F32", (50, 16))}
    names = [str(write(folder / f"m{n}.safetensors", tensors)) for n in range(5)]
    async with running(*names, size=NARROW) as driver:
        await read(driver)
        await driver.press("4")
        formula = "4 × 2d + 4 × 3d + d"
        assert formula in driver.status
        assert line_of(driver, "it is")[2:7] == ["4", "×", "2d", "+", "4"]
        assert "1 more →" in driver.text
        await driver.press("d")
        await driver.press("d", "d")
        assert line_of(driver, "it is") == f"it is {formula} {formula}".split()


async def test_columns_are_as_wide_as_their_names_and_names_that_are_cut_differ(folder: Path) -> None:
    names = [f"a-rather-long-name-of-a-run-at-step-{n}-of-many-steps.safetensors" for n in (500, 1000)]
    for name in names:
        write(folder / name, gpt2(layers=1))
    async with running(*names, size=(160, 40)) as driver:
        await read(driver)
        await driver.press("2")
        await driver.shows(*(name.removesuffix(".safetensors") for name in names))
        await driver.pilot.resize_terminal(60, 24)
        await driver.shows("500", "1000")


async def test_marks_at_claims_stand_below_the_studys_four_alone(mixed: list[str]) -> None:
    async with running(*mixed) as driver:
        await read(driver)
        assert "tells why" not in driver.text
    async with running(*FAMILY) as driver:
        await read(driver)
        await driver.shows("claims  1", "tells why")
